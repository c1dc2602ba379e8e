//! The `tcp`, `udp`, `icmp` and `icmp6` matches over a transport header that is read once.

use rules::{
    Negatable,
    matches::{
        Match,
        icmp::{ICMP_TYPE_ANY, IcmpType},
        tcp::{PortRange, TcpFlags},
    },
    reference::{Fit, has_tcp_option},
};

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP6: u8 = 58;

const TCP_HEADER_BYTES: usize = 20;
/// Of UDP, and of what the ICMP matches ask to be there.
const SHORT_HEADER_BYTES: usize = 8;

/// What the matches read of a packet's transport header.
#[derive(Debug)]
pub(crate) enum Transport<'a> {
    /// TCP with a whole fixed header; `options` is `None` where the data offset lies.
    Tcp {
        ports: (u16, u16),
        flags: u8,
        options: Option<&'a [u8]>,
    },
    Udp {
        ports: (u16, u16),
    },
    Icmp {
        icmp_type: u8,
        code: u8,
    },
    /// Too short for its protocol: a match that looks drops the packet.
    Cut,
    /// No match looks here and none holds; `tcp` drops the packet where it `overwrites_flags`.
    LaterFragment {
        overwrites_flags: bool,
    },
}

impl<'a> Transport<'a> {
    #[inline]
    pub(crate) const fn later_fragment(overwrites_flags: bool) -> Self {
        Transport::LaterFragment { overwrites_flags }
    }

    /// Reads the header at the start of `l4`.
    #[inline]
    pub(crate) fn read(protocol: u8, l4: &'a [u8]) -> Self {
        match protocol {
            TCP => Self::read_tcp(l4),
            UDP => match l4.first_chunk::<SHORT_HEADER_BYTES>() {
                Some(&[a, b, c, d, ..]) => Transport::Udp {
                    ports: (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
                },
                None => Transport::Cut,
            },
            ICMP | ICMP6 => match l4.first_chunk::<SHORT_HEADER_BYTES>() {
                Some(&[icmp_type, code, ..]) => Transport::Icmp { icmp_type, code },
                None => Transport::Cut,
            },
            // `validate` lets no match stand in a rule for another protocol.
            _ => Transport::Cut,
        }
    }

    #[inline]
    fn read_tcp(l4: &'a [u8]) -> Self {
        let Some((header, rest)) = l4.split_first_chunk::<TCP_HEADER_BYTES>() else {
            return Transport::Cut;
        };
        let &[a, b, c, d, .., words, flags, _, _, _, _, _, _] = header;
        let header_bytes = usize::from(words >> 4) * 4;
        let options = header_bytes
            .checked_sub(TCP_HEADER_BYTES)
            .and_then(|bytes| rest.get(..bytes));
        Transport::Tcp {
            ports: (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
            flags,
            options,
        }
    }
}

/// A range of ports: `port - first <= span`, wrapping.
#[derive(Clone, Copy, Debug)]
struct Ports {
    first: u16,
    span: u16,
    negated: bool,
}

impl Ports {
    fn new(option: Option<Negatable<PortRange>>) -> Self {
        let option = option.unwrap_or(Negatable::plain(PortRange::ALL));
        Self {
            first: option.value.first,
            span: option.value.last - option.value.first,
            negated: option.negated,
        }
    }

    #[inline]
    const fn fit(self, port: u16) -> bool {
        (port.wrapping_sub(self.first) <= self.span) != self.negated
    }
}

/// Source and destination ports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PortPair {
    source: Ports,
    destination: Ports,
}

impl PortPair {
    fn new(
        source: Option<Negatable<PortRange>>,
        destination: Option<Negatable<PortRange>>,
    ) -> Self {
        Self {
            source: Ports::new(source),
            destination: Ports::new(destination),
        }
    }

    #[inline]
    const fn fit(self, (source, destination): (u16, u16)) -> bool {
        self.source.fit(source) && self.destination.fit(destination)
    }
}

/// A match, ready to be compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TransportMatch {
    Tcp {
        ports: PortPair,
        flags_mask: u8,
        flags_set: u8,
        flags_negated: bool,
        option: Option<Negatable<u8>>,
    },
    Udp {
        ports: PortPair,
    },
    Icmp {
        of: IcmpType,
        is_any: bool,
        negated: bool,
    },
}

impl TransportMatch {
    pub(crate) fn new(m: &Match) -> Self {
        let icmp = |option: Negatable<IcmpType>, has_any: bool| TransportMatch::Icmp {
            of: option.value,
            is_any: has_any && option.value.icmp_type == ICMP_TYPE_ANY,
            negated: option.negated,
        };
        match m {
            Match::Tcp(tcp) => {
                // No flags asked for: nothing under an empty mask.
                let nothing = Negatable::plain(TcpFlags { mask: 0, set: 0 });
                let flags = tcp.flags.unwrap_or(nothing);
                TransportMatch::Tcp {
                    ports: PortPair::new(tcp.source_port, tcp.destination_port),
                    flags_mask: flags.value.mask,
                    flags_set: flags.value.set,
                    flags_negated: flags.negated,
                    option: tcp.option,
                }
            }
            Match::Udp(udp) => TransportMatch::Udp {
                ports: PortPair::new(udp.source_port, udp.destination_port),
            },
            Match::Icmp(m) => icmp(m.icmp_type, true),
            Match::Icmp6(m) => icmp(m.icmp_type, false),
        }
    }

    /// Whether the match holds.
    #[inline]
    pub(crate) fn fit(&self, transport: &Transport<'_>) -> Fit {
        match (*self, transport) {
            (
                TransportMatch::Tcp {
                    ports: wanted,
                    flags_mask,
                    flags_set,
                    flags_negated,
                    option,
                },
                &Transport::Tcp {
                    ports,
                    flags,
                    options,
                },
            ) => {
                let flags_fit = (flags & flags_mask == flags_set) != flags_negated;
                match option {
                    _ if !(wanted.fit(ports) && flags_fit) => Fit::No,
                    None => Fit::Yes,
                    Some(option) => option_fit(option, options),
                }
            }
            (TransportMatch::Udp { ports: wanted }, &Transport::Udp { ports }) => {
                wanted.fit(ports).into()
            }
            (
                TransportMatch::Icmp {
                    of,
                    is_any,
                    negated,
                },
                &Transport::Icmp { icmp_type, code },
            ) => {
                let is_same =
                    icmp_type == of.icmp_type && of.code_first <= code && code <= of.code_last;
                ((is_any || is_same) != negated).into()
            }
            (TransportMatch::Tcp { .. }, Transport::LaterFragment { overwrites_flags })
                if *overwrites_flags =>
            {
                Fit::HotDrop
            }
            (_, Transport::LaterFragment { .. }) => Fit::No,
            (_, Transport::Cut) => Fit::HotDrop,
            // `validate` demands the match's own protocol of the rule, tried before.
            (_, Transport::Tcp { .. } | Transport::Udp { .. } | Transport::Icmp { .. }) => Fit::No,
        }
    }
}

#[cold]
fn option_fit(option: Negatable<u8>, options: Option<&[u8]>) -> Fit {
    match options {
        Some(options) => option.holds(has_tcp_option(options, option.value)).into(),
        None => Fit::HotDrop,
    }
}

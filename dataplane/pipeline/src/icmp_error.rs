//! ICMP errors about IPv4 packets (`net/ipv4/icmp.c` `__icmp_send`).

use std::net::{IpAddr, Ipv4Addr};

use packet::{Buffer, Pool};
use route::RouteKind;
use wire::{
    Header,
    icmpv4::{Icmpv4Header, UNREACHABLE, unreachable},
    ipv4::Ipv4Fields,
    protocol,
};

use crate::{
    Observer, Origin,
    ip_option::{IpOptions, OPTIONS_MAX_BYTES, time_of_day_ms},
    packet_state::{Cast, Destination, Packet},
    process::Flight,
};

/// Longest error, from the IP header on (RFC 1812 4.3.2.3).
const ERROR_MAX_BYTES: usize = 576;

/// Types that no error answers, a bit each: the errors of RFC 1122 3.2.2, and those that
/// `icmp_pointers` calls errors since it knows no use for them. Above `NR_ICMP_TYPES` (18) none is.
const UNANSWERED_TYPES: u32 = 1 << 1
    | 1 << 2
    | 1 << 3
    | 1 << 4
    | 1 << 5
    | 1 << 6
    | 1 << 7
    | 1 << 9
    | 1 << 10
    | 1 << 11
    | 1 << 12
    | !0 << 19;

/// Precedence "internetwork control", which errors are sent with (RFC 1812 4.3.2.5).
const PRECEDENCE: u8 = 0xc0;

/// The type-of-service bits that an error takes over (`RT_TOS`).
const TOS_MASK: u8 = 0x1e;

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Tells the sender of `about` of an error; `rest` is the header's last four bytes.
    #[cold]
    pub(crate) fn icmp_error(
        &mut self,
        about: &Packet<P::Buf>,
        icmp_type: u8,
        code: u8,
        rest: u32,
    ) {
        let (IpAddr::V4(to), IpAddr::V4(dst)) = (about.ip.src, about.ip.dst) else {
            return;
        };
        if !deserves_error(about) {
            return;
        }
        let Some(src) = self.error_source(about, to, dst) else {
            return;
        };
        if !self.may_send(to, icmp_type, code) {
            self.pipe.counters.icmp_limited.add(1);
            return;
        }
        self.send_error(about, (src, to), Icmpv4Header::new(icmp_type, code, rest));
    }

    /// The address that was asked, if it is ours; else the one toward the sender.
    fn error_source(
        &self,
        about: &Packet<P::Buf>,
        to: Ipv4Addr,
        dst: Ipv4Addr,
    ) -> Option<Ipv4Addr> {
        let route = self.network.route_v4(to)?;
        // RFC 1122 3.2.2: a broadcast address is nobody's. Linux answers it, to all of the link.
        if route.kind == RouteKind::Broadcast {
            return None;
        }
        if about.destination == Destination::Local {
            return Some(dst);
        }
        if self.pipe.settings.icmp_errors_use_inbound_ifaddr
            && let Some(iface) = about.origin.iface()
        {
            return self.network.source_v4(iface, to);
        }
        match route.source {
            Some(IpAddr::V4(source)) => Some(source),
            _ => None,
        }
    }

    /// `icmpv4_mask_allow`, `icmpv4_global_allow`, `icmpv4_xrlim_allow`.
    pub(crate) fn may_send(&mut self, to: Ipv4Addr, icmp_type: u8, code: u8) -> bool {
        let settings = &self.pipe.settings;
        let is_path_mtu = icmp_type == UNREACHABLE && code == unreachable::FRAGMENTATION_NEEDED;
        let is_limited = settings
            .icmp_ratemask
            .checked_shr(icmp_type.into())
            .unwrap_or(0)
            & 1
            == 1;
        if is_path_mtu || !is_limited {
            return true;
        }
        self.pipe
            .icmp_limit
            .allow(to.into(), settings.icmp_ratelimit_ms, self.now_ns)
    }

    /// The options of an answer to `packet`: what its own go on recording.
    pub(crate) fn echo_options<'o>(
        &self,
        packet: &Packet<P::Buf>,
        room: &'o mut [u8; OPTIONS_MAX_BYTES],
    ) -> (IpOptions, &'o [u8]) {
        let original = packet.ip.packet(packet.buf.bytes());
        let header = &original[..usize::from(packet.ip.header_length()).min(original.len())];
        packet
            .options
            .echo(header, |addr| self.is_elsewhere(addr), room)
    }

    fn send_error(
        &mut self,
        about: &Packet<P::Buf>,
        (src, dst): (Ipv4Addr, Ipv4Addr),
        error: Icmpv4Header,
    ) {
        let original = about.ip.packet(about.buf.bytes());
        let mut room = [0; OPTIONS_MAX_BYTES];
        let (echoed, options) = self.echo_options(about, &mut room);
        let overhead = wire::Ipv4Header::LEN + options.len() + Icmpv4Header::LEN;
        let quoted = original.len().min(ERROR_MAX_BYTES - overhead);
        let fields = Ipv4Fields {
            src,
            dst,
            protocol: protocol::ICMP,
            ttl: self.pipe.settings.ip_default_ttl,
            tos: about.ip.tos & TOS_MASK | PRECEDENCE,
            id: self.draw_id(),
            dont_fragment: false,
            payload_length: (Icmpv4Header::LEN + quoted) as u16,
        };
        let time_ms = time_of_day_ms(self.now_ns);
        self.make_v4(&fields, (echoed, options), |header, payload| {
            echoed.build(header, src, time_ms);
            emit(error, payload, &original[..quoted]);
        });
    }
}

/// Writes a message into `payload`, which is as long as it.
pub(crate) fn emit(message: Icmpv4Header, payload: &mut [u8], data: &[u8]) {
    if let Ok(behind) = message.emit(payload) {
        behind.copy_from_slice(data);
    }
    if let Ok((message, behind)) = Icmpv4Header::split_mut(payload) {
        message.fill_checksum(behind);
    }
}

/// RFC 1122 3.2.2: no error about errors, fragments but the first, or groups.
fn deserves_error<B: Buffer>(about: &Packet<B>) -> bool {
    if about.cast != Cast::Host || about.destination.is_group() || about.ip.fragment_offset != 0 {
        return false;
    }
    if about.ip.protocol != protocol::ICMP {
        return true;
    }
    // The kernel makes one ICMP message at a time (`icmp_xmit_lock`): none about its own.
    if about.origin == Origin::Own {
        return false;
    }
    let l4 = about.ip.l4(about.buf.bytes());
    l4.first()
        .is_some_and(|&icmp_type| UNANSWERED_TYPES >> icmp_type.min(31) & 1 == 0)
}

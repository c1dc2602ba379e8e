//! Why a packet was dropped: one list for the whole data plane. Each reason is the counter
//! `drop_<name>`; a packet that ends anywhere but at a transmit queue or the host has one.

/// Declares the reasons once: variant, name and what it means stay side by side.
macro_rules! drop_reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// Why a packet was dropped.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum DropReason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl DropReason {
            /// Every reason, in the order of their indices.
            pub const ALL: [DropReason; DropReason::COUNT] = [$(DropReason::$variant,)+];

            /// How many there are.
            pub const COUNT: usize = [$($name,)+].len();

            /// The name, as the counter `drop_<name>` has it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(DropReason::$variant => $name,)+
                }
            }

            /// What it means, for an operator.
            pub const fn description(self) -> &'static str {
                match self {
                    $(DropReason::$variant => concat!($($doc,)+).trim_ascii(),)+
                }
            }
        }
    };
}

drop_reasons! {
    // The frame.
    /// The frame ends inside its Ethernet header or a VLAN tag.
    EthernetShort = "ethernet_short",
    /// More VLAN tags than a frame may carry (2).
    VlanDepth = "vlan_depth",
    /// A VLAN tag of which no interface is configured.
    VlanUnknown = "vlan_unknown",
    /// Neither IPv4, IPv6 nor ARP.
    EtherTypeUnknown = "ethertype_unknown",
    /// Addressed to another station.
    OtherHost = "other_host",
    /// ARP that is cut off, or not of IPv4 over Ethernet.
    ArpMalformed = "arp_malformed",
    /// ARP or neighbour discovery that a host must ignore: a foreign link, a wrong hop limit.
    NeighbourInvalid = "neighbour_invalid",

    // IPv4, before PREROUTING.
    /// The frame ends inside the IPv4 header.
    Ipv4Short = "ipv4_short",
    /// The IPv4 header has another version.
    Ipv4Version = "ipv4_version",
    /// The IPv4 header length is under 20 bytes.
    Ipv4HeaderLength = "ipv4_header_length",
    /// The IPv4 header checksum is wrong.
    Ipv4Checksum = "ipv4_checksum",
    /// The IPv4 total length is under the header length.
    Ipv4TotalLength = "ipv4_total_length",
    /// The frame is shorter than the IPv4 total length.
    Ipv4Truncated = "ipv4_truncated",

    // IPv6, before PREROUTING.
    /// The frame ends inside the IPv6 header.
    Ipv6Short = "ipv6_short",
    /// The IPv6 header has another version.
    Ipv6Version = "ipv6_version",
    /// The frame is shorter than the IPv6 payload length.
    Ipv6Truncated = "ipv6_truncated",
    /// An IPv6 source that no packet on a link may have: multicast or loopback.
    Ipv6Source = "ipv6_source",
    /// An IPv6 destination that no packet on a link may have: loopback, or of a scope under it.
    Ipv6Destination = "ipv6_destination",
    /// Malformed IPv6 hop-by-hop options.
    Ipv6HopByHop = "ipv6_hop_by_hop",
    /// An IPv6 hop-by-hop option that is not known and asks to be dropped.
    Ipv6OptionUnknown = "ipv6_option_unknown",
    /// More IPv6 extension headers than are followed (16).
    Ipv6ExtensionHeaders = "ipv6_extension_headers",

    // Routing.
    /// Malformed IPv4 options.
    Ipv4Options = "ipv4_options",
    /// A source-routed packet.
    SourceRoute = "source_route",
    /// A source that cannot come from outside.
    MartianSource = "martian_source",
    /// A destination that cannot be routed.
    MartianDestination = "martian_destination",
    /// The way back to the source leads through another interface.
    RpFilter = "rp_filter",
    /// No route to the destination.
    NoRoute = "no_route",
    /// A multicast packet of a group that is not joined here.
    MulticastNotJoined = "multicast_not_joined",
    /// A packet for another host in a frame that was not addressed to this station alone.
    ForwardNotUnicast = "forward_not_unicast",
    /// A packet that must not leave its link.
    ForwardScope = "forward_scope",
    /// The time to live or the hop limit ran out.
    TtlExceeded = "ttl_exceeded",
    /// Longer than the MTU, and not to be fragmented on the way.
    MtuExceeded = "mtu_exceeded",

    // Rules.
    /// A rule's DROP.
    Rule = "rule",
    /// A chain's policy.
    Policy = "policy",
    /// A rule's REJECT; its answer is a packet of its own.
    Reject = "reject",
    /// A match could not be decided, because the packet is too short or forged.
    Hotdrop = "hotdrop",

    // Delivery to this host.
    /// A transport header that is cut off or lies about its length.
    TransportMalformed = "transport_malformed",
    /// A wrong TCP, UDP or ICMP checksum, found where the packet is consumed.
    TransportChecksum = "transport_checksum",
    /// Nothing on this host wants it.
    NoListener = "no_listener",
    /// A fragment of a packet for this host.
    LocalFragment = "local_fragment",
    /// The path to the host is full.
    HostQueueFull = "host_queue_full",

    // Output.
    /// It could not be cut to the MTU.
    FragmentFailed = "fragment_failed",
    /// The queue of packets that wait for this neighbour is full.
    NeighbourQueueFull = "neighbour_queue_full",
    /// The neighbour did not answer.
    NeighbourFailed = "neighbour_failed",
    /// No room for a packet of our own: answers, fragments, ARP.
    MbufExhausted = "mbuf_exhausted",
    /// The transmit queue is full.
    TxFull = "tx_full",
    /// The interface is down, or its link.
    LinkDown = "link_down",
}

impl DropReason {
    /// Its place in [`DropReason::ALL`], for tables of counters.
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_places_in_the_list() {
        for (place, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), place);
        }
    }

    #[test]
    fn names_are_snake_case_and_differ() {
        let mut names: Vec<_> = DropReason::ALL.map(DropReason::name).into();
        for name in &names {
            assert!(
                name.bytes()
                    .all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit()),
                "{name}"
            );
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DropReason::COUNT);
    }

    #[test]
    fn descriptions_are_sentences() {
        for reason in DropReason::ALL {
            let text = reason.description();
            assert!(text.ends_with('.') && !text.starts_with(' '), "{text}");
        }
    }
}

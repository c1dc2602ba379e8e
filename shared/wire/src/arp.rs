//! ARP of IPv4 over Ethernet (RFC 826).

use core::net::Ipv4Addr;

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{EtherType, Header, MacAddr, WireError};

/// Hardware type of Ethernet. The kernel also takes 6, IEEE 802, there (`net/ipv4/arp.c`,
/// `arp_process`).
const ETHERNET: u16 = 1;
const IEEE_802: u16 = 6;

/// What an ARP packet wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArpOperation {
    /// Who has the target address?
    Request,
    /// The sender has.
    Reply,
    /// Anything else: reverse ARP and such.
    Other(u16),
}

/// The packet: 28 bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct ArpPacket {
    hardware: U16,
    protocol: U16,
    hardware_length: u8,
    protocol_length: u8,
    operation: U16,
    sender_mac: MacAddr,
    sender_ip: [u8; 4],
    target_mac: MacAddr,
    target_ip: [u8; 4],
}

impl Header for ArpPacket {}

impl ArpPacket {
    /// The packet at the front of `bytes`.
    ///
    /// # Errors
    /// `bytes` are too short, or it does not speak of IPv4 over Ethernet. As the kernel, which
    /// looks at both types and both lengths (`arp_rcv`, `arp_process`).
    #[inline]
    pub fn new(bytes: &[u8]) -> Result<&Self, WireError> {
        let (packet, _) = Self::split(bytes)?;
        if !matches!(packet.hardware.get(), ETHERNET | IEEE_802) || packet.hardware_length != 6 {
            return Err(WireError::ArpHardware(packet.hardware.get()));
        }
        if packet.protocol.get() != EtherType::IPV4.0 || packet.protocol_length != 4 {
            return Err(WireError::ArpProtocol(packet.protocol.get()));
        }
        Ok(packet)
    }

    const fn build(
        operation: u16,
        sender: (MacAddr, Ipv4Addr),
        target: (MacAddr, Ipv4Addr),
    ) -> Self {
        Self {
            hardware: U16::new(ETHERNET),
            protocol: U16::new(EtherType::IPV4.0),
            hardware_length: 6,
            protocol_length: 4,
            operation: U16::new(operation),
            sender_mac: sender.0,
            sender_ip: sender.1.octets(),
            target_mac: target.0,
            target_ip: target.1.octets(),
        }
    }

    /// "Who has `target_ip`?", asked by the sender.
    pub const fn request(sender_mac: MacAddr, sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> Self {
        Self::build(1, (sender_mac, sender_ip), (MacAddr::ZERO, target_ip))
    }

    /// "`sender_ip` is at `sender_mac`", told to the target.
    pub const fn reply(
        sender_mac: MacAddr,
        sender_ip: Ipv4Addr,
        target_mac: MacAddr,
        target_ip: Ipv4Addr,
    ) -> Self {
        Self::build(2, (sender_mac, sender_ip), (target_mac, target_ip))
    }

    /// What it wants.
    #[inline]
    pub const fn operation(&self) -> ArpOperation {
        match self.operation.get() {
            1 => ArpOperation::Request,
            2 => ArpOperation::Reply,
            other => ArpOperation::Other(other),
        }
    }

    /// Link address of the sender.
    #[inline]
    pub const fn sender_mac(&self) -> MacAddr {
        self.sender_mac
    }

    /// IPv4 address of the sender; unspecified in a probe (RFC 5227).
    #[inline]
    pub const fn sender_ip(&self) -> Ipv4Addr {
        Ipv4Addr::from_octets(self.sender_ip)
    }

    /// Link address of the target: of no meaning in a request.
    #[inline]
    pub const fn target_mac(&self) -> MacAddr {
        self.target_mac
    }

    /// IPv4 address of the target.
    #[inline]
    pub const fn target_ip(&self) -> Ipv4Addr {
        Ipv4Addr::from_octets(self.target_ip)
    }

    /// Whether it announces the sender's own address to everyone: both addresses are the same.
    #[inline]
    pub fn is_gratuitous(&self) -> bool {
        self.sender_ip == self.target_ip
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_come_back(smac: [u8; 6], sip: [u8; 4], tmac: [u8; 6], tip: [u8; 4]) {
            let mut bytes = [0; 28];
            let reply = ArpPacket::reply(MacAddr(smac), sip.into(), MacAddr(tmac), tip.into());
            reply.emit(&mut bytes).unwrap();
            let read = ArpPacket::new(&bytes).unwrap();
            prop_assert_eq!(read.operation(), ArpOperation::Reply);
            prop_assert_eq!(read.sender_mac(), MacAddr(smac));
            prop_assert_eq!(read.sender_ip(), Ipv4Addr::from(sip));
            prop_assert_eq!(read.target_mac(), MacAddr(tmac));
            prop_assert_eq!(read.target_ip(), Ipv4Addr::from(tip));
            prop_assert_eq!(read.is_gratuitous(), sip == tip);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = ArpPacket::new(&bytes).map(ArpPacket::operation);
        }
    }

    /// A request as tcpdump shows it from a Linux host: who-has 10.0.0.2 tell 10.0.0.1.
    #[test]
    fn a_request_is_what_hosts_send() {
        let expected = [
            0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
        ];
        let request = ArpPacket::request(
            MacAddr([2, 0, 0, 0, 0, 1]),
            Ipv4Addr::new(10, 0, 0, 1),
            Ipv4Addr::new(10, 0, 0, 2),
        );
        assert_eq!(request.as_bytes(), expected);
        assert_eq!(ArpPacket::new(&expected), Ok(&request));
        assert_eq!(request.operation(), ArpOperation::Request);
    }

    #[test]
    fn other_hardware_and_protocols_are_refused() {
        let mut bytes = [0; 28];
        let request = ArpPacket::request(MacAddr::ZERO, Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST);
        for (at, value, error) in [
            (1, 7, WireError::ArpHardware(7)),
            (4, 8, WireError::ArpHardware(1)),
            (2, 0x86, WireError::ArpProtocol(0x8600)),
            (5, 16, WireError::ArpProtocol(0x0800)),
        ] {
            request.emit(&mut bytes).unwrap();
            bytes[at] = value;
            assert_eq!(ArpPacket::new(&bytes), Err(error));
        }
        request.emit(&mut bytes).unwrap();
        bytes[1] = 6;
        bytes[7] = 8;
        let read = ArpPacket::new(&bytes).unwrap();
        assert_eq!(read.operation(), ArpOperation::Other(8));
        assert!(ArpPacket::new(&bytes[..27]).is_err());
    }
}

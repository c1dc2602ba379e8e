//! Packets made here: a buffer of the pool, headers, and a place in the queue of what is to be
//! sent. They walk OUTPUT and POSTROUTING like any packet of this host.

use packet::{Buffer, DropReason, Pool};
use route::IfaceId;
use wire::{
    EtherType, EthernetHeader, Header, Ipv4Header, Ipv6Header, MacAddr,
    ipv4::{Ipv4Fields, fill_header_checksum},
    ipv6::Ipv6Fields,
};

use crate::{Observer, Origin, ip_option::IpOptions, pipeline::OWN_MAX_PKTS, process::Flight};

/// A packet that is made but not yet sent.
pub(crate) struct Draft<B> {
    pub(crate) buf: B,
    /// Where it leaves if its destination is link-local or a group.
    pub(crate) link: Option<IfaceId>,
    /// Its IPv4 options.
    pub(crate) options: IpOptions,
}

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Makes an IPv4 packet. Of the options there are what they ask for and their bytes, a multiple
    /// of 4; `fill` is given the whole IP header and the payload.
    pub(crate) fn make_v4(
        &mut self,
        fields: &Ipv4Fields,
        (asked, options): (IpOptions, &[u8]),
        fill: impl FnOnce(&mut [u8], &mut [u8]),
    ) {
        let header_bytes = Ipv4Header::LEN + options.len();
        let total = header_bytes + usize::from(fields.payload_length);
        let Some(mut buf) = self.blank(EtherType::IPV4, total) else {
            return;
        };
        let packet = &mut buf.bytes_mut()[EthernetHeader::LEN..];
        if let Ok(rest) = Ipv4Header::new(fields).emit(packet) {
            rest[..options.len()].copy_from_slice(options);
        }
        packet[0] = 0x40 | (header_bytes / 4) as u8;
        if let Ok((header, _)) = Ipv4Header::split_mut(packet) {
            header.set_total_length(total as u16);
        }
        let (header, payload) = packet.split_at_mut(header_bytes);
        fill(header, payload);
        let _ = fill_header_checksum(packet);
        self.queue(Draft {
            buf,
            link: None,
            options: asked,
        });
    }

    /// Makes an IPv6 packet; `fill` is given the payload. `link` is where it leaves if its
    /// destination is link-local or a group.
    pub(crate) fn make_v6(
        &mut self,
        fields: &Ipv6Fields,
        link: IfaceId,
        fill: impl FnOnce(&mut [u8]),
    ) {
        let total = Ipv6Header::LEN + usize::from(fields.payload_length);
        let Some(mut buf) = self.blank(EtherType::IPV6, total) else {
            return;
        };
        let packet = &mut buf.bytes_mut()[EthernetHeader::LEN..];
        if let Ok(payload) = Ipv6Header::new(fields).emit(packet) {
            fill(payload);
        }
        self.queue(Draft {
            buf,
            link: Some(link),
            options: IpOptions::NONE,
        });
    }

    /// A counted buffer with an Ethernet header, its addresses still open, before `bytes` more.
    pub(crate) fn blank(&mut self, ether_type: EtherType, bytes: usize) -> Option<P::Buf> {
        self.pipe.counters.generated.add(1);
        let Some(mut buf) = self.pipe.pool.alloc() else {
            self.drop_now(Origin::Own, DropReason::MbufExhausted);
            return None;
        };
        let header = EthernetHeader::new(MacAddr::ZERO, MacAddr::ZERO, ether_type);
        if buf.append(EthernetHeader::LEN + bytes).is_err() || header.emit(buf.bytes_mut()).is_err()
        {
            self.drop_now(Origin::Own, DropReason::MbufExhausted);
            return None;
        }
        Some(buf)
    }

    fn queue(&mut self, draft: Draft<P::Buf>) {
        if self.pipe.own.len() < OWN_MAX_PKTS {
            self.pipe.own.push_back(draft);
        } else {
            self.drop_now(Origin::Own, DropReason::TxFull);
        }
    }

    /// An IPv4 id for a packet that may be cut on its way.
    pub(crate) fn draw_id(&mut self) -> u16 {
        self.pipe.random.next() as u16
    }
}

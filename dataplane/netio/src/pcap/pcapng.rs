//! pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each with its length at both ends. Blocks
//! that hold no packet and describe no interface are passed over.

use std::io::Read;

use super::input::{ByteOrder, Input, LINKTYPE_ETHERNET};
use super::reader::{RecordHead, read_header, strip_fcs};
use super::{BadRecord, CaptureError, RECORD_MAX_BYTES};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Bytes. No block that is kept in memory is longer: the longest packet and a megabyte of options.
const BLOCK_MAX_BYTES: u32 = RECORD_MAX_BYTES + (1 << 20);

/// The section being read: its byte order and the interfaces described so far.
#[derive(Debug)]
pub(super) struct Section {
    order: ByteOrder,
    interfaces: Vec<Interface>,
    /// A simple packet block has no time: it happened when the packet before it did.
    last_timestamp_ns: u64,
    body: Vec<u8>,
}

/// What an interface description says of its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interface {
    snap_len: u32,
    units: Units,
    /// `if_tsoffset`: seconds added to each timestamp.
    offset_s: i64,
    fcs_bytes: u32,
}

/// `if_tsresol`: how many units of a timestamp make a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Units(u128);

impl Section {
    /// The first four bytes of a pcapng file; the same in either byte order.
    pub(super) const MAGIC: u32 = SECTION_HEADER;

    /// Reads the first section header, after its type.
    pub(super) fn read<R: Read>(input: &mut Input<R>) -> Result<Self, CaptureError> {
        let mut head = [0; 8];
        read_header(input, &mut head)?;
        let order = byte_order(input, &head)?;
        let mut section = Self {
            order,
            interfaces: Vec::new(),
            last_timestamp_ns: 0,
            body: Vec::new(),
        };
        section.finish_header(input, &head)?;
        Ok(section)
    }

    /// Reads on to the next packet, whose bytes it leaves in `frame`.
    pub(super) fn next<R: Read>(
        &mut self,
        input: &mut Input<R>,
        frame: &mut Vec<u8>,
    ) -> Result<Option<RecordHead>, CaptureError> {
        while !input.at_end()? {
            let mut head = [0; 8];
            input.read(&mut head)?;
            let kind = self.order.u32(&head, 0);
            let packet = match kind {
                // Its type reads the same in either order; the length behind it does not.
                SECTION_HEADER => {
                    self.new_section(input, &head)?;
                    None
                }
                INTERFACE_DESCRIPTION => {
                    self.read_body(input, &head)?;
                    let interface = self.interface(input)?;
                    self.interfaces.push(interface);
                    None
                }
                OBSOLETE_PACKET | ENHANCED_PACKET => {
                    self.read_body(input, &head)?;
                    Some(self.packet(input, frame, kind)?)
                }
                SIMPLE_PACKET => {
                    self.read_body(input, &head)?;
                    Some(self.simple_packet(input, frame)?)
                }
                _ => {
                    self.skip_block(input, &head)?;
                    None
                }
            };
            if let Some(head) = packet {
                self.last_timestamp_ns = head.timestamp_ns;
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    fn new_section<R: Read>(
        &mut self,
        input: &mut Input<R>,
        head: &[u8; 8],
    ) -> Result<(), CaptureError> {
        let mut magic = [0; 4];
        input.read(&mut magic)?;
        let mut rest = [0; 8];
        rest[..4].copy_from_slice(&head[4..]);
        rest[4..].copy_from_slice(&magic);
        self.order = byte_order(input, &rest)?;
        self.interfaces.clear();
        self.finish_header(input, &rest)
    }

    /// Passes over what a section header has behind its byte-order magic; `head` is its length and
    /// that magic.
    fn finish_header<R: Read>(
        &mut self,
        input: &mut Input<R>,
        head: &[u8; 8],
    ) -> Result<(), CaptureError> {
        let len = self.order.u32(head, 0);
        // Type, length, magic, version, section length, and the length again.
        if len < 28 || !len.is_multiple_of(4) {
            return Err(input.bad(BadRecord::BlockLength(len)));
        }
        input.skip(u64::from(len) - 16)?;
        self.check_trailer(input, len)
    }

    fn skip_block<R: Read>(
        &mut self,
        input: &mut Input<R>,
        head: &[u8; 8],
    ) -> Result<(), CaptureError> {
        let len = self.block_len(input, head)?;
        input.skip(u64::from(len) - 12)?;
        self.check_trailer(input, len)
    }

    /// Reads a block's body and checks the length behind it.
    fn read_body<R: Read>(
        &mut self,
        input: &mut Input<R>,
        head: &[u8; 8],
    ) -> Result<(), CaptureError> {
        let len = self.block_len(input, head)?;
        if len > BLOCK_MAX_BYTES {
            return Err(input.bad(BadRecord::Length(len)));
        }
        input.read_vec(&mut self.body, len as usize - 12)?;
        self.check_trailer(input, len)
    }

    fn block_len<R: Read>(&self, input: &Input<R>, head: &[u8; 8]) -> Result<u32, CaptureError> {
        let len = self.order.u32(head, 4);
        if len < 12 || !len.is_multiple_of(4) {
            return Err(input.bad(BadRecord::BlockLength(len)));
        }
        Ok(len)
    }

    fn check_trailer<R: Read>(&self, input: &mut Input<R>, len: u32) -> Result<(), CaptureError> {
        let mut trailer = [0; 4];
        input.read(&mut trailer)?;
        if self.order.u32(&trailer, 0) != len {
            return Err(input.bad(BadRecord::BlockLength(len)));
        }
        Ok(())
    }

    fn interface<R: Read>(&self, input: &Input<R>) -> Result<Interface, CaptureError> {
        let body = &self.body;
        if body.len() < 8 {
            return Err(input.bad(BadRecord::ShortBlock));
        }
        let link_type = u32::from(self.order.u16(body, 0));
        if link_type != LINKTYPE_ETHERNET {
            return Err(input.link_type(link_type));
        }
        let mut interface = Interface {
            snap_len: self.order.u32(body, 4),
            units: Units(1_000_000),
            offset_s: 0,
            fcs_bytes: 0,
        };
        for (code, value) in Options::new(self.order, &body[8..]) {
            match (code, value) {
                (9, &[resolution]) => {
                    let units = Units::from_resolution(resolution);
                    interface.units = units.ok_or_else(|| input.bad(BadRecord::Timestamp))?;
                }
                (13, &[bits]) => interface.fcs_bytes = u32::from(bits / 8),
                (14, offset) if offset.len() == 8 => {
                    interface.offset_s = self.order.i64(offset, 0);
                }
                _ => {}
            }
        }
        Ok(interface)
    }

    /// An enhanced packet block, or its obsolete forerunner, which has 16 bits for the interface.
    fn packet<R: Read>(
        &self,
        input: &Input<R>,
        frame: &mut Vec<u8>,
        kind: u32,
    ) -> Result<RecordHead, CaptureError> {
        if self.body.len() < 20 {
            return Err(input.bad(BadRecord::ShortBlock));
        }
        let number = match kind {
            ENHANCED_PACKET => self.order.u32(&self.body, 0),
            _ => u32::from(self.order.u16(&self.body, 0)),
        };
        let interface = *self
            .interfaces
            .get(number as usize)
            .ok_or_else(|| input.bad(BadRecord::Interface(number)))?;
        let [high, low, captured, original_len] =
            [4, 8, 12, 16].map(|at| self.order.u32(&self.body, at));
        let timestamp_ns = interface
            .timestamp_ns(u64::from(high) << 32 | u64::from(low))
            .ok_or_else(|| input.bad(BadRecord::Timestamp))?;
        self.take_frame(input, frame, 20, captured)?;
        Ok(strip_fcs(
            frame,
            timestamp_ns,
            original_len,
            interface.fcs_bytes,
        ))
    }

    fn simple_packet<R: Read>(
        &self,
        input: &Input<R>,
        frame: &mut Vec<u8>,
    ) -> Result<RecordHead, CaptureError> {
        let interface = *self
            .interfaces
            .first()
            .ok_or_else(|| input.bad(BadRecord::Interface(0)))?;
        if self.body.len() < 4 {
            return Err(input.bad(BadRecord::ShortBlock));
        }
        let original_len = self.order.u32(&self.body, 0);
        // A snap length of 0 means no limit.
        let limit = if interface.snap_len == 0 {
            u32::MAX
        } else {
            interface.snap_len
        };
        self.take_frame(input, frame, 4, original_len.min(limit))?;
        Ok(strip_fcs(
            frame,
            self.last_timestamp_ns,
            original_len,
            interface.fcs_bytes,
        ))
    }

    fn take_frame<R: Read>(
        &self,
        input: &Input<R>,
        frame: &mut Vec<u8>,
        start: usize,
        captured: u32,
    ) -> Result<(), CaptureError> {
        if captured > RECORD_MAX_BYTES {
            return Err(input.bad(BadRecord::Length(captured)));
        }
        let bytes = self.body[start..].get(..captured as usize);
        let bytes = bytes.ok_or_else(|| input.bad(BadRecord::ShortBlock))?;
        frame.clear();
        frame.extend_from_slice(bytes);
        Ok(())
    }
}

/// The byte order that a section's magic (at offset 4 of `head`) tells.
fn byte_order<R: Read>(input: &Input<R>, head: &[u8; 8]) -> Result<ByteOrder, CaptureError> {
    match ByteOrder::Big.u32(head, 4) {
        0x1a2b_3c4d => Ok(ByteOrder::Big),
        0x4d3c_2b1a => Ok(ByteOrder::Little),
        magic => Err(input.bad(BadRecord::ByteOrder(magic))),
    }
}

impl Units {
    /// The top bit chooses between a power of two and of ten; `None` if the power is too large.
    fn from_resolution(resolution: u8) -> Option<Self> {
        let power = u32::from(resolution & 0x7f);
        let base: u128 = if resolution & 0x80 == 0 { 10 } else { 2 };
        base.checked_pow(power).map(Self)
    }
}

impl Interface {
    /// Nanoseconds since 1970 of a timestamp; `None` if they are negative or pass 64 bits.
    fn timestamp_ns(&self, units: u64) -> Option<u64> {
        // 64 bits times 30 bits: cannot overflow.
        let ns = i128::try_from(u128::from(units) * 1_000_000_000 / self.units.0).ok()?;
        u64::try_from(ns + i128::from(self.offset_s) * 1_000_000_000).ok()
    }
}

/// The options at the end of a block: code, length, value padded to 4 bytes.
struct Options<'a> {
    order: ByteOrder,
    rest: &'a [u8],
}

impl<'a> Options<'a> {
    fn new(order: ByteOrder, rest: &'a [u8]) -> Self {
        Self { order, rest }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    /// Ends at `opt_endofopt`, or at an option that is not whole.
    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.rest.split_at_checked(4)?;
        let (code, len) = (
            self.order.u16(head, 0),
            usize::from(self.order.u16(head, 2)),
        );
        let value = rest.get(..len).filter(|_| code != 0)?;
        self.rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}

//! Files built byte by byte: the readers are tested against the formats, not against our writer.

use proptest::prelude::*;

use super::*;
use crate::pcap::CaptureWriter;

/// Builds a file in one byte order.
#[derive(Clone)]
struct Bytes {
    big: bool,
    bytes: Vec<u8>,
}

impl Bytes {
    fn new(big: bool) -> Self {
        Self {
            big,
            bytes: Vec::new(),
        }
    }

    fn u16(mut self, value: u16) -> Self {
        self.bytes.extend(if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.bytes.extend(if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.bytes.extend(if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    fn pcap(big: bool, magic: u32, link: u32) -> Self {
        Self::new(big)
            .u32(magic)
            .u16(2)
            .u16(4)
            .u32(0)
            .u32(0)
            .u32(65_535)
            .u32(link)
    }

    fn record(self, seconds: u32, fraction: u32, original: u32, frame: &[u8]) -> Self {
        self.u32(seconds)
            .u32(fraction)
            .u32(frame.len() as u32)
            .u32(original)
            .raw(frame)
    }

    fn block(self, kind: u32, body: Bytes) -> Self {
        let mut body = body.bytes;
        body.resize(body.len().next_multiple_of(4), 0);
        let len = body.len() as u32 + 12;
        self.u32(kind).u32(len).raw(&body).u32(len)
    }

    fn section(self) -> Self {
        let body = Bytes::new(self.big)
            .u32(0x1a2b_3c4d)
            .u16(1)
            .u16(0)
            .u64(u64::MAX);
        self.block(0x0a0d_0d0a, body)
    }

    fn interface(self, snap_len: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = Bytes::new(self.big).u16(1).u16(0).u32(snap_len);
        for (code, value) in options {
            body = body.u16(*code).u16(value.len() as u16).raw(value);
            body.bytes.resize(body.bytes.len().next_multiple_of(4), 0);
        }
        self.block(1, body)
    }

    fn enhanced(self, interface: u32, timestamp: u64, original: u32, frame: &[u8]) -> Self {
        let body = Bytes::new(self.big).u32(interface);
        let body = body.u32((timestamp >> 32) as u32).u32(timestamp as u32);
        let body = body.u32(frame.len() as u32).u32(original).raw(frame);
        self.block(6, body)
    }

    fn read(&self) -> Result<Vec<(u64, u32, Vec<u8>)>, String> {
        read_all(&self.bytes)
    }
}

fn read_all(bytes: &[u8]) -> Result<Vec<(u64, u32, Vec<u8>)>, String> {
    let mut reader = CaptureReader::new(bytes, "x.pcap").map_err(|e| e.to_string())?;
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().map_err(|e| e.to_string())? {
        assert_eq!(record.number, records.len() as u64 + 1);
        records.push((
            record.timestamp_ns,
            record.original_len,
            record.bytes.to_vec(),
        ));
    }
    Ok(records)
}

#[test]
fn pcap_in_both_orders_and_both_units() {
    for (big, magic, expected_ns) in [
        (true, 0xa1b2_c3d4, 3_000_005_000),
        (false, 0xa1b2_c3d4, 3_000_005_000),
        (true, 0xa1b2_3c4d, 3_000_000_005),
        (false, 0xa1b2_3c4d, 3_000_000_005),
    ] {
        let file = Bytes::pcap(big, magic, 1)
            .record(3, 5, 60, &[9; 60])
            .record(2, 0, 14, &[8; 14]);
        let expected = vec![
            (expected_ns, 60, vec![9; 60]),
            (2_000_000_000, 14, vec![8; 14]),
        ];
        assert_eq!(file.read(), Ok(expected));
    }
}

#[test]
fn a_captured_checksum_is_taken_off() {
    // The length is given (bit 26), and is 2 words of 16 bits.
    let file = Bytes::pcap(false, 0xa1b2_c3d4, 1 | 1 << 26 | 2 << 28);
    let file = file.record(0, 0, 64, &[1; 64]).record(0, 0, 64, &[2; 62]);
    assert_eq!(
        file.read(),
        Ok(vec![(0, 60, vec![1; 60]), (0, 60, vec![2; 60])])
    );
}

#[test]
fn pcapng_units_offsets_sections_and_unknown_blocks() {
    for big in [true, false] {
        let other = Bytes::new(!big).section().interface(0, &[(9, &[9])]);
        let file = Bytes::new(big)
            .section()
            .interface(0, &[(2, b"eth0"), (13, &[32])])
            .interface(0, &[(9, &[9])])
            .interface(0, &[(9, &[0x80 | 1]), (14, &Bytes::new(big).u64(10).bytes)])
            .block(5, Bytes::new(big).raw(b"statistics"))
            .enhanced(0, 1_000_001, 64, &[1; 64])
            .enhanced(1, 1_000_001, 60, &[2; 60])
            .enhanced(2, 3, 61, &[3; 61])
            .block(3, Bytes::new(big).u32(70).raw(&[4; 70]))
            .block(
                2,
                Bytes::new(big)
                    .u16(1)
                    .u16(0)
                    .u64(0)
                    .u32(2)
                    .u32(2)
                    .raw(&[5; 2]),
            )
            .raw(&other.bytes)
            .raw(&Bytes::new(!big).enhanced(0, 8, 14, &[6; 14]).bytes);
        let expected = vec![
            (1_000_001_000, 60, vec![1; 60]),
            (1_000_001, 60, vec![2; 60]),
            (11_500_000_000, 61, vec![3; 61]),
            (11_500_000_000, 66, vec![4; 66]),
            (0, 2, vec![5; 2]),
            (8, 14, vec![6; 14]),
        ];
        assert_eq!(file.read(), Ok(expected));
    }
}

#[test]
fn a_cut_packet_is_flagged_and_refused_where_whole_ones_are_needed() {
    let file = Bytes::pcap(false, 0xa1b2_c3d4, 1).record(0, 0, 1500, &[1; 96]);
    let mut reader = CaptureReader::new(&file.bytes[..], "x.pcap").expect("a good header");
    assert!(
        reader
            .next_record()
            .expect("whole record")
            .expect("one packet")
            .is_cut()
    );
    let mut reader = CaptureReader::new(&file.bytes[..], "x.pcap").expect("a good header");
    assert_eq!(
        reader.next_whole().expect_err("96 of 1500").to_string(),
        "x.pcap: packet 1: 96 of 1500 bytes were captured, expected whole packets (capture with -s 0)"
    );
    // A simple packet block is cut to its interface's snap length.
    let file = Bytes::new(true).section().interface(96, &[]);
    let file = file.block(3, Bytes::new(true).u32(1500).raw(&[1; 96]));
    assert_eq!(file.read(), Ok(vec![(0, 1500, vec![1; 96])]));
}

#[test]
fn a_file_that_ends_inside_a_packet_names_it() {
    let pcap = Bytes::pcap(false, 0xa1b2_c3d4, 1).record(0, 0, 60, &[1; 60]);
    let second = pcap.bytes.len();
    let pcap = pcap.record(0, 0, 60, &[2; 60]).bytes;
    for end in second + 1..pcap.len() {
        let error = read_all(&pcap[..end]).expect_err("not whole");
        assert_eq!(error, "x.pcap: packet 2: the file ends inside it");
    }
    let ng = Bytes::new(true)
        .section()
        .interface(0, &[])
        .enhanced(0, 0, 60, &[1; 60]);
    let second = ng.bytes.len();
    let ng = ng.enhanced(0, 0, 60, &[2; 60]).bytes;
    for end in second + 1..ng.len() {
        let error = read_all(&ng[..end]).expect_err("not whole");
        assert_eq!(error, "x.pcap: packet 2: the file ends inside it");
    }
    for end in 0..24 {
        let error = read_all(&pcap[..end]).expect_err("not whole");
        assert_eq!(error, "x.pcap: the file ends inside its header");
    }
}

#[test]
fn damage_is_named() {
    let pcap = |link| Bytes::pcap(false, 0xa1b2_c3d4, link);
    let ng = || Bytes::new(false).section();
    let cases = [
        (
            Bytes::new(true).raw(b"#!/bin/sh\n"),
            "x.pcap: not a capture: it starts with 0x23212f62, \
            expected pcap or pcapng",
        ),
        (pcap(101), "x.pcap: link type 101, expected 1 (Ethernet)"),
        (
            pcap(1).u32(0).u32(0).u32(262_145).u32(1),
            "x.pcap: packet 1: 262145 bytes, expected at \
            most 262144",
        ),
        (
            ng().block(1, Bytes::new(false).u16(113).u16(0).u32(0)),
            "x.pcap: link type 113, expected \
            1 (Ethernet)",
        ),
        (
            ng().block(1, Bytes::new(false).u16(1)),
            "x.pcap: packet 1: the block is shorter than its \
            fields",
        ),
        (
            ng().enhanced(0, 0, 1, &[1]),
            "x.pcap: packet 1: interface 0 is not described",
        ),
        (
            ng().interface(0, &[(9, &[127])]),
            "x.pcap: packet 1: the timestamp is out of range",
        ),
        (
            ng().interface(0, &[(9, &[0])])
                .enhanced(0, u64::MAX, 1, &[1]),
            "x.pcap: packet 1: the \
            timestamp is out of range",
        ),
        (
            ng().interface(0, &[]).u32(6).u32(13),
            "x.pcap: packet 1: block length 13 is wrong",
        ),
        (
            ng().u32(77).u32(12).u32(16),
            "x.pcap: packet 1: block length 12 is wrong",
        ),
        (
            ng().u32(0x0a0d_0d0a).u32(28).u32(7),
            "x.pcap: packet 1: byte-order magic 0x07000000 is \
            wrong",
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(file.read(), Err(expected.to_owned()));
    }
}

#[test]
fn an_unreadable_file_is_named() {
    let error = CaptureReader::open(Path::new("/nonexistent/x.pcap")).expect_err("no such file");
    assert_eq!(
        error.to_string(),
        "/nonexistent/x.pcap: No such file or directory (os error 2)"
    );
}

#[test]
fn a_time_past_2106_cannot_be_written() {
    let mut writer = CaptureWriter::new(Vec::new(), "y.pcap").expect("a vector takes it");
    assert!(writer.frame((1 << 32) * 1_000_000_000 - 1, &[]).is_ok());
    assert!(writer.frame((1 << 32) * 1_000_000_000, &[]).is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        frames in prop::collection::vec(
            (0u64..4_294_967_296_000_000_000, prop::collection::vec(any::<u8>(), 0..200)),
            0..20,
        )
    ) {
        let mut writer = CaptureWriter::new(Vec::new(), "y.pcap").expect("a vector takes it");
        for (timestamp_ns, frame) in &frames {
            writer.frame(*timestamp_ns, frame).expect("a vector takes it");
        }
        let bytes = writer.finish().expect("a vector takes it");
        let expected =
            frames.into_iter().map(|(t, frame)| (t, frame.len() as u32, frame)).collect();
        prop_assert_eq!(read_all(&bytes), Ok(expected));
    }

    /// Whatever the bytes, reading ends, and without a panic.
    #[test]
    fn damage_never_panics(
        big in any::<bool>(),
        at in 0usize..200,
        damage in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        for mut file in [
            Bytes::pcap(big, 0xa1b2_c3d4, 1).record(3, 5, 60, &[9; 60]).record(2, 0, 14, &[8; 14]),
            Bytes::new(big).section().interface(0, &[(9, &[6]), (14, &[0; 8])])
                .enhanced(0, 3, 60, &[1; 60]).block(3, Bytes::new(big).u32(9).raw(&[4; 9])),
        ] {
            let at = at % (file.bytes.len() - damage.len());
            file.bytes[at..at + damage.len()].copy_from_slice(&damage);
            let _ = file.read();
        }
    }
}

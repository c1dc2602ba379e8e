//! A port over capture files: what the input holds is received, what is sent goes to the output.
//!
//! Time is the capture's. Whoever drives several ports looks at [`PcapPort::next_timestamp_ns`] of
//! each, sets the clock of all to the earliest, and polls that one: a poll hands out the frames whose
//! time has come. A damaged capture ends the input; [`PcapPort::error`] says why.

use std::fs::File;
use std::io::{Read, Write};

use packet::{Buffer, Burst};

use super::{CaptureError, CaptureReader, CaptureWriter};
use crate::NetIo;
use crate::memory::{HeapBuf, HeapPool};

/// One interface of a replay.
#[derive(Debug)]
pub struct PcapPort<R = File, W: Write = File> {
    input: Option<CaptureReader<R>>,
    output: Option<CaptureWriter<W>>,
    pool: HeapPool,
    /// The frame read ahead, and its time.
    ahead: Option<(u64, HeapBuf)>,
    clock_ns: u64,
    error: Option<CaptureError>,
}

impl<R: Read, W: Write> PcapPort<R, W> {
    /// A port that receives `input` and sends to `output`; what is sent without an output is dropped.
    /// Frames are read into buffers of `pool`.
    pub fn new(
        input: Option<CaptureReader<R>>,
        output: Option<CaptureWriter<W>>,
        pool: HeapPool,
    ) -> Self {
        Self {
            input,
            output,
            pool,
            ahead: None,
            clock_ns: 0,
            error: None,
        }
    }

    /// When the next frame arrives, in nanoseconds since 1970; `None` at the end of the input, after
    /// an error, and while the pool is exhausted.
    pub fn next_timestamp_ns(&mut self) -> Option<u64> {
        if self.ahead.is_none() && self.error.is_none() {
            self.ahead = self.read_ahead().unwrap_or_else(|error| {
                self.error = Some(error);
                None
            });
        }
        self.ahead.as_ref().map(|(timestamp_ns, _)| *timestamp_ns)
    }

    /// Sets the time: frames up to it can be received, and frames sent are stamped with it.
    pub fn set_clock_ns(&mut self, clock_ns: u64) {
        self.clock_ns = clock_ns;
    }

    /// What ended the input early, or the first frame that could not be written.
    pub fn error(&self) -> Option<&CaptureError> {
        self.error.as_ref()
    }

    /// Closes both files.
    ///
    /// # Errors
    /// The first error that the port met, or that of writing out the rest.
    pub fn finish(self) -> Result<(), CaptureError> {
        let finished = self.output.map(CaptureWriter::finish).transpose();
        self.error.map_or(finished.map(|_| ()), Err)
    }

    fn read_ahead(&mut self) -> Result<Option<(u64, HeapBuf)>, CaptureError> {
        let Some(input) = &mut self.input else {
            return Ok(None);
        };
        // The record is read only once there is a buffer for it.
        let Some(mut buf) = packet::Pool::alloc(&mut self.pool) else {
            return Ok(None);
        };
        let Some(record) = input.next_whole()? else {
            self.input = None;
            return Ok(None);
        };
        let len = record.bytes.len();
        if buf.append(len).is_err() {
            let packet = record.number;
            return Err(CaptureError::TooLong {
                file: input.file(),
                packet,
                len,
            });
        }
        buf.bytes_mut().copy_from_slice(record.bytes);
        Ok(Some((record.timestamp_ns, buf)))
    }
}

impl<R: Read, W: Write> NetIo for PcapPort<R, W> {
    type Buf = HeapBuf;

    fn rx_burst(&mut self, rx: &mut Burst<HeapBuf>) -> usize {
        let before = rx.len();
        while !rx.is_full() && self.next_timestamp_ns().is_some_and(|t| t <= self.clock_ns) {
            rx.extend(self.ahead.take().map(|(_, buf)| buf));
        }
        rx.len() - before
    }

    fn tx_burst(&mut self, tx: &mut Burst<HeapBuf>) -> usize {
        let taken = tx.len();
        for frame in tx.drain(..) {
            let Some(output) = &mut self.output else {
                continue;
            };
            if let Err(error) = output.frame(self.clock_ns, frame.bytes()) {
                self.error.get_or_insert(error);
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(frames: &[(u64, &[u8])]) -> CaptureReader<std::io::Cursor<Vec<u8>>> {
        let mut writer = CaptureWriter::new(Vec::new(), "in.pcap").expect("a vector takes it");
        for (timestamp_ns, frame) in frames {
            writer
                .frame(*timestamp_ns, frame)
                .expect("a vector takes it");
        }
        let bytes = writer.finish().expect("a vector takes it");
        CaptureReader::new(std::io::Cursor::new(bytes), "in.pcap").expect("just written")
    }

    #[test]
    fn frames_arrive_when_their_time_has_come_and_leave_stamped() {
        let output = CaptureWriter::new(Vec::new(), "out.pcap").expect("a vector takes it");
        let input = capture(&[(5, &[1; 60]), (5, &[2; 60]), (9, &[3; 60])]);
        let mut port = PcapPort::new(Some(input), Some(output), HeapPool::new(4, 2048));
        let mut burst = Burst::new();
        assert_eq!(port.rx_burst(&mut burst), 0);
        assert_eq!(port.next_timestamp_ns(), Some(5));
        port.set_clock_ns(5);
        assert_eq!(port.rx_burst(&mut burst), 2);
        assert_eq!(port.tx_burst(&mut burst), 2);
        let next_ns = port.next_timestamp_ns().expect("one is left");
        port.set_clock_ns(next_ns);
        assert_eq!(port.rx_burst(&mut burst), 1);
        assert_eq!(port.tx_burst(&mut burst), 1);
        assert_eq!(port.next_timestamp_ns(), None);
        let written = port
            .output
            .take()
            .expect("was given")
            .finish()
            .expect("a vector takes it");
        let mut reader = CaptureReader::new(&written[..], "out.pcap").expect("just written");
        for (timestamp_ns, content) in [(5, 1), (5, 2), (9, 3)] {
            let record = reader
                .next_whole()
                .expect("whole")
                .expect("three were sent");
            assert_eq!(
                (record.timestamp_ns, record.bytes),
                (timestamp_ns, &[content; 60][..])
            );
        }
        assert!(reader.next_whole().expect("whole").is_none());
    }

    #[test]
    fn a_pool_that_is_empty_loses_nothing() {
        let input = capture(&[(1, &[1; 60]), (1, &[2; 60])]);
        let mut port = PcapPort::<_, Vec<u8>>::new(Some(input), None, HeapPool::new(1, 2048));
        port.set_clock_ns(1);
        let mut burst = Burst::new();
        for content in [1, 2] {
            assert_eq!(port.rx_burst(&mut burst), 1);
            assert_eq!(burst[0].bytes(), [content; 60]);
            port.tx_burst(&mut burst);
        }
        assert_eq!(port.rx_burst(&mut burst), 0);
        port.finish().expect("nothing was wrong");
    }

    #[test]
    fn a_frame_longer_than_a_buffer_is_an_error_that_names_it() {
        let input = capture(&[(1, &[1; 60]), (1, &[2; 61])]);
        let mut port = PcapPort::<_, Vec<u8>>::new(Some(input), None, HeapPool::new(4, 60));
        port.set_clock_ns(1);
        assert_eq!(port.rx_burst(&mut Burst::new()), 1);
        let error = port.finish().expect_err("the second is too long");
        assert_eq!(
            error.to_string(),
            "in.pcap: packet 2: 61 bytes do not fit a buffer of the pool"
        );
    }
}

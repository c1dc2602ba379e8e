//! Lines on standard error: what LOG rules say and what the daemon itself says. Bounded in rate,
//! so that a flood of logged packets cannot fill a disk or stall the main thread.

use std::io::Write;

use crate::main_half::LogLine;

/// Lines a second; more are counted and told as one line.
const LINES_PER_SECOND: u32 = 1000;
const SECOND_NS: u64 = 1_000_000_000;

/// Syslog severities that the daemon uses for itself.
pub mod level {
    /// Something failed that an operator must mend.
    pub const ERROR: u8 = 3;
    /// Something is not as it should be.
    pub const WARNING: u8 = 4;
    /// Normal, worth a line.
    pub const NOTICE: u8 = 5;
}

/// The log. One owner, the main thread.
#[derive(Debug)]
pub struct Log<W = std::io::Stderr> {
    output: W,
    /// Standard error is journald's, which reads a severity from `<N>` before a line.
    has_levels: bool,
    window_ns: u64,
    written: u32,
    suppressed: u64,
}

impl Log {
    /// The log on standard error.
    pub fn to_stderr() -> Self {
        Self::new(
            std::io::stderr(),
            std::env::var_os("JOURNAL_STREAM").is_some(),
        )
    }
}

impl<W: Write> Log<W> {
    /// A log on `output`; with `has_levels`, each line starts with its severity.
    pub fn new(output: W, has_levels: bool) -> Self {
        Self {
            output,
            has_levels,
            window_ns: 0,
            written: 0,
            suppressed: 0,
        }
    }

    /// Writes a line, unless too many were written in this second.
    pub fn line(&mut self, now_ns: u64, level: u8, text: &str) {
        if now_ns.saturating_sub(self.window_ns) >= SECOND_NS {
            self.window_ns = now_ns;
            self.written = 0;
            self.tell_suppressed();
        }
        if self.written >= LINES_PER_SECOND {
            self.suppressed += 1;
            return;
        }
        self.written += 1;
        self.write(level, text);
    }

    /// Writes what LOG rules said.
    pub fn lines(&mut self, now_ns: u64, lines: &mut Vec<LogLine>) {
        for line in lines.drain(..) {
            self.line(now_ns, line.level, &line.text);
        }
    }

    fn tell_suppressed(&mut self) {
        let suppressed = std::mem::take(&mut self.suppressed);
        if suppressed > 0 {
            self.write(
                level::WARNING,
                &format!("log: {suppressed} lines suppressed"),
            );
        }
    }

    fn write(&mut self, level: u8, text: &str) {
        // Nobody is left to tell if standard error is closed.
        let _ = if self.has_levels {
            writeln!(self.output, "<{level}>{text}")
        } else {
            writeln!(self.output, "{text}")
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_told() {
        let mut output = Vec::new();
        let mut log = Log::new(&mut output, false);
        for _ in 0..LINES_PER_SECOND + 5 {
            log.line(SECOND_NS, level::NOTICE, "x");
        }
        log.line(2 * SECOND_NS, level::NOTICE, "y");
        let text = String::from_utf8(output).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), LINES_PER_SECOND as usize + 2);
        assert_eq!(lines[lines.len() - 2..], ["log: 5 lines suppressed", "y"]);
    }

    #[test]
    fn the_journal_is_told_severities() {
        let mut output = Vec::new();
        Log::new(&mut output, true).line(0, 4, "IN=wan");
        assert_eq!(output, b"<4>IN=wan\n");
    }
}

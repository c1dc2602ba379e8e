//! `--interactive`: a dialogue, one JSON object a line. `{t, if, hex}` is a packet and is answered
//! by its event; `{t}` alone lets time pass. Each line is answered before the next is read.

use std::io::{BufRead, Write};

use serde::Deserialize;

use super::{OfflineError, input, run::Session, schedule::seconds_to_ns};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Seconds; not before the line above. Absent: at once.
    t: Option<f64>,
    #[serde(rename = "if")]
    iface: Option<String>,
    hex: Option<String>,
}

/// Answers lines until they end.
pub(super) fn answer(
    session: &mut Session,
    lines: impl BufRead,
    mut answers: impl Write,
) -> Result<(), OfflineError> {
    let mut packets = 0;
    for (number, line) in (1..).zip(lines.lines()) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let refuse = |why: String| OfflineError::Line(number, why);
        let line: Line = serde_json::from_str(&line).map_err(|error| refuse(error.to_string()))?;
        let now_ns = match line.t {
            Some(seconds) => seconds_to_ns(seconds)
                .filter(|&now_ns| now_ns >= session.replay.now_ns())
                .ok_or_else(|| {
                    refuse(format!("t {seconds}: expected seconds that never go back"))
                })?,
            None => session.replay.now_ns(),
        };
        let timers = session.advance(now_ns)?;
        let answer = match (line.iface, line.hex) {
            (Some(iface), Some(hex)) => {
                let arrival = input::arrival(&iface, &session.config).map_err(refuse)?;
                let frame = from_hex(&hex).ok_or_else(|| {
                    refuse("hex: expected pairs of hexadecimal digits".to_owned())
                })?;
                let judged = session.receive(arrival, &frame)?;
                let event = session.event(packets, arrival, &frame, &judged, &timers);
                packets += 1;
                serde_json::to_string(&event)
            }
            (None, None) => serde_json::to_string(&session.tick(&timers)),
            _ => return Err(refuse("`if' and `hex' go together".to_owned())),
        };
        let answer = answer.map_err(std::io::Error::from)?;
        writeln!(answers, "{answer}")?;
        answers.flush()?;
    }
    Ok(())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?))
        .collect();
    bytes.filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(from_hex("00fFa5"), Some(vec![0, 255, 0xa5]));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for text in ["0", "0g", "+1", "é"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }
}

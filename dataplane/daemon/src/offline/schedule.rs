//! `--at T=FILE`: rules that change during a replay.

use std::path::PathBuf;

use rules::Family;

use super::OfflineError;

/// One change of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Nanoseconds after the first packet.
    pub(super) after_ns: u64,
    /// Whose rules.
    pub(super) family: Family,
    /// The rules.
    pub(super) file: PathBuf,
}

/// The changes of `--at` (IPv4) and `--at6` (IPv6), earliest first; equal times in the order
/// given, IPv4 first.
pub(super) fn parse(at: &[String], at6: &[String]) -> Result<Vec<Change>, OfflineError> {
    let v4 = at.iter().map(|text| change(text, Family::Ipv4));
    let v6 = at6.iter().map(|text| change(text, Family::Ipv6));
    let mut changes = v4.chain(v6).collect::<Result<Vec<_>, _>>()?;
    changes.sort_by_key(|change| change.after_ns);
    Ok(changes)
}

fn change(text: &str, family: Family) -> Result<Change, OfflineError> {
    let parsed = text.split_once('=').and_then(|(time, file)| {
        let seconds: f64 = time.parse().ok()?;
        let after_ns = seconds_to_ns(seconds)?;
        (!file.is_empty()).then(|| Change {
            after_ns,
            family,
            file: PathBuf::from(file),
        })
    });
    parsed.ok_or_else(|| {
        let option = if family == Family::Ipv4 {
            "--at"
        } else {
            "--at6"
        };
        OfflineError::Argument(format!(
            "{option} {text}: expected seconds and a file, as in 2.5=rules.v4"
        ))
    })
}

/// Seconds as nanoseconds, if they are a time that a replay can have.
pub(super) fn seconds_to_ns(seconds: f64) -> Option<u64> {
    // 2^63 ns are 292 years.
    let ns = (seconds * 1e9).round();
    (0.0..9.2e18).contains(&ns).then_some(ns as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_in_time_order() {
        let at = ["2.5=b".to_owned(), "0=a=x".to_owned()];
        let changes = parse(&at, &["2.5=c".to_owned()]).unwrap();
        let order: Vec<_> = changes
            .iter()
            .map(|change| (change.after_ns, change.file.to_str().unwrap()))
            .collect();
        assert_eq!(
            order,
            [(0, "a=x"), (2_500_000_000, "b"), (2_500_000_000, "c")]
        );
    }

    #[test]
    fn nonsense_is_told() {
        for text in ["", "x", "1=", "-1=f", "nan=f", "inf=f", "1e300=f"] {
            let error = parse(&[text.to_owned()], &[]).unwrap_err().to_string();
            assert!(error.contains("expected seconds and a file"), "{error}");
        }
    }
}

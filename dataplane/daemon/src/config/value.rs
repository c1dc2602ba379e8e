//! Single values of weir.toml: numbers in their range, addresses, prefixes, MAC addresses, sizes.

use std::net::IpAddr;

use toml::Spanned;

use super::fault::Faults;

/// `value` if it lies in `range` and fits `T`; a fault and the default otherwise.
pub(super) fn number<T: TryFrom<i64> + Copy>(
    value: Option<&Spanned<i64>>,
    default: T,
    range: std::ops::RangeInclusive<i64>,
    faults: &mut Faults<'_>,
) -> T {
    let Some(value) = value else { return default };
    let given = *value.get_ref();
    match T::try_from(given) {
        Ok(number) if range.contains(&given) => number,
        _ => {
            let (first, last) = (range.start(), range.end());
            faults.note(
                &value.span(),
                format!("{given} is out of range: expected {first} to {last}"),
            );
            default
        }
    }
}

/// One of `choices` by its name.
pub(super) fn choice<T: Copy>(
    value: Option<&Spanned<String>>,
    choices: &[(&str, T)],
    default: T,
    faults: &mut Faults<'_>,
) -> T {
    let Some(value) = value else { return default };
    let given = value.get_ref().as_str();
    match choices.iter().find(|(name, _)| *name == given) {
        Some((_, meaning)) => *meaning,
        None => {
            let names: Vec<_> = choices
                .iter()
                .map(|(name, _)| format!("\"{name}\""))
                .collect();
            let why = format!("unknown value \"{given}\": expected {}", names.join(" or "));
            faults.note(&value.span(), why);
            default
        }
    }
}

/// An address.
pub(super) fn address(value: &Spanned<String>, faults: &mut Faults<'_>) -> Option<IpAddr> {
    let parsed = value.get_ref().parse().ok();
    if parsed.is_none() {
        let why = format!("`{}' is no IPv4 or IPv6 address", value.get_ref());
        faults.note(&value.span(), why);
    }
    parsed
}

/// `ADDRESS/LENGTH`.
pub(super) fn prefix(value: &Spanned<String>, faults: &mut Faults<'_>) -> Option<(IpAddr, u8)> {
    let given = value.get_ref();
    let parsed = parse_prefix(given);
    if parsed.is_none() {
        let why = format!(
            "`{given}' is no address with a prefix length: expected a form as 192.0.2.1/24 (0 to 32) \
             or 2001:db8::1/64 (0 to 128)"
        );
        faults.note(&value.span(), why);
    }
    parsed
}

fn parse_prefix(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length: u8 = length.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (length <= longest).then_some((address, length))
}

/// The first address of the prefix that `address` lies in.
pub(super) fn network(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(length.min(32)))
                .unwrap_or(0);
            IpAddr::from(std::net::Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(length.min(128)))
                .unwrap_or(0);
            IpAddr::from(std::net::Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

/// A unicast MAC address, `02:00:00:00:00:01`.
pub(super) fn mac(value: &Spanned<String>, faults: &mut Faults<'_>) -> Option<[u8; 6]> {
    let given = value.get_ref();
    match parse_mac(given) {
        Some([0, 0, 0, 0, 0, 0]) => {
            faults.note(&value.span(), "the MAC address is all zero");
            None
        }
        Some(mac) if mac[0] & 1 == 1 => {
            faults.note(
                &value.span(),
                format!("`{given}' is a group address: expected one station's"),
            );
            None
        }
        None => {
            let why = format!("`{given}' is no MAC address: expected a form as 02:00:00:00:00:01");
            faults.note(&value.span(), why);
            None
        }
        mac => mac,
    }
}

fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut mac {
        let part = parts.next()?;
        if part.len() != 2 || !part.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

/// A size as `512MiB`: a number and B, KiB, MiB or GiB.
pub(super) fn bytes(value: Option<&Spanned<String>>, default: u64, faults: &mut Faults<'_>) -> u64 {
    let Some(value) = value else { return default };
    parse_bytes(value.get_ref()).unwrap_or_else(|| {
        let why = format!(
            "`{}' is no size: expected a form as \"512MiB\" or \"1GiB\"",
            value.get_ref()
        );
        faults.note(&value.span(), why);
        default
    })
}

fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let shift = match unit.trim() {
        "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(1 << shift)
        .filter(|&bytes| bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        assert_eq!(
            parse_prefix("10.0.0.1/8"),
            Some((IpAddr::from([10, 0, 0, 1]), 8))
        );
        assert!(parse_prefix("2001:db8::1/128").is_some());
        for text in [
            "10.0.0.1",
            "10.0.0.1/33",
            "10.0.0.1/",
            "10.0.0.1/+8",
            "::/129",
            "x/8",
            "/8",
        ] {
            assert_eq!(parse_prefix(text), None, "{text}");
        }
        assert_eq!(
            network(IpAddr::from([10, 1, 2, 3]), 9),
            IpAddr::from([10, 0, 0, 0])
        );
        assert_eq!(
            network(IpAddr::from([10, 1, 2, 3]), 0),
            IpAddr::from([0, 0, 0, 0])
        );
        assert_eq!(
            network(IpAddr::from([10, 1, 2, 3]), 32),
            IpAddr::from([10, 1, 2, 3])
        );
    }

    #[test]
    fn mac_addresses() {
        assert_eq!(parse_mac("02:00:00:00:00:fE"), Some([2, 0, 0, 0, 0, 0xfe]));
        for text in [
            "",
            "02:00:00:00:00",
            "02:00:00:00:00:00:00",
            "2:0:0:0:0:1",
            "02:00:00:00:00:+f",
        ] {
            assert_eq!(parse_mac(text), None, "{text}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_bytes("1GiB"), Some(1 << 30));
        assert_eq!(parse_bytes("64 MiB"), Some(64 << 20));
        for text in ["", "1", "1GB", "-1GiB", "0MiB", "99999999999GiB", "é"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }
}

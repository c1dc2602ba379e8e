//! Addresses and masks of `-s` and `-d`, read and printed
//! (`libxtables/xtables.c` `xtables_ipparse_multiple`, `iptables/xshared.c` `save_ipv4_addr`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rules::{Family, matches::ip::AddrMask};

use crate::{SyntaxError, number};

/// Longest single address with its mask in bytes: `buf[256]` less the closing zero.
const ADDRESS_MAX_BYTES: usize = 255;

/// Reads `a[/mask][,b[/mask]...]`. `None` stands for an address with an empty mask: everything.
pub(crate) fn parse_list(family: Family, text: &str) -> Result<Vec<Option<AddrMask>>, SyntaxError> {
    text.split(',').map(|one| parse_one(family, one)).collect()
}

fn parse_one(family: Family, text: &str) -> Result<Option<AddrMask>, SyntaxError> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    if text.len() > ADDRESS_MAX_BYTES {
        return Err(SyntaxError::HostnameTooLong);
    }
    let (host, mask) = match text.rsplit_once('/') {
        Some((host, mask)) => (host, parse_mask(family, mask)?),
        None => (text, full_mask(family)),
    };
    // iptables ignores the name before an empty mask, as in `any/0`.
    if mask.is_unspecified() {
        return Ok(None);
    }
    let addr = match family {
        Family::Ipv4 => numeric_v4(host).map(IpAddr::V4),
        Family::Ipv6 => host.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
    };
    let addr = addr.ok_or_else(|| SyntaxError::HostNotFound(host.to_owned()))?;
    Ok(Some(AddrMask {
        addr: masked(addr, mask),
        mask,
    }))
}

fn full_mask(family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => IpAddr::V4(Ipv4Addr::BROADCAST),
        Family::Ipv6 => IpAddr::V6(Ipv6Addr::from_bits(u128::MAX)),
    }
}

fn masked(addr: IpAddr, mask: IpAddr) -> IpAddr {
    match (addr, mask) {
        (IpAddr::V4(addr), IpAddr::V4(mask)) => IpAddr::V4(addr & mask),
        (IpAddr::V6(addr), IpAddr::V6(mask)) => IpAddr::V6(addr & mask),
        (addr, _) => addr,
    }
}

fn parse_mask(family: Family, text: &str) -> Result<IpAddr, SyntaxError> {
    let dotted = match family {
        Family::Ipv4 => dotted_v4(text).map(IpAddr::V4),
        Family::Ipv6 => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
    };
    if let Some(mask) = dotted {
        return Ok(mask);
    }
    let width = u32::from(family.address_bits());
    let bits = number::number(text, 0, u64::from(width))
        .and_then(|bits| u32::try_from(bits).ok())
        .ok_or_else(|| SyntaxError::InvalidMask(text.to_owned()))?;
    Ok(match family {
        Family::Ipv4 => IpAddr::V4(Ipv4Addr::from_bits(
            u32::MAX.checked_shl(width - bits).unwrap_or(0),
        )),
        Family::Ipv6 => IpAddr::V6(Ipv6Addr::from_bits(
            u128::MAX.checked_shl(width - bits).unwrap_or(0),
        )),
    })
}

/// Four numbers with dots between.
fn dotted_v4(text: &str) -> Option<Ipv4Addr> {
    let mut parts = text.splitn(4, '.').map(number::byte);
    let octets = [
        parts.next()??,
        parts.next()??,
        parts.next()??,
        parts.next()??,
    ];
    Some(Ipv4Addr::from(octets))
}

/// As [`dotted_v4`], or fewer numbers: the missing ones are zero (`10.1` is `10.1.0.0`).
fn numeric_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    for (octet, part) in octets.iter_mut().zip(text.splitn(4, '.')) {
        *octet = number::byte(part)?;
    }
    Some(Ipv4Addr::from(octets))
}

/// The length of a mask that is a prefix.
pub(crate) fn prefix_length(mask: IpAddr) -> Option<u32> {
    let (ones, zeros, width) = match mask {
        IpAddr::V4(mask) => (
            mask.to_bits().leading_ones(),
            mask.to_bits().trailing_zeros(),
            32,
        ),
        IpAddr::V6(mask) => (
            mask.to_bits().leading_ones(),
            mask.to_bits().trailing_zeros(),
            128,
        ),
    };
    (ones + zeros == width).then_some(ones)
}

/// An address as `inet_ntop` writes it: as Rust does, but `::102:304` is `::1.2.3.4`.
pub(crate) fn numeric(addr: IpAddr) -> String {
    if let IpAddr::V6(v6) = addr {
        let [a, b, c, d, e, f, high, low] = v6.segments();
        if [a, b, c, d, e, f] == [0; 6] && high != 0 {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            return format!("::{a}.{b}.{c}.{d}");
        }
    }
    addr.to_string()
}

/// `address/mask` as a saved rule carries it: the mask always, as a length where it is one.
pub(crate) fn saved(value: AddrMask) -> String {
    let addr = numeric(value.addr);
    match prefix_length(value.mask) {
        Some(length) => format!("{addr}/{length}"),
        None => format!("{addr}/{}", numeric(value.mask)),
    }
}

/// A cell of `-L`: no mask behind a single address; everything is `anywhere`, or numbers with `-n`.
pub(crate) fn listed(family: Family, value: Option<AddrMask>, is_numeric: bool) -> String {
    let (everything, width) = match family {
        Family::Ipv4 => ("0.0.0.0/0", 32),
        Family::Ipv6 => ("::/0", 128),
    };
    let Some(value) = value else {
        return if is_numeric { everything } else { "anywhere" }.to_owned();
    };
    // ip6tables asks the address, not the mask, whether it is everything.
    let is_anywhere = match family {
        Family::Ipv4 => value.mask.is_unspecified(),
        Family::Ipv6 => value.addr.is_unspecified(),
    };
    if is_anywhere && !is_numeric {
        return "anywhere".to_owned();
    }
    if prefix_length(value.mask) == Some(width) {
        return numeric(value.addr);
    }
    saved(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(family: Family, text: &str) -> String {
        let list = parse_list(family, text).unwrap();
        list.into_iter()
            .map(|item| item.map_or("any".to_owned(), saved))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn ipv4_is_read_as_iptables_reads_it() {
        assert_eq!(one(Family::Ipv4, "10.1.2.3/8"), "10.0.0.0/8");
        assert_eq!(one(Family::Ipv4, "10"), "10.0.0.0/32");
        assert_eq!(one(Family::Ipv4, "10.1"), "10.1.0.0/32");
        assert_eq!(one(Family::Ipv4, "010.0x1.2.3"), "8.1.2.3/32");
        assert_eq!(
            one(Family::Ipv4, "1.2.3.4/255.0.255.0"),
            "1.0.3.0/255.0.255.0"
        );
        assert_eq!(one(Family::Ipv4, "foo/0, 1.2.3.4"), "any 1.2.3.4/32");
        assert!(parse_list(Family::Ipv4, "1.2.3.4.5").is_err());
        assert!(parse_list(Family::Ipv4, "example.org").is_err());
        assert!(parse_list(Family::Ipv4, "1.2.3.4/33").is_err());
        assert!(parse_list(Family::Ipv4, "1.2.3.4,").is_err());
    }

    #[test]
    fn ipv6_is_written_as_inet_ntop_writes_it() {
        assert_eq!(one(Family::Ipv6, "2001:DB8::1/32"), "2001:db8::/32");
        assert_eq!(one(Family::Ipv6, "::102:304"), "::1.2.3.4/128");
        assert_eq!(one(Family::Ipv6, "::ffff:1.2.3.4"), "::ffff:1.2.3.4/128");
        assert_eq!(one(Family::Ipv6, "::304"), "::304/128");
        assert_eq!(one(Family::Ipv6, "fe80::/ffff::ffff"), "fe80::/ffff::ffff");
        assert_eq!(listed(Family::Ipv6, None, true), "::/0");
    }
}

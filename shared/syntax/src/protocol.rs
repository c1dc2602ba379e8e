//! Protocols of `-p` (`libxtables/xtables.c` `xtables_parse_protocol`).

use crate::{Names, SyntaxError, number};

/// Reads a number or a name; 0 is every protocol.
pub(crate) fn parse(names: &Names, text: &str) -> Result<u8, SyntaxError> {
    number::byte(text)
        .or_else(|| names.protocol_number(text))
        .ok_or_else(|| SyntaxError::UnknownProtocol(text.to_owned()))
}

/// The name, or the number where there is none. With `builtin_only` the files are not asked.
pub(crate) fn text(names: &Names, number: u8, builtin_only: bool) -> String {
    names
        .protocol_name(number, builtin_only)
        .map_or_else(|| number.to_string(), str::to_owned)
}

/// IPv6 headers that come before the upper layer; the kernel never finds them as a protocol
/// (`iptables/xshared.c` `is_exthdr`).
pub(crate) const fn is_extension_header(number: u8) -> bool {
    matches!(number, 43 | 44 | 51 | 60)
}

//! Interface names of `-i` and `-o` (`libxtables/xtables.c` `xtables_parse_interface`).

use rules::matches::ip::{IFACE_NAME_MAX_BYTES, IfaceMatch};

use crate::SyntaxError;

/// Reads a name; a closing `+` makes it a prefix. Also gives iptables' warning where the name has
/// a `/`, which the kernel refuses in names of interfaces. White space and control characters,
/// which iptables warns of at best, are refused: a saved rule could not carry them.
pub(crate) fn parse(text: &str) -> Result<(IfaceMatch, Option<String>), SyntaxError> {
    if text.is_empty() {
        return Err(SyntaxError::EmptyInterface);
    }
    if text.len() > IFACE_NAME_MAX_BYTES {
        return Err(SyntaxError::InterfaceTooLong(text.to_owned()));
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(SyntaxError::InterfaceCharacter(text.to_owned()));
    }
    let warning = text.contains('/').then(|| {
        format!(
            "Warning: weird character in interface `{text}' \
             ('/' and ' ' are not allowed by the kernel).\n"
        )
    });
    let iface = match text.strip_suffix('+') {
        Some(prefix) => IfaceMatch {
            name: prefix.to_owned(),
            is_prefix: true,
        },
        None => IfaceMatch {
            name: text.to_owned(),
            is_prefix: false,
        },
    };
    Ok((iface, warning))
}

/// The name as it was typed.
pub(crate) fn text(iface: &IfaceMatch) -> String {
    format!("{}{}", iface.name, if iface.is_prefix { "+" } else { "" })
}

/// Whether every interface fits: a lone `+`.
pub(crate) fn is_any(iface: &IfaceMatch) -> bool {
    iface.is_prefix && iface.name.is_empty()
}

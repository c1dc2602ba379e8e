//! Who this program is.

/// Name and version, as status and greetings tell them.
pub fn program() -> String {
    concat!("weir-dataplane ", env!("CARGO_PKG_VERSION")).to_owned()
}

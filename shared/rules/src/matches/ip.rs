//! The options every rule has without `-m`: `-s -d -i -o -p -f`
//! (`struct ipt_ip`, `net/ipv4/netfilter/ip_tables.c` `ip_packet_match`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Negatable;

/// Longest interface name in bytes: `IFNAMSIZ` (16) less the closing zero.
pub const IFACE_NAME_MAX_BYTES: usize = 15;

/// An address and the mask under which it is compared. The mask need not be a prefix.
/// Both are of the rule's family; bits outside the mask are zero in `addr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddrMask {
    /// The address.
    pub addr: IpAddr,
    /// The mask.
    pub mask: IpAddr,
}

/// `-i`/`-o`: an interface's name, or a prefix of names (`eth+`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IfaceMatch {
    /// The name, without a closing `+`.
    pub name: String,
    /// A `+` closed it: every interface whose name starts so fits.
    pub is_prefix: bool,
}

impl IfaceMatch {
    /// Whether an interface called `iface` fits. A hook without such an interface passes `""`,
    /// as the kernel compares with an empty name there.
    pub fn fits(&self, iface: &str) -> bool {
        if self.is_prefix {
            iface.starts_with(&self.name)
        } else {
            iface == self.name
        }
    }
}

/// What `-s -d -i -o -p -f` say; `None` where the option was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpMatch {
    /// `-s`.
    pub source: Option<Negatable<AddrMask>>,
    /// `-d`.
    pub destination: Option<Negatable<AddrMask>>,
    /// `-i`.
    pub in_iface: Option<Negatable<IfaceMatch>>,
    /// `-o`.
    pub out_iface: Option<Negatable<IfaceMatch>>,
    /// `-p`: protocol number. `None` is `all`.
    pub protocol: Option<Negatable<u8>>,
    /// `-f`, IPv4: second and further fragments; with `!`, heads and whole packets.
    pub fragment: Option<Negatable<()>>,
}

//! Longest prefix match: an immutable multi-bit trie with a stride of 8 bits.
//!
//! A node is 256 slots; a prefix that ends inside a node's 8 bits is written to every slot that it
//! covers (controlled prefix expansion, Srinivasan and Varghese 1999). Prefixes are inserted
//! shortest first, so a longer one simply overwrites. A lookup reads one slot a byte of the address
//! as long as there are longer prefixes: at most 4 for IPv4, 16 for IPv6, mostly 1 to 4.

/// Index of no value, and of no child.
const NONE: u32 = 0;

/// One slot of a node. Both numbers are 1-based; 0 says that there is none.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// The value of the longest prefix that ends here.
    value: u32,
    /// The node of longer prefixes.
    child: u32,
}

type Node = [Slot; 256];

/// A prefix: the first `len` bits of `bits`, which holds the address in network order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix<const BYTES: usize> {
    /// The address in network order; bits behind `len` are ignored.
    pub bits: [u8; BYTES],
    /// Its length in bits, at most `8 * BYTES`.
    pub len: u8,
}

impl<const BYTES: usize> Prefix<BYTES> {
    /// Whether the prefix covers `addr`.
    pub fn covers(&self, addr: &[u8; BYTES]) -> bool {
        let whole = usize::from(self.len / 8).min(BYTES);
        if self.bits[..whole] != addr[..whole] {
            return false;
        }
        let rest = self.len % 8;
        let mask = !(0xffu8.checked_shr(u32::from(rest)).unwrap_or(0));
        rest == 0 || whole == BYTES || (self.bits[whole] ^ addr[whole]) & mask == 0
    }
}

/// The trie. `V` is looked up by addresses of `BYTES` bytes.
pub struct Lpm<const BYTES: usize, V> {
    nodes: Vec<Node>,
    values: Vec<V>,
    /// 1-based index of the value of the prefix of length 0.
    default: u32,
}

impl<const BYTES: usize, V> Lpm<BYTES, V> {
    /// Builds the trie. Of two equal prefixes the later one wins.
    pub fn new(mut prefixes: Vec<(Prefix<BYTES>, V)>) -> Self {
        prefixes.sort_by_key(|(prefix, _)| prefix.len);
        let mut lpm = Self {
            nodes: vec![[Slot::default(); 256]],
            values: Vec::with_capacity(prefixes.len()),
            default: NONE,
        };
        for (prefix, value) in prefixes {
            lpm.values.push(value);
            let number = lpm.values.len() as u32;
            lpm.insert(prefix, number);
        }
        lpm
    }

    fn insert(&mut self, prefix: Prefix<BYTES>, value: u32) {
        let len = usize::from(prefix.len).min(8 * BYTES);
        if len == 0 {
            self.default = value;
            return;
        }
        let last = (len - 1) / 8;
        let mut node = 0;
        for &byte in &prefix.bits[..last] {
            node = self.child_of(node, byte);
        }
        let free_bits = 8 - (len - 8 * last);
        let first = usize::from(prefix.bits[last]) >> free_bits << free_bits;
        for slot in &mut self.nodes[node][first..first + (1 << free_bits)] {
            slot.value = value;
        }
    }

    /// The index of the node behind `byte` of `node`, made if there is none.
    fn child_of(&mut self, node: usize, byte: u8) -> usize {
        let child = self.nodes[node][usize::from(byte)].child;
        if child != NONE {
            return child as usize;
        }
        // Node 0 is the root and nobody's child, so its number may stand for "none".
        let child = self.nodes.len();
        self.nodes.push([Slot::default(); 256]);
        self.nodes[node][usize::from(byte)].child = child as u32;
        child
    }

    /// The value of the longest prefix that covers `addr`.
    pub fn lookup(&self, addr: [u8; BYTES]) -> Option<&V> {
        let mut best = self.default;
        let mut node = 0;
        for byte in addr {
            let slot = self.nodes[node][usize::from(byte)];
            if slot.value != NONE {
                best = slot.value;
            }
            if slot.child == NONE {
                break;
            }
            node = slot.child as usize;
        }
        self.values.get((best as usize).checked_sub(1)?)
    }

    /// Prefixes in the trie.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it holds no prefix.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The specification: try them all, the longest wins, of equals the last.
    fn linear<'a, const N: usize>(
        prefixes: &'a [(Prefix<N>, usize)],
        addr: &[u8; N],
    ) -> Option<&'a usize> {
        prefixes
            .iter()
            .filter(|(prefix, _)| prefix.covers(addr))
            .max_by_key(|(prefix, _)| prefix.len)
            .map(|(_, value)| value)
    }

    /// Few distinct bytes, so that prefixes nest and overlap.
    fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
        proptest::array::uniform(prop_oneof![Just(0u8), Just(0x80), Just(0xff), any::<u8>()])
    }

    fn check<const N: usize>(table: Vec<([u8; N], u8)>, addrs: Vec<[u8; N]>) {
        let prefixes: Vec<_> = table
            .into_iter()
            .enumerate()
            .map(|(n, (bits, len))| (Prefix { bits, len }, n))
            .collect();
        let lpm = Lpm::new(prefixes.clone());
        let own = prefixes.iter().map(|(prefix, _)| prefix.bits);
        for addr in addrs.into_iter().chain(own) {
            assert_eq!(
                lpm.lookup(addr),
                linear(&prefixes, &addr),
                "{addr:?} in {prefixes:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn v4_agrees_with_a_linear_scan(
            table in proptest::collection::vec((bytes::<4>(), 0u8..=32), 0..60),
            addrs in proptest::collection::vec(bytes::<4>(), 20),
        ) {
            check(table, addrs);
        }

        #[test]
        fn v6_agrees_with_a_linear_scan(
            table in proptest::collection::vec((bytes::<16>(), 0u8..=128), 0..60),
            addrs in proptest::collection::vec(bytes::<16>(), 20),
        ) {
            check(table, addrs);
        }
    }

    #[test]
    fn an_empty_table_knows_nothing() {
        let lpm = Lpm::<4, ()>::new(Vec::new());
        assert!(lpm.is_empty());
        assert_eq!(lpm.lookup([1, 2, 3, 4]), None);
    }
}

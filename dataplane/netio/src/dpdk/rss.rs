//! Receive side scaling: a hash that sends both directions of a connection to the same queue.

/// A Toeplitz key of `len` bytes that gives a packet and its reply the same hash: it repeats every 16
/// bits, so that addresses (32 or 128 bits apart) and ports (16) may change places (Woo and Park,
/// "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling"). `seed` is random: it keeps
/// others from choosing packets for one queue. A seed with too few changes of bits hashes badly and is
/// replaced by the paper's.
pub(super) fn symmetric_key(seed: u16, len: usize) -> Vec<u8> {
    const PAPER_SEED: u16 = 0x6d5a;
    let is_good = (5..=11).contains(&seed.count_ones());
    let [high, low] = if is_good { seed } else { PAPER_SEED }.to_be_bytes();
    (0..len)
        .map(|at| if at % 2 == 0 { high } else { low })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Toeplitz by its definition: bit i of the input selects key bits i..i+32.
    fn toeplitz(key: &[u8], input: &[u8]) -> u32 {
        let bit = |at: usize| u32::from(key[at / 8] >> (7 - at % 8) & 1);
        let window = |at: usize| (0..32).fold(0, |word, i| word << 1 | bit(at + i));
        let set = (0..input.len() * 8).filter(|at| input[at / 8] >> (7 - at % 8) & 1 == 1);
        set.fold(0, |hash, at| hash ^ window(at))
    }

    #[test]
    fn toeplitz_here_is_the_standard_one() {
        // Microsoft's verification suite: 66.9.149.187:2794 to 161.142.100.80:1766.
        let key = [
            0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
            0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
            0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
        ];
        let input = [66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6];
        assert_eq!(toeplitz(&key, &input), 0x51cc_c178);
    }

    proptest! {
        #[test]
        fn both_directions_hash_alike(
            seed: u16, src: [u8; 4], dst: [u8; 4], sport: [u8; 2], dport: [u8; 2],
        ) {
            let key = symmetric_key(seed, 40);
            let there = [&src[..], &dst, &sport, &dport].concat();
            let back = [&dst[..], &src, &dport, &sport].concat();
            prop_assert_eq!(toeplitz(&key, &there), toeplitz(&key, &back));
        }
    }

    #[test]
    fn a_weak_seed_is_replaced() {
        assert_eq!(symmetric_key(0, 4), [0x6d, 0x5a, 0x6d, 0x5a]);
        assert_eq!(symmetric_key(0xffff, 2), [0x6d, 0x5a]);
        assert_eq!(symmetric_key(0x1234, 3), [0x12, 0x34, 0x12]);
    }
}

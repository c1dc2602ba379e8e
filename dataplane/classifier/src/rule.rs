//! One rule as a walk compares it.

use rules::{
    CounterId, Family, Negatable,
    matches::ip::{AddrMask, IfaceMatch, IpMatch},
    reference::Fit,
    resolved::{ResolvedRule, ResolvedTarget},
    targets::reject::RejectWith,
};

use crate::{
    address::Address,
    key::{Key, Protocol, iface_key},
    transport::TransportMatch,
};

/// An address under a mask; the empty mask, not negated, fits every address.
#[derive(Clone, Copy, Debug)]
struct Masked<A> {
    value: A,
    mask: A,
    negated: bool,
}

impl<A: Address> Masked<A> {
    fn new(option: Option<&Negatable<AddrMask>>) -> Self {
        match option {
            None => Self {
                value: A::ZERO,
                mask: A::ZERO,
                negated: false,
            },
            Some(option) => Self {
                value: A::from_ip(option.value.addr),
                mask: A::from_ip(option.value.mask),
                negated: option.negated,
            },
        }
    }

    #[inline]
    fn fit(&self, addr: A) -> bool {
        (addr & self.mask == self.value) != self.negated
    }
}

/// An interface name under a mask, as [`iface_key`] packs it.
#[derive(Clone, Copy, Debug)]
struct Iface {
    value: u128,
    mask: u128,
    negated: bool,
}

impl Iface {
    fn new(option: &Negatable<IfaceMatch>) -> Self {
        let name = &option.value.name;
        // Exact names are compared with their closing zeros, prefixes without.
        let mask = match (option.value.is_prefix, name.len()) {
            (false, _) => u128::MAX,
            (true, bytes) => (1 << (8 * bytes.min(15))) - 1,
        };
        Self {
            value: iface_key(name),
            mask,
            negated: option.negated,
        }
    }

    #[inline]
    const fn fit(&self, iface: u128) -> bool {
        (iface & self.mask == self.value) != self.negated
    }
}

/// `-i` and `-o`. Apart from the rule, which so fits a cache line in IPv4.
#[derive(Debug)]
struct Ifaces {
    input: Option<Iface>,
    output: Option<Iface>,
}

impl Ifaces {
    fn new(ip: &IpMatch) -> Option<Box<Self>> {
        let input = ip.in_iface.as_ref().map(Iface::new);
        let output = ip.out_iface.as_ref().map(Iface::new);
        let is_asked = input.is_some() || output.is_some();
        is_asked.then(|| Box::new(Self { input, output }))
    }

    #[inline]
    fn fit(&self, input: u128, output: u128) -> bool {
        self.input.is_none_or(|asked| asked.fit(input))
            && self.output.is_none_or(|asked| asked.fit(output))
    }
}

/// What a rule says of the protocol.
#[derive(Clone, Copy, Debug)]
enum ProtocolAsked {
    /// Nothing is asked.
    Any,
    /// `-p all` in IPv6: some protocol must be found.
    Found,
    Is(u8),
    IsNot(u8),
}

impl ProtocolAsked {
    fn new(option: Option<Negatable<u8>>, family: Family) -> Self {
        match (option, family) {
            (None, _) | (Some(Negatable { value: 0, .. }), Family::Ipv4) => ProtocolAsked::Any,
            (Some(Negatable { value: 0, .. }), Family::Ipv6) => ProtocolAsked::Found,
            (Some(Negatable { negated, value }), _) if negated => ProtocolAsked::IsNot(value),
            (Some(Negatable { value, .. }), _) => ProtocolAsked::Is(value),
        }
    }

    #[inline]
    const fn fit(self, protocol: Protocol) -> Fit {
        let holds = match (self, protocol) {
            (ProtocolAsked::Any, _) | (ProtocolAsked::Found, Protocol::Known(_)) => true,
            (ProtocolAsked::Is(asked), Protocol::Known(known)) => asked == known,
            (ProtocolAsked::IsNot(asked), Protocol::Known(known)) => asked != known,
            (_, Protocol::Lost) => return Fit::HotDrop,
        };
        if holds { Fit::Yes } else { Fit::No }
    }
}

/// What a rule does. Chains are by index, LOG by index into the table's list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Continue,
    Accept,
    Drop,
    Return,
    Jump(u32),
    Goto(u32),
    Reject(RejectWith),
    Log(u32),
}

/// A rule with all that a walk compares.
#[derive(Debug)]
pub(crate) struct FlatRule<A> {
    src: Masked<A>,
    dst: Masked<A>,
    protocol: ProtocolAsked,
    fragment: Option<Negatable<()>>,
    ifaces: Option<Box<Ifaces>>,
    /// Nearly always none or one.
    matches: Box<[TransportMatch]>,
    pub(crate) counter: CounterId,
    pub(crate) action: Action,
}

impl<A: Address> FlatRule<A> {
    /// Flattens `rule`; its LOG options go to the end of `logs`.
    pub(crate) fn new(
        rule: &ResolvedRule,
        family: Family,
        logs: &mut Vec<rules::targets::log::Log>,
    ) -> Self {
        let action = match &rule.target {
            ResolvedTarget::None => Action::Continue,
            ResolvedTarget::Accept => Action::Accept,
            ResolvedTarget::Drop => Action::Drop,
            ResolvedTarget::Return => Action::Return,
            ResolvedTarget::Jump(chain) => Action::Jump(chain.0),
            ResolvedTarget::Goto(chain) => Action::Goto(chain.0),
            ResolvedTarget::Reject(with) => Action::Reject(*with),
            ResolvedTarget::Log(log) => {
                logs.push(log.clone());
                // `validate` has numbered every rule with a u32.
                Action::Log((logs.len() - 1) as u32)
            }
        };
        Self {
            src: Masked::new(rule.ip.source.as_ref()),
            dst: Masked::new(rule.ip.destination.as_ref()),
            protocol: ProtocolAsked::new(rule.ip.protocol, family),
            fragment: rule.ip.fragment,
            ifaces: Ifaces::new(&rule.ip),
            matches: rule.matches.iter().map(TransportMatch::new).collect(),
            counter: rule.counter,
            action,
        }
    }

    /// Whether all holds, in the order in which the kernel tries it.
    #[inline]
    pub(crate) fn fit(&self, key: &Key<'_, A>) -> Fit {
        if !self.src.fit(key.src) || !self.dst.fit(key.dst) {
            return Fit::No;
        }
        if let Some(ifaces) = &self.ifaces
            && !ifaces.fit(key.in_iface, key.out_iface)
        {
            return Fit::No;
        }
        match self.protocol.fit(key.protocol) {
            Fit::Yes => {}
            other => return other,
        }
        if let Some(fragment) = self.fragment
            && !fragment.holds(key.is_later_fragment)
        {
            return Fit::No;
        }
        for m in &self.matches {
            match m.fit(&key.transport) {
                Fit::Yes => {}
                other => return other,
            }
        }
        Fit::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_rule_fits_a_cache_line() {
        assert!(size_of::<FlatRule<u32>>() <= 64);
    }

    #[test]
    fn iface_keys_compare_as_names_do() {
        let names = [
            "",
            "l",
            "lan",
            "lan0",
            "fifteen-bytes-x",
            "sixteen-bytes-xx",
            "sixteen-bytes-xxy",
        ];
        let asked = ["", "l", "lan", "lan0", "fourteen-bytes", "fifteen-bytes-x"];
        for (name, is_prefix) in asked.iter().flat_map(|name| [(name, false), (name, true)]) {
            if name.is_empty() && !is_prefix || name.len() == 15 && is_prefix {
                continue; // `validate` refuses them.
            }
            let option = Negatable::plain(IfaceMatch {
                name: (*name).to_owned(),
                is_prefix,
            });
            for of_packet in names {
                let flat = Iface::new(&option).fit(iface_key(of_packet));
                assert_eq!(flat, option.value.fits(of_packet), "{option:?} {of_packet}");
            }
        }
    }
}

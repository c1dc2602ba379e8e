//! The addresses and ports that a case's rules and packets share, so that they meet; biased to
//! edges: first and last address of a prefix and their neighbours, ports 0 and 65535.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dice::Dice;
use crate::topology::{HOSTS_V6, INTERFACES, Interface};

/// What a case draws from.
pub struct Pool {
    prefixes: Vec<(Ipv4Addr, u8)>,
    ports: Vec<u16>,
}

impl Pool {
    /// A fresh choice.
    pub fn new(dice: &mut Dice) -> Self {
        let prefixes = (0..3)
            .map(|_| {
                (
                    v4_anywhere(dice),
                    *dice.pick(&[8, 16, 20, 24, 25, 28, 30, 31, 32]),
                )
            })
            .collect();
        let mut ports = vec![0, 65535, 22, 53, 80];
        ports.extend((0..3).map(|_| dice.u16()));
        Self { prefixes, ports }
    }

    /// `-s` or `-d` with its value, mostly around what packets carry.
    pub fn prefix(&self, dice: &mut Dice, v6: bool) -> String {
        if v6 {
            let interface = dice_interface(dice);
            let addr = v6_host(dice, interface);
            return match dice.below(5) {
                0 => format!("{addr}"),
                1 => format!("{addr}/{}", dice.between(0, 128)),
                2 => format!("{addr}/127"),
                3 => format!("{addr}/ffff:ffff:ffff:ffff::"),
                _ => format!("{addr}/64"),
            };
        }
        let (addr, len) = *dice.pick(&self.prefixes);
        let interface = dice_interface(dice);
        let near = interface.v4;
        match dice.below(8) {
            0 => format!("{addr}"),
            1 => format!("{addr}/{len}"),
            2 => format!("{near}/24"),
            3 => format!("{near}/{}", dice.between(0, 32)),
            4 => format!("{near}/255.255.0.255"),
            5 => format!("{}/31", v4_host(dice, interface)),
            _ => format!("{}", v4_host(dice, interface)),
        }
    }

    /// A port.
    pub fn port(&self, dice: &mut Dice) -> u16 {
        let port = *dice.pick(&self.ports);
        match dice.below(6) {
            0 => port.wrapping_add(1),
            1 => port.wrapping_sub(1),
            _ => port,
        }
    }

    /// A port range as `--sport` takes it, with open ends.
    pub fn port_range(&self, dice: &mut Dice) -> String {
        let (a, b) = (self.port(dice), self.port(dice));
        let (low, high) = (a.min(b), a.max(b));
        match dice.below(7) {
            0 => format!("{low}:{high}"),
            1 => format!(":{high}"),
            2 => format!("{low}:"),
            3 => "0:65535".to_owned(),
            4 => format!("{low}:{low}"),
            _ => format!("{low}"),
        }
    }

    /// An address that a packet may carry, coming from or going to `interface`.
    pub fn address(&self, dice: &mut Dice, interface: &Interface, v6: bool) -> IpAddr {
        if v6 {
            return IpAddr::V6(if dice.chance(85) {
                v6_host(dice, interface)
            } else {
                v6_anywhere(dice)
            });
        }
        if dice.chance(60) {
            return IpAddr::V4(v4_host(dice, interface));
        }
        let (addr, len) = *dice.pick(&self.prefixes);
        let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
        let (first, last) = (addr.to_bits() & mask, addr.to_bits() | !mask);
        let edge = match dice.below(5) {
            0 => first,
            1 => last,
            2 => first.wrapping_sub(1),
            3 => last.wrapping_add(1),
            _ => addr.to_bits(),
        };
        IpAddr::V4(Ipv4Addr::from_bits(edge))
    }
}

/// Any of the router's interfaces.
pub fn dice_interface(dice: &mut Dice) -> &'static Interface {
    dice.pick(&INTERFACES)
}

fn v4_host(dice: &mut Dice, interface: &Interface) -> Ipv4Addr {
    let [a, b, c, _] = interface.v4.octets();
    Ipv4Addr::new(a, b, c, *dice.pick(&[2, 3, 4, 127, 128, 253, 254]))
}

fn v4_anywhere(dice: &mut Dice) -> Ipv4Addr {
    let interface = dice_interface(dice);
    match dice.below(4) {
        0 => v4_host(dice, interface),
        1 => Ipv4Addr::from_bits(dice.u32()),
        2 => Ipv4Addr::new(203, 0, 113, dice.u8()),
        _ => Ipv4Addr::new(172, 16, dice.u8(), dice.u8()),
    }
}

fn v6_host(dice: &mut Dice, interface: &Interface) -> Ipv6Addr {
    let net = interface.v6.segments();
    Ipv6Addr::new(
        net[0],
        net[1],
        net[2],
        net[3],
        0,
        0,
        0,
        *dice.pick(&HOSTS_V6),
    )
}

fn v6_anywhere(dice: &mut Dice) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0xff, dice.u16(), 0, 0, 0, dice.u16())
}

//! Names of services and protocols: `/etc/services`, `/etc/protocols`, and what iptables knows
//! without them (`libxtables/xtables.c` `xtables_chain_protos`).

use std::{collections::HashMap, fs, path::Path};

/// Protocols that iptables knows by itself, in the order in which it looks them up. Several names
/// stand for one number; the first is printed.
const BUILTIN_PROTOCOLS: [(&str, u8); 13] = [
    ("tcp", 6),
    ("sctp", 132),
    ("udp", 17),
    ("udplite", 136),
    ("icmp", 1),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("esp", 50),
    ("ah", 51),
    ("mobility-header", 135),
    ("ipv6-mh", 135),
    ("mh", 135),
    ("all", 0),
];

/// A transport protocol that services are listed under in `/etc/services`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// `/tcp`
    Tcp,
    /// `/udp`
    Udp,
}

/// Names for numbers and numbers for names. The first line that fits wins, as in `getservent(3)`.
#[derive(Clone, Debug, Default)]
pub struct Names {
    port_of: HashMap<(Transport, String), u16>,
    service_of: HashMap<(Transport, u16), String>,
    number_of: HashMap<String, u8>,
    protocol_of: HashMap<u8, String>,
}

impl Names {
    /// The names of this machine. A file that is missing or unreadable gives no names: numbers
    /// and the protocols that iptables knows by itself still work, as in a slim container.
    pub fn load() -> Self {
        Self::load_from(Path::new("/etc/services"), Path::new("/etc/protocols"))
    }

    /// As [`Names::load`], from other files.
    pub fn load_from(services: &Path, protocols: &Path) -> Self {
        let read = |path: &Path| {
            let bytes = fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Self::from_text(&read(services), &read(protocols))
    }

    /// Reads the text of the two files. Lines that say nothing sensible are passed over, as the C
    /// library does.
    pub fn from_text(services: &str, protocols: &str) -> Self {
        let mut names = Self::default();
        services.lines().for_each(|line| names.add_service(line));
        protocols.lines().for_each(|line| names.add_protocol(line));
        names
    }

    fn add_service(&mut self, line: &str) {
        let mut words = words(line);
        let (Some(name), Some(place)) = (words.next(), words.next()) else {
            return;
        };
        let Some((port, transport)) = place.split_once('/') else {
            return;
        };
        let transport = match transport {
            "tcp" => Transport::Tcp,
            "udp" => Transport::Udp,
            _ => return,
        };
        let Ok(port) = port.parse::<u16>() else {
            return;
        };
        self.service_of
            .entry((transport, port))
            .or_insert_with(|| name.to_owned());
        for name in std::iter::once(name).chain(words) {
            self.port_of
                .entry((transport, name.to_owned()))
                .or_insert(port);
        }
    }

    fn add_protocol(&mut self, line: &str) {
        let mut words = words(line);
        let (Some(name), Some(number)) = (words.next(), words.next()) else {
            return;
        };
        let Ok(number) = number.parse::<u8>() else {
            return;
        };
        self.protocol_of
            .entry(number)
            .or_insert_with(|| name.to_owned());
        for name in std::iter::once(name).chain(words) {
            self.number_of.entry(name.to_owned()).or_insert(number);
        }
    }

    /// The port of a service, host order.
    pub fn port(&self, transport: Transport, service: &str) -> Option<u16> {
        self.port_of.get(&(transport, service.to_owned())).copied()
    }

    /// The service on a port (host order).
    pub fn service(&self, transport: Transport, port: u16) -> Option<&str> {
        self.service_of.get(&(transport, port)).map(String::as_str)
    }

    /// The number of a protocol; 0 is `all`.
    pub fn protocol_number(&self, name: &str) -> Option<u8> {
        BUILTIN_PROTOCOLS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|&(_, number)| number)
            .or_else(|| self.number_of.get(name).copied())
    }

    /// The name that is printed for a protocol. With `builtin_only` the files are not asked, as
    /// under `-n`.
    pub fn protocol_name(&self, number: u8, builtin_only: bool) -> Option<&str> {
        let builtin = BUILTIN_PROTOCOLS
            .iter()
            .find(|&&(_, known)| known == number)
            .map(|&(name, _)| name);
        match builtin {
            Some(name) => Some(name),
            None if builtin_only => None,
            None => self.protocol_of.get(&number).map(String::as_str),
        }
    }
}

/// The words of a line, up to a comment.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split('#')
        .next()
        .unwrap_or_default()
        .split_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICES: &str = "# comment\nssh 22/tcp # Secure Shell\ndomain\t53/udp\nhttp 80/tcp www\n\
                            late 80/tcp\nbad\nworse 99999/tcp\n";
    const PROTOCOLS: &str = "ip 0 IP\nicmp 1 ICMP\ngre 47 GRE\nodd 300 ODD\n";

    #[test]
    fn services_resolve_both_ways_and_the_first_line_wins() {
        let names = Names::from_text(SERVICES, PROTOCOLS);
        assert_eq!(names.port(Transport::Tcp, "www"), Some(80));
        assert_eq!(names.service(Transport::Tcp, 80), Some("http"));
        assert_eq!(names.port(Transport::Udp, "ssh"), None);
        assert_eq!(names.service(Transport::Udp, 53), Some("domain"));
        assert_eq!(names.port(Transport::Tcp, "worse"), None);
    }

    #[test]
    fn protocols_that_iptables_knows_need_no_file() {
        let none = Names::load_from(Path::new("/nonexistent/s"), Path::new("/nonexistent/p"));
        assert_eq!(none.protocol_number("icmpv6"), Some(58));
        assert_eq!(none.protocol_name(58, false), Some("ipv6-icmp"));
        assert_eq!(none.protocol_number("gre"), None);
        let names = Names::from_text(SERVICES, PROTOCOLS);
        assert_eq!(names.protocol_number("gre"), Some(47));
        assert_eq!(names.protocol_number("GRE"), Some(47));
        assert_eq!(names.protocol_name(47, false), Some("gre"));
        assert_eq!(names.protocol_name(47, true), None);
    }
}

//! Versions and usage texts (`iptables/xshared.c` `xtables_printhelp`).

use rules::Family;

use crate::{Program, Stamp};

/// The iptables that Weir speaks, and that it is Weir which speaks.
pub(crate) const PROGRAM_VERSION: &str = "1.8.9 (weir)";

/// What `-V` prints.
pub(crate) fn version_line(program: &str, stamp: Stamp<'_>) -> String {
    format!("{program} v1.8.9 (weir {})\n", stamp.version)
}

/// What `iptables -h` prints before the help of extensions.
pub(crate) fn usage(family: Family) -> String {
    let name = Program::Iptables.name(family);
    let (ipv4, ipv6, fragment) = match family {
        Family::Ipv4 => (
            "Nothing",
            "Error",
            "[!] --fragment\t-f\t\tmatch second or further fragments only\n",
        ),
        Family::Ipv6 => ("Error", "Nothing", ""),
    };
    let commands = COMMANDS.replace("@", name);
    let options = OPTIONS.replace("@4", ipv4).replace("@6", ipv6);
    format!("{name} v{PROGRAM_VERSION}\n\n{commands}{options}{fragment}{LAST_OPTIONS}")
}

/// What `iptables-restore -h` prints, on standard error.
pub(crate) fn restore_usage(family: Family) -> String {
    RESTORE.replace('@', Program::Restore.name(family))
}

const COMMANDS: &str = "\
Usage: @ -[ACD] chain rule-specification [options]
       @ -I chain [rulenum] rule-specification [options]
       @ -R chain rulenum rule-specification [options]
       @ -D chain rulenum [options]
       @ -[LS] [chain [rulenum]] [options]
       @ -[FZ] [chain] [options]
       @ -[NX] chain
       @ -E old-chain-name new-chain-name
       @ -P chain target [options]
       @ -h (print this help information)

Commands:
Either long or short options are allowed.
  --append  -A chain\t\tAppend to chain
  --check   -C chain\t\tCheck for the existence of a rule
  --delete  -D chain\t\tDelete matching rule from chain
  --delete  -D chain rulenum
\t\t\t\tDelete rule rulenum (1 = first) from chain
  --insert  -I chain [rulenum]
\t\t\t\tInsert in chain as rulenum (default 1=first)
  --replace -R chain rulenum
\t\t\t\tReplace rule rulenum (1 = first) in chain
  --list    -L [chain [rulenum]]
\t\t\t\tList the rules in a chain or all chains
  --list-rules -S [chain [rulenum]]
\t\t\t\tPrint the rules in a chain or all chains
  --flush   -F [chain]\t\tDelete all rules in  chain or all chains
  --zero    -Z [chain [rulenum]]
\t\t\t\tZero counters in chain or all chains
  --new     -N chain\t\tCreate a new user-defined chain
  --delete-chain
            -X [chain]\t\tDelete a user-defined chain
  --policy  -P chain target
\t\t\t\tChange policy on chain to target
  --rename-chain
            -E old-chain new-chain
\t\t\t\tChange chain name, (moving any references)

";

const OPTIONS: &str = "\
Options:
    --ipv4\t-4\t\t@4 (line is ignored by ip6tables-restore)
    --ipv6\t-6\t\t@6 (line is ignored by iptables-restore)
[!] --protocol\t-p proto\tprotocol: by number or name, eg. `tcp'
[!] --source\t-s address[/mask][...]
\t\t\t\tsource specification
[!] --destination -d address[/mask][...]
\t\t\t\tdestination specification
[!] --in-interface -i input name[+]
\t\t\t\tnetwork interface name ([+] for wildcard)
 --jump\t-j target
\t\t\t\ttarget for rule (may load target extension)
  --goto      -g chain
\t\t\t       jump to chain with no return
  --match\t-m match
\t\t\t\textended match (may load extension)
  --numeric\t-n\t\tnumeric output of addresses and ports
[!] --out-interface -o output name[+]
\t\t\t\tnetwork interface name ([+] for wildcard)
  --table\t-t table\ttable to manipulate (default: `filter')
  --verbose\t-v\t\tverbose mode
  --wait\t-w [seconds]\tmaximum wait to acquire xtables lock before give up
  --line-numbers\t\tprint line numbers when listing
  --exact\t-x\t\texpand numbers (display exact values)
";

const LAST_OPTIONS: &str = "\
\x20 --modprobe=<command>\t\ttry to insert modules using this command
  --set-counters -c PKTS BYTES\tset the counter during insert/append
[!] --version\t-V\t\tprint package version.
";

const RESTORE: &str = "\
Usage: @ [-c] [-v] [-V] [-t] [-h] [-n] [-w secs] [-W usecs] [-T table] [-M command] [file]
\t   [ --counters ]
\t   [ --verbose ]
\t   [ --version]
\t   [ --test ]
\t   [ --help ]
\t   [ --noflush ]
\t   [ --wait=<seconds>
\t   [ --table=<TABLE> ]
\t   [ --modprobe=<command> ]
";

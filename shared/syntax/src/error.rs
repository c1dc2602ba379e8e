//! Everything that an applet refuses, in iptables' words, with its exit code.

/// Why a call was refused. `Display` gives iptables' message without the program's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    // Options.
    /// An option that neither iptables nor a loaded extension has.
    #[error("unknown option \"{0}\"")]
    UnknownOption(String),
    /// An option that its program knows and gives no meaning.
    #[error("Unknown arg \"{0}\"")]
    UnknownArgument(String),
    /// The last word is an option that wants a value.
    #[error("option \"{0}\" requires an argument")]
    MissingArgument(String),
    /// A word that is no option and belongs to none.
    #[error("Bad argument `{0}'")]
    BadArgument(String),
    /// `-4` for ip6tables, `-6` for iptables.
    #[error("")]
    WrongFamily,
    /// Words behind `--`.
    #[error("unknown arguments found on commandline")]
    StrayArguments,
    /// None of `-A -C -D -I -R -L -S -F -Z -N -X -E -P`.
    #[error("no command specified")]
    NoCommand,
    /// Two commands at once.
    #[error("Cannot use -{0} with -{1}")]
    TwoCommands(char, char),
    /// `!` before a command.
    #[error("unexpected '!' flag")]
    NegatedCommand,
    /// `!` before `-m` or `-t`.
    #[error("unexpected ! flag before --{0}")]
    NegatedKeyword(&'static str),
    /// `!` before an option that has no opposite.
    #[error("cannot have ! before -{0}")]
    NegatedOption(char),
    /// `! !`.
    #[error("multiple consecutive ! not allowed")]
    DoubleNegation,
    /// `!` at the end.
    #[error("nothing appropriate following !")]
    TrailingNegation,
    /// An option given twice.
    #[error("multiple -{0} flags not allowed")]
    RepeatedOption(char),
    /// An option that the command has no use for.
    #[error("Illegal option `-{0}' with this command")]
    IllegalOption(char),
    /// `-R` without a number.
    #[error("-{0} requires a rule number")]
    RuleNumberMissing(char),
    /// A number that is none, or 0.
    #[error("Invalid rule number `{0}'")]
    InvalidRuleNumber(String),
    /// `-E` with one name.
    #[error("-{0} requires old-chain-name and new-chain-name")]
    RenameNeedsTwoNames(char),
    /// `-P` without a policy.
    #[error("-{0} requires a chain and a policy")]
    PolicyMissing(char),
    /// `-R` with lists of addresses.
    #[error("Replacement rule does not specify a unique address")]
    ReplacementNotUnique,
    /// `-o` in PREROUTING or INPUT, `-i` in POSTROUTING or OUTPUT.
    #[error("Can't use -{0} with {1}\n")]
    InterfaceNotInChain(char, String),
    /// `-w` or `-W` in a restore.
    #[error("You cannot use `-{0}' from iptables-restore")]
    NotInRestore(char),
    /// `-t` in a line of a restore.
    #[error("The -t option cannot be used in {0}.\n")]
    TableInRestore(&'static str),
    /// `-w` with something else than a number.
    #[error("wait seconds not numeric")]
    WaitNotNumeric,
    /// `-W` without a number.
    #[error("wait interval value required")]
    WaitIntervalMissing,
    /// `-W` with something else than a number.
    #[error("wait interval not numeric")]
    WaitIntervalNotNumeric,
    /// `-W` over a second.
    #[error("too long usec wait {0} > 999999 usec")]
    WaitIntervalTooLong(u64),
    /// `-W` without `-w`.
    #[error("--wait-interval only makes sense with --wait\n")]
    WaitIntervalAlone,
    /// `-c` with one number.
    #[error("-c requires packet and byte counter")]
    CountersMissing,
    /// `-c` with something else than numbers.
    #[error("-c {0} counter not numeric")]
    CounterNotNumeric(&'static str),
    /// `-f` for ip6tables.
    #[error("`-f' is not supported in IPv6, use -m frag instead")]
    FragmentIpv6,
    /// `-P DROP`, `-j DROP` in the nat table.
    #[error(
        "\nThe \"nat\" table is not intended for filtering, the use of DROP is therefore \
         inhibited.\n\n"
    )]
    DropInNat,

    // Names.
    /// A chain's name that does not fit.
    #[error("chain name `{0}' too long (must be under 29 chars)")]
    ChainNameTooLong(String),
    /// A chain's name that looks like an option or a negation.
    #[error("chain name not allowed to start with `{0}'")]
    ChainNameStart(char),
    /// A chain's name that is a target's.
    #[error("chain name may not clash with target name")]
    ChainNameClash,
    /// A chain's name with white space.
    #[error("Invalid chain name `{0}'")]
    ChainNameSpace(String),
    /// An empty target.
    #[error("Invalid target name (too short)")]
    TargetNameTooShort,
    /// A target's name that does not fit.
    #[error("Invalid target name `{0}' (28 chars max)")]
    TargetNameTooLong(String),
    /// A target's name with white space.
    #[error("Invalid target name `{0}'")]
    TargetNameSpace(String),
    /// A match's name that does not fit.
    #[error("Invalid match name \"{0}\" (28 chars max)")]
    MatchNameTooLong(String),
    /// A match that there is not.
    #[error("Couldn't load match `{name}':{reason}\n")]
    UnknownMatch {
        /// What was asked for.
        name: String,
        /// Why it cannot be had.
        reason: &'static str,
    },
    /// A target that there is not; no chain has the name either.
    #[error("Couldn't load target `{name}':{reason}\n")]
    UnknownTarget {
        /// What was asked for.
        name: String,
        /// Why it cannot be had.
        reason: &'static str,
    },
    /// `-g` to something that is no chain.
    #[error("goto '{0}' is not a chain")]
    GotoNoChain(String),
    /// `-t` with a table that there is not.
    #[error("can't initialize {program} table `{table}': {reason}")]
    UnknownTable {
        /// `iptables` or `ip6tables`.
        program: &'static str,
        /// What was asked for.
        table: String,
        /// Why it cannot be had.
        reason: &'static str,
    },

    // Values of rules.
    /// A protocol that has no such name.
    #[error("unknown protocol \"{0}\" specified")]
    UnknownProtocol(String),
    /// `! -p all`.
    #[error("rule would never match protocol")]
    NeverMatchesProtocol,
    /// An address that is none, or a name.
    #[error("host/network `{0}' not found: host names are not resolved")]
    HostNotFound(String),
    /// An address longer than iptables reads.
    #[error("Hostname too long")]
    HostnameTooLong,
    /// A mask that is neither a length nor an address.
    #[error("invalid mask `{0}' specified")]
    InvalidMask(String),
    /// `!` before a list of addresses.
    #[error("! not allowed with multiple source or destination IP addresses")]
    NegatedAddressList,
    /// `-i ""`.
    #[error("Empty interface is likely to be undesired")]
    EmptyInterface,
    /// An interface's name that does not fit.
    #[error("interface name `{0}' must be shorter than IFNAMSIZ (15)")]
    InterfaceTooLong(String),
    /// An interface's name with white space or a control character.
    #[error("interface name {0:?} has white space or a control character")]
    InterfaceCharacter(String),
    /// A port that is neither a number up to 65535 nor a service.
    #[error("invalid port/service `{0}' specified")]
    InvalidPort(String),
    /// The same, in a match of the newer kind.
    #[error("Port \"{0}\" does not resolve to anything.\n")]
    UnresolvedPort(String),
    /// A range of more than two ports.
    #[error("{extension}: Too many components for option \"--{option}\" (max: 2)\n")]
    TooManyPorts {
        /// The match.
        extension: &'static str,
        /// The option.
        option: &'static str,
    },
    /// A range whose first port is the greater.
    #[error("invalid portrange (min > max)")]
    PortRangeBackwards,
    /// An option of `tcp` given twice.
    #[error("Only one `{0}' allowed")]
    OnlyOne(&'static str),
    /// `--syn` and `--tcp-flags`, or one twice.
    #[error("Only one of `--syn' or `--tcp-flags'  allowed")]
    OnlyOneTcpFlags,
    /// `--tcp-flags` with one value.
    #[error("--tcp-flags requires two args.")]
    TcpFlagsNeedTwo,
    /// A TCP flag that there is not.
    #[error("Unknown TCP flag `{0}'")]
    UnknownTcpFlag(String),
    /// A TCP option that is no number between 1 and 255.
    #[error("Bad TCP option \"{0}\"")]
    BadTcpOption(String),
    /// An option of a newer extension given twice.
    #[error("{extension}: option \"--{option}\" can only be used once.\n")]
    UsedTwice {
        /// The match or target.
        extension: &'static str,
        /// The option.
        option: &'static str,
    },
    /// `!` before an option of a newer extension that has no opposite.
    #[error("{extension}: option \"--{option}\" cannot be inverted.\n")]
    NotInvertible {
        /// The match or target.
        extension: &'static str,
        /// The option.
        option: &'static str,
    },
    /// An option that its match cannot do without.
    #[error("{extension}: option \"--{option}\" must be specified\n")]
    MustBeSpecified {
        /// The match.
        extension: &'static str,
        /// The option.
        option: &'static str,
    },
    /// The front of several ICMP types' names.
    #[error("Ambiguous {family} type `{text}': `{first}' or `{second}'?")]
    AmbiguousIcmpType {
        /// `ICMP` or `ICMPv6`.
        family: &'static str,
        /// What was typed.
        text: String,
        /// One type it may mean.
        first: &'static str,
        /// Another.
        second: &'static str,
    },
    /// An ICMP type that there is not.
    #[error("Unknown {family} type `{text}'")]
    UnknownIcmpType {
        /// `ICMP` or `ICMPv6`.
        family: &'static str,
        /// What was typed.
        text: String,
    },
    /// An ICMP code that is no number up to 255.
    #[error("Unknown {family} code `{text}'")]
    UnknownIcmpCode {
        /// `ICMP` or `ICMPv6`.
        family: &'static str,
        /// What was typed.
        text: String,
    },
    /// Something behind an ICMP type or code.
    #[error("unknown character {0}")]
    UnknownCharacter(char),
    /// `8:9` as an ICMP type.
    #[error("{0} type range not supported")]
    IcmpTypeRange(&'static str),
    /// `3/5:2` as ICMP codes.
    #[error("invalid {family} code range `{text}' (min > max)")]
    IcmpCodesBackwards {
        /// `ICMP` or `ICMPv6`.
        family: &'static str,
        /// What was typed.
        text: String,
    },
    /// A `--reject-with` that there is not.
    #[error("unknown reject type \"{0}\"")]
    UnknownRejectType(String),
    /// A `--log-level` that there is not.
    #[error("log level \"{0}\" unknown\n")]
    UnknownLogLevel(String),
    /// An empty `--log-prefix`.
    #[error("Argument must have a minimum length of 1 characters\n")]
    ArgumentTooShort,
    /// A `--log-prefix` over several lines.
    #[error("Newlines not allowed in --log-prefix")]
    NewlineInPrefix,

    // Lines of a restore.
    /// A value longer than iptables-restore reads.
    #[error("Parameter too long!")]
    ParameterTooLong,
    /// More words in a line than iptables-restore reads.
    #[error("Parser cannot handle more arguments")]
    TooManyParameters,
    /// Counters before a rule that do not close or have no colon; the line, from 1.
    #[error("Bad line {0}: need ]")]
    BadCounters(u32),
    /// A declaration without the part.
    #[error("{program}: line {line} {part} invalid")]
    IncompleteLine {
        /// The program.
        program: &'static str,
        /// The line, from 1.
        line: u32,
        /// `table name`, `chain name` or `policy`.
        part: &'static str,
    },
    /// `*table` with a table that there is not.
    #[error("{program}: unable to initialize table '{table}'")]
    RestoreUnknownTable {
        /// The program.
        program: &'static str,
        /// What was asked for.
        table: String,
    },
    /// A declared chain's name that does not fit.
    #[error("Invalid chain name `{0}' (28 chars max)")]
    DeclaredNameTooLong(String),
    /// A chain that cannot be declared.
    #[error("error creating chain '{chain}':{reason}")]
    CannotCreateChain {
        /// Its name.
        chain: String,
        /// Why not.
        reason: &'static str,
    },
    /// `:CHAIN POLICY` without counters, where counters are asked for.
    #[error("invalid policy counters for chain '{0}'")]
    InvalidPolicyCounters(String),
    /// A policy that cannot be set.
    #[error("Can't set policy `{policy}' on `{chain}' line {line}: {reason}")]
    CannotSetPolicy {
        /// The policy asked for.
        policy: String,
        /// The chain.
        chain: String,
        /// The line, from 1.
        line: u32,
        /// Why not.
        reason: &'static str,
    },
    /// `iptables-save -t` with a table that there is not.
    #[error("Cannot initialize: {0}")]
    SaveUnknownTable(&'static str),
}

impl SyntaxError {
    /// iptables' `enum xtables_exittype`: 1 other, 2 parameter, 3 version.
    pub const fn exit_code(&self) -> u8 {
        match self {
            SyntaxError::UnknownTable { .. } => 3,
            SyntaxError::CannotSetPolicy { .. } | SyntaxError::SaveUnknownTable(_) => 1,
            _ => 2,
        }
    }
}

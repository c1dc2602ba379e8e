# The demo where no port can be opened: the same policy, the same pipeline, on capture files.
# shellcheck shell=bash

capture() {
    heading 'Getting ready'
    find_cargo || die 'cargo is missing: install Rust from https://rustup.rs, or run this as root'
    # Without DPDK: nothing but a compiler is needed.
    build_step cargo build --manifest-path "$ROOT/Cargo.toml" --locked --profile quick \
        --no-default-features --package weir-dataplane --package cli --package traffic
    capture_make
    capture_replay
    capture_allowed
    capture_denied
    capture_report
}

capture_make() {
    heading 'A client, a server and Weir between them, as capture files'
    cat <<'PICTURE'

     lan.pcap               Weir                  wan.pcap
     192.168.1.10 ── lan 192.168.1.1 │ 203.0.113.1 wan ── 203.0.113.10
     a client's day: pings, a web page, an upload, telnet, DNS, port 8080

PICTURE
    "$BIN/traffic" capture client "$WORK/lan.pcap"
    "$BIN/traffic" capture server "$WORK/wan.pcap"
    cat >"$WORK/weir.toml" <<'TOML'
schema_version = 1

[interfaces.lan]
device = "net_null0"
mac = "02:00:00:00:00:01"
addresses = ["192.168.1.1/24"]

[interfaces.wan]
device = "net_null1"
mac = "02:00:00:00:00:02"
addresses = ["203.0.113.1/24"]

[[neighbours]]
address = "192.168.1.10"
mac = "02:00:00:00:00:10"
interface = "lan"

[[neighbours]]
address = "203.0.113.10"
mac = "02:00:00:00:00:20"
interface = "wan"
TOML
}

capture_replay() {
    heading 'The policy'
    grep '^-A' "$POLICY" | sed 's/^/  /'
    shown 'weir replay --config weir.toml --rules deploy/config/demo.rules' \
        '--in lan=lan.pcap --in wan=wan.pcap --out out --report report.json --counters counters'
    local code=0
    "$BIN/weir" replay --config "$WORK/weir.toml" --rules "$POLICY" \
        --in "lan=$WORK/lan.pcap" --in "wan=$WORK/wan.pcap" --out "$WORK/out" \
        --report "$WORK/report.json" --counters "$WORK/counters" >"$WORK/replay.log" 2>&1 || code=$?
    if ((code != 0)); then cat "$WORK/replay.log"; fi
    expect 'every packet went through the pipeline that the workers run' 0 "$code"
}

# replayed CHAIN TEXT: packets of the rule whose line has TEXT.
replayed() {
    sed -n "s/^\[\([0-9]*\):[0-9]*\] -A $1 .*$2.*/\1/p" "$WORK/counters" | head -n 1
}

# total NAME: what the report says of all packets, 0 where it says nothing.
total() {
    local number
    number=$(sed -n "s/^\"totals\":.*\"$1\":\([0-9]*\).*/\1/p" "$WORK/report.json")
    echo "${number:-0}"
}

capture_allowed() {
    heading 'What the policy allows'
    expect 'three pings reach the server' 3 "$(replayed to-server 'icmp-type 8')"
    expect 'and their three answers the client' 3 "$(replayed FORWARD 'icmp-type 0')"
    expect 'the web page: five segments to the server' 5 "$(replayed to-server 'dport 80 ')"
    expect 'and three back' 3 "$(replayed FORWARD ' tcp ')"
    expect 'an upload of 200 full segments' 200 "$(replayed to-server 'dport 5201 ')"
    expect 'Weir itself answers a ping' 1 "$(replayed INPUT 'icmp-type 8')"
}

capture_denied() {
    heading 'What it does not'
    expect 'telnet is refused, by a RST' 1 "$(replayed to-server 'dport 23 ')"
    expect 'DNS is refused, by ICMP port unreachable' 1 "$(replayed to-server 'dport 53 ')"
    expect 'port 8080: silence, for a SYN and two more tries' 3 "$(replayed to-server 'dport 8080 ')"
    expect 'each of them logged, in the line that the kernel writes' 3 \
        "$(grep --only-matching 'denied: IN=lan OUT=wan' "$WORK/report.json" | wc -l)"
    note "$DIM$(grep --only-matching --max-count 1 'denied: [^"]*' "$WORK/report.json" | head -n 1)$PLAIN"
    # The three SYNs and the connection from outside.
    expect 'no connection from outside: the policy drops it' 4 \
        "$(sed -n 's/^:FORWARD DROP \[\([0-9]*\):.*/\1/p' "$WORK/counters")"
}

capture_report() {
    heading 'What was counted'
    sed -n '/^\*filter/,/^COMMIT/{p;/^COMMIT/q}' "$WORK/counters" | sed 's/^/  /'
    echo
    expect 'two answers that say no' 2 "$(total reject)"
    expect 'one packet had come too far: its TTL was used up' 1 "$(total ttl_exceeded)"
    expect 'one was damaged on the way: its header checksum is wrong' 1 "$(total ipv4_checksum)"
    expect "every packet is accounted for: $(total received) received" "$(total received)" \
        $(($(total forwarded) + $(total delivered) + $(total held) + $(total policy) + $(total reject) + \
            $(total ttl_exceeded) + $(total ipv4_checksum)))
    note 'report.json has one line a packet; what left Weir is in out/*.pcap, for tcpdump or Wireshark'
}

# What is wrong is said: where, what, and what was expected. Nothing is half applied.
# shellcheck shell=bash

# start_with SED-EXPRESSION: a copy of the configuration, edited; prints "CODE: MESSAGE" of a
# data plane that is started with it, on one line.
start_with() {
    local code=0 message folder=$WEIR_DIR/bad
    mkdir -p "$folder"
    sed -e "s#^run = .*#run = \"$folder/run\"#; s#^state = .*#state = \"$folder/state\"#" -e "$1" \
        "$WEIR_DIR/weir.toml" >"$folder/weir.toml"
    message=$(in_weir timeout 20 "$BIN/weir-dataplane" --config "$folder/weir.toml" 2>&1) || code=$?
    echo "$code: ${message//$'\n'/ }"
}

case_bad_configuration() {
    local file=$WEIR_DIR/bad/weir.toml
    contains "$(start_with 's/^cores.*/cores = [1]\ncolour = 3/')" "^1: .*$file:[0-9]+: .*colour" 'unknown key'
    contains "$(start_with 's/^cores.*/cores = [77]/')" "^1: .*$file:8: dataplane.cores: .*77" 'no such core'
    contains "$(start_with "s#$WAN/24#$LAN/24#")" "^1: .*$file:[0-9]+: interfaces.wan.addresses" 'duplicate address'
    contains "$(start_with "s#$WAN/24#192.168.1.129/25#")" "^1: .*$file:[0-9]+: interfaces" 'overlapping interface'
    contains "$(start_with 's/^schema_version.*/schema_version = 2/')" "^1: .*$file:1: schema_version" 'schema'
    contains "$(start_with 's/^\[paths\]/[paths/')" "^1: .*$file:3:" 'no TOML at all'
}

# While the good one runs: its devices are taken, so another name is asked for.
case_bad_device() {
    contains "$(start_with 's/^device = .*veth-lan.*/device = "net_nosuch0"/')" \
        '^1: .*lan.*net_nosuch0' 'unknown vdev'
    contains "$(start_with 's/^device = .*veth-lan.*/device = "net_af_packet7,iface=nope"/')" \
        '^1: .*lan' 'no such kernel device'
}

case_bad_rules() {
    local rules
    rules <<<$'*filter\n:FORWARD ACCEPT\n-A FORWARD -p tcp --dport 80 -j DROP\nCOMMIT'
    rules=$(weir iptables -S)
    exits 2 'nosuch' weir iptables -A FORWARD -p tcp --dport nosuch -j ACCEPT
    exits 2 'unknown option' weir iptables -A FORWARD --nosuch
    exits 3 'nosuch' weir iptables -t nosuch -L
    exits 1 'No chain/target/match by that name' weir iptables -A NOSUCH -j DROP
    exits 1 'Bad rule' weir iptables -D FORWARD -p udp -j DROP
    exits 1 'Index of deletion too big' weir iptables -D FORWARD 7
    exits 2 'line: 3' weir iptables-restore <<<$'*filter\n:FORWARD ACCEPT\n-A FORWARD -p nosuch -j DROP\nCOMMIT'
    equal "$rules" "$(weir iptables -S)" 'unchanged after all of these'
}

# exits CODE PATTERN COMMAND...
exits() {
    local code=0 said
    said=$("${@:3}" 2>&1) || code=$?
    equal "$1" "$code" "exit code of ${*:3} ($said)"
    contains "$said" "$2" "message of ${*:3}"
}

# A malformed or oversized message closes that connection and nothing else.
case_bad_messages() {
    local pid
    pid=$(daemon_pid dataplane)
    python3 - "$WEIR_DIR/run/dataplane.sock" <<'EOT'
import os, socket, sys
for message in (b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", os.urandom(3000), bytes(190_000)):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(5)
    client.connect(sys.argv[1])
    client.send(message)
    while client.recv(1 << 20):
        pass
EOT
    equal "$pid" "$(daemon_pid dataplane)" 'the same data plane'
    weir status >/dev/null
    ping_ok client "$SERVER"
}

case_no_controlplane() {
    daemon_stop controlplane TERM
    exits 4 'control' weir iptables -L
    ping_ok client "$SERVER"
    controlplane_start
    weir_wait 10
}

# perf/run forward: packets that one worker forwards per second of its own CPU time.
#
# net_pcap with infinite_rx=1 → net_null: packets come from memory and go nowhere, so that the
# figure is the pipeline's. dpdk-testpmd in macswap mode forwards the same packets beside it: it
# swaps two addresses and looks at nothing else, so it is the floor that no firewall goes under.
# CPU time of the one thread, not time on the clock: other work on the machine disturbs less.
# shellcheck shell=bash

bench_forward() {
    local rules rounds=5 round weir=() peer=()
    # shellcheck disable=SC2153
    if ((QUICK)); then rounds=1; fi
    heading 'forward: one worker, 64-byte frames of 1024 flows, net_pcap → net_null'
    build_binaries >"$WORK/build.log" 2>&1 || { tail "$WORK/build.log" && die 'the build failed'; }
    hugepages_take 512 || true
    traffic capture flows "$WORK/flows.pcap"
    for rules in 0 10 100; do
        weir=() peer=()
        forward_start "$rules"
        for ((round = 0; round < rounds; round++)); do
            peer+=("$(testpmd_rate)")
            weir+=("$(forward_rate)")
            note "$rules rules: weir ${weir[-1]}, testpmd ${peer[-1]} Mpps"
        done
        weir_stop
        row "$rules rules before the last, ACCEPT" "$(median "${weir[@]}")" "$(median "${peer[@]}")" \
            'Mpps per CPU-second (peer: testpmd macswap)'
    done
}

# forward_start RULES: both daemons, and a FORWARD chain in which RULES rules do not match.
forward_start() {
    local number
    WEIR_DIR=$WORK/weir-$1
    mkdir -p "$WEIR_DIR"
    cat >"$WEIR_DIR/weir.toml" <<TOML
schema_version = 1

[paths]
run = "$WEIR_DIR/run"
state = "$WEIR_DIR/state"

[dataplane]
cores = [1]

[interfaces.lan]
device = "net_pcap0,rx_pcap=$WORK/flows.pcap,infinite_rx=1"
addresses = ["192.168.1.1/24"]

[interfaces.wan]
device = "net_null0,no-rx=1"
addresses = ["203.0.113.1/24"]

[[routes]]
to = "198.18.0.0/15"
via = "203.0.113.254"

[[neighbours]]
address = "203.0.113.254"
mac = "02:00:00:00:00:fe"
interface = "wan"
TOML
    # Without a namespace: these devices are memory.
    weir_start
    {
        printf '*filter\n:FORWARD DROP\n'
        for ((number = 0; number < $1; number++)); do
            echo "-A FORWARD -s 10.0.$number.0/24 -p udp --dport $((3000 + number)) -j DROP"
        done
        printf -- '-A FORWARD -i lan -o wan -j ACCEPT\nCOMMIT\n'
    } | weir iptables-restore
    sleep 1
}

# forward_rate: millions of packets sent per second of the worker's CPU time.
forward_rate() {
    local pid thread before after ns
    pid=$(daemon_pid dataplane)
    thread=$(thread_named "$pid" '^weir-worker')
    before=$(sent) ns=$(thread_ns "$pid" "$thread")
    sleep "$( ((QUICK)) && echo 1 || echo 3)"
    after=$(sent) ns=$(($(thread_ns "$pid" "$thread") - ns))
    awk -v packets=$((after - before)) -v ns="$ns" 'BEGIN { printf "%.2f", packets / ns * 1e3 }'
}

sent() { weir status --json | jq '.data_plane.interfaces[] | select(.name == "wan") | .tx_pkts'; }

# testpmd_rate: the same for dpdk-testpmd's forwarding thread.
testpmd_rate() {
    local pid thread ns before after line to from
    coproc TESTPMD {
        # Into a pipe it would keep its lines to itself.
        exec stdbuf -oL dpdk-testpmd -l 0,1 --main-lcore 0 --no-pci --no-huge -m 512 --no-telemetry \
            --file-prefix="weir-perf-$$" --vdev "net_pcap0,rx_pcap=$WORK/flows.pcap,infinite_rx=1" \
            --vdev net_null0,no-rx=1 -- -i --forward-mode=macswap --total-num-mbufs=32768 2>&1
    }
    pid=$TESTPMD_PID
    exec {to}>&"${TESTPMD[1]}" {from}<&"${TESTPMD[0]}"
    testpmd_until '^Done'
    testpmd_say 'start'
    testpmd_until 'packet forwarding'
    sleep 0.5
    thread=$(thread_named "$pid" 'worker')
    before=$(testpmd_sent) ns=$(thread_ns "$pid" "$thread")
    sleep "$( ((QUICK)) && echo 1 || echo 3)"
    after=$(testpmd_sent) ns=$(($(thread_ns "$pid" "$thread") - ns))
    testpmd_say 'stop'
    testpmd_say 'quit'
    exec {to}>&- {from}<&-
    wait "$pid" 2>/dev/null || true
    awk -v packets=$((after - before)) -v ns="$ns" 'BEGIN { printf "%.2f", packets / ns * 1e3 }'
}

testpmd_say() { echo "$1" >&"$to"; }

# testpmd_until PATTERN: reads what testpmd says until a line matches.
testpmd_until() {
    while read -r -t 20 -u "$from" line; do
        if [[ $line =~ $1 ]]; then return; fi
    done
    echo "testpmd never said /$1/; its last words: ${line:-none}" >&2
    return 1
}

# testpmd_sent: TX-packets of port 1, net_null, as testpmd counts them.
testpmd_sent() {
    local line
    testpmd_say 'show port stats 1'
    testpmd_until 'TX-packets: ([0-9]+)'
    echo "${BASH_REMATCH[1]}"
}

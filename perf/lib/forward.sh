# perf/run forward: packets that one worker forwards per second of its own CPU time.
#
# net_pcap with infinite_rx=1 → net_null: packets come from memory and go nowhere, so that the
# figure is the pipeline's. dpdk-testpmd in macswap mode forwards the same packets beside it: it
# swaps two addresses and looks at nothing else, so it is the floor that no firewall goes under.
# Both use huge pages if the machine has some or root can set some aside, and plain ones otherwise,
# or with PLAIN_PAGES=1. While one of them is measured the other stands still.
#
# CPU time of the one forwarding thread (/proc/PID/task/TID/schedstat), not time on the clock:
# other work on the machine disturbs less. Weir's packets are what it counts as sent by wan.
# shellcheck shell=bash

bench_forward() {
    local rounds=5
    FORWARD_SECONDS=2
    if ((QUICK)); then rounds=1 FORWARD_SECONDS=1; fi
    heading 'forward: one worker, 64-byte frames of 1024 flows, net_pcap → net_null'
    note "$rounds rounds of $FORWARD_SECONDS s each; testpmd and Weir take turns; medians"
    if ((${PLAIN_PAGES:-0})) || ! hugepages_take 768; then
        WEIR_PAGES=never TESTPMD_PAGES=--no-huge
    else
        WEIR_PAGES=require TESTPMD_PAGES=--in-memory
    fi
    note "huge pages: $WEIR_PAGES, for both"
    if ((QUICK)); then
        forward_family 4 "$rounds" 0 100
    else
        forward_family 4 "$rounds" 0 10 100 1000
        forward_family 6 "$rounds" 0 100
    fi
}

# forward_family 4|6 ROUNDS RULES...: one start of both programs, a case for each number of rules.
forward_family() {
    local family=$1 rounds=$2 rules round weir peer
    shift 2
    traffic capture "flows$( ((family == 6)) && echo 6)" "$WORK/flows.pcap"
    forward_start "$family"
    testpmd_start
    for rules in "$@"; do
        forward_rules "$family" "$rules"
        weir=() peer=()
        for ((round = 0; round < rounds; round++)); do
            weir_freeze
            peer+=("$(testpmd_rate)")
            weir_thaw
            weir+=("$(forward_rate)")
        done
        note "IPv$family, $rules rules: Weir ${weir[*]}; testpmd ${peer[*]} Mpps"
        row "IPv$family, $( ((rules)) && echo "$rules rules before ACCEPT" || echo 'no rules, policy ACCEPT')" \
            "$(median "${weir[@]}")" "$(median "${peer[@]}")" 'Mpps per CPU-second; peer: testpmd macswap'
    done
    testpmd_stop
    weir_stop
}

# forward_start 4|6: both daemons.
forward_start() {
    WEIR_DIR=$WORK/weir-$1
    mkdir -p "$WEIR_DIR"
    cat >"$WEIR_DIR/weir.toml" <<TOML
schema_version = 1

[paths]
run = "$WEIR_DIR/run"
state = "$WEIR_DIR/state"

[dataplane]
cores = [$WORKER_CORE]

[dpdk]
huge_pages = "$WEIR_PAGES"

[interfaces.lan]
device = "net_pcap0,rx_pcap=$WORK/flows.pcap,infinite_rx=1"
addresses = ["192.168.1.1/24", "2001:db8:1::1/64"]

[interfaces.wan]
device = "net_null0,no-rx=1"
addresses = ["203.0.113.1/24", "2001:db8:2::1/64"]

[[routes]]
to = "198.18.0.0/15"
via = "203.0.113.254"

[[routes]]
to = "2001:2::/48"
via = "2001:db8:2::fe"

[[neighbours]]
address = "203.0.113.254"
mac = "02:00:00:00:00:fe"
interface = "wan"

[[neighbours]]
address = "2001:db8:2::fe"
mac = "02:00:00:00:00:fe"
interface = "wan"
TOML
    # Without a namespace: these devices are memory.
    weir_start
}

# forward_rules 4|6 RULES: a FORWARD chain in which RULES rules fit no packet and the next accepts.
forward_rules() {
    local number program=iptables-restore net
    if (($1 == 6)); then program=ip6tables-restore; fi
    {
        printf '*filter\n:FORWARD %s\n' "$( (($2)) && echo DROP || echo ACCEPT)"
        for ((number = 0; number < $2; number++)); do
            net=10.$((number / 256)).$((number % 256)).0/24
            if (($1 == 6)); then net=2001:db8:$((1000 + number))::/48; fi
            echo "-A FORWARD -s $net -p udp --dport $((3000 + number)) -j DROP"
        done
        if (($2)); then echo '-A FORWARD -i lan -o wan -j ACCEPT'; fi
        echo COMMIT
    } | weir "$program"
}

# forward_rate: millions of packets sent per second of the worker's CPU time.
forward_rate() {
    local pid thread before after ns
    pid=$(daemon_pid dataplane)
    thread=$(thread_named "$pid" '^weir-worker')
    before=$(wan_sent) ns=$(thread_ns "$pid" "$thread")
    sleep "$FORWARD_SECONDS"
    after=$(wan_sent) ns=$(($(thread_ns "$pid" "$thread") - ns))
    mega $((after - before)) "$ns"
}

wan_sent() { weir status --json | jq '.data_plane.interfaces[] | select(.name == "wan") | .tx_pkts'; }

# mega PACKETS NANOSECONDS: millions a second.
mega() { awk -v packets="$1" -v ns="$2" 'BEGIN { printf "%.2f", packets / ns * 1e3 }'; }

# The worker polls without end; frozen, it leaves its core to testpmd.
weir_freeze() { kill -STOP "$(daemon_pid dataplane)"; }

weir_thaw() {
    kill -CONT "$(daemon_pid dataplane)"
    weir_wait 10
    sleep 0.2
}

# testpmd_start: the peer, ready to forward, as a coprocess.
testpmd_start() {
    coproc TESTPMD {
        # Into a pipe it would keep its lines to itself.
        exec stdbuf -oL dpdk-testpmd -l "$OTHER_CORE,$WORKER_CORE" --main-lcore "$OTHER_CORE" \
            --no-pci "$TESTPMD_PAGES" -m 256 --no-telemetry --file-prefix="weir-perf-$$" \
            --vdev "net_pcap0,rx_pcap=$WORK/flows.pcap,infinite_rx=1" --vdev net_null0,no-rx=1 \
            -- -i --forward-mode=macswap --total-num-mbufs=32768 2>&1
    }
    # shellcheck disable=SC2153  # coproc sets it
    TESTPMD_PROCESS=$TESTPMD_PID
    exec {TESTPMD_TO}>&"${TESTPMD[1]}" {TESTPMD_FROM}<&"${TESTPMD[0]}"
    testpmd_until '^Done'
}

# testpmd_rate: millions of packets per second of its forwarding thread's CPU time.
testpmd_rate() {
    local thread ns before after
    testpmd_say start
    testpmd_until 'packet forwarding'
    sleep 0.2
    thread=$(thread_named "$TESTPMD_PROCESS" worker)
    before=$(testpmd_sent) ns=$(thread_ns "$TESTPMD_PROCESS" "$thread")
    sleep "$FORWARD_SECONDS"
    after=$(testpmd_sent) ns=$(($(thread_ns "$TESTPMD_PROCESS" "$thread") - ns))
    testpmd_say stop
    testpmd_until 'Bye|Done|Waiting for lcores'
    mega $((after - before)) "$ns"
}

testpmd_stop() {
    testpmd_say quit
    exec {TESTPMD_TO}>&- {TESTPMD_FROM}<&-
    wait "$TESTPMD_PROCESS" 2>/dev/null || true
}

testpmd_say() { echo "$1" >&"$TESTPMD_TO"; }

# testpmd_until PATTERN: reads what testpmd says until a line matches.
testpmd_until() {
    local line=''
    while read -r -t 20 -u "$TESTPMD_FROM" line; do
        if [[ $line =~ $1 ]]; then return; fi
    done
    echo "testpmd never said /$1/; its last words: ${line:-none}" >&2
    return 1
}

# testpmd_sent: TX-packets of port 1, net_null, as testpmd counts them.
testpmd_sent() {
    testpmd_say 'show port stats 1'
    testpmd_until 'TX-packets: ([0-9]+)'
    echo "${BASH_REMATCH[1]}"
}

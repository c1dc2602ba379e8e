# perf/run swap: what packets feel while one generation of rules replaces another.
#
# The engine and its workers run on memory ports (perf/bench). Packets are due at fixed times, at
# half of what a worker can; a packet's latency counts from when it was due until it is sent, so
# that what waits for a worker that is held up counts as late. The main thread compiles and
# publishes 100 rules again and again; the peer is the same stream without that, in turns.
#
# Behind it the whole way of a change: iptables-restore of 100 rules through the applet, the
# control plane, prepare, commit and adoption, beside the kernel's iptables-legacy-restore in a
# network namespace of its own.
# shellcheck shell=bash

bench_swap() {
    local options=() priority=() outcome
    heading 'swap: 100 rules replaced every 2 ms under a steady stream of packets'
    if ((QUICK)); then options=(--swaps 200 --rounds 2); fi
    # Otherwise what else runs on the machine is measured, not Weir.
    if chrt --fifo 10 true 2>/dev/null; then
        priority=(chrt --fifo 10)
    else
        note 'no right to real-time priority: latencies hold what else runs on this machine'
    fi
    outcome=$("${priority[@]}" "$BIN/bench" swap "${options[@]}")
    jq --raw-output '"  \(.workers) worker, \(.rate_pps) packets per second (half of \(.capacity_pps)), \(.packets) packets, \(.swaps) swaps"' \
        <<<"$outcome"
    swap_rows "$outcome"
    swap_restore $((QUICK ? 10 : 50))
    if (($(jq .lost <<<"$outcome") > 0)); then die 'packets were lost'; fi
}

# swap_rows JSON: the rows of the bench's figures.
swap_rows() {
    local quantile
    for quantile in p50 p99 p99.9 max; do
        row "latency of a packet, $quantile" "$(jq ".latency.swapping[\"$quantile\"]" <<<"$1")" \
            "$(jq ".latency.quiet[\"$quantile\"]" <<<"$1")" 'µs; peer: without swaps; less is better'
    done
    row "packets lost in $(jq .swaps <<<"$1") swaps" "$(jq .lost <<<"$1")" null packets
    for quantile in p50 p99 max; do
        row "publish until adopted, $quantile" "$(jq ".adoption[\"$quantile\"]" <<<"$1")" null µs
    done
    row 'compiling 100 rules, p50' "$(jq .compile.p50 <<<"$1")" null µs
}

# swap_restore COUNT: the time of a whole change, median of COUNT.
swap_restore() {
    local number weir=() peer=null start
    for number in 0 1; do swap_rules "$number" >"$WORK/rules.$number"; done
    WEIR_DIR=$WORK/weir
    mkdir -p "$WEIR_DIR"
    cat >"$WEIR_DIR/weir.toml" <<TOML
schema_version = 1

[paths]
run = "$WEIR_DIR/run"
state = "$WEIR_DIR/state"

[dataplane]
cores = [$WORKER_CORE]

[interfaces.lan]
device = "net_null0,no-rx=1"
addresses = ["192.168.1.1/24"]

[interfaces.wan]
device = "net_null1,no-rx=1"
addresses = ["203.0.113.1/24"]
TOML
    weir_start
    for ((number = 0; number < $1; number++)); do
        start=$(date +%s%N)
        weir iptables-restore <"$WORK/rules.$((number % 2))"
        weir+=($((($(date +%s%N) - start) / 1000)))
    done
    weir_stop
    if is_root && unshare --net true 2>/dev/null; then peer=$(swap_kernel "$1"); fi
    row 'iptables-restore of 100 rules, p50' "$(median "${weir[@]}")" "$peer" \
        'µs; peer: the kernel, iptables-legacy-restore; less is better'
}

# swap_kernel COUNT: microseconds that the kernel's own takes.
swap_kernel() {
    local times
    # shellcheck disable=SC2016  # for the shell in the namespace
    mapfile -t times < <(unshare --net bash -ec '
        for ((number = 0; number < $1; number++)); do
            start=$(date +%s%N)
            iptables-legacy-restore <"$2/rules.$((number % 2))"
            echo $((($(date +%s%N) - start) / 1000))
        done' bash "$1" "$WORK")
    median "${times[@]}"
}

# swap_rules NUMBER: one of two policies of 100 rules.
swap_rules() {
    local rule
    printf '*filter\n:FORWARD DROP\n'
    for ((rule = 1; rule < 100; rule++)); do
        echo "-A FORWARD -s 10.$1.$rule.0/24 -p udp --dport $((3000 + rule)) -j DROP"
    done
    printf -- '-A FORWARD -i lan -o wan -j ACCEPT\nCOMMIT\n'
}

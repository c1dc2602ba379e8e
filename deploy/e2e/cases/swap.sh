# Rulesets are swapped while packets pass: each packet is judged by one of them, whole.
# shellcheck shell=bash

# A thousand where two workers may disagree; fewer where one cannot.
swaps_wanted() { if ((WORKERS > 1)); then echo 1000; else echo 200; fi; }

# Both accept everything; only a mix of them (the jump of one with the end of the other) drops.
SWAP_A=$'*filter\n:FORWARD DROP\n:X -\n-A X -j RETURN\n-A FORWARD -j X\n-A FORWARD -j ACCEPT\nCOMMIT'
SWAP_B=$'*filter\n:FORWARD DROP\n-A FORWARD -j ACCEPT\n-A FORWARD -j DROP\nCOMMIT'

# stream ARGS...: numbered datagrams from client to server; prints what the server saw.
stream() {
    local receiver=$WEIR_DIR/receiver.json
    in_server "$BIN/traffic" receive --bind "$SERVER:7777" --first 15000 --idle 1500 >"$receiver" &
    local pid=$!
    sleep 0.3
    in_client "$BIN/traffic" send --to "$SERVER:7777" "$@" >"$WEIR_DIR/sender.json"
    wait "$pid"
    cat "$receiver"
}

# Packets that the workers received less those that they sent or dropped. A question and its answer
# (ARP, ND, echo) add nothing, and neither does a forwarded packet.
unaccounted() {
    local sums
    sums=$(weir status --json | jq -c '.data_plane.interfaces | [(map(.rx_pkts) | add), (map(.tx_pkts) | add)]')
    jq -n "${sums}[0] - ${sums}[1] - $(dropped_all)"
}

case_swap_under_load() {
    local capacity start before drops report swaps generations count
    count=$(swaps_wanted)
    rules <<<"$SWAP_A"
    capacity=$(stream --time 2000 | jq '.received / .seconds | floor')
    echo "capacity $capacity packets per second"
    at_least 1000 "$capacity" 'packets per second'
    before=$(settled unaccounted) drops=$(dropped_all) generations=$(generation) start=$SECONDS
    swap_rules "$count" &
    swaps=$!
    report=$(stream --time 300000 --rate $((capacity / 2)) --while-pid "$swaps")
    wait "$swaps"
    echo "$count swaps in $((SECONDS - start)) s: sent $(cat "$WEIR_DIR/sender.json") received $report"
    at_least "$count" $(($(generation) - generations)) 'generations'
    equal "$before" "$(settled unaccounted)" 'received = sent + dropped'
    equal "$drops" "$(dropped_all)" 'packets that Weir dropped'
    equal 0 "$(jq .duplicates <<<"$report")" 'packets sent twice'
    at_least 1000 "$(jq .received <<<"$report")" 'packets that arrived'
}

# swap_rules COUNT: A and B in turn.
swap_rules() {
    local turn
    for ((turn = 0; turn < $1; turn++)); do
        if ((turn % 2)); then rules <<<"$SWAP_A"; else rules <<<"$SWAP_B"; fi
    done
}

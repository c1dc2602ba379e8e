# What happens when a daemon dies without a word.
# shellcheck shell=bash

RESTART_RULES=$'*filter
:INPUT ACCEPT
:FORWARD DROP
-A FORWARD -p udp --dport 7777 -j ACCEPT
-A FORWARD -p icmp -j ACCEPT
COMMIT'

# The control plane is killed while packets pass: not one is lost, and the next one picks up.
case_kill_controlplane() {
    local rules report generation
    rules <<<"$RESTART_RULES"
    rules=$(weir iptables -S) generation=$(generation)
    {
        sleep 2
        daemon_stop controlplane KILL
        sleep 2
        controlplane_start
    } &
    report=$(stream --time 6000 --rate 2000)
    wait $!
    equal 0 "$(jq .missing <<<"$report")" 'packets lost'
    at_least 10000 "$(jq .received <<<"$report")" 'packets'
    weir_wait 10
    equal "$rules" "$(weir iptables -S)" 'the rules that it lists'
    equal "$generation" "$(generation)" 'the generation'
    at_least 10000 "$(packets FORWARD 1)" 'counters go on'
    weir iptables -A FORWARD -p tcp --dport 80 -j ACCEPT
    at_least $((generation + 1)) "$(generation)" 'a new generation'
}

# The data plane is killed: it comes back with its last good ruleset, control plane or not, and at
# no moment lets through what that ruleset denies.
case_kill_dataplane() {
    local rules denied
    rules <<<"$RESTART_RULES"
    rules=$(weir iptables -S)
    ping_ok client "$SERVER"
    in_server "$BIN/traffic" receive --bind "$SERVER:7778" --first 6000 --idle 500 >"$WEIR_DIR/denied.json" &
    denied=$!
    in_client "$BIN/traffic" send --to "$SERVER:7778" --time 5000 --rate 5000 >/dev/null &
    daemon_stop controlplane KILL
    daemon_stop dataplane KILL
    ping_lost client "$SERVER"
    dataplane_start
    until_passes 10 ping_ok client "$SERVER"
    equal timeout "$(probe client tcp "$SERVER:80")" 'denied before a control plane is there'
    wait "$denied"
    equal 0 "$(jq .received "$WEIR_DIR/denied.json")" 'denied packets that got through'
    controlplane_start
    weir_wait 10
    equal "$rules" "$(weir iptables -S)" 'the rules after both came back'
}

# until_passes SECONDS COMMAND...
until_passes() {
    local end=$((SECONDS + $1))
    until "${@:2}" >/dev/null 2>&1; do
        if ((SECONDS >= end)); then fail "not within $1 s: ${*:2}"; fi
        sleep 0.1
    done
}

# Both end cleanly when asked, and leave nothing of theirs on the devices.
case_stop() {
    weir_stop
    equal '' "$(in_weir nft list ruleset)" 'nft rules left behind'
    equal 1 "$(dataplane_exit_code_without_network)" 'the exit code without its device'
    weir_start
    ping_ok client "$LAN"
}

# Starts the data plane where veth-lan is down and gone.
dataplane_exit_code_without_network() {
    local code=0
    ip netns exec "$NET-server" "$BIN/weir-dataplane" --config "$WEIR_DIR/weir.toml" \
        >"$WEIR_DIR/elsewhere.log" 2>&1 || code=$?
    echo "$code"
}

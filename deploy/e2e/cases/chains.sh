# User-defined chains, and counters that are exact.
# shellcheck shell=bash

case_chains() {
    rules <<'EOT'
*filter
:FORWARD DROP
:web -
:known -
:deep -
-A FORWARD -j known
-A FORWARD -p tcp -j web
-A FORWARD -p icmp -g deep
-A FORWARD -j ACCEPT
-A known -s 203.0.113.0/24 -j ACCEPT
-A known -j RETURN
-A known -j DROP
-A web -p tcp --dport 80 -j ACCEPT
-A deep -p icmp --icmp-type echo-reply -j ACCEPT
COMMIT
EOT
    equal open "$(probe client tcp "$SERVER:80")" 'a jump that accepts'
    equal 0 "$(packets known 3)" 'nothing behind an unconditional RETURN'
    # goto: the end of the chain is the end of FORWARD, so the policy decides.
    ping_lost client "$SERVER"
    equal 1 "$(packets FORWARD 3)" 'the goto'
    equal 1 "$(policy_packets FORWARD)" 'the policy after a goto'
    equal open "$(probe client udp "$SERVER:7")" 'what no chain decided'
}

# An exact number of packets of an exact size, in every rule that they pass.
case_counters() {
    rules <<'EOT'
*filter
:FORWARD ACCEPT
:count -
-A FORWARD -p udp --dport 7777 -j count
-A FORWARD -p udp --dport 7777 -j DROP
-A count
-A count -s 192.168.1.10
COMMIT
EOT
    in_client "$BIN/traffic" send --to "$SERVER:7777" --count 1000 --rate 5000 --size 72 >/dev/null
    equal 1000 "$(settled packets FORWARD 2)" 'DROP'
    equal 1000 "$(packets FORWARD 1)" 'the jump'
    equal 1000 "$(packets count 1)" 'a rule without a target'
    equal 1000 "$(packets count 2)" 'the same with a match'
    # 20 bytes IPv4, 8 bytes UDP.
    equal 100000 "$(bytes FORWARD 2)" 'bytes'
    weir iptables -Z count
    equal 0 "$(packets count 1)" 'zeroed'
    equal 1000 "$(packets FORWARD 1)" 'another chain keeps its own'
}

# Counters live through a change of another rule, and through the one that is listed with -c.
case_counters_kept() {
    rules <<'EOT'
*filter
:FORWARD ACCEPT
-A FORWARD -p udp --dport 7777 -j DROP
COMMIT
EOT
    in_client "$BIN/traffic" send --to "$SERVER:7777" --count 100 --rate 5000 >/dev/null
    equal 100 "$(settled packets FORWARD 1)" 'before'
    weir iptables -I FORWARD -p tcp --dport 9 -j DROP
    equal 100 "$(packets FORWARD 2)" 'after an insert before it'
    contains "$(weir iptables-save -c)" '^\[100:[0-9]+\] -A FORWARD -p udp' 'saved with its counters'
    weir iptables -D FORWARD 1
    in_client "$BIN/traffic" send --to "$SERVER:7777" --count 100 --rate 5000 >/dev/null
    equal 200 "$(settled packets FORWARD 1)" 'and it goes on'
}

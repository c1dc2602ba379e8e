# Each match decides on real packets.
# shellcheck shell=bash

# only RULE...: policy DROP, replies pass, and one RULE lets traffic through.
only() {
    rules <<EOT
*filter
:FORWARD DROP
-A FORWARD -i wan -j ACCEPT
-A FORWARD $*
COMMIT
EOT
}

case_match_addresses() {
    only -s 192.168.1.0/24 -d 203.0.113.10 -j ACCEPT
    ping_ok client "$SERVER"
    only -s 192.168.2.0/24 -j ACCEPT
    ping_lost client "$SERVER"
    only ! -d 203.0.113.0/28 -j ACCEPT
    ping_lost client "$SERVER"
    only ! -s 10.0.0.0/8 -j ACCEPT
    ping_ok client "$SERVER"
}

case_match_interfaces() {
    only -i lan -o wan -j ACCEPT
    ping_ok client "$SERVER"
    only -i la+ -o w+ -j ACCEPT
    ping_ok client "$SERVER"
    only ! -i lan -j ACCEPT
    ping_lost client "$SERVER"
    only -o lan -j ACCEPT
    ping_lost client "$SERVER"
}

case_match_ports() {
    only -p tcp --dport http -j ACCEPT
    equal open "$(probe client tcp "$SERVER:80")" 'by its name'
    only -p tcp --dport 1:79 -j ACCEPT
    equal timeout "$(probe client tcp "$SERVER:80")" 'outside the range'
    only -p tcp --dport 80:90 --sport 1024:65535 -j ACCEPT
    equal open "$(probe client tcp "$SERVER:80")" 'inside both ranges'
    only -p udp ! --dport 7 -j ACCEPT
    equal timeout "$(probe client udp "$SERVER:7")" 'negated'
}

case_match_flags() {
    rules <<'EOT'
*filter
:FORWARD DROP
-A FORWARD -i wan -j ACCEPT
-A FORWARD -p tcp --syn -j ACCEPT
-A FORWARD -p tcp --tcp-flags SYN,RST NONE -j ACCEPT
COMMIT
EOT
    equal 'hello from the server' "$(in_client curl -sS -m 10 "http://$SERVER/")" 'SYN, then the rest'
    equal 1 "$(packets FORWARD 2)" 'one SYN'
    at_least 3 "$(packets FORWARD 3)" 'its connection'
    only -p tcp ! --syn -j ACCEPT
    equal timeout "$(probe client tcp "$SERVER:80")" 'no connection without a SYN'
}

case_match_icmp_type() {
    only -p icmp --icmp-type echo-request -j ACCEPT
    ping_ok client "$SERVER"
    only -p icmp --icmp-type destination-unreachable -j ACCEPT
    ping_lost client "$SERVER"
    only -p icmp --icmp-type 8/0 -j ACCEPT
    ping_ok client "$SERVER"
}

case_match_icmp6_type() {
    rules6 <<'EOT'
*filter
:FORWARD DROP
-A FORWARD -i wan -j ACCEPT
-A FORWARD -p ipv6-icmp --icmpv6-type echo-request -j ACCEPT
COMMIT
EOT
    ping_ok client "$SERVER6"
    equal 1 "$(packets FORWARD 2 ip6tables)" 'one request'
}

# Denied traffic as a client sees it: DROP is silence, REJECT an answer.
# shellcheck shell=bash

case_drop() {
    rules <<'EOT'
*filter
:FORWARD ACCEPT
-A FORWARD -p icmp -j DROP
-A FORWARD -p tcp --dport 80 -j DROP
-A FORWARD -p udp --dport 7 -j DROP
COMMIT
EOT
    ping_lost client "$SERVER"
    equal timeout "$(probe client tcp "$SERVER:80")" 'TCP'
    equal timeout "$(probe client udp "$SERVER:7")" 'UDP'
    ping_ok client "$SERVER6"
    at_least 2 "$(packets FORWARD 2)" 'SYN and its retransmission'
    equal 1 "$(packets FORWARD 3)" 'the datagram'
}

case_drop6() {
    rules6 <<'EOT'
*filter
:FORWARD DROP
-A FORWARD -p ipv6-icmp -j ACCEPT
COMMIT
EOT
    ping_ok client "$SERVER6"
    equal timeout "$(probe client tcp "[$SERVER6]:80")" 'TCP'
    equal open "$(probe client tcp "$SERVER:80")" 'IPv4 is untouched'
}

case_reject_default() {
    rules <<'EOT'
*filter
:FORWARD ACCEPT
-A FORWARD -p udp --dport 7 -j REJECT
-A FORWARD -p tcp --dport 80 -j REJECT
COMMIT
EOT
    equal refused "$(probe client udp "$SERVER:7")" 'port unreachable on UDP'
    equal refused "$(probe client tcp "$SERVER:80")" 'port unreachable on TCP'
}

case_reject_tcp_reset() {
    local start=$EPOCHREALTIME
    rules <<'EOT'
*filter
:FORWARD ACCEPT
-A FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset
COMMIT
EOT
    rules6 <<'EOT'
*filter
:FORWARD ACCEPT
-A FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset
COMMIT
EOT
    equal refused "$(probe client tcp "$SERVER:80")" 'IPv4'
    equal refused "$(probe client tcp "[$SERVER6]:80")" 'IPv6'
    equal 1 "$(packets FORWARD 1)" 'one SYN was enough'
    at_least 1 "$(((${start/./} + 5000000 - ${EPOCHREALTIME/./}) > 0))" 'at once'
}

case_reject_kinds() {
    local kind
    for kind in host-unreachable net-unreachable host-prohibited net-prohibited admin-prohibited; do
        rules <<EOT
*filter
:FORWARD ACCEPT
-A FORWARD -p tcp --dport 80 -j REJECT --reject-with icmp-$kind
-A FORWARD -p icmp --icmp-type echo-request -j REJECT --reject-with icmp-$kind
COMMIT
EOT
        equal unreachable "$(probe client tcp "$SERVER:80")" "$kind"
    done
    contains "$(in_client ping -n -c 1 -W 2 "$SERVER" || true)" "From $LAN .*Packet filtered" 'what ping says'
    for kind in no-route adm-prohibited addr-unreachable; do
        rules6 <<EOT
*filter
:FORWARD ACCEPT
-A FORWARD -p tcp --dport 80 -j REJECT --reject-with icmp6-$kind
COMMIT
EOT
        equal unreachable "$(probe client tcp "[$SERVER6]:80")" "$kind"
    done
}

# What Weir itself receives and sends.
case_input_output() {
    rules <<'EOT'
*filter
:INPUT ACCEPT
:OUTPUT ACCEPT
-A INPUT -i lan -p icmp --icmp-type echo-request -j DROP
COMMIT
EOT
    ping_lost client "$LAN"
    ping_ok server "$WAN"
    rules <<'EOT'
*filter
:INPUT ACCEPT
:OUTPUT ACCEPT
-A OUTPUT -o wan -p icmp --icmp-type echo-reply -j DROP
COMMIT
EOT
    ping_ok client "$LAN"
    ping_lost server "$WAN"
    equal 1 "$(packets OUTPUT 1)" 'the reply that was not sent'
}

# A port of Weir's own that nobody listens on.
case_closed_port() {
    equal refused "$(probe client tcp "$LAN:22")" 'TCP'
    equal refused "$(probe client udp "$LAN:53")" 'UDP'
    equal refused "$(probe client tcp "[$LAN6]:22")" 'TCP over IPv6'
}

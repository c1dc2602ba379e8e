# Allowed traffic, both families: real programs on both sides.
# shellcheck shell=bash

case_ping() {
    ping_ok client "$SERVER"
    ping_ok client "$SERVER6"
    ping_ok server "$CLIENT"
    ping_ok server "$CLIENT6"
}

# Weir answers for its own addresses, on either side.
case_ping_weir() {
    ping_ok client "$LAN"
    ping_ok client "$LAN6"
    ping_ok client "$WAN"
    ping_ok server "$WAN6"
}

# The client has learned Weir's MAC address by ARP and by neighbour discovery.
case_neighbours() {
    local mac
    mac=$(weir status --json | jq -r '.data_plane.interfaces[] | select(.name == "lan") | .mac')
    ip -n "$NET-client" neigh flush dev eth0
    ip -n "$NET-client" -6 neigh flush dev eth0
    ping_ok client "$SERVER"
    ping_ok client "$SERVER6"
    contains "$(ip -n "$NET-client" neigh show to "$LAN")" "lladdr $mac" 'ARP'
    contains "$(ip -n "$NET-client" -6 neigh show to "$LAN6")" "lladdr $mac .*router" 'neighbour discovery'
}

case_http() {
    equal 'hello from the server' "$(in_client curl -sS -m 10 "http://$SERVER/")" 'HTTP over IPv4'
    equal 'hello from the server' "$(in_client curl -sS -m 10 "http://[$SERVER6]/")" 'HTTP over IPv6'
}

# Three megabytes, byte for byte, over a path whose MTU TCP has to find out.
case_http_large() {
    local want
    want=$(sha256sum <"$WEIR_DIR/www/large")
    equal "$want" "$(in_client curl -sS -m 30 "http://$SERVER/large" | sha256sum)" 'IPv4'
    equal "$want" "$(in_client curl -sS -m 30 "http://[$SERVER6]/large" | sha256sum)" 'IPv6'
}

case_udp() {
    equal open "$(probe client udp "$SERVER:7")" 'UDP over IPv4'
    equal open "$(probe client udp "[$SERVER6]:7")" 'UDP over IPv6'
    equal refused "$(probe client udp "$SERVER:9")" 'a closed port, said by the server'
}

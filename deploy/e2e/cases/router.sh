# What a router owes: ICMP errors, fragments, the TTL.
# shellcheck shell=bash

case_ttl() {
    contains "$(in_client ping -n -c 1 -W 2 -t 1 "$SERVER" || true)" "From $LAN .*Time to live exceeded" 'IPv4'
    contains "$(in_client ping -n -c 1 -W 2 -t 1 "$SERVER6" || true)" "From $LAN6 .*Hop limit" 'IPv6'
    # What arrives has been lowered by one.
    contains "$(in_client ping -n -c 1 -W 2 "$SERVER")" 'ttl=63' 'the TTL of the answer'
}

case_traceroute() {
    local hops
    hops=$(in_client traceroute -n -q 1 -w 2 -m 4 "$SERVER" | tail -n +2 | awk '{ print $2 }' | tr '\n' ' ')
    equal "$LAN $SERVER " "$hops" 'IPv4'
    hops=$(in_client traceroute -6 -n -q 1 -w 2 -m 4 "$SERVER6" | tail -n +2 | awk '{ print $2 }' | tr '\n' ' ')
    equal "$LAN6 $SERVER6 " "$hops" 'IPv6'
}

# The wan side takes 1400 bytes. Without DF a larger packet goes on in fragments.
case_fragments() {
    local before
    before=$(iface_count wan tx_pkts)
    ping_ok client "$SERVER" -M dont -s 1400
    at_least 2 $(($(settled iface_count wan tx_pkts) - before)) 'packets sent for one request'
}

# With DF the sender learns the MTU.
case_path_mtu() {
    in_client ip route flush cache
    contains "$(in_client ping -n -c 1 -W 2 -M 'do' -s 1400 "$SERVER" 2>&1 || true)" \
        "From $LAN .*Frag needed and DF set \(mtu = 1400\)" 'ping'
    contains "$(ip -n "$NET-client" route get "$SERVER")" 'mtu 1400' 'what the kernel has learned'
    in_client ip -6 route flush cache
    contains "$(in_client ping -n -c 1 -W 2 -M 'do' -s 1400 "$SERVER6" 2>&1 || true)" \
        'Packet too big: mtu=1400' 'IPv6'
    ping_ok client "$SERVER6" -M 'do' -s 1352
}

case_no_route() {
    contains "$(in_client ping -n -c 1 -W 2 198.51.100.1 || true)" \
        "From $LAN .*Destination Net Unreachable" 'IPv4'
    equal unreachable "$(probe client tcp "[2001:db8:ffff::1]:80")" 'IPv6'
}

# Nobody answers for this neighbour: after three solicitations, a second apart, the host is
# unreachable.
case_no_neighbour() {
    contains "$(in_client ping -n -c 1 -W 6 203.0.113.77 || true)" \
        "From $LAN .*Destination Host Unreachable" 'IPv4'
    contains "$(in_client ping -n -c 1 -W 6 2001:db8:203::77 || true)" \
        'From .*(Address unreachable|Destination unreachable)' 'IPv6'
}

# No way around the rules: the kernel that owns the device must not answer for itself.
# shellcheck shell=bash

case_no_bypass() {
    local address link_local
    # Addresses that the weir namespace's kernel owns, a listener on them, and its link-local.
    ip -n "$NET-weir" addr add 192.168.1.99/24 dev veth-lan
    ip -n "$NET-weir" -6 addr add fd00:1::99/64 dev veth-lan nodad 2>/dev/null || true
    in_weir python3 -m http.server --bind :: 8099 >/dev/null 2>&1 &
    in_weir python3 -m http.server --bind 0.0.0.0 8098 >/dev/null 2>&1 &
    sleep 1
    rules <<<$'*filter\n:INPUT DROP\n:FORWARD DROP\nCOMMIT'
    rules6 <<<$'*filter\n:INPUT DROP\n:FORWARD DROP\nCOMMIT'
    for address in 192.168.1.99 "$LAN"; do
        ping_lost client "$address"
        refused in_client arping -c 2 -w 2 -I eth0 192.168.1.99
        equal timeout "$(bypass_probe "$address:8098")" "a listener on $address"
    done
    for address in fd00:1::99 "$LAN6"; do
        refused ping_ok client "$address"
        refused test "$(bypass_probe "[$address]:8099")" = open
    done
    link_local=$(in_weir cat /sys/class/net/veth-lan/address | link_local_of)
    refused ping_ok client "$link_local%eth0"
    ip -n "$NET-weir" addr del 192.168.1.99/24 dev veth-lan
    in_weir pkill -f 'http.server --bind' || true
}

# A listener may be unreachable (no neighbour answers) or silent; it must not be open.
bypass_probe() {
    local answer
    answer=$(probe client tcp "$1" --wait 1500)
    if [[ $answer == unreachable ]]; then answer=timeout; fi
    echo "$answer"
}

# The link-local address that the kernel makes of a MAC address on standard input (RFC 4291 A).
link_local_of() {
    local a b c d e f
    IFS=: read -r a b c d e f
    printf 'fe80::%02x%s:%sff:fe%s:%s%s\n' $((16#$a ^ 2)) "$b" "$c" "$d" "$e" "$f"
}

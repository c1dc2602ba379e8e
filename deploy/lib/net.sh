# Three hosts on one machine: client, weir, server, each a network namespace.
#
#   client eth0 ── veth-lan  weir  veth-wan ── eth0 server
#   192.168.1.10   .1              203.0.113.1   203.0.113.10
#   fd00:1::10     ::1             2001:db8:203::1     ::10
#
# The weir namespace's kernel owns no address: Weir alone answers there.
# shellcheck shell=bash
# shellcheck disable=SC2034  # the addresses are for the scripts that source this

CLIENT=192.168.1.10 CLIENT6=fd00:1::10
LAN=192.168.1.1 LAN6=fd00:1::1
WAN=203.0.113.1 WAN6=2001:db8:203::1
SERVER=203.0.113.10 SERVER6=2001:db8:203::10

# Whether this process may make namespaces and veths.
net_possible() {
    is_root && unshare --net -- ip link add name probe0 type veth peer name probe1 2>/dev/null
}

# net_up PREFIX [QUEUES]: makes PREFIX-client, PREFIX-weir, PREFIX-server. veths get QUEUES queues.
net_up() {
    NET=$1
    local queues=${2:-1} host
    for host in client weir server; do
        net_names "$host"
        ip netns add "$NET-$host"
        ip -n "$NET-$host" link set lo up
    done
    # No router advertisement, no duplicate address detection: addresses work at once.
    for host in client server; do
        ip netns exec "$NET-$host" sysctl --quiet --write net.ipv6.conf.all.accept_dad=0 \
            net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0
    done
    net_wire client lan "$queues" "$CLIENT/24" "$CLIENT6/64" "$LAN" "$LAN6"
    net_wire server wan "$queues" "$SERVER/24" "$SERVER6/64" "$WAN" "$WAN6"
}

# net_names HOST: names by a file alone. `ip netns exec` puts it in the place of /etc's, so that no
# program waits for a name server that cannot be reached.
net_names() {
    local folder=/etc/netns/$NET-$1
    mkdir -p "$folder"
    printf '%s\n' '127.0.0.1 localhost' "$CLIENT client" "$LAN weir" "$SERVER server" >"$folder/hosts"
    printf '%s\n' 'nameserver 127.0.0.1' 'options timeout:1 attempts:1' >"$folder/resolv.conf"
}

# net_wire HOST SIDE QUEUES ADDRESS ADDRESS6 GATEWAY GATEWAY6: HOST's eth0 to weir's veth-SIDE.
net_wire() {
    local host=$NET-$1 side=veth-$2 queues=$3
    ip -n "$host" link add eth0 numrxqueues "$queues" numtxqueues "$queues" type veth \
        peer name "$side" netns "$NET-weir" numrxqueues "$queues" numtxqueues "$queues"
    # A frame must be on the wire as it is in memory: no checksum left to a NIC, no super-segments.
    net_offloads_off "$host" eth0
    net_offloads_off "$NET-weir" "$side"
    ip -n "$host" addr add "$4" dev eth0
    ip -n "$host" addr add "$5" dev eth0 nodad
    ip -n "$host" link set eth0 up
    ip -n "$NET-weir" link set "$side" up
    ip -n "$host" route add default via "$6"
    ip -n "$host" -6 route add default via "$7"
}

net_offloads_off() {
    ip netns exec "$1" ethtool -K "$2" tx off rx off tso off gso off gro off sg off >/dev/null
}

# in_ns HOST COMMAND...
in_ns() {
    local host=$1
    shift
    ip netns exec "$NET-$host" "$@"
}
in_client() { in_ns client "$@"; }
in_weir() { in_ns weir "$@"; }
in_server() { in_ns server "$@"; }

# net_down: ends what runs in the namespaces and removes them. Safe to call twice.
net_down() {
    local host pids
    if [[ -z ${NET:-} ]]; then return 0; fi
    for host in client weir server; do
        mapfile -t pids < <(ip netns pids "$NET-$host" 2>/dev/null || true)
        if ((${#pids[@]} > 0)); then kill -9 "${pids[@]}" 2>/dev/null || true; fi
        ip netns delete "$NET-$host" 2>/dev/null || true
        rm -rf "/etc/netns/$NET-$host"
    done
    NET=''
}

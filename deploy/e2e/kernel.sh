# The oracle: the same cases with the Linux kernel as the router and the real iptables, to show
# that a case expects what netfilter does. SETUPS=kernel deploy/e2e/run [CASE...]
# shellcheck shell=bash

# Cases that ask Weir about itself.
# shellcheck disable=SC2034  # deploy/e2e/run reads it
OF_WEIR_ALONE='two_workers|swap_under_load|kill_.*|stop|bad_.*|no_.*plane|no_bypass|fragments|neighbours|log'

kernel_start() {
    local side
    in_weir sysctl --quiet --write net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
        net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
    # The names that rules match are the kernel's own.
    for side in lan wan; do
        ip -n "$NET-weir" link set "veth-$side" down
        ip -n "$NET-weir" link set "veth-$side" name "$side" up
    done
    ip -n "$NET-weir" addr add "$LAN/24" dev lan
    ip -n "$NET-weir" addr add "$LAN6/64" dev lan nodad
    ip -n "$NET-weir" addr add "$WAN/24" dev wan
    ip -n "$NET-weir" addr add "$WAN6/64" dev wan nodad
    ip -n "$NET-weir" link set wan mtu 1400
    # shellcheck disable=SC2034  # `weir` of deploy/lib/build.sh reads it
    WEIR_BY=kernel_tables
}

kernel_stop() { WEIR_BY=weir_cli; }

# kernel_tables APPLET ARGS: the kernel's own iptables for that of Weir.
kernel_tables() { in_weir "${1/tables/tables-legacy}" "${@:2}"; }

# Two workers share one pair of ports.
# shellcheck shell=bash

needs_two_workers() { ((WORKERS == 2)); }

case_two_workers() {
    local before after worker
    rules <<'EOT'
*filter
:FORWARD ACCEPT
-A FORWARD -p udp --dport 7777 -j DROP
COMMIT
EOT
    before=$(weir status --json | jq -c '[.data_plane.status.workers[].rx_pkts]')
    in_client "$BIN/traffic" send --to "$SERVER:7777" --count 20000 --rate 20000 --flows 64 >/dev/null
    equal 20000 "$(settled packets FORWARD 1)" 'the sum over both workers'
    after=$(weir status --json | jq -c '[.data_plane.status.workers[].rx_pkts]')
    equal 2 "$(jq length <<<"$after")" 'workers'
    for worker in 0 1; do
        # 64 flows spread well; a tenth of an even share is far beyond chance.
        at_least 1000 "$(jq -n "${after}[$worker] - ${before}[$worker]")" "packets of worker $worker"
    done
}

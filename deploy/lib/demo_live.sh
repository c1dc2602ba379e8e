# The demo with real programs: three network namespaces, both daemons, DPDK ports on veths.
# shellcheck shell=bash

live_install() {
    heading 'Getting ready'
    waiting 'installing packages' "$WORK/apt.log" \
        install_packages "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}" ||
        { tail -n 20 "$WORK/apt.log" && die 'packages could not be installed'; }
    good 'packages are there'
    waiting 'looking for Rust' "$WORK/rust.log" install_rust ||
        { tail -n 5 "$WORK/rust.log" && die 'Rust could not be installed'; }
    find_cargo || true
    good "Rust is there ($(cd "$ROOT" && cargo --version))"
}

live() {
    build_step build_binaries
    live_start
    live_policy
    live_allowed
    live_denied
    live_change
    live_report
}

live_start() {
    heading 'Three hosts on this machine'
    cat <<'PICTURE'

     client                 Weir                  server
  192.168.1.10 ── lan 192.168.1.1 │ 203.0.113.1 wan ── 203.0.113.10
                        two processes:
                  weir-dataplane    moves packets, by DPDK; one worker polls
                  weir-controlplane takes your rules, and asks it to run them

PICTURE
    hugepages_take 512 || true
    net_up "weir-demo-$$"
    weir_configure "$WORK" af_packet 1
    weir_start
    good "both run; packet memory: $(weir status --json | jq -r .data_plane.status.memory)"
    in_server iperf3 --server --daemon --bind "$SERVER" >/dev/null
    mkdir -p "$WORK/www"
    echo 'hello from the server' >"$WORK/www/index.html"
    (cd "$WORK/www" && in_server python3 -m http.server --bind "$SERVER" 80 >/dev/null 2>&1) &
    (cd "$WORK/www" && in_server python3 -m http.server --bind "$SERVER" 8080 >/dev/null 2>&1) &
    until_open "$SERVER:80" && until_open "$SERVER:8080"
    good 'a web server, a second one on port 8080, and iperf3 run on the server'
    expect 'without a ruleset Weir is closed: not even a ping passes' lost "$(ping_says "$SERVER")"
}

# until_open ADDRESS:PORT: until the server itself reaches it.
until_open() {
    local end=$((SECONDS + 30))
    until [[ $(in_server "$BIN/traffic" probe tcp "$1") == open ]]; do
        if ((SECONDS >= end)); then die "no server on $1"; fi
        sleep 0.1
    done
}

live_policy() {
    heading 'The policy'
    grep --invert-match '^#' "$POLICY" | grep '^-A' | sed 's/^/  /'
    shown 'weir iptables-restore < deploy/config/demo.rules'
    local code=0
    weir iptables-restore <"$POLICY" || code=$?
    expect 'taken over by every worker, as one new generation' 0 "$code"
}

# ping_says ADDRESS: answered or lost.
ping_says() {
    if in_client ping -n -q -c 1 -W 1 "$1" >/dev/null 2>&1; then echo answered; else echo lost; fi
}

knock() { in_client "$BIN/traffic" probe "$@"; }

live_allowed() {
    heading 'What the policy allows'
    shown "client: ping $SERVER"
    expect 'the server answers the ping' answered "$(ping_says "$SERVER")"
    shown "client: curl http://$SERVER/"
    expect 'the web page comes' 'hello from the server' "$(in_client curl -sS -m 5 "http://$SERVER/" 2>&1)"
    shown "client: iperf3 -c $SERVER -t 3"
    local rate
    rate=$(in_client iperf3 --client "$SERVER" --time 3 --json | jq '.end.sum_received.bits_per_second // 0 | floor')
    expect "TCP at full speed: $(human_rate "$rate")" yes "$( ((rate > 1000000)) && echo yes)"
    shown "client: ping $LAN"
    expect 'Weir itself answers too' answered "$(ping_says "$LAN")"
}

human_rate() { awk -v rate="$1" 'BEGIN { printf "%.2f Gbit/s", rate / 1e9 }'; }

live_denied() {
    heading 'What it does not'
    shown "client: telnet $SERVER          (REJECT --reject-with tcp-reset)"
    expect 'refused at once, by a RST' refused "$(knock tcp "$SERVER:23")"
    shown "client: dig @$SERVER            (REJECT)"
    expect 'refused at once, by ICMP port unreachable' refused "$(knock udp "$SERVER:53")"
    shown "client: curl http://$SERVER:8080/  (LOG, then the policy: DROP)"
    expect 'silence: the client waits until it gives up' timeout "$(knock tcp "$SERVER:8080")"
    local line
    line=$(grep --text --max-count 1 --only-matching 'denied: .*' "$WORK/dataplane.log" || true)
    expect 'and it is logged, in the line that the kernel writes' 'denied: IN=lan OUT=wan' \
        "$(cut -d ' ' -f 1-3 <<<"$line")"
    note "$DIM$line$PLAIN"
    shown "server: connects to the client"
    expect 'no connection from outside' timeout \
        "$(in_server "$BIN/traffic" probe tcp "$CLIENT:22")"
}

# A rule comes and goes while iperf3 runs: the stream does not notice, the ping does.
live_change() {
    heading 'A rule changed while data flows'
    local report=$WORK/iperf.json stalled
    in_client iperf3 --client "$SERVER" --time 5 --interval 0.5 --json >"$report" &
    local iperf=$!
    sleep 1
    note 'iperf3 runs in the background'
    shown 'weir iptables -I FORWARD -p icmp -j DROP'
    weir iptables -I FORWARD -p icmp -j DROP
    expect 'the ping stops' lost "$(ping_says "$SERVER")"
    shown 'weir iptables -D FORWARD 1'
    weir iptables -D FORWARD 1
    expect 'and is back' answered "$(ping_says "$SERVER")"
    wait "$iperf" || true
    stalled=$(jq '[.intervals[] | select(.sum.bits_per_second < 1000000)] | length' "$report")
    expect "iperf3 never stood still: $(human_rate "$(jq '.end.sum_received.bits_per_second // 0 | floor' "$report")")" \
        0 "$stalled"
}

live_report() {
    heading 'What was counted'
    shown 'weir iptables -L -v -n'
    weir iptables -L -v -n | sed 's/^/  /'
    echo
    expect 'one packet was enough to refuse telnet' 1 "$(counted to-server 'tcp dpt:23 ')"
    expect 'and one to refuse DNS' 1 "$(counted to-server 'udp dpt:53 ')"
    expect 'every log line was counted' "$(grep --text --count 'denied: ' "$WORK/dataplane.log")" \
        "$(counted to-server 'tcp dpt:8080 ')"
    shown 'weir drops'
    weir drops | sed 's/^/  /'
}

# counted CHAIN TEXT: packets of the rule whose line has TEXT.
counted() { weir iptables -L "$1" -v -n -x | awk -v text="$2" 'index($0, text) { print $1; exit }'; }

live_keep() {
    trap - EXIT
    heading "$RIGHT as it should be, $WRONG not. It goes on running; play with it:"
    cat <<TEXT
  export WEIR_SOCKET=$WEIR_DIR/run/control.sock PATH=$BIN:\$PATH

  weir iptables -L -v -n                         what is counted
  weir iptables -I FORWARD -p icmp -j REJECT     one rule more
  weir status ; weir drops ; weir hooks          what Weir says of itself
  ip netns exec $NET-client ping $SERVER
  ip netns exec $NET-client curl http://$SERVER/
  tail -f $WEIR_DIR/dataplane.log                log lines

  and when you are done:
  kill $(daemon_pid controlplane) $(daemon_pid dataplane)
  for host in client weir server; do
      ip netns pids $NET-\$host | xargs --no-run-if-empty kill; ip netns delete $NET-\$host; rm -r /etc/netns/$NET-\$host
  done; rm -r $WEIR_DIR$(if [[ -n $HUGEPAGES_BEFORE ]]; then echo "; sysctl vm.nr_hugepages=$HUGEPAGES_BEFORE"; fi)
TEXT
    if ((WRONG > 0)); then exit 1; fi
}

# Both daemons in the weir namespace: their configuration, their start and their end.
# shellcheck shell=bash

# weir_configure FOLDER DRIVER WORKERS: sets WEIR_DIR and writes FOLDER/weir.toml.
# DRIVER is af_packet or af_xdp.
weir_configure() {
    WEIR_DIR=$1
    local driver=$2 workers=$3 cores
    cores=$(seq --separator=', ' $((2 - workers)) 1)
    mkdir -p "$WEIR_DIR/run" "$WEIR_DIR/state"
    cat >"$WEIR_DIR/weir.toml" <<TOML
schema_version = 1

[paths]
run = "$WEIR_DIR/run"
state = "$WEIR_DIR/state"

[dataplane]
cores = [$cores]

[interfaces.lan]
device = "net_${driver}0,iface=veth-lan"
addresses = ["$LAN/24", "$LAN6/64"]
mtu = ${LAN_MTU:-1500}

[interfaces.wan]
device = "net_${driver}1,iface=veth-wan"
addresses = ["$WAN/24", "$WAN6/64"]
mtu = ${WAN_MTU:-1500}

${SYSCTL:-}
TOML
}

# Both start; returns when the control plane says that the data plane runs.
weir_start() {
    dataplane_start && controlplane_start && weir_wait 30
}

dataplane_start() { daemon_start dataplane; }
controlplane_start() { daemon_start controlplane; }

# daemon_start NAME: in the weir namespace if there is one, its output in NAME.log, its process id
# in NAME.pid.
daemon_start() {
    (
        # shellcheck disable=SC2086  # none or three words
        exec ${NET:+ip netns exec $NET-weir} "$BIN/weir-$1" --config "$WEIR_DIR/weir.toml"
    ) >>"$WEIR_DIR/$1.log" 2>&1 </dev/null &
    echo $! >"$WEIR_DIR/$1.pid"
    # The shell need not say when it ends.
    disown
}

# daemon_pid NAME; daemon_runs NAME
daemon_pid() { cat "$WEIR_DIR/$1.pid" 2>/dev/null || echo 0; }
daemon_runs() { runs "$(daemon_pid "$1")"; }

# runs PID: alive, and no zombie that waits for its parent.
runs() { (($1 > 0)) && [[ $(ps -o stat= -p "$1" 2>/dev/null) == [^Z]* ]]; }

# weir_wait SECONDS: until the control plane says that the data plane runs, every link up.
weir_wait() {
    local end=$((SECONDS + $1))
    until weir status --json 2>/dev/null | jq --exit-status '.data_plane.interfaces | all(.is_up)' \
        >/dev/null 2>&1; do
        if ((SECONDS >= end)) || ! daemon_runs dataplane; then
            echo 'Weir did not start:'
            tail -n 20 "$WEIR_DIR/dataplane.log" "$WEIR_DIR/controlplane.log"
            return 1
        fi
        sleep 0.1
    done
}

# weir_stop: asks both to end, and waits until they have.
weir_stop() {
    local name
    for name in controlplane dataplane; do daemon_stop "$name" TERM; done
}

# daemon_stop NAME SIGNAL: signals and waits; after 10 s it kills.
daemon_stop() {
    local pid end=$((SECONDS + 10))
    pid=$(daemon_pid "$1")
    if ((pid == 0)); then return 0; fi
    kill "-$2" "$pid" 2>/dev/null || true
    while runs "$pid"; do
        if ((SECONDS >= end)); then kill -9 "$pid" 2>/dev/null || true; fi
        sleep 0.05
    done
    rm -f "$WEIR_DIR/$1.pid"
}

# Where cargo puts what it builds, and building what the scripts run.
# shellcheck shell=bash

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}
# What end-to-end tests and the demo run, see Cargo.toml; benchmarks say "release".
PROFILE=${PROFILE:-quick}
BIN=$CARGO_TARGET_DIR/$PROFILE

# build_binaries: the daemons, the CLI, the traffic tool and what ALSO_BUILD names, into $BIN.
ALSO_BUILD=()
build_binaries() {
    local package packages=()
    for package in weir-dataplane weir-controlplane cli traffic "${ALSO_BUILD[@]}"; do
        packages+=(--package "$package")
    done
    cargo build --manifest-path "$ROOT/Cargo.toml" --locked --profile "$PROFILE" "${packages[@]}"
}

# weir ARGS: the CLI; end-to-end tests on the kernel put another in its place.
WEIR_BY=weir_cli
weir() { "$WEIR_BY" "$@"; }
weir_cli() { WEIR_SOCKET=$WEIR_DIR/run/control.sock "$BIN/weir" "$@"; }
traffic() { "$BIN/traffic" "$@"; }

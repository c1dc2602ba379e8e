# Where cargo puts what it builds, and building what the scripts run.
# shellcheck shell=bash

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}
# What end-to-end tests and the demo run: see [profile.quick] in Cargo.toml.
BIN=$CARGO_TARGET_DIR/quick

# Builds the daemons, the CLI and the traffic tool into $BIN.
build_binaries() {
    cargo build --manifest-path "$ROOT/Cargo.toml" --locked --profile quick \
        --package weir-dataplane --package weir-controlplane --package cli --package traffic
}

weir() { WEIR_SOCKET=$WEIR_DIR/run/control.sock "$BIN/weir" "$@"; }
traffic() { "$BIN/traffic" "$@"; }

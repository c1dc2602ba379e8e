# What a fresh Debian machine lacks: packages, and the Rust toolchain.
# shellcheck shell=bash

# What building needs, and what the demo and the tests run.
# shellcheck disable=SC2034  # for the scripts that source this
BUILD_PACKAGES=(build-essential pkg-config clang libclang-dev libdpdk-dev)
# shellcheck disable=SC2034
RUN_PACKAGES=(dpdk iproute2 ethtool nftables iptables iputils-ping iputils-arping curl python3 iperf3 jq netbase
    procps)

is_root() { [[ $(id -u) == 0 ]]; }

# missing_packages NAME...: those that dpkg does not know as installed.
missing_packages() {
    local package
    for package in "$@"; do
        if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
            echo "$package"
        fi
    done
}

# install_packages NAME...: through apt, once and only what is missing.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then return 0; fi
    if ! is_root; then
        echo "missing packages, and only root can install them: ${missing[*]}" >&2
        return 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=120 update
    apt-get -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends "${missing[@]}"
}

# The oldest compiler that the workspace builds with.
wanted_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml"; }

# Finds cargo where rustup puts it, too: a shell that was open before does not have it on PATH.
find_cargo() {
    if [[ -d ${CARGO_HOME:-$HOME/.cargo}/bin ]]; then
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    fi
    command -v cargo >/dev/null
}

# install_rust: rustup's toolchain, as rust-toolchain.toml pins it; where rustup cannot be had,
# Debian's own compiler for browsers, which Debian 12 keeps as new as those need.
install_rust() {
    if find_cargo; then return 0; fi
    install_packages ca-certificates curl || return
    if curl --proto '=https' --tlsv1.2 --silent --show-error --fail --max-time 60 \
        --output /tmp/rustup-init.$$ https://sh.rustup.rs; then
        sh /tmp/rustup-init.$$ -y --no-modify-path --profile minimal --default-toolchain none || true
        rm -f /tmp/rustup-init.$$
        if find_cargo && (cd "$ROOT" && cargo --version); then return 0; fi
    fi
    install_debian_rust
}

install_debian_rust() {
    local have
    apt-get -o DPkg::Lock::Timeout=120 update || return
    have=$(apt-cache policy rustc-web | sed -n 's/ *Candidate: \([0-9]*\.[0-9]*\).*/\1/p')
    if [[ -z $have ]] || ! printf '%s\n' "$(wanted_rust)" "$have" | sort --version-sort --check 2>/dev/null; then
        echo "no Rust $(wanted_rust) to be had: https://sh.rustup.rs does not answer and Debian" \
            "offers rustc-web ${have:-in no version}. Install Rust from https://rustup.rs and run this again." >&2
        return 1
    fi
    install_packages rustc-web cargo-web rustfmt-web
}

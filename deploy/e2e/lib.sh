# What the cases say: rules in, traffic through, and what must have been seen.
# shellcheck shell=bash

# Fails the case, saying where and why.
fail() {
    echo "✘ $*"
    echo "  at ${BASH_SOURCE[1]##*/}:${BASH_LINENO[0]} in ${FUNCNAME[1]}"
    return 1
}

# equal WANT GOT WHAT
equal() {
    if [[ $1 != "$2" ]]; then
        echo "✘ $3: expected '$1', got '$2'"
        return 1
    fi
}

# at_least WANT GOT WHAT: whole numbers.
at_least() {
    if (($2 < $1)); then
        echo "✘ $3: expected at least $1, got $2"
        return 1
    fi
}

# contains TEXT PATTERN WHAT: an extended regular expression, in any line.
contains() {
    if ! grep --quiet --extended-regexp -- "$2" <<<"$1"; then
        echo "✘ $3: expected /$2/ in:"
        printf '%s\n' "$1" | sed 's/^/    /'
        return 1
    fi
}

# refused COMMAND...: it must not succeed.
refused() {
    if "$@"; then
        echo "✘ succeeded, and should not have: $*"
        return 1
    fi
}

# rules < TEXT: the whole IPv4 filter table, from lines as iptables-save has them.
rules() { weir iptables-restore; }
rules6() { weir ip6tables-restore; }

# open_rules: everything may pass; every case starts from here.
open_rules() {
    local open=$'*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT'
    rules <<<"$open"
    rules6 <<<"$open"
}

# ping_ok HOST ADDRESS [ARGS...]; ping_lost the same: no answer may come.
ping_ok() { in_ns "$1" ping -n -q -c 1 -W 2 "${@:3}" "$2"; }
ping_lost() { refused in_ns "$1" ping -n -q -c 1 -W 1 "${@:3}" "$2"; }

# probe FROM tcp|udp ADDRESS:PORT [ARGS...]: prints open, refused, unreachable, too-big, timeout.
probe() { in_ns "$1" "$BIN/traffic" probe "${@:2}"; }

# Echo and web servers in the server namespace, for both families.
servers_start() {
    in_server "$BIN/traffic" echo --bind '[::]:7' >/dev/null 2>&1 &
    mkdir -p "$WEIR_DIR/www"
    echo 'hello from the server' >"$WEIR_DIR/www/index.html"
    head -c 3000000 /dev/urandom >"$WEIR_DIR/www/large"
    (cd "$WEIR_DIR/www" && in_server python3 -m http.server --bind :: 80 >/dev/null 2>&1) &
    local end=$((SECONDS + 30))
    until in_server "$BIN/traffic" probe tcp "$SERVER:80" 2>/dev/null | grep --quiet open; do
        if ((SECONDS >= end)); then fail 'the web server does not start'; fi
        sleep 0.1
    done
}

# Weir's own words, as numbers.
# packets CHAIN NUMBER [iptables|ip6tables]: what rule NUMBER of the filter table has counted.
packets() { weir "${3:-iptables}" -L "$1" -v -n -x --line-numbers | awk -v n="$2" '$1 == n { print $2 }'; }
bytes() { weir "${3:-iptables}" -L "$1" -v -n -x --line-numbers | awk -v n="$2" '$1 == n { print $3 }'; }
# policy_packets CHAIN
policy_packets() { weir iptables -L "$1" -v -n -x | sed -n 's/.*(policy [A-Z]* \([0-9]*\) packets.*/\1/p'; }
# dropped REASON; dropped_all
dropped() { weir drops --all --json | jq --arg r "$1" '[.drops[] | select(.reason == $r) | .packets] | add // 0'; }
dropped_all() { weir drops --all --json | jq '[.drops[].packets] | add // 0'; }
# iface_count IFACE FIELD: of `weir status --json`.
iface_count() { weir status --json | jq --arg i "$1" ".data_plane.interfaces[] | select(.name == \$i) | .$2"; }
generation() { weir status --json | jq '.data_plane.status.generation'; }

# settled COMMAND...: prints what COMMAND prints once it has printed the same twice.
settled() {
    local last='' now tries
    for ((tries = 0; tries < 40; tries++)); do
        now=$("$@")
        if [[ $now == "$last" ]]; then break; fi
        last=$now
        sleep 0.1
    done
    echo "$now"
}

# Rows, medians, and the time that one thread has had of a CPU.
# shellcheck shell=bash

# row CASE WEIR PEER UNIT: PEER may be null; the ratio is Weir's figure by the peer's.
row() {
    jq --null-input --compact-output --arg case "$1" --argjson weir "$2" --argjson peer "$3" \
        --arg unit "$4" \
        '{case: $case, weir: $weir, peer: $peer, unit: $unit,
          ratio: (if $peer == null or $peer == 0 then null else $weir / $peer * 1000 | round / 1000 end)}' >>"$ROWS"
}

# table: the rows for people, with the machine and the build that they come from.
table() {
    local commit
    commit=$(git -C "$ROOT" describe --always --dirty 2>/dev/null || echo unknown)
    printf '\n%-40s %8s %12s %12s  %s\n' case ratio weir peer unit
    jq --raw-output '[.case, .ratio // "-", .weir, .peer // "-", .unit] | @tsv' "$ROWS" |
        while IFS=$'\t' read -r case ratio weir peer unit; do
            printf '%-40s %8s %12s %12s  %s\n' "$case" "$ratio" "$weir" "$peer" "$unit"
        done
    printf '\n%s, %s, %d CPUs, %s, DPDK %s, commit %s, profile %s\n' "$(date --iso-8601)" \
        "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(uname -sr)" \
        "$(pkg-config --modversion libdpdk)" "$commit" "$PROFILE"
    printf 'load average while it ran: %s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
}

# median NUMBER...
median() { printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# thread_ns PID TID: nanoseconds that the thread has run.
thread_ns() { cut -d ' ' -f 1 "/proc/$1/task/$2/schedstat"; }

# thread_named PID PATTERN: the first thread of that name.
thread_named() {
    local task
    for task in /proc/"$1"/task/*; do
        if [[ $(<"$task/comm") =~ $2 ]]; then
            basename "$task"
            return
        fi
    done
    echo "no thread /$2/ in process $1" >&2
    return 1
}

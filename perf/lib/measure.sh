# Rows, medians, and the time that one thread has had of a CPU.
# shellcheck shell=bash

# row CASE WEIR PEER UNIT: PEER may be null; the ratio is Weir's figure by the peer's.
row() {
    jq --null-input --compact-output --arg case "$1" --argjson weir "$2" --argjson peer "$3" \
        --arg unit "$4" \
        '{case: $case, weir: $weir, peer: $peer, unit: $unit,
          ratio: (if $peer == null or $peer == 0 then null else $weir / $peer * 1000 | round / 1000 end)}' >>"$ROWS"
}

# table: the rows for people, with the machine that they come from.
table() {
    printf '\n%-44s %12s %12s %8s  %s\n' case weir peer ratio unit
    jq --raw-output '[.case, .weir, .peer // "-", .ratio // "-", .unit] | @tsv' "$ROWS" |
        while IFS=$'\t' read -r case weir peer ratio unit; do
            printf '%-44s %12s %12s %8s  %s\n' "$case" "$weir" "$peer" "$ratio" "$unit"
        done
    printf '\n%s, %d CPUs, %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" \
        "$(nproc)" "$(uname -sr)"
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

# Words on the terminal: colours where there is one, and signs of life during long steps.
# shellcheck shell=bash

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    BOLD=$'\e[1m' DIM=$'\e[2m' GREEN=$'\e[32m' RED=$'\e[31m' BLUE=$'\e[36m' PLAIN=$'\e[0m'
else
    BOLD='' DIM='' GREEN='' RED='' BLUE='' PLAIN=''
fi

# A heading.
heading() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }

# One sentence of explanation.
note() { printf '  %s\n' "$*"; }

# A command as a reader would type it.
shown() { printf '  %s$ %s%s\n' "$BLUE" "$*" "$PLAIN"; }

good() { printf '  %s✔%s %s\n' "$GREEN" "$PLAIN" "$*"; }
bad() { printf '  %s✘ %s%s\n' "$RED" "$*" "$PLAIN"; }

# The end of a run that cannot go on.
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# waiting TEXT LOG COMMAND...: runs COMMAND into LOG and shows that time passes.
# Returns the command's exit code.
waiting() {
    local text=$1 log=$2 start=$SECONDS last pid code=0
    shift 2
    "$@" >"$log" 2>&1 &
    pid=$!
    WAITING_PID=$pid
    last=$SECONDS
    while kill -0 "$pid" 2>/dev/null; do
        if [[ -t 1 ]]; then
            printf '\r  %s… %s (%d s) %s%s\e[K' "$DIM" "$text" $((SECONDS - start)) \
                "$(last_line "$log" 40)" "$PLAIN"
        elif ((SECONDS - last >= 60)); then
            printf '  … %s (%d s)\n' "$text" $((SECONDS - start))
            last=$SECONDS
        fi
        sleep 0.3
    done
    wait "$pid" || code=$?
    WAITING_PID=''
    if [[ -t 1 ]]; then printf '\r\e[K'; fi
    return "$code"
}

# waiting_stop: ends what `waiting` waits for, for traps. Its children first: a script that waits for
# one would hear of the signal only afterwards.
waiting_stop() {
    if [[ -z ${WAITING_PID:-} ]]; then return 0; fi
    pkill -TERM -P "$WAITING_PID" 2>/dev/null || true
    kill -TERM "$WAITING_PID" 2>/dev/null || true
    wait "$WAITING_PID" 2>/dev/null || true
    WAITING_PID=''
}

# last_line FILE WIDTH: what a build says it is doing.
last_line() {
    tail -n 1 "$1" 2>/dev/null | tr -cd '[:print:]' | cut -c "1-$2" || true
}

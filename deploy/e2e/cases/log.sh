# LOG writes the kernel's line.
# shellcheck shell=bash

case_log() {
    local line tries
    rules <<'EOT'
*filter
:FORWARD ACCEPT
-A FORWARD -p udp --dport 7 -j LOG --log-prefix "e2e: " --log-level info
COMMIT
EOT
    equal open "$(probe client udp "$SERVER:7" --size 40)" 'LOG lets it pass'
    for ((tries = 0; tries < 20; tries++)); do
        line=$(grep --text 'e2e: IN=lan' "$WEIR_DIR/dataplane.log" | tail -n 1 || true)
        if [[ -n $line ]]; then break; fi
        sleep 0.1
    done
    contains "$line" "e2e: IN=lan OUT=wan MAC=([0-9a-f]{2}:){13}[0-9a-f]{2} SRC=$CLIENT DST=$SERVER LEN=68 TOS=0x00 PREC=0x00 TTL=63 ID=[0-9]+ DF PROTO=UDP SPT=[0-9]+ DPT=7 LEN=48 *$" 'the line'
}

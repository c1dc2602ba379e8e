# Counting tests in the log of whatever ran them.
# shellcheck shell=bash

# count_tests LOG CODE: prints "passed failed". Knows cargo test ("test result: ok. 3 passed; 0
# failed; ..."), nextest ("Summary ... 3 passed, 1 failed"; a time-out is a failure) and plain
# lines ("e2e: 3 passed, 1 failed"). A run without any of these counts as one test, by its CODE.
count_tests() {
    awk -v code="$2" '
        { gsub(/\033\[[0-9;]*m/, "") }
        /^test result: / { take() }
        /^ *Summary \[.*tests? run: / { take() }
        /^([A-Za-z0-9_-]+: )?[0-9]+ passed, [0-9]+ failed$/ { take() }
        function before(word, text) {
            if (match(text, "[0-9]+ " word)) return substr(text, RSTART, RLENGTH) + 0
            return 0
        }
        function take(    text) {
            text = $0
            sub(/\([^)]*\)/, "", text)
            passed += before("passed", text)
            failed += before("failed", text) + before("timed out", text) + before("exec failed", text)
            seen = 1
        }
        END {
            if (!seen) { if (code == 0) passed = 1; else failed = 1 }
            if (seen && code != 0 && failed == 0) failed = 1
            if (seen && code == 0 && passed == 0) failed = 1
            print passed + 0, failed + 0
        }' "$1"
}

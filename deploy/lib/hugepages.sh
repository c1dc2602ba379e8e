# Huge pages for DPDK: taken if the machine has none, given back at the end.
# shellcheck shell=bash

HUGEPAGES_BEFORE=''

# hugepages_take COUNT: 2 MiB pages, unless there are some already. Fails where the kernel gives
# none (a container without the right); Weir then runs with --no-huge.
hugepages_take() {
    local now
    now=$(sysctl --values vm.nr_hugepages 2>/dev/null) || return 1
    if ((now > 0)); then return 0; fi
    sysctl --quiet --write "vm.nr_hugepages=$1" 2>/dev/null || return 1
    HUGEPAGES_BEFORE=$now
    (($(sysctl --values vm.nr_hugepages) > 0))
}

hugepages_give_back() {
    if [[ -n $HUGEPAGES_BEFORE ]]; then
        sysctl --quiet --write "vm.nr_hugepages=$HUGEPAGES_BEFORE" || true
        HUGEPAGES_BEFORE=''
    fi
}

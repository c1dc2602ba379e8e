//! The DPDK back end.

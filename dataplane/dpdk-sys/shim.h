/* DPDK's static inlines and macros as functions that can be linked to. */

#ifndef WEIR_SHIM_H
#define WEIR_SHIM_H

#include <stdint.h>

struct rte_mbuf;
struct rte_mempool;

/* rte_errno is a macro over a thread-local variable. */
int shim_errno(void);
/* RTE_MAX_LCORE's thread-local neighbour: UINT32_MAX in a thread that has no lcore id. */
uint32_t shim_lcore_id(void);
/*
 * rte_eal_init() with its log on stderr (the default is stdout and syslog), and with stdout shut
 * meanwhile: it prints pages of usage there when an argument is wrong. Call it before other threads
 * use stdout. Strings and array must live as long as the process.
 */
int shim_eal_init(int argc, char **argv);

uint16_t shim_rx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count);
uint16_t shim_tx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count);

struct rte_mbuf *shim_mbuf_alloc(struct rte_mempool *pool);
void shim_mbuf_free(struct rte_mbuf *mbuf);
/* 0, or -1 if the first segment has no room for the others; the mbuf is the caller's either way. */
int shim_mbuf_linearize(struct rte_mbuf *mbuf);

#endif

/* SPDX-License-Identifier: ISC */
/* Deals the turns of a tree of rates on a loop: its timer runs only while somebody waits. */
#ifndef NET_PACER_H
#define NET_PACER_H

#include "net/loop.h"
#include "net/rate.h"

/* The owner embeds it, and no bucket of its tree outlives it. */
struct pacer {
	struct rate_tree tree;
	struct loop *loop;
	struct loop_timer timer;
};

/* False: no memory. */
bool pacer_init(struct pacer *p, struct loop *l, uint64_t limit_Bps) MUST_USE;

/* Fine on a zeroed one. */
void pacer_fini(struct pacer *p);

#endif

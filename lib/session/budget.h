/* SPDX-License-Identifier: ISC */
/*
 * How the descriptors that the process may open are dealt out, so that none of those who need them
 * takes those of the others: connections and strangers, files, trackers. Pure.
 */
#ifndef SESSION_BUDGET_H
#define SESSION_BUDGET_H

#include <stdint.h>

struct budget {
	unsigned connections;	/* with torrents, and those being made */
	unsigned guests;	/* that have not said yet what they want */
	unsigned files;
};

/* limit: descriptors in all. connections: the wish; 0: what there is. files: the wish. */
struct budget budget_deal(uint64_t limit, unsigned connections, unsigned files);

#endif

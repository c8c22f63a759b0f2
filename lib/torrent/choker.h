/* SPDX-License-Identifier: ISC */
/*
 * Whom to serve (BEP 3, "choking"). While we download: those who give us most, and by turns one
 * that gives nothing yet (optimistic). When we seed: those who take most, but who has had its share
 * goes behind those who wait. Pure: facts in, a decision for each peer out.
 */
#ifndef TORRENT_CHOKER_H
#define TORRENT_CHOKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/time.h"

#define CHOKER_ROUND (10 * SECOND)
#define CHOKER_OPTIMISTIC (30 * SECOND)

struct choker_peer {
	/* in */
	bool interested;
	bool snubbed; /* owes us what we asked for: no reciprocity, but luck may find it */
	bool unchoked;
	bool optimistic;	/* by the last rounds' luck */
	uint64_t down;		/* bytes it gave us in the last round */
	uint64_t up;		/* bytes we gave it in the last round */
	uint64_t up_turn;	/* bytes we gave it since it was unchoked */
	usec turn_began;	/* when it was last unchoked; 0: never */
	/* out */
	bool unchoke;
	bool lucky;		/* it is the optimistic one now */
	/* within */
	uint32_t chance;
};

struct choker {
	struct rng *rng;
	unsigned slots;		/* unchoked at once, the optimistic ones included */
	usec rotate;		/* when luck changes */
};

void choker_init(struct choker *c, struct rng *rng, unsigned slots);

/* One round. peers is put into another order. */
void choker_round(struct choker *c, struct choker_peer **peers, size_t n, bool seeding, usec now);

#endif

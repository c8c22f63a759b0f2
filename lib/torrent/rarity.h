/* SPDX-License-Identifier: ISC */
/*
 * How many peers have each piece, and pieces in the order in which they should be asked for:
 * priority first, then rarity. The order is kept sorted as peers come and go: an array in which
 * pieces of equal key are neighbours, so that a change is one exchange at each border.
 *
 * Both parts are there only while they are needed. Seeds have everything and are only counted; the
 * counts come with the first other peer that has something, and go with the last; the order is
 * built when somebody wants to choose, and may be dropped at any time.
 */
#ifndef TORRENT_RARITY_H
#define TORRENT_RARITY_H

#include "base/bits.h"
#include "base/rng.h"

#define RARITY_NONE UINT32_MAX

/* Priorities of pieces: 1 ... RARITY_TOP. */
#define RARITY_TOP 7

struct rarity {
	struct rng *rng;
	uint32_t len;		/* pieces in all */
	uint32_t seeds;
	uint32_t peers;		/* others */
	uint16_t *available;	/* peers that have it, seeds not counted; NULL: none has any */
	bool inexact;		/* for want of memory a peer was not counted */

	/* The order. */
	const uint8_t *priority;	/* of each piece, the owner's; NULL: all the same */
	struct bits in;		/* the pieces in order[] */
	uint32_t *order;	/* NULL: not built */
	uint32_t *place;	/* of a piece in order[] */
	uint32_t *border;	/* where each key begins; the last is in.count */
};

void rarity_init(struct rarity *r, uint32_t pieces, struct rng *rng);
void rarity_fini(struct rarity *r);

/* -- who has what -- */

void rarity_add_peer(struct rarity *r, const struct bits *have);
void rarity_remove_peer(struct rarity *r, const struct bits *had);

/* A peer that was added has other pieces now. */
void rarity_change_peer(struct rarity *r, const struct bits *before, const struct bits *after);

/* One peer more (+1) or less (-1) has the piece. */
void rarity_change(struct rarity *r, uint32_t piece, int by);

void rarity_add_seed(struct rarity *r);
void rarity_remove_seed(struct rarity *r);

/* Peers that have the piece, seeds included. */
static inline uint32_t
rarity_copies(const struct rarity *r, uint32_t piece)
{
	return r->seeds + (r->available == NULL ? 0 : r->available[piece]);
}

/* Copies of the rarest of all pieces, plus the share of pieces that have more. */
double rarity_distributed_copies(const struct rarity *r);

/* -- the order -- */

/* Puts these pieces in order. The priorities stay the owner's; to change one of a piece that is in
 * the order it is removed and added again. False: no memory. */
bool rarity_build(struct rarity *r, const struct bits *of, const uint8_t *priority) MUST_USE;
void rarity_drop(struct rarity *r);

static inline bool
rarity_is_built(const struct rarity *r)
{
	return r->order != NULL;
}

/* Takes a piece out of the order, or puts it in again. Nothing happens if it is out or in already,
 * or if there is no order. */
void rarity_remove(struct rarity *r, uint32_t piece);
void rarity_add(struct rarity *r, uint32_t piece);

/* The rarest piece of that priority among those in `of`, one by chance; RARITY_NONE if there is
 * none. The priority does not matter if all have the same. */
uint32_t rarity_first(const struct rarity *r, const struct bits *of, unsigned priority);

/* Any such piece. */
uint32_t rarity_random(const struct rarity *r, const struct bits *of, unsigned priority);

/* Asserts every invariant. */
void rarity_check(const struct rarity *r);

#endif

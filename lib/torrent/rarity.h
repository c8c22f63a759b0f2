/* SPDX-License-Identifier: ISC */
/*
 * Pieces in the order of their rarity, kept sorted as peers come and go: an array in which pieces
 * of equal availability are neighbours, so that a change is one exchange at the border. Seeds have
 * everything and are only counted.
 */
#ifndef TORRENT_RARITY_H
#define TORRENT_RARITY_H

#include "base/bits.h"
#include "base/rng.h"

#define RARITY_NONE UINT32_MAX

struct rarity {
	struct rng *rng;
	uint32_t len;		/* pieces in all */
	uint32_t count;		/* pieces in order[] */
	uint32_t seeds;
	uint32_t *order;	/* pieces, the rarest first */
	uint32_t *place;	/* of a piece in order[], or RARITY_NONE when removed */
	uint16_t *available; /* peers that have it, seeds not counted; kept for removed ones too */
	uint32_t *border;    /* border[a]: where availability a begins; border[levels] == count */
	uint32_t levels;
};

bool rarity_init(struct rarity *r, uint32_t pieces, struct rng *rng) MUST_USE;
void rarity_fini(struct rarity *r);

/* One peer more (+1) or less (-1) has the piece. */
void rarity_change(struct rarity *r, uint32_t piece, int by);

/* Not to be found any more. */
void rarity_remove(struct rarity *r, uint32_t piece);

/* The rarest piece among those in `of`, one by chance; RARITY_NONE if there is none. */
uint32_t rarity_first(const struct rarity *r, const struct bits *of);
uint32_t rarity_random(const struct rarity *r, const struct bits *of);

/* Copies of the rarest of all pieces, plus the share of pieces that have more. */
double rarity_distributed_copies(const struct rarity *r);

void rarity_check(const struct rarity *r);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Pieces that were begun, block by block: what is free, what is asked of whom, what is here and
 * from whom. It belongs to the picker, which decides what to begin and what to ask for next.
 */
#ifndef TORRENT_PARTIAL_H
#define TORRENT_PARTIAL_H

#include "base/block.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/vec.h"
#include "torrent/picker.h"

/* A block is asked of at most this many peers at once. */
#define END_GAME_COPIES 3

enum block_state { BLOCK_FREE, BLOCK_ASKED, BLOCK_HERE };

struct partial_block {
	uint32_t peers[END_GAME_COPIES];	/* who was asked, in this order; or who sent it */
	uint8_t asked;		/* how many were */
	uint8_t state;		/* enum block_state */
	bool pad;		/* nothing but padding: here from the beginning, of nobody */
};

/* Who sent a block that was here before this picker was. */
#define PARTIAL_UNKNOWN UINT32_MAX

struct partial {
	uint32_t piece;
	uint32_t size;		/* bytes */
	uint32_t count;		/* blocks */
	uint32_t free;
	uint32_t here;
	uint32_t pads;
	uint32_t first_free;	/* none is free before this one */
	uint32_t only;		/* the one peer that may be asked; 0: anyone */
	bool failed_once;	/* the next to be asked becomes `only` */
	bool wanted;
	uint32_t place;		/* in the list */
	struct partial *next;	/* for who walks the list and comes back */
	struct partial_block blocks[];
};

struct partials {
	struct vec list;	/* struct partial *, those with something to ask for first */
	uint32_t open;		/* how many these are */
	uint32_t unwanted;
	uint32_t sole;		/* those with an `only` */
	struct map by_piece;
	uint64_t bytes;		/* of blocks that are here */
	uint64_t changes;	/* how often something could be asked that could not before */
};

void partials_init(struct partials *ps, struct rng *rng);
void partials_fini(struct partials *ps);

/* NULL: not begun. */
struct partial *partial_find(const struct partials *ps, uint32_t piece);

static inline struct partial *
partial_at(const struct partials *ps, uint32_t i)
{
	return *(struct partial **)vec_at(&ps->list, i);
}

/* All its blocks are free. NULL: no memory. */
struct partial *partial_begin(struct partials *ps, uint32_t piece, uint32_t size);
void partial_end(struct partials *ps, struct partial *q);

/* Blocks first ... last - 1 are padding: nobody is to send them. Only right after partial_begin. */
void partial_set_pad(struct partials *ps, struct partial *q, uint32_t first, uint32_t last);

/* Nothing of it is asked for or here, and nothing is to be remembered of it. */
bool partial_is_blank(const struct partial *q);

/* Of an unwanted one nothing is asked. */
void partial_set_wanted(struct partials *ps, struct partial *q, bool wanted);

/* All its blocks are free again, and its next asker is the only one. */
void partial_set_failed(struct partials *ps, struct partial *q);

uint32_t partial_block_len(const struct partial *q, uint32_t block);

/* The block before the first free one is of that peer: a piece from one hand is a run of
 * neighbouring blocks on its disk and ours. */
bool partial_is_own(struct partial *q, uint32_t peer);

/* At most n blocks are asked of the peer. Returns how many: of what is free, or (end game) of what
 * is asked of others. */
unsigned partial_take_free(struct partials *ps, struct partial *q, uint32_t peer, unsigned n,
    struct picker_block *out);
unsigned partial_take_asked(struct partial *q, uint32_t peer, unsigned n,
    struct picker_block *out);

/* The block is asked of the peer no more. False: it was not. */
bool partial_release(struct partials *ps, struct partial *q, uint32_t block, uint32_t peer);

/* The peer sent it. False: not wanted. */
bool partial_receive(struct partials *ps, struct partial *q, uint32_t block, uint32_t peer);

/* What is this peer's alone is open to others. True if there was anything. */
bool partials_let_go(struct partials *ps, uint32_t peer);

/* Is the block asked of the peer? */
bool partial_asks(const struct partial *q, uint32_t block, uint32_t peer);

/* Asserts every invariant. */
void partials_check(const struct partials *ps);

#endif

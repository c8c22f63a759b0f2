/* SPDX-License-Identifier: ISC */
/*
 * Which block to ask of whom. Pure: peers are numbers, time does not matter, chance is handed in.
 *
 * Pieces that were begun are ended first (strict priority), then the rarest (BEP 3), with chance
 * among equals; the very first ones at random, so that there is something to trade soon. When every
 * block is asked for, blocks are asked of a second and third peer as well (end game).
 */
#ifndef TORRENT_PICKER_H
#define TORRENT_PICKER_H

#include <btcore/metainfo.h>

#include "base/bits.h"
#include "base/rng.h"

struct picker;

struct picker_block {
	uint32_t piece;
	uint32_t begin;
	uint32_t len;
};

struct picker_peer {
	uint32_t id;			/* not 0 */
	const struct bits *have;
};

enum picker_result {
	PICKER_UNWANTED,	/* we have it, or nobody wants it: drop it */
	PICKER_TAKEN,
	PICKER_COMPLETE		/* taken, and it was the last of its piece */
};

struct picker *picker_new(const struct bt_metainfo *meta, struct rng *rng) MUST_USE;
void picker_free(struct picker *p);

/* -- what is in the swarm -- */

/* A peer with these pieces came (or had them when it left). One that has all counts apart and
 * costs nothing. */
void picker_add_peer(struct picker *p, const struct bits *have);
void picker_remove_peer(struct picker *p, const struct bits *have);
void picker_add_seed(struct picker *p);
void picker_remove_seed(struct picker *p);
void picker_add_have(struct picker *p, uint32_t piece);

/* -- what we have -- */

const struct bits *picker_have(const struct picker *p);

/* Known good: found by checking, or by its hash after PICKER_COMPLETE. */
void picker_set_have(struct picker *p, uint32_t piece);

/* The piece failed: all its blocks are wanted again, of one peer alone so that its sender is known.
 */
void picker_set_failed(struct picker *p, uint32_t piece);

/* -- asking -- */

/* At most n blocks for the peer; they count as asked of it. Returns how many. */
unsigned picker_pick(struct picker *p, const struct picker_peer *peer, unsigned n,
    struct picker_block *out);

/* The same out of one piece (allowed fast). */
unsigned picker_pick_piece(struct picker *p, const struct picker_peer *peer, uint32_t piece,
    unsigned n, struct picker_block *out);

/* The block is asked of this peer no more (choked, rejected, gone, too slow), and a piece that was
 * its alone is open to others. False: it was not asked for it, or the block came meanwhile. */
bool picker_release(struct picker *p, uint32_t piece, uint32_t begin, uint32_t peer_id);

/* The peer sent it. */
enum picker_result picker_receive(struct picker *p, uint32_t piece, uint32_t begin,
    uint32_t peer_id);

/* Pieces that are this peer's alone are open to others: it left, chokes, has other pieces than
 * before, or is slow. What was asked of it stays asked. True if there was such a piece. */
bool picker_let_go(struct picker *p, uint32_t peer_id);

/* Who sent the blocks of a complete piece: each id once, at most n. Returns how many there are. */
unsigned picker_senders(const struct picker *p, uint32_t piece, uint32_t *ids, unsigned n);

/* Is the block asked of more than one peer? Then the others are to be told when it comes. */
bool picker_shared(const struct picker *p, uint32_t piece, uint32_t begin);

/* -- facts -- */

/* Blocks of pieces we do not have that are here already, in bytes. */
uint64_t picker_partial_bytes(const struct picker *p);

/* Copies of the rarest piece among the others, and the part of pieces with more. */
double picker_distributed_copies(const struct picker *p);

bool picker_in_end_game(const struct picker *p);

/* Asserts every invariant. */
void picker_check(const struct picker *p);

/* Asserts that each block which counts as asked of the peer is asked of it, and says how many
 * these are. */
uint32_t picker_check_asked(const struct picker *p, uint32_t peer_id,
    bool (*asked)(const void *arg, uint32_t piece, uint32_t begin), const void *arg);

#endif

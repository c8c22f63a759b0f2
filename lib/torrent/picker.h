/* SPDX-License-Identifier: ISC */
/*
 * Which block to ask of whom, and the one place that knows what we still want. Pure: peers are
 * numbers, time does not matter, chance is handed in.
 *
 * Pieces of higher priority go first. Within one priority, pieces that were begun are ended first
 * (strict priority, BEP 3), then the rarest, with chance among equals; the very first ones at
 * random, so that there is something to trade soon. When every block is asked for, blocks are asked
 * of a second and third peer as well (end game).
 *
 * Blocks that are nothing but padding are never asked for: the content knows that they are zeros.
 *
 * A picker that wants nothing holds no more than a bit for each piece.
 */
#ifndef TORRENT_PICKER_H
#define TORRENT_PICKER_H

#include <btcore/metainfo.h>

#include "base/bits.h"
#include "base/rng.h"

/* Priorities are 0 ... 7; 0 is not wanted. */
#define PICKER_NORMAL 4
#define PICKER_HIGHEST 7

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

/* Nothing is had yet, and everything wanted. */
struct picker *picker_new(const struct bt_metainfo *meta, struct rng *rng) MUST_USE;
void picker_free(struct picker *p);

/* -- what is in the swarm -- */

/* A peer with these pieces came (or had them when it left). One that has all counts apart and
 * costs nothing. */
void picker_add_peer(struct picker *p, const struct bits *have);
void picker_remove_peer(struct picker *p, const struct bits *have);
void picker_add_seed(struct picker *p);
void picker_remove_seed(struct picker *p);

/* A peer that was added (not as a seed) has other pieces now, has one more, or one less (BEP 54).
 */
void picker_change_peer(struct picker *p, const struct bits *before, const struct bits *after);
void picker_add_have(struct picker *p, uint32_t piece);
void picker_lost_have(struct picker *p, uint32_t piece);

/* -- what we have -- */

const struct bits *picker_have(const struct picker *p);

/* Known good: found by checking, or by its hash after PICKER_COMPLETE. */
void picker_set_have(struct picker *p, uint32_t piece);

/* A check finds that it is not here, whatever was known before. */
void picker_set_lost(struct picker *p, uint32_t piece);

/* As picker_set_have, for all these pieces (known from before) in one go. */
void picker_set_have_all(struct picker *p, const struct bits *pieces);

/* The piece failed: all its blocks are wanted again, of one peer alone so that its sender is known.
 */
void picker_set_failed(struct picker *p, uint32_t piece);

/* -- what we want -- */

/* Gives pieces another priority, at any time. What is asked for already stays asked. False: no
 * memory, nothing changed. */
bool picker_set_priority(struct picker *p, uint32_t first, uint32_t count,
    unsigned priority) MUST_USE;
unsigned picker_priority(const struct picker *p, uint32_t piece);

/* Pieces of one priority are asked for in their order, the rarest not first. */
void picker_set_sequential(struct picker *p, bool sequential);

/* Is the piece wanted, and not here? */
bool picker_wants(const struct picker *p, uint32_t piece);

/* How many such pieces there are, and how many of them are among these. */
uint32_t picker_want_count(const struct picker *p);
uint32_t picker_missing(const struct picker *p, const struct bits *have);

/* All that is wanted is here. */
bool picker_is_done(const struct picker *p);

/* How many of the others have the piece. */
uint32_t picker_copies(const struct picker *p, uint32_t piece);

/* -- asking -- */

/* At most n blocks for the peer; they count as asked of it. Returns how many. */
unsigned picker_pick(struct picker *p, const struct picker_peer *peer, unsigned n,
    struct picker_block *out);

/* The same out of one piece (allowed fast). */
unsigned picker_pick_piece(struct picker *p, const struct picker_peer *peer, uint32_t piece,
    unsigned n, struct picker_block *out);

/* As long as this is what it was before picker_pick gave a peer less than it asked for, and the
 * peer's pieces are the same, that peer would get nothing more. Never 0. */
uint64_t picker_generation(const struct picker *p);

/* The block is asked of this peer no more (choked, rejected, gone, too slow), and a piece that was
 * its alone is open to others. False: it was not asked for it, or the block came meanwhile. */
bool picker_release(struct picker *p, uint32_t piece, uint32_t begin, uint32_t peer_id);

/* The peer sent it. */
enum picker_result picker_receive(struct picker *p, uint32_t piece, uint32_t begin,
    uint32_t peer_id);

/* Pieces that are this peer's alone are open to others: it left, chokes, has other pieces than
 * before, or is slow. What was asked of it stays asked. True if there was such a piece. */
bool picker_let_go(struct picker *p, uint32_t peer_id);

/* Gives the peers that sent the blocks of a complete piece: each id once, at most n. Returns
 * how many there are. */
unsigned picker_senders(const struct picker *p, uint32_t piece, uint32_t *ids, unsigned n);

/* Is the block asked of more than one peer? Then the others are to be told when it comes. */
bool picker_shared(const struct picker *p, uint32_t piece, uint32_t begin);

/* -- what outlives a picker -- */

/* Hands each begun piece to take, with the blocks of it that are here (the bits are take's only
 * while it runs). False: take said so, or no memory. */
bool picker_export_partials(const struct picker *p,
    bool (*take)(void *arg, uint32_t piece, const struct bits *blocks), void *arg) MUST_USE;

/* Enters a piece as it was exported, whoever sent its blocks. PICKER_UNWANTED: it does not fit this
 * torrent, is not wanted or begun already, or no memory; nothing changed. */
enum picker_result picker_import_partial(struct picker *p, uint32_t piece,
    const struct bits *blocks) MUST_USE;

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

/* SPDX-License-Identifier: ISC */
/*
 * Super-seeding (BEP 16): a new seed says that it has nothing, and shows each peer a few pieces
 * that nobody else has. It shows another one when a piece has gone on to somebody else, so that the
 * first copy goes out about once, and a peer that gives nothing gets little.
 */
#ifndef TORRENT_REVEAL_H
#define TORRENT_REVEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/time.h"

struct conn;
struct torrent;

#define REVEAL_AT_ONCE 2	/* pieces that a peer is shown and that have not gone on */

/* What a connection is shown. */
struct revealed {
	struct bits pieces;	/* of length 0: all, for it is no super-seed's */
	uint32_t open[REVEAL_AT_ONCE];	/* of them those that have not gone on; UINT32_MAX: free */
	uint64_t size;		/* bytes of all that it was shown */
	usec shown;		/* when it was shown one last */
};

/* It is a seed that does so, or has begun to with this connection. */
bool reveal_is_on(const struct torrent *t);

/* The connection is told that we have nothing. False: no memory, it is to be told all. */
bool reveal_begin(struct conn *c, usec now);
void reveal_end(struct conn *c);

/* May it ask for this piece? */
bool reveal_allows(const struct conn *c, uint32_t piece);

/* Somebody has the piece now. */
void reveal_spread(struct torrent *t, const struct conn *by, uint32_t piece, usec now);

/* It was sent all that it asked for. */
void reveal_drained(struct conn *c, usec now);

/* Each round: what was given to who has left is free again, and nobody waits for ever. */
void reveal_round(struct torrent *t, usec now);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * How fast bytes may flow: token buckets, one in another (peer in torrent in session). Pure. A
 * bucket holds a tenth of a second at most, so that a limit is kept closely.
 */
#ifndef NET_RATE_H
#define NET_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct rate {
	struct rate *parent;	/* or NULL; outlives this */
	uint64_t limit_Bps;	/* 0: no limit */
	int64_t tokens;		/* bytes; below 0 after a burst that could not be foreseen */
	usec filled;		/* when tokens were last added */
};

void rate_init(struct rate *r, struct rate *parent, uint64_t limit_Bps);

/* At most this many of want bytes now; 0: none, wait. */
size_t rate_allow(struct rate *r, size_t want, usec now);

void rate_spend(struct rate *r, size_t bytes);

#endif

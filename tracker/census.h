/* SPDX-License-Identifier: ISC */
/*
 * Looks at all torrents for pages and full scrapes, without holding anybody up: a small tracker is
 * counted at once, a large one by a thread of its own, shard by shard, and what it found serves
 * everybody for some seconds.
 */
#ifndef TRACKER_CENSUS_H
#define TRACKER_CENSUS_H

#include "base/time.h"
#include "base/vec.h"
#include "net/httpd.h"
#include "tracker/shards.h"

#define CENSUS_ROWS_MAX 500u

struct census_row {
	uint8_t info_hash[20];
	uint32_t complete, incomplete, downloaded;
};

/* Immutable; shared by those who took it. */
struct census {
	unsigned refs;
	uint64_t torrents;		/* that are shown */
	uint64_t downloaded;		/* of all these */
	struct vec rows;		/* struct census_row, those with most peers, most first */
};

struct census_taker;

/* at_once_max: with more torrents a thread does it. The shards must outlive it. */
struct census_taker *census_taker_new(struct shards *shards, uint64_t at_once_max) MUST_USE;
void census_taker_free(struct census_taker *t);

/* NULL: not yet, ask again soon. To be dropped. */
struct census *census_take(struct census_taker *t, usec now);
void census_drop(struct census *c);

/* The same for the reply to a scrape of everything, gzipped if packed. To be dropped. */
struct httpd_shared *census_scrape(struct census_taker *t, bool packed, usec now);

/* Now and then: frees what is too old to be used. */
void census_tick(struct census_taker *t, usec now);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A look at all torrents that are shown, one after the other, at once: the totals and the torrents
 * with most peers, or the reply to a scrape of everything. What it gives has one user, the caller.
 */
#ifndef TRACKER_CENSUS_H
#define TRACKER_CENSUS_H

#include "base/vec.h"
#include "net/httpd.h"
#include "tracker/swarm/shards.h"
#include "tracker/rules/snapshot.h"

#define CENSUS_ROWS_MAX 500u

struct census_row {
	uint8_t info_hash[20];
	uint32_t complete, incomplete, downloaded;
};

/* Immutable; shared by those who took it. */
struct census {
	struct snapshot snapshot;
	uint64_t torrents;		/* that are shown */
	uint64_t downloaded;		/* of all these */
	struct vec rows;		/* struct census_row, those with most peers, most first */
};

/* What is looked at: the torrents that are allowed, if lists say so; else those with peers. */
struct census_source {
	struct shards *shards;
	struct snapshot_place *lists;	/* struct lists_now; NULL: none */
	bool names;			/* tell those from allowed_dir in scrapes */
	size_t scrape_max;		/* bytes of a scrape of everything; 0: 256 MiB */
};

/* How many torrents there are to be looked at. */
uint64_t census_size(const struct census_source *from);

/* NULL: no memory. */
struct census *census_count(const struct census_source *from) MUST_USE;
void census_drop(struct census *c);	/* NULL is fine */

/* NULL: over scrape_max, or no memory. */
struct httpd_shared *census_scrape(const struct census_source *from) MUST_USE;

/* The same gzipped; plain remains the caller's, and may be NULL. */
struct httpd_shared *census_pack(struct httpd_shared *plain) MUST_USE;

#endif

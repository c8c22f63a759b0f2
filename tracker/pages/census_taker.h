/* SPDX-License-Identifier: ISC */
/*
 * Looks at all torrents for pages and full scrapes, without holding anybody up: a small tracker is
 * counted at once, a large one by a thread of its own, and what it found serves everybody for some
 * seconds.
 */
#ifndef TRACKER_CENSUS_TAKER_H
#define TRACKER_CENSUS_TAKER_H

#include "base/time.h"
#include "tracker/pages/census.h"

struct census_taker;

/* at_once_max: with more torrents a thread does it. What source names must outlive it. */
struct census_taker *census_taker_new(const struct census_source *source, uint64_t at_once_max)
    MUST_USE;
void census_taker_free(struct census_taker *t);

/* NULL: not yet, ask again soon. census_drop it. */
struct census *census_taker_get(struct census_taker *t, usec now);

/* The reply to a scrape of everything, gzipped if packed. BT_EBUSY: not yet, ask again soon;
 * BT_ELIMIT: it would be too large. httpd_shared_drop *out. */
enum bt_code census_taker_scrape(struct census_taker *t, bool packed, usec now,
    struct httpd_shared **out) MUST_USE;

/* Now and then: frees what is too old to be used. */
void census_taker_tick(struct census_taker *t, usec now);

#endif

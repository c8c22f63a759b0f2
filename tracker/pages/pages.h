/* SPDX-License-Identifier: ISC */
/* The page for people. Works without scripts, on any width, and fetches nothing from elsewhere. */
#ifndef TRACKER_PAGES_H
#define TRACKER_PAGES_H

#include "base/buf.h"
#include "tracker/pages/census.h"
#include "tracker/pages/names.h"
#include "tracker/pages/stats.h"

struct page {
	const struct stats_view *stats;
	const struct census *census;
	const struct torrent_names *names;	/* NULL: no names are known, or none are shown */
	struct bt_slice query;		/* sort=KEY or sort=-KEY; others are passed over */
	struct bt_slice host;		/* of the request, to tell the announce URLs; or empty */
	bool secure;			/* the request came by HTTPS */
	bool has_json, has_metrics, has_files;	/* link them */
	int64_t now;			/* seconds since 1970 */
};

void page_write(struct buf *b, const struct page *p);

#endif

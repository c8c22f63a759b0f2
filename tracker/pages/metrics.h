/* SPDX-License-Identifier: ISC */
/* The page's numbers for programs: JSON, and the text format of Prometheus (version 0.0.4). */
#ifndef TRACKER_METRICS_H
#define TRACKER_METRICS_H

#include "base/buf.h"
#include "tracker/pages/census.h"
#include "tracker/pages/names.h"
#include "tracker/pages/stats.h"

/* names may be NULL. now: seconds since 1970. */
void metrics_json(struct buf *b, const struct stats_view *v, const struct census *c,
    const struct torrent_names *names, int64_t now);
void metrics_text(struct buf *b, const struct stats_view *v);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What happened so far, counted; and how it was in the last day, in samples of a minute. Each loop
 * counts for itself; the page, the JSON and the metrics are made of one sum of all.
 */
#ifndef TRACKER_STATS_H
#define TRACKER_STATS_H

#include "base/cdefs.h"
#include "base/time.h"
#include "tracker/swarm/shards.h"

enum stat {
	STAT_HTTP_ANNOUNCE4,
	STAT_HTTP_ANNOUNCE6,
	STAT_HTTP_SCRAPE,
	STAT_HTTP_OTHER,	/* pages, and what was refused */
	STAT_UDP_CONNECT,
	STAT_UDP_ANNOUNCE4,
	STAT_UDP_ANNOUNCE6,
	STAT_UDP_SCRAPE,
	STAT_ANNOUNCES_FAILED,	/* answered with a failure reason */
	STAT_TURNED_AWAY,	/* banned, or too often */
	STAT_UDP_STALE,		/* no valid connection id */
	STAT_UDP_IGNORED,	/* no request at all */
	STAT_HTTP_BYTES,	/* of bodies */
	STAT_UDP_BYTES,
	STAT_HTTP_REFUSED,	/* connections, for the limit */
	STAT_HTTP_TIMEOUTS,
	STAT_HTTP_OPEN,		/* connections now */
	STAT_COUNT
};

/* How each is called elsewhere. Those of one metric stand together. */
struct stat_name {
	const char *json;
	const char *metric;	/* Prometheus; without prefix */
	const char *labels;	/* or "" */
	const char *help;
	bool is_gauge;
};
extern const struct stat_name stat_names[STAT_COUNT];

/* Written by one loop, read by any. */
struct stat_counters {
	uint64_t v[STAT_COUNT];
};

static inline void
stat_set(struct stat_counters *c, enum stat what, uint64_t n)
{
	__atomic_store_n(&c->v[what], n, __ATOMIC_RELAXED);
}

static inline void
stat_add(struct stat_counters *c, enum stat what, uint64_t n)
{
	stat_set(c, what, c->v[what] + n);
}

struct stats;

/* wall: seconds since 1970. */
struct stats *stats_new(struct shards *shards, usec now, int64_t wall) MUST_USE;
void stats_free(struct stats *s);

/* For one more loop; NULL: no memory. Stats_free frees it. */
struct stat_counters *stats_counters(struct stats *s);

/* To be called every STATS_STEP. */
#define STATS_STEP (10 * SECOND)
void stats_tick(struct stats *s, usec now);

/* -- reading -- */

#define STATS_DAY 1440u

enum sample {
	SAMPLE_TORRENTS,
	SAMPLE_SEEDS,
	SAMPLE_LEECHES,
	SAMPLE_PEERS4,
	SAMPLE_PEERS6,
	SAMPLE_HTTP,		/* requests a second */
	SAMPLE_UDP,
	SAMPLE_COUNT
};

struct stat_sample {
	double v[SAMPLE_COUNT];
};

struct stats_view {
	uint64_t counts[STAT_COUNT];
	struct shards_totals totals;
	double http, udp;	/* requests a second, in the last minute */
	double uptime;		/* seconds */
	int64_t started;	/* seconds since 1970 */
	unsigned sample_count;	/* one a minute, the newest last */
	struct stat_sample samples[STATS_DAY];
};

void stats_view(struct stats *s, usec now, struct stats_view *out);

#endif

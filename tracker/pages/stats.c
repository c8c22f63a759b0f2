/* SPDX-License-Identifier: ISC */
#include "tracker/pages/stats.h"

#include <pthread.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"

#define RECENT 7u	/* ticks; from the first to the last of them is a minute */

const struct stat_name stat_names[STAT_COUNT] = {
	[STAT_HTTP_ANNOUNCE4] = { "http_announces_ipv4", "requests_total",
	    "protocol=\"http\",kind=\"announce\",family=\"ipv4\"", "Requests served.", false },
	[STAT_HTTP_ANNOUNCE6] = { "http_announces_ipv6", "requests_total",
	    "protocol=\"http\",kind=\"announce\",family=\"ipv6\"", NULL, false },
	[STAT_HTTP_SCRAPE] = { "http_scrapes", "requests_total",
	    "protocol=\"http\",kind=\"scrape\"", NULL, false },
	[STAT_HTTP_OTHER] = { "http_others", "requests_total",
	    "protocol=\"http\",kind=\"other\"", NULL, false },
	[STAT_UDP_CONNECT] = { "udp_connects", "requests_total",
	    "protocol=\"udp\",kind=\"connect\"", NULL, false },
	[STAT_UDP_ANNOUNCE4] = { "udp_announces_ipv4", "requests_total",
	    "protocol=\"udp\",kind=\"announce\",family=\"ipv4\"", NULL, false },
	[STAT_UDP_ANNOUNCE6] = { "udp_announces_ipv6", "requests_total",
	    "protocol=\"udp\",kind=\"announce\",family=\"ipv6\"", NULL, false },
	[STAT_UDP_SCRAPE] = { "udp_scrapes", "requests_total",
	    "protocol=\"udp\",kind=\"scrape\"", NULL, false },
	[STAT_ANNOUNCES_FAILED] = { "announces_failed", "announces_failed_total", "",
	    "Announces answered with a failure reason.", false },
	[STAT_TURNED_AWAY] = { "turned_away", "turned_away_total", "",
	    "Requests of clients that are banned or ask too often.", false },
	[STAT_UDP_STALE] = { "udp_stale", "udp_stale_total", "",
	    "UDP requests without a valid connection id.", false },
	[STAT_UDP_IGNORED] = { "udp_ignored", "udp_ignored_total", "",
	    "Datagrams that were no request.", false },
	[STAT_HTTP_BYTES] = { "http_bytes", "sent_bytes_total", "protocol=\"http\"",
	    "Bytes of replies.", false },
	[STAT_UDP_BYTES] = { "udp_bytes", "sent_bytes_total", "protocol=\"udp\"", NULL, false },
	[STAT_HTTP_REFUSED] = { "http_refused", "http_connections_refused_total", "",
	    "Connections turned away or cut for the limit.", false },
	[STAT_HTTP_TIMEOUTS] = { "http_timeouts", "http_timeouts_total", "",
	    "Connections cut because the client was too slow.", false },
	[STAT_HTTP_OPEN] = { "http_open", "http_connections", "", "Open connections.", true },
};

struct one_loop {
	struct stat_counters counters;
	SLIST_ENTRY(one_loop) link;	/* stats.loops */
	uint8_t apart[64];		/* from the next one's cache line */
};

struct instant {
	usec at;
	uint64_t http, udp;	/* requests until then */
};

struct stats {
	struct shards *shards;
	usec started;
	int64_t started_wall;
	pthread_mutex_t lock;	/* of all that follows */
	SLIST_HEAD(, one_loop) loops;
	struct instant recent[RECENT];
	uint64_t ticks;
	struct stat_sample samples[STATS_DAY];
	uint64_t sampled;
};

struct stats *
stats_new(struct shards *shards, usec now, int64_t wall)
{
	struct stats *s = mem_zero(sizeof(*s));

	if (s == NULL)
		return NULL;
	s->shards = shards;
	s->started = now;
	s->started_wall = wall;
	(void)pthread_mutex_init(&s->lock, NULL);
	SLIST_INIT(&s->loops);
	s->recent[0].at = now;
	s->ticks = 1;
	return s;
}

void
stats_free(struct stats *s)
{
	struct one_loop *l;

	if (s == NULL)
		return;
	while ((l = SLIST_FIRST(&s->loops)) != NULL) {
		SLIST_REMOVE_HEAD(&s->loops, link);
		mem_free(l);
	}
	(void)pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

struct stat_counters *
stats_counters(struct stats *s)
{
	struct one_loop *l = mem_zero(sizeof(*l));

	if (l == NULL)
		return NULL;
	(void)pthread_mutex_lock(&s->lock);
	SLIST_INSERT_HEAD(&s->loops, l, link);
	(void)pthread_mutex_unlock(&s->lock);
	return &l->counters;
}

/* Locked. */
static void
sum(const struct stats *s, uint64_t counts[STAT_COUNT])
{
	const struct one_loop *l;

	memset(counts, 0, STAT_COUNT * sizeof(counts[0]));
	SLIST_FOREACH(l, &s->loops, link) {
		for (unsigned i = 0; i < STAT_COUNT; i++)
			counts[i] += __atomic_load_n(&l->counters.v[i], __ATOMIC_RELAXED);
	}
}

static struct instant
instant_of(const uint64_t c[STAT_COUNT], usec now)
{
	return (struct instant){ now,
	    c[STAT_HTTP_ANNOUNCE4] + c[STAT_HTTP_ANNOUNCE6] + c[STAT_HTTP_SCRAPE] +
	    c[STAT_HTTP_OTHER],
	    c[STAT_UDP_CONNECT] + c[STAT_UDP_ANNOUNCE4] + c[STAT_UDP_ANNOUNCE6] +
	    c[STAT_UDP_SCRAPE] + c[STAT_UDP_STALE] };
}

static double
rate(uint64_t before, uint64_t after, usec time)
{
	return time > 0 ? (double)(after - before) * (double)SECOND / (double)time : 0;
}

/* Locked. The oldest instant that is kept: a minute ago, or the start. */
static const struct instant *
oldest(const struct stats *s)
{
	return &s->recent[s->ticks < RECENT ? 0 : s->ticks % RECENT];
}

static void
add_sample(struct stats *s, const struct instant *at, const struct shards_totals *t)
{
	const struct instant *from = oldest(s);
	usec time = at->at - from->at;

	s->samples[s->sampled++ % STATS_DAY] = (struct stat_sample){ .v = {
		[SAMPLE_TORRENTS] = (double)t->torrents,
		[SAMPLE_SEEDS] = (double)t->seeds,
		[SAMPLE_LEECHES] = (double)(t->peers4 + t->peers6 - t->seeds),
		[SAMPLE_PEERS4] = (double)t->peers4,
		[SAMPLE_PEERS6] = (double)t->peers6,
		[SAMPLE_HTTP] = rate(from->http, at->http, time),
		[SAMPLE_UDP] = rate(from->udp, at->udp, time),
	} };
}

void
stats_tick(struct stats *s, usec now)
{
	struct shards_totals totals = shards_totals(s->shards);
	uint64_t counts[STAT_COUNT];
	struct instant at;

	(void)pthread_mutex_lock(&s->lock);
	sum(s, counts);
	at = instant_of(counts, now);
	if (s->ticks % (RECENT - 1) == 0)
		add_sample(s, &at, &totals);
	s->recent[s->ticks++ % RECENT] = at;
	(void)pthread_mutex_unlock(&s->lock);
}

void
stats_view(struct stats *s, usec now, struct stats_view *out)
{
	struct instant at;
	const struct instant *from;
	uint64_t first;

	out->totals = shards_totals(s->shards);
	out->uptime = (double)(now - s->started) / (double)SECOND;
	out->started = s->started_wall;
	(void)pthread_mutex_lock(&s->lock);
	sum(s, out->counts);
	at = instant_of(out->counts, now);
	from = oldest(s);
	out->http = rate(from->http, at.http, now - from->at);
	out->udp = rate(from->udp, at.udp, now - from->at);
	out->sample_count = s->sampled < STATS_DAY ? (unsigned)s->sampled : STATS_DAY;
	first = s->sampled - out->sample_count;
	for (unsigned i = 0; i < out->sample_count; i++)
		out->samples[i] = s->samples[(first + i) % STATS_DAY];
	(void)pthread_mutex_unlock(&s->lock);
}

/* SPDX-License-Identifier: ISC */
#include "tools/rules.h"

#include <math.h>

void
rules_note(struct item *it, const struct bt_torrent_status *t, double now)
{
	bool tries = t->state == BT_TORRENT_DOWNLOADING || t->state == BT_TORRENT_METADATA ||
	    t->state == BT_TORRENT_WAITING;

	/* A status is as old as the last change: from here on the time goes on by itself. */
	it->seeding_since = t->state == BT_TORRENT_SEEDING ? now - (double)t->seeding_time : 0;
	if (!tries || t->peers > 0)
		it->peer_at = now;
	if (!tries || t->downloaded != it->received)
		it->progress_at = now;
	it->received = t->downloaded;
	it->has_peer = t->peers > 0;
	it->tries = tries;
}

/* 0: it does not. */
static double
seeding_since(const struct rules *r, const struct item *it)
{
	return r->all_runs ? it->seeding_since : it->complete_at;
}

bool
rules_seeded(const struct rules *r, const struct item *it, double now)
{
	const struct item_options *o = it->options;
	double since = seeding_since(r, it);

	if (it->complete_at == 0)
		return false;
	if (o->seed_time == 0 || (o->seed_time > 0 && since != 0 && now - since >= o->seed_time))
		return true;
	if (o->seed_ratio > 0)
		return (double)(r->all_runs ? it->all_uploaded : it->uploaded) >=
		    o->seed_ratio * (double)it->size;
	return r->stop_when_done && o->seed_time < 0;
}

double
rules_seeds_until(const struct rules *r, const struct item *it)
{
	double since = seeding_since(r, it), time = it->options->seed_time;

	return time < 0 || since == 0 ? (double)INFINITY : since + time;
}

static bool
is_over(double limit, double since, double now)
{
	return limit > 0 && now - since >= limit;
}

const char *
rules_give_up(const struct rules *r, const struct item *it, double now)
{
	const struct rules_limits *l = r->limits;

	if (it->complete_at != 0)
		return NULL;
	if (it->tries && !it->has_peer && is_over(l->no_peers, it->peer_at, now))
		return "no peer for too long";
	if (it->tries && is_over(l->no_progress, it->progress_at, now))
		return "nothing received for too long";
	if (is_over(l->deadline, it->added_at, now))
		return "not complete in time";
	return NULL;
}

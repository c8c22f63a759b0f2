/* SPDX-License-Identifier: ISC */
#include "session/queue.h"

#include <stdlib.h>

#include "session/model.h"

/* Changes come in crowds: they are looked at together, after this long. */
#define SOON (100 * MSEC)

/* What trackers and peers want of seeds changes without an event. */
#define LOOK_EVERY (60 * SECOND)

struct candidate {
	struct entry *entry;
	unsigned demand;
	bool active;
};

/* Who is wanted goes first, then who is active already, then who came first. */
static int
by_turn(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->demand != y->demand)
		return x->demand > y->demand ? -1 : 1;
	if (x->active != y->active)
		return x->active ? -1 : 1;
	return x->entry->id < y->entry->id ? -1 : 1;
}

/* False: no memory. */
static bool
gather(const struct bt_session *s, enum torrent_slot slot, struct vec *out)
{
	struct entry *e;
	size_t pos = 0;

	while ((e = map_next(&s->by_id, &pos)) != NULL) {
		const struct candidate c = { e, slot == TORRENT_SEEDS ?
			torrent_demand(e->torrent) : 0,
			torrent_state(e->torrent) != BT_TORRENT_QUEUED };

		if (torrent_slot(e->torrent) == slot && vec_add(out, &c) == NULL)
			return false;
	}
	return true;
}

/* The first `most` are active; 0: all are. True: some are queued. */
static bool
deal(struct bt_session *s, enum torrent_slot slot, size_t most)
{
	struct vec all;
	usec now = loop_now(s->loop);
	bool queued;

	vec_init(&all, sizeof(struct candidate));
	if (!gather(s, slot, &all)) {
		vec_fini(&all);
		return true;
	}
	if (all.len > 0)
		qsort(all.items, all.len, all.item_size, by_turn);
	queued = most > 0 && all.len > most;
	for (size_t i = 0; i < all.len; i++) {
		const struct candidate *c = vec_at(&all, i);

		torrent_hold(c->entry->torrent, TORRENT_QUEUED, most > 0 && i >= most,
		    "its turn comes", now);
	}
	vec_fini(&all);
	return queued;
}

static void
tick(void *arg, usec now)
{
	struct queue *q = arg;
	struct bt_session *s = q->session;
	bool queued;

	(void)now;
	queued = deal(s, TORRENT_DOWNLOADS, (size_t)s->settings.active_downloads);
	q->holds = deal(s, TORRENT_SEEDS, (size_t)s->settings.active_seeds) || queued;
	/* What was held and let go just now is no news. */
	q->due = false;
	if (q->holds)
		loop_timer_set(&q->timer, LOOK_EVERY);
}

bool
queue_is_needed(const struct queue *q)
{
	const struct bt_settings *set = &q->session->settings;

	return set->active_downloads > 0 || set->active_seeds > 0;
}

void
queue_touch(struct queue *q)
{
	if (q->due || (!queue_is_needed(q) && !q->holds))
		return;
	q->due = true;
	loop_timer_set(&q->timer, SOON);
}

bool
queue_init(struct queue *q, struct bt_session *s)
{
	*q = (struct queue){ .session = s };
	return loop_timer_init(&q->timer, s->loop, tick, q);
}

void
queue_fini(struct queue *q)
{
	loop_timer_fini(&q->timer);
}

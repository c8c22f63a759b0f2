/* SPDX-License-Identifier: ISC */
#include "torrent/source.h"

#include <assert.h>

#include "torrent/model.h"

bool
source_init(struct source *s, struct torrent *t, const struct source_ops *ops,
    const struct bits *have, unsigned floor)
{
	*s = (struct source){ .ops = ops, .torrent = t, .have = have, .id = ++t->next_id };
	requests_init(&s->requests, floor);
	vec_init(&s->allowed, sizeof(uint32_t));
	return map_set(&t->swarm->by_id, &s->id, s);
}

void
source_fini(struct source *s)
{
	requests_fini(&s->requests);
	vec_fini(&s->allowed);
}

void
source_enter(struct source *s)
{
	s->entered = true;
	TAILQ_INSERT_TAIL(&s->torrent->sources, s, link);
	source_count_missing(s);
}

void
source_leave(struct source *s)
{
	s->entered = false;
	TAILQ_REMOVE(&s->torrent->sources, s, link);
}

void
source_count_missing(struct source *s)
{
	s->missing = picker_missing(s->torrent->picker, s->have);
	s->idle_at = 0;
}

static bool
is_asked(const void *arg, uint32_t piece, uint32_t begin)
{
	const struct source *s = arg;

	return requests_has(&s->requests, piece, begin);
}

void
source_check(const struct source *s)
{
	assert(torrent_find_source(s->torrent, s->id) == s);
	assert(s->missing == picker_missing(s->torrent->picker, s->have));
	assert(picker_check_asked(s->torrent->picker, s->id, is_asked, s) <=
	    requests_count(&s->requests));
}

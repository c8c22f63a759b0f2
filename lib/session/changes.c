/* SPDX-License-Identifier: ISC */
#include "session/changes.h"

#include <string.h>

/* Removals that are remembered; half of them are forgotten when there are more. */
#define REMOVED_MAX 8192u

void
changes_init(struct changes *c)
{
	*c = (struct changes){ .now = 1 };
	TAILQ_INIT(&c->list);
	vec_init(&c->removed, sizeof(struct removal));
}

void
changes_fini(struct changes *c)
{
	vec_fini(&c->removed);
}

void
changes_touch(struct changes *c, struct change *x)
{
	if (x->at == c->now)
		return;
	if (x->at != 0)
		TAILQ_REMOVE(&c->list, x, link);
	x->at = c->now;
	TAILQ_INSERT_TAIL(&c->list, x, link);
}

static void
forget_half(struct changes *c)
{
	size_t half = c->removed.len / 2;
	const struct removal *last = vec_at(&c->removed, half - 1);

	c->forgotten = last->at;
	c->removed.len -= half;
	memmove(c->removed.items, vec_at(&c->removed, half), c->removed.len * sizeof(*last));
}

void
changes_remove(struct changes *c, struct change *x)
{
	const struct removal r = { c->now, x->id };

	if (x->at == 0)
		return;
	TAILQ_REMOVE(&c->list, x, link);
	x->at = 0;
	if (c->removed.len >= REMOVED_MAX)
		forget_half(c);
	if (vec_add(&c->removed, &r) == NULL)
		c->forgotten = c->now;
}

bool
changes_know_since(const struct changes *c, uint64_t since)
{
	return since > 0 && since < c->now && since >= c->forgotten;
}

uint64_t
changes_next(struct changes *c)
{
	return c->now++;
}

/* SPDX-License-Identifier: ISC */
#include "sim.h"

#include <assert.h>

void
clock_init(struct clock *c)
{
	*c = (struct clock){ .now = SECOND, .trace = 0xcbf29ce484222325u };
	vec_init(&c->heap, sizeof(struct sim_event));
	/* So that no allocation made to fail is one of the clock's. */
	if (!vec_reserve(&c->heap, 1u << 16))
		abort();
}

void
clock_fini(struct clock *c)
{
	vec_fini(&c->heap);
}

static struct sim_event *
at(const struct clock *c, size_t i)
{
	return vec_at(&c->heap, i);
}

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

void
clock_at(struct clock *c, usec when, sim_fn fn, void *arg, uint64_t n)
{
	const struct sim_event e = { when < c->now ? c->now : when, c->seq++, fn, arg, n };
	size_t i = c->heap.len;

	if (vec_add(&c->heap, &e) == NULL)
		abort();
	for (; i > 0 && before(&e, at(c, (i - 1) / 2)); i = (i - 1) / 2)
		*at(c, i) = *at(c, (i - 1) / 2);
	*at(c, i) = e;
}

static struct sim_event
take_first(struct clock *c)
{
	const struct sim_event first = *at(c, 0), last = *at(c, c->heap.len - 1);
	size_t i = 0, child;

	c->heap.len--;
	while ((child = 2 * i + 1) < c->heap.len) {
		if (child + 1 < c->heap.len && before(at(c, child + 1), at(c, child)))
			child++;
		if (!before(at(c, child), &last))
			break;
		*at(c, i) = *at(c, child);
		i = child;
	}
	if (c->heap.len > 0)
		*at(c, i) = last;
	return first;
}

bool
clock_step(struct clock *c)
{
	struct sim_event e;

	if (c->heap.len == 0)
		return false;
	e = take_first(c);
	assert(e.at >= c->now);
	c->now = e.at;
	e.fn(e.arg, e.n);
	return true;
}

void
clock_note(struct clock *c, uint64_t what)
{
	c->trace = (c->trace ^ what ^ (uint64_t)c->now << 20) * 0x100000001b3u;
	c->trace ^= c->trace >> 29;
}

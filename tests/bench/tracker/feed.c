/* SPDX-License-Identifier: ISC */
#include "tests/bench/tracker/load.h"

#define STALL (2 * SECOND_NS / 1000)

void
feed_init(struct feed *f, const struct settings *s, enum feed_kind kind)
{
	*f = (struct feed){ .s = s, .kind = kind, .begin = now_ns() };
	f->last_turn = f->begin;
	rng_seed(&f->rng, 42);
	f->measure = f->begin;
	f->end = UINT64_MAX;
	if (kind == FEED_RUN || kind == FEED_LATENCY) {
		f->measure += (uint64_t)(s->warmup * SECOND_NS);
		f->end = f->measure + (uint64_t)(s->seconds * SECOND_NS);
	}
}

static uint64_t
due(const struct feed *f, uint64_t number)
{
	return f->begin + (uint64_t)((double)number * SECOND_NS / (double)f->s->rate);
}

void
feed_turn(struct feed *f, uint64_t now)
{
	uint64_t gap = now > f->last_turn ? now - f->last_turn : 0;

	f->last_turn = now;
	if (gap < STALL || f->kind != FEED_LATENCY)
		return;
	f->stalled += gap;
	f->awake = now;
	f->begin += gap;
	f->end += gap;
	if (f->measure >= now - gap)
		f->measure += gap;
}

bool
feed_over(const struct feed *f, uint64_t now)
{
	if (f->kind == FEED_FILL)
		return f->count == (uint64_t)f->s->peers;
	if (f->kind == FEED_CONNECT)
		return f->count == (uint64_t)f->s->callers;
	if (f->kind == FEED_LATENCY)
		return due(f, f->count) >= f->end;
	return now >= f->end;
}

bool
feed_next(struct feed *f, uint64_t now, struct task *out)
{
	if (feed_over(f, now))
		return false;
	*out = (struct task){ .kind = TASK_ANNOUNCE, .due = now };
	if (f->kind == FEED_CONNECT || f->kind == FEED_FILL) {
		out->kind = f->kind == FEED_FILL ? TASK_ANNOUNCE : TASK_CONNECT;
		out->first = true;
		out->peer = (uint32_t)f->count++;
		return true;
	}
	if (f->kind == FEED_LATENCY) {
		out->due = due(f, f->count);
		if (out->due > now)
			return false;
	}
	f->count++;
	out->peer = rng_below(&f->rng, (uint32_t)f->s->callers);
	if (rng_below(&f->rng, 100) < (uint32_t)f->s->scrapes)
		out->kind = TASK_SCRAPE;
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "net/rate.h"

#define BURST (SECOND / 10)

/* Below this the system calls cost more than they move. */
#define LEAST_BURST 4096

void
rate_init(struct rate *r, struct rate *parent, uint64_t limit_Bps)
{
	*r = (struct rate){ .parent = parent, .limit_Bps = limit_Bps };
}

static void
fill(struct rate *r, usec now)
{
	int64_t most = (int64_t)(r->limit_Bps * (uint64_t)BURST / (uint64_t)SECOND);
	usec passed = now - r->filled;

	if (most < LEAST_BURST)
		most = LEAST_BURST;
	if (r->filled == 0 || passed > SECOND)
		passed = BURST;
	if (passed <= 0)
		return;
	r->tokens += (int64_t)(r->limit_Bps * (uint64_t)passed / (uint64_t)SECOND);
	if (r->tokens > most)
		r->tokens = most;
	r->filled = now;
}

size_t
rate_allow(struct rate *r, size_t want, usec now)
{
	for (; r != NULL; r = r->parent) {
		if (r->limit_Bps == 0)
			continue;
		fill(r, now);
		if (r->tokens <= 0)
			return 0;
		if ((uint64_t)r->tokens < want)
			want = (size_t)r->tokens;
	}
	return want;
}

void
rate_spend(struct rate *r, size_t bytes)
{
	for (; r != NULL; r = r->parent) {
		if (r->limit_Bps != 0)
			r->tokens -= (int64_t)bytes;
	}
}

/* SPDX-License-Identifier: ISC */
/* Bytes a second over the recent past: an average that forgets exponentially. */
#ifndef BASE_METER_H
#define BASE_METER_H

#include <stdint.h>

#include "base/time.h"

struct meter {
	double rate;		/* bytes a second at `since` */
	uint64_t gathered;	/* bytes since then */
	uint64_t total;
	usec since;
	usec born;		/* the first tick */
};

static inline void
meter_add(struct meter *m, uint64_t bytes)
{
	m->gathered += bytes;
	m->total += bytes;
}

/* To be called about once a second; the first call only starts the clock. */
void meter_tick(struct meter *m, usec now);

static inline uint64_t
meter_rate(const struct meter *m)
{
	return (uint64_t)m->rate;
}

#endif

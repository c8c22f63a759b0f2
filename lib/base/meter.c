/* SPDX-License-Identifier: ISC */
#include "base/meter.h"

/* What happened this long ago counts about a third. */
#define MEMORY (5 * SECOND)

void
meter_tick(struct meter *m, usec now)
{
	usec passed = now - m->since;
	double fresh, weight;

	if (m->since == 0 || passed <= 0) {
		if (m->since == 0)
			m->since = m->born = now;
		return;
	}
	fresh = (double)m->gathered * (double)SECOND / (double)passed;
	/* 1 - exp(-passed / MEMORY), near enough, and exact in being 1 for long pauses. */
	weight = (double)passed / (double)(passed + MEMORY);
	if (passed >= 4 * MEMORY)
		weight = 1;
	/* While it is young the plain average is truer: nothing came before. */
	if (weight * (double)(now - m->born) < (double)passed)
		weight = (double)passed / (double)(now - m->born);
	m->rate += (fresh - m->rate) * weight;
	m->gathered = 0;
	m->since = now;
}

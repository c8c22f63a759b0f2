/* SPDX-License-Identifier: ISC */
#include "net/pacer.h"

static void
set_timer(void *arg)
{
	struct pacer *p = arg;
	usec due = rate_due(&p->tree);

	if (due != NEVER)
		loop_timer_set(&p->timer, due - loop_now(p->loop));
	else
		loop_timer_stop(&p->timer);
}

static void
deal(void *arg, usec now)
{
	struct pacer *p = arg;

	rate_deal(&p->tree, now);
	set_timer(p);
}

bool
pacer_init(struct pacer *p, struct loop *l, uint64_t limit_Bps)
{
	p->loop = l;
	rate_tree_init(&p->tree, limit_Bps, set_timer, p);
	return loop_timer_init(&p->timer, l, deal, p);
}

void
pacer_fini(struct pacer *p)
{
	loop_timer_fini(&p->timer);
}

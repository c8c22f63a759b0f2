/* SPDX-License-Identifier: ISC */
#include "tracker/rules/snapshot.h"

void
snapshot_init(struct snapshot *s, void (*free)(struct snapshot *))
{
	atomic_init(&s->users, 1);
	s->free = free;
}

void
snapshot_keep(struct snapshot *s)
{
	atomic_fetch_add_explicit(&s->users, 1, memory_order_relaxed);
}

void
snapshot_drop(struct snapshot *s)
{
	if (s != NULL && atomic_fetch_sub_explicit(&s->users, 1, memory_order_acq_rel) == 1)
		s->free(s);
}

void
snapshot_place_init(struct snapshot_place *p)
{
	(void)pthread_mutex_init(&p->lock, NULL);
	p->now = NULL;
	atomic_init(&p->version, 0);
}

void
snapshot_place_fini(struct snapshot_place *p)
{
	snapshot_drop(p->now);
	(void)pthread_mutex_destroy(&p->lock);
}

void
snapshot_put(struct snapshot_place *p, struct snapshot *next)
{
	struct snapshot *old;

	(void)pthread_mutex_lock(&p->lock);
	old = p->now;
	p->now = next;
	atomic_fetch_add_explicit(&p->version, 1, memory_order_relaxed);
	(void)pthread_mutex_unlock(&p->lock);
	snapshot_drop(old);
}

void
snapshot_renew(struct snapshot_reader *r)
{
	struct snapshot *old = r->seen;

	(void)pthread_mutex_lock(&r->place->lock);
	r->version = atomic_load_explicit(&r->place->version, memory_order_relaxed);
	r->seen = r->place->now;
	if (r->seen != NULL)
		snapshot_keep(r->seen);
	(void)pthread_mutex_unlock(&r->place->lock);
	snapshot_drop(old);
}

void
snapshot_reader_fini(struct snapshot_reader *r)
{
	snapshot_drop(r->seen);
	*r = (struct snapshot_reader){ .place = NULL };
}

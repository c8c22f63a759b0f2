/* SPDX-License-Identifier: ISC */
/*
 * What one thread renews and many read: an immutable value, counted, and replaced as a whole. A
 * reader keeps the one it saw last and looks at a number that hardly ever changes, so that reading
 * costs no lock and no write that others would have to wait for.
 */
#ifndef TRACKER_SNAPSHOT_H
#define TRACKER_SNAPSHOT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/cdefs.h"

/* The first member of the value. */
struct snapshot {
	atomic_uint users;
	void (*free)(struct snapshot *);	/* when the last one lets go, on its thread */
};

/* With one user: the caller. */
void snapshot_init(struct snapshot *s, void (*free)(struct snapshot *));
void snapshot_keep(struct snapshot *s);
void snapshot_drop(struct snapshot *s);		/* NULL is fine */

struct snapshot_place {
	pthread_mutex_t lock;
	struct snapshot *now;			/* NULL: none yet */
	atomic_uint version;			/* changes with now */
};

void snapshot_place_init(struct snapshot_place *p);

/* When no reader is left. */
void snapshot_place_fini(struct snapshot_place *p);

/* next is the place's from now on. */
void snapshot_put(struct snapshot_place *p, struct snapshot *next);

/* One for each thread that reads; zeroed it reads nothing. */
struct snapshot_reader {
	struct snapshot_place *place;
	struct snapshot *seen;
	unsigned version;
};

void snapshot_reader_fini(struct snapshot_reader *r);
void snapshot_renew(struct snapshot_reader *r);

/* Good until the reader's next get; NULL: there is none. */
static inline struct snapshot *
snapshot_get(struct snapshot_reader *r)
{
	if (r->place != NULL &&
	    atomic_load_explicit(&r->place->version, memory_order_relaxed) != r->version)
		snapshot_renew(r);
	return r->seen;
}

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Which torrents a dedicated seed has (dedicated_seed_id): an operator's seed says so when it
 * announces, and whoever waits for it asks with check_seeded. Not saved: it says so again.
 */
#ifndef TRACKER_SEEDED_H
#define TRACKER_SEEDED_H

#include <pthread.h>

#include "base/map.h"

struct seeded {
	pthread_mutex_t lock;
	struct map marks;
};

void seeded_init(struct seeded *s);
void seeded_fini(struct seeded *s);

/* No memory: it is not marked, until it is said again. */
void seeded_mark(struct seeded *s, const uint8_t info_hash[20]);
bool seeded_has(struct seeded *s, const uint8_t info_hash[20]);

#endif

/* SPDX-License-Identifier: ISC */
#include "tracker/rules/seeded.h"

#include "base/rng.h"

#define MARKS_MAX 1000000u

void
seeded_init(struct seeded *s)
{
	uint64_t seed[2];

	rng_secret(seed, sizeof(seed));
	(void)pthread_mutex_init(&s->lock, NULL);
	map_init(&s->marks, 20, seed);
}

void
seeded_fini(struct seeded *s)
{
	map_fini(&s->marks);
	(void)pthread_mutex_destroy(&s->lock);
}

void
seeded_mark(struct seeded *s, const uint8_t info_hash[20])
{
	bool marked;

	(void)pthread_mutex_lock(&s->lock);
	marked = s->marks.count < MARKS_MAX && map_set(&s->marks, info_hash, s);
	(void)marked;
	(void)pthread_mutex_unlock(&s->lock);
}

bool
seeded_has(struct seeded *s, const uint8_t info_hash[20])
{
	bool has;

	(void)pthread_mutex_lock(&s->lock);
	has = map_find(&s->marks, info_hash) != NULL;
	(void)pthread_mutex_unlock(&s->lock);
	return has;
}

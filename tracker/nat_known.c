/* SPDX-License-Identifier: ISC */
#include "tracker/nat_known.h"

#include <pthread.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"

#define LINES 8192u		/* 65536 addresses in 768 KiB */
#define LOCKS 64u		/* a line belongs to one of them */
#define WAYS 8u
#define REACHED UINT8_MAX	/* in place of the number of failures */

struct entry {
	uint32_t tag;		/* of the address; 0: free */
	uint32_t asked;		/* seconds */
	uint8_t failures;
};

struct nat_known {
	uint64_t seed[2];
	usec forget;
	pthread_mutex_t locks[LOCKS];
	struct entry entries[LINES][WAYS];
};

struct nat_known *
nat_known_new(usec forget)
{
	struct nat_known *k = mem_zero(sizeof(*k));

	if (k == NULL)
		return NULL;
	k->forget = forget;
	rng_secret(k->seed, sizeof(k->seed));
	for (unsigned i = 0; i < LOCKS; i++)
		(void)pthread_mutex_init(&k->locks[i], NULL);
	return k;
}

void
nat_known_free(struct nat_known *k)
{
	if (k == NULL)
		return;
	for (unsigned i = 0; i < LOCKS; i++)
		(void)pthread_mutex_destroy(&k->locks[i]);
	mem_free(k);
}

static uint64_t
hash_of(const struct nat_known *k, const struct addr *a)
{
	uint8_t key[18];

	memcpy(key, a->ip, 16);
	put_be16(key + 16, a->port);
	return siphash(k->seed, key, sizeof(key));
}

/* The address's own entry, or one that it may have: then *mine is false. */
static struct entry *
find(struct nat_known *k, uint64_t hash, usec now, bool *mine)
{
	struct entry *line = k->entries[hash % LINES], *best = line;
	uint32_t tag = (uint32_t)(hash >> 32) | 1;

	for (unsigned i = 0; i < WAYS; i++) {
		if (line[i].tag == tag) {
			*mine = now - (usec)line[i].asked * SECOND <= k->forget;
			return &line[i];
		}
		if (line[i].asked < best->asked)
			best = &line[i];
	}
	*mine = false;
	return best;
}

bool
nat_known_ask(struct nat_known *k, const struct addr *a, usec now, unsigned *failures)
{
	uint64_t hash = hash_of(k, a);
	pthread_mutex_t *lock = &k->locks[hash % LOCKS];
	bool mine, reached = false;
	struct entry *e;

	*failures = 0;
	(void)pthread_mutex_lock(lock);
	e = find(k, hash, now, &mine);
	if (mine) {
		e->asked = (uint32_t)(now / SECOND);
		reached = e->failures == REACHED;
		*failures = reached ? 0 : e->failures;
	}
	(void)pthread_mutex_unlock(lock);
	return reached;
}

void
nat_known_tell(struct nat_known *k, const struct addr *a, bool reached, usec now)
{
	uint64_t hash = hash_of(k, a);
	pthread_mutex_t *lock = &k->locks[hash % LOCKS];
	struct entry *e;
	bool mine;

	(void)pthread_mutex_lock(lock);
	e = find(k, hash, now, &mine);
	if (!mine)
		*e = (struct entry){ .tag = (uint32_t)(hash >> 32) | 1 };
	e->asked = (uint32_t)(now / SECOND);
	if (reached)
		e->failures = REACHED;
	else if (e->failures == REACHED)
		e->failures = 1;
	else if (e->failures < NAT_TRIES_MAX)
		e->failures++;
	(void)pthread_mutex_unlock(lock);
}

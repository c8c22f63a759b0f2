/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/nat_known.h"

#include <pthread.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"

#define LINES 8192u		/* 65536 addresses in 768 KiB */
#define LOCKS 64u		/* a line belongs to one of them */
#define WAYS 8u

struct entry {
	uint32_t tag;		/* of the address; 0: free */
	uint32_t asked;		/* seconds */
	uint8_t nat;		/* 0: was reached, or how often not */
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

static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

/* The address's own entry, or NULL. */
static struct entry *
find(struct nat_known *k, uint64_t hash)
{
	struct entry *line = k->entries[hash % LINES];

	for (unsigned i = 0; i < WAYS; i++) {
		if (line[i].tag == tag_of(hash))
			return &line[i];
	}
	return NULL;
}

/* The same, but what is forgotten is not there. */
static struct entry *
recall(struct nat_known *k, uint64_t hash, usec now)
{
	struct entry *e = find(k, hash);

	return e != NULL && now - (usec)e->asked * SECOND <= k->forget ? e : NULL;
}

int
nat_known_ask(struct nat_known *k, const struct addr *a, usec now)
{
	uint64_t hash = hash_of(k, a);
	pthread_mutex_t *lock = &k->locks[hash % LOCKS];
	int nat = NAT_KNOWN_NOT;
	struct entry *e;

	(void)pthread_mutex_lock(lock);
	e = recall(k, hash, now);
	if (e != NULL) {
		e->asked = (uint32_t)(now / SECOND);
		nat = e->nat;
	}
	(void)pthread_mutex_unlock(lock);
	return nat;
}

int
nat_known_look(struct nat_known *k, const struct addr *a)
{
	uint64_t hash = hash_of(k, a);
	pthread_mutex_t *lock = &k->locks[hash % LOCKS];
	const struct entry *e;
	int nat;

	(void)pthread_mutex_lock(lock);
	e = find(k, hash);
	nat = e != NULL ? e->nat : NAT_KNOWN_NOT;
	(void)pthread_mutex_unlock(lock);
	return nat;
}

/* Its own if it has one, or that of who was silent longest. */
static void
enter(struct nat_known *k, uint64_t hash, uint8_t nat, usec now)
{
	struct entry *line = k->entries[hash % LINES], *e = find(k, hash);
	struct entry *oldest = line;

	for (unsigned i = 0; e == NULL && i < WAYS; i++) {
		if (line[i].asked < oldest->asked)
			oldest = &line[i];
	}
	*(e != NULL ? e : oldest) = (struct entry){ tag_of(hash), (uint32_t)(now / SECOND), nat };
}

void
nat_known_tell(struct nat_known *k, const struct addr *a, bool reached, usec now)
{
	uint64_t hash = hash_of(k, a);
	pthread_mutex_t *lock = &k->locks[hash % LOCKS];
	const struct entry *e;
	unsigned failures;

	(void)pthread_mutex_lock(lock);
	e = recall(k, hash, now);
	failures = e != NULL ? e->nat : 0;
	if (failures < NAT_TRIES_MAX)
		failures++;
	enter(k, hash, reached ? NAT_KNOWN_REACHED : (uint8_t)failures, now);
	(void)pthread_mutex_unlock(lock);
}

void
nat_known_restore(struct nat_known *k, const struct addr *a, int64_t nat, usec now)
{
	uint64_t hash = hash_of(k, a);
	pthread_mutex_t *lock = &k->locks[hash % LOCKS];
	const struct entry *e;

	(void)pthread_mutex_lock(lock);
	e = recall(k, hash, now);
	/* Two torrents may tell of one address. */
	if (e == NULL || e->nat != NAT_KNOWN_REACHED)
		enter(k, hash, nat < NAT_TRIES_MAX ? (uint8_t)nat : NAT_TRIES_MAX, now);
	(void)pthread_mutex_unlock(lock);
}

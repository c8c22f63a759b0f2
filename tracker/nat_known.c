/* SPDX-License-Identifier: ISC */
#include "tracker/nat_known.h"

#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"

#define LINES 8192u		/* 65536 addresses in 768 KiB */
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
	return k;
}

void
nat_known_free(struct nat_known *k)
{
	mem_free(k);
}

/* The address's own entry, or one that it may have: then *mine is false. */
static struct entry *
find(struct nat_known *k, const struct addr *a, usec now, uint32_t *tag, bool *mine)
{
	uint8_t key[18];
	uint64_t hash;
	struct entry *line, *best;

	memcpy(key, a->ip, 16);
	put_be16(key + 16, a->port);
	hash = siphash(k->seed, key, sizeof(key));
	*tag = (uint32_t)(hash >> 32) | 1;
	line = best = k->entries[hash % LINES];
	for (unsigned i = 0; i < WAYS; i++) {
		if (line[i].tag == *tag) {
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
	uint32_t tag;
	bool mine;
	struct entry *e = find(k, a, now, &tag, &mine);

	*failures = 0;
	if (!mine)
		return false;
	e->asked = (uint32_t)(now / SECOND);
	if (e->failures == REACHED)
		return true;
	*failures = e->failures;
	return false;
}

void
nat_known_tell(struct nat_known *k, const struct addr *a, bool reached, usec now)
{
	uint32_t tag;
	bool mine;
	struct entry *e = find(k, a, now, &tag, &mine);

	if (!mine)
		*e = (struct entry){ .tag = tag };
	e->asked = (uint32_t)(now / SECOND);
	if (reached)
		e->failures = REACHED;
	else if (e->failures == REACHED)
		e->failures = 1;
	else if (e->failures < NAT_TRIES_MAX)
		e->failures++;
}

/* SPDX-License-Identifier: ISC */
#include "tracker/rules/limit.h"

#include <stdatomic.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"

#define LINES 65536u		/* of a cache line each: 4 MiB */
#define WAYS 8u
#define TIME_BITS 48		/* microseconds since the system began: enough for 8 years */
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

/* A bucket: a tag of 16 bits and the time at which it is full. Zero is free. */
struct limit {
	uint64_t seed[2];
	usec step;		/* for one token to come */
	usec depth;		/* what a full bucket is worth, without the token at hand */
	_Atomic uint64_t buckets[LINES][WAYS];
};

struct limit *
limit_new(uint32_t rate, uint32_t burst)
{
	struct limit *l = mem_zero(sizeof(*l));

	if (l == NULL)
		return NULL;
	rng_secret(l->seed, sizeof(l->seed));
	l->step = SECOND / rate;
	l->depth = l->step * (burst - 1);
	return l;
}

void
limit_free(struct limit *l)
{
	mem_free(l);
}

static uint64_t
hash_prefix(const struct limit *l, const struct addr *a)
{
	uint8_t key[8] = { a->family };

	memcpy(key + 1, a->ip, a->family == ADDR_V4 ? 4 : 7);
	return siphash(l->seed, key, sizeof(key));
}

/* The bucket with this tag, or else the fullest. */
static _Atomic uint64_t *
find(_Atomic uint64_t *line, uint64_t tag, uint64_t *value)
{
	_Atomic uint64_t *best = NULL;

	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t v = atomic_load_explicit(&line[i], memory_order_relaxed);

		if (v >> TIME_BITS == tag) {
			*value = v;
			return &line[i];
		}
		if (best == NULL || (v & TIME_MASK) < (*value & TIME_MASK)) {
			best = &line[i];
			*value = v;
		}
	}
	return best;
}

usec
limit_take(struct limit *l, const struct addr *a, usec now)
{
	uint64_t hash = hash_prefix(l, a);
	uint64_t tag = hash >> TIME_BITS | 1;	/* never that of a free one */
	_Atomic uint64_t *line = l->buckets[hash % LINES];

	for (;;) {
		uint64_t old = 0;
		_Atomic uint64_t *bucket = find(line, tag, &old);
		usec full = old >> TIME_BITS == tag ? (usec)(old & TIME_MASK) : now;

		full = full > now ? full : now;
		if (full - now > l->depth)
			return full - now - l->depth;
		/* The one that loses the race looks again: another may have taken the bucket. */
		if (atomic_compare_exchange_weak_explicit(bucket, &old,
		    tag << TIME_BITS | ((uint64_t)(full + l->step) & TIME_MASK),
		    memory_order_relaxed, memory_order_relaxed))
			return 0;
	}
}

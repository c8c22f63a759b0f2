/* SPDX-License-Identifier: ISC */
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

/* xoshiro256** (Blackman, Vigna), state filled by splitmix64. */

static uint64_t
splitmix(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

void
rng_seed(struct rng *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}

void
rng_seed_system(struct rng *r)
{
	uint64_t seed;

	rng_secret(&seed, sizeof(seed));
	rng_seed(r, seed);
}

static uint64_t
rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

uint64_t
rng_u64(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t out = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return out;
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
	uint64_t m = (rng_u64(r) >> 32) * n;

	/* Lemire: refuse the few values that would make some answers likelier. */
	if ((uint32_t)m < n) {
		uint32_t least = -n % n;

		while ((uint32_t)m < least)
			m = (rng_u64(r) >> 32) * n;
	}
	return (uint32_t)(m >> 32);
}

void
rng_bytes(struct rng *r, void *out, size_t len)
{
	uint8_t *p = out;

	while (len > 0) {
		uint64_t v = rng_u64(r);
		size_t n = len < sizeof(v) ? len : sizeof(v);

		memcpy(p, &v, n);
		p += n;
		len -= n;
	}
}

void
rng_secret(void *out, size_t len)
{
	/* Without randomness from the system nothing here is safe: this is not
	 * an error to go on from. */
	if (RAND_bytes(out, (int)len) != 1)
		abort();
}

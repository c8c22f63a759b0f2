/* SPDX-License-Identifier: ISC */
/* Chance: seeded from the system in life, from a number in tests. Not for
 * secrets: see rng_secret. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
void rng_seed_system(struct rng *r);

uint64_t rng_u64(struct rng *r);

/* Even in 0 ... n - 1; n > 0. */
uint32_t rng_below(struct rng *r, uint32_t n);

void rng_bytes(struct rng *r, void *out, size_t len);

/* Unguessable bytes from the system, for keys. */
void rng_secret(void *out, size_t len);

#endif

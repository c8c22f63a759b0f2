/* SPDX-License-Identifier: ISC */
/*
 * A hash map from keys of one fixed length (info-hash, address) to pointers. Open addressing,
 * seeded SipHash: strangers choose the keys. The map copies keys and does not own the values.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cdefs.h"

struct map {
	uint8_t *keys;
	void **values;		/* NULL: free place */
	size_t key_len;
	size_t cap;		/* places, a power of two, or 0 */
	size_t count;
	uint64_t seed[2];
};

void map_init(struct map *m, size_t key_len, const uint64_t seed[2]);
void map_fini(struct map *m);

/* The value, or NULL. */
void *map_find(const struct map *m, const void *key);

/* value is not NULL; a value that was there is replaced. False: no memory, nothing changed. */
bool map_set(struct map *m, const void *key, void *value) MUST_USE;

/* The value that was there, or NULL. */
void *map_remove(struct map *m, const void *key);

/* Walks all values: *pos begins at 0; NULL at the end. Nothing may be added or
 * removed meanwhile. */
void *map_next(const struct map *m, size_t *pos);

/* SipHash-1-3 of len bytes. */
uint64_t siphash(const uint64_t seed[2], const void *data, size_t len);

#endif

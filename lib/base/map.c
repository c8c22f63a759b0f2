/* SPDX-License-Identifier: ISC */
#include "base/map.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

#define ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[0] = ROTL(v[0], 32);
	v[2] += v[3];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[2] = ROTL(v[2], 32);
}

uint64_t
siphash(const uint64_t seed[2], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t last = (uint64_t)len << 56;
	uint64_t v[4] = {
		seed[0] ^ 0x736f6d6570736575ull, seed[1] ^ 0x646f72616e646f6dull,
		seed[0] ^ 0x6c7967656e657261ull, seed[1] ^ 0x7465646279746573ull,
	};
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8) {
		uint64_t m;

		memcpy(&m, p, 8);
		v[3] ^= m;
		sip_round(v);
		v[0] ^= m;
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)p[i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void
map_init(struct map *m, size_t key_len, const uint64_t seed[2])
{
	*m = (struct map){ .key_len = key_len, .seed = { seed[0], seed[1] } };
}

void
map_fini(struct map *m)
{
	mem_free(m->keys);
	mem_free(m->values);
	*m = (struct map){ .key_len = m->key_len };
}

static size_t
home(const struct map *m, const void *key)
{
	return (size_t)siphash(m->seed, key, m->key_len) & (m->cap - 1);
}

static uint8_t *
key_at(const struct map *m, size_t i)
{
	return m->keys + i * m->key_len;
}

/* The place of key, or the free place where it belongs. There is always a free place. */
static size_t
place(const struct map *m, const void *key)
{
	size_t i = home(m, key);

	while (m->values[i] != NULL && memcmp(key_at(m, i), key, m->key_len) != 0)
		i = (i + 1) & (m->cap - 1);
	return i;
}

static bool
grow(struct map *m)
{
	struct map bigger = *m;
	size_t i;

	bigger.cap = m->cap == 0 ? 8 : m->cap * 2;
	bigger.keys = mem_array(bigger.cap, m->key_len);
	bigger.values = mem_array(bigger.cap, sizeof(void *));
	if (bigger.keys == NULL || bigger.values == NULL) {
		mem_free(bigger.keys);
		mem_free(bigger.values);
		return false;
	}
	for (i = 0; i < m->cap; i++) {
		size_t to;

		if (m->values[i] == NULL)
			continue;
		to = place(&bigger, key_at(m, i));
		memcpy(key_at(&bigger, to), key_at(m, i), m->key_len);
		bigger.values[to] = m->values[i];
	}
	mem_free(m->keys);
	mem_free(m->values);
	*m = bigger;
	return true;
}

void *
map_find(const struct map *m, const void *key)
{
	return m->cap == 0 ? NULL : m->values[place(m, key)];
}

bool
map_set(struct map *m, const void *key, void *value)
{
	size_t i;

	assert(value != NULL);
	/* At most three quarters full. */
	if (m->count + 1 > m->cap / 4 * 3 && !grow(m))
		return false;
	i = place(m, key);
	if (m->values[i] == NULL) {
		memcpy(key_at(m, i), key, m->key_len);
		m->count++;
	}
	m->values[i] = value;
	return true;
}

void *
map_remove(struct map *m, const void *key)
{
	size_t hole, i;
	void *value;

	if (m->cap == 0)
		return NULL;
	hole = place(m, key);
	value = m->values[hole];
	if (value == NULL)
		return NULL;
	m->count--;
	/* Close the hole: whoever was pushed past it moves back, so that no search stops early. */
	for (i = (hole + 1) & (m->cap - 1); m->values[i] != NULL; i = (i + 1) & (m->cap - 1)) {
		size_t want = home(m, key_at(m, i));

		if (((i - want) & (m->cap - 1)) < ((i - hole) & (m->cap - 1)))
			continue;
		memcpy(key_at(m, hole), key_at(m, i), m->key_len);
		m->values[hole] = m->values[i];
		hole = i;
	}
	m->values[hole] = NULL;
	return value;
}

void *
map_next(const struct map *m, size_t *pos)
{
	while (*pos < m->cap) {
		void *value = m->values[(*pos)++];

		if (value != NULL)
			return value;
	}
	return NULL;
}

/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/table.h"

#include <assert.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define HASH_LEN 20
#define LINE 64u
#define PAGE_SWARMS 32u
#define NUMBER_MASK 0xffffffu
#define NO_LIST UINT16_MAX

_Static_assert(sizeof(struct swarm) <= LINE, "a torrent is one line of the cache");

void
table_init(struct table *t, const uint64_t seed[2])
{
	*t = (struct table){ .seed = { seed[0], seed[1] }, .free = TABLE_NONE };
}

void
table_fini(struct table *t)
{
	for (uint32_t i = 0; i < (t->used + PAGE_SWARMS - 1) / PAGE_SWARMS; i++)
		mem_free(t->pages[i]);
	mem_free(t->pages);
	mem_free(t->places);
	*t = (struct table){ .free = TABLE_NONE };
}

static struct swarm *
slot(const struct table *t, uint32_t number)
{
	uintptr_t page = (uintptr_t)t->pages[number / PAGE_SWARMS];

	page = (page + LINE - 1) & ~(uintptr_t)(LINE - 1);
	return (struct swarm *)(page + (size_t)(number % PAGE_SWARMS) * LINE);
}

struct swarm *
table_at(const struct table *t, uint32_t number)
{
	struct swarm *w = slot(t, number);

	return w->live ? w : NULL;
}

static uint64_t
hash_of(const struct table *t, const uint8_t *info_hash)
{
	return siphash(t->seed, info_hash, HASH_LEN);
}

static uint32_t
home(const struct table *t, uint64_t hash)
{
	return (uint32_t)hash & (t->cap - 1);
}

/* What a place holds besides the number: most others are told apart by it. */
static uint32_t
tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32) & ~NUMBER_MASK;
}

/* The place of the torrent, or the free place where it belongs. There is always a free place. */
static uint32_t
place(const struct table *t, const uint8_t *info_hash, uint64_t hash)
{
	uint32_t i = home(t, hash);

	for (; t->places[i] != 0; i = (i + 1) & (t->cap - 1)) {
		if ((t->places[i] & ~NUMBER_MASK) == tag(hash) &&
		    memcmp(slot(t, (t->places[i] & NUMBER_MASK) - 1)->info_hash, info_hash,
		    HASH_LEN) == 0)
			break;
	}
	return i;
}

struct swarm *
table_find(const struct table *t, const uint8_t info_hash[20])
{
	uint32_t found;

	if (t->cap == 0)
		return NULL;
	found = t->places[place(t, info_hash, hash_of(t, info_hash))];
	return found != 0 ? slot(t, (found & NUMBER_MASK) - 1) : NULL;
}

void
table_prefetch_place(const struct table *t, const uint8_t info_hash[20])
{
	if (t->cap > 0)
		__builtin_prefetch(&t->places[home(t, hash_of(t, info_hash))]);
}

void
table_prefetch(const struct table *t, const uint8_t info_hash[20])
{
	uint64_t hash = hash_of(t, info_hash);

	if (t->cap == 0)
		return;
	for (uint32_t i = home(t, hash); t->places[i] != 0; i = (i + 1) & (t->cap - 1)) {
		if ((t->places[i] & ~NUMBER_MASK) == tag(hash)) {
			__builtin_prefetch(slot(t, (t->places[i] & NUMBER_MASK) - 1));
			return;
		}
	}
}

static bool
grow_places(struct table *t)
{
	uint32_t cap = t->cap == 0 ? 16 : t->cap * 2, *was = t->places;
	uint32_t *places = mem_array(cap, sizeof(*places));

	if (places == NULL)
		return false;
	t->places = places;
	t->cap = cap;
	for (uint32_t i = 0; i < t->used; i++) {
		const struct swarm *w = table_at(t, i);
		uint64_t hash;

		if (w == NULL)
			continue;
		hash = hash_of(t, w->info_hash);
		places[place(t, w->info_hash, hash)] = tag(hash) | (i + 1);
	}
	mem_free(was);
	return true;
}

/* A number that is free. */
static uint32_t
take_slot(struct table *t)
{
	uint32_t number = t->free;
	uint8_t **pages;

	if (number != TABLE_NONE) {
		t->free = slot(t, number)->next;
		return number;
	}
	if (t->used == TABLE_MAX)
		return TABLE_NONE;
	if (t->used % PAGE_SWARMS == 0) {
		uint32_t n = t->used / PAGE_SWARMS;

		pages = mem_grow(t->pages, n + 1, sizeof(*pages));
		if (pages == NULL)
			return TABLE_NONE;
		t->pages = pages;
		pages[n] = mem_alloc((PAGE_SWARMS + 1) * LINE - 16);
		if (pages[n] == NULL)
			return TABLE_NONE;
	}
	return t->used++;
}

struct swarm *
table_add(struct table *t, const uint8_t info_hash[20])
{
	uint64_t hash;
	uint32_t number;
	struct swarm *w;

	/* At most four fifths full. */
	if (t->count + 1 > t->cap / 5 * 4 && !grow_places(t))
		return NULL;
	number = take_slot(t);
	if (number == TABLE_NONE)
		return NULL;
	w = slot(t, number);
	*w = (struct swarm){ .number = number, .list = NO_LIST, .live = true };
	memcpy(w->info_hash, info_hash, HASH_LEN);
	hash = hash_of(t, info_hash);
	t->places[place(t, info_hash, hash)] = tag(hash) | (number + 1);
	t->count++;
	return w;
}

void
table_remove(struct table *t, struct swarm *w)
{
	uint32_t mask = t->cap - 1;
	uint32_t hole = place(t, w->info_hash, hash_of(t, w->info_hash));

	/* Close the hole: whoever was pushed past it moves back, so that no search stops early. */
	for (uint32_t i = (hole + 1) & mask; t->places[i] != 0; i = (i + 1) & mask) {
		const struct swarm *other = slot(t, (t->places[i] & NUMBER_MASK) - 1);
		uint32_t want = home(t, hash_of(t, other->info_hash));

		if (((i - want) & mask) < ((i - hole) & mask))
			continue;
		t->places[hole] = t->places[i];
		hole = i;
	}
	t->places[hole] = 0;
	t->count--;
	w->live = false;
	w->next = t->free;
	t->free = w->number;
}

struct swarm *
table_next(const struct table *t, size_t *pos)
{
	while (*pos < t->used) {
		struct swarm *w = table_at(t, (uint32_t)(*pos)++);

		if (w != NULL)
			return w;
	}
	return NULL;
}

void
table_enlist(struct table *t, struct swarm *w, uint32_t *heads, uint32_t list)
{
	if (w->list != NO_LIST) {
		if (w->prev != TABLE_NONE)
			slot(t, w->prev)->next = w->next;
		else
			heads[w->list] = w->next;
		if (w->next != TABLE_NONE)
			slot(t, w->next)->prev = w->prev;
	}
	w->list = list == TABLE_NONE ? NO_LIST : (uint16_t)list;
	if (list == TABLE_NONE)
		return;
	w->prev = TABLE_NONE;
	w->next = heads[list];
	if (w->next != TABLE_NONE)
		slot(t, w->next)->prev = w->number;
	heads[list] = w->number;
}

void
table_check(const struct table *t)
{
	uint32_t live = 0, named = 0;
	const struct swarm *w;

	for (size_t pos = 0; (w = table_next(t, &pos)) != NULL; live++)
		assert(table_find(t, w->info_hash) == w);
	for (uint32_t i = 0; i < t->cap; i++)
		named += t->places[i] != 0;
	assert(live == t->count && named == t->count);
}

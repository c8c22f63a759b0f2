/* SPDX-License-Identifier: ISC */
#include "tracker/peers.h"

#include <assert.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "proto/compact.h"

#define ID_LEN 20
#define INDEX_FROM 32u		/* fewer peers are found by looking at each */
#define RUN_LEN 8u		/* peers taken side by side: about a cache line of addresses */

struct peers_kind
peers_kind(enum addr_family family, const uint64_t seed[2])
{
	return (struct peers_kind){ { seed[0], seed[1] }, family, compact_len(family) };
}

/* Where the columns lie in a block: the wide ones first, so that each is aligned. */

static uint32_t *
keys_of(const struct peers *p)
{
	return (uint32_t *)(void *)p->block;
}

static uint16_t *
seen_of(const struct peers *p)
{
	return (uint16_t *)(void *)(p->block + (size_t)p->cap * 4);
}

static uint8_t *
ids_of(const struct peers *p)
{
	return p->block + (size_t)p->cap * 6;
}

static uint8_t *
flags_of(const struct peers *p)
{
	return p->block + (size_t)p->cap * (6 + ID_LEN);
}

static uint8_t *
addrs_of(const struct peers *p)
{
	return p->block + (size_t)p->cap * (7 + ID_LEN);
}

static size_t
block_len(uint32_t cap, size_t addr_len)
{
	return (size_t)cap * (7 + ID_LEN + addr_len);
}

/* -- finding a peer by its id -- */

static uint32_t
index_home(const struct peers_kind *k, const struct peers *p, const uint8_t *id)
{
	return (uint32_t)siphash(k->seed, id, ID_LEN) & (p->index_cap - 1);
}

static void
index_put(const struct peers_kind *k, struct peers *p, uint32_t i)
{
	uint32_t at = index_home(k, p, ids_of(p) + (size_t)i * ID_LEN);

	while (p->index[at] != 0)
		at = (at + 1) & (p->index_cap - 1);
	p->index[at] = i + 1;
}

/* The place that names peer i. */
static uint32_t
index_place(const struct peers_kind *k, const struct peers *p, uint32_t i)
{
	uint32_t at = index_home(k, p, ids_of(p) + (size_t)i * ID_LEN);

	while (p->index[at] != i + 1)
		at = (at + 1) & (p->index_cap - 1);
	return at;
}

/* Closes the gap, so that no search ends too early. */
static void
index_remove(const struct peers_kind *k, struct peers *p, uint32_t i)
{
	uint32_t mask = p->index_cap - 1;
	uint32_t hole = index_place(k, p, i);

	for (uint32_t at = (hole + 1) & mask; p->index[at] != 0; at = (at + 1) & mask) {
		uint32_t home = index_home(k, p, ids_of(p) + (size_t)(p->index[at] - 1) * ID_LEN);

		if (((at - home) & mask) >= ((at - hole) & mask)) {
			p->index[hole] = p->index[at];
			hole = at;
		}
	}
	p->index[hole] = 0;
}

static void
index_rebuild(const struct peers_kind *k, struct peers *p)
{
	memset(p->index, 0, (size_t)p->index_cap * sizeof(*p->index));
	for (uint32_t i = 0; i < p->count; i++)
		index_put(k, p, i);
}

uint32_t
peers_find(const struct peers_kind *k, const struct peers *p, const uint8_t id[20])
{
	const uint8_t *ids;

	if (p->count == 0)
		return PEERS_NONE;
	ids = ids_of(p);
	if (p->index == NULL) {
		/* The tail of an id is what differs: the head names the client. */
		for (uint32_t i = 0; i < p->count; i++) {
			const uint8_t *other = ids + (size_t)i * ID_LEN;

			if (memcmp(other + 12, id + 12, 8) == 0 && memcmp(other, id, 12) == 0)
				return i;
		}
		return PEERS_NONE;
	}
	for (uint32_t at = index_home(k, p, id); p->index[at] != 0;
	    at = (at + 1) & (p->index_cap - 1)) {
		if (memcmp(ids + (size_t)(p->index[at] - 1) * ID_LEN, id, ID_LEN) == 0)
			return p->index[at] - 1;
	}
	return PEERS_NONE;
}

/* -- the columns -- */

void
peers_fini(struct peers *p)
{
	mem_free(p->block);
	mem_free(p->index);
	*p = (struct peers){ 0 };
}

/* Copies everything to a block of another size; false: no memory, nothing changed. */
static bool MUST_USE
peers_resize(const struct peers_kind *k, struct peers *p, uint32_t cap)
{
	struct peers to = { .count = p->count, .leeches = p->leeches, .cap = cap };

	to.block = mem_alloc(block_len(cap, k->addr_len));
	if (to.block == NULL)
		return false;
	if (cap > INDEX_FROM) {
		to.index_cap = 64;
		while (to.index_cap < cap + cap / 2)
			to.index_cap *= 2;
		to.index = mem_array(to.index_cap, sizeof(*to.index));
		if (to.index == NULL) {
			mem_free(to.block);
			return false;
		}
	}
	if (p->count > 0) {
		memcpy(keys_of(&to), keys_of(p), (size_t)p->count * 4);
		memcpy(seen_of(&to), seen_of(p), (size_t)p->count * 2);
		memcpy(ids_of(&to), ids_of(p), (size_t)p->count * ID_LEN);
		memcpy(flags_of(&to), flags_of(p), p->count);
		memcpy(addrs_of(&to), addrs_of(p), p->count * k->addr_len);
	}
	if (to.index != NULL)
		index_rebuild(k, &to);
	peers_fini(p);
	*p = to;
	return true;
}

/* Peer from becomes also peer to; the index is the caller's. */
static void
peers_copy(const struct peers_kind *k, struct peers *p, uint32_t to, uint32_t from)
{
	keys_of(p)[to] = keys_of(p)[from];
	seen_of(p)[to] = seen_of(p)[from];
	memcpy(ids_of(p) + (size_t)to * ID_LEN, ids_of(p) + (size_t)from * ID_LEN, ID_LEN);
	flags_of(p)[to] = flags_of(p)[from];
	memcpy(addrs_of(p) + to * k->addr_len, addrs_of(p) + from * k->addr_len, k->addr_len);
}

/* As peers_copy, for a place that the index does not name. */
static void
peers_move(const struct peers_kind *k, struct peers *p, uint32_t to, uint32_t from)
{
	if (to == from)
		return;
	if (p->index != NULL)
		p->index[index_place(k, p, from)] = to + 1;
	peers_copy(k, p, to, from);
}

/* The first seed makes room for a leech at the border, or the other way round. */
static void
peers_swap(const struct peers_kind *k, struct peers *p, uint32_t a, uint32_t b)
{
	uint8_t addr[COMPACT_V6_LEN], id[ID_LEN];
	uint32_t place_a = 0, place_b = 0, key = keys_of(p)[a];
	uint16_t seen = seen_of(p)[a];
	uint8_t flags = flags_of(p)[a];

	if (a == b)
		return;
	if (p->index != NULL) {
		place_a = index_place(k, p, a);
		place_b = index_place(k, p, b);
		p->index[place_a] = b + 1;
		p->index[place_b] = a + 1;
	}
	memcpy(addr, addrs_of(p) + a * k->addr_len, k->addr_len);
	memcpy(id, ids_of(p) + (size_t)a * ID_LEN, ID_LEN);
	peers_copy(k, p, a, b);
	keys_of(p)[b] = key;
	seen_of(p)[b] = seen;
	flags_of(p)[b] = flags;
	memcpy(addrs_of(p) + b * k->addr_len, addr, k->addr_len);
	memcpy(ids_of(p) + (size_t)b * ID_LEN, id, ID_LEN);
}

/* Returns the peer's new number. */
static uint32_t
peers_set_seed(const struct peers_kind *k, struct peers *p, uint32_t i, bool seed)
{
	uint32_t to;

	if (seed == (i >= p->leeches))
		return i;
	to = seed ? --p->leeches : p->leeches++;
	peers_swap(k, p, i, to);
	return to;
}

void
peers_remove(const struct peers_kind *k, struct peers *p, uint32_t i)
{
	if (p->index != NULL)
		index_remove(k, p, i);
	if (i < p->leeches) {
		p->leeches--;
		peers_move(k, p, i, p->leeches);
		i = p->leeches;
	}
	p->count--;
	peers_move(k, p, i, p->count);
	if (p->count == 0)
		peers_fini(p);
}

void
peers_shrink(const struct peers_kind *k, struct peers *p)
{
	/* Without memory it stays as large as it is. */
	if (p->cap > 8 && p->count > 0 && p->count < p->cap / 4)
		(void)!peers_resize(k, p, p->count * 2);
}

static uint32_t
grown(uint32_t cap)
{
	return cap < 4 ? cap + 2 : cap + cap / 2;
}

bool
peers_add(const struct peers_kind *k, struct peers *p, const struct peers_entry *e, uint16_t tick)
{
	uint32_t i;

	if (p->count == p->cap && (p->cap > UINT32_MAX / 4 || !peers_resize(k, p, grown(p->cap))))
		return false;
	i = p->count++;
	keys_of(p)[i] = 0;
	memcpy(ids_of(p) + (size_t)i * ID_LEN, e->id, ID_LEN);
	if (p->index != NULL)
		index_put(k, p, i);
	peers_update(k, p, i, e, tick);
	return true;
}

void
peers_update(const struct peers_kind *k, struct peers *p, uint32_t i, const struct peers_entry *e,
    uint16_t tick)
{
	uint8_t packed[COMPACT_V6_LEN];

	i = peers_set_seed(k, p, i, e->seed);
	seen_of(p)[i] = tick;
	flags_of(p)[i] = e->flags;
	if (e->key != 0)
		keys_of(p)[i] = e->key;
	(void)compact_write(packed, &e->addr);
	memcpy(addrs_of(p) + i * k->addr_len, packed, k->addr_len);
}

void
peers_expire(const struct peers_kind *k, struct peers *p, uint16_t tick, uint16_t age)
{
	uint32_t before = p->count;

	/* Backwards: what a removal moves was looked at already. */
	for (uint32_t i = p->count; i-- > 0;) {
		if ((uint16_t)(tick - seen_of(p)[i]) >= age)
			peers_remove(k, p, i);
	}
	if (p->count < before)
		peers_shrink(k, p);
}

struct peers_entry
peers_at(const struct peers_kind *k, const struct peers *p, uint32_t i)
{
	return (struct peers_entry){
		.addr = compact_read(addrs_of(p) + i * k->addr_len, k->family),
		.id = ids_of(p) + (size_t)i * ID_LEN,
		.key = keys_of(p)[i],
		.seed = i >= p->leeches,
		.flags = flags_of(p)[i],
	};
}

/* -- choosing -- */

struct choice {
	const struct peers *from;
	size_t addr_len;
	uint32_t self;		/* not to be taken */
	struct peers_room *to;
};

static void
take(const struct choice *c, uint32_t i, uint32_t n)
{
	const struct peers *p = c->from;
	struct peers_room *to = c->to;

	if (n == 0)
		return;
	memcpy(to->addr + to->got * c->addr_len, addrs_of(p) + i * c->addr_len, n * c->addr_len);
	if (to->id != NULL)
		memcpy(to->id + (size_t)to->got * ID_LEN, ids_of(p) + (size_t)i * ID_LEN,
		    (size_t)n * ID_LEN);
	if (to->flags != NULL)
		memcpy(to->flags + to->got, flags_of(p) + i, n);
	to->got += n;
}

/* The same in numbers that leave out self. */
static void
take_others(const struct choice *c, uint32_t i, uint32_t n)
{
	uint32_t before = i >= c->self ? 0 : c->self - i < n ? c->self - i : n;

	take(c, i, before);
	take(c, i + before + 1, n - before);
}

/*
 * The range, turned by a random amount, is cut into equal parts, and a short run is taken at random
 * from each: few places in memory are touched, yet what is taken comes from everywhere.
 */
void
peers_choose(const struct peers_kind *k, const struct peers *p, uint32_t n, uint32_t want,
    uint32_t self, struct rng *rng, struct peers_room *out)
{
	struct choice c = { p, k->addr_len, self, out };
	uint32_t parts, turn;

	if (self < n)
		n--;
	else
		c.self = PEERS_NONE;
	if (want > n)
		want = n;
	if (want == 0)
		return;
	parts = n / 2 < want ? 1 : (want + RUN_LEN - 1) / RUN_LEN;
	turn = rng_below(rng, n);
	for (uint32_t part = 0; part < parts; part++) {
		uint32_t low = (uint32_t)((uint64_t)part * n / parts);
		uint32_t high = (uint32_t)((uint64_t)(part + 1) * n / parts);
		uint32_t run = want * (part + 1) / parts - want * part / parts;
		uint32_t at = low + rng_below(rng, high - low - run + 1);
		uint32_t to_end;

		at = at < n - turn ? at + turn : at - (n - turn);
		to_end = n - at < run ? n - at : run;
		take_others(&c, at, to_end);
		take_others(&c, 0, run - to_end);
	}
}

void
peers_check(const struct peers_kind *k, const struct peers *p)
{
	uint32_t named = 0;

	assert(p->leeches <= p->count && p->count <= p->cap);
	assert((p->count == 0) == (p->block == NULL));
	assert((p->index != NULL) == (p->cap > INDEX_FROM));
	for (uint32_t i = 0; i < p->count; i++)
		assert(peers_find(k, p, ids_of(p) + (size_t)i * ID_LEN) == i);
	for (uint32_t i = 0; i < p->index_cap; i++)
		named += p->index[i] != 0;
	assert(p->index == NULL || named == p->count);
}

/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/peers.h"

#include <assert.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "proto/compact.h"

#define ID_LEN 20
#define KEY_LEN 4
#define INDEX_FROM 32u		/* fewer peers are found by looking at each */
#define AHEAD 16u		/* peers whose places in the index are fetched at once */
#define LARGE 100000u		/* peers that it takes some milliseconds to copy */
#define RUN_LEN 8u		/* peers taken side by side: about a cache line of addresses */

struct peers_kind
peers_kind(enum addr_family family, bool ids, const uint64_t seed[2])
{
	return (struct peers_kind){ { seed[0], seed[1] }, family, (uint8_t)compact_len(family),
	    ids ? ID_LEN : 0, ids ? KEY_LEN : 0 };
}

/* Where the columns lie behind the head. Addresses first: they are what most announces read. */

static uint8_t *
addr_at(const struct peers_kind *k, const struct peers *p, uint32_t i)
{
	return (uint8_t *)(uintptr_t)(p + 1) + (size_t)i * k->addr_len;
}

static uint8_t *
seen_of(const struct peers_kind *k, const struct peers *p)
{
	return addr_at(k, p, p->cap);
}

static uint8_t *
flags_of(const struct peers_kind *k, const struct peers *p)
{
	return seen_of(k, p) + p->cap;
}

static uint8_t *
id_at(const struct peers_kind *k, const struct peers *p, uint32_t i)
{
	return flags_of(k, p) + p->cap + (size_t)i * k->id_len;
}

static uint8_t *
key_at(const struct peers_kind *k, const struct peers *p, uint32_t i)
{
	return id_at(k, p, p->cap) + (size_t)i * k->key_len;
}

static size_t
columns_len(const struct peers_kind *k, uint32_t cap)
{
	return (size_t)cap * (k->addr_len + 2u + k->id_len + k->key_len);
}

/* At most four fifths full. */
static uint32_t
index_cap(uint32_t cap)
{
	uint32_t n = 64;

	if (cap <= INDEX_FROM)
		return 0;
	while ((uint64_t)n * 4 / 5 < cap)
		n *= 2;
	return n;
}

/* Bytes of a place: a number + 1 must fit, and most swarms are small. */
static size_t
place_len(uint32_t cap)
{
	return cap <= UINT16_MAX ? 2 : 4;
}

/* One index of addresses, and one of ids where these are kept. */
static size_t
indexes_len(const struct peers_kind *k, uint32_t cap)
{
	return (size_t)index_cap(cap) * place_len(cap) * (k->id_len != 0 ? 2 : 1);
}

static size_t
block_len(const struct peers_kind *k, uint32_t cap)
{
	return sizeof(struct peers) + (columns_len(k, cap) + 3) / 4 * 4 + indexes_len(k, cap);
}

size_t
peers_bytes(const struct peers_kind *k, const struct peers *p)
{
	return p == NULL ? 0 : sizeof(*p) + columns_len(k, p->cap);
}

/* -- an index: numbers + 1 in places, 0 free; only if there are many -- */

struct places {
	uint8_t *at;
	uint32_t mask;
	bool wide;
};

static struct places
places_at(const struct peers *p, const uint8_t *at)
{
	return (struct places){ (uint8_t *)(uintptr_t)at, index_cap(p->cap) - 1,
		place_len(p->cap) == 4 };
}

static struct places
index_of(const struct peers_kind *k, const struct peers *p)
{
	size_t columns = columns_len(k, p->cap);

	return places_at(p, (const uint8_t *)(p + 1) + (columns + 3) / 4 * 4);
}

static inline uint32_t
place_get(const struct places *x, uint32_t i)
{
	return x->wide ? ((const uint32_t *)(const void *)x->at)[i] :
	    ((const uint16_t *)(const void *)x->at)[i];
}

static inline void
place_set(const struct places *x, uint32_t i, uint32_t v)
{
	if (x->wide)
		((uint32_t *)(void *)x->at)[i] = v;
	else
		((uint16_t *)(void *)x->at)[i] = (uint16_t)v;
}

static void
places_clear(const struct places *x)
{
	memset(x->at, 0, ((size_t)x->mask + 1) * (x->wide ? 4 : 2));
}

/* -- finding a peer by its address -- */

/*
 * All ports of one party begin at one place, so that they can be counted there. On local networks,
 * where nobody counts, they do not.
 */
static size_t
hashed_len(const struct peers_kind *k, const uint8_t *addr)
{
	struct addr a = compact_read(addr, k->family);

	if (addr_is_local(&a))
		return k->addr_len;
	return k->family == ADDR_V4 ? 4 : 8;
}

static uint32_t
index_home(const struct peers_kind *k, const struct peers *p, const uint8_t *addr)
{
	return (uint32_t)siphash(k->seed, addr, hashed_len(k, addr)) & (index_cap(p->cap) - 1);
}

static void
index_put(const struct peers_kind *k, struct peers *p, uint32_t i)
{
	const struct places x = index_of(k, p);
	uint32_t at = index_home(k, p, addr_at(k, p, i));

	while (place_get(&x, at) != 0)
		at = (at + 1) & x.mask;
	place_set(&x, at, i + 1);
}

/* The place that names peer i. */
static uint32_t
index_place(const struct peers_kind *k, const struct peers *p, uint32_t i)
{
	const struct places x = index_of(k, p);
	uint32_t at = index_home(k, p, addr_at(k, p, i));

	while (place_get(&x, at) != i + 1)
		at = (at + 1) & x.mask;
	return at;
}

/* Closes the gap, so that no search ends too early. */
static void
index_remove(const struct peers_kind *k, struct peers *p, uint32_t i)
{
	const struct places x = index_of(k, p);
	uint32_t hole = index_place(k, p, i), named;

	for (uint32_t at = (hole + 1) & x.mask; (named = place_get(&x, at)) != 0;
	    at = (at + 1) & x.mask) {
		uint32_t home = index_home(k, p, addr_at(k, p, named - 1));

		if (((at - home) & x.mask) >= ((at - hole) & x.mask)) {
			place_set(&x, hole, named);
			hole = at;
		}
	}
	place_set(&x, hole, 0);
}

static void
index_rebuild(const struct peers_kind *k, struct peers *p)
{
	const struct places x = index_of(k, p);
	uint32_t n = peers_count(p), homes[AHEAD] = { 0 };

	places_clear(&x);
	for (uint32_t i = 0; i < n + AHEAD; i++) {
		uint32_t at = homes[i % AHEAD];

		if (i < n) {
			homes[i % AHEAD] = index_home(k, p, addr_at(k, p, i));
			__builtin_prefetch(x.at + (size_t)homes[i % AHEAD] * (x.wide ? 4 : 2), 1);
		}
		if (i < AHEAD)
			continue;
		while (place_get(&x, at) != 0)
			at = (at + 1) & x.mask;
		place_set(&x, at, i - AHEAD + 1);
	}
}

/* Lengths that the compiler knows make a comparison of two instructions. */
static bool
same_addr(const struct peers_kind *k, const uint8_t *a, const uint8_t *b)
{
	return k->addr_len == COMPACT_V4_LEN ? memcmp(a, b, COMPACT_V4_LEN) == 0 :
	    memcmp(a, b, COMPACT_V6_LEN) == 0;
}

uint32_t
peers_find(const struct peers_kind *k, const struct peers *p, const uint8_t *addr)
{
	struct places x;
	uint32_t named;

	if (p == NULL)
		return PEERS_NONE;
	if (p->cap <= INDEX_FROM) {
		for (uint32_t i = 0; i < peers_count(p); i++) {
			if (same_addr(k, addr_at(k, p, i), addr))
				return i;
		}
		return PEERS_NONE;
	}
	x = index_of(k, p);
	for (uint32_t at = index_home(k, p, addr); (named = place_get(&x, at)) != 0;
	    at = (at + 1) & x.mask) {
		if (same_addr(k, addr_at(k, p, named - 1), addr))
			return named - 1;
	}
	return PEERS_NONE;
}

uint32_t
peers_kin(const struct peers_kind *k, const struct peers *p, const struct addr *a, uint32_t max)
{
	uint8_t addr[PEERS_ADDR_MAX];
	struct places x;
	uint32_t named, n = 0;
	size_t len;

	if (p == NULL || addr_is_local(a))
		return 0;
	(void)compact_write(addr, a);
	len = hashed_len(k, addr);
	if (p->cap <= INDEX_FROM) {
		for (uint32_t i = 0; i < peers_count(p) && n < max; i++)
			n += memcmp(addr_at(k, p, i), addr, len) == 0;
		return n;
	}
	x = index_of(k, p);
	for (uint32_t at = index_home(k, p, addr); (named = place_get(&x, at)) != 0 && n < max;
	    at = (at + 1) & x.mask)
		n += memcmp(addr_at(k, p, named - 1), addr, len) == 0;
	return n;
}

/* -- finding a peer by its id -- */

/*
 * An id stands in its index once, whoever uses it: a crowd that has one id in common would make
 * every search long. Who came first has the place.
 */
static struct places
ids_of(const struct peers_kind *k, const struct peers *p)
{
	const struct places x = index_of(k, p);

	return places_at(p, x.at + ((size_t)x.mask + 1) * place_len(p->cap));
}

static uint32_t
id_home(const struct peers_kind *k, const struct peers *p, const uint8_t *id)
{
	return (uint32_t)siphash(k->seed, id, ID_LEN) & (index_cap(p->cap) - 1);
}

/* The place that names a peer with this id, or else the free one where it belongs. */
static uint32_t
id_place(const struct peers_kind *k, const struct peers *p, const uint8_t *id)
{
	const struct places x = ids_of(k, p);
	uint32_t at = id_home(k, p, id), named;

	while ((named = place_get(&x, at)) != 0 &&
	    memcmp(id_at(k, p, named - 1), id, ID_LEN) != 0)
		at = (at + 1) & x.mask;
	return at;
}

static bool
has_ids(const struct peers_kind *k, const struct peers *p)
{
	return k->id_len != 0 && p->cap > INDEX_FROM;
}

static void
id_put(const struct peers_kind *k, struct peers *p, uint32_t i)
{
	struct places x;
	uint32_t at;

	if (!has_ids(k, p))
		return;
	x = ids_of(k, p);
	at = id_place(k, p, id_at(k, p, i));
	if (place_get(&x, at) == 0)
		place_set(&x, at, i + 1);
}

/* If it is peer i that its id names. */
static void
id_remove(const struct peers_kind *k, struct peers *p, uint32_t i)
{
	uint32_t hole, named;
	struct places x;

	if (!has_ids(k, p))
		return;
	x = ids_of(k, p);
	hole = id_place(k, p, id_at(k, p, i));
	if (place_get(&x, hole) != i + 1)
		return;
	for (uint32_t at = (hole + 1) & x.mask; (named = place_get(&x, at)) != 0;
	    at = (at + 1) & x.mask) {
		uint32_t home = id_home(k, p, id_at(k, p, named - 1));

		if (((at - home) & x.mask) >= ((at - hole) & x.mask)) {
			place_set(&x, hole, named);
			hole = at;
		}
	}
	place_set(&x, hole, 0);
}

static void
id_renumber(const struct peers_kind *k, struct peers *p, uint32_t from, uint32_t to)
{
	struct places x;
	uint32_t at;

	if (!has_ids(k, p))
		return;
	x = ids_of(k, p);
	at = id_place(k, p, id_at(k, p, from));
	if (place_get(&x, at) == from + 1)
		place_set(&x, at, to + 1);
}

/* Both may have one id. */
static void
id_swap(const struct peers_kind *k, struct peers *p, uint32_t a, uint32_t b)
{
	uint32_t at_a, at_b;
	bool named_a, named_b;
	struct places x;

	if (!has_ids(k, p))
		return;
	x = ids_of(k, p);
	at_a = id_place(k, p, id_at(k, p, a));
	at_b = id_place(k, p, id_at(k, p, b));
	named_a = place_get(&x, at_a) == a + 1;
	named_b = place_get(&x, at_b) == b + 1;
	if (named_a)
		place_set(&x, at_a, b + 1);
	if (named_b)
		place_set(&x, at_b, a + 1);
}

static void
ids_rebuild(const struct peers_kind *k, struct peers *p)
{
	struct places x;

	if (!has_ids(k, p))
		return;
	x = ids_of(k, p);
	places_clear(&x);
	for (uint32_t i = 0; i < peers_count(p); i++)
		id_put(k, p, i);
}

uint32_t
peers_find_id(const struct peers_kind *k, const struct peers *p, const uint8_t *id)
{
	if (p == NULL || k->id_len == 0)
		return PEERS_NONE;
	if (has_ids(k, p)) {
		const struct places x = ids_of(k, p);

		return place_get(&x, id_place(k, p, id)) - 1;	/* 0 becomes PEERS_NONE */
	}
	for (uint32_t i = 0; i < peers_count(p); i++) {
		if (memcmp(id_at(k, p, i), id, ID_LEN) == 0)
			return i;
	}
	return PEERS_NONE;
}

/* -- the columns -- */

void
peers_free(struct peers *p)
{
	mem_free(p);
}

/* Copies everything to a block of another size; false: no memory, nothing changed. */
static bool MUST_USE
resize(const struct peers_kind *k, struct peers **block, uint32_t cap)
{
	struct peers *from = *block, *to = mem_alloc(block_len(k, cap));

	if (to == NULL)
		return false;
	*to = from != NULL ? *from : (struct peers){ .paused = 0 };
	to->cap = cap;
	if (from != NULL) {
		uint32_t n = peers_count(from);

		memcpy(addr_at(k, to, 0), addr_at(k, from, 0), (size_t)n * k->addr_len);
		memcpy(seen_of(k, to), seen_of(k, from), n);
		memcpy(flags_of(k, to), flags_of(k, from), n);
		memcpy(id_at(k, to, 0), id_at(k, from, 0), (size_t)n * k->id_len);
		memcpy(key_at(k, to, 0), key_at(k, from, 0), (size_t)n * k->key_len);
	}
	if (cap > INDEX_FROM && from != NULL && index_cap(from->cap) == index_cap(cap) &&
	    place_len(from->cap) == place_len(cap)) {
		memcpy(index_of(k, to).at, index_of(k, from).at, indexes_len(k, cap));
	} else if (cap > INDEX_FROM) {
		index_rebuild(k, to);
		ids_rebuild(k, to);
	}
	mem_free(from);
	*block = to;
	return true;
}

/* Peer from becomes also peer to; the indexes are the caller's. */
static void
copy(const struct peers_kind *k, struct peers *p, uint32_t to, uint32_t from)
{
	memcpy(addr_at(k, p, to), addr_at(k, p, from), k->addr_len);
	seen_of(k, p)[to] = seen_of(k, p)[from];
	flags_of(k, p)[to] = flags_of(k, p)[from];
	memcpy(id_at(k, p, to), id_at(k, p, from), k->id_len);
	memcpy(key_at(k, p, to), key_at(k, p, from), k->key_len);
}

/* As copy, for a place that no index names. */
static void
move(const struct peers_kind *k, struct peers *p, uint32_t to, uint32_t from)
{
	if (to == from)
		return;
	if (p->cap > INDEX_FROM) {
		const struct places x = index_of(k, p);

		place_set(&x, index_place(k, p, from), to + 1);
	}
	id_renumber(k, p, from, to);
	copy(k, p, to, from);
}

static void
swap(const struct peers_kind *k, struct peers *p, uint32_t a, uint32_t b)
{
	uint8_t addr[PEERS_ADDR_MAX], id[ID_LEN], key[KEY_LEN];
	uint8_t seen = seen_of(k, p)[a], flags = flags_of(k, p)[a];

	if (a == b)
		return;
	if (p->cap > INDEX_FROM) {
		const struct places x = index_of(k, p);
		uint32_t at_a = index_place(k, p, a), at_b = index_place(k, p, b);

		place_set(&x, at_a, b + 1);
		place_set(&x, at_b, a + 1);
	}
	id_swap(k, p, a, b);
	memcpy(addr, addr_at(k, p, a), k->addr_len);
	memcpy(id, id_at(k, p, a), k->id_len);
	memcpy(key, key_at(k, p, a), k->key_len);
	copy(k, p, a, b);
	memcpy(addr_at(k, p, b), addr, k->addr_len);
	seen_of(k, p)[b] = seen;
	flags_of(k, p)[b] = flags;
	memcpy(id_at(k, p, b), id, k->id_len);
	memcpy(key_at(k, p, b), key, k->key_len);
}

static bool
is_other(const struct peers *p, uint32_t i)
{
	return i >= p->ends[PEERS_LEECHES] && i < p->ends[PEERS_HIDDEN_OTHERS];
}

static unsigned
zone_for(bool other, uint8_t flags)
{
	if ((flags & PEERS_UNREACHED) != 0)
		return other ? PEERS_HIDDEN_OTHERS : PEERS_HIDDEN_LEECHES;
	return other ? PEERS_OTHERS : PEERS_LEECHES;
}

static unsigned
zone_for_entry(const struct peers_entry *e)
{
	return zone_for(e->seed || (e->flags & PEERS_PAUSED) != 0, e->flags);
}

static unsigned
zone_of(const struct peers *p, uint32_t i)
{
	unsigned zone = 0;

	while (i >= p->ends[zone])
		zone++;
	return zone;
}

static bool
in_zone(const struct peers *p, uint32_t i, unsigned zone)
{
	return i < p->ends[zone] && (zone == 0 || i >= p->ends[zone - 1]);
}

/* Past one border after the other: who stood there takes its place. Returns its new number. */
static uint32_t
set_zone(const struct peers_kind *k, struct peers *p, uint32_t i, unsigned zone)
{
	unsigned at = zone_of(p, i);
	uint32_t to;

	for (; at > zone; at--, i = to) {
		to = p->ends[at - 1]++;
		swap(k, p, i, to);
	}
	for (; at < zone; at++, i = to) {
		to = --p->ends[at];
		swap(k, p, i, to);
	}
	return i;
}

static uint32_t
grown(uint32_t cap)
{
	/* Small swarms are most of all: what they do not use is counted in bytes. */
	return cap < 16 ? cap + 2 : cap < 64 ? cap + cap / 4 : cap + cap / 8;
}

/* Removing and adding in turn must not copy everything each time. What is large is copied when less
 * of it is left: others wait for that. */
static void
shrink(const struct peers_kind *k, struct peers **p)
{
	uint32_t cap = (*p)->cap, count = peers_count(*p);

	if (cap < 16 ? count + 4 > cap : count > cap / (cap < LARGE ? 2 : 4))
		return;
	(void)!resize(k, p, cap < 16 ? count + 2 : grown(count));
}

/* A place at the end of a zone: the first one of each that follows goes to its end. */
static uint32_t
make_place(const struct peers_kind *k, struct peers *p, unsigned zone)
{
	uint32_t place = p->ends[PEERS_ZONES - 1]++;

	for (unsigned at = PEERS_ZONES - 1; at > zone; at--) {
		uint32_t first = p->ends[at - 1]++;

		move(k, p, place, first);
		place = first;
	}
	return place;
}

static void
take_out(const struct peers_kind *k, struct peers *p, uint32_t i)
{
	if (p->cap > INDEX_FROM)
		index_remove(k, p, i);
	id_remove(k, p, i);
	p->paused -= (flags_of(k, p)[i] & PEERS_PAUSED) != 0;
	for (unsigned zone = zone_of(p, i); zone < PEERS_ZONES; zone++) {
		uint32_t last = --p->ends[zone];

		move(k, p, i, last);
		i = last;
	}
}

static void
settle(const struct peers_kind *k, struct peers **p)
{
	if (peers_count(*p) > 0) {
		shrink(k, p);
		return;
	}
	mem_free(*p);
	*p = NULL;
}

void
peers_remove(const struct peers_kind *k, struct peers **p, uint32_t i)
{
	take_out(k, *p, i);
	settle(k, p);
}

bool
peers_add(const struct peers_kind *k, struct peers **block, const struct peers_entry *e,
    uint8_t tick)
{
	struct peers *p = *block;
	uint32_t i, cap = p != NULL ? p->cap : 0;

	if (peers_count(p) == cap && (cap > UINT32_MAX / 4 || !resize(k, block, grown(cap))))
		return false;
	p = *block;
	i = make_place(k, p, zone_for_entry(e));
	(void)compact_write(addr_at(k, p, i), &e->addr);
	flags_of(k, p)[i] = 0;
	if (p->cap > INDEX_FROM)
		index_put(k, p, i);
	memset(id_at(k, p, i), 0, k->id_len);
	memset(key_at(k, p, i), 0, k->key_len);
	id_put(k, p, i);
	(void)peers_update(k, p, i, e, tick);
	return true;
}

/* Its key is known only as long as the id is the same. */
static void
set_id(const struct peers_kind *k, struct peers *p, uint32_t i, const struct peers_entry *e)
{
	if (memcmp(id_at(k, p, i), e->id, ID_LEN) != 0) {
		id_remove(k, p, i);
		memcpy(id_at(k, p, i), e->id, ID_LEN);
		id_put(k, p, i);
	} else if (e->key == 0) {
		return;
	}
	memcpy(key_at(k, p, i), &e->key, KEY_LEN);
}

uint32_t
peers_update(const struct peers_kind *k, struct peers *p, uint32_t i, const struct peers_entry *e,
    uint8_t tick)
{
	bool paused = (e->flags & PEERS_PAUSED) != 0;
	unsigned zone = zone_for_entry(e);

	/* Mostly it stays where it is. */
	if (!in_zone(p, i, zone))
		i = set_zone(k, p, i, zone);
	p->paused += (uint32_t)paused - ((flags_of(k, p)[i] & PEERS_PAUSED) != 0);
	seen_of(k, p)[i] = tick;
	flags_of(k, p)[i] = e->flags;
	if (k->id_len != 0 && e->id != NULL)
		set_id(k, p, i, e);
	return i;
}

void
peers_reach(const struct peers_kind *k, struct peers *p, uint32_t i)
{
	uint8_t *flags = &flags_of(k, p)[i];

	*flags &= (uint8_t)~(PEERS_UNREACHED | PEERS_CLAIMED);
	(void)set_zone(k, p, i, zone_for(is_other(p, i), *flags));
}

void
peers_expire(const struct peers_kind *k, struct peers **block, struct peers_expiry *x,
    uint32_t *left)
{
	struct peers *p = *block;
	uint32_t i = *left < peers_count(p) ? *left : peers_count(p), removed = 0;

	/* Backwards: what a removal moves was looked at already. */
	while (i > 0 && x->work > 0) {
		uint8_t silent = (uint8_t)(x->tick - seen_of(k, p)[--i]);

		x->work--;
		if (silent >= x->age) {
			take_out(k, p, i);
			x->work -= x->work < PEERS_REMOVAL ? x->work : PEERS_REMOVAL;
			removed++;
		} else if (silent > x->oldest) {
			x->oldest = silent;
		}
	}
	*left = i;
	x->removed += removed;
	if (removed > 0)
		settle(k, block);
}

struct peers_entry
peers_at(const struct peers_kind *k, const struct peers *p, uint32_t i)
{
	uint8_t flags = flags_of(k, p)[i];
	uint32_t key = 0;

	memcpy(&key, key_at(k, p, i), k->key_len);
	return (struct peers_entry){
		.addr = compact_read(addr_at(k, p, i), k->family),
		.id = k->id_len != 0 ? id_at(k, p, i) : NULL,
		.seed = is_other(p, i) && (flags & PEERS_PAUSED) == 0,
		.flags = flags,
		.key = key,
	};
}

/* -- choosing -- */

struct choice {
	const struct peers_kind *kind;
	const struct peers *from;
	uint32_t self;		/* not to be taken */
	struct peers_room *to;
};

static void
take(const struct choice *c, uint32_t i, uint32_t n)
{
	const struct peers_kind *k = c->kind;
	struct peers_room *to = c->to;

	if (n == 0)
		return;
	memcpy(to->addr + (size_t)to->got * k->addr_len, addr_at(k, c->from, i),
	    (size_t)n * k->addr_len);
	if (to->id != NULL)
		memcpy(to->id + (size_t)to->got * ID_LEN, id_at(k, c->from, i),
		    (size_t)n * k->id_len);
	if (to->flags != NULL)
		memcpy(to->flags + to->got, flags_of(k, c->from) + i, n);
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
	struct choice c = { k, p, self, out };
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

static void
check_index(const struct peers_kind *k, const struct peers *p)
{
	uint32_t named = 0, cap = index_cap(p->cap);
	struct places x = index_of(k, p);

	for (uint32_t i = 0; i < cap; i++)
		named += place_get(&x, i) != 0;
	assert(named == (p->cap > INDEX_FROM ? peers_count(p) : 0));
	if (!has_ids(k, p))
		return;
	x = ids_of(k, p);
	for (uint32_t i = 0; i < cap; i++) {
		uint32_t n = place_get(&x, i);

		assert(n == 0 || (n <= peers_count(p) &&
		    id_place(k, p, id_at(k, p, n - 1)) == i));
	}
}

void
peers_check(const struct peers_kind *k, const struct peers *p)
{
	uint32_t paused = 0;

	if (p == NULL)
		return;
	assert(peers_count(p) > 0 && peers_count(p) <= p->cap);
	assert(p->paused <= p->ends[PEERS_HIDDEN_OTHERS] - p->ends[PEERS_LEECHES]);
	for (unsigned zone = 1; zone < PEERS_ZONES; zone++)
		assert(p->ends[zone - 1] <= p->ends[zone]);
	for (uint32_t i = 0; i < peers_count(p); i++) {
		uint8_t flags = flags_of(k, p)[i];
		bool idle = (flags & PEERS_PAUSED) != 0;

		assert(peers_find(k, p, addr_at(k, p, i)) == i);
		assert(zone_of(p, i) == zone_for(is_other(p, i), flags));
		assert(!idle || is_other(p, i));
		paused += idle;
	}
	assert(paused == p->paused);
	check_index(k, p);
}

/* SPDX-License-Identifier: ISC */
#include "torrent/known.h"

#include <assert.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "torrent/canonical.h"

#define KEY_LEN 19	/* family, ip, port */
#define PARTY_LEN 17	/* family, ip */

/* Waiting before the next try, by fruitless tries before it. */
static usec
retry_after(unsigned fails)
{
	static const unsigned seconds[] = { 5, 10, 30, 120, 300, 900, 3600 };
	size_t last = COUNT_OF(seconds) - 1;

	return seconds[fails < last ? fails : last] * SECOND;
}

void
known_init(struct known *k, struct rng *rng, size_t max)
{
	const uint64_t seed[2] = { rng_u64(rng), rng_u64(rng) };

	*k = (struct known){ .rng = rng, .max = max };
	map_init(&k->by_addr, KEY_LEN, seed);
	map_init(&k->banned, PARTY_LEN, seed);
	vec_init(&k->ban_order, PARTY_LEN);
	heap_init(&k->waiting);
	heap_init(&k->ready);
	for (size_t i = 0; i < KNOWN_SOURCES; i++)
		TAILQ_INIT(&k->idle[i]);
}

void
known_fini(struct known *k)
{
	struct known_peer *p;
	size_t pos = 0;

	while ((p = map_next(&k->by_addr, &pos)) != NULL)
		mem_free(p);
	map_fini(&k->by_addr);
	map_fini(&k->banned);
	vec_fini(&k->ban_order);
	heap_fini(&k->waiting);
	heap_fini(&k->ready);
}

static void
key_of(const struct addr *a, uint8_t key[KEY_LEN])
{
	key[0] = a->family;
	memcpy(key + 1, a->ip, sizeof(a->ip));
	put_be16(key + PARTY_LEN, a->port);
}

/* One who has an IPv6 address has its /64. */
static void
party_of(const struct addr *a, uint8_t key[PARTY_LEN])
{
	key[0] = a->family;
	memcpy(key + 1, a->ip, sizeof(a->ip));
	if (a->family == ADDR_V6)
		memset(key + 1 + 8, 0, 8);
}

static struct known_peer *
find(const struct known *k, const struct addr *a)
{
	uint8_t key[KEY_LEN];

	key_of(a, key);
	return map_find(&k->by_addr, key);
}

bool
known_is_banned(const struct known *k, const struct addr *a)
{
	uint8_t key[PARTY_LEN];

	party_of(a, key);
	return map_find(&k->banned, key) != NULL;
}

bool
known_is_empty(const struct known *k)
{
	return k->by_addr.count == 0 && k->banned.count == 0;
}

size_t
known_count(const struct known *k)
{
	return k->by_addr.count;
}

unsigned
known_flags(const struct known *k, const struct addr *a)
{
	const struct known_peer *p = find(k, a);

	return p == NULL ? 0 : p->flags;
}

/* -- which one next -- */

/* The least goes first: few fruitless tries, then the better source, then BEP 40. */
static uint64_t
rank(const struct known_peer *p)
{
	return (uint64_t)p->fails << 40 | (uint64_t)(KNOWN_SOURCES - p->source) << 32 |
	    (UINT32_MAX - p->canonical);
}

static void
set_canonical(const struct known *k, struct known_peer *p)
{
	const struct addr *self = &k->self[p->addr.family == ADDR_V6];

	p->canonical = self->family == ADDR_NONE ? (uint32_t)rng_u64(k->rng) :
	    canonical_priority(self, &p->addr);
}

static bool
is_ready(const struct known *k, const struct known_peer *p)
{
	uint32_t place = p->node.place;

	return place > 0 && place <= k->ready.len && k->ready.nodes[place - 1] == &p->node;
}

void
known_set_self(struct known *k, const struct addr *self)
{
	struct known_peer *p;
	size_t pos = 0;

	if (self->family == ADDR_NONE || addr_eq(&k->self[self->family == ADDR_V6], self))
		return;
	k->self[self->family == ADDR_V6] = *self;
	while ((p = map_next(&k->by_addr, &pos)) != NULL) {
		if (p->addr.family != self->family)
			continue;
		set_canonical(k, p);
		if (is_ready(k, p))
			heap_update(&k->ready, &p->node, rank(p));
	}
}

static bool
is_idle(const struct known_peer *p)
{
	return !p->barred && !p->dialling && p->connections == 0;
}

/* From the heap and the list of those that may be dialled. */
static void
take_out(struct known *k, struct known_peer *p)
{
	if (!heap_has(&p->node))
		return;
	heap_remove(is_ready(k, p) ? &k->ready : &k->waiting, &p->node);
	TAILQ_REMOVE(&k->idle[p->source], p, link);
	k->idle_count[p->source]--;
}

/* There is room: known_add made it. */
static void
enter(struct heap *h, struct known_peer *p, uint64_t key)
{
	bool entered = heap_add(h, &p->node, key);

	assert(entered);
	(void)entered;
}

/* Where it belongs now. */
static void
settle(struct known *k, struct known_peer *p)
{
	take_out(k, p);
	if (!is_idle(p))
		return;
	enter(&k->waiting, p, (uint64_t)p->next_try);
	if (p->fails > 0)
		TAILQ_INSERT_TAIL(&k->idle[p->source], p, link);
	else
		TAILQ_INSERT_HEAD(&k->idle[p->source], p, link);
	k->idle_count[p->source]++;
}

static struct known_peer *
peer_of(struct heap_node *n)
{
	return CONTAINER_OF(n, struct known_peer, node);
}

bool
known_next(struct known *k, usec now, struct addr *out)
{
	struct heap_node *n;
	struct known_peer *p;

	while ((n = heap_first(&k->waiting)) != NULL && n->key <= (uint64_t)now) {
		heap_remove(&k->waiting, n);
		enter(&k->ready, peer_of(n), rank(peer_of(n)));
	}
	n = heap_first(&k->ready);
	if (n == NULL)
		return false;
	p = peer_of(n);
	p->dialling = true;
	settle(k, p);
	*out = p->addr;
	return true;
}

usec
known_due(const struct known *k)
{
	const struct heap_node *n = heap_first(&k->waiting);

	if (k->ready.len > 0)
		return 0;
	return n == NULL ? NEVER : (usec)n->key;
}

/* -- coming and going -- */

static void
forget(struct known *k, struct known_peer *p)
{
	uint8_t key[KEY_LEN];

	take_out(k, p);
	key_of(&p->addr, key);
	(void)map_remove(&k->by_addr, key);
	mem_free(p);
}

/* The list is full: who makes room for one from there. */
static struct known_peer *
victim(const struct known *k, enum known_source source)
{
	struct known_peer *p = TAILQ_LAST(&k->idle[source], known_list);
	size_t largest = 0, from = 0;

	for (size_t i = 0; i < source; i++) {
		if (k->idle_count[i] <= largest)
			continue;
		largest = k->idle_count[i];
		from = i;
	}
	if (largest > 0)
		return TAILQ_LAST(&k->idle[from], known_list);
	return p != NULL && p->fails > 0 ? p : NULL;
}

static bool
make_room(struct known *k, enum known_source source)
{
	uint32_t n = (uint32_t)k->by_addr.count + 1;
	struct known_peer *p;

	if (k->by_addr.count >= k->max) {
		p = victim(k, source);
		if (p == NULL)
			return false;
		forget(k, p);
	}
	/* Then no move from one heap to the other can fail. */
	return (n <= k->waiting.cap || heap_reserve(&k->waiting, n + n / 2 + 8)) &&
	    (n <= k->ready.cap || heap_reserve(&k->ready, n + n / 2 + 8));
}

/* It is known already: what is said more of it counts. */
static void
learn(struct known *k, struct known_peer *p, enum known_source source, unsigned flags)
{
	p->flags |= (uint8_t)flags;
	if (source <= p->source)
		return;
	take_out(k, p);
	p->source = (uint8_t)source;
	settle(k, p);
}

bool
known_add(struct known *k, const struct addr *a, enum known_source source, unsigned flags)
{
	struct known_peer *p = find(k, a);
	uint8_t key[KEY_LEN];

	if (p != NULL) {
		learn(k, p, source, flags);
		return false;
	}
	if (!addr_usable(a) || known_is_banned(k, a) || !make_room(k, source))
		return false;
	p = mem_zero(sizeof(*p));
	key_of(a, key);
	if (p == NULL || !map_set(&k->by_addr, key, p)) {
		mem_free(p);
		return false;
	}
	p->addr = *a;
	p->source = (uint8_t)source;
	p->flags = (uint8_t)flags;
	set_canonical(k, p);
	settle(k, p);
	return true;
}

/* -- what became of it -- */

static void
try_later(struct known *k, struct known_peer *p, bool fruitful, usec now)
{
	if (fruitful)
		p->fails = 0;
	/* A little chance, so that two peers do not go on missing one another. */
	p->next_try = now + retry_after(p->fails) + rng_below(k->rng, SECOND);
	if (!fruitful && p->fails < UINT8_MAX)
		p->fails++;
	if (known_is_banned(k, &p->addr))
		forget(k, p);
	else
		settle(k, p);
}

void
known_dialled(struct known *k, const struct addr *a)
{
	struct known_peer *p = find(k, a);

	if (p == NULL)
		return;
	p->dialling = false;
	known_connected(k, a);
}

void
known_dial_failed(struct known *k, const struct addr *a, usec now)
{
	struct known_peer *p = find(k, a);

	if (p == NULL)
		return;
	p->dialling = false;
	if (p->connections == 0)
		try_later(k, p, false, now);
}

void
known_connected(struct known *k, const struct addr *a)
{
	struct known_peer *p = find(k, a);

	if (p == NULL)
		return;
	p->connections++;
	settle(k, p);
}

void
known_lost(struct known *k, const struct addr *a, bool fruitful, usec now)
{
	struct known_peer *p = find(k, a);

	/* It may have become known only while the connection stood. */
	if (p == NULL || p->connections == 0)
		return;
	p->connections--;
	if (p->connections == 0 && !p->dialling)
		try_later(k, p, fruitful, now);
}

void
known_postpone(struct known *k, const struct addr *a, usec until)
{
	struct known_peer *p = find(k, a);

	if (p == NULL)
		return;
	p->next_try = until;
	settle(k, p);
}

void
known_hurry(struct known *k, usec now)
{
	struct known_peer *p;
	size_t pos = 0;

	while ((p = map_next(&k->by_addr, &pos)) != NULL) {
		if (p->fails > 0 || p->next_try <= now)
			continue;
		p->next_try = now;
		settle(k, p);
	}
}

/* -- bans -- */

void
known_ban_port(struct known *k, const struct addr *a)
{
	struct known_peer *p = find(k, a);

	if (p == NULL)
		return;
	p->barred = true;
	settle(k, p);
}

/* False: no memory. */
static bool
remember_ban(struct known *k, const uint8_t key[PARTY_LEN])
{
	uint8_t *place;

	if (k->ban_order.len < KNOWN_BANNED_MAX) {
		place = vec_add(&k->ban_order, key);
		if (place == NULL)
			return false;
		if (map_set(&k->banned, key, k))
			return true;
		k->ban_order.len--;
		return false;
	}
	place = vec_at(&k->ban_order, k->oldest_ban);
	(void)map_remove(&k->banned, place);
	memcpy(place, key, PARTY_LEN);
	k->oldest_ban = (k->oldest_ban + 1) % KNOWN_BANNED_MAX;
	/* One key less than before: the map need not grow. */
	return map_set(&k->banned, key, k);
}

/* An idle one of that party, or NULL. */
static struct known_peer *
find_idle(const struct known *k, const struct addr *party)
{
	struct known_peer *p;

	for (size_t i = 0; i < KNOWN_SOURCES; i++) {
		TAILQ_FOREACH(p, &k->idle[i], link) {
			if (addr_same_party(&p->addr, party))
				return p;
		}
	}
	return NULL;
}

void
known_ban(struct known *k, const struct addr *a)
{
	uint8_t key[PARTY_LEN];
	struct known_peer *p;

	party_of(a, key);
	/* Without memory the ban is lost, and the peer will earn it again. */
	if (map_find(&k->banned, key) != NULL || !remember_ban(k, key))
		return;
	/* Those that are dialled or connected go when that ends. */
	while ((p = find_idle(k, a)) != NULL)
		forget(k, p);
}

void
known_check(const struct known *k)
{
	size_t pos = 0, idle = 0, counts[KNOWN_SOURCES] = { 0 };
	const struct known_peer *p;

	heap_check(&k->waiting);
	heap_check(&k->ready);
	while ((p = map_next(&k->by_addr, &pos)) != NULL) {
		assert(find(k, &p->addr) == p && heap_has(&p->node) == is_idle(p));
		counts[p->source] += is_idle(p);
		idle += is_idle(p);
	}
	assert(idle == k->waiting.len + k->ready.len && k->by_addr.count <= k->max);
	for (size_t i = 0; i < KNOWN_SOURCES; i++)
		assert(counts[i] == k->idle_count[i]);
	assert(k->banned.count == k->ban_order.len);
}

/* SPDX-License-Identifier: ISC */
#include "torrent/known.h"

#include "base/bytes.h"

#define KEY_LEN 19	/* family, ip, port */
#define IP_LEN 17	/* family, ip */

/* Waiting before the next try, by fruitless tries before it. */
static usec
retry_after(unsigned fails)
{
	static const unsigned seconds[] = { 5, 10, 30, 120, 300, 900, 3600 };
	size_t last = sizeof(seconds) / sizeof(seconds[0]) - 1;

	return seconds[fails < last ? fails : last] * SECOND;
}

void
known_init(struct known *k, struct rng *rng, size_t max)
{
	const uint64_t seed[2] = { rng_u64(rng), rng_u64(rng) };

	*k = (struct known){ .rng = rng, .max = max };
	vec_init(&k->peers, sizeof(struct known_peer));
	map_init(&k->by_addr, KEY_LEN, seed);
	map_init(&k->banned, IP_LEN, seed);
}

void
known_fini(struct known *k)
{
	vec_fini(&k->peers);
	map_fini(&k->by_addr);
	map_fini(&k->banned);
}

static void
key_of(const struct addr *a, uint8_t key[KEY_LEN])
{
	key[0] = a->family;
	memcpy(key + 1, a->ip, sizeof(a->ip));
	put_be16(key + IP_LEN, a->port);
}

static struct known_peer *
find(const struct known *k, const struct addr *a)
{
	uint8_t key[KEY_LEN];
	uintptr_t at;

	key_of(a, key);
	at = (uintptr_t)map_find(&k->by_addr, key);
	return at == 0 ? NULL : vec_at(&k->peers, at - 1);
}

bool
known_is_banned(const struct known *k, const struct addr *a)
{
	uint8_t key[KEY_LEN];

	key_of(a, key);
	return map_find(&k->banned, key) != NULL;
}

/* The list is full: one that nobody could reach makes room, if chance finds one. */
static void
make_room(struct known *k)
{
	for (int tries = 0; k->peers.len >= k->max && tries < 16; tries++) {
		size_t i = rng_below(k->rng, (uint32_t)k->peers.len);
		const struct known_peer *p = vec_at(&k->peers, i);
		uint8_t key[KEY_LEN];

		if (p->state != KNOWN_IDLE || p->fails == 0)
			continue;
		key_of(&p->addr, key);
		(void)map_remove(&k->by_addr, key);
		vec_remove_swap(&k->peers, i);
		if (i == k->peers.len)
			continue;
		key_of(&((struct known_peer *)vec_at(&k->peers, i))->addr, key);
		/* One key less than before: the map need not grow. */
		if (!map_set(&k->by_addr, key, (void *)(uintptr_t)(i + 1)))
			return;
	}
}

void
known_add(struct known *k, const struct addr *a, enum known_source source)
{
	const struct known_peer fresh = { .addr = *a, .source = (uint8_t)source };
	uint8_t key[KEY_LEN];

	if (!addr_usable(a) || known_is_banned(k, a) || find(k, a) != NULL)
		return;
	make_room(k);
	if (k->peers.len >= k->max || vec_add(&k->peers, &fresh) == NULL)
		return;
	key_of(a, key);
	if (!map_set(&k->by_addr, key, (void *)(uintptr_t)k->peers.len))
		k->peers.len--;
}

static struct known_peer *
best(const struct known *k)
{
	struct known_peer *found = NULL;

	for (size_t i = 0; i < k->peers.len; i++) {
		struct known_peer *p = vec_at(&k->peers, i);

		if (p->state == KNOWN_IDLE && (found == NULL || p->next_try < found->next_try))
			found = p;
	}
	return found;
}

bool
known_next(struct known *k, usec now, struct addr *out)
{
	struct known_peer *p = best(k);

	if (p == NULL || p->next_try > now)
		return false;
	p->state = KNOWN_DIALLING;
	*out = p->addr;
	return true;
}

usec
known_due(const struct known *k)
{
	const struct known_peer *p = best(k);

	return p == NULL ? NEVER : p->next_try;
}

void
known_connected(struct known *k, const struct addr *a)
{
	struct known_peer *p = find(k, a);

	if (p != NULL && p->state != KNOWN_BANNED)
		p->state = KNOWN_CONNECTED;
}

void
known_lost(struct known *k, const struct addr *a, bool fruitful, usec now)
{
	struct known_peer *p = find(k, a);

	if (p == NULL || p->state == KNOWN_BANNED)
		return;
	p->state = KNOWN_IDLE;
	if (fruitful)
		p->fails = 0;
	/* A little chance, so that two peers do not go on missing one another. */
	p->next_try = now + retry_after(p->fails) + rng_below(k->rng, SECOND);
	if (!fruitful && p->fails < UINT8_MAX)
		p->fails++;
}

void
known_postpone(struct known *k, const struct addr *a, usec until)
{
	struct known_peer *p = find(k, a);

	if (p != NULL)
		p->next_try = until;
}

void
known_ban_port(struct known *k, const struct addr *a)
{
	struct known_peer *p = find(k, a);

	if (p != NULL)
		p->state = KNOWN_BANNED;
}

void
known_ban(struct known *k, const struct addr *a)
{
	uint8_t key[KEY_LEN];

	key_of(a, key);
	/* Without memory the ban is lost, and the peer will earn it again. */
	if (!map_set(&k->banned, key, k))
		return;
	for (size_t i = 0; i < k->peers.len; i++) {
		struct known_peer *p = vec_at(&k->peers, i);

		if (addr_same_ip(&p->addr, a))
			p->state = KNOWN_BANNED;
	}
}

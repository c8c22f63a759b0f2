/* SPDX-License-Identifier: ISC */
#include "torrent/choker.h"

#include <stdlib.h>

/* When seeding, a peer that was served this long and got this much goes behind those that wait. */
#define TURN_TIME MINUTE
#define TURN_BYTES (20u << 20)

/* One slot in five for luck, at least one. */
#define SLOTS_A_LUCKY 5

void
choker_init(struct choker *c, struct rng *rng, unsigned slots)
{
	*c = (struct choker){ .rng = rng, .slots = slots };
}

static int
more(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

static int
by_gift(const void *x, const void *y)
{
	const struct choker_peer *a = *(struct choker_peer *const *)x;
	const struct choker_peer *b = *(struct choker_peer *const *)y;
	int r = more(a->interested, b->interested);

	if (r == 0)
		r = more(!a->snubbed, !b->snubbed);
	if (r == 0)
		r = more(a->down, b->down);
	/* A peer that is served already stays: each change costs both sides a pipeline. */
	if (r == 0)
		r = more(a->unchoked && !a->optimistic, b->unchoked && !b->optimistic);
	return r != 0 ? r : more(a->chance, b->chance);
}

static int
by_appetite(const void *x, const void *y)
{
	const struct choker_peer *a = *(struct choker_peer *const *)x;
	const struct choker_peer *b = *(struct choker_peer *const *)y;
	int r = more(a->interested, b->interested);

	if (r == 0)
		r = more(a->unchoked && !a->optimistic, b->unchoked && !b->optimistic);
	if (r == 0)
		r = more(a->up, b->up);
	/* Longest waiting first: the latest turn begun last. */
	if (r == 0)
		r = more((uint64_t)b->turn_began, (uint64_t)a->turn_began);
	return r != 0 ? r : more(a->chance, b->chance);
}

/* Before by_appetite: who has had its share counts as choked, and as having just begun to wait. */
static void
end_turns(struct choker_peer **peers, size_t n, usec now)
{
	for (size_t i = 0; i < n; i++) {
		struct choker_peer *p = peers[i];

		if (!p->unchoked || now - p->turn_began < TURN_TIME || p->up_turn < TURN_BYTES)
			continue;
		p->unchoked = false;
		p->up = 0;
		p->turn_began = now;
	}
}

/* Among the interested who are not served yet: the one whose last turn is longest ago. */
static struct choker_peer *
find_lucky(struct choker_peer **peers, size_t from, size_t n)
{
	struct choker_peer *best = NULL;

	for (size_t i = from; i < n; i++) {
		struct choker_peer *p = peers[i];

		if (!p->interested || p->unchoke)
			continue;
		if (best == NULL || p->turn_began < best->turn_began ||
		    (p->turn_began == best->turn_began && p->chance > best->chance))
			best = p;
	}
	return best;
}

static size_t
serve_first(struct choker_peer **peers, size_t n, size_t slots)
{
	size_t i = 0;

	for (; i < n && i < slots && peers[i]->interested; i++)
		peers[i]->unchoke = true;
	return i;
}

static void
serve_lucky(struct choker *c, struct choker_peer **peers, size_t from, size_t n, size_t slots,
    usec now)
{
	bool rotate = now >= c->rotate;

	for (size_t i = from; i < n && slots > 0 && !rotate; i++) {
		if (!peers[i]->optimistic || !peers[i]->interested)
			continue;
		peers[i]->unchoke = peers[i]->lucky = true;
		slots--;
	}
	if (rotate)
		c->rotate = now + CHOKER_OPTIMISTIC;
	for (; slots > 0; slots--) {
		struct choker_peer *p = find_lucky(peers, from, n);

		if (p == NULL)
			break;
		p->unchoke = p->lucky = true;
	}
}

static size_t
lucky_slots(size_t slots)
{
	if (slots < 2)
		return 0;
	return slots < SLOTS_A_LUCKY ? 1 : slots / SLOTS_A_LUCKY;
}

void
choker_round(struct choker *c, struct choker_peer **peers, size_t n, bool seeding, usec now)
{
	size_t lucky = lucky_slots(c->slots);
	size_t served;

	for (size_t i = 0; i < n; i++) {
		peers[i]->unchoke = peers[i]->lucky = false;
		peers[i]->chance = (uint32_t)rng_u64(c->rng);
	}
	if (seeding)
		end_turns(peers, n, now);
	qsort(peers, n, sizeof(peers[0]), seeding ? by_appetite : by_gift);
	served = serve_first(peers, n, c->slots - lucky);
	serve_lucky(c, peers, served, n, lucky, now);
}

/* SPDX-License-Identifier: ISC */
#include "torrent/rarity.h"

#include <assert.h>

#include "base/mem.h"

/* Availability beyond this is not told apart: nobody waits for such a piece. */
#define LEVELS 1024u

static void
exchange(struct rarity *r, uint32_t i, uint32_t j)
{
	uint32_t a = r->order[i], b = r->order[j];

	r->order[i] = b;
	r->order[j] = a;
	r->place[b] = i;
	r->place[a] = j;
}

bool
rarity_init(struct rarity *r, uint32_t pieces, struct rng *rng)
{
	*r = (struct rarity){ .rng = rng, .len = pieces, .count = pieces, .levels = LEVELS };
	r->order = mem_array(pieces, sizeof(uint32_t));
	r->place = mem_array(pieces, sizeof(uint32_t));
	r->available = mem_array(pieces, sizeof(uint16_t));
	r->border = mem_array(LEVELS + 1, sizeof(uint32_t));
	if (r->order == NULL || r->place == NULL || r->available == NULL || r->border == NULL) {
		rarity_fini(r);
		return false;
	}
	for (uint32_t i = 0; i < pieces; i++)
		r->order[i] = r->place[i] = i;
	/* All equal at first: if every peer went from 0 up, a new swarm would fetch the same pieces
	 * from its seed again and again. */
	for (uint32_t i = pieces; i > 1; i--)
		exchange(r, i - 1, rng_below(rng, i));
	for (uint32_t a = 1; a <= LEVELS; a++)
		r->border[a] = pieces;
	return true;
}

void
rarity_fini(struct rarity *r)
{
	mem_free(r->order);
	mem_free(r->place);
	mem_free(r->available);
	mem_free(r->border);
	*r = (struct rarity){ 0 };
}

static uint32_t
level(const struct rarity *r, uint32_t piece)
{
	return r->available[piece] < LEVELS - 1 ? r->available[piece] : LEVELS - 1;
}

/* Chance among equals: the piece changes places with any of its level. */
static void
shuffle(struct rarity *r, uint32_t piece)
{
	uint32_t a = level(r, piece);
	uint32_t equals = r->border[a + 1] - r->border[a];

	exchange(r, r->place[piece], r->border[a] + rng_below(r->rng, equals));
}

void
rarity_change(struct rarity *r, uint32_t piece, int by)
{
	uint32_t before = level(r, piece), after;

	assert(by > 0 ? r->available[piece] < UINT16_MAX : r->available[piece] > 0);
	r->available[piece] = (uint16_t)(r->available[piece] + by);
	after = level(r, piece);
	if (r->place[piece] == RARITY_NONE || after == before)
		return;
	if (after > before) {
		exchange(r, r->place[piece], r->border[after] - 1);
		r->border[after]--;
	} else {
		exchange(r, r->place[piece], r->border[before]);
		r->border[before]++;
	}
	shuffle(r, piece);
}

void
rarity_remove(struct rarity *r, uint32_t piece)
{
	if (r->place[piece] == RARITY_NONE)
		return;
	/* Up from level to level, until it is the last of all. */
	for (uint32_t a = level(r, piece) + 1; a <= LEVELS; a++) {
		exchange(r, r->place[piece], r->border[a] - 1);
		r->border[a]--;
	}
	r->count--;
	r->place[piece] = RARITY_NONE;
}

uint32_t
rarity_first(const struct rarity *r, const struct bits *of)
{
	for (uint32_t i = 0; i < r->count; i++) {
		if (bits_has(of, r->order[i]))
			return r->order[i];
	}
	return RARITY_NONE;
}

uint32_t
rarity_random(const struct rarity *r, const struct bits *of)
{
	uint32_t start;

	if (r->count == 0)
		return RARITY_NONE;
	start = rng_below(r->rng, r->count);
	for (uint32_t i = 0; i < r->count; i++) {
		uint32_t piece = r->order[(start + i) % r->count];

		if (bits_has(of, piece))
			return piece;
	}
	return RARITY_NONE;
}

double
rarity_distributed_copies(const struct rarity *r)
{
	uint32_t least = UINT32_MAX, more = 0;

	for (uint32_t i = 0; i < r->len; i++) {
		if (r->available[i] < least)
			least = r->available[i];
	}
	for (uint32_t i = 0; i < r->len; i++)
		more += r->available[i] > least;
	return r->len == 0 ? 0 : r->seeds + least + (double)more / r->len;
}

void
rarity_check(const struct rarity *r)
{
	uint32_t placed = 0;

	assert(r->border[0] == 0 && r->border[LEVELS] == r->count);
	for (uint32_t a = 0; a < LEVELS; a++) {
		assert(r->border[a] <= r->border[a + 1]);
		for (uint32_t i = r->border[a]; i < r->border[a + 1]; i++)
			assert(r->place[r->order[i]] == i && level(r, r->order[i]) == a);
	}
	for (uint32_t i = 0; i < r->len; i++)
		placed += r->place[i] != RARITY_NONE;
	assert(placed == r->count);
}

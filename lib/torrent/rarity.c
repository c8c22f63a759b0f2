/* SPDX-License-Identifier: ISC */
#include "torrent/rarity.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

/* Availability beyond this is not told apart: nobody waits for such a piece. */
#define LEVELS 64u

/* This many pieces are tried in their order before sets of bits are compared. */
#define TRIES 64u

void
rarity_init(struct rarity *r, uint32_t pieces, struct rng *rng)
{
	*r = (struct rarity){ .rng = rng, .len = pieces };
}

void
rarity_fini(struct rarity *r)
{
	rarity_drop(r);
	mem_free(r->available);
	*r = (struct rarity){ 0 };
}

/* -- the order -- */

static uint32_t
keys(const struct rarity *r)
{
	return r->priority == NULL ? LEVELS : RARITY_TOP * LEVELS;
}

static uint32_t
first_key(const struct rarity *r, unsigned priority)
{
	return r->priority == NULL ? 0 : (RARITY_TOP - priority) * LEVELS;
}

static uint32_t
key(const struct rarity *r, uint32_t piece)
{
	uint32_t level = r->available == NULL ? 0 : r->available[piece];

	if (level >= LEVELS)
		level = LEVELS - 1;
	return r->priority == NULL ? level : first_key(r, r->priority[piece]) + level;
}

static void
exchange(struct rarity *r, uint32_t i, uint32_t j)
{
	uint32_t a = r->order[i], b = r->order[j];

	r->order[i] = b;
	r->order[j] = a;
	r->place[b] = i;
	r->place[a] = j;
}

void
rarity_drop(struct rarity *r)
{
	bits_fini(&r->in);
	mem_free(r->order);
	mem_free(r->place);
	mem_free(r->border);
	r->order = r->place = r->border = NULL;
	r->priority = NULL;
}

static bool
get_memory(struct rarity *r)
{
	if (!bits_init(&r->in, r->len))
		return false;
	r->order = mem_array(r->len, sizeof(uint32_t));
	r->place = mem_array(r->len, sizeof(uint32_t));
	r->border = mem_array(keys(r) + 1, sizeof(uint32_t));
	return r->order != NULL && r->place != NULL && r->border != NULL;
}

/* border[k] becomes the place where key k begins, by counting. */
static void
sort_by_key(struct rarity *r)
{
	uint32_t sum = 0;

	for (uint32_t w = 0; w < bits_words(&r->in); w++) {
		for (uint64_t x = bits_word(&r->in, w); x != 0;)
			r->border[key(r, w * 64 + bits_take(&x))]++;
	}
	for (uint32_t k = 0; k <= keys(r); k++) {
		uint32_t n = r->border[k];

		r->border[k] = sum;
		sum += n;
	}
	for (uint32_t w = 0; w < bits_words(&r->in); w++) {
		for (uint64_t x = bits_word(&r->in, w); x != 0;) {
			uint32_t piece = w * 64 + bits_take(&x);

			r->order[r->border[key(r, piece)]++] = piece;
		}
	}
	/* Each is where the next begins now. */
	memmove(r->border + 1, r->border, keys(r) * sizeof(uint32_t));
	r->border[0] = 0;
}

bool
rarity_build(struct rarity *r, const struct bits *of, const uint8_t *priority)
{
	rarity_drop(r);
	r->priority = priority;
	if (!get_memory(r)) {
		rarity_drop(r);
		return false;
	}
	memcpy(r->in.bytes, of->bytes, bits_bytes(of->len));
	r->in.count = of->count;
	sort_by_key(r);
	for (uint32_t i = 0; i < r->in.count; i++)
		r->place[r->order[i]] = i;
	/* Chance among equals: if every peer went from 0 up, a new swarm would fetch the same
	 * pieces from its seed again and again. */
	for (uint32_t k = 0; k < keys(r); k++) {
		for (uint32_t i = r->border[k + 1]; i > r->border[k] + 1; i--)
			exchange(r, i - 1, r->border[k] + rng_below(r->rng, i - r->border[k]));
	}
	return true;
}

/* Chance among equals: the piece changes places with any of its key. */
static void
shuffle(struct rarity *r, uint32_t piece)
{
	uint32_t k = key(r, piece);

	exchange(r, r->place[piece], r->border[k] + rng_below(r->rng, r->border[k + 1] -
	    r->border[k]));
}

void
rarity_remove(struct rarity *r, uint32_t piece)
{
	if (!rarity_is_built(r) || !bits_clear(&r->in, piece))
		return;
	/* Up from key to key, until it is the last of all. */
	for (uint32_t k = key(r, piece) + 1; k <= keys(r); k++)
		exchange(r, r->place[piece], --r->border[k]);
}

void
rarity_add(struct rarity *r, uint32_t piece)
{
	uint32_t last = r->in.count;

	if (!rarity_is_built(r) || !bits_set(&r->in, piece))
		return;
	r->order[last] = piece;
	r->place[piece] = last;
	/* Down from key to key, until it is among its own. */
	for (uint32_t k = keys(r); k > key(r, piece); k--)
		exchange(r, r->place[piece], r->border[k]++);
	shuffle(r, piece);
}

/* The first in a part of the order. */
static uint32_t
scan(const struct rarity *r, const struct bits *of, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		if (bits_has(of, r->order[i]))
			return r->order[i];
	}
	return RARITY_NONE;
}

static uint32_t
count_common(const struct rarity *r, const struct bits *of)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w < bits_words(of); w++)
		n += (uint32_t)__builtin_popcountll(bits_word(of, w) & bits_word(&r->in, w));
	return n;
}

/* The same as scan, by way of the pieces that are in both. */
static uint32_t
search(const struct rarity *r, const struct bits *of, uint32_t from, uint32_t to)
{
	uint32_t best = to;

	for (uint32_t w = 0; w < bits_words(of); w++) {
		for (uint64_t x = bits_word(of, w) & bits_word(&r->in, w); x != 0;) {
			uint32_t place = r->place[w * 64 + bits_take(&x)];

			if (place >= from && place < best)
				best = place;
		}
	}
	return best == to ? RARITY_NONE : r->order[best];
}

uint32_t
rarity_first(const struct rarity *r, const struct bits *of, unsigned priority)
{
	uint32_t from = r->border[first_key(r, priority)];
	uint32_t to = r->border[first_key(r, priority) + LEVELS], common, found;

	if (to - from <= TRIES)
		return scan(r, of, from, to);
	found = scan(r, of, from, from + TRIES);
	if (found != RARITY_NONE)
		return found;
	/* One that has little of what is left, and not the rarest: to go through all of the order
	 * for it is what it may be waiting for. */
	common = count_common(r, of);
	return common < (to - from) / 16 ? search(r, of, from, to) :
	    scan(r, of, from + TRIES, to);
}

uint32_t
rarity_random(const struct rarity *r, const struct bits *of, unsigned priority)
{
	uint32_t from = r->border[first_key(r, priority)];
	uint32_t to = r->border[first_key(r, priority) + LEVELS], start, found;

	if (from == to || (to - from > TRIES && count_common(r, of) == 0))
		return RARITY_NONE;
	start = from + rng_below(r->rng, to - from);
	found = scan(r, of, start, to);
	return found != RARITY_NONE ? found : scan(r, of, from, start);
}

/* -- who has what -- */

/* Without memory a peer is not counted. Then the numbers are too small, until all are gone. */
static bool
need_counts(struct rarity *r)
{
	if (r->available == NULL)
		r->available = mem_array(r->len, sizeof(uint16_t));
	if (r->available == NULL)
		r->inexact = true;
	return r->available != NULL;
}

static void
count(struct rarity *r, uint32_t piece, int by)
{
	uint32_t before = key(r, piece), after;
	uint16_t *available = &r->available[piece];

	if (by < 0 && *available == 0) {
		assert(r->inexact);
		return;
	}
	assert(by < 0 || *available < UINT16_MAX);
	*available = (uint16_t)(*available + by);
	after = key(r, piece);
	if (after == before || !rarity_is_built(r) || !bits_has(&r->in, piece))
		return;
	if (after > before)
		exchange(r, r->place[piece], --r->border[after]);
	else
		exchange(r, r->place[piece], r->border[before]++);
	shuffle(r, piece);
}

void
rarity_change(struct rarity *r, uint32_t piece, int by)
{
	if (need_counts(r))
		count(r, piece, by);
}

static uint64_t
word(const struct bits *b, uint32_t w)
{
	return b == NULL ? 0 : bits_word(b, w);
}

/* NULL: no pieces. */
static void
change_peer(struct rarity *r, const struct bits *before, const struct bits *after)
{
	uint32_t words = bits_words(before == NULL ? after : before), changes = 0;

	for (uint32_t w = 0; w < words; w++)
		changes += (uint32_t)__builtin_popcountll(word(before, w) ^ word(after, w));
	if (changes == 0 || !need_counts(r))
		return;
	/* To sort anew later costs less than to move so many one by one. */
	if (changes > r->len / 8)
		rarity_drop(r);
	for (uint32_t w = 0; w < words; w++) {
		uint64_t is = word(after, w);

		for (uint64_t x = word(before, w) ^ is; x != 0;) {
			uint32_t i = bits_take(&x);

			count(r, w * 64 + i, (is << i) >> 63 != 0 ? +1 : -1);
		}
	}
}

void
rarity_change_peer(struct rarity *r, const struct bits *before, const struct bits *after)
{
	change_peer(r, before, after);
}

/* The last has gone: nothing is kept. */
static void
forget_if_alone(struct rarity *r)
{
	if (r->peers == 0) {
		if (r->inexact)
			rarity_drop(r);
		mem_free(r->available);
		r->available = NULL;
		r->inexact = false;
	}
	if (r->peers == 0 && r->seeds == 0)
		rarity_drop(r);
}

void
rarity_add_peer(struct rarity *r, const struct bits *have)
{
	r->peers++;
	change_peer(r, NULL, have);
}

void
rarity_remove_peer(struct rarity *r, const struct bits *had)
{
	change_peer(r, had, NULL);
	r->peers--;
	forget_if_alone(r);
}

void
rarity_add_seed(struct rarity *r)
{
	r->seeds++;
}

void
rarity_remove_seed(struct rarity *r)
{
	r->seeds--;
	forget_if_alone(r);
}

double
rarity_distributed_copies(const struct rarity *r)
{
	uint32_t least = UINT32_MAX, more = 0;

	if (r->available == NULL)
		return r->len == 0 ? 0 : r->seeds;
	for (uint32_t i = 0; i < r->len; i++) {
		if (r->available[i] < least)
			least = r->available[i];
	}
	for (uint32_t i = 0; i < r->len; i++)
		more += r->available[i] > least;
	return r->seeds + least + (double)more / r->len;
}

void
rarity_check(const struct rarity *r)
{
	uint32_t placed = 0;

	if (!rarity_is_built(r)) {
		assert(r->place == NULL && r->border == NULL && r->in.bytes == NULL);
		return;
	}
	assert(r->border[0] == 0 && r->border[keys(r)] == r->in.count);
	for (uint32_t k = 0; k < keys(r); k++) {
		assert(r->border[k] <= r->border[k + 1]);
		for (uint32_t i = r->border[k]; i < r->border[k + 1]; i++)
			assert(r->place[r->order[i]] == i && key(r, r->order[i]) == k);
	}
	for (uint32_t i = 0; i < r->len; i++)
		placed += bits_has(&r->in, i);
	assert(placed == r->in.count);
}

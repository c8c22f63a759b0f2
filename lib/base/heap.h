/* SPDX-License-Identifier: ISC */
/*
 * A binary heap of whatever embeds a heap_node: the least key is found at once, and each element
 * can be moved or taken out in a few steps (what is due next, whom to dial next). Keys are
 * uint64_t, or a usec that is not negative. The heap does not own its elements, and among equal
 * keys the order is any. Only adding needs memory: an element that is never due rests with the
 * key NEVER rather than outside.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cdefs.h"

/* All zeroes: in no heap. An element does not move in memory while it is in one. */
struct heap_node {
	uint64_t key;
	uint32_t place;		/* in the heap's array + 1; 0: in no heap */
};

struct heap {
	struct heap_node **nodes;
	uint32_t len;
	uint32_t cap;
};

void heap_init(struct heap *h);

/* Forgets its elements; a node that was in it then says so no more and must not be used again
 * before it is zeroed. */
void heap_fini(struct heap *h);

/* Makes room for n elements in all, so that adding them cannot fail. */
bool heap_reserve(struct heap *h, uint32_t n) MUST_USE;

/* Enters a node that is in no heap. False: no memory, nothing changed. */
bool heap_add(struct heap *h, struct heap_node *n, uint64_t key) MUST_USE;

/* Gives another key to a node that is in this heap. */
void heap_update(struct heap *h, struct heap_node *n, uint64_t key);

/* Takes the node out; nothing happens to one that is in no heap. */
void heap_remove(struct heap *h, struct heap_node *n);

static inline bool
heap_has(const struct heap_node *n)
{
	return n->place != 0;
}

/* The node with the least key, or NULL. */
static inline struct heap_node *
heap_first(const struct heap *h)
{
	return h->len == 0 ? NULL : h->nodes[0];
}

/* Asserts every invariant. */
void heap_check(const struct heap *h);

#endif

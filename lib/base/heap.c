/* SPDX-License-Identifier: ISC */
#include "base/heap.h"

#include <assert.h>

#include "base/mem.h"

void
heap_init(struct heap *h)
{
	*h = (struct heap){ 0 };
}

void
heap_fini(struct heap *h)
{
	mem_free(h->nodes);
	heap_init(h);
}

bool
heap_reserve(struct heap *h, uint32_t n)
{
	struct heap_node **nodes;

	if (n <= h->cap)
		return true;
	nodes = mem_grow(h->nodes, n, sizeof(*nodes));
	if (nodes == NULL)
		return false;
	h->nodes = nodes;
	h->cap = n;
	return true;
}

static void
put(struct heap *h, uint32_t i, struct heap_node *n)
{
	h->nodes[i] = n;
	n->place = i + 1;
}

/* The node's way from the hole at i towards the root. */
static void
rise(struct heap *h, uint32_t i, struct heap_node *n)
{
	while (i > 0 && h->nodes[(i - 1) / 2]->key > n->key) {
		put(h, i, h->nodes[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(h, i, n);
}

/* The node's way from the hole at i towards the leaves. */
static void
sink(struct heap *h, uint32_t i, struct heap_node *n)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < h->len && h->nodes[child + 1]->key < h->nodes[child]->key)
			child++;
		if (child >= h->len || h->nodes[child]->key >= n->key)
			break;
		put(h, i, h->nodes[child]);
		i = child;
	}
	put(h, i, n);
}

bool
heap_add(struct heap *h, struct heap_node *n, uint64_t key)
{
	assert(n->place == 0);
	if (h->len == h->cap && !heap_reserve(h, h->cap < 8 ? 8 : h->cap + h->cap / 2))
		return false;
	n->key = key;
	rise(h, h->len++, n);
	return true;
}

void
heap_update(struct heap *h, struct heap_node *n, uint64_t key)
{
	bool less = key < n->key;

	assert(n->place != 0 && h->nodes[n->place - 1] == n);
	n->key = key;
	if (less)
		rise(h, n->place - 1, n);
	else
		sink(h, n->place - 1, n);
}

void
heap_remove(struct heap *h, struct heap_node *n)
{
	struct heap_node *last;
	uint32_t i = n->place - 1;

	if (n->place == 0)
		return;
	assert(h->nodes[i] == n);
	n->place = 0;
	last = h->nodes[--h->len];
	if (last == n)
		return;
	if (last->key < n->key)
		rise(h, i, last);
	else
		sink(h, i, last);
}

void
heap_check(const struct heap *h)
{
	for (uint32_t i = 0; i < h->len; i++) {
		assert(h->nodes[i]->place == i + 1);
		assert(i == 0 || h->nodes[(i - 1) / 2]->key <= h->nodes[i]->key);
	}
}

/* SPDX-License-Identifier: ISC */
#include "tracker/rules/ipset.h"

#include <assert.h>
#include <stdlib.h>

#include "base/bytes.h"

void
ipset_init(struct ipset *s)
{
	vec_init(&s->v4, sizeof(struct ipset_v4));
	vec_init(&s->v6, sizeof(struct ipset_v6));
}

void
ipset_fini(struct ipset *s)
{
	vec_fini(&s->v4);
	vec_fini(&s->v6);
}

bool
ipset_add(struct ipset *s, const struct addr *first, const struct addr *last)
{
	if (first->family == ADDR_V4) {
		struct ipset_v4 range = { get_be32(first->ip), get_be32(last->ip) };

		return vec_add(&s->v4, &range) != NULL;
	} else {
		struct ipset_v6 range;

		memcpy(range.first, first->ip, 16);
		memcpy(range.last, last->ip, 16);
		return vec_add(&s->v6, &range) != NULL;
	}
}

static int
cmp_v4(const void *a, const void *b)
{
	const struct ipset_v4 *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static int
cmp_v6(const void *a, const void *b)
{
	return memcmp(((const struct ipset_v6 *)a)->first, ((const struct ipset_v6 *)b)->first, 16);
}

static void
join_v4(struct vec *v)
{
	struct ipset_v4 *r = v->items;
	size_t n = 0;

	for (size_t i = 0; i < v->len; i++) {
		if (n == 0 || (r[i].first > r[n - 1].last && r[i].first - r[n - 1].last > 1))
			r[n++] = r[i];
		else if (r[i].last > r[n - 1].last)
			r[n - 1].last = r[i].last;
	}
	v->len = n;
}

static void
join_v6(struct vec *v)
{
	struct ipset_v6 *r = v->items;
	size_t n = 0;

	for (size_t i = 0; i < v->len; i++) {
		if (n == 0 || memcmp(r[i].first, r[n - 1].last, 16) > 0)
			r[n++] = r[i];
		else if (memcmp(r[i].last, r[n - 1].last, 16) > 0)
			memcpy(r[n - 1].last, r[i].last, 16);
	}
	v->len = n;
}

void
ipset_seal(struct ipset *s)
{
	if (s->v4.len > 0)
		qsort(s->v4.items, s->v4.len, s->v4.item_size, cmp_v4);
	if (s->v6.len > 0)
		qsort(s->v6.items, s->v6.len, s->v6.item_size, cmp_v6);
	join_v4(&s->v4);
	join_v6(&s->v6);
}

static bool
has_v4(const struct vec *v, uint32_t ip)
{
	const struct ipset_v4 *r = v->items;
	size_t low = 0, high = v->len;

	/* Of the ranges below high, those below low begin at or before ip. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r[mid].first <= ip)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && ip <= r[low - 1].last;
}

static bool
has_v6(const struct vec *v, const uint8_t ip[16])
{
	const struct ipset_v6 *r = v->items;
	size_t low = 0, high = v->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(r[mid].first, ip, 16) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && memcmp(ip, r[low - 1].last, 16) <= 0;
}

bool
ipset_has(const struct ipset *s, const struct addr *a)
{
	if (a->family == ADDR_V4)
		return has_v4(&s->v4, get_be32(a->ip));
	return a->family == ADDR_V6 && has_v6(&s->v6, a->ip);
}

void
ipset_check(const struct ipset *s)
{
	const struct ipset_v4 *r4 = s->v4.items;
	const struct ipset_v6 *r6 = s->v6.items;

	for (size_t i = 0; i < s->v4.len; i++) {
		assert(r4[i].first <= r4[i].last);
		assert(i == 0 || r4[i - 1].last < r4[i].first);
	}
	for (size_t i = 0; i < s->v6.len; i++) {
		assert(memcmp(r6[i].first, r6[i].last, 16) <= 0);
		assert(i == 0 || memcmp(r6[i - 1].last, r6[i].first, 16) < 0);
	}
}

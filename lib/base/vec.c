/* SPDX-License-Identifier: ISC */
#include "base/vec.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

void
vec_init(struct vec *v, size_t item_size)
{
	*v = (struct vec){ .item_size = item_size };
}

void
vec_fini(struct vec *v)
{
	mem_free(v->items);
	*v = (struct vec){ .item_size = v->item_size };
}

bool
vec_reserve(struct vec *v, size_t n)
{
	void *items;

	if (n <= v->cap)
		return true;
	items = mem_grow(v->items, n, v->item_size);
	if (items == NULL)
		return false;
	v->items = items;
	v->cap = n;
	return true;
}

void *
vec_add(struct vec *v, const void *item)
{
	void *place;

	if (v->len == v->cap && !vec_reserve(v, v->cap < 8 ? 8 : v->cap + v->cap / 2))
		return NULL;
	place = vec_at(v, v->len);
	if (item != NULL)
		memcpy(place, item, v->item_size);
	else
		memset(place, 0, v->item_size);
	v->len++;
	return place;
}

void
vec_remove_swap(struct vec *v, size_t i)
{
	assert(i < v->len);
	v->len--;
	if (i != v->len)
		memcpy(vec_at(v, i), vec_at(v, v->len), v->item_size);
}

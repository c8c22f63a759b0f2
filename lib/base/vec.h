/* SPDX-License-Identifier: ISC */
/* A growing array of elements of one size. Pointers into it are good until the next add. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cdefs.h"

struct vec {
	void *items;
	size_t len;		/* elements */
	size_t cap;
	size_t item_size;	/* bytes */
};

void vec_init(struct vec *v, size_t item_size);
void vec_fini(struct vec *v);

/* Appends a copy of *item (zeroes if NULL) and gives its place; NULL: no memory,
 * nothing changed. */
void *vec_add(struct vec *v, const void *item);

/* Room for n elements in all. */
bool vec_reserve(struct vec *v, size_t n) MUST_USE;

static inline void *
vec_at(const struct vec *v, size_t i)
{
	return (char *)v->items + i * v->item_size;
}

/* The last element takes the place of element i. */
void vec_remove_swap(struct vec *v, size_t i);

#endif

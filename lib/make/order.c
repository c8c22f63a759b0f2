/* SPDX-License-Identifier: ISC */
#include "make/order.h"

#include <stdlib.h>

#include "base/mem.h"

/* In the order of paths: their ends first, then '/', then every byte of a name. */
static int
rank(uint8_t c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : c + 1;
}

static int
compare_paths(const char *a, const char *b)
{
	const uint8_t *p = (const uint8_t *)a, *q = (const uint8_t *)b;

	while (*p == *q && *p != '\0')
		p++, q++;
	return rank(*p) - rank(*q);
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* The end of a number; *digits: its first digit that is no leading zero. */
static const uint8_t *
skip_number(const uint8_t *p, const uint8_t **digits)
{
	while (*p == '0' && is_digit(p[1]))
		p++;
	*digits = p;
	while (is_digit(*p))
		p++;
	return p;
}

/* Of numbers, and where they end. */
static int
compare_numbers(const uint8_t **a, const uint8_t **b)
{
	const uint8_t *m, *n;

	*a = skip_number(*a, &m);
	*b = skip_number(*b, &n);
	if (*a - m != *b - n)
		return *a - m < *b - n ? -1 : 1;
	return memcmp(m, n, (size_t)(*a - m));
}

/* The same, but digits in a row are a number: 2 before 10. */
static int
compare_naturally(const char *a, const char *b)
{
	const uint8_t *p = (const uint8_t *)a, *q = (const uint8_t *)b;
	int spelling = 0;	/* of an element's first number with other zeros before it */

	while (*p == *q || (is_digit(*p) && is_digit(*q))) {
		if (is_digit(*p)) {
			const uint8_t *p_start = p, *q_start = q;
			int order = compare_numbers(&p, &q);

			if (order != 0)
				return order;
			if (spelling == 0)
				spelling = (int)(p - p_start) - (int)(q - q_start);
			continue;
		}
		/* What is in one directory stays together. */
		if (*p == '\0' || (*p == '/' && spelling != 0))
			return spelling;
		p++, q++;
	}
	return rank(*p) - rank(*q);
}

static int
by_path(const void *a, const void *b, void *walk)
{
	return compare_paths(walk_path(walk, a), walk_path(walk, b));
}

static int
by_nature(const void *a, const void *b, void *walk)
{
	return compare_naturally(walk_path(walk, a), walk_path(walk, b));
}

static int
by_size(const void *a, const void *b, void *walk)
{
	const struct walk_file *f = a, *g = b;

	if (f->size != g->size)
		return f->size < g->size ? -1 : 1;
	return by_path(a, b, walk);
}

static void
sort(struct walk *w, int (*compare)(const void *, const void *, void *))
{
	qsort_r(w->files.items, w->files.len, w->files.item_size, compare, w);
}

void
order_by_path(struct walk *w)
{
	sort(w, by_path);
}

void
order_as_wanted(struct walk *w)
{
	if (w->options->order == BT_ORDER_NATURAL)
		sort(w, by_nature);
	else if (w->options->order == BT_ORDER_SIZE)
		sort(w, by_size);
}

/* The same path, or one below it. */
static bool
covers(const char *path, const char *other)
{
	size_t len = strlen(path);

	return strncmp(path, other, len) == 0 && (other[len] == '\0' || other[len] == '/');
}

enum bt_code
order_check(const struct walk *w, struct bt_error *err)
{
	for (size_t i = 1; i < w->files.len; i++) {
		const struct walk_file *f = walk_at(w, i - 1), *g = walk_at(w, i);
		enum bt_code code;
		char *a, *b;

		if (!covers(walk_path(w, f), walk_path(w, g)))
			continue;
		a = walk_full_path(w, f);
		b = walk_full_path(w, g);
		code = a == NULL || b == NULL ? fail(err, BT_ENOMEM, "out of memory") :
		    fail(err, BT_EARG, "%s and %s meet in one path of the torrent", a, b);
		mem_free(a);
		mem_free(b);
		return code;
	}
	return BT_OK;
}

bool
order_has(const struct walk *w, const char *path)
{
	size_t low = 0, high = w->files.len;

	/* The first that is not before it; what is in a directory follows on its path at once. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_paths(walk_path(w, walk_at(w, middle)), path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->files.len && covers(path, walk_path(w, walk_at(w, low)));
}

/* SPDX-License-Identifier: ISC */
#include "tracker/rules/allowed.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/mem.h"

static void
free_torrent(struct snapshot *s)
{
	mem_free(CONTAINER_OF(s, struct allowed_torrent, snapshot));
}

static struct bt_slice
copy_to(uint8_t **at, struct bt_slice s)
{
	struct bt_slice copy = slice_of(*at, s.len);

	if (s.len > 0)
		memcpy(*at, s.ptr, s.len);
	*at += s.len;
	return copy;
}

struct allowed_torrent *
allowed_torrent_new(const struct allowed_torrent *like)
{
	size_t path_len = strlen(like->path) + 1;
	struct allowed_torrent *t = mem_alloc(sizeof(*t) + path_len + like->name.len +
	    like->failure.len + like->warning.len);
	uint8_t *at = (uint8_t *)(t + 1);

	if (t == NULL)
		return NULL;
	*t = *like;
	snapshot_init(&t->snapshot, free_torrent);
	t->path = (const char *)copy_to(&at, slice_of(like->path, path_len)).ptr;
	t->name = copy_to(&at, like->name);
	t->failure = copy_to(&at, like->failure);
	t->warning = copy_to(&at, like->warning);
	return t;
}

static void
free_set(struct snapshot *s)
{
	struct allowed *a = CONTAINER_OF(s, struct allowed, snapshot);

	for (size_t i = 0; i < a->items.len; i++) {
		struct allowed_item *item = vec_at(&a->items, i);

		if (item->torrent != NULL)
			snapshot_drop(&item->torrent->snapshot);
	}
	vec_fini(&a->items);
	mem_free(a);
}

struct allowed *
allowed_new(void)
{
	struct allowed *a = mem_alloc(sizeof(*a));

	if (a == NULL)
		return NULL;
	snapshot_init(&a->snapshot, free_set);
	vec_init(&a->items, sizeof(struct allowed_item));
	return a;
}

bool
allowed_add(struct allowed *a, const uint8_t hash[20], struct allowed_torrent *t)
{
	struct allowed_item *item = vec_add(&a->items, NULL);

	if (item == NULL)
		return false;
	memcpy(item->hash, hash, sizeof(item->hash));
	item->torrent = t;
	if (t != NULL)
		snapshot_keep(&t->snapshot);
	return true;
}

/* The digits of a v2 info-hash behind the first 40 are checked and not needed. */
static bool
read_hash(struct bt_slice s, uint8_t out[20])
{
	uint8_t hash[32];

	if (!hex_decode(s, hash, 20) && !hex_decode(s, hash, 32))
		return false;
	memcpy(out, hash, 20);
	return true;
}

enum bt_code
allowed_add_list(struct allowed *a, struct bt_slice text, struct bt_error *err)
{
	for (unsigned n = 1; text.len > 0; n++) {
		struct bt_slice line = slice_trim(slice_take_until(&text, '\n'));
		uint8_t hash[20];
		size_t len = 0;

		while (len < line.len && line.ptr[len] > ' ')
			len++;
		if (len == 0 || line.ptr[0] == '#')
			continue;
		if (!read_hash(slice_of(line.ptr, len), hash))
			return fail(err, BT_EFORMAT, "line %u: no info-hash of 40 hex digits: %.*s",
			    n, len < 70 ? (int)len : 70, (const char *)line.ptr);
		if (!allowed_add(a, hash, NULL))
			return fail(err, BT_ENOMEM, "out of memory");
	}
	return BT_OK;
}

static int
by_hash(const void *a, const void *b)
{
	return memcmp(((const struct allowed_item *)a)->hash,
	    ((const struct allowed_item *)b)->hash, 20);
}

void
allowed_seal(struct allowed *a)
{
	if (a->items.len > 0)
		qsort(a->items.items, a->items.len, a->items.item_size, by_hash);
}

const struct allowed_item *
allowed_find(const struct allowed *a, const uint8_t hash[20])
{
	if (a->items.len == 0)
		return NULL;
	return bsearch(hash, a->items.items, a->items.len, a->items.item_size, by_hash);
}

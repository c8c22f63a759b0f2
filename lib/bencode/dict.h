/* SPDX-License-Identifier: ISC */
/*
 * A dictionary to be edited: the bytes it was read from, borrowed, and what was put in or taken out
 * since. Written again, an edited key stands where it belongs or stood; everything else, unsorted
 * or unknown, repeated or behind the dictionary, keeps its bytes and its place.
 */
#ifndef BENCODE_DICT_H
#define BENCODE_DICT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/vec.h"

#define DICT_MAX_KEYS 10000 /* at its top; torrents have some 10, a stranger's may have millions */

struct dict_entry {
	struct bt_slice key;
	struct bt_slice whole;	/* key and value as they were read; empty: put in since */
	struct bt_slice was;	/* the value that was read */
	struct bt_slice is;	/* the value as it is now; empty: taken out */
	uint8_t *owned;		/* behind is, if it was set */
};

struct dict {
	struct vec entries;	/* struct dict_entry */
	struct bt_slice rest;	/* what follows the dictionary */
};

/* The bytes must outlive it. dict_fini is needed also after a failure. */
enum bt_code dict_parse(struct dict *d, struct bt_slice bytes, struct bt_error *err);
void dict_fini(struct dict *d);

/* The bencoded value, as it is and as it was read; empty: there is none. Of a repeated
 * key the first counts. */
struct bt_slice dict_get(const struct dict *d, const char *key);
struct bt_slice dict_old(const struct dict *d, const char *key);

/* The value, bencoded, is copied; the key is not. Repetitions of the key vanish.
 * BT_ENOMEM, or done. */
enum bt_code dict_set(struct dict *d, const char *key, struct bt_slice value);
void dict_remove(struct dict *d, const char *key);

/* Is anything not as it was read? */
bool dict_changed(const struct dict *d);

/* Appends it all. */
void dict_write(const struct dict *d, struct buf *out);

#endif

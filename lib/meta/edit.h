/* SPDX-License-Identifier: ISC */
/* What a struct bt_edit is made of: for the files of lib/meta that define bt_edit_... only. */
#ifndef META_EDIT_H
#define META_EDIT_H

#include <btcore/edit.h>

#include "base/buf.h"
#include "bencode/dict.h"

#define EDIT_MAX_URLS 10000	/* trackers or seeds; a stranger's list may have millions */

struct bt_edit {
	struct buf bytes;	/* as read */
	struct buf out;		/* as written; see bt_edit_bytes */
	struct dict outer;
};

/* The value of a key of the outer dictionary; empty: none. */
struct bt_slice edit_value(const struct bt_edit *e, enum bt_edit_when when, const char *key);

/* What is in a bencoded string; ptr is NULL if it is none. */
struct bt_slice edit_text(struct bt_slice value);

/* Sets a key of a dictionary to a string; ptr NULL removes it. */
enum bt_code edit_set_text(struct dict *d, const char *key, struct bt_slice text,
    struct bt_error *err);

#endif

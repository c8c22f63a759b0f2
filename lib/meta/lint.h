/* SPDX-License-Identifier: ISC */
/* Finding fault with torrents: what the files of lib/meta/lint*.c share. */
#ifndef META_LINT_H
#define META_LINT_H

#include <btcore/bencode.h>
#include <btcore/lint.h>

#include <stdbool.h>

#include "base/cdefs.h"

struct lint {
	bt_lint_fn fn;
	void *arg;
	size_t count;
	bool refused;	/* one finding is why bt_metainfo_parse refuses it */
};

void lint_say(struct lint *l, unsigned bep, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same of what no torrent is read with. */
void lint_refuse(struct lint *l, unsigned bep, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A key of a dictionary, what its value must be, and who looks closer (or NULL). */
struct lint_rule {
	const char *key;
	unsigned kinds;		/* or'ed: 1 << enum bt_bencode_kind; 0: anything */
	bool must;		/* nobody reads a torrent in which it is of another kind */
	unsigned bep;
	void (*check)(struct lint *l, unsigned bep, const char *what, struct bt_bencode v);
};

#define LINT_INT (1u << BT_BENCODE_INT)
#define LINT_STRING (1u << BT_BENCODE_STRING)
#define LINT_LIST (1u << BT_BENCODE_LIST)
#define LINT_DICT (1u << BT_BENCODE_DICT)

/* Holds the keys of dict against the rules; where stands before the name of a key: "info: ". */
void lint_keys(struct lint *l, const char *where, struct bt_bencode dict,
    const struct lint_rule *rules, size_t count);

bool lint_has(struct bt_bencode dict, const char *key);

/* The number of a key that must be there. False, and said: it is not, or is no number. */
bool lint_int(struct lint *l, unsigned bep, const char *where, struct bt_bencode dict,
    const char *key, int64_t *out);

/* BEP 3: text is UTF-8. */
void lint_text(struct lint *l, unsigned bep, const char *what, struct bt_bencode v);

/* Names that cannot be on disk as they are. */
void lint_name(struct lint *l, unsigned bep, const char *what, struct bt_slice name);

/* What BEP 47 lets files have: 20 bytes, and a list of names. */
void lint_sha1(struct lint *l, unsigned bep, const char *what, struct bt_bencode v);
void lint_link(struct lint *l, unsigned bep, const char *what, struct bt_bencode v);

/* 'files'. In *total the bytes of all, or -1 if they make no sense. */
void lint_files(struct lint *l, struct bt_bencode files, int64_t piece_length, int64_t *total);

/* 'file tree'. */
void lint_tree(struct lint *l, struct bt_bencode tree);

/* Bencode itself: canonical, keys sorted, nothing behind it. Gives the value, or none. */
struct bt_bencode lint_bencode(struct lint *l, struct bt_slice bytes);

#endif

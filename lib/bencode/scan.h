/* SPDX-License-Identifier: ISC */
/*
 * Reading bencode (BEP 3) by pulling: one pass over borrowed bytes, no allocation, no recursion.
 * The first failure is sticky: later calls give false, 0 and empty slices, so a whole message is
 * read in plain lines and asked about once, by scan_finish().
 *
 *	scan_init(&s, bytes, SCAN_LENIENT);
 *	scan_dict(&s);
 *	while (scan_key(&s, &key)) {
 *		if (slice_eq_str(key, "interval"))
 *			interval = scan_int(&s);
 *		else
 *			scan_skip(&s);
 *	}
 *	if (!scan_finish(&s))
 *		return scan_fail_as(&s, "reply", err);
 */
#ifndef BENCODE_SCAN_H
#define BENCODE_SCAN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"

#define SCAN_MAX_DEPTH 128		/* containers in containers; real torrents have some 10 */
#define SCAN_MAX_SIZE (64u << 20)	/* bytes; a default, see scan_limit */
#define SCAN_MAX_ITEMS (16u << 20)	/* values and keys; a default, see scan_limit */

/* Strict: exactly one canonical value fills the input. */
enum scan_mode {
	SCAN_STRICT = 0,
	/* keys may be unsorted or repeated (the first counts), bytes may follow */
	SCAN_LENIENT = 1,
	SCAN_PREFIX = 2		/* or'ed: what follows the value is none of ours; see scan_rest */
};

/* What a lenient reader let pass: bits. */
enum scan_tolerated {
	SCAN_UNSORTED = 1,
	SCAN_DUPLICATE = 2,
	SCAN_TRAILING = 4
};

enum scan_kind {
	SCAN_NONE = 0, /* failed, or nothing is left here: the container or the input ends */
	SCAN_INT,
	SCAN_STRING,
	SCAN_LIST,
	SCAN_DICT
};

struct scan_level {
	size_t start;		/* where its first key or element begins */
	struct bt_slice top_key;	/* the greatest so far */
	bool dict;
	bool value_due;		/* a key was read, its value not */
};

struct scan {
	const uint8_t *ptr;
	size_t len;
	size_t pos;		/* of the next byte to read */
	unsigned mode;		/* enum scan_mode */
	unsigned tolerated;	/* enum scan_tolerated */
	unsigned depth;
	size_t items_left;
	size_t search_left;	/* work allowed in looking for repeated keys */
	bool done;		/* the one value was read */
	enum bt_code code;	/* of the failure, or BT_OK */
	const char *why;	/* NULL, or what is wrong at bad_pos */
	size_t bad_pos;
	struct scan_level level[SCAN_MAX_DEPTH];
};

/* mode: enum scan_mode, or'ed. The bytes must outlive the scan and all slices from it. */
void scan_init(struct scan *s, struct bt_slice bytes, unsigned mode);

/* Other limits than the defaults; right after scan_init. */
void scan_limit(struct scan *s, size_t size, size_t items);

/* What comes next, without reading it. In a dict: after scan_key. */
enum scan_kind scan_peek(struct scan *s);

/* Position of the next byte; of a value, if one is due. */
size_t scan_pos(const struct scan *s);

/* Enters a container. Anything else there is a failure. */
bool scan_list(struct scan *s);
bool scan_dict(struct scan *s);

/* The next key; false at the end of the dict, which is thereby left, or on failure. Exactly one
 * value must be read before the next call. */
bool scan_key(struct scan *s, struct bt_slice *key);

/* True if the list has another element; false at its end, which is thereby left, or on failure. */
bool scan_more(struct scan *s);

/* Values that must be of this kind: anything else is a failure. */
int64_t scan_int(struct scan *s);
struct bt_slice scan_string(struct scan *s);

/* Values that should be: anything else is passed over and false. *out is set only if true. */
bool scan_try_int(struct scan *s, int64_t *out);
bool scan_try_string(struct scan *s, struct bt_slice *out);
bool scan_try_list(struct scan *s);
bool scan_try_dict(struct scan *s);

/* One step: over a string or a number, into a list or dict, or out of a list at its end. In a dict
 * its key must have been read. */
void scan_step(struct scan *s);

/* Passes over any value, checking it; gives its bytes as they stand. */
struct bt_slice scan_skip(struct scan *s);

/* The caller found fault: sticky as any other. why is a literal. */
void scan_fail(struct scan *s, const char *why);

static inline bool
scan_failed(const struct scan *s)
{
	return s->why != NULL;
}

/* True if one whole value was read and nothing is wrong with what follows. */
bool scan_finish(struct scan *s);

/* What follows the value. */
struct bt_slice scan_rest(const struct scan *s);

/* Fills err: "what: why at byte n". Gives the code. */
enum bt_code scan_fail_as(const struct scan *s, const char *what, struct bt_error *err);

/* The bits as words, "unsorted keys, trailing bytes"; NULL if there are none. */
const char *scan_tolerated_text(unsigned tolerated);

#endif

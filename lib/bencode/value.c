/* SPDX-License-Identifier: ISC */
#include <btcore/bencode.h>

#include "bencode/scan.h"

#define NONE ((struct bt_bencode){ { NULL, 0 } })

_Static_assert((int)BT_BENCODE_LENIENT == SCAN_LENIENT && (int)BT_BENCODE_PREFIX == SCAN_PREFIX &&
    (int)BT_BENCODE_INT == SCAN_INT && (int)BT_BENCODE_DICT == SCAN_DICT, "the same words");

enum bt_code
bt_bencode_parse(struct bt_slice bytes, unsigned mode, struct bt_bencode *out,
    struct bt_error *err)
{
	struct scan s;

	scan_init(&s, bytes, mode & (SCAN_LENIENT | SCAN_PREFIX));
	out->raw = scan_skip(&s);
	if (scan_finish(&s))
		return BT_OK;
	*out = NONE;
	return scan_fail_as(&s, "bencode", err);
}

/* What follows was checked once; this finds its ends. */
static void
look(struct scan *s, struct bt_slice raw)
{
	scan_init(s, raw, SCAN_LENIENT | SCAN_PREFIX);
}

enum bt_bencode_kind
bt_bencode_kind(struct bt_bencode v)
{
	struct scan s;

	if (v.raw.len == 0)
		return BT_BENCODE_NONE;
	look(&s, v.raw);
	return (enum bt_bencode_kind)scan_peek(&s);
}

bool
bt_bencode_int(struct bt_bencode v, int64_t *out)
{
	struct scan s;

	look(&s, v.raw);
	return v.raw.len > 0 && scan_try_int(&s, out);
}

struct bt_slice
bt_bencode_string(struct bt_bencode v)
{
	struct bt_slice text = SLICE_NONE;
	struct scan s;

	look(&s, v.raw);
	if (v.raw.len > 0)
		(void)scan_try_string(&s, &text);
	return text;
}

void
bt_bencode_start(struct bt_bencode_iter *it, struct bt_bencode v)
{
	enum bt_bencode_kind kind = bt_bencode_kind(v);

	*it = (struct bt_bencode_iter){ .dict = kind == BT_BENCODE_DICT };
	if (kind == BT_BENCODE_LIST || kind == BT_BENCODE_DICT)
		it->left = slice_of(v.raw.ptr + 1, v.raw.len - 2);
}

bool
bt_bencode_next(struct bt_bencode_iter *it, struct bt_slice *key, struct bt_bencode *value)
{
	struct bt_slice name = SLICE_NONE;
	struct scan s;

	if (it->left.len == 0)
		return false;
	if (it->dict) {
		look(&s, it->left);
		name = scan_string(&s);
		it->left = scan_rest(&s);
	}
	if (key != NULL)
		*key = name;
	look(&s, it->left);
	value->raw = scan_skip(&s);
	it->left = scan_failed(&s) ? SLICE_NONE : scan_rest(&s);
	return !scan_failed(&s);
}

struct bt_bencode
bt_bencode_find_slice(struct bt_bencode dict, struct bt_slice key)
{
	struct bt_bencode_iter it;
	struct bt_bencode value;
	struct bt_slice name;

	bt_bencode_start(&it, dict);
	while (it.dict && bt_bencode_next(&it, &name, &value)) {
		if (slice_eq(name, key))
			return value;
	}
	return NONE;
}

struct bt_bencode
bt_bencode_find(struct bt_bencode dict, const char *key)
{
	return bt_bencode_find_slice(dict, slice_str(key));
}

struct bt_bencode
bt_bencode_at(struct bt_bencode list, size_t i)
{
	struct bt_bencode_iter it;
	struct bt_bencode value;

	bt_bencode_start(&it, list);
	while (!it.dict && bt_bencode_next(&it, NULL, &value)) {
		if (i-- == 0)
			return value;
	}
	return NONE;
}

size_t
bt_bencode_count(struct bt_bencode v)
{
	struct bt_bencode_iter it;
	struct bt_bencode value;
	size_t n = 0;

	bt_bencode_start(&it, v);
	while (bt_bencode_next(&it, NULL, &value))
		n++;
	return n;
}

/* SPDX-License-Identifier: ISC */
/* A strict value written anew is the same bytes; what strict takes, lenient takes untouched. */
#include "fuzz.h"

#include <btcore/bencode.h>

#include "bencode/scan.h"
#include "bencode/write.h"

/* Copies one value, by the typed calls; false on failure. Recursion is bounded by the depth. */
static void
copy_value(struct scan *s, struct write *w, unsigned depth)
{
	struct bt_slice key;

	switch (scan_peek(s)) {
	case SCAN_INT: write_int(w, scan_int(s)); break;
	case SCAN_STRING: write_slice(w, scan_string(s)); break;
	case SCAN_LIST:
		if (depth == 0) {
			write_raw(w, scan_skip(s));
			break;
		}
		scan_list(s);
		write_list(w);
		while (scan_more(s))
			copy_value(s, w, depth - 1);
		write_end(w);
		break;
	case SCAN_DICT:
		if (depth == 0) {
			write_raw(w, scan_skip(s));
			break;
		}
		scan_dict(s);
		write_dict(w);
		while (scan_key(s, &key)) {
			write_key_slice(w, key);
			copy_value(s, w, depth - 1);
		}
		write_end(w);
		break;
	case SCAN_NONE: write_int(w, 0); break;
	}
}

static void
check_rewrite(struct bt_slice in)
{
	struct write w;
	struct scan s;
	struct buf out;

	buf_init(&out, in.len + 64);
	write_init(&w, &out);
	scan_init(&s, in, SCAN_STRICT);
	copy_value(&s, &w, WRITE_MAX_DEPTH);
	MUST(scan_finish(&s));
	MUST(write_finish(&w));
	MUST(slice_eq(buf_slice(&out), in));
	buf_fini(&out);
}

/* The same by the public functions. */
static void
copy_public(struct bt_bencode v, struct bt_bencode_writer *w)
{
	struct bt_bencode_iter it;
	struct bt_bencode element;
	struct bt_slice key;
	int64_t n = 0;

	switch (bt_bencode_kind(v)) {
	case BT_BENCODE_INT:
		MUST(bt_bencode_int(v, &n));
		bt_bencode_put_int(w, n);
		return;
	case BT_BENCODE_STRING: bt_bencode_put_bytes(w, bt_bencode_string(v)); return;
	case BT_BENCODE_LIST: bt_bencode_put_list(w); break;
	case BT_BENCODE_DICT: bt_bencode_put_dict(w); break;
	case BT_BENCODE_NONE: MUST(false);
	}
	bt_bencode_start(&it, v);
	while (bt_bencode_next(&it, &key, &element)) {
		if (it.dict)
			bt_bencode_put_key_slice(w, key);
		copy_public(element, w);
	}
	bt_bencode_put_end(w);
}

static void
check_public(struct bt_slice in)
{
	struct bt_bencode_writer *w = bt_bencode_writer_new();
	struct bt_bencode v;
	uint8_t *bytes;
	size_t len;

	MUST(bt_bencode_parse(in, BT_BENCODE_STRICT, &v, NULL) == BT_OK);
	copy_public(v, w);
	MUST(bt_bencode_writer_finish(w, &bytes, &len, NULL) == BT_OK);
	MUST(slice_eq(slice_of(bytes, len), in));
	free(bytes);
}

/* In a lenient dictionary no key comes twice, and every value is inside the input. */
static void
check_lenient(struct bt_slice in)
{
	struct bt_slice key, value;
	struct scan s;
	size_t end = 0;

	scan_init(&s, in, SCAN_LENIENT);
	if (scan_peek(&s) != SCAN_DICT)
		return;
	scan_dict(&s);
	while (scan_key(&s, &key)) {
		value = scan_skip(&s);
		if (scan_failed(&s))
			break;
		MUST(value.len > 0 && value.ptr >= in.ptr + end);
		end = (size_t)(value.ptr - in.ptr) + value.len;
		MUST(end <= in.len && end == scan_pos(&s));
	}
	(void)scan_finish(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_slice in = slice_of(data, size);
	struct scan strict, lenient;
	bool strict_ok, lenient_ok;

	scan_init(&strict, in, SCAN_STRICT);
	(void)scan_skip(&strict);
	strict_ok = scan_finish(&strict);
	scan_init(&lenient, in, SCAN_LENIENT);
	(void)scan_skip(&lenient);
	lenient_ok = scan_finish(&lenient);
	MUST(strict_ok == (lenient_ok && lenient.tolerated == 0));
	MUST(strict_ok || (strict.why != NULL && strict.bad_pos <= size));
	if (strict_ok) {
		check_rewrite(in);
		check_public(in);
	}
	if (lenient_ok)
		check_lenient(in);
	return 0;
}

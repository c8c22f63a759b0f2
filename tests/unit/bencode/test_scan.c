/* SPDX-License-Identifier: ISC */
#include "bencode/scan.h"
#include "bencode/write.h"
#include "helper.h"

Suite *scan_suite(void);

struct entry {
	struct bt_slice key;
	struct bt_slice value;
};

static int
by_key(const void *a, const void *b)
{
	return slice_cmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

/* The canonical form of one value. */
static void
write_canonical(struct bt_slice value, struct write *w)
{
	struct entry entries[64];
	size_t count = 0;
	struct scan s;

	scan_init(&s, value, SCAN_LENIENT);
	switch (scan_peek(&s)) {
	case SCAN_LIST:
		scan_list(&s);
		write_list(w);
		while (scan_more(&s))
			write_canonical(scan_skip(&s), w);
		write_end(w);
		break;
	case SCAN_DICT:
		scan_dict(&s);
		write_dict(w);
		while (count < 64 && scan_key(&s, &entries[count].key))
			entries[count++].value = scan_skip(&s);
		qsort(entries, count, sizeof(entries[0]), by_key);
		for (size_t i = 0; i < count; i++) {
			write_key_slice(w, entries[i].key);
			write_canonical(entries[i].value, w);
		}
		write_end(w);
		break;
	case SCAN_INT: write_int(w, scan_int(&s)); break;
	case SCAN_STRING: write_slice(w, scan_string(&s)); break;
	case SCAN_NONE: ck_abort_msg("no value"); break;
	}
}

static bool
reads(struct scan *s, struct bt_slice in, unsigned mode)
{
	scan_init(s, in, mode);
	(void)scan_skip(s);
	return scan_finish(s);
}

static void
check_vector(char *field[MAX_FIELDS])
{
	struct bt_slice in = unhex(field[1]), want;
	struct write w;
	struct scan s;
	struct buf out;
	const char *tolerated;

	ck_assert_msg(reads(&s, in, SCAN_STRICT) == (strcmp(field[2], "accept") == 0),
	    "strict: %s", field[0]);
	ck_assert_msg(reads(&s, in, SCAN_LENIENT) == (strcmp(field[3], "accept") == 0),
	    "lenient: %s", field[0]);
	if (!scan_failed(&s)) {
		tolerated = scan_tolerated_text(s.tolerated);
		ck_assert_str_eq(tolerated == NULL ? "" : tolerated, field[4]);
		want = unhex(field[5][0] != '\0' ? field[5] : field[1]);
		buf_init(&out, 1 << 20);
		write_init(&w, &out);
		write_canonical(in, &w);
		ck_assert(write_finish(&w));
		ck_assert_msg(slice_eq(buf_slice(&out), want), "canonical: %s", field[0]);
		buf_fini(&out);
		free((void *)want.ptr);
	}
	free((void *)in.ptr);
}

START_TEST(agrees_with_the_vectors)
{
	FILE *f = open_data("bencode.tsv");
	char *line = NULL, *field[MAX_FIELDS];
	unsigned count = 0;

	for (; next_line(f, &line, field); count++)
		check_vector(field);
	ck_assert_uint_eq(count, 95);
	free(line);
	(void)fclose(f);
}
END_TEST

START_TEST(reads_typed_values)
{
	static const char text[] = "d1:ai-7e1:bl1:x2:yye1:cd1:ki9ee4:skip3:abc1:z0:e";
	struct bt_slice key, raw = SLICE_NONE, inner;
	int64_t a = 0, k = 0;
	size_t strings = 0;
	struct scan s;

	scan_init(&s, slice_str(text), SCAN_STRICT);
	ck_assert(scan_dict(&s));
	while (scan_key(&s, &key)) {
		if (slice_eq_str(key, "a")) {
			a = scan_int(&s);
		} else if (slice_eq_str(key, "b")) {
			scan_list(&s);
			while (scan_more(&s))
				strings += scan_string(&s).len;
		} else if (slice_eq_str(key, "c")) {
			scan_dict(&s);
			while (scan_key(&s, &inner))
				k = scan_int(&s);
		} else if (slice_eq_str(key, "skip")) {
			raw = scan_skip(&s);
		} else {
			ck_assert_uint_eq(scan_string(&s).len, 0);
		}
	}
	ck_assert(scan_finish(&s));
	ck_assert_int_eq(a, -7);
	ck_assert_int_eq(k, 9);
	ck_assert_uint_eq(strings, 3);
	ck_assert(slice_eq_str(raw, "3:abc"));
	ck_assert_ptr_eq(raw.ptr, strstr(text, "3:abc"));
}
END_TEST

START_TEST(failure_is_sticky_and_says_where)
{
	struct bt_slice key;
	struct bt_error err;
	struct scan s;

	scan_init(&s, slice_str("d1:a1:xe"), SCAN_STRICT);
	ck_assert(scan_dict(&s));
	ck_assert(scan_key(&s, &key));
	ck_assert_int_eq(scan_int(&s), 0);
	ck_assert(!scan_key(&s, &key));
	ck_assert_uint_eq(scan_string(&s).len, 0);
	ck_assert(!scan_finish(&s));
	ck_assert_int_eq(scan_fail_as(&s, "reply", &err), BT_EFORMAT);
	ck_assert_str_eq(err.text, "reply: not a number at byte 4");
}
END_TEST

START_TEST(passes_over_values_of_another_kind)
{
	struct bt_slice key, text = SLICE_NONE;
	int64_t v = 42;
	struct scan s;

	scan_init(&s, slice_str("d1:ali1ee1:b2:xye"), SCAN_STRICT);
	scan_dict(&s);
	ck_assert(scan_key(&s, &key));
	ck_assert(!scan_try_int(&s, &v));
	ck_assert_int_eq(v, 42);
	ck_assert(scan_key(&s, &key));
	ck_assert(scan_try_string(&s, &text));
	ck_assert(slice_eq_str(text, "xy"));
	ck_assert(!scan_key(&s, &key));
	ck_assert(scan_finish(&s));
}
END_TEST

START_TEST(leaves_what_follows_to_others)
{
	struct scan s;

	scan_init(&s, slice_str("d1:ai1eeDATA"), SCAN_STRICT | SCAN_PREFIX);
	(void)scan_skip(&s);
	ck_assert(scan_finish(&s));
	ck_assert(slice_eq_str(scan_rest(&s), "DATA"));
	ck_assert_uint_eq(s.tolerated, 0);
}
END_TEST

START_TEST(keeps_to_its_limits)
{
	char deep[2 * SCAN_MAX_DEPTH + 2];
	struct scan s;

	memset(deep, 'l', SCAN_MAX_DEPTH);
	memset(deep + SCAN_MAX_DEPTH, 'e', SCAN_MAX_DEPTH);
	ck_assert(reads(&s, slice_of(deep, 2 * SCAN_MAX_DEPTH), SCAN_STRICT));
	memset(deep, 'l', SCAN_MAX_DEPTH + 1);
	memset(deep + SCAN_MAX_DEPTH + 1, 'e', SCAN_MAX_DEPTH + 1);
	ck_assert(!reads(&s, slice_of(deep, 2 * SCAN_MAX_DEPTH + 2), SCAN_STRICT));
	ck_assert_int_eq(s.code, BT_ELIMIT);

	scan_init(&s, slice_str("li1ei2ei3ee"), SCAN_STRICT);
	scan_limit(&s, 100, 3);
	(void)scan_skip(&s);
	ck_assert(!scan_finish(&s));
	ck_assert_int_eq(s.code, BT_ELIMIT);

	scan_init(&s, slice_str("li1ei2ei3ee"), SCAN_STRICT);
	scan_limit(&s, 10, 100);
	ck_assert(!scan_list(&s));
	ck_assert_int_eq(s.code, BT_ELIMIT);
}
END_TEST

/* n keys in falling order cost n searches: refused before it hurts. */
START_TEST(unsorted_keys_cost_no_more_than_a_bound)
{
	enum { KEYS = 20000 };
	struct buf b;
	struct scan s;

	buf_init(&b, 1 << 20);
	buf_add_u8(&b, 'd');
	for (unsigned i = KEYS; i > 0; i--)
		buf_addf(&b, "6:%06ui1e", i);
	buf_add_u8(&b, 'e');
	ck_assert(!reads(&s, buf_slice(&b), SCAN_LENIENT));
	ck_assert_int_eq(s.code, BT_ELIMIT);
	buf_fini(&b);
}
END_TEST

Suite *
scan_suite(void)
{
	Suite *s = suite_create("bencode/scan");
	TCase *c = tcase_create("scan");

	tcase_add_test(c, agrees_with_the_vectors);
	tcase_add_test(c, reads_typed_values);
	tcase_add_test(c, failure_is_sticky_and_says_where);
	tcase_add_test(c, passes_over_values_of_another_kind);
	tcase_add_test(c, leaves_what_follows_to_others);
	tcase_add_test(c, keeps_to_its_limits);
	tcase_add_test(c, unsorted_keys_cost_no_more_than_a_bound);
	suite_add_tcase(s, c);
	return s;
}

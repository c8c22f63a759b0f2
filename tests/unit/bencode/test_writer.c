/* SPDX-License-Identifier: ISC */
#include <btcore/bencode.h>

#include "base/mem.h"
#include "helper.h"

Suite *writer_suite(void);

/* One letter a call: d l e open and end, i a number, s a string, A B keys, n none, u unsorted. */
static enum bt_code
written(const char *calls, char *out, size_t size, struct bt_error *err)
{
	struct bt_bencode_writer *w = bt_bencode_writer_new();
	struct bt_bencode none = { { NULL, 0 } }, unsorted;
	enum bt_code code;
	uint8_t *bytes;
	size_t len;

	ck_assert_int_eq(bt_bencode_parse(slice_str("d1:bi1e1:ai1ee"), BT_BENCODE_LENIENT,
	    &unsorted, NULL), BT_OK);
	for (; *calls != '\0'; calls++) {
		switch (*calls) {
		case 'd': bt_bencode_put_dict(w); break;
		case 'l': bt_bencode_put_list(w); break;
		case 'e': bt_bencode_put_end(w); break;
		case 'i': bt_bencode_put_int(w, INT64_MIN); break;
		case 's': bt_bencode_put_string(w, "text"); break;
		case 'n': bt_bencode_put_value(w, none); break;
		case 'u': bt_bencode_put_value(w, unsorted); break;
		default: bt_bencode_put_key_slice(w, slice_of(calls, 1)); break;
		}
	}
	code = bt_bencode_writer_finish(w, &bytes, &len, err);
	ck_assert((code == BT_OK) == (bytes != NULL));
	(void)snprintf(out, size, "%.*s", (int)len, bytes == NULL ? "" : (char *)bytes);
	free(bytes);
	return code;
}

START_TEST(writes_what_it_is_told)
{
	char out[200];

	ck_assert_int_eq(written("i", out, sizeof(out), NULL), BT_OK);
	ck_assert_str_eq(out, "i-9223372036854775808e");
	ck_assert_int_eq(written("dAlsdeeBse", out, sizeof(out), NULL), BT_OK);
	ck_assert_str_eq(out, "d1:Al4:textdee1:B4:texte");
}
END_TEST

START_TEST(knows_every_mistake)
{
	static const struct {
		const char *calls, *text;
	} mistakes[] = {
		{ "", "nothing was put" },
		{ "ii", "a second value" },
		{ "d", "is not ended" },
		{ "dA", "is not ended" },
		{ "dAe", "ends after a key" },
		{ "e", "an end of nothing" },
		{ "lee", "an end of nothing" },
		{ "di", "a value without a key" },
		{ "dAii", "a value without a key" },
		{ "dAB", "key 'B' where a value is due" },
		{ "dBiAie", "key 'A' comes too late or twice" },
		{ "dAiAie", "key 'A' comes too late or twice" },
		{ "A", "key 'A' outside" },
		{ "lA", "key 'A' outside" },
		{ "n", "not canonical: empty" },
		{ "dBuA", "not canonical: unsorted keys" },
	};
	struct bt_error err;
	char out[200];

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		ck_assert_msg(written(mistakes[i].calls, out, sizeof(out), &err) == BT_EARG, "%s",
		    mistakes[i].calls);
		ck_assert_msg(strstr(err.text, mistakes[i].text) != NULL, "%s: %s",
		    mistakes[i].calls, err.text);
	}
}
END_TEST

START_TEST(has_limits)
{
	static uint8_t large[1 << 20];
	struct bt_bencode_writer *w = bt_bencode_writer_new();
	struct bt_error err;
	uint8_t *bytes;
	size_t len;

	for (int i = 0; i < 129; i++)
		bt_bencode_put_list(w);
	ck_assert_int_eq(bt_bencode_writer_finish(w, &bytes, &len, &err), BT_EARG);
	ck_assert_ptr_null(bytes);
	w = bt_bencode_writer_new();
	bt_bencode_put_list(w);
	for (int i = 0; i < 64; i++)
		bt_bencode_put_bytes(w, slice_of(large, sizeof(large)));
	bt_bencode_put_end(w);
	ck_assert_int_eq(bt_bencode_writer_finish(w, &bytes, &len, &err), BT_ELIMIT);
}
END_TEST

START_TEST(survives_without_memory)
{
	struct bt_error err;
	char out[200];

	for (size_t n = 1; n < 4; n++) {
		enum bt_code code;

		mem_fail_at(n);
		code = written("dAlsdeeBse", out, sizeof(out), &err);
		mem_fail_at(0);
		ck_assert_int_eq(code, n <= 2 ? BT_ENOMEM : BT_OK);
	}
}
END_TEST

Suite *
writer_suite(void)
{
	Suite *s = suite_create("bencode/writer");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, writes_what_it_is_told);
	tcase_add_test(tc, knows_every_mistake);
	tcase_add_test(tc, has_limits);
	tcase_add_test(tc, survives_without_memory);
	suite_add_tcase(s, tc);
	return s;
}

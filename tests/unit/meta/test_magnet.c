/* SPDX-License-Identifier: ISC */
#include <btcore/magnet.h>

#include "base/mem.h"
#include "helper.h"

Suite *magnet_suite(void);

#define HASH "c9e15763f722f23e98a29decdfae341b98d53056"
#define V1 "magnet:?xt=urn:btih:" HASH

static struct bt_magnet *
parse(const char *uri)
{
	struct bt_magnet *m;
	struct bt_error err;

	ck_assert_msg(bt_magnet_parse(slice_str(uri), &m, &err) == BT_OK, "%s: %s", uri, err.text);
	return m;
}

static void
check_hash(const char *name, const uint8_t *hash, size_t len, const char *want)
{
	char *hex = hash == NULL ? strdup("-") : hex_of(hash, len);

	ck_assert_msg(strcmp(hex, want) == 0, "%s: %s", name, hex);
	free(hex);
}

static void
check_list(const char *name, const struct bt_magnet *m, enum bt_magnet_list list, const char *want)
{
	char text[1000] = "-";
	size_t n = 0;

	for (size_t i = 0; i < bt_magnet_count(m, list); i++) {
		struct bt_slice s = bt_magnet_get(m, list, i);

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", i == 0 ? "" : " ",
		    (int)s.len, (const char *)s.ptr);
	}
	ck_assert_msg(strcmp(text, want) == 0, "%s: '%s'", name, text);
}

static void
check_selection(const char *name, const struct bt_magnet *m, const char *want)
{
	char text[1000] = "-";
	size_t n = 0;

	for (size_t i = 0; i < bt_magnet_range_count(m); i++) {
		struct bt_magnet_range r = bt_magnet_range(m, i);

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u-%u", i == 0 ? "" : " ",
		    r.first, r.last);
	}
	ck_assert_msg(strcmp(text, want) == 0, "%s: '%s'", name, text);
}

static void
check_fields(const struct bt_magnet *m, char *const field[MAX_FIELDS])
{
	struct bt_slice name = bt_magnet_name(m);

	check_hash(field[0], bt_magnet_info_hash(m), 20, field[3]);
	check_hash(field[0], bt_magnet_info_hash_v2(m), 32, field[4]);
	ck_assert_msg(name.ptr == NULL ? strcmp(field[5], "-") == 0 : slice_eq_str(name, field[5]),
	    "%s", field[0]);
	check_list(field[0], m, BT_MAGNET_TRACKER, field[6]);
	check_list(field[0], m, BT_MAGNET_WEB_SEED, field[7]);
	check_list(field[0], m, BT_MAGNET_PEER, field[8]);
	check_selection(field[0], m, field[9]);
}

/* What is written says the same as what was read. */
START_TEST(agrees_with_the_vectors)
{
	char *line = NULL, *field[MAX_FIELDS];
	unsigned count = 0;
	FILE *f = open_data("magnet.tsv");

	while (next_line(f, &line, field)) {
		struct bt_magnet *m, *again;
		struct bt_error err;

		if (field[0][0] == '#')
			continue;
		count++;
		if (strcmp(field[1], "reject") == 0) {
			ck_assert_msg(bt_magnet_parse(slice_str(field[2]), &m, &err) != BT_OK,
			    "%s", field[0]);
			ck_assert_ptr_null(m);
			continue;
		}
		m = parse(field[2]);
		check_fields(m, field);
		again = parse(bt_magnet_text(m));
		check_fields(again, field);
		bt_magnet_free(again);
		bt_magnet_free(m);
	}
	ck_assert_uint_eq(count, 51);
	free(line);
	(void)fclose(f);
}
END_TEST

START_TEST(passes_over_what_it_cannot_use)
{
	struct bt_magnet *m = parse(V1 "&tr=nothing&tr=http://a%20b/&tr=http://a/%2Bx+y"
	    "&ws=&x.pe=a:b&so=4294967295,4294967296,0-1-2,&xt=urn:btih:nonsense&dn=first"
	    "&dn=second&tr.x=udp://a");

	check_list("tr", m, BT_MAGNET_TRACKER, "http://a/+x+y");
	check_list("ws", m, BT_MAGNET_WEB_SEED, "-");
	check_list("x.pe", m, BT_MAGNET_PEER, "-");
	check_selection("so", m, "4294967295-4294967295");
	check_hash("xt", bt_magnet_info_hash(m), 20, HASH);
	ck_assert(slice_eq_str(bt_magnet_name(m), "first"));
	ck_assert(!bt_magnet_selects(m, 0));
	bt_magnet_free(m);
}
END_TEST

START_TEST(takes_keys_in_any_case)
{
	struct bt_magnet *m = parse("MAGNET:?XT=URN:BTIH:" HASH "&Dn=name&TR.1=http://a/&So=3");

	check_hash("xt", bt_magnet_info_hash(m), 20, HASH);
	ck_assert(slice_eq_str(bt_magnet_name(m), "name"));
	check_list("tr", m, BT_MAGNET_TRACKER, "http://a/");
	check_selection("so", m, "3-3");
	bt_magnet_free(m);
}
END_TEST

START_TEST(knows_peers)
{
	static const char *const good[] = { "1.2.3.4:5", "[::1]:65535", "a-b.example:1" };
	static const char *const bad[] = { "", ":1", "a", "a:", "a:0", "a:65536", "::1:5", "[::1]",
		"[]:1", "[1.2.3.4]:1", "[::g]:1", "a b:1", "a%:1", "a:+1", "a:000001" };
	uint8_t hash[20] = { 0 };
	struct bt_magnet *m;

	ck_assert_int_eq(bt_magnet_new(hash, NULL, &m, NULL), BT_OK);
	for (size_t i = 0; i < COUNT_OF(good); i++)
		ck_assert_msg(bt_magnet_add(m, BT_MAGNET_PEER, slice_str(good[i]), NULL) == BT_OK,
		    "%s", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(bt_magnet_add(m, BT_MAGNET_PEER, slice_str(bad[i]), NULL) == BT_EARG,
		    "%s", bad[i]);
	bt_magnet_free(m);
}
END_TEST

START_TEST(writes_all)
{
	uint8_t v1[20], v2[32];
	struct bt_magnet *m;

	memset(v1, 0xab, sizeof(v1));
	memset(v2, 0xcd, sizeof(v2));
	ck_assert_int_eq(bt_magnet_new(NULL, NULL, &m, NULL), BT_EARG);
	ck_assert_int_eq(bt_magnet_new(v1, v2, &m, NULL), BT_OK);
	ck_assert(bt_magnet_selects(m, 7));
	ck_assert_int_eq(bt_magnet_set_name(m, slice_str("old"), NULL), BT_OK);
	ck_assert_int_eq(bt_magnet_set_name(m, slice_str("a b&c"), NULL), BT_OK);
	ck_assert_int_eq(bt_magnet_add(m, BT_MAGNET_TRACKER, slice_str("http://t/?x=1&y"), NULL),
	    BT_OK);
	ck_assert_int_eq(bt_magnet_add(m, BT_MAGNET_TRACKER, slice_str("http://t/?x=1&y"), NULL),
	    BT_EEXIST);
	ck_assert_int_eq(bt_magnet_add(m, BT_MAGNET_TRACKER, slice_str("no URL"), NULL), BT_EARG);
	ck_assert_int_eq(bt_magnet_add(m, BT_MAGNET_WEB_SEED, slice_str("http://w/"), NULL), BT_OK);
	ck_assert_int_eq(bt_magnet_add(m, BT_MAGNET_PEER, slice_str("[::1]:6881"), NULL), BT_OK);
	ck_assert_int_eq(bt_magnet_select(m, (struct bt_magnet_range){ 6, 8 }, NULL), BT_OK);
	ck_assert_int_eq(bt_magnet_select(m, (struct bt_magnet_range){ 1, 1 }, NULL), BT_OK);
	ck_assert_int_eq(bt_magnet_select(m, (struct bt_magnet_range){ 5, 5 }, NULL), BT_OK);
	ck_assert_int_eq(bt_magnet_select(m, (struct bt_magnet_range){ 3, 2 }, NULL), BT_EARG);
	ck_assert(bt_magnet_selects(m, 5) && bt_magnet_selects(m, 8) && !bt_magnet_selects(m, 9));
	ck_assert_str_eq(bt_magnet_text(m), "magnet:?"
	    "xt=urn:btih:abababababababababababababababababababab"
	    "&xt=urn:btmh:1220cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	    "&dn=a%20b%26c&tr=http%3A%2F%2Ft%2F%3Fx%3D1%26y&ws=http%3A%2F%2Fw%2F"
	    "&x.pe=[::1]:6881&so=1,5-8");
	bt_magnet_free(m);
}
END_TEST

START_TEST(keeps_to_limits)
{
	size_t size = (2u << 20) + sizeof(V1);
	char *uri = malloc(size);
	struct bt_magnet *m;
	struct bt_error err;
	size_t n;

	n = (size_t)snprintf(uri, size, V1);
	for (unsigned i = 0; i < 1500; i++)
		n += (size_t)snprintf(uri + n, size - n, "&tr=http://t/%u", i);
	n += (size_t)snprintf(uri + n, size - n, "&so=0");
	for (unsigned i = 1; i < 20000; i++)
		n += (size_t)snprintf(uri + n, size - n, ",%u", 2 * i);
	m = parse(uri);
	ck_assert_uint_eq(bt_magnet_count(m, BT_MAGNET_TRACKER), 1000);
	ck_assert_uint_eq(bt_magnet_range_count(m), 10000);
	bt_magnet_free(m);
	memset(uri + n, '&', size - n - 1);
	uri[size - 1] = '\0';
	ck_assert_int_eq(bt_magnet_parse(slice_str(uri), &m, &err), BT_ELIMIT);
	free(uri);
}
END_TEST

START_TEST(survives_want_of_memory)
{
	enum bt_code code = BT_ENOMEM;

	for (size_t n = 1; code != BT_OK; n++) {
		struct bt_magnet *m;
		struct bt_error err;

		mem_fail_at(n);
		code = bt_magnet_parse(slice_str(V1 "&dn=n&tr=http://t/&x.pe=a:1&so=1,3"), &m,
		    &err);
		if (code == BT_OK && bt_magnet_text(m) == NULL)
			code = BT_ENOMEM;
		mem_fail_at(0);
		ck_assert_uint_lt(n, 100);
		bt_magnet_free(m);
	}
}
END_TEST

Suite *
magnet_suite(void)
{
	Suite *s = suite_create("meta/magnet");
	TCase *c = tcase_create("magnet");

	tcase_add_test(c, agrees_with_the_vectors);
	tcase_add_test(c, passes_over_what_it_cannot_use);
	tcase_add_test(c, takes_keys_in_any_case);
	tcase_add_test(c, knows_peers);
	tcase_add_test(c, writes_all);
	tcase_add_test(c, keeps_to_limits);
	tcase_add_test(c, survives_want_of_memory);
	suite_add_tcase(s, c);
	return s;
}

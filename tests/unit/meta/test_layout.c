/* SPDX-License-Identifier: ISC */
#include "helper.h"
#include "meta/layout.h"

Suite *layout_suite(void);

static struct bt_metainfo *
parse(const char *text)
{
	struct bt_metainfo *m;
	struct bt_error err;

	ck_assert_msg(bt_metainfo_parse(slice_str(text), &m, &err) == BT_OK, "%s", err.text);
	return m;
}

#define H20 "aaaaaaaaaaaaaaaaaaaa"
#define H32 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* empty, 10 bytes, empty, padding of 6, 20 bytes, empty; pieces of 16 */
static const char v1[] = "d4:infod5:filesl"
    "d6:lengthi0e4:pathl1:aee"
    "d6:lengthi10e4:pathl1:bee"
    "d6:lengthi0e4:pathl1:cee"
    "d4:attr1:p6:lengthi6e4:pathl4:.pad1:6ee"
    "d6:lengthi20e4:pathl1:dee"
    "d6:lengthi0e4:pathl1:eee"
    "e4:name1:n12:piece lengthi16e6:pieces60:" H20 H20 H20 "ee";

/* 5 bytes, empty, 20000 bytes, empty; pieces of 16384 */
static const char v2[] = "d4:infod9:file treed"
    "1:ad0:d6:lengthi5e11:pieces root32:" H32 "ee"
    "1:bd0:d6:lengthi0eee"
    "1:cd0:d6:lengthi20000e11:pieces root32:" H32 "ee"
    "1:dd0:d6:lengthi0eee"
    "e12:meta versioni2e4:name1:n12:piece lengthi16384eee";

static void
expect(struct layout_iter *it, uint32_t file, uint64_t offset, uint64_t len, bool pad)
{
	struct layout_span s;

	ck_assert(layout_next(it, &s));
	ck_assert_uint_eq(s.file, file);
	ck_assert_uint_eq(s.offset, offset);
	ck_assert_uint_eq(s.len, len);
	ck_assert_int_eq(s.pad, pad);
}

static void
expect_end(struct layout_iter *it)
{
	struct layout_span s;

	ck_assert(!layout_next(it, &s));
}

START_TEST(maps_content_to_files)
{
	struct bt_metainfo *m = parse(v1);
	struct layout_iter it;

	ck_assert_uint_eq(bt_metainfo_content_size(m), 36);
	ck_assert_uint_eq(bt_metainfo_total_size(m), 30);
	layout_start(&it, m, 0, UINT64_MAX);
	expect(&it, 1, 0, 10, false);
	expect(&it, 3, 0, 6, true);
	expect(&it, 4, 0, 20, false);
	expect_end(&it);
	layout_start(&it, m, 9, 8);
	expect(&it, 1, 9, 1, false);
	expect(&it, 3, 0, 6, true);
	expect(&it, 4, 0, 1, false);
	expect_end(&it);
	layout_start(&it, m, 36, 1);
	expect_end(&it);
	layout_start(&it, m, 3, 0);
	expect_end(&it);
	bt_metainfo_free(m);
}
END_TEST

START_TEST(maps_gaps_of_v2_to_padding)
{
	struct bt_metainfo *m = parse(v2);
	struct layout_iter it;

	ck_assert_uint_eq(bt_metainfo_piece_count(m), 3);
	ck_assert_uint_eq(bt_metainfo_content_size(m), 20005);
	ck_assert_uint_eq(bt_metainfo_piece_size(m, 0), 5);
	ck_assert_uint_eq(bt_metainfo_piece_size(m, 2), 3616);
	ck_assert_ptr_nonnull(bt_metainfo_piece_hash(m, 0));
	ck_assert_ptr_null(bt_metainfo_piece_hash(m, 1));
	ck_assert_uint_eq(bt_metainfo_layers_missing(m), 1);
	ck_assert(!bt_metainfo_lacks_layer(m, 0) && !bt_metainfo_lacks_layer(m, 1));
	ck_assert(bt_metainfo_lacks_layer(m, 2));
	ck_assert_str_eq(bt_metainfo_tolerated(m), "missing piece layers");
	layout_start(&it, m, 0, UINT64_MAX);
	expect(&it, 0, 0, 5, false);
	expect(&it, 0, 5, 16379, true);
	expect(&it, 2, 0, 20000, false);
	expect_end(&it);
	ck_assert_uint_eq(layout_file_of(m, 16383), 0);
	ck_assert_uint_eq(layout_file_of(m, 16384), 2);
	bt_metainfo_free(m);
}
END_TEST

START_TEST(maps_files_to_pieces)
{
	struct bt_metainfo *m = parse(v1);
	uint32_t first, last;

	ck_assert(!layout_file_pieces(m, 0, &first, &last));
	ck_assert(layout_file_pieces(m, 1, &first, &last));
	ck_assert_uint_eq(first, 0);
	ck_assert_uint_eq(last, 0);
	ck_assert(layout_file_pieces(m, 4, &first, &last));
	ck_assert_uint_eq(first, 1);
	ck_assert_uint_eq(last, 2);
	ck_assert_uint_eq(layout_file_of(m, 35), 4);
	bt_metainfo_free(m);
}
END_TEST

/* Every byte of content is in the file that a plain walk finds. */
START_TEST(agrees_with_a_plain_walk)
{
	struct bt_metainfo *m = parse(v1);

	for (uint64_t at = 0; at < 36; at++) {
		uint32_t i = layout_file_of(m, at);
		struct bt_file f = bt_metainfo_file(m, i);

		ck_assert(at >= f.offset && at < f.offset + f.size);
	}
	bt_metainfo_free(m);
}
END_TEST

Suite *
layout_suite(void)
{
	Suite *s = suite_create("meta/layout");
	TCase *c = tcase_create("layout");

	tcase_add_test(c, maps_content_to_files);
	tcase_add_test(c, maps_gaps_of_v2_to_padding);
	tcase_add_test(c, maps_files_to_pieces);
	tcase_add_test(c, agrees_with_a_plain_walk);
	suite_add_tcase(s, c);
	return s;
}

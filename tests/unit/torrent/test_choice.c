/* SPDX-License-Identifier: ISC */
/* Which pieces are wanted when some files are. */
#include "base/mem.h"
#include "helper.h"
#include "torrent/choice.h"

Suite *choice_suite(void);

#define PIECES 7u
#define FILES 5u

static struct bt_metainfo *meta;
static struct picker *p;
static struct rng rng;

/* a: pieces 0 to 2; padding: what is left of 2; b: 3 and the beginning of 4; nothing; c: 4 to 6. */
static void
begin(void)
{
	static const char text[] = "d4:infod5:filesl"
	    "d6:lengthi131082e4:pathl1:aee"
	    "d4:attr1:p6:lengthi65526e4:pathl4:.pad1:xee"
	    "d6:lengthi65541e4:pathl1:bee"
	    "d6:lengthi0e4:pathl1:eee"
	    "d6:lengthi196603e4:pathl1:cee"
	    "e4:name1:n12:piece lengthi65536e6:pieces140:"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "ee";
	struct bt_error err;

	rng_seed(&rng, 4);
	ck_assert_msg(bt_metainfo_parse(slice_str(text), &meta, &err) == BT_OK, "%s", err.text);
	ck_assert_uint_eq(bt_metainfo_file_count(meta), FILES);
	p = picker_new(meta, &rng);
	ck_assert_ptr_nonnull(p);
}

static void
end(void)
{
	picker_check(p);
	picker_free(p);
	bt_metainfo_free(meta);
}

/* want: a digit for each piece. */
static void
expect(const struct choice *c, const char *want)
{
	char got[PIECES + 1] = "";

	ck_assert(choice_apply(c, meta, p));
	for (uint32_t i = 0; i < PIECES; i++)
		got[i] = (char)('0' + picker_priority(p, i));
	ck_assert_str_eq(got, want);
}

START_TEST(pieces_have_the_highest_of_their_files)
{
	uint8_t files[FILES] = { 0, 0, 0, 0, 0 };
	struct choice c = { .files = files, .count = FILES };

	begin();
	ck_assert_int_lt(PICKER_NORMAL, PICKER_HIGHEST);
	expect(&c, "0000000");
	/* Nobody asks for padding and for what has no bytes. */
	files[1] = files[3] = PICKER_NORMAL;
	expect(&c, "0000000");
	files[0] = 1;
	files[2] = 3;
	files[4] = 2;
	expect(&c, "1113322");
	files[4] = 5;
	expect(&c, "1113555");
	files[2] = 0;
	expect(&c, "1110555");
	end();
}
END_TEST

static void
expect_all(const struct choice *c)
{
	char want[PIECES + 1] = "";

	memset(want, '0' + PICKER_NORMAL, PIECES);
	expect(c, want);
}

START_TEST(without_files_all_are_wanted)
{
	struct bits wanted;

	begin();
	expect_all(NULL);
	expect_all(&(struct choice){ .count = 0 });
	ck_assert(choice_wanted_files(NULL, meta, &wanted));
	ck_assert_uint_eq(wanted.len, FILES);
	ck_assert(bits_full(&wanted));
	bits_fini(&wanted);
	end();
}
END_TEST

START_TEST(ends_of_files_go_first)
{
	uint8_t files[FILES] = { 1, 1, 0, 1, 1 };
	struct choice c = { .files = files, .count = FILES, .first_last = true };
	const char high = '0' + PICKER_HIGHEST;
	const char want[] = { high, '1', high, '0', high, '1', high, '\0' };

	begin();
	expect(&c, want);
	c.first_last = false;
	expect(&c, "1110111");
	end();
}
END_TEST

START_TEST(pieces_may_go_in_order)
{
	const struct choice c = { .sequential = true };
	struct picker_block b;
	struct bits all;

	begin();
	ck_assert(bits_init(&all, PIECES));
	bits_set_all(&all);
	picker_add_seed(p);
	ck_assert(choice_apply(&c, meta, p));
	for (uint32_t i = 0; i < PIECES; i++) {
		const struct picker_peer who = { 1, &all };

		ck_assert_uint_eq(picker_pick(p, &who, 1, &b), 1);
		ck_assert_uint_eq(b.piece, i);
		picker_set_have(p, i);
	}
	bits_fini(&all);
	end();
}
END_TEST

START_TEST(files_are_told_and_copied)
{
	uint8_t files[FILES] = { 0, 1, 5, 0, 1 };
	const struct choice c = { .files = files, .count = FILES, .sequential = true,
		.first_last = true };
	struct choice copy;
	struct bits wanted;

	begin();
	ck_assert(choice_copy(&copy, &c));
	memset(files, 0, sizeof(files));
	ck_assert(choice_wanted_files(&copy, meta, &wanted));
	ck_assert_uint_eq(wanted.len, FILES);
	for (uint32_t i = 0; i < FILES; i++) {
		ck_assert(bits_has(&wanted, i) == (i != 0 && i != 3));
		ck_assert(choice_wants(&copy, i) == bits_has(&wanted, i));
	}
	/* It says nothing of others. */
	ck_assert(choice_wants(&copy, FILES));
	ck_assert(copy.sequential && copy.first_last && copy.files[2] == 5);
	bits_fini(&wanted);
	mem_fail_at(1);
	ck_assert(!choice_wanted_files(&copy, meta, &wanted));
	choice_fini(&copy);
	ck_assert_ptr_null(copy.files);
	mem_fail_at(1);
	ck_assert(!choice_copy(&copy, &c));
	mem_fail_at(1);
	ck_assert(!choice_apply(&c, meta, p));
	mem_fail_at(0);
	ck_assert(choice_copy(&copy, &(struct choice){ .sequential = true }));
	ck_assert(copy.sequential && copy.files == NULL);
	choice_fini(&copy);
	end();
}
END_TEST

Suite *
choice_suite(void)
{
	Suite *s = suite_create("torrent/choice");
	TCase *c = tcase_create("choice");

	tcase_add_test(c, pieces_have_the_highest_of_their_files);
	tcase_add_test(c, without_files_all_are_wanted);
	tcase_add_test(c, ends_of_files_go_first);
	tcase_add_test(c, pieces_may_go_in_order);
	tcase_add_test(c, files_are_told_and_copied);
	suite_add_tcase(s, c);
	return s;
}

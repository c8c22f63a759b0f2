/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/rng.h"
#include "state/journal.h"

#include "folder.h"

static struct journal *j;
static char logged[1000];	/* the last lines of the log */
static unsigned warnings;

static void
on_log(void *arg, enum bt_log_level level, const char *topic, const char *text)
{
	(void)arg;
	(void)topic;
	ck_assert_int_eq(level, BT_LOG_WARN);
	warnings++;
	(void)snprintf(logged, sizeof(logged), "%s", text);
}

static const struct log test_log = { on_log, NULL, BT_LOG_DEBUG };

static void
reopen(void)
{
	struct bt_error err;

	journal_close(j);
	j = NULL;
	ck_assert_msg(journal_open("state", &test_log, &j, &err) == BT_OK, "%s", err.text);
}

static void
set_up(void)
{
	make_folder();
	warnings = 0;
	j = NULL;
	reopen();
}

static void
tear_down(void)
{
	journal_close(j);
	drop_folder();
}

static struct journal_record
record(uint8_t number, const char *body)
{
	struct journal_record r = { .body = slice_of(body, strlen(body)) };

	memset(r.key, number, sizeof(r.key));
	return r;
}

static void
put(uint8_t number, const char *body)
{
	const struct journal_record r = record(number, body);

	ck_assert_int_eq(journal_put(j, &r, 1, NULL), BT_OK);
}

/* "" for none. */
static const char *
get(uint8_t number)
{
	static char text[4096];
	const struct journal_record r = record(number, "");
	enum bt_code code;
	struct buf out;

	buf_init(&out, sizeof(text) - 1);
	code = journal_get(j, r.key, &out, NULL);
	ck_assert(code == BT_OK || code == BT_ENOENT);
	ck_assert(code == BT_OK ? out.len > 0 : out.len == 0);
	memcpy(text, out.len > 0 ? (const char *)out.ptr : "", out.len);
	text[out.len] = '\0';
	buf_fini(&out);
	return text;
}

static size_t
read_file(uint8_t *to, size_t size)
{
	FILE *f = fopen("state/torrents", "rb");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(to, 1, size, f);
	ck_assert(n < size);
	(void)fclose(f);
	return n;
}

static void
write_file(const uint8_t *bytes, size_t size)
{
	FILE *f = fopen("state/torrents", "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(remembers_the_last)
{
	struct stat st;

	put(1, "one");
	put(2, "two");
	put(1, "other");
	ck_assert_str_eq(get(1), "other");
	reopen();
	ck_assert_str_eq(get(1), "other");
	ck_assert_str_eq(get(2), "two");
	ck_assert_str_eq(get(3), "");
	ck_assert_uint_eq(journal_count(j), 2);
	put(2, "");
	ck_assert_str_eq(get(2), "");
	reopen();
	ck_assert_str_eq(get(2), "");
	ck_assert_uint_eq(journal_count(j), 1);
	ck_assert_int_eq(stat("state", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_uint_eq(warnings, 0);
}
END_TEST

START_TEST(takes_several_at_once)
{
	const struct journal_record r[] = { record(1, "a"), record(2, "b"), record(1, "c"),
		record(2, "") };

	ck_assert_int_eq(journal_put(j, r, 4, NULL), BT_OK);
	ck_assert_str_eq(get(1), "c");
	ck_assert_str_eq(get(2), "");
	reopen();
	ck_assert_str_eq(get(1), "c");
	ck_assert_str_eq(get(2), "");
}
END_TEST

/* A crash at any byte of the last record costs that record, in silence. */
START_TEST(a_cut_costs_the_last_record)
{
	uint8_t all[500];
	size_t before, size;

	put(1, "one");
	put(2, "two");
	before = read_file(all, sizeof(all));
	put(2, "two, later");
	put(1, "");
	size = read_file(all, sizeof(all));
	for (size_t cut = before; cut < size; cut++) {
		write_file(all, cut);
		reopen();
		ck_assert_str_eq(get(1), "one");
		ck_assert_str_eq(get(2), cut < size - 32 ? "two" : "two, later");
		/* What comes next stands right behind what is good. */
		put(3, "three");
		reopen();
		ck_assert_str_eq(get(1), "one");
		ck_assert_str_eq(get(3), "three");
	}
	ck_assert_uint_eq(warnings, 0);
}
END_TEST

/* Of a size that was known, with content that was not. */
START_TEST(a_tail_of_zeros_is_passed_over)
{
	uint8_t all[500] = { 0 };
	size_t size;

	put(1, "one");
	size = read_file(all, sizeof(all));
	write_file(all, size + 100);
	reopen();
	ck_assert_str_eq(get(1), "one");
	ck_assert_uint_eq(warnings, 0);
}
END_TEST

START_TEST(a_flipped_bit_costs_its_record)
{
	static const char *const bodies[] = { "first", "second", "third" };
	uint8_t all[500];
	size_t size, header = 0, each[4];

	for (uint8_t i = 0; i < 3; i++) {
		each[i] = read_file(all, sizeof(all));
		put(i, bodies[i]);
	}
	header = each[0];
	size = each[3] = read_file(all, sizeof(all));
	for (size_t bit = header * 8; bit < size * 8; bit++) {
		unsigned hit = bit / 8 < each[1] ? 0 : bit / 8 < each[2] ? 1 : 2;
		struct stat st;

		all[bit / 8] ^= (uint8_t)(1u << bit % 8);
		write_file(all, size);
		all[bit / 8] ^= (uint8_t)(1u << bit % 8);
		(void)unlink("state/torrents.damaged");
		warnings = 0;
		reopen();
		for (uint8_t i = 0; i < 3; i++)
			ck_assert_str_eq(get(i), i == hit ? "" : bodies[i]);
		/* A length that leads beyond the end looks like a cut. */
		ck_assert(warnings == 1 || hit == 2);
		if (warnings == 1) {
			ck_assert_int_eq(stat("state/torrents.damaged", &st), 0);
			ck_assert_uint_eq((size_t)st.st_size, each[hit + 1] - each[hit]);
			ck_assert_ptr_nonnull(strstr(logged, "damaged at byte"));
		}
	}
}
END_TEST

/* What is damaged is told and kept when it is found, not at each opening. */
START_TEST(damage_is_told_once)
{
	struct stat first, second;
	uint8_t all[500];
	size_t size;

	put(1, "one");
	put(2, "two");
	size = read_file(all, sizeof(all));
	all[40] ^= 1;
	write_file(all, size);
	reopen();
	ck_assert_uint_eq(warnings, 1);
	ck_assert_int_eq(stat("state/torrents.damaged", &first), 0);
	reopen();
	ck_assert_uint_eq(warnings, 1);
	ck_assert_int_eq(stat("state/torrents.damaged", &second), 0);
	ck_assert_uint_eq((size_t)first.st_size, (size_t)second.st_size);
	ck_assert_str_eq(get(1), "");
	ck_assert_str_eq(get(2), "two");
}
END_TEST

/* Damage that comes while it is open does not keep it from being written anew. */
START_TEST(damage_meanwhile_costs_its_record)
{
	static char body[100001];
	uint8_t all[500];
	struct stat st;
	size_t size;

	put(1, "one");
	put(2, "two");
	size = read_file(all, sizeof(all));
	all[40] ^= 1;
	write_file(all, size);
	memset(body, 'x', sizeof(body) - 1);
	for (unsigned i = 0; i < 20; i++)
		put(3, body);
	ck_assert_int_eq(stat("state/torrents", &st), 0);
	ck_assert_uint_lt((uint64_t)st.st_size, 12 * sizeof(body));
	ck_assert_uint_eq(warnings, 1);
	ck_assert_str_eq(get(1), "");
	ck_assert_str_eq(get(2), "two");
	put(1, "again");
	reopen();
	ck_assert_str_eq(get(1), "again");
	ck_assert_str_eq(get(2), "two");
	ck_assert_uint_eq(warnings, 1);
}
END_TEST

START_TEST(another_file_is_kept)
{
	static const uint8_t other[] = "btcore journal 9\nwhat a later version writes";
	struct stat st;

	write_file(other, sizeof(other));
	reopen();
	ck_assert_uint_eq(warnings, 1);
	ck_assert_int_eq(stat("state/torrents.old", &st), 0);
	ck_assert_uint_eq((size_t)st.st_size, sizeof(other));
	put(1, "one");
	reopen();
	ck_assert_str_eq(get(1), "one");
	ck_assert_uint_eq(warnings, 1);
}
END_TEST

START_TEST(one_process_at_a_time)
{
	struct bt_error err;
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		struct journal *second;

		_exit(journal_open("state", &test_log, &second, &err) == BT_EBUSY &&
		    strstr(err.text, "another program") != NULL ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_folder_that_cannot_be)
{
	struct journal *other;
	struct bt_error err;

	put_file("file", "x", 1);
	ck_assert_int_ne(journal_open("file/below", &test_log, &other, &err), BT_OK);
	ck_assert_ptr_nonnull(strstr(err.text, "file"));
}
END_TEST

/* What is of no use goes, what counts stays; against a plain table. */
START_TEST(is_written_anew)
{
	static char bodies[64][600];
	uint64_t written = 0;
	struct stat st;
	struct rng rng;

	rng_seed(&rng, 5);
	for (unsigned i = 0; i < 1000; i++) {
		struct journal_record batch[20];

		for (unsigned k = 0; k < 20; k++) {
			uint8_t n = (uint8_t)(3 * k + rng_below(&rng, 3));
			size_t len = rng_below(&rng, 20) == 0 ? 0 : 1 + rng_below(&rng, 598);

			memset(bodies[n], 'a' + (int)(i % 26), len);
			bodies[n][len] = '\0';
			batch[k] = record(n, bodies[n]);
			written += len;
		}
		ck_assert_int_eq(journal_put(j, batch, 20, NULL), BT_OK);
		if (i % 250 == 0)
			reopen();
	}
	reopen();
	for (uint8_t n = 0; n < 64; n++)
		ck_assert_str_eq(get(n), bodies[n]);
	ck_assert_int_eq(stat("state/torrents", &st), 0);
	ck_assert_uint_gt(written, 4u << 20);
	ck_assert_uint_lt((uint64_t)st.st_size, 3u << 19);
	ck_assert_uint_eq(warnings, 0);
}
END_TEST

Suite *journal_suite(void);

Suite *
journal_suite(void)
{
	Suite *s = suite_create("journal");
	TCase *tc = tcase_create("journal");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, remembers_the_last);
	tcase_add_test(tc, takes_several_at_once);
	tcase_add_test(tc, a_cut_costs_the_last_record);
	tcase_add_test(tc, a_tail_of_zeros_is_passed_over);
	tcase_add_test(tc, a_flipped_bit_costs_its_record);
	tcase_add_test(tc, damage_is_told_once);
	tcase_add_test(tc, damage_meanwhile_costs_its_record);
	tcase_add_test(tc, another_file_is_kept);
	tcase_add_test(tc, one_process_at_a_time);
	tcase_add_test(tc, a_folder_that_cannot_be);
	tcase_add_test(tc, is_written_anew);
	suite_add_tcase(s, tc);
	return s;
}

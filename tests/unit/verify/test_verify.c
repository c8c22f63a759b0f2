/* SPDX-License-Identifier: ISC */
#include <btcore/create.h>
#include <btcore/verify.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "fault/fault.h"
#include "folder.h"
#include "content.h"

Suite *verify_suite(void);

#define MAX_SEEN 64

/* What was told of one torrent. */
struct seen {
	unsigned files;
	struct bt_verify_file file[MAX_SEEN];
	struct bt_verify_pieces first[MAX_SEEN];	/* range of each */
	unsigned done;
	struct bt_verify_torrent torrent;
	char content[256];
};

static void
put_content(const char *path, const char *seed, size_t size)
{
	uint8_t *data = make_content(seed, size);

	put_file(path, data, size);
	free(data);
}

static void
spoil(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	uint8_t byte;

	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	ck_assert_int_eq(close(fd), 0);
}

static void
on_file(void *arg, const struct bt_verify_torrent *t, const struct bt_verify_file *f)
{
	struct seen *s = t->tag;
	struct bt_file file = bt_metainfo_file(t->meta, f->index);

	(void)arg;
	ck_assert_uint_lt(s->files, MAX_SEEN);
	ck_assert(s->files == 0 || s->file[s->files - 1].index < f->index);
	ck_assert(!(file.flags & BT_FILE_PAD));
	ck_assert_uint_eq(f->good + f->bad + f->absent + f->doubtful, file.size);
	if (f->piece_ranges > 0)
		s->first[s->files] = f->pieces[0];
	for (size_t i = 1; i < f->piece_ranges; i++)
		ck_assert_uint_gt(f->pieces[i].first, f->pieces[i - 1].last);
	s->file[s->files++] = *f;
}

static void
on_done(void *arg, const struct bt_verify_torrent *t)
{
	struct seen *s = t->tag;

	(void)arg;
	ck_assert_uint_eq(t->looked_at, t->size);
	s->done++;
	s->torrent = *t;
	(void)snprintf(s->content, sizeof(s->content), "%s", t->content);
}

static void
verify(const struct bt_metainfo *m, const char *path, unsigned workers, struct seen *s)
{
	struct bt_verify_options o = { .workers = workers, .file = on_file, .done = on_done };
	struct bt_verify *v = bt_verify_new(&o, NULL);
	struct bt_error err = { 0 };

	*s = (struct seen){ .files = 0 };
	ck_assert_ptr_nonnull(v);
	ck_assert_msg(bt_verify_add(v, m, path, s, &err) == BT_OK, "%s", err.text);
	ck_assert_int_eq(bt_verify_finish(v, &err), BT_OK);
	ck_assert_uint_eq(s->done, 1);
	bt_verify_free(v);
}

static struct bt_metainfo *
create(const char *path, uint32_t piece_length)
{
	struct bt_create_options o = { .piece_length = piece_length, .workers = 1 };
	struct bt_metainfo *m;
	struct bt_error err;

	ck_assert_msg(bt_create(path, &o, &m, &err) == BT_OK, "%s", err.text);
	return m;
}

/* -- what the vectors have: v1, v2 and hybrid, with piece layers and without -- */

static void
check_complete(const struct bt_metainfo *m, const char *what)
{
	struct seen s;

	for (unsigned workers = 1; workers <= 3; workers += 2) {
		verify(m, ".", workers, &s);
		ck_assert_msg(s.torrent.files[BT_VERIFY_COMPLETE] == s.files, "%s", what);
		ck_assert_uint_eq(s.torrent.good, bt_metainfo_total_size(m));
	}
}

/* Spoils each file in turn. In v2 and hybrid torrents nobody else is touched. */
static void
check_spoilt(const struct bt_metainfo *m, const char *what)
{
	char path[512];
	struct seen s;

	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		struct bt_file f = bt_metainfo_file(m, i);
		int n = bt_metainfo_is_single_file(m) ? 0 :
		    snprintf(path, sizeof(path), "%s/", bt_metainfo_safe_name(m));

		if (f.size == 0 || f.flags & BT_FILE_PAD)
			continue;
		(void)bt_metainfo_file_safe_path(m, i, path + n, sizeof(path) - (size_t)n);
		spoil(path, (off_t)(f.size - 1));
		verify(m, ".", 2, &s);
		for (unsigned k = 0; k < s.files; k++) {
			bool mine = s.file[k].index == i;

			if (bt_metainfo_info_hash_v2(m) != NULL)
				ck_assert_msg(s.file[k].state == (mine ? BT_VERIFY_WRONG :
				    BT_VERIFY_COMPLETE), "%s: %u, %u", what, i, k);
			else
				ck_assert(!mine || s.file[k].state == BT_VERIFY_WRONG ||
				    s.file[k].state == BT_VERIFY_DOUBTFUL);
		}
		spoil(path, (off_t)(f.size - 1));
	}
}

static void
check_torrent(struct bt_metainfo *m, const char *what)
{
	check_complete(m, what);
	check_spoilt(m, what);
	bt_metainfo_free(m);
}

static void
check_kind(const char *name, const char *kind, const char *info_hex)
{
	struct bt_slice info = unhex(info_hex);
	struct bt_metainfo *m;
	char path[512];
	struct buf b;

	(void)snprintf(path, sizeof(path), "%s/../fuzz/seeds/metainfo/%s-%s", TEST_DATA, name,
	    kind);
	ck_assert_int_eq(bt_metainfo_open(path, &m, NULL), BT_OK);
	check_torrent(m, path);
	buf_init(&b, info.len + 10);
	buf_add_str(&b, "d4:info");
	buf_add_slice(&b, info);
	buf_add_str(&b, "e");
	ck_assert_int_eq(bt_metainfo_parse(buf_slice(&b), &m, NULL), BT_OK);
	check_torrent(m, path);
	buf_fini(&b);
	free((void *)(uintptr_t)info.ptr);
}

START_TEST(agrees_with_the_vectors)
{
	char *line = NULL, *field[MAX_FIELDS];
	char name[64] = "", path[256];
	unsigned count = 0;
	FILE *f = open_data("torrents.tsv");

	make_folder();
	while (next_line(f, &line, field)) {
		if (strcmp(field[0], "torrent") == 0) {
			(void)snprintf(name, sizeof(name), "%s", field[1]);
		} else if (strcmp(field[0], "file") == 0) {
			bool single = strcmp(name, field[1]) == 0;

			(void)snprintf(path, sizeof(path), "%s%s%s", name, single ? "" : "/",
			    single ? "" : field[1]);
			put_content(path, field[3], strtoul(field[2], NULL, 10));
		} else {
			check_kind(name, field[0], field[4]);
			count++;
		}
	}
	ck_assert_uint_eq(count, 24);
	free(line);
	(void)fclose(f);
	drop_folder();
}
END_TEST

/* -- what can be wrong -- */

/* Pieces of 16 KiB: a has 0-2 and a part of 3, b and c lie in 3, d begins there and ends in 7. */
static struct bt_metainfo *
make_four(void)
{
	make_folder();
	put_content("t/a", "a", 50000);
	put_content("t/b", "b", 100);
	put_content("t/c", "c", 100);
	put_content("t/d", "d", 70000);
	put_file("t/e", "", 0);
	return create("t", 16384);
}

static void
check_states(const struct seen *s, const char *want)
{
	static const char letters[BT_VERIFY_STATES] = {
		[BT_VERIFY_COMPLETE] = 'c', [BT_VERIFY_MISSING] = 'm', [BT_VERIFY_WRONG] = 'w',
		[BT_VERIFY_UNREADABLE] = 'u', [BT_VERIFY_DOUBTFUL] = 'd',
	};
	char got[MAX_SEEN + 1] = "";

	for (unsigned i = 0; i < s->files; i++)
		got[i] = letters[s->file[i].state];
	ck_assert_str_eq(got, want);
}

START_TEST(tells_whose_pieces_are_bad)
{
	struct bt_metainfo *m = make_four();
	struct seen s;

	verify(m, folder, 2, &s);
	check_states(&s, "ccccc");
	spoil("t/a", 20000);
	verify(m, folder, 2, &s);
	check_states(&s, "wcccc");
	ck_assert_uint_eq(s.file[0].bad, 16384);
	ck_assert_uint_eq(s.file[0].piece_ranges, 1);
	ck_assert_uint_eq(s.first[0].first, 1);
	ck_assert_uint_eq(s.first[0].last, 1);
	ck_assert_uint_eq(s.first[0].neighbours, 0);
	spoil("t/a", 20000);
	spoil("t/b", 0);
	verify(m, folder, 2, &s);
	check_states(&s, "ddddc");
	ck_assert_uint_eq(s.file[0].doubtful, 50000 - 3 * 16384);
	ck_assert_uint_eq(s.first[1].first, 3);
	ck_assert_uint_eq(s.first[1].neighbours, 3);
	ck_assert_uint_eq(s.first[1].neighbour, 0);
	ck_assert_int_eq(s.first[1].reason, BT_VERIFY_HASH);
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

START_TEST(tells_what_is_missing)
{
	struct bt_metainfo *m = make_four();
	struct seen s;

	ck_assert_int_eq(unlink("t/c"), 0);
	ck_assert_int_eq(unlink("t/e"), 0);
	verify(m, "t", 2, &s);
	check_states(&s, "ddmdm");
	ck_assert_uint_eq(s.file[2].absent, 100);
	ck_assert_int_eq(s.first[2].reason, BT_VERIFY_ABSENT);
	ck_assert_int_eq(s.first[0].reason, BT_VERIFY_UNTRIED);
	ck_assert_uint_eq(s.first[0].neighbour, 2);
	ck_assert_uint_eq(s.first[3].neighbour, 2);
	ck_assert_int_eq(truncate("t/d", 60000), 0);
	put_content("t/c", "c", 100);
	put_file("t/e", "x", 1);
	verify(m, "t", 2, &s);
	check_states(&s, "cccww");
	ck_assert_uint_eq(s.file[3].size_on_disk, 60000);
	ck_assert_uint_eq(s.first[3].first, 6);
	ck_assert_uint_eq(s.first[3].last, 7);
	put_content("t/d", "d", 70001);
	verify(m, "t", 2, &s);
	check_states(&s, "cccww");
	ck_assert_uint_eq(s.file[3].good, 70000);
	ck_assert_int_eq(system("rm -rf t/* && mkdir t/a && mkfifo t/b"), 0);
	verify(m, ".", 2, &s);
	check_states(&s, "uummm");
	ck_assert_int_eq(s.file[0].sys_errno, EISDIR);
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

static void
verify_faulty(const char *faults, const struct bt_metainfo *m, struct seen *s)
{
	fault_set(faults);
	verify(m, "t", 2, s);
	fault_set(NULL);
}

START_TEST(tells_what_cannot_be_read)
{
	struct bt_metainfo *m = make_four();
	struct seen s;

	verify_faulty("pread EIO /t/a", m, &s);
	check_states(&s, "udddc");
	ck_assert_int_eq(s.file[0].sys_errno, EIO);
	ck_assert_uint_eq(s.file[0].absent, 50000);
	ck_assert_int_eq(s.first[0].reason, BT_VERIFY_ABSENT);
	ck_assert_int_eq(s.first[1].reason, BT_VERIFY_UNTRIED);
	ck_assert_uint_eq(s.first[1].neighbour, 0);
	/* Once is enough: the pieces before and after it are good. */
	verify_faulty("pread EIO /t/d 1", m, &s);
	ck_assert_int_eq(s.file[3].state, BT_VERIFY_UNREADABLE);
	ck_assert_uint_gt(s.file[3].good, 0);
	ck_assert_uint_eq(s.file[3].piece_ranges, 1);
	/* It was cut when its size had been looked at. */
	verify_faulty("pread END /t/b", m, &s);
	check_states(&s, "duddc");
	ck_assert_int_eq(s.file[1].sys_errno, ENODATA);
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

/* Of a failing disk as of a healthy one each file is told for itself, however many there are. */
START_TEST(tells_of_each_that_cannot_be_read)
{
	struct bt_metainfo *m;
	char path[16];
	struct seen s;

	make_folder();
	for (unsigned i = 0; i < MAX_SEEN; i++) {
		(void)snprintf(path, sizeof(path), "t/%02u", i);
		put_content(path, path, 16384);
	}
	m = create("t", 16384);
	verify_faulty("pread EIO /t/", m, &s);
	ck_assert_uint_eq(s.files, MAX_SEEN);
	for (unsigned i = 0; i < MAX_SEEN; i++) {
		ck_assert_int_eq(s.file[i].state, BT_VERIFY_UNREADABLE);
		ck_assert_int_eq(s.file[i].sys_errno, EIO);
		ck_assert_int_eq(s.first[i].reason, BT_VERIFY_ABSENT);
	}
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

static void
check_found(const struct bt_metainfo *m, const char *path, const char *content, const char *states)
{
	struct seen s;

	verify(m, path, 1, &s);
	ck_assert_str_eq(s.content, content);
	check_states(&s, states);
}

START_TEST(finds_the_content)
{
	struct bt_verify_options o = { .workers = 1 };
	struct bt_verify *v = bt_verify_new(&o, NULL);
	struct bt_metainfo *dir, *nested, *single;
	struct bt_error err;

	make_folder();
	put_file("t/x", "x", 1);
	dir = create("t", 16384);
	put_file("n/n/n", "n", 1);
	nested = create("n", 16384);
	put_file("f", "y", 1);
	single = create("f", 16384);
	check_found(dir, "t", "t", "c");
	check_found(dir, "t/", "t/", "c");
	check_found(dir, ".", "./t", "c");
	check_found(nested, "n", "n", "c");
	check_found(nested, ".", "./n", "c");
	check_found(single, ".", "./f", "c");
	check_found(single, "f", "f", "c");
	check_found(single, "t", "t/f", "m");
	ck_assert_int_eq(rename("t", "renamed"), 0);
	check_found(dir, "renamed", "renamed", "c");
	check_found(dir, ".", "./t", "m");
	ck_assert_int_eq(rename("f", "g"), 0);
	check_found(single, "g", "g", "c");
	ck_assert_int_eq(bt_verify_add(v, dir, "none", NULL, &err), BT_ENOENT);
	ck_assert_int_eq(bt_verify_add(v, dir, "g", NULL, &err), BT_EARG);
	ck_assert_int_eq(bt_verify_finish(v, NULL), BT_OK);
	bt_verify_free(v);
	bt_metainfo_free(dir);
	bt_metainfo_free(nested);
	bt_metainfo_free(single);
	drop_folder();
}
END_TEST

/* -- many -- */

#define MANY 50

struct order {
	uintptr_t next;
	volatile int cancel;
};

static void
on_done_in_order(void *arg, const struct bt_verify_torrent *t)
{
	struct order *o = arg;

	ck_assert_uint_eq((uintptr_t)t->tag, o->next++);
	ck_assert_uint_eq(t->files[BT_VERIFY_COMPLETE], 1);
}

START_TEST(takes_many_torrents_in_order)
{
	struct order order = { .next = 0 };
	struct bt_verify_options o = { .workers = 3, .done = on_done_in_order, .arg = &order };
	struct bt_verify *v = bt_verify_new(&o, NULL);
	struct bt_metainfo *m[MANY];

	make_folder();
	for (uintptr_t i = 0; i < MANY; i++) {
		char name[20];

		(void)snprintf(name, sizeof(name), "f%zu", (size_t)i);
		put_content(name, name, i % 5 == 0 ? 0 : i * 1000);
		m[i] = create(name, 16384);
		ck_assert_int_eq(bt_verify_add(v, m[i], ".", (void *)i, NULL), BT_OK);
	}
	ck_assert_int_eq(bt_verify_finish(v, NULL), BT_OK);
	ck_assert_uint_eq(order.next, MANY);
	bt_verify_free(v);
	for (size_t i = 0; i < MANY; i++)
		bt_metainfo_free(m[i]);
	drop_folder();
}
END_TEST

static void
stop(void *arg, const struct bt_verify_torrent *t)
{
	(void)t;
	__atomic_store_n(&((struct order *)arg)->cancel, 1, __ATOMIC_RELAXED);
}

START_TEST(stops_when_told)
{
	struct order order = { .next = 0 };
	struct bt_verify_options o = { .workers = 1, .progress = stop, .done = on_done_in_order,
		.arg = &order, .cancel = &order.cancel };
	struct bt_verify *v = bt_verify_new(&o, NULL);
	struct bt_metainfo *m;

	make_folder();
	put_content("f", "f", 30 << 20);
	m = create("f", 16384);
	(void)bt_verify_add(v, m, ".", NULL, NULL);
	ck_assert_int_eq(bt_verify_finish(v, NULL), BT_ECANCEL);
	ck_assert_int_eq(bt_verify_add(v, m, ".", NULL, NULL), BT_ECANCEL);
	ck_assert_uint_eq(order.next, 0);
	bt_verify_free(v);
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

/* One range in two is bad: the list has an end, the sums have not. */
START_TEST(lists_no_more_ranges_than_it_may)
{
	uint8_t *data = make_content("f", 20000);
	struct bt_metainfo *m;
	struct seen s;

	make_folder();
	put_file("f", data, 20000);
	m = create("f", 1);
	for (size_t i = 0; i < 20000; i += 2)
		data[i] ^= 1;
	put_file("f", data, 20000);
	free(data);
	verify(m, "f", 2, &s);
	ck_assert_uint_eq(s.file[0].bad, 10000);
	ck_assert_uint_eq(s.file[0].piece_ranges, 4096);
	ck_assert(s.file[0].more);
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

START_TEST(survives_want_of_memory)
{
	struct bt_metainfo *m = make_four();
	enum bt_code code = BT_ENOMEM;

	for (size_t n = 1; code != BT_OK; n++) {
		struct bt_verify_options o = { .workers = 1 };
		struct bt_verify *v;

		ck_assert_uint_lt(n, 200);
		mem_fail_at(n);
		v = bt_verify_new(&o, NULL);
		code = v == NULL ? BT_ENOMEM : bt_verify_add(v, m, "t", NULL, NULL);
		if (code == BT_OK)
			code = bt_verify_finish(v, NULL);
		bt_verify_free(v);
		mem_fail_at(0);
	}
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

Suite *
verify_suite(void)
{
	Suite *s = suite_create("verify");
	TCase *c = tcase_create("verify");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, agrees_with_the_vectors);
	tcase_add_test(c, tells_whose_pieces_are_bad);
	tcase_add_test(c, tells_what_is_missing);
	tcase_add_test(c, tells_what_cannot_be_read);
	tcase_add_test(c, tells_of_each_that_cannot_be_read);
	tcase_add_test(c, finds_the_content);
	tcase_add_test(c, takes_many_torrents_in_order);
	tcase_add_test(c, stops_when_told);
	tcase_add_test(c, lists_no_more_ranges_than_it_may);
	tcase_add_test(c, survives_want_of_memory);
	suite_add_tcase(s, c);
	return s;
}

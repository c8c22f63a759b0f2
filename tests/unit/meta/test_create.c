/* SPDX-License-Identifier: ISC */
#include <btcore/create.h>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "content.h"
#include "meta/walk.h"

Suite *create_suite(void);

static char folder[64];

static void
make_folder(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/btcore-create.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void
drop_folder(void)
{
	char command[100];

	ck_assert_int_eq(chdir("/"), 0);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* With the folders on the way. */
static void
put_file(const char *path, const void *data, size_t size)
{
	char dir[256];
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash != NULL) {
		*slash = '\0';
		ck_assert_int_eq(file_make_dirs(dir, NULL), BT_OK);
	}
	ck_assert_int_eq(file_replace(path, slice_of(data, size), NULL), BT_OK);
}

/* "-": no such hash. */
static void
check_hash(const char *name, const uint8_t *hash, size_t len, const char *want)
{
	char *hex = hash == NULL ? NULL : hex_of(hash, len);

	ck_assert_msg(strcmp(hex == NULL ? "-" : hex, want) == 0, "%s: %s", name, hex);
	free(hex);
}

static void
check_kind(const char *name, enum bt_create_kind kind, uint32_t piece_length, unsigned workers,
    const char *want, const char *want_v2)
{
	struct bt_create_options o = { .kind = kind, .piece_length = piece_length,
		.workers = workers };
	struct bt_metainfo *m;
	struct bt_error err;

	ck_assert_msg(bt_create(name, &o, &m, &err) == BT_OK, "%s", err.text);
	ck_assert_ptr_null(bt_metainfo_tolerated(m));
	check_hash(name, bt_metainfo_info_hash(m), SHA1_LEN, want);
	check_hash(name, bt_metainfo_info_hash_v2(m), SHA256_LEN, want_v2);
	bt_metainfo_free(m);
}

static void
check_created(const char *name, uint32_t piece_length, unsigned workers, const char *want)
{
	check_kind(name, BT_CREATE_V1, piece_length, workers, want, "-");
}

/* The content of the vectors gives the info-hashes of the vectors. */
START_TEST(agrees_with_the_vectors)
{
	char *line = NULL, *field[MAX_FIELDS];
	char name[64] = "", path[256];
	uint32_t piece_length = 0;
	unsigned count = 0;
	FILE *f = open_data("torrents.tsv");

	make_folder();
	while (next_line(f, &line, field)) {
		if (strcmp(field[0], "torrent") == 0) {
			(void)snprintf(name, sizeof(name), "%s", field[1]);
			piece_length = (uint32_t)strtoul(field[2], NULL, 10);
		} else if (strcmp(field[0], "file") == 0) {
			size_t size = strtoul(field[2], NULL, 10);
			uint8_t *data = make_content(field[3], size);

			(void)snprintf(path, sizeof(path), "%s%s%s", name,
			    strcmp(name, field[1]) == 0 ? "" : "/",
			    strcmp(name, field[1]) == 0 ? "" : field[1]);
			put_file(path, data, size);
			free(data);
		} else {
			enum bt_create_kind kind = strcmp(field[0], "v1") == 0 ? BT_CREATE_V1 :
			    strcmp(field[0], "v2") == 0 ? BT_CREATE_V2 : BT_CREATE_HYBRID;

			check_kind(name, kind, piece_length, 1, field[1], field[2]);
			check_kind(name, kind, piece_length, 5, field[1], field[2]);
			count++;
		}
	}
	ck_assert_uint_eq(count, 3 * 8);
	free(line);
	(void)fclose(f);
	drop_folder();
}
END_TEST

START_TEST(walks_in_order_of_elements)
{
	static const char *const want[] = { "a/z", "a-b", "b/c/d", "b.c", "empty" };
	const struct bt_create_options o = { .hidden = false };
	struct walk w;

	make_folder();
	put_file("r/b.c", "x", 1);
	put_file("r/a-b", "x", 1);
	put_file("r/a/z", "x", 1);
	put_file("r/a/.hidden", "x", 1);
	put_file("r/.dir/x", "x", 1);
	put_file("r/b/c/d", "x", 1);
	put_file("r/empty", "", 0);
	ck_assert_int_eq(mkdir("r/nothing", 0777), 0);
	ck_assert_int_eq(walk_open(&w, "r//", &o, NULL), BT_OK);
	ck_assert_str_eq(w.name, "r");
	ck_assert(w.is_directory);
	ck_assert_uint_eq(w.total, 4);
	ck_assert_uint_eq(w.files.len, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_str_eq(walk_path(&w, walk_at(&w, i)), want[i]);
	walk_close(&w);
	ck_assert_int_eq(chdir("r/b"), 0);
	ck_assert_int_eq(walk_open(&w, ".", &o, NULL), BT_OK);
	ck_assert_str_eq(w.name, "b");
	walk_close(&w);
	drop_folder();
}
END_TEST

/* want: the paths, joined by blanks; NULL: an error. */
static void
check_walk(const struct bt_create_options *o, const char *want)
{
	char got[300] = "";
	enum bt_code code;
	struct walk w;
	size_t len = 0;

	code = walk_open(&w, "r", o, NULL);
	ck_assert_int_eq(code == BT_OK, want != NULL);
	if (code != BT_OK)
		return;
	for (size_t i = 0; i < w.files.len; i++)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s", i == 0 ? "" : " ",
		    walk_path(&w, walk_at(&w, i)));
	ck_assert_str_eq(got, want);
	walk_close(&w);
}

START_TEST(takes_what_is_wanted)
{
	static const struct {
		struct bt_create_pattern pattern[3];
		size_t count;
		const char *want;
	} row[] = {
		{ { { "", false } }, 0, "a.mkv b/c.mkv b/d.nfo e/b/f g.nfo" },
		{ { { "*.nfo", false } }, 1, "a.mkv b/c.mkv e/b/f" },
		{ { { "*.mkv", true } }, 1, "a.mkv b/c.mkv" },
		{ { { "b", true } }, 1, "b/c.mkv b/d.nfo e/b/f" },
		{ { { "b", false } }, 1, "a.mkv g.nfo" },
		{ { { "b/*", false } }, 1, "a.mkv e/b/f g.nfo" },
		{ { { "*/b", false } }, 1, "a.mkv b/c.mkv b/d.nfo g.nfo" },
		{ { { "*.mkv", true }, { "b", false } }, 2, "a.mkv" },
		{ { { "b", false }, { "*.nfo", true } }, 2, "a.mkv b/d.nfo g.nfo" },
		{ { { "*", false }, { "g*", true }, { "x", false } }, 3, "g.nfo" },
		{ { { "*", false } }, 1, NULL },
	};

	make_folder();
	put_file("r/a.mkv", "x", 1);
	put_file("r/b/c.mkv", "x", 1);
	put_file("r/b/d.nfo", "x", 1);
	put_file("r/e/b/f", "x", 1);
	put_file("r/g.nfo", "x", 1);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct bt_create_options o = { .patterns = row[i].pattern,
			.pattern_count = row[i].count };

		check_walk(&o, row[i].want);
	}
	drop_folder();
}
END_TEST

START_TEST(takes_hidden_files_and_refuses_links)
{
	static const struct bt_create_pattern out = { "l*", false };
	struct bt_create_options o = { .hidden = true };

	make_folder();
	put_file("r/.a/.b", "x", 1);
	put_file("r/c", "x", 1);
	check_walk(&o, ".a/.b c");
	ck_assert_int_eq(symlink("c", "r/l"), 0);
	check_walk(&o, ".a/.b c l");
	o.refuse_links = true;
	check_walk(&o, NULL);
	ck_assert_int_eq(symlink("nowhere", "r/l2"), 0);
	o.patterns = &out;
	o.pattern_count = 1;
	check_walk(&o, ".a/.b c");
	ck_assert_int_eq(rename("r", "s"), 0);
	ck_assert_int_eq(symlink("s", "r"), 0);
	check_walk(&o, NULL);
	drop_folder();
}
END_TEST

START_TEST(makes_no_more_pieces_than_asked)
{
	struct bt_create_options o = { .pieces_max = 10 };
	uint8_t *data = make_content("x", 1000000);
	struct bt_metainfo *m;
	struct bt_error err;

	make_folder();
	put_file("r/a", data, 1000000);
	put_file("r/b", data, 10);
	free(data);
	ck_assert_int_eq(bt_create("r", &o, &m, &err), BT_OK);
	ck_assert_uint_eq(bt_metainfo_piece_length(m), 131072);
	bt_metainfo_free(m);
	o.kind = BT_CREATE_V2;
	o.pieces_max = 2;
	ck_assert_int_eq(bt_create("r", &o, &m, &err), BT_OK);
	ck_assert_uint_eq(bt_metainfo_piece_length(m), 1 << 20);
	bt_metainfo_free(m);
	o.pieces_max = 1;	/* every file begins one */
	ck_assert_int_eq(bt_create("r", &o, &m, &err), BT_EARG);
	o.kind = BT_CREATE_V1;
	o.piece_length = 1000011;
	ck_assert_int_eq(bt_create("r", &o, &m, &err), BT_OK);
	ck_assert_uint_eq(bt_metainfo_piece_count(m), 1);
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

static void
check_fails(const char *path, const char *word)
{
	struct bt_create_options o = { .workers = 2 };
	struct bt_metainfo *m;
	struct bt_error err;

	ck_assert_int_ne(bt_create(path, &o, &m, &err), BT_OK);
	ck_assert_msg(strstr(err.text, word) != NULL, "%s", err.text);
	ck_assert_ptr_null(m);
}

START_TEST(says_what_it_cannot_take)
{
	make_folder();
	check_fails("none", "none");
	ck_assert_int_eq(mkdir("d", 0777), 0);
	check_fails("d", "no files");
	put_file("d/f", "x", 1);
	ck_assert_int_eq(symlink("f", "d/link"), 0);
	check_created("d", 16384, 1, "2a88ca04b26562a82ba34655847f2340e0002fab");
	ck_assert_int_eq(symlink("nowhere", "d/dangling"), 0);
	check_fails("d", "d/dangling");
	ck_assert_int_eq(unlink("d/dangling"), 0);
	ck_assert_int_eq(symlink(".", "d/loop"), 0);
	check_fails("d", "d/loop");
	ck_assert_int_eq(unlink("d/loop"), 0);
	ck_assert_int_eq(mkfifo("d/pipe", 0666), 0);
	check_fails("d", "d/pipe");
	drop_folder();
}
END_TEST

START_TEST(keeps_all_options)
{
	static const struct bt_create_tracker trackers[] = {
		{ "http://a/", 0 }, { "http://b/", 0 }, { "udp://c:1", 1 } };
	static const char *const seeds[] = { "http://s/1", "http://s/2" };
	struct bt_create_options o = {
		.name = "other", .announce = "http://a/", .trackers = trackers, .tracker_count = 3,
		.http_seeds = seeds, .http_seed_count = 1, .url_seeds = seeds, .url_seed_count = 2,
		.comment = "c", .created_by = "me", .source = "src", .creation_date = 5,
		.encoding = true, .private = true,
	};
	struct bt_metainfo *m, *again;
	struct bt_error err;

	make_folder();
	put_file("f", "", 0);
	ck_assert_msg(bt_create("f", &o, &m, &err) == BT_OK, "%s", err.text);
	ck_assert_int_eq(bt_metainfo_save(m, "f.torrent", &err), BT_OK);
	bt_metainfo_free(m);
	ck_assert_int_eq(bt_metainfo_open("f.torrent", &again, &err), BT_OK);
	m = again;
	ck_assert_ptr_null(bt_metainfo_tolerated(m));
	ck_assert_str_eq(bt_metainfo_safe_name(m), "other");
	ck_assert_uint_eq(bt_metainfo_piece_count(m), 0);
	ck_assert_uint_eq(bt_metainfo_tier_count(m), 2);
	ck_assert_uint_eq(bt_metainfo_tracker_count(m, 0), 2);
	ck_assert(slice_eq_str(bt_metainfo_tracker(m, 1, 0), "udp://c:1"));
	ck_assert_uint_eq(bt_metainfo_http_seed_count(m), 1);
	ck_assert_uint_eq(bt_metainfo_url_seed_count(m), 2);
	ck_assert(slice_eq_str(bt_metainfo_comment(m), "c"));
	ck_assert(slice_eq_str(bt_metainfo_created_by(m), "me"));
	ck_assert(slice_eq_str(bt_metainfo_source(m), "src"));
	ck_assert_int_eq(bt_metainfo_creation_date(m), 5);
	ck_assert(bt_metainfo_is_private(m));
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

/* Layers and roots against what was computed from the bytes otherwise; two files are equal, so that
 * they share a layer; a piece is far more than a buffer. */
START_TEST(makes_the_trees_of_large_pieces)
{
	const uint32_t piece_length = 2 << 20;
	const size_t size = 5000001;
	uint8_t *data = make_content("big", size), root[SHA256_LEN], *layer;
	size_t count;

	make_folder();
	put_file("r/a/one", data, size);
	put_file("r/b", data, 70000);
	put_file("r/c", data, size);
	layer = content_layer(data, size, piece_length, &count);
	ck_assert_uint_eq(count, 3);
	for (enum bt_create_kind kind = BT_CREATE_V2; kind <= BT_CREATE_HYBRID; kind++) {
		struct bt_create_options o = { .kind = kind, .piece_length = piece_length };
		struct bt_metainfo *m;
		struct bt_error err;

		ck_assert_msg(bt_create("r", &o, &m, &err) == BT_OK, "%s", err.text);
		ck_assert_uint_eq(bt_metainfo_piece_count(m), 7);
		ck_assert_uint_eq(bt_metainfo_total_size(m), 2 * size + 70000);
		for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
			struct bt_file f = bt_metainfo_file(m, i);

			if (f.flags & BT_FILE_PAD)
				continue;
			content_root(data, (size_t)f.size, root);
			ck_assert_mem_eq(f.root, root, SHA256_LEN);
		}
		for (uint32_t i = 0; kind == BT_CREATE_V2 && i < 3; i++) {
			ck_assert_mem_eq(bt_metainfo_piece_hash(m, i), layer + i * SHA256_LEN,
			    SHA256_LEN);
			ck_assert_mem_eq(bt_metainfo_piece_hash(m, i + 4), layer + i * SHA256_LEN,
			    SHA256_LEN);
		}
		bt_metainfo_free(m);
	}
	free(layer);
	free(data);
	drop_folder();
}
END_TEST

START_TEST(takes_only_what_v2_can_hold)
{
	struct bt_create_options o = { .kind = BT_CREATE_V2, .piece_length = 8192 };
	char path[300] = "r";
	size_t len = 1;
	struct bt_metainfo *m;
	struct bt_error err;

	make_folder();
	for (; len < 1 + 2 * 124; len += 2)
		memcpy(path + len, "/d", 3);
	put_file(path, "x", 1);
	ck_assert_int_eq(bt_create("r", &o, &m, &err), BT_EARG);
	o.piece_length = 49152;
	ck_assert_int_eq(bt_create("r", &o, &m, &err), BT_EARG);
	ck_assert_ptr_nonnull(strstr(err.text, "power of two"));
	o.piece_length = 16384;
	ck_assert_msg(bt_create("r", &o, &m, &err) == BT_OK, "%s", err.text);
	bt_metainfo_free(m);
	ck_assert_int_eq(unlink(path), 0);
	memcpy(path + len, "/d", 3);
	put_file(path, "x", 1);
	ck_assert_int_eq(bt_create("r", &o, &m, &err), BT_ELIMIT);
	o.kind = BT_CREATE_V1;
	ck_assert_int_eq(bt_create("r", &o, &m, &err), BT_OK);
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

/* What is wrong with the options is said before anything is read. */
START_TEST(refuses_bad_names_at_once)
{
	struct bt_create_options o = { .name = ".." };
	struct bt_metainfo *m;
	struct bt_error err;
	volatile int cancel = 1;	/* reading would end so */

	o.cancel = &cancel;
	make_folder();
	put_file("f", "x", 1);
	ck_assert_int_eq(bt_create("f", &o, &m, &err), BT_EFORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "unsafe name"));
	drop_folder();
}
END_TEST

struct watch {
	uint64_t done, total;
	unsigned calls;
	bool spoil;
	volatile int cancel;
	bool stop;
};

static void
watch(void *arg, uint64_t done, uint64_t total)
{
	struct watch *w = arg;

	ck_assert_uint_ge(done, w->done);
	w->done = done;
	w->total = total;
	w->calls++;
	if (w->stop)
		w->cancel = 1;
	if (w->spoil)
		ck_assert_int_eq(truncate("big", 12000000), 0);
	w->spoil = false;
}

START_TEST(tells_progress_and_stops)
{
	struct watch w = { .done = 0 };
	struct bt_create_options o = { .progress = watch, .arg = &w, .cancel = &w.cancel,
		.piece_length = 8 << 20, .workers = 2 };
	uint8_t *data = make_content("big", 12000001);
	struct bt_metainfo *m;
	struct bt_error err;

	make_folder();
	put_file("big", data, 12000001);
	free(data);
	ck_assert_int_eq(bt_create("big", &o, &m, &err), BT_OK);
	ck_assert_uint_eq(w.done, 12000001);
	ck_assert_uint_eq(w.total, 12000001);
	ck_assert_uint_eq(w.calls, 2);
	bt_metainfo_free(m);
	w = (struct watch){ .done = 0 };
	o.kind = BT_CREATE_HYBRID;
	ck_assert_int_eq(bt_create("big", &o, &m, &err), BT_OK);
	ck_assert_uint_eq(w.done, 12000001);
	bt_metainfo_free(m);
	w = (struct watch){ .stop = true };
	ck_assert_int_eq(bt_create("big", &o, &m, &err), BT_ECANCEL);
	w = (struct watch){ .spoil = true };
	ck_assert_int_eq(bt_create("big", &o, &m, &err), BT_EIO);
	ck_assert_str_eq(err.text, "big: changed while it was read");
	drop_folder();
}
END_TEST

START_TEST(survives_want_of_memory)
{
	struct bt_create_options o = { .kind = BT_CREATE_HYBRID, .announce = "http://a/",
		.piece_length = 16384, .workers = 1 };
	enum bt_code code = BT_ENOMEM;
	uint8_t *data = make_content("a", 20000);

	make_folder();
	put_file("r/a", data, 20000);
	free(data);
	put_file("r/b/c", "y", 1);
	for (size_t n = 1; code != BT_OK; n++) {
		struct bt_metainfo *m;
		struct bt_error err;

		mem_fail_at(n);
		code = bt_create("r", &o, &m, &err);
		mem_fail_at(0);
		ck_assert(code == BT_OK || m == NULL);
		ck_assert_uint_lt(n, 1000);
		bt_metainfo_free(m);
	}
	drop_folder();
}
END_TEST

START_TEST(picks_piece_lengths_as_the_original)
{
	static const struct {
		uint64_t total;
		uint32_t length;
	} row[] = {
		{ 0, 32768 }, { 4 << 20, 32768 }, { (4 << 20) + 1, 65536 }, { 17 << 20, 131072 },
		{ 65 << 20, 262144 }, { 513 << 20, 524288 }, { (uint64_t)2049 << 20, 1048576 },
		{ (uint64_t)8193 << 20, 2097152 }, { (uint64_t)1 << 40, 16777216 },
	};

	for (size_t i = 0; i < COUNT_OF(row); i++)
		ck_assert_uint_eq(bt_create_piece_length(row[i].total), row[i].length);
}
END_TEST

/* What follows the pieces in the info dictionary moves the buffer that they are in. */
START_TEST(keeps_the_pieces_before_a_long_source)
{
	char source[5000];
	struct bt_create_options o = { .source = source };
	struct bt_metainfo *m;
	uint8_t want[SHA1_LEN];

	memset(source, 's', sizeof(source) - 1);
	source[sizeof(source) - 1] = '\0';
	make_folder();
	put_file("f", "abc", 3);
	hash_sha1(slice_str("abc"), want);
	ck_assert_int_eq(bt_create("f", &o, &m, NULL), BT_OK);
	ck_assert_mem_eq(bt_metainfo_piece_hash(m, 0), want, sizeof(want));
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

Suite *
create_suite(void)
{
	Suite *s = suite_create("meta/create");
	TCase *c = tcase_create("create");

	tcase_add_test(c, agrees_with_the_vectors);
	tcase_add_test(c, makes_the_trees_of_large_pieces);
	tcase_add_test(c, takes_only_what_v2_can_hold);
	tcase_add_test(c, refuses_bad_names_at_once);
	tcase_add_test(c, takes_what_is_wanted);
	tcase_add_test(c, takes_hidden_files_and_refuses_links);
	tcase_add_test(c, makes_no_more_pieces_than_asked);
	tcase_add_test(c, walks_in_order_of_elements);
	tcase_add_test(c, says_what_it_cannot_take);
	tcase_add_test(c, keeps_all_options);
	tcase_add_test(c, keeps_the_pieces_before_a_long_source);
	tcase_add_test(c, tells_progress_and_stops);
	tcase_add_test(c, survives_want_of_memory);
	tcase_add_test(c, picks_piece_lengths_as_the_original);
	suite_add_tcase(s, c);
	return s;
}

/* SPDX-License-Identifier: ISC */
#include <btcore/create.h>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "folder.h"
#include "content.h"

Suite *create_suite(void);

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

static void
check_holds(const struct bt_metainfo *m, const char *text)
{
	struct bt_slice b = bt_metainfo_bytes(m);

	ck_assert_msg(memmem(b.ptr, b.len, text, strlen(text)) != NULL, "no %s", text);
}

START_TEST(keeps_hints)
{
	static const struct bt_create_node nodes[] = { { "router.example", 6881 }, { "::1", 1 } };
	static const char *const collections[] = { "one", "two" };
	static const uint8_t similar[1][20] = { "aaaaaaaaaaaaaaaaaaa" };
	const struct bt_create_options o = {
		.nodes = nodes, .node_count = 2, .collections = collections, .collection_count = 2,
		.similar = similar, .similar_count = 1, .entropy = "abc", .source = "s",
	};
	struct bt_metainfo *m;
	struct bt_error err;

	make_folder();
	put_file("f", "x", 1);
	ck_assert_msg(bt_create("f", &o, &m, &err) == BT_OK, "%s", err.text);
	ck_assert_ptr_null(bt_metainfo_tolerated(m));
	check_holds(m, "4:infod11:collectionsl3:one3:twoe7:entropy3:abc6:length");
	check_holds(m, "7:similarl20:aaaaaaaaaaaaaaaaaaa");
	check_holds(m, "5:nodesll14:router.examplei6881eel3:::1i1eeee");
	bt_metainfo_free(m);
	drop_folder();
}
END_TEST

START_TEST(stores_links_in_all_kinds)
{
	struct bt_create_options o = { .links = BT_LINKS_STORE, .piece_length = 16384 };
	static const char *const want[] = {
		[BT_CREATE_V1] = "d4:attr1:l6:lengthi0e4:pathl1:d1:le12:symlink pathl1:fee",
		[BT_CREATE_V2] = "1:ld0:d4:attr1:l12:symlink pathl1:feee",
		[BT_CREATE_HYBRID] = "1:ld0:d4:attr1:l12:symlink pathl1:feee",
	};

	make_folder();
	put_file("r/f", "x", 1);
	put_file("r/d/z", "x", 1);
	ck_assert_int_eq(symlink("../f", "r/d/l"), 0);
	for (o.kind = BT_CREATE_V1; o.kind <= BT_CREATE_HYBRID; o.kind++) {
		struct bt_metainfo *m;
		struct bt_error err;

		ck_assert_msg(bt_create("r", &o, &m, &err) == BT_OK, "%s", err.text);
		check_holds(m, want[o.kind]);
		if (o.kind == BT_CREATE_HYBRID)
			check_holds(m, want[BT_CREATE_V1]);
		ck_assert_uint_eq(bt_metainfo_file(m, 0).flags, BT_FILE_SYMLINK);
		ck_assert_uint_eq(bt_metainfo_total_size(m), 2);
		bt_metainfo_free(m);
	}
	drop_folder();
}
END_TEST

START_TEST(joins_and_orders)
{
	struct bt_create_options o = { .name = "all", .order = BT_ORDER_SIZE };
	struct bt_metainfo *m;
	struct bt_error err;
	char path[20];

	make_folder();
	put_file("a/f", "xy", 2);
	put_file("g", "z", 1);
	ck_assert_int_eq(bt_create_join((const char *const[]){ "a", "g" }, 2, &o, &m, &err), BT_OK);
	ck_assert_str_eq(bt_metainfo_safe_name(m), "all");
	(void)bt_metainfo_file_path(m, 0, path, sizeof(path));
	ck_assert_str_eq(path, "g");
	(void)bt_metainfo_file_path(m, 1, path, sizeof(path));
	ck_assert_str_eq(path, "a/f");
	bt_metainfo_free(m);
	/* One file is a directory of it, too. */
	ck_assert_int_eq(bt_create_join((const char *const[]){ "g" }, 1, &o, &m, &err), BT_OK);
	ck_assert(!bt_metainfo_is_single_file(m));
	bt_metainfo_free(m);
	o.kind = BT_CREATE_HYBRID;
	ck_assert_int_eq(bt_create("a", &o, &m, &err), BT_EARG);
	ck_assert_ptr_nonnull(strstr(err.text, "BEP 52"));
	o = (struct bt_create_options){ .name = NULL };
	ck_assert_int_eq(bt_create_join((const char *const[]){ "g" }, 1, &o, &m, &err), BT_EARG);
	ck_assert_ptr_null(m);
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
	ck_assert_int_eq(bt_create_check(&o, NULL), BT_EARG);
	ck_assert_ptr_nonnull(strstr(err.text, "power of two"));
	o.piece_length = 16384;
	o.announce = "r";
	ck_assert_int_eq(bt_create_check(&o, &err), BT_EARG);
	ck_assert_str_eq(err.text, "announce: 'r' is not a URL");
	o.announce = NULL;
	ck_assert_int_eq(bt_create_check(&o, &err), BT_OK);
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
	ck_assert_int_eq(bt_create("f", &o, &m, &err), BT_EARG);
	ck_assert_ptr_nonnull(strstr(err.text, "'..' cannot be the name of a torrent"));
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
		.piece_length = 16384, .workers = 1, .links = BT_LINKS_STORE };
	enum bt_code code = BT_ENOMEM;
	uint8_t *data = make_content("a", 20000);

	make_folder();
	put_file("r/a", data, 20000);
	free(data);
	put_file("r/b/c", "y", 1);
	ck_assert_int_eq(symlink("b", "r/l"), 0);
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
	Suite *s = suite_create("make/create");
	TCase *c = tcase_create("create");

	tcase_add_test(c, agrees_with_the_vectors);
	tcase_add_test(c, makes_the_trees_of_large_pieces);
	tcase_add_test(c, takes_only_what_v2_can_hold);
	tcase_add_test(c, refuses_bad_names_at_once);
	tcase_add_test(c, makes_no_more_pieces_than_asked);
	tcase_add_test(c, says_what_it_cannot_take);
	tcase_add_test(c, keeps_all_options);
	tcase_add_test(c, keeps_hints);
	tcase_add_test(c, stores_links_in_all_kinds);
	tcase_add_test(c, joins_and_orders);
	tcase_add_test(c, keeps_the_pieces_before_a_long_source);
	tcase_add_test(c, tells_progress_and_stops);
	tcase_add_test(c, survives_want_of_memory);
	tcase_add_test(c, picks_piece_lengths_as_the_original);
	suite_add_tcase(s, c);
	return s;
}

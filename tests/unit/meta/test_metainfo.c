/* SPDX-License-Identifier: ISC */
#include <btcore/metainfo.h>

#include <inttypes.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bencode/write.h"
#include "content.h"

Suite *metainfo_suite(void);

#define H20 "aaaaaaaaaaaaaaaaaaaa"
#define H32 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct bt_metainfo *
parse(struct bt_slice bytes)
{
	struct bt_metainfo *m;
	struct bt_error err;

	ck_assert_msg(bt_metainfo_parse(bytes, &m, &err) == BT_OK, "%s", err.text);
	return m;
}

static void
check_path(const struct bt_metainfo *m, uint32_t i, const char *raw, const char *safe)
{
	char out[4096];

	ck_assert_uint_eq(bt_metainfo_file_path(m, i, out, sizeof(out)), strlen(raw));
	ck_assert_str_eq(out, raw);
	ck_assert_uint_eq(bt_metainfo_file_safe_path(m, i, out, sizeof(out)), strlen(safe));
	ck_assert_str_eq(out, safe);
}

/* The vectors: a torrent is a list of files and three info dictionaries. */
struct vector {
	char name[64];
	uint32_t piece_length;
	struct {
		char path[64];
		size_t size;
		char seed[64];
	} file[8];
	uint32_t files;
};

static void
check_hash(const uint8_t *hash, size_t len, const char *want)
{
	char *hex;

	if (strcmp(want, "-") == 0) {
		ck_assert_ptr_null(hash);
		return;
	}
	ck_assert_ptr_nonnull(hash);
	hex = hex_of(hash, len);
	ck_assert_str_eq(hex, want);
	free(hex);
}

struct layer {
	uint8_t root[SHA256_LEN];
	uint8_t *hashes;
	size_t count;
};

static int
by_root(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_LEN);
}

static void
write_layers(struct write *w, const struct vector *v)
{
	struct layer layer[8];
	size_t count = 0;

	for (uint32_t i = 0; i < v->files; i++) {
		uint8_t *data = make_content(v->file[i].seed, v->file[i].size);
		struct layer *l = &layer[count];

		l->hashes = content_layer(data, v->file[i].size, v->piece_length, &l->count);
		if (l->count > 0)
			content_root(data, v->file[i].size, l->root);
		if (l->count > 0 && (count == 0 || by_root(l, l - 1) != 0))
			count++;
		else
			free(l->hashes);
		free(data);
	}
	qsort(layer, count, sizeof(layer[0]), by_root);
	write_dict(w);
	for (size_t i = 0; i < count; i++) {
		write_key_slice(w, slice_of(layer[i].root, SHA256_LEN));
		write_slice(w, slice_of(layer[i].hashes, layer[i].count * SHA256_LEN));
		free(layer[i].hashes);
	}
	write_end(w);
}

static void
check_files(const struct bt_metainfo *m, const struct vector *v)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		struct bt_file f = bt_metainfo_file(m, i);

		if (f.flags & BT_FILE_PAD)
			continue;
		ck_assert_uint_lt(seen, v->files);
		ck_assert_uint_eq(f.size, v->file[seen].size);
		check_path(m, i, v->file[seen].path, v->file[seen].path);
		seen++;
	}
	ck_assert_uint_eq(seen, v->files);
}

/* In v2 the hash of each piece is the one computed from the content. */
static void
check_pieces(const struct bt_metainfo *m, const struct vector *v)
{
	uint32_t piece = 0;

	for (uint32_t i = 0; i < v->files; i++) {
		uint8_t *data = make_content(v->file[i].seed, v->file[i].size);
		uint8_t root[SHA256_LEN];
		size_t count;
		uint8_t *layer = content_layer(data, v->file[i].size, v->piece_length, &count);

		for (size_t k = 0; k < count; k++)
			ck_assert_mem_eq(bt_metainfo_piece_hash(m, piece++), layer + k * SHA256_LEN,
			    SHA256_LEN);
		if (count == 0 && v->file[i].size > 0) {
			content_root(data, v->file[i].size, root);
			ck_assert_mem_eq(bt_metainfo_piece_hash(m, piece++), root, SHA256_LEN);
		}
		free(layer);
		free(data);
	}
	ck_assert_uint_eq(bt_metainfo_piece_count(m), piece);
}

/* What is left of nothing done is what all pieces have, and without padding all files. */
static void
check_sizes(const struct bt_metainfo *m)
{
	uint64_t pieces = 0, files = 0, padding = 0;

	for (uint32_t i = 0; i < bt_metainfo_piece_count(m); i++)
		pieces += bt_metainfo_piece_size(m, i);
	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		struct bt_file f = bt_metainfo_file(m, i);

		*(f.flags & BT_FILE_PAD ? &padding : &files) += f.size;
	}
	ck_assert_uint_eq(bt_metainfo_content_size(m), pieces);
	ck_assert_uint_eq(bt_metainfo_content_size(m), files + padding);
	ck_assert_uint_eq(bt_metainfo_total_size(m), files);
}

static void
check_vector(const struct vector *v, char *field[MAX_FIELDS])
{
	bool v2 = strcmp(field[0], "v1") != 0;
	struct bt_slice info = unhex(field[4]);
	struct bt_metainfo *m;
	struct write w;
	struct buf b;

	buf_init(&b, 1 << 20);
	write_init(&w, &b);
	write_dict(&w);
	write_key(&w, "info");
	write_raw(&w, info);
	if (v2) {
		write_key(&w, "piece layers");
		write_layers(&w, v);
	}
	write_end(&w);
	ck_assert(write_finish(&w));
	m = parse(buf_slice(&b));
	ck_assert(slice_eq(bt_metainfo_info(m), info));
	ck_assert_ptr_null(bt_metainfo_tolerated(m));
	check_hash(bt_metainfo_info_hash(m), 20, field[1]);
	check_hash(bt_metainfo_info_hash_v2(m), 32, field[2]);
	ck_assert_uint_eq(bt_metainfo_piece_length(m), v->piece_length);
	check_files(m, v);
	check_sizes(m);
	if (bt_metainfo_info_hash(m) != NULL)
		ck_assert_uint_eq(bt_metainfo_piece_count(m), strtoul(field[3], NULL, 10));
	else
		check_pieces(m, v);
	bt_metainfo_free(m);
	buf_fini(&b);
	free((void *)info.ptr);
}

START_TEST(agrees_with_the_vectors)
{
	FILE *f = open_data("torrents.tsv");
	char *line = NULL, *field[MAX_FIELDS];
	struct vector v = { .files = 0 };
	unsigned count = 0;

	while (next_line(f, &line, field)) {
		if (strcmp(field[0], "torrent") == 0) {
			v.files = 0;
			v.piece_length = (uint32_t)strtoul(field[2], NULL, 10);
		} else if (strcmp(field[0], "file") == 0) {
			(void)snprintf(v.file[v.files].path, 64, "%s", field[1]);
			(void)snprintf(v.file[v.files].seed, 64, "%s", field[3]);
			v.file[v.files++].size = strtoul(field[2], NULL, 10);
		} else {
			check_vector(&v, field);
			count++;
		}
	}
	ck_assert_uint_eq(count, 24);
	free(line);
	(void)fclose(f);
}
END_TEST

static void
check_as_told(const struct bt_metainfo *m, char *field[MAX_FIELDS])
{
	uint32_t files = 0;

	check_hash(bt_metainfo_info_hash(m), 20, field[2]);
	check_hash(bt_metainfo_info_hash_v2(m), 32, field[3]);
	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++)
		files += !(bt_metainfo_file(m, i).flags & BT_FILE_PAD);
	ck_assert_uint_eq(files, strtoul(field[4], NULL, 10));
	ck_assert_uint_eq(bt_metainfo_piece_length(m), strtoul(field[6], NULL, 10));
	ck_assert_str_eq(bt_metainfo_safe_name(m), field[7]);
	if (strcmp(field[0], "hidden_parent_path.torrent") == 0)
		check_path(m, 0, "foo/../../../bar/bar", "foo......bar/bar");
}

static void
check_wild(const char *path, char *field[MAX_FIELDS])
{
	struct bt_metainfo *m = NULL;
	struct bt_error err;
	/* libtorrent refuses a name of nothing but NUL; for us it is as good as an empty one. */
	bool load = strcmp(field[1], "load") == 0 || strcmp(field[0], "bad_name.torrent") == 0;

	ck_assert_msg((bt_metainfo_open(path, &m, &err) == BT_OK) == load, "%s", path);
	if (!load) {
		ck_assert_msg(strstr(err.text, field[0]) != NULL, "%s", err.text);
		return;
	}
	if (strcmp(field[1], "load") == 0)
		check_as_told(m, field);
	else
		ck_assert_str_eq(bt_metainfo_safe_name(m), "_");
	bt_metainfo_free(m);
}

START_TEST(reads_torrents_of_others)
{
	FILE *f = fopen(VECTORS "/torrents/expected.tsv", "r");
	char *line = NULL, *field[MAX_FIELDS], path[4096];

	if (f == NULL) {
		(void)fprintf(stderr, "SKIP: no torrents of others in %s/torrents\n", VECTORS);
		return;
	}
	(void)next_line(f, &line, field);
	while (next_line(f, &line, field)) {
		(void)snprintf(path, sizeof(path), "%s/torrents/%s", VECTORS, field[0]);
		check_wild(path, field);
	}
	free(line);
	(void)fclose(f);
}
END_TEST

static const char everything[] = "d8:announce10:http://t/a"
    "13:announce-listll9:http://a/1:x9:udp://b:1elel9:http://a/9:http://c/ee"
    "7:comment2:hi10:created by2:me13:creation datei77e9:httpseedsl9:http://h/e"
    "4:infod6:lengthi5e4:name1:n12:piece lengthi16384e6:pieces20:" H20
    "7:privatei1e6:source3:srce8:url-list9:http://u/e";

START_TEST(reads_what_is_beside_the_info)
{
	struct bt_metainfo *m = parse(slice_str(everything));

	ck_assert(slice_eq_str(bt_metainfo_announce(m), "http://t/a"));
	ck_assert(bt_metainfo_has_announce_list(m));
	ck_assert_uint_eq(bt_metainfo_tier_count(m), 2);
	ck_assert_uint_eq(bt_metainfo_tracker_count(m, 0), 2);
	ck_assert(slice_eq_str(bt_metainfo_tracker(m, 0, 1), "udp://b:1"));
	ck_assert_uint_eq(bt_metainfo_tracker_count(m, 1), 1);
	ck_assert(slice_eq_str(bt_metainfo_tracker(m, 1, 0), "http://c/"));
	ck_assert_uint_eq(bt_metainfo_url_seed_count(m), 1);
	ck_assert(slice_eq_str(bt_metainfo_url_seed(m, 0), "http://u/"));
	ck_assert_uint_eq(bt_metainfo_http_seed_count(m), 1);
	ck_assert(slice_eq_str(bt_metainfo_comment(m), "hi"));
	ck_assert(slice_eq_str(bt_metainfo_created_by(m), "me"));
	ck_assert(slice_eq_str(bt_metainfo_source(m), "src"));
	ck_assert_int_eq(bt_metainfo_creation_date(m), 77);
	ck_assert(bt_metainfo_is_private(m));
	ck_assert(bt_metainfo_is_single_file(m));
	check_path(m, 0, "n", "n");
	bt_metainfo_free(m);
}
END_TEST

#define ONE "6:lengthi5e4:name1:n12:piece lengthi16384e6:pieces20:" H20
#define TAIL "4:name1:n12:piece lengthi16384e6:pieces20:" H20 "ee"
#define FILE1(path) "d4:infod5:filesld6:lengthi5e4:path" path "ee" TAIL
#define FILE2(p1, p2) \
	"d4:infod5:filesld6:lengthi5e4:path" p1 "ed6:lengthi5e4:path" p2 "ee" TAIL
#define TREE(files) \
	"d4:infod9:file treed" files "e12:meta versioni2e4:name1:n12:piece lengthi16384eee"
#define LEAF(len) "d0:d6:lengthi" len "e11:pieces root32:" H32 "ee"

START_TEST(tolerates_and_says_so)
{
	struct bt_metainfo *m = parse(slice_str("d4:infod4:name1:n" /* unsorted */
	    "6:lengthi5e12:piece lengthi16384e6:pieces20:" H20 "ee\r\n"));

	ck_assert_str_eq(bt_metainfo_tolerated(m), "unsorted keys, trailing bytes");
	bt_metainfo_free(m);
	m = parse(slice_str("d4:infod" ONE "e8:announce9:http://a/e"));
	ck_assert_uint_eq(bt_metainfo_tier_count(m), 1);
	ck_assert(!bt_metainfo_has_announce_list(m));
	bt_metainfo_free(m);
}
END_TEST

/* What is wrong, and a word that the error must have. */
static const char *const refused[][2] = {
	{ "", "not a torrent" },
	{ "i1e", "not a torrent" },
	{ "de", "no 'info'" },
	{ "d4:infoi1ee", "'info'" },
	{ "d4:infod" ONE "e", "early" },
	{ "d4:infod6:lengthi5e12:piece lengthi16384e6:pieces20:" H20 "ee", "'name'" },
	{ "d4:infod6:lengthi5e4:name1:n6:pieces20:" H20 "ee", "'piece length'" },
	{ "d4:infod6:lengthi5e4:name1:n12:piece lengthi0e6:pieces20:" H20 "ee", "'piece length'" },
	{ "d4:infod6:lengthi5e4:name1:n12:piece lengthi-1e6:pieces20:" H20 "ee", "'piece length'" },
	{ "d4:infod6:lengthi5e4:name1:n12:piece lengthi536870913e6:pieces20:" H20 "ee",
	  "536870913" },
	{ "d4:infod6:lengthi5e4:name1:n12:piece lengthi16384eee", "'pieces'" },
	{ "d4:infod6:lengthi5e4:name1:n12:piece lengthi16384e6:pieces19:aaaaaaaaaaaaaaaaaaaee",
	  "20" },
	{ "d4:infod6:lengthi50000e4:name1:n12:piece lengthi16384e6:pieces20:" H20 "ee",
	    "1 piece hashes for 4 pieces" },
	{ "d4:infod6:lengthi-5e4:name1:n12:piece lengthi16384e6:pieces20:" H20 "ee", "-5" },
	{ "d4:infod6:lengthi9223372036854775807e4:name1:n12:piece lengthi16384e"
	    "6:pieces20:" H20 "ee",
	    "1 piece hashes" },
	{ "d4:infod4:name1:n12:piece lengthi16384e6:pieces20:" H20 "ee", "neither" },
	{ "d4:infod5:filesle6:lengthi5e" TAIL, "both" },
	{ "d4:infod5:filesle" TAIL, "empty" },
	{ "d4:infod5:filesi5e" TAIL, "'files'" },
	{ FILE1("le"), "path is empty" },
	{ FILE1("1:a"), "not a list" },
	{ FILE1("li5ee"), "not a string" },
	{ "d4:infod5:filesld4:pathl1:aeee" TAIL, "length" },
	{ "d4:infod5:filesld6:lengthi5eee" TAIL, "path" },
	{ "d4:infod5:filesld6:lengthi9223372036854775807e4:pathl1:aee"
	    "d6:lengthi5e4:pathl1:beee" TAIL,
	    "add up" },
	{ "d4:infod12:meta versioni3e4:name1:nee", "newer" },
	{ "d4:infod12:meta versioni2e4:name1:n12:piece lengthi16384eee", "'file tree'" },
	{ "d4:infod9:file treede12:meta versioni2e4:name1:n12:piece lengthi16384eee", "empty" },
	{ "d4:infod9:file treed1:a" LEAF("5") "e12:meta versioni2e4:name1:n"
	    "12:piece lengthi16383eee",
	    "power of two" },
	{ TREE("1:ade"), "neither" },
	{ TREE("1:ad0:d6:lengthi5eee"), "pieces root" },
	{ TREE("1:ad0:d6:lengthi5e11:pieces root32:" H32 "e1:bd0:d6:lengthi0eeee"), "both" },
	{ TREE("0:d6:lengthi5e11:pieces root32:" H32 "e"), "without a name" },
	{ TREE("1:a" LEAF("9223372036854775807")), "pieces" },
	{ "d4:infod9:file treed1:a" LEAF("20000") "e12:meta versioni2e4:name1:n"
	    "12:piece lengthi16384ee12:piece layersd32:" H32 "32:" H32 "ee", "wrong number" },
	{ "d4:infod9:file treed1:a" LEAF("20000") "e12:meta versioni2e4:name1:n"
	    "12:piece lengthi16384ee12:piece layersd32:" H32 "64:" H32 H32 "ee", "root" },
	{ "d4:infod9:file treed1:m" LEAF("5") "e6:lengthi5e12:meta versioni2e4:name1:n"
	    "12:piece lengthi16384e6:pieces20:" H20 "ee", "'m' is not where" },
	{ "d4:infod9:file treed1:n" LEAF("6") "e6:lengthi5e12:meta versioni2e4:name1:n"
	    "12:piece lengthi16384e6:pieces20:" H20 "ee", "another length" },
};

START_TEST(refuses_with_a_reason)
{
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		struct bt_metainfo *m;
		struct bt_error err = { .code = BT_OK };
		enum bt_code code = bt_metainfo_parse(slice_str(refused[i][0]), &m, &err);

		ck_assert_msg(code != BT_OK, "accepted: %s", refused[i][0]);
		ck_assert_int_eq(err.code, code);
		ck_assert_msg(strstr(err.text, refused[i][1]) != NULL, "%s: %s", refused[i][0],
		    err.text);
	}
}
END_TEST

/* A torrent of two files, and as what they are saved; NULL: as they are called. */
static const struct {
	const char *torrent;
	const char *raw[2], *safe[2];
} spellings[] = {
	{ FILE2("l1:ae", "l2:a\\e"), { "a", "a\\" }, { NULL, NULL } },
	{ FILE2("l1:a2:..1:.1:be", "l2:..e"), { "a/.././b", ".." }, { "a/_/_/b", "_" } },
	{ FILE2("l2:..1:ae", "l1:.1:ae"), { "../a", "./a" }, { "_/a", "_.1/a" } },
	{ FILE2("l0:1:ae", "l1:_1:ae"), { "/a", "_/a" }, { "_.1/a", "_/a" } },
	{ FILE2("l4:/etce", "l3:a/be"), { "/etc", "a/b" }, { "etc", "ab" } },
	{ FILE2("l3:a\x01" "be", "l4:caf\xe9" "e"), { "a\x01" "b", "caf\xe9" }, { "a_b", "caf_" } },
	{ FILE2("l1:ae", "l1:ae"), { "a", "a" }, { "a", "a.1" } },
	{ FILE2("l5:a.mp3e", "l5:a.mp3e"), { "a.mp3", "a.mp3" }, { "a.mp3", "a.1.mp3" } },
	{ FILE2("l1:ae", "l1:a1:be"), { "a", "a/b" }, { "a.1", "a/b" } },
	{ FILE2("l1:a1:be", "l1:ae"), { "a/b", "a" }, { "a/b", "a.1" } },
	{ FILE2("l2:/ae", "l1:ae"), { "/a", "a" }, { "a.1", "a" } },
	{ TREE("2:.." LEAF("5") "2:a/d1:b" LEAF("5") "e"), { "..", "a//b" }, { "_", "a/b" } },
};

START_TEST(spells_what_is_not_safe)
{
	const char *const *raw = spellings[_i].raw, *const *safe = spellings[_i].safe;
	struct bt_metainfo *m = parse(slice_str(spellings[_i].torrent));

	for (uint32_t i = 0; i < 2; i++)
		check_path(m, i, raw[i], safe[i] != NULL ? safe[i] : raw[i]);
	if (safe[0] == NULL && safe[1] == NULL)
		ck_assert_ptr_null(bt_metainfo_tolerated(m));
	else
		ck_assert_str_eq(bt_metainfo_tolerated(m), "unsafe names");
	bt_metainfo_free(m);
}
END_TEST

START_TEST(spells_the_name)
{
	static const char *const names[][2] = { { "2:..", "_" }, { "0:", "_" }, { "3:a/b", "ab" },
		{ "1:\xff", "_" }, { "1:a", "a" } };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct bt_metainfo *m;
		char text[200];

		(void)snprintf(text, sizeof(text), "d4:infod6:lengthi5e4:name%s"
		    "12:piece lengthi16384e6:pieces20:" H20 "ee", names[i][0]);
		m = parse(slice_str(text));
		ck_assert_str_eq(bt_metainfo_safe_name(m), names[i][1]);
		check_path(m, 0, names[i][0] + 2, names[i][1]);
		ck_assert((bt_metainfo_tolerated(m) == NULL) == (strcmp(names[i][0], "1:a") == 0));
		bt_metainfo_free(m);
	}
}
END_TEST

START_TEST(spells_names_with_nul)
{
	static const char text[] = FILE1("l3:a\0be");
	struct bt_metainfo *m = parse(slice_of(text, sizeof(text) - 1));
	char path[10];

	ck_assert_uint_eq(bt_metainfo_file_path(m, 0, path, sizeof(path)), 3);
	ck_assert_mem_eq(path, "a\0b", 4);
	ck_assert_uint_eq(bt_metainfo_file_safe_path(m, 0, path, sizeof(path)), 2);
	ck_assert_str_eq(path, "ab");
	bt_metainfo_free(m);
}
END_TEST

START_TEST(shortens_names_that_no_disk_takes)
{
	char text[2000], longer[301], path[1000];
	struct bt_metainfo *m;

	memset(longer, 'x', 300);
	memcpy(longer + 296, ".txt", 5);
	(void)snprintf(text, sizeof(text), "d4:infod5:filesl"
	    "d6:lengthi5e4:pathl300:%s1:aee"
	    "d6:lengthi5e4:pathl4:(\xc3\xa9\\300:%see"
	    "e" TAIL, longer, longer);
	m = parse(slice_str(text));
	ck_assert_uint_eq(bt_metainfo_file_path(m, 0, path, sizeof(path)), 302);
	ck_assert_uint_eq(bt_metainfo_file_safe_path(m, 0, path, sizeof(path)), 246);
	ck_assert_uint_eq(strcspn(path, "/"), 244);
	ck_assert(memcmp(path + 240, ".txt/a", 7) == 0);
	ck_assert_uint_eq(bt_metainfo_file_safe_path(m, 1, path, sizeof(path)), 249);
	ck_assert(memcmp(path, "(\xc3\xa9\\/", 5) == 0);
	ck_assert_uint_eq(bt_metainfo_file_safe_path(m, 1, path, 3), 249);
	ck_assert_str_eq(path, "(\xc3");
	bt_metainfo_free(m);
}
END_TEST

/* Two paths of 100 directories of 100 bytes: of 21 of them, and the files apart. */
START_TEST(leaves_directories_out_where_paths_grow_too_long)
{
	struct bt_metainfo *m;
	char path[4096];
	struct buf b;

	buf_init(&b, 100000);
	buf_add_str(&b, "d4:infod5:filesl");
	for (unsigned file = 0; file < 2; file++) {
		buf_add_str(&b, "d6:lengthi5e4:pathl");
		for (unsigned i = 0; i < 100; i++)
			buf_addf(&b, "100:%0100u", i == 50 ? 1000 + file : i);
		buf_add_str(&b, "1:fee");
	}
	buf_add_str(&b, "e" TAIL);
	m = parse(buf_slice(&b));
	ck_assert_uint_eq(bt_metainfo_file_safe_path(m, 0, path, sizeof(path)), 21 * 101 + 1);
	ck_assert_str_eq(path + 21 * 101, "f");
	ck_assert_uint_eq(bt_metainfo_file_safe_path(m, 1, path, sizeof(path)), 21 * 101 + 3);
	ck_assert_str_eq(path + 21 * 101, "f.1");
	ck_assert_str_eq(bt_metainfo_tolerated(m), "unsafe names");
	bt_metainfo_free(m);
	buf_fini(&b);
}
END_TEST

/* A stranger's equal names, and those that take the numbers, cost no more than others. */
START_TEST(numbers_many_equal_names)
{
	enum { FILES = 60000, ALL = 2 * FILES };
	struct bt_metainfo *m;
	char path[100];
	struct buf b;

	buf_init(&b, 64 << 20);
	buf_add_str(&b, "d4:infod5:filesl");
	for (unsigned i = 0; i < FILES; i++)
		buf_addf(&b, "d6:lengthi0e4:pathl5:%05uee", i + 10000);
	for (unsigned i = 0; i < FILES; i++) {
		(void)snprintf(path, sizeof(path), "a.%u", i + 1);
		buf_addf(&b, "d6:lengthi0e4:pathl%zu:%see", strlen(path), path);
	}
	for (unsigned i = 0; i < FILES; i++)
		buf_add_str(&b, "d6:lengthi0e4:pathl1:aee");
	buf_add_str(&b, "e4:name1:n12:piece lengthi16384e6:pieces0:ee");
	m = parse(buf_slice(&b));
	(void)bt_metainfo_file_safe_path(m, ALL, path, sizeof(path));
	ck_assert_str_eq(path, "a");
	(void)bt_metainfo_file_safe_path(m, ALL + 1, path, sizeof(path));
	ck_assert_str_eq(path, "a.120006");	/* beyond the small ones, its own */
	bt_metainfo_free(m);
	buf_fini(&b);
}
END_TEST

START_TEST(knows_attributes_and_padding)
{
	struct bt_metainfo *m = parse(slice_str("d4:infod5:filesl"
	    "d4:attr2:xh6:lengthi5e4:pathl1:a1:bee"
	    "d4:attr1:p6:lengthi3e4:pathl4:.pad1:3ee"
	    "d4:attr1:p6:lengthi3eed4:attr1:p6:lengthi3e4:pathl4:.pad1:3ee"
	    "d4:attr1:l4:pathl1:le12:symlink pathl1:a1:beee" TAIL));

	ck_assert_uint_eq(bt_metainfo_file_count(m), 5);
	ck_assert_uint_eq(bt_metainfo_file(m, 0).flags, BT_FILE_EXECUTABLE | BT_FILE_HIDDEN);
	ck_assert_uint_eq(bt_metainfo_file(m, 1).flags, BT_FILE_PAD);
	ck_assert_uint_eq(bt_metainfo_file(m, 4).flags, BT_FILE_SYMLINK);
	check_path(m, 0, "a/b", "a/b");
	check_path(m, 2, ".pad/3", ".pad/3");
	ck_assert_uint_eq(bt_metainfo_content_size(m), 14);
	ck_assert_uint_eq(bt_metainfo_total_size(m), 5);
	bt_metainfo_free(m);
}
END_TEST

START_TEST(prefers_names_in_utf8)
{
	struct bt_metainfo *m = parse(slice_str("d4:infod5:filesl"
	    "d6:lengthi5e4:pathl1:\xe9" "e10:path.utf-8l2:\xc3\xa9" "eee"
	    "4:name1:\xe9" "10:name.utf-82:\xc3\xa9" "12:piece lengthi16384e6:pieces20:" H20 "ee"));

	ck_assert_str_eq(bt_metainfo_safe_name(m), "\xc3\xa9");
	check_path(m, 0, "\xc3\xa9", "\xc3\xa9");
	bt_metainfo_free(m);
}
END_TEST

START_TEST(an_empty_file_has_no_pieces)
{
	struct bt_metainfo *m = parse(
	    slice_str("d4:infod6:lengthi0e4:name1:n12:piece lengthi16384e6:pieces0:ee"));

	ck_assert_uint_eq(bt_metainfo_piece_count(m), 0);
	ck_assert_uint_eq(bt_metainfo_file_count(m), 1);
	bt_metainfo_free(m);
}
END_TEST

START_TEST(survives_want_of_memory)
{
	static const char tree[] = TREE("1:ad1:b" LEAF("5") "e");
	const char *const text[] = { everything, FILE2("l1:a1:be", "l1:a1:ce"),
		FILE2("l2:..1:be", "l2:..1:be"), tree };

	for (size_t t = 0; t < COUNT_OF(text); t++) {
		for (size_t n = 1;; n++) {
			struct bt_metainfo *m;
			struct bt_error err;
			enum bt_code code;

			mem_fail_at(n);
			code = bt_metainfo_parse(slice_str(text[t]), &m, &err);
			mem_fail_at(0);
			if (code == BT_OK) {
				bt_metainfo_free(m);
				ck_assert_uint_gt(n, 3);
				break;
			}
			ck_assert_int_eq(code, BT_ENOMEM);
			ck_assert_ptr_null(m);
		}
	}
}
END_TEST

START_TEST(opens_files)
{
	char path[] = "/tmp/btcore-test.XXXXXX";
	int fd = mkstemp(path);
	struct bt_metainfo *m;
	struct bt_error err;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_metainfo_open(path, &m, &err), BT_EFORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	ck_assert_int_eq(write(fd, everything, strlen(everything)), (int)strlen(everything));
	ck_assert_int_eq(bt_metainfo_open(path, &m, &err), BT_OK);
	bt_metainfo_free(m);
	(void)close(fd);
	(void)unlink(path);
	ck_assert_int_eq(bt_metainfo_open(path, &m, &err), BT_ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, path));
}
END_TEST

START_TEST(adds_sizes_up)
{
	/* Empty files, one of a block, one of a piece and a little, in v2: gaps, no padding. */
	struct bt_metainfo *m = parse(slice_str("d4:infod9:file treed1:ad0:d6:lengthi0eee1:b"
	    LEAF("16384") "1:c" LEAF("32769") "1:d" LEAF("1") "1:ed0:d6:lengthi0eee"
	    "e12:meta versioni2e4:name1:n12:piece lengthi32768eee"));

	ck_assert_uint_eq(bt_metainfo_content_size(m), 16384 + 32769 + 1);
	ck_assert_uint_eq(bt_metainfo_piece_count(m), 4);
	check_sizes(m);
	bt_metainfo_free(m);
}
END_TEST

/* Of two files with a layer each one is there. */
START_TEST(does_without_piece_layers)
{
	uint8_t *data = make_content("x", 40000), root[SHA256_LEN];
	struct bt_metainfo *m;
	size_t count;
	uint8_t *layer = content_layer(data, 40000, 16384, &count);
	struct buf b;

	content_root(data, 40000, root);
	buf_init(&b, 10000);
	buf_add_str(&b, "d4:infod9:file treed1:a" LEAF("20000") "1:bd0:d6:lengthi40000e"
	    "11:pieces root32:");
	buf_add(&b, root, SHA256_LEN);
	buf_add_str(&b, "eee12:meta versioni2e4:name1:n12:piece lengthi16384ee12:piece layersd32:");
	buf_add(&b, root, SHA256_LEN);
	buf_addf(&b, "%zu:", count * SHA256_LEN);
	buf_add(&b, layer, count * SHA256_LEN);
	buf_add_str(&b, "ee");
	m = parse(buf_slice(&b));
	ck_assert_uint_eq(bt_metainfo_layers_missing(m), 1);
	ck_assert(bt_metainfo_lacks_layer(m, 0));
	ck_assert(!bt_metainfo_lacks_layer(m, 1));
	ck_assert_ptr_null(bt_metainfo_piece_hash(m, 0));
	ck_assert_ptr_null(bt_metainfo_piece_hash(m, 1));
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_mem_eq(bt_metainfo_piece_hash(m, 2 + i), layer + i * SHA256_LEN,
		    SHA256_LEN);
	bt_metainfo_free(m);
	buf_fini(&b);
	free(layer);
	free(data);
}
END_TEST

/* 100,000 files load quickly and find their names. */
START_TEST(carries_many_files)
{
	enum { FILES = 100000 };
	struct bt_metainfo *m;
	struct buf b;

	buf_init(&b, 64 << 20);
	buf_add_str(&b, "d4:infod5:filesl");
	for (unsigned i = 0; i < FILES; i++)
		buf_addf(&b, "d6:lengthi1e4:pathl3:dir5:d%04u9:f%08uee", i / 100, i);
	buf_add_str(&b, "e4:name1:n12:piece lengthi131072e6:pieces20:" H20 "ee");
	m = parse(buf_slice(&b));
	ck_assert_uint_eq(bt_metainfo_file_count(m), FILES);
	check_path(m, 99999, "dir/d0999/f00099999", "dir/d0999/f00099999");
	bt_metainfo_free(m);
	buf_fini(&b);
}
END_TEST

/* A torrent of the given one-letter names, /-separated, in that order; are they saved so? */
static bool
keeps_names(const char *paths)
{
	struct bt_metainfo *m;
	struct buf b;
	size_t files = 0;
	bool kept;

	buf_init(&b, 10000);
	buf_add_str(&b, "d4:infod5:filesl");
	for (; *paths != '\0'; files++) {
		size_t len = strcspn(paths, " ");

		buf_add_str(&b, "d6:lengthi0e4:pathl");
		for (size_t i = 0; i < len; i += 2)
			buf_addf(&b, "1:%c", paths[i]);
		buf_add_str(&b, "ee");
		paths += len + (paths[len] == ' ');
	}
	buf_add_str(&b, "e4:name1:n12:piece lengthi16384e6:pieces0:ee");
	m = parse(buf_slice(&b));
	ck_assert_uint_eq(bt_metainfo_file_count(m), files);
	kept = bt_metainfo_tolerated(m) == NULL;
	bt_metainfo_free(m);
	buf_fini(&b);
	return kept;
}

START_TEST(finds_equal_names_in_any_order)
{
	static const char *const good[] = { "a b c", "c b a", "d/a d/b e/a e/b", "d/a e/a d/b e/b",
	    "d/b e/a d/a", "a d/a", "d/a a", "d/d d/e/d", "d/e/d d/d", "d/e/f/g d/e/g d/f e" };
	static const char *const bad[] = { "a a", "a b a", "b a b", "a b c b", "d/a d/b d/a",
	    "d/b e/b d/a d/b", "d/a d", "d d/a", "d/e/a d/e", "d/e d/f d/e/a", "a d/a d" };

	for (size_t i = 0; i < COUNT_OF(good); i++)
		ck_assert_msg(keeps_names(good[i]), "%s", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(!keeps_names(bad[i]), "%s", bad[i]);
}
END_TEST

/* What is wrong inside a list does not hide that the torrent is of another age. */
START_TEST(looks_at_the_version_first)
{
	struct bt_metainfo *m;
	struct bt_error err;

	ck_assert_int_eq(bt_metainfo_parse(slice_str("d4:infod9:file treed1:ai5e1:bd2:..leee"
	    "5:filesld6:lengthi5e4:pathl2:..eei5ee12:meta versioni3e4:name1:nee"), &m, &err),
	    BT_EUNSUP);
	ck_assert_msg(strstr(err.text, "newer") != NULL, "%s", err.text);
}
END_TEST

START_TEST(has_a_limit_for_directories)
{
	enum { DEPTH = 120, FILES = (2 << 20) / DEPTH + 1 };
	struct bt_metainfo *m;
	struct bt_error err;
	struct buf b;

	buf_init(&b, 64 << 20);
	buf_add_str(&b, "d4:infod5:filesl");
	for (unsigned i = 0; i < FILES; i++) {
		buf_addf(&b, "d6:lengthi0e4:pathl8:%08u", i);
		for (unsigned k = 1; k < DEPTH; k++)
			buf_add(&b, "1:a", 3);
		buf_add_str(&b, "1:fee");
	}
	buf_add_str(&b, "e4:name1:n12:piece lengthi16384e6:pieces0:ee");
	ck_assert_int_eq(bt_metainfo_parse(buf_slice(&b), &m, &err), BT_ELIMIT);
	ck_assert_msg(strstr(err.text, "directories") != NULL, "%s", err.text);
	buf_fini(&b);
}
END_TEST

/* ASan tells if it goes too early or never. */
START_TEST(stays_until_the_last_owner_frees_it)
{
	struct bt_metainfo *m = parse(slice_str("d4:infod6:lengthi5e4:name1:n12:piece lengthi16384e"
	    "6:pieces20:" H20 "ee")), *share = bt_metainfo_share(m);

	ck_assert_ptr_eq(share, m);
	bt_metainfo_free(m);
	ck_assert_uint_eq(bt_metainfo_content_size(share), 5);
	bt_metainfo_free(share);
}
END_TEST

Suite *
metainfo_suite(void)
{
	Suite *s = suite_create("meta/metainfo");
	TCase *c = tcase_create("metainfo");

	tcase_add_test(c, agrees_with_the_vectors);
	tcase_add_test(c, reads_torrents_of_others);
	tcase_add_test(c, reads_what_is_beside_the_info);
	tcase_add_test(c, tolerates_and_says_so);
	tcase_add_test(c, refuses_with_a_reason);
	tcase_add_loop_test(c, spells_what_is_not_safe, 0, COUNT_OF(spellings));
	tcase_add_test(c, spells_the_name);
	tcase_add_test(c, spells_names_with_nul);
	tcase_add_test(c, shortens_names_that_no_disk_takes);
	tcase_add_test(c, leaves_directories_out_where_paths_grow_too_long);
	tcase_add_test(c, numbers_many_equal_names);
	tcase_add_test(c, knows_attributes_and_padding);
	tcase_add_test(c, prefers_names_in_utf8);
	tcase_add_test(c, an_empty_file_has_no_pieces);
	tcase_add_test(c, survives_want_of_memory);
	tcase_add_test(c, opens_files);
	tcase_add_test(c, adds_sizes_up);
	tcase_add_test(c, does_without_piece_layers);
	tcase_add_test(c, carries_many_files);
	tcase_add_test(c, finds_equal_names_in_any_order);
	tcase_add_test(c, looks_at_the_version_first);
	tcase_add_test(c, has_a_limit_for_directories);
	tcase_add_test(c, stays_until_the_last_owner_frees_it);
	suite_add_tcase(s, c);
	return s;
}

/* SPDX-License-Identifier: ISC */
#include "content.h"
#include "stand.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/rng.h"

char folder[64];
struct pool *pool;
struct block_store blocks;
struct disk disk;
struct bt_metainfo *meta;
struct content *content;
uint8_t *bytes;		/* the content as it should be */
uint32_t size;

/* What the store answered. */
enum bt_code probed_as;
unsigned probes, notes;
unsigned good, bad, untold, failed, checked_good, checked_bad, reads, eased, made;
bool check_is_done;
struct bt_error last_error;
struct block *last_block;

static void
piece_done(void *arg, uint32_t piece, const struct bt_error *err)
{
	(void)arg;
	(void)piece;
	good += err->code == BT_OK;
	bad += err->code == BT_EHASH;
	untold += err->code == BT_ENOHASH;
	failed += err->code != BT_OK && err->code != BT_EHASH && err->code != BT_ENOHASH;
	last_error = *err;
}

static void
block_read(void *arg, const struct content_read *what, struct block *b, const struct bt_error *err)
{
	(void)arg;
	reads++;
	last_error = *err;
	block_free(&blocks, last_block);
	last_block = b;
	if (b != NULL)
		ck_assert_mem_eq(b->data, bytes + (size_t)what->piece * PIECE + what->begin,
		    what->len);
}

static void
checked(void *arg, uint32_t piece, bool is_good)
{
	(void)arg;
	(void)piece;
	checked_good += is_good;
	checked_bad += !is_good;
}

static void
check_done(void *arg, const struct bt_error *err)
{
	(void)arg;
	last_error = *err;
	check_is_done = true;
}

static void
files_made(void *arg, const struct bt_error *err)
{
	(void)arg;
	made += err->code == BT_OK;
	last_error = *err;
}

static void
has_eased(void *arg)
{
	(void)arg;
	eased++;
}

static void
noted(void *arg, const char *text)
{
	(void)arg;
	(void)text;
	notes++;
}

static void
probed(void *arg, const struct bt_error *err)
{
	(void)arg;
	probed_as = err->code;
	probes++;
}

const struct content_user user = { piece_done, block_read, checked, check_done, files_made,
	noted, probed, has_eased };

void
reset_counts(void)
{
	good = bad = untold = failed = checked_good = checked_bad = reads = eased = made = 0;
	check_is_done = false;
}

static void
make_bytes(void)
{
	struct rng rng;

	rng_seed(&rng, 12);
	bytes = malloc(SIZE_MAX_TEST);
	rng_bytes(&rng, bytes, SIZE_MAX_TEST);
}

static void
parse_meta(struct buf *b)
{
	struct bt_error err;

	ck_assert_msg(bt_metainfo_parse(buf_slice(b), &meta, &err) == BT_OK, "%s", err.text);
	buf_fini(b);
}

static void
add_pieces(struct buf *b)
{
	buf_addf(b, "6:pieces%u:", (size + PIECE - 1) / PIECE * 20);
	for (uint32_t at = 0; at < size; at += PIECE) {
		uint8_t hash[20];

		hash_sha1(slice_of(bytes + at, size - at < PIECE ? size - at : PIECE), hash);
		buf_add(b, hash, 20);
	}
}

static void
make_meta(const uint32_t *files, unsigned pad)
{
	struct buf b;
	uint32_t at = 0;

	buf_init(&b, 1u << 20);
	buf_add_str(&b, "d4:infod");
	if (files != NULL) {
		buf_add_str(&b, "5:filesl");
		for (unsigned i = 0; files[i] != 0; i++) {
			bool is_pad = i + 1 == pad;

			if (is_pad)
				memset(bytes + at, 0, files[i]);
			buf_addf(&b, "d%s6:lengthi%ue4:pathl1:d2:%02uee", is_pad ? "4:attr1:p" : "",
			    files[i], i);
			at += files[i];
		}
		buf_add_str(&b, "e");
		size = at;
	} else {
		buf_addf(&b, "6:lengthi%ue", size);
	}
	buf_addf(&b, "4:name1:n12:piece lengthi%ue", PIECE);
	add_pieces(&b);
	buf_add_str(&b, "ee");
	parse_meta(&b);
}

/* One file of v2 in the tree, with the root of its bytes. */
static void
add_leaf(struct buf *b, const uint8_t *data, uint32_t len)
{
	uint8_t root[SHA256_LEN];

	content_root(data, len, root);
	buf_addf(b, "d0:d6:lengthi%ue11:pieces root32:", len);
	buf_add(b, root, sizeof(root));
	buf_add_str(b, "ee");
}

static void
add_layers(struct buf *b, const uint32_t *files)
{
	const uint8_t *data = bytes;

	buf_add_str(b, "12:piece layersd");
	for (unsigned i = 0; files[i] != 0; i++) {
		uint8_t root[SHA256_LEN], *layer;
		size_t count;

		layer = content_layer(data, files[i], PIECE, &count);
		content_root(data, files[i], root);
		if (count > 0) {
			buf_addf(b, "32:");
			buf_add(b, root, sizeof(root));
			buf_addf(b, "%zu:", count * SHA256_LEN);
			buf_add(b, layer, count * SHA256_LEN);
		}
		free(layer);
		data += (files[i] + PIECE - 1) / PIECE * PIECE;
	}
	buf_add_str(b, "e");
}

/* Files begin at pieces. At most one is larger than a piece, for layers are sorted by root. */
static void
make_meta_v2(const uint32_t *files, bool with_layers)
{
	const uint8_t *data = bytes;
	struct buf b;

	buf_init(&b, 1u << 20);
	buf_add_str(&b, "d4:infod9:file treed");
	for (unsigned i = 0; files[i] != 0; i++) {
		buf_addf(&b, "2:%02u", i);
		add_leaf(&b, data, files[i]);
		data += (files[i] + PIECE - 1) / PIECE * PIECE;
	}
	buf_addf(&b, "e12:meta versioni2e4:name1:n12:piece lengthi%uee", PIECE);
	if (with_layers)
		add_layers(&b, files);
	buf_add_str(&b, "e");
	parse_meta(&b);
}

/* A file of one piece, for both versions; the root is of other bytes if it lies. */
static void
make_meta_hybrid(bool root_lies)
{
	struct buf b;

	buf_init(&b, 1u << 20);
	buf_add_str(&b, "d4:infod9:file treed1:n");
	add_leaf(&b, bytes + root_lies, size);
	buf_addf(&b, "e6:lengthi%ue12:meta versioni2e4:name1:n12:piece lengthi%ue", size, PIECE);
	add_pieces(&b);
	buf_add_str(&b, "e12:piece layersdee");
	parse_meta(&b);
}

void
open_store(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	content = store_new(&disk, &(struct store_opts){ .meta = meta, .path = path }, &user, NULL);
	ck_assert(content != NULL);
}

static void
make_stand(size_t budget)
{
	static const uint64_t seed[2] = { 1, 2 };

	(void)snprintf(folder, sizeof(folder), "/tmp/test_store.XXXXXX");
	ck_assert(mkdtemp(folder) != NULL);
	reset_counts();
	pool = pool_new_growing(2, 8);
	ck_assert(pool != NULL);
	disk_init(&disk, pool, &blocks, 4, budget, seed);
	make_bytes();
}

void
begin(uint32_t content_size, const uint32_t *files, unsigned pad, size_t budget)
{
	make_stand(budget);
	size = content_size;
	make_meta(files, pad);
	open_store("c");
}

void
begin_v2(const uint32_t *files, bool with_layers, size_t budget)
{
	make_stand(budget);
	make_meta_v2(files, with_layers);
	open_store("c");
}

void
begin_hybrid(bool root_lies)
{
	make_stand(8u << 20);
	size = PIECE - 100;
	make_meta_hybrid(root_lies);
	open_store("c");
}

void
settle(void)
{
	while (pool_wait(pool))
		continue;
}

void
remove_all(const char *path)
{
	char command[160];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", path);
	ck_assert_int_eq(system(command), 0);
}

void
end(void)
{
	content_free(content);
	settle();
	ck_assert(TAILQ_EMPTY(&disk.stores));
	block_free(&blocks, last_block);
	last_block = NULL;
	ck_assert_uint_eq(blocks.in_use, 0);
	ck_assert_uint_eq(disk.gathered, 0);
	ck_assert_uint_eq(disk.writing, 0);
	disk_fini(&disk);
	pool_free(pool);
	block_store_fini(&blocks);
	bt_metainfo_free(meta);
	free(bytes);
	remove_all(folder);
}

void
put(uint32_t piece, uint32_t i, bool lie)
{
	uint32_t at = piece * PIECE + i * BLOCK_SIZE;
	uint32_t left = bt_metainfo_piece_size(meta, piece) - i * BLOCK_SIZE;
	uint32_t len = left < BLOCK_SIZE ? left : BLOCK_SIZE;
	struct block *b = block_new(&blocks);

	memcpy(b->data, bytes + at, len);
	b->data[len / 2] ^= lie;
	content_put(content, piece, i * BLOCK_SIZE, b, len);
}

uint32_t
blocks_of(uint32_t piece)
{
	return (bt_metainfo_piece_size(meta, piece) + BLOCK_SIZE - 1) / BLOCK_SIZE;
}

void
put_piece(uint32_t piece, bool lie)
{
	for (uint32_t i = blocks_of(piece); i > 0; i--)
		put(piece, i - 1, lie && i == 1);
	content_finish(content, piece);
}

void
put_all(void)
{
	for (uint32_t i = 0; i < bt_metainfo_piece_count(meta); i++)
		put_piece(i, false);
	settle();
}

void
read_block(struct content *c, uint32_t piece)
{
	uint32_t len = bt_metainfo_piece_size(meta, piece);
	const struct content_read what = { piece, 0, len < BLOCK_SIZE ? len : BLOCK_SIZE, 7 };
	struct sendq_file file;

	if (content_read(c, &what, &file)) {
		file.release(file.owner);
		reads++;
	}
}

void
wait_until(const unsigned *counter, unsigned value)
{
	while (*counter < value)
		ck_assert(pool_wait(pool));
}

dev_t
device_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_dev;
}

void
has_file(const char *name, uint32_t from, uint32_t len)
{
	uint8_t *there = malloc(len + 1);
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY);
	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_int_eq(read(fd, there, len + 1), (ssize_t)len);
	ck_assert_mem_eq(there, bytes + from, len);
	(void)close(fd);
	free(there);
}


/* SPDX-License-Identifier: ISC */
/* A real pool, real files in a folder of their own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/rng.h"
#include "disk/store.h"
#include "helper.h"
#include "slow.h"

Suite *store_suite(void);

#define PIECE (2 * BLOCK_SIZE)
#define SIZE_MAX_TEST (40 * PIECE)

static char folder[64];
static struct pool *pool;
static struct block_store blocks;
static struct disk disk;
static struct bt_metainfo *meta;
static struct content *content;
static uint8_t *bytes;		/* the content as it should be */
static uint32_t size;

/* What the store answered. */
static unsigned good, bad, failed, checked_good, checked_bad, reads, eased, made;
static bool check_is_done;
static struct bt_error last_error;
static struct block *last_block;

static void
piece_done(void *arg, uint32_t piece, const struct bt_error *err)
{
	(void)arg;
	(void)piece;
	good += err->code == BT_OK;
	bad += err->code == BT_EHASH;
	failed += err->code != BT_OK && err->code != BT_EHASH;
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

static const struct content_user user = { piece_done, block_read, checked, check_done, files_made,
	has_eased };

static void
reset_counts(void)
{
	good = bad = failed = checked_good = checked_bad = reads = eased = made = 0;
	check_is_done = false;
}

/* files: sizes, ending with 0; NULL: one file. A name of "pad" is padding. */
static void
make_meta(const uint32_t *files, unsigned pad)
{
	struct bt_error err;
	struct rng rng;
	struct buf b;
	uint32_t at = 0;

	rng_seed(&rng, 12);
	bytes = malloc(SIZE_MAX_TEST);
	rng_bytes(&rng, bytes, SIZE_MAX_TEST);
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
	buf_addf(&b, "4:name1:n12:piece lengthi%ue6:pieces%u:", PIECE,
	    (size + PIECE - 1) / PIECE * 20);
	for (at = 0; at < size; at += PIECE) {
		uint8_t hash[20];

		hash_sha1(slice_of(bytes + at, size - at < PIECE ? size - at : PIECE), hash);
		buf_add(&b, hash, 20);
	}
	buf_add_str(&b, "ee");
	ck_assert_msg(bt_metainfo_parse(buf_slice(&b), &meta, &err) == BT_OK, "%s", err.text);
	buf_fini(&b);
}

static void
open_store(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	content = store_new(&disk, &(struct store_opts){ meta, path }, &user, NULL);
	ck_assert(content != NULL);
}

static void
begin(uint32_t content_size, const uint32_t *files, unsigned pad, size_t budget)
{
	static const uint64_t seed[2] = { 1, 2 };

	(void)snprintf(folder, sizeof(folder), "/tmp/test_store.XXXXXX");
	ck_assert(mkdtemp(folder) != NULL);
	reset_counts();
	pool = pool_new_growing(2, 8);
	ck_assert(pool != NULL);
	disk_init(&disk, pool, &blocks, 4, budget, seed);
	size = content_size;
	make_meta(files, pad);
	open_store("c");
}

static void
settle(void)
{
	while (pool_wait(pool))
		continue;
}

static void
remove_all(const char *path)
{
	char command[160];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", path);
	ck_assert_int_eq(system(command), 0);
}

static void
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

static void
put(uint32_t piece, uint32_t i, bool lie)
{
	uint32_t at = piece * PIECE + i * BLOCK_SIZE;
	uint32_t len = size - at < BLOCK_SIZE ? size - at : BLOCK_SIZE;
	struct block *b = block_new(&blocks);

	memcpy(b->data, bytes + at, len);
	b->data[len / 2] ^= lie;
	content_put(content, piece, i * BLOCK_SIZE, b, len);
}

static uint32_t
blocks_of(uint32_t piece)
{
	return (bt_metainfo_piece_size(meta, piece) + BLOCK_SIZE - 1) / BLOCK_SIZE;
}

static void
put_piece(uint32_t piece, bool lie)
{
	for (uint32_t i = blocks_of(piece); i > 0; i--)
		put(piece, i - 1, lie && i == 1);
	content_finish(content, piece);
}

static void
put_all(void)
{
	for (uint32_t i = 0; i < bt_metainfo_piece_count(meta); i++)
		put_piece(i, false);
	settle();
}

/* Is the file what it should be? */
static void
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

START_TEST(good_pieces_are_kept)
{
	begin(10 * PIECE + 777, NULL, 0, 8u << 20);
	put_all();
	ck_assert_uint_eq(good, 11);
	ck_assert_uint_eq(bad + failed, 0);
	has_file("c", 0, size);
	end();
}
END_TEST

START_TEST(bad_pieces_are_not_written)
{
	begin(4 * PIECE, NULL, 0, 8u << 20);
	put_all();
	reset_counts();
	put_piece(2, true);
	settle();
	ck_assert_uint_eq(bad, 1);
	has_file("c", 0, size);
	put_piece(2, false);
	settle();
	ck_assert_uint_eq(good, 1);
	end();
}
END_TEST

/* Hardly anything may be kept in memory. */
START_TEST(spills)
{
	begin(20 * PIECE + 5, NULL, 0, BLOCK_SIZE);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < bt_metainfo_piece_count(meta); i++) {
			if (round < blocks_of(i))
				put(i, round, i == 3 && round == 0);
		}
	}
	for (uint32_t i = 0; i < bt_metainfo_piece_count(meta); i++)
		content_finish(content, i);
	settle();
	ck_assert_uint_eq(good, 20);
	ck_assert_uint_eq(bad, 1);
	put_piece(3, false);
	settle();
	ck_assert_uint_eq(good, 21);
	has_file("c", 0, size);
	end();
}
END_TEST

START_TEST(many_small_files)
{
	static const uint32_t files[] = { 1, 5, 100, PIECE, 3, PIECE - 109, 7, 70000, 1, 1, 1, 9, 2,
		40000, 0 };
	char name[16];
	uint32_t at = 0;

	begin(0, files, 0, 8u << 20);
	put_all();
	ck_assert_uint_eq(good, bt_metainfo_piece_count(meta));
	for (unsigned i = 0; files[i] != 0; i++) {
		(void)snprintf(name, sizeof(name), "c/d/%02u", i);
		has_file(name, at, files[i]);
		at += files[i];
	}
	content_check(content);
	settle();
	ck_assert(check_is_done);
	ck_assert_uint_eq(checked_good, bt_metainfo_piece_count(meta));
	end();
}
END_TEST

START_TEST(padding_is_not_written)
{
	static const uint32_t files[] = { 1000, PIECE - 1000, 500, 0 };
	struct stat st;
	char path[128];

	begin(0, files, 2, 8u << 20);
	put_all();
	ck_assert_uint_eq(good, 2);
	has_file("c/d/00", 0, 1000);
	has_file("c/d/02", PIECE, 500);
	(void)snprintf(path, sizeof(path), "%s/c/d/01", folder);
	ck_assert_int_ne(stat(path, &st), 0);
	content_check(content);
	settle();
	ck_assert_uint_eq(checked_good, 2);
	end();
}
END_TEST

START_TEST(check_finds_what_is_there)
{
	char path[128];
	int fd;

	begin(10 * PIECE, NULL, 0, 8u << 20);
	content_check(content);
	settle();
	ck_assert(check_is_done && last_error.code == BT_OK);
	ck_assert_uint_eq(checked_bad, 10);
	put_all();
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "?", 1, 3 * PIECE + 5), 1);
	ck_assert_int_eq(ftruncate(fd, 9 * PIECE - 1), 0);
	(void)close(fd);
	reset_counts();
	content_check(content);
	settle();
	ck_assert_uint_eq(checked_good, 7);
	ck_assert_uint_eq(checked_bad, 3);
	end();
}
END_TEST

static void
evict(const char *name)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(fdatasync(fd), 0);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)close(fd);
}

START_TEST(reads_as_file_or_block)
{
	struct content_read what = { 2, BLOCK_SIZE, 1000, 7 };
	struct sendq_file file;
	uint8_t there[1000];

	begin(10 * PIECE, NULL, 0, 8u << 20);
	put_all();
	content_free(content);
	settle();
	/* Nothing is open: by a worker. */
	open_store("c");
	ck_assert(!content_read(content, &what, &file));
	settle();
	ck_assert_uint_eq(reads, 1);
	ck_assert(last_block != NULL);
	/* It is open now, and in the page cache. */
	ck_assert(content_read(content, &what, &file));
	ck_assert_int_eq(pread(file.fd, there, 1000, (off_t)file.offset), 1000);
	ck_assert_mem_eq(there, bytes + 2 * PIECE + BLOCK_SIZE, 1000);
	ck_assert_uint_eq(file.len, 1000);
	file.release(file.owner);
	evict("c");
	if (!content_read(content, &what, &file)) {
		settle();
		ck_assert_uint_eq(reads, 2);
	} else {
		file.release(file.owner);
	}
	end();
}
END_TEST

START_TEST(what_is_gone_cannot_be_read)
{
	const struct content_read what = { 0, 0, 100, 7 };
	struct sendq_file file;

	begin(2 * PIECE, NULL, 0, 8u << 20);
	ck_assert(!content_read(content, &what, &file));
	settle();
	ck_assert_uint_eq(reads, 1);
	ck_assert(last_block == NULL && last_error.code == BT_ENOENT);
	end();
}
END_TEST

/* A disk that is full, as far as this process can tell. */
START_TEST(disk_full)
{
	struct rlimit old, tiny;

	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	begin(10 * PIECE, NULL, 0, 8u << 20);
	tiny = (struct rlimit){ 3 * PIECE + 100, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	put_all();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	ck_assert_uint_eq(good, 3);
	ck_assert_uint_eq(failed, 7);
	ck_assert_msg(strstr(last_error.text, "c") != NULL && last_error.sys_errno != 0, "%s",
	    last_error.text);
	put_all();
	ck_assert_uint_eq(good, 13);
	has_file("c", 0, size);
	end();
}
END_TEST

/* The same while spilling, with two spillings of a piece under way at once. */
START_TEST(disk_full_while_spilling)
{
	struct rlimit old, tiny;

	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	begin(10 * PIECE, NULL, 0, 0);
	tiny = (struct rlimit){ 100, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	for (uint32_t i = 0; i < 10; i++)
		put_piece(i, false);
	settle();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	ck_assert_uint_eq(good, 0);
	ck_assert_uint_eq(failed, 10);
	put_all();
	ck_assert_uint_eq(good, 10);
	end();
}
END_TEST

/* For root every folder can be written to, so the way is barred otherwise. */
START_TEST(a_file_is_in_the_way)
{
	static const uint32_t files[] = { 1000, 500, 0 };
	char path[128];

	begin(0, files, 0, 8u << 20);
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	(void)close(open(path, O_CREAT | O_WRONLY, 0600));
	put_all();
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(last_error.sys_errno, ENOTDIR);
	end();
}
END_TEST

START_TEST(no_link_is_followed)
{
	static const uint32_t files[] = { 1000, 500, 0 };
	char path[128], outside[128];
	struct stat st;

	begin(0, files, 0, 8u << 20);
	(void)snprintf(outside, sizeof(outside), "%s/outside", folder);
	ck_assert_int_eq(mkdir(outside, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/c/d", folder);
	ck_assert_int_eq(symlink(outside, path), 0);
	put_all();
	ck_assert_uint_eq(failed, 1);
	(void)snprintf(path, sizeof(path), "%s/outside/00", folder);
	ck_assert_int_ne(stat(path, &st), 0);
	end();
}
END_TEST

START_TEST(freed_with_jobs_under_way)
{
	const struct content_read what = { 0, 0, 100, 7 };
	struct sendq_file file;
	bool held;

	for (int i = 0; i < 30; i++) {
		begin(20 * PIECE, NULL, 0, i % 2 ? BLOCK_SIZE : 8u << 20);
		put_piece(0, false);
		settle();
		for (uint32_t k = 1; k < 10; k++)
			put_piece(k, false);
		put(15, 0, false);
		content_check(content);
		held = content_read(content, &what, &file);
		if (i % 3 == 0)
			(void)pool_wait(pool);
		content_free(content);
		good = reads = 0;
		settle();
		ck_assert_uint_eq(good + reads, 0);
		ck_assert(TAILQ_EMPTY(&disk.stores));
		/* It may still be on its way to a peer. */
		if (held)
			file.release(file.owner);
		open_store("d");
		end();
	}
}
END_TEST

/* -- slow disks -- */

/* A second store, on another device, with the same content; good, reads ... are of both. */
static char other_folder[64];
static struct content *other;

static void
begin_other(void)
{
	char path[128];
	struct stat one, two;

	(void)snprintf(other_folder, sizeof(other_folder), "/dev/shm/test_store.XXXXXX");
	ck_assert(mkdtemp(other_folder) != NULL);
	ck_assert(stat(folder, &one) == 0 && stat(other_folder, &two) == 0);
	ck_assert_msg(one.st_dev != two.st_dev, "/tmp and /dev/shm are one device");
	(void)snprintf(path, sizeof(path), "%s/c", other_folder);
	other = store_new(&disk, &(struct store_opts){ meta, path }, &user, NULL);
	ck_assert(other != NULL);
	settle();
}

static void
end_other(void)
{
	content_free(other);
	settle();
	remove_all(other_folder);
}

static dev_t
device_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_dev;
}

/* Until the counter is as high. */
static void
wait_until(const unsigned *counter, unsigned value)
{
	while (*counter < value)
		ck_assert(pool_wait(pool));
}

static void
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

START_TEST(a_disk_that_does_not_answer_holds_up_no_other)
{
	begin(20 * PIECE, NULL, 0, 8u << 20);
	put_all();
	begin_other();
	reset_counts();
	slow_hold(device_of(folder), 0);
	/* More than all workers could take, and the closing of what is open too. */
	for (uint32_t i = 0; i < 10; i++)
		put_piece(i, false);
	fds_drop(&disk.fds, 0);
	for (uint32_t i = 10; i < 20; i++)
		read_block(content, i);
	content_check(content);
	slow_wait_for(2);
	for (uint32_t i = 0; i < 20; i++) {
		struct content *first = content;

		content = other;
		put_piece(i, false);
		content = first;
	}
	wait_until(&good, 20);
	fds_drop(&disk.fds, 1);
	for (uint32_t i = 0; i < 20; i++)
		read_block(other, i);
	wait_until(&reads, 20);
	content_check(other);
	wait_until(&checked_good, 20);
	slow_let_go();
	settle();
	ck_assert_uint_eq(good, 30);
	ck_assert_uint_eq(reads, 30);
	ck_assert_uint_eq(checked_good, 40);
	end_other();
	end();
}
END_TEST

START_TEST(a_check_holds_up_nobody)
{
	begin(20 * PIECE, NULL, 0, 8u << 20);
	put_all();
	reset_counts();
	/* What a check reads at once is more than a block, and stands still. */
	slow_hold(device_of(folder), BLOCK_SIZE + 1);
	content_check(content);
	slow_wait_for(1);
	fds_drop(&disk.fds, 0);
	for (uint32_t i = 0; i < 20; i++)
		read_block(content, i);
	wait_until(&reads, 20);
	ck_assert_uint_eq(checked_good, 0);
	slow_let_go();
	settle();
	ck_assert_uint_eq(checked_good, 20);
	ck_assert(check_is_done);
	end();
}
END_TEST

START_TEST(one_check_at_a_time)
{
	struct content *first;

	begin(20 * PIECE, NULL, 0, 8u << 20);
	put_all();
	first = content;
	open_store("c");
	settle();
	reset_counts();
	slow_hold(device_of(folder), 0);
	content_check(first);
	content_check(content);
	slow_wait_for(1);
	ck_assert_uint_le(pool_under_way(pool), pool_workers(pool) + 1);
	/* The one that is under way leaves its turn to the other. */
	content_free(first);
	slow_let_go();
	settle();
	ck_assert_uint_eq(checked_good, 20);
	end();
}
END_TEST

START_TEST(a_cancelled_check_ends)
{
	begin(20 * PIECE, NULL, 0, 8u << 20);
	put_all();
	reset_counts();
	slow_hold(device_of(folder), 0);
	content_check(content);
	slow_wait_for(1);
	content_cancel_check(content);
	content_cancel_check(content);
	slow_let_go();
	settle();
	ck_assert_uint_eq(checked_good + checked_bad, 0);
	ck_assert(!check_is_done);
	/* Another may begin, while jobs of the first are still under way as well. */
	content_check(content);
	content_cancel_check(content);
	content_check(content);
	settle();
	ck_assert_uint_eq(checked_good, 20);
	ck_assert(check_is_done);
	end();
}
END_TEST

START_TEST(a_check_makes_nothing)
{
	static const uint32_t files[] = { 1000, 500, 0 };
	struct stat st;
	char path[128];

	begin(0, files, 0, 8u << 20);
	content_check(content);
	settle();
	ck_assert(check_is_done);
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	ck_assert_int_ne(stat(path, &st), 0);
	end();
}
END_TEST

/* Opening, closing, asking what file system it is: all may take as long as the disk likes. */
START_TEST(the_loop_never_waits)
{
	static const uint32_t files[] = { 1000, 2 * PIECE, 3, 70000, 4, 5, PIECE, 6, 7, 8, 9,
		10, 0 };

	begin(0, files, 0, BLOCK_SIZE);
	settle();
	slow_watch();
	put_all();
	content_check(content);
	for (uint32_t i = 0; i < bt_metainfo_piece_count(meta); i++)
		read_block(content, i);
	settle();
	content_free(content);
	settle();
	ck_assert_uint_eq(slow_seen(), 0);
	ck_assert_uint_eq(good, bt_metainfo_piece_count(meta));
	open_store("d");
	end();
}
END_TEST

static bool
can_evict(const char *name)
{
	uint8_t byte;
	struct iovec iov = { &byte, 1 };
	char path[128];
	ssize_t got;
	int fd;

	evict(name);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY);
	got = preadv2(fd, &iov, 1, 0, RWF_NOWAIT);
	(void)close(fd);
	return got != 1;
}

/* Only the ends of the block are in memory. */
START_TEST(a_hole_in_the_cache_is_not_sent_as_file)
{
	const struct content_read what = { 0, 0, BLOCK_SIZE, 7 };
	struct sendq_file file;
	uint8_t byte;
	char path[128];
	int fd;

	begin(10 * PIECE, NULL, 0, 8u << 20);
	put_all();
	if (can_evict("c")) {
		(void)snprintf(path, sizeof(path), "%s/c", folder);
		fd = open(path, O_RDONLY);
		for (uint32_t at = 0; at < BLOCK_SIZE; at += 1024)
			ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		ck_assert_int_eq(posix_fadvise(fd, 4096, 8192, POSIX_FADV_DONTNEED), 0);
		ck_assert(!content_read(content, &what, &file));
		settle();
		ck_assert_uint_eq(reads, 1);
		(void)close(fd);
	}
	end();
}
END_TEST

Suite *
store_suite(void)
{
	Suite *s = suite_create("disk/store");
	TCase *c = tcase_create("store");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, good_pieces_are_kept);
	tcase_add_test(c, bad_pieces_are_not_written);
	tcase_add_test(c, spills);
	tcase_add_test(c, many_small_files);
	tcase_add_test(c, padding_is_not_written);
	tcase_add_test(c, check_finds_what_is_there);
	tcase_add_test(c, reads_as_file_or_block);
	tcase_add_test(c, what_is_gone_cannot_be_read);
	tcase_add_test(c, disk_full);
	tcase_add_test(c, disk_full_while_spilling);
	tcase_add_test(c, a_file_is_in_the_way);
	tcase_add_test(c, no_link_is_followed);
	tcase_add_test(c, freed_with_jobs_under_way);
	tcase_add_test(c, a_disk_that_does_not_answer_holds_up_no_other);
	tcase_add_test(c, a_check_holds_up_nobody);
	tcase_add_test(c, one_check_at_a_time);
	tcase_add_test(c, a_cancelled_check_ends);
	tcase_add_test(c, a_check_makes_nothing);
	tcase_add_test(c, the_loop_never_waits);
	tcase_add_test(c, a_hole_in_the_cache_is_not_sent_as_file);
	suite_add_tcase(s, c);
	return s;
}

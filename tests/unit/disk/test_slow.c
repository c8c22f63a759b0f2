/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "slow.h"
#include "stand.h"

Suite *slow_suite(void);

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
	/* It is not in the cache any more. */
	if (can_evict("c")) {
		ck_assert(!content_read(content, &what, &file));
		settle();
		ck_assert_uint_eq(reads, 2);
	}
	end();
}
END_TEST

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
	other = store_new(&disk, &(struct store_opts){ .meta = meta, .path = path }, &user, NULL);
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
	content_check(content, NULL);
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
	content_check(other, NULL);
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

/* A session that ends while its disk is slow does not wait for what its peers had asked for. */
START_TEST(what_nobody_waits_for_is_not_read)
{
	begin(40 * PIECE, NULL, 0, 8u << 20);
	put_all();
	content_free(content);
	settle();
	open_store("c");
	settle();
	reset_counts();
	slow_hold(device_of(folder), 0);
	for (uint32_t i = 0; i < 40; i++)
		read_block(content, i);
	slow_wait_for(1);
	(void)slow_reads();
	content_free(content);
	content = NULL;
	slow_let_go();
	settle();
	/* Those that workers had already. */
	ck_assert_uint_le(slow_reads(), pool_workers(pool));
	ck_assert_uint_eq(reads, 0);
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
	content_check(content, NULL);
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
	content_check(first, NULL);
	content_check(content, NULL);
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
	content_check(content, NULL);
	slow_wait_for(1);
	content_cancel_check(content);
	content_cancel_check(content);
	slow_let_go();
	settle();
	ck_assert_uint_eq(checked_good + checked_bad, 0);
	ck_assert(!check_is_done);
	/* Another may begin, while jobs of the first are still under way as well. */
	content_check(content, NULL);
	content_cancel_check(content);
	content_check(content, NULL);
	settle();
	ck_assert_uint_eq(checked_good, 20);
	ck_assert(check_is_done);
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
	content_check(content, NULL);
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

static bool
in_memory(uint32_t place)
{
	struct open_file *f = fds_find(&disk.fds, (struct fds_key){ place, 0 }, false);
	bool yes;

	ck_assert(f != NULL);
	yes = f->in_memory;
	fds_unpin(f);
	return yes;
}

static bool
is_tmpfs(const char *path)
{
	struct statfs fs;

	ck_assert_int_eq(statfs(path, &fs), 0);
	return fs.f_type == TMPFS_MAGIC;
}

/* Of a file system in memory alone is anything sent unseen. */
START_TEST(knows_what_lies_in_memory)
{
	begin(2 * PIECE, NULL, 0, 8u << 20);
	put_all();
	begin_other();
	content_free(content);
	content = other;
	put_all();
	ck_assert(in_memory(1) && is_tmpfs(other_folder));
	open_store("d");
	put_all();
	ck_assert_int_eq(in_memory(2), is_tmpfs(folder));
	end_other();
	end();
}
END_TEST

Suite *
slow_suite(void)
{
	Suite *s = suite_create("disk/store on slow disks");
	TCase *c = tcase_create("slow");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, reads_as_file_or_block);
	tcase_add_test(c, a_disk_that_does_not_answer_holds_up_no_other);
	tcase_add_test(c, what_nobody_waits_for_is_not_read);
	tcase_add_test(c, a_check_holds_up_nobody);
	tcase_add_test(c, one_check_at_a_time);
	tcase_add_test(c, a_cancelled_check_ends);
	tcase_add_test(c, the_loop_never_waits);
	tcase_add_test(c, a_hole_in_the_cache_is_not_sent_as_file);
	tcase_add_test(c, knows_what_lies_in_memory);
	suite_add_tcase(s, c);
	return s;
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk/fds.h"
#include "disk/path.h"
#include "helper.h"

Suite *path_suite(void);

static char folder[64];

static void
begin(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/test_path.XXXXXX");
	ck_assert(mkdtemp(folder) != NULL);
	ck_assert_int_eq(chdir(folder), 0);
}

static void
end(void)
{
	char command[160];

	ck_assert_int_eq(chdir("/"), 0);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

/* Opens and closes; 0 or errno. */
static int
try(const char *root, const char *rel, enum path_mode mode)
{
	char path[64];
	struct path_root at = { .path = path };
	int fd;

	(void)snprintf(path, sizeof(path), "%s", root);
	fd = path_open(&at, rel, mode);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

START_TEST(makes_what_is_missing)
{
	begin();
	ck_assert_int_eq(try("x/root", "a/b/c", PATH_READ), ENOENT);
	ck_assert_int_eq(try("x/root", "a/b/c", PATH_WRITE), 0);
	ck_assert_int_eq(try("x/root", "a/b/c", PATH_READ), 0);
	ck_assert_int_eq(try("x/root", "a/b/d", PATH_READ), ENOENT);
	ck_assert_int_eq(try("x/root", "a/b", PATH_READ), EISDIR);
	ck_assert_int_ne(try("x/root", "a/b/c/d", PATH_WRITE), 0);
	end();
}
END_TEST

START_TEST(names_of_any_length_that_a_disk_takes)
{
	char longest[NAME_MAX + 3], longer[NAME_MAX + 4];

	memset(longest, 'n', NAME_MAX);
	memcpy(longest + NAME_MAX, "/f", 3);
	memset(longer, 'n', NAME_MAX + 1);
	memcpy(longer + NAME_MAX + 1, "/f", 3);
	begin();
	ck_assert_int_eq(try("root", longest, PATH_WRITE), 0);
	ck_assert_int_eq(try("root", longest, PATH_READ), 0);
	ck_assert_int_eq(try("root", longer, PATH_WRITE), ENAMETOOLONG);
	end();
}
END_TEST

START_TEST(follows_no_link_inside)
{
	begin();
	ck_assert_int_eq(mkdir("root", 0700), 0);
	ck_assert_int_eq(mkdir("out", 0700), 0);
	ck_assert_int_eq(symlink("../out", "root/folder"), 0);
	ck_assert_int_eq(symlink("../out/secret", "root/file"), 0);
	ck_assert_int_eq(symlink("root", "alias"), 0);
	ck_assert_int_ne(try("root", "folder/x", PATH_WRITE), 0);
	ck_assert_int_eq(try("root", "file", PATH_WRITE), ELOOP);
	ck_assert_int_eq(access("out/x", F_OK), -1);
	ck_assert_int_eq(access("out/secret", F_OK), -1);
	/* The folder itself may be reached by one: the user chose it. */
	ck_assert_int_eq(try("alias", "fine", PATH_WRITE), 0);
	end();
}
END_TEST

/* For root no folder is closed: as nobody, in a process of its own. Returns what it says. */
static int
as_nobody(int (*fn)(void))
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(geteuid() == 0 && setuid(65534) != 0 ? 99 : fn());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
open_below_closed(void)
{
	int in = open("/dev/null", O_RDONLY);
	int e;

	if (in != 0 && (dup2(in, 0) != 0 || close(in) != 0))
		return 98;
	e = try("root", "a/b/c", PATH_WRITE);
	/* The folder that could not be made was not taken for standard input. */
	return fcntl(0, F_GETFD) < 0 ? 97 : e;
}

START_TEST(a_folder_that_may_not_be_made)
{
	begin();
	ck_assert_int_eq(chmod(".", 0755), 0);
	ck_assert_int_eq(mkdir("root", 0555), 0);
	ck_assert_int_eq(as_nobody(open_below_closed), EACCES);
	ck_assert_int_ne(access("root/a", F_OK), 0);
	end();
}
END_TEST

START_TEST(only_plain_files)
{
	char name[300];

	begin();
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(mkdir("dir", 0700), 0);
	ck_assert_int_ne(try(".", "fifo", PATH_READ), 0);
	ck_assert_int_ne(try(".", "fifo", PATH_WRITE), 0);
	ck_assert_int_eq(try(".", "dir", PATH_READ), EISDIR);
	ck_assert_int_eq(try(".", "dir", PATH_WRITE), EISDIR);
	ck_assert_int_ne(try("/dev", "null", PATH_WRITE), 0);
	memset(name, 'x', 290);
	(void)snprintf(name + 280, 10, "/y");
	ck_assert_int_eq(try(".", name, PATH_WRITE), ENAMETOOLONG);
	end();
}
END_TEST

static int
some_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void
close_at_once(struct open_file *file)
{
	(void)close(file->fd);
	free(file);
}

static void
add(struct fds *fds, struct fds_key key, int fd, bool writable)
{
	ck_assert(fds_add(fds, key, &(struct open_file){ .fd = fd, .writable = writable }));
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

START_TEST(latest_used_stay_open)
{
	static const uint64_t seed[2] = { 1, 2 };
	struct open_file *f;
	struct fds fds;
	int fd[5];

	fds_init(&fds, 3, seed, close_at_once);
	for (uint32_t i = 0; i < 5; i++) {
		fd[i] = some_fd();
		add(&fds, (struct fds_key){ 1, i }, fd[i], false);
		/* 0 is used again and again. */
		f = fds_find(&fds, (struct fds_key){ 1, 0 }, false);
		ck_assert(f != NULL && f->fd == fd[0]);
		fds_unpin(f);
	}
	ck_assert_uint_eq(fds.count, 3);
	for (uint32_t i = 0; i < 5; i++) {
		f = fds_find(&fds, (struct fds_key){ 1, i }, false);
		ck_assert((f == NULL) == (i == 1 || i == 2));
		if (f != NULL)
			fds_unpin(f);
	}
	ck_assert(fds_find(&fds, (struct fds_key){ 1, 3 }, true) == NULL);
	fds_fini(&fds);
	ck_assert(!is_open(fd[0]));
}
END_TEST

START_TEST(pinned_ones_stay_open)
{
	static const uint64_t seed[2] = { 1, 2 };
	struct open_file *f[4], *again;
	struct fds fds;
	int fd[4], better;

	fds_init(&fds, 5, seed, close_at_once);
	for (uint32_t i = 0; i < 4; i++) {
		fd[i] = some_fd();
		add(&fds, (struct fds_key){ i % 2, i }, fd[i], false);
		f[i] = fds_find(&fds, (struct fds_key){ i % 2, i }, false);
		ck_assert(f[i] != NULL);
	}
	for (int i = 0; i < 4; i++)
		ck_assert(is_open(fd[i]));
	/* Opened twice, the second time for writing: the first goes with its pin. */
	better = some_fd();
	add(&fds, f[0]->key, better, true);
	again = fds_find(&fds, f[0]->key, true);
	ck_assert(again != NULL && again != f[0] && is_open(fd[0]));
	fds.max = 1;
	fds_unpin(f[0]);
	ck_assert(!is_open(fd[0]) && is_open(better));
	/* A third time for reading: the one that is there will do. */
	fd[0] = some_fd();
	ck_assert(!fds_add(&fds, again->key, &(struct open_file){ .fd = fd[0] }));
	(void)close(fd[0]);
	fds_drop(&fds, 1);
	ck_assert(is_open(fd[1]));
	fds_unpin(f[1]);
	fds_unpin(f[3]);
	ck_assert(!is_open(fd[1]) && !is_open(fd[3]));
	fds_unpin(again);
	fds_unpin(f[2]);
	ck_assert_uint_le(fds.count, 1);
	fds_fini(&fds);
}
END_TEST

Suite *
path_suite(void)
{
	Suite *s = suite_create("disk/path, disk/fds");
	TCase *c = tcase_create("path");

	tcase_add_test(c, makes_what_is_missing);
	tcase_add_test(c, names_of_any_length_that_a_disk_takes);
	tcase_add_test(c, follows_no_link_inside);
	tcase_add_test(c, a_folder_that_may_not_be_made);
	tcase_add_test(c, only_plain_files);
	tcase_add_test(c, latest_used_stay_open);
	tcase_add_test(c, pinned_ones_stay_open);
	suite_add_tcase(s, c);
	return s;
}

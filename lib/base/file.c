/* SPDX-License-Identifier: ISC */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static enum bt_code
read_fd(int fd, const char *path, struct buf *out, struct bt_error *err)
{
	for (;;) {
		uint8_t chunk[65536];
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n == 0)
			return BT_OK;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(err, "%s", path);
		buf_add(out, chunk, (size_t)n);
		if (buf_failed(out))
			return fail(err, BT_ELIMIT, "%s: larger than %zu bytes", path, out->max);
	}
}

enum bt_code
file_read(const char *path, struct buf *out, struct bt_error *err)
{
	enum bt_code code;
	int fd;

	if (strcmp(path, "-") == 0)
		return read_fd(STDIN_FILENO, "standard input", out, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(err, "%s", path);
	code = read_fd(fd, path, out, err);
	(void)close(fd);
	return code;
}

bool
file_write_all(int fd, struct bt_slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes.ptr += n;
		bytes.len -= (size_t)n;
	}
	return true;
}

/* The name that is renamed over: a symbolic link stays, its target is replaced. */
static char *
real_target(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? real : strdup(path);
}

static void
sync_folder_of(const char *path)
{
	char *folder = strdup(path);
	char *slash = folder == NULL ? NULL : strrchr(folder, '/');
	int fd;

	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
	free(folder);
}

static bool
set_mode_as(int fd, const char *old)
{
	struct stat st;

	if (stat(old, &st) != 0) {
		mode_t mask = umask(0);

		(void)umask(mask);
		return fchmod(fd, 0666 & ~mask) == 0;
	}
	if (fchown(fd, st.st_uid, st.st_gid) != 0 && errno != EPERM)
		return false;
	return fchmod(fd, st.st_mode & 07777) == 0;
}

static enum bt_code
replace_real(const char *path, struct bt_slice bytes, struct bt_error *err)
{
	size_t size = strlen(path) + sizeof(".XXXXXX");
	char *temp = mem_alloc(size);
	enum bt_code code = BT_OK;
	int fd;

	if (temp == NULL)
		return fail(err, BT_ENOMEM, "%s: out of memory", path);
	(void)snprintf(temp, size, "%s.XXXXXX", path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		code = fail_errno(err, "%s", path);
		goto out;
	}
	if (!set_mode_as(fd, path) || !file_write_all(fd, bytes) || fsync(fd) != 0) {
		code = fail_errno(err, "%s", path);
		(void)close(fd);
	} else if (close(fd) != 0 || rename(temp, path) != 0) {
		code = fail_errno(err, "%s", path);
	}
	if (code != BT_OK)
		(void)unlink(temp);
	else
		sync_folder_of(path);
out:
	mem_free(temp);
	return code;
}

enum bt_code
file_replace(const char *path, struct bt_slice bytes, struct bt_error *err)
{
	char *real = real_target(path);
	enum bt_code code;

	if (real == NULL)
		return fail(err, BT_ENOMEM, "%s: out of memory", path);
	code = replace_real(real, bytes, err);
	free(real);
	return code;
}

enum bt_code
file_make_dirs(const char *path, struct bt_error *err)
{
	char *copy = mem_strdup(path);
	enum bt_code code = BT_OK;
	struct stat st;

	if (copy == NULL)
		return fail(err, BT_ENOMEM, "%s: out of memory", path);
	for (char *p = copy + 1; code == BT_OK; p++) {
		bool end = *p == '\0';
		int e;

		if (*p != '/' && !end)
			continue;
		*p = '\0';
		e = mkdir(copy, 0777) == 0 ? 0 : errno;
		if (e != 0 && (stat(copy, &st) != 0 || !S_ISDIR(st.st_mode))) {
			errno = e == EEXIST ? ENOTDIR : e;
			code = fail_errno(err, "%s", copy);
		}
		if (end)
			break;
		*p = '/';
	}
	mem_free(copy);
	return code;
}

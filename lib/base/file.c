/* SPDX-License-Identifier: ISC */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

/* Of a regular file; 0 of others. */
static size_t
size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
}

/* Straight to where there is room, and what is more than was expected by way of a chunk. */
static enum bt_code
read_fd(int fd, const char *path, struct buf *out, struct bt_error *err)
{
	if (!buf_expect(out, size_of(fd)))
		return fail(err, BT_ENOMEM, "%s: out of memory", path);
	for (;;) {
		uint8_t chunk[65536];
		size_t room = (out->cap < out->max ? out->cap : out->max) - out->len, here;
		struct iovec to[] = { { out->ptr + out->len, room }, { chunk, sizeof(chunk) } };
		ssize_t n = readv(fd, to, 2);

		if (n == 0)
			return BT_OK;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(err, "%s", path);
		here = (size_t)n < room ? (size_t)n : room;
		out->len += here;
		buf_add(out, chunk, (size_t)n - here);
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
	struct stat st;
	bool link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
	char *real = link ? realpath(path, NULL) : NULL;
	char *copy = mem_strdup(real != NULL ? real : path);

	free(real);
	return copy;
}

char *
file_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	return slice_dup(slice_of(path, slash == path ? 1 : (size_t)(slash - path)));
}

void
file_sync_folder_of(const char *path)
{
	char *folder = file_folder_of(path);
	int fd = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
	mem_free(folder);
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

void
file_staged_fini(struct file_staged *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	if (s->temp != NULL)
		(void)unlink(s->temp);
	mem_free(s->temp);
	mem_free(s->real);
	*s = (struct file_staged){ NULL, NULL, -1 };
}

/* The name of the new file, beside the old one. */
static char *
temp_name(const char *real, const char *suffix)
{
	size_t size = real == NULL ? 0 : strlen(real) + strlen(suffix) + 1;
	char *temp = size == 0 ? NULL : mem_alloc(size);

	if (temp != NULL)
		(void)snprintf(temp, size, "%s%s", real, suffix);
	return temp;
}

/* Gives up unless fd could be opened. */
static enum bt_code
begin_staged(const char *path, int fd, char *temp, struct file_staged *out, struct bt_error *err)
{
	enum bt_code code = BT_OK;

	out->fd = fd;
	if (fd >= 0)
		out->temp = temp;
	if (fd < 0 || !set_mode_as(fd, out->real))
		code = fail_errno(err, "%s", path);
	if (fd < 0)
		mem_free(temp);
	return code;
}

enum bt_code
file_stage(const char *path, struct bt_slice bytes, struct file_staged *out, struct bt_error *err)
{
	enum bt_code code = BT_ENOMEM;
	char *temp;

	*out = (struct file_staged){ NULL, real_target(path), -1 };
	temp = temp_name(out->real, ".XXXXXX");
	if (temp == NULL)
		(void)fail(err, code, "%s: out of memory", path);
	else
		code = begin_staged(path, mkostemp(temp, O_CLOEXEC), temp, out, err);
	if (code == BT_OK && !file_write_all(out->fd, bytes))
		code = fail_errno(err, "%s", path);
	if (code != BT_OK)
		file_staged_fini(out);
	return code;
}

enum bt_code
file_stage_sole(const char *path, struct file_staged *out, struct bt_error *err)
{
	enum bt_code code = BT_ENOMEM;
	char *temp;

	*out = (struct file_staged){ NULL, real_target(path), -1 };
	temp = temp_name(out->real, ".new");
	if (temp == NULL) {
		(void)fail(err, code, "%s: out of memory", path);
	} else {
		(void)unlink(temp);
		code = begin_staged(path, open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600),
		    temp, out, err);
	}
	if (code != BT_OK)
		file_staged_fini(out);
	return code;
}

enum bt_code
file_commit(struct file_staged *s, struct bt_error *err)
{
	if (rename(s->temp, s->real) != 0)
		return fail_errno(err, "%s", s->real);
	mem_free(s->temp);
	s->temp = NULL;
	return BT_OK;
}

enum bt_code
file_replace(const char *path, struct bt_slice bytes, struct bt_error *err)
{
	struct file_staged staged;
	enum bt_code code = file_stage(path, bytes, &staged, err);

	if (code == BT_OK && fsync(staged.fd) != 0)
		code = fail_errno(err, "%s", path);
	if (code == BT_OK)
		code = file_commit(&staged, err);
	if (code == BT_OK)
		file_sync_folder_of(staged.real);
	file_staged_fini(&staged);
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

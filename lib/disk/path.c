/* SPDX-License-Identifier: ISC */
#include "disk/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* fd, if it is the folder that was seen before, or nothing was. */
static int
recognise(struct path_root *root, int fd)
{
	uint64_t seen = __atomic_load_n(&root->dev, __ATOMIC_RELAXED);
	struct stat st;

	if (fstat(fd, &st) == 0 && (seen == 0 || seen == st.st_dev)) {
		if (seen == 0)
			__atomic_store_n(&root->dev, st.st_dev, __ATOMIC_RELAXED);
		return fd;
	}
	(void)close(fd);
	errno = ENODEV;
	return -1;
}

static int
open_root(struct path_root *root, enum path_mode mode)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = open(root->path, flags);
	struct bt_error err = { 0 };

	if (fd >= 0)
		return recognise(root, fd);
	if (errno == ENOENT && __atomic_load_n(&root->dev, __ATOMIC_RELAXED) != 0) {
		errno = ENODEV;
		return -1;
	}
	if (errno != ENOENT || mode == PATH_READ)
		return -1;
	if (file_make_dirs(root->path, &err) != BT_OK) {
		errno = err.sys_errno != 0 ? err.sys_errno : ENOMEM;
		return -1;
	}
	fd = open(root->path, flags);
	return fd < 0 ? -1 : recognise(root, fd);
}

/* The folder that ends after this many bytes of rel. */
static int
open_next(struct path_root *root, int at, const char *rel, size_t begin, size_t end,
    enum path_mode mode)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	char name[NAME_MAX + 1];
	int fd;

	if (end - begin > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, rel + begin, end - begin);
	name[end - begin] = '\0';
	fd = openat(at, name, flags);
	if (fd >= 0 || errno != ENOENT || mode == PATH_READ)
		return fd;
	if (mkdirat(at, name, 0777) == 0) {
		if (root->made != NULL) {
			buf_add(root->made, rel, end);
			buf_add(root->made, "", 1);
		}
	} else if (errno != EEXIST) {	/* another worker may make it at the same time */
		return -1;
	}
	return openat(at, name, flags);
}

static void
close_quietly(int fd)
{
	int e = errno;

	(void)close(fd);
	errno = e;
}

int
path_open_folder(struct path_root *root, const char *rel, enum path_mode mode, const char **name)
{
	int at = open_root(root, mode);
	const char *slash;
	size_t begin = 0;

	while (at >= 0 && (slash = strchr(rel + begin, '/')) != NULL) {
		size_t end = (size_t)(slash - rel);
		int next = open_next(root, at, rel, begin, end, mode);

		close_quietly(at);
		at = next;
		begin = end + 1;
	}
	*name = rel + begin;
	return at;
}

static int
open_last(int at, const char *name, enum path_mode mode)
{
	int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	struct stat st;
	int fd = openat(at, name, flags | (mode == PATH_WRITE ? O_RDWR | O_CREAT : O_RDONLY), 0666);

	/* A fifo or a device under a torrent's name is not content. */
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	return fd;
}

int
path_open(struct path_root *root, const char *rel, enum path_mode mode)
{
	const char *name;
	int at = path_open_folder(root, rel, mode, &name);
	int fd = at < 0 ? -1 : open_last(at, name, mode);

	if (at >= 0)
		close_quietly(at);
	return fd;
}

/* Some file systems rename only at the price of replacing; most of them know links. */
bool
path_rename(int from, const char *from_name, int to, const char *to_name)
{
	if (renameat2(from, from_name, to, to_name, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (linkat(from, from_name, to, to_name, 0) != 0)
		return false;
	(void)unlinkat(from, from_name, 0);
	return true;
}

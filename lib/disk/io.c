/* SPDX-License-Identifier: ISC */
#include "disk/io.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "disk/device.h"
#include "meta/layout.h"

#define IOV_AT_ONCE 64

void
io_init(struct io *io, struct place *place)
{
	*io = (struct io){ .place = place };
}

static bool
is_pinned(const struct io *io, uint32_t file)
{
	for (unsigned i = 0; i < io->count; i++) {
		if (io->files[i].file == file)
			return true;
	}
	return false;
}

void
io_pin(struct io *io, struct fds *fds, uint64_t offset, uint64_t len, bool write)
{
	struct layout_iter it;
	struct layout_span span;

	layout_start(&it, io->place->meta, offset, len);
	while (io->count < IO_FILES && layout_next(&it, &span)) {
		struct fds_key key;
		struct open_file *f;

		place_redirect(io->place, &span);
		key = (struct fds_key){ io->place->number, span.file };
		if (span.pad || is_pinned(io, span.file))
			continue;
		f = fds_find(fds, key, write);
		if (f != NULL)
			io->files[io->count++] = (struct io_file){ f, span.file, f->fd,
			    f->writable, f->in_memory };
	}
}

bool
io_finish(struct io *io, struct fds *fds, struct device *device)
{
	unsigned left = 0;

	for (unsigned i = 0; i < io->count; i++) {
		struct io_file *f = &io->files[i];
		struct fds_key key = { io->place->number, f->file };

		if (f->pin != NULL)
			fds_unpin(f->pin);
		else if (fds_add(fds, key, &(struct open_file){ .fd = f->fd,
		    .writable = f->writable, .in_memory = f->in_memory, .device = device }))
			device->users++;
		else
			io->files[left++] = *f;
	}
	io->count = left;
	return left > 0;
}

void
io_close(struct io *io)
{
	while (io->count > 0)
		(void)close(io->files[--io->count].fd);
}

/* A free place, or one whose file this job opened itself and can open again. */
static struct io_file *
place_for(struct io *io)
{
	if (io->count < IO_FILES)
		return &io->files[io->count++];
	for (unsigned tries = 0; tries < IO_FILES; tries++) {
		struct io_file *f = &io->files[io->evict++ % IO_FILES];

		if (f->pin == NULL) {
			(void)close(f->fd);
			return f;
		}
	}
	return NULL;
}

static bool
lies_in_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* A file of this job's own gives its descriptor away. */
static bool
free_descriptor(struct io *io)
{
	for (unsigned i = 0; i < io->count; i++) {
		if (io->files[i].pin == NULL) {
			(void)close(io->files[i].fd);
			io->files[i] = io->files[--io->count];
			return true;
		}
	}
	return false;
}

static int
open_file(struct io *io, uint32_t file, bool write)
{
	char rel[PATH_MAX];
	int fd;

	place_path_of(io->place, file, rel, sizeof(rel));
	do {
		fd = path_open(&io->place->root, rel, write ? PATH_WRITE : PATH_READ);
		if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
			return fd;
	} while (free_descriptor(io));
	io->starved = true;
	errno = EMFILE;
	return -1;
}

/* A descriptor of the file; *temporary: the caller closes it. */
static int
fd_of(struct io *io, uint32_t file, bool write, bool *temporary)
{
	struct io_file *f;
	int fd;

	*temporary = false;
	for (unsigned i = 0; i < io->count; i++) {
		if (io->files[i].file == file && (!write || io->files[i].writable))
			return io->files[i].fd;
	}
	fd = open_file(io, file, write);
	if (fd < 0)
		return -1;
	f = place_for(io);
	if (f == NULL)
		*temporary = true;
	else
		*f = (struct io_file){ NULL, file, fd, write, lies_in_memory(fd) };
	return fd;
}

static enum bt_code
read_at(int fd, uint8_t *to, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pread(fd, to, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return BT_EIO;
		if (n == 0) {
			errno = ENOENT;
			return BT_ENOENT;
		}
		to += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return BT_OK;
}

enum bt_code
io_read(struct io *io, uint64_t offset, uint8_t *to, size_t len, struct bt_error *err)
{
	struct layout_iter it;
	struct layout_span span;

	layout_start(&it, io->place->meta, offset, len);
	while (layout_next(&it, &span)) {
		enum bt_code code = BT_OK;
		bool temporary = false;
		int fd = -1;

		place_redirect(io->place, &span);
		if (span.pad) {
			memset(to, 0, (size_t)span.len);
		} else {
			fd = fd_of(io, span.file, false, &temporary);
			code = fd < 0 ? BT_EIO : read_at(fd, to, (size_t)span.len, span.offset);
		}
		if (code != BT_OK)
			code = place_fail(io->place, span.file, err);
		if (temporary)
			(void)close(fd);
		if (code != BT_OK)
			return code;
		to += span.len;
	}
	return BT_OK;
}

/* A cursor over memory in pieces. */
struct source {
	const struct iovec *iov;
	int n;
	size_t done;		/* bytes of iov[0] */
};

/* The next at most len bytes as iovecs; returns how many. */
static int
source_next(struct source *s, struct iovec *out, size_t len)
{
	int used = 0;

	while (len > 0 && s->n > 0 && used < IOV_AT_ONCE) {
		size_t left = s->iov->iov_len - s->done;
		size_t part = left < len ? left : len;

		out[used++] = (struct iovec){ (uint8_t *)s->iov->iov_base + s->done, part };
		s->done += part;
		len -= part;
		if (s->done == s->iov->iov_len) {
			s->iov++;
			s->n--;
			s->done = 0;
		}
	}
	return used;
}

static void
skip_source(struct source *s, uint64_t len)
{
	struct iovec iov[IOV_AT_ONCE];

	while (len > 0) {
		int n = source_next(s, iov, (size_t)len);

		for (int i = 0; i < n; i++)
			len -= iov[i].iov_len;
	}
}

static bool
write_at(int fd, struct source *from, uint64_t len, uint64_t offset)
{
	while (len > 0) {
		struct iovec iov[IOV_AT_ONCE];
		struct source before = *from;
		int n = source_next(from, iov, (size_t)len);
		ssize_t put = pwritev(fd, iov, n, (off_t)offset);

		if (put < 0 && errno == EINTR)
			put = 0;
		if (put < 0)
			return false;
		/* Written in part: take up again just there. */
		*from = before;
		skip_source(from, (uint64_t)put);
		len -= (uint64_t)put;
		offset += (uint64_t)put;
	}
	return true;
}

static enum bt_code
write_span(struct io *io, const struct layout_span *span, struct source *from,
    struct bt_error *err)
{
	enum bt_code code = BT_OK;
	bool temporary;
	int fd = fd_of(io, span->file, true, &temporary);

	if (fd < 0 || !write_at(fd, from, span->len, span->offset))
		code = place_fail(io->place, span->file, err);
	if (fd >= 0 && temporary)
		(void)close(fd);
	return code;
}

enum bt_code
io_write(struct io *io, uint64_t offset, const struct iovec *iov, int n, struct bt_error *err)
{
	struct source from = { iov, n, 0 };
	struct layout_iter it;
	struct layout_span span;
	uint64_t len = 0;

	for (int i = 0; i < n; i++)
		len += iov[i].iov_len;
	layout_start(&it, io->place->meta, offset, len);
	while (layout_next(&it, &span)) {
		enum bt_code code;

		place_redirect(io->place, &span);
		if (span.pad) {
			skip_source(&from, span.len);
			continue;
		}
		code = write_span(io, &span, &from, err);
		if (code != BT_OK)
			return code;
	}
	return BT_OK;
}

enum bt_code
io_make_empty_files(struct io *io, struct bt_error *err)
{
	const struct bt_metainfo *m = io->place->meta;
	uint32_t count = bt_metainfo_file_count(m);

	for (uint32_t i = 0; i < count; i++) {
		struct bt_file f = bt_metainfo_file(m, i);
		int fd;

		if (f.size > 0 || (f.flags & (BT_FILE_PAD | BT_FILE_SYMLINK)) != 0 ||
		    place_is_aside(io->place, i))
			continue;
		fd = open_file(io, i, true);
		if (fd < 0)
			return place_fail(io->place, i, err);
		(void)close(fd);
	}
	return BT_OK;
}

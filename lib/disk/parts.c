/* SPDX-License-Identifier: ISC */
#include "disk/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_AT_ONCE (64u << 10)

static bool
is_there(struct place *p, uint32_t file)
{
	char rel[PATH_MAX];
	const char *name;
	struct stat st;
	bool there;
	int at;

	place_path_of(p, file, rel, sizeof(rel));
	at = path_open_folder(&p->root, rel, PATH_READ, &name);
	if (at < 0)
		return false;
	there = fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	(void)close(at);
	return there;
}

static int
open_parts(struct place *p)
{
	char rel[PATH_MAX];

	place_path_of(p, place_parts(p), rel, sizeof(rel));
	/* To be read and to have holes made; it is made by who writes to it only. */
	return is_there(p, place_parts(p)) ? path_open(&p->root, rel, PATH_WRITE) : -1;
}

/* The bytes from begin to end of one go to offset of the other; false with errno. */
static bool
copy(int from, off_t begin, off_t end, int to, off_t offset)
{
	uint8_t bytes[COPY_AT_ONCE];

	while (begin < end) {
		size_t part = end - begin < (off_t)sizeof(bytes) ? (size_t)(end - begin) :
		    sizeof(bytes);
		ssize_t n = pread(from, bytes, part, begin);

		if (n == 0)
			return true;
		if (n < 0 || pwrite(to, bytes, (size_t)n, offset) != n)
			return false;
		begin += n;
		offset += n;
	}
	return true;
}

/* What there is of the file, without the holes. */
static bool
copy_out(int parts, const struct bt_file *f, int to)
{
	off_t begin = (off_t)f->offset, end = begin + (off_t)f->size, at = begin;

	while (at < end) {
		off_t data = lseek(parts, at, SEEK_DATA);

		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0)
			data = at;	/* a file system without holes */
		if (data >= end)
			break;
		at = lseek(parts, data, SEEK_HOLE);
		if (at < 0 || at > end)
			at = end;
		if (!copy(parts, data, at, to, data - begin))
			return false;
	}
	(void)fallocate(parts, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, begin, end - begin);
	return true;
}

static bool
has_data(int parts, const struct bt_file *f)
{
	off_t data = lseek(parts, (off_t)f->offset, SEEK_DATA);

	return data >= 0 ? data < (off_t)(f->offset + f->size) : errno != ENXIO;
}

static void
remove_file(struct place *p, uint32_t file)
{
	char rel[PATH_MAX];
	const char *name;
	int at;

	place_path_of(p, file, rel, sizeof(rel));
	at = path_open_folder(&p->root, rel, PATH_READ, &name);
	if (at < 0)
		return;
	(void)unlinkat(at, name, 0);
	(void)close(at);
}

/* On failure the file is not there, as before: otherwise it would be taken for all there is. */
static bool
take_out(struct place *p, uint32_t file, int parts)
{
	const struct bt_file f = bt_metainfo_file(p->meta, file);
	char rel[PATH_MAX];
	bool done;
	int to;

	if (parts < 0 || f.size == 0 || !has_data(parts, &f))
		return true;
	place_path_of(p, file, rel, sizeof(rel));
	to = path_open(&p->root, rel, PATH_WRITE);
	done = to >= 0 && copy_out(parts, &f, to);
	if (to >= 0) {
		int keep = errno;

		(void)close(to);
		if (!done)
			remove_file(p, file);
		errno = keep;
	}
	return done;
}

void
parts_remove(struct place *p)
{
	remove_file(p, place_parts(p));
}

enum bt_code
parts_find(struct place *p, struct bt_error *err)
{
	if (!is_there(p, place_parts(p)))
		return BT_OK;
	if (!bits_init(&p->aside, bt_metainfo_file_count(p->meta)))
		return fail(err, BT_ENOMEM, "out of memory");
	for (uint32_t i = 0; i < p->aside.len; i++) {
		if (!is_there(p, i))
			(void)bits_set(&p->aside, i);
	}
	return BT_OK;
}

static enum bt_code
choose_file(struct place *p, uint32_t file, bool wanted, int parts, struct bt_error *err)
{
	bool aside = bits_has(&p->aside, file);

	if (wanted && aside) {
		if (!take_out(p, file, parts))
			return place_fail(p, file, err);
		(void)bits_clear(&p->aside, file);
	} else if (!wanted && !aside && !is_there(p, file)) {
		(void)bits_set(&p->aside, file);
	}
	return BT_OK;
}

enum bt_code
parts_choose(struct place *p, const struct bits *wanted, struct bt_error *err)
{
	enum bt_code code = BT_OK;
	int parts;

	if (p->aside.len == 0 && bits_full(wanted))
		return BT_OK;
	if (p->aside.len == 0 && !bits_init(&p->aside, wanted->len))
		return fail(err, BT_ENOMEM, "out of memory");
	parts = open_parts(p);
	for (uint32_t i = 0; i < wanted->len && code == BT_OK; i++)
		code = choose_file(p, i, bits_has(wanted, i), parts, err);
	if (parts >= 0)
		(void)close(parts);
	if (code == BT_OK && p->aside.count == 0) {
		parts_remove(p);
		bits_fini(&p->aside);
	}
	return code;
}

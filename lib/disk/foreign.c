/* SPDX-License-Identifier: ISC */
#include "disk/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MOST 10000u	/* NAME.orig, NAME.orig.1, ... */

static bool
has_good_piece(const struct place *p, const struct bt_file *f, const struct bits *have)
{
	uint32_t length = bt_metainfo_piece_length(p->meta);

	if (f->size == 0)
		return false;
	for (uint32_t i = (uint32_t)(f->offset / length);
	    i <= (uint32_t)((f->offset + f->size - 1) / length); i++) {
		if (bits_has(have, i))
			return true;
	}
	return false;
}

static void
note(struct buf *notes, const char *fmt, const char *name, const char *more)
{
	buf_addf(notes, fmt, name, more);
	buf_add(notes, "", 1);
}

static bool
put_aside(int at, const char *name, struct buf *notes)
{
	char other[NAME_MAX + 32];

	for (unsigned n = 0; n < NAMES_MOST; n++) {
		char number[16] = "";

		if (n > 0)
			(void)snprintf(number, sizeof(number), ".%u", n);
		(void)snprintf(other, sizeof(other), "%.230s.orig%s", name, number);
		if (path_rename(at, name, at, other)) {
			note(notes, "%.200s is none of this torrent; it is called %.200s now", name,
			    other);
			return true;
		}
		if (errno != EEXIST)
			return false;
	}
	return false;
}

static bool
cut(int at, const char *name, uint64_t size, uint64_t is, struct buf *notes)
{
	int fd = openat(at, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	bool done = fd >= 0 && ftruncate(fd, (off_t)size) == 0;
	char much[32];
	int e = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = e;
	(void)snprintf(much, sizeof(much), "%llu", (unsigned long long)(is - size));
	if (done)
		note(notes, "%.200s was too long; %s bytes at its end are cut off", name, much);
	return done;
}

static bool
clear_file(struct place *p, uint32_t file, const struct bits *have, struct buf *notes)
{
	const struct bt_file f = bt_metainfo_file(p->meta, file);
	char rel[PATH_MAX];
	const char *name;
	struct stat st;
	bool done = true;
	int at;

	place_path_of(p, file, rel, sizeof(rel));
	at = path_open_folder(&p->root, rel, PATH_READ, &name);
	if (at < 0)
		return true;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > 0) {
		if (!has_good_piece(p, &f, have))
			done = put_aside(at, name, notes);
		else if ((uint64_t)st.st_size > f.size)
			done = cut(at, name, f.size, (uint64_t)st.st_size, notes);
	}
	if (!done) {
		int e = errno;

		(void)close(at);
		errno = e;
		return false;
	}
	(void)close(at);
	return true;
}

enum bt_code
foreign_clear(struct place *p, const struct bits *have, struct buf *notes, struct bt_error *err)
{
	for (uint32_t i = 0; i < bt_metainfo_file_count(p->meta); i++) {
		unsigned flags = bt_metainfo_file(p->meta, i).flags;

		if ((flags & (BT_FILE_PAD | BT_FILE_SYMLINK)) == 0 && !place_is_aside(p, i) &&
		    !clear_file(p, i, have, notes))
			return place_fail(p, i, err);
	}
	return BT_OK;
}

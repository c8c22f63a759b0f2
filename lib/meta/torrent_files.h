/* SPDX-License-Identifier: ISC */
/*
 * Which torrent files a directory offers: those in it, or, if there are none, by the same rule
 * those of its subdirectories. Names that begin with '.' are passed over.
 */
#ifndef META_TORRENT_FILES_H
#define META_TORRENT_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "base/vec.h"

struct torrent_file {
	char *path;		/* owned */
	int64_t size;
	struct timespec mtime;
};

/* Who is told of each directory before it is read, or NULL in the place of it. */
struct torrent_files_visitor {
	void (*directory)(void *arg, const char *path);
	void *arg;
};

/* Fills *out (initialised by the call, to be given to torrent_files_free in any case), ordered by
 * path. Fails if dir cannot be read; subdirectories that cannot are passed over. */
enum bt_code torrent_files_find(const char *dir, const struct torrent_files_visitor *visitor,
    struct vec *out, struct bt_error *err);
void torrent_files_free(struct vec *files);

/* Is it the same file, by what the system tells of it? */
bool torrent_files_same(const struct torrent_file *a, const struct torrent_file *b);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Which torrent files a directory offers: those in it, or, if there are none, by the same rule
 * those of its subdirectories. Names that begin with '.' are passed over.
 */
#ifndef TRACKER_TORRENT_FILES_H
#define TRACKER_TORRENT_FILES_H

#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"

struct torrent_file {
	char *path;		/* owned */
	int64_t size;
	struct timespec mtime;
};

/* Fills *out (initialised by the call, to be given to torrent_files_free in any case), ordered by
 * path. Fails if dir cannot be read; subdirectories that cannot are passed over. */
enum bt_code torrent_files_find(const char *dir, struct vec *out, struct bt_error *err);
void torrent_files_free(struct vec *files);

#endif

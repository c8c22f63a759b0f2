/* SPDX-License-Identifier: ISC */
/*
 * The torrents of allowed_dir. Looked at again and again by one thread: only files with another
 * time or size than before are read.
 */
#ifndef TRACKER_ALLOW_DIR_H
#define TRACKER_ALLOW_DIR_H

#include <stdbool.h>

#include "tracker/rules/allowed.h"
#include "tracker/rules/notes.h"
#include "meta/torrent_files.h"

struct allow_dir {
	bool looked;
	struct vec files;	/* struct torrent_file, as found last */
	struct vec torrents;	/* struct allowed_torrent *, one for each; NULL: no torrent */
};

void allow_dir_init(struct allow_dir *d);
void allow_dir_fini(struct allow_dir *d);

/* *out: the new set, sealed, or NULL if nothing changed. Files that are no torrents, and second
 * ones with the same info-hash, are noted when they are read. On failure all is as before. */
enum bt_code allow_dir_look(struct allow_dir *d, const char *path, struct notes *notes,
    struct allowed **out, struct bt_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* Opening a torrent's files so that no path leaves the download folder. */
#ifndef DISK_PATH_H
#define DISK_PATH_H

#include <stdint.h>

#include "base/buf.h"

enum path_mode {
	PATH_READ,	/* must exist */
	PATH_WRITE	/* made if it is not there, with the folders on the way, root included */
};

/* A download folder. */
struct path_root {
	char *path;
	uint64_t dev;		/* the file system where it was seen, or 0 */
	struct buf *made;	/* gets the folders made below it, each with its NUL; or NULL */
};

/* Opens rel ("a/b/c", safe elements) below the folder root, element by element, never through a
 * symbolic link inside root. A descriptor, or -1 with errno (ELOOP: a link is in the way; ENODEV:
 * root was seen and is gone, or another file system is mounted there: it is not made anew). Blocks;
 * several workers may open below one root. */
int path_open(struct path_root *root, const char *rel, enum path_mode mode);

/* The same for the folder that rel lies in; *name is rel's last element. */
int path_open_folder(struct path_root *root, const char *rel, enum path_mode mode,
    const char **name);

/* Renames within what is open; nothing is replaced. False with errno (EEXIST: there is one). */
bool path_rename(int from, const char *from_name, int to, const char *to_name);

#endif

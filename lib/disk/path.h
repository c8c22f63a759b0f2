/* SPDX-License-Identifier: ISC */
/* Opening a torrent's files so that no path leaves the download folder. */
#ifndef DISK_PATH_H
#define DISK_PATH_H

enum path_mode {
	PATH_READ,	/* must exist */
	PATH_WRITE	/* made if it is not there, with the folders on the way, root included */
};

/* Opens rel ("a/b/c", safe elements) below the folder root, element by element, never through a
 * symbolic link inside root. A descriptor, or -1 with errno (ELOOP: a link is in
 * the way). Blocks. */
int path_open(const char *root, const char *rel, enum path_mode mode);

#endif

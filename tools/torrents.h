/* SPDX-License-Identifier: ISC */
/* The torrents in directories: all files below that end in ".torrent", in byte order. What begins
 * with '.' is passed over, and links to directories are not followed: nothing comes twice, nothing
 * from elsewhere. */
#ifndef TOOLS_TORRENTS_H
#define TOOLS_TORRENTS_H

struct torrents_found {
	void (*file)(void *arg, const char *path);
	void (*unreadable)(void *arg, const char *path);	/* a directory; errno says why */
};

/* If path is no directory it is all that is found, whatever it is called. */
void torrents_in(const char *path, const struct torrents_found *found, void *arg);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The open files of all torrents, least recently used closed first. Lives on the loop's thread;
 * workers open files, the loop enters them here when the job returns. A pinned file stays open.
 */
#ifndef DISK_FDS_H
#define DISK_FDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"

struct fds_key {
	uint32_t store;
	uint32_t file;
};

struct open_file {
	TAILQ_ENTRY(open_file) link;	/* in fds.files, the latest used last */
	struct fds *fds;
	struct fds_key key;
	int fd;
	bool writable;
	bool in_memory;		/* of a file system without a disk: reading never waits */
	bool doomed;		/* not in the map any more: closed with its last pin */
	unsigned pins;
};

struct fds {
	TAILQ_HEAD(, open_file) files;
	struct map by_key;
	unsigned count;
	unsigned max;		/* open files; pinned ones may exceed it */
};

void fds_init(struct fds *f, unsigned max, const uint64_t seed[2]);

/* No file may be pinned any more. */
void fds_fini(struct fds *f);

/* The file, pinned, or NULL if it is not open, or not for writing. */
struct open_file *fds_find(struct fds *f, struct fds_key key, bool write);

/* Takes over fd. Pinned; NULL (and fd closed): no memory. */
struct open_file *fds_add(struct fds *f, struct fds_key key, int fd, bool writable);

void fds_unpin(struct open_file *file);

/* Closes what a store had open. */
void fds_drop(struct fds *f, uint32_t store);

#endif

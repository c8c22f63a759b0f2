/* SPDX-License-Identifier: ISC */
/*
 * The open files of all torrents, least recently used closed first. Lives on the loop's thread;
 * workers open files, the loop enters them here when the job returns. A pinned file stays open.
 * Nothing is closed here, for that may wait for a disk: who owns the table sees to it.
 */
#ifndef DISK_FDS_H
#define DISK_FDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cdefs.h"
#include "base/list.h"
#include "base/map.h"

struct device;

struct fds_key {
	uint32_t place;
	uint32_t file;
};

struct open_file {
	TAILQ_ENTRY(open_file) link;	/* in fds.files, the latest used last; then its closer's */
	struct fds *fds;
	struct fds_key key;
	int fd;
	bool writable;
	bool in_memory;		/* of a file system without a disk: reading never waits */
	bool doomed;		/* not in the map any more: closed with its last pin */
	unsigned pins;
	struct device *device;	/* for the closer */
};

TAILQ_HEAD(file_list, open_file);

struct fds {
	struct file_list files;
	struct map by_key;
	unsigned count;
	unsigned max;		/* open files; pinned ones may exceed it */
	void (*close)(struct open_file *file);
};

/* close: the file is in the table no more; closes it and frees it, when it likes. */
void fds_init(struct fds *f, unsigned max, const uint64_t seed[2],
    void (*close)(struct open_file *file));

/* No file may be pinned any more. */
void fds_fini(struct fds *f);

/* The file, pinned, or NULL if it is not open, or not for writing. */
struct open_file *fds_find(struct fds *f, struct fds_key key, bool write);

/* Takes over a file with this fd, writable, in_memory and device. False: it does not, there is one
 * already that can do as much, or no memory. */
bool fds_add(struct fds *f, struct fds_key key, const struct open_file *file) MUST_USE;

void fds_unpin(struct open_file *file);

/* Closes what is open of a place. */
void fds_drop(struct fds *f, uint32_t place);

/* Closes half of what is not pinned, and at least one; returns how many. */
unsigned fds_shed(struct fds *f);

#endif

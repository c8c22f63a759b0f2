/* SPDX-License-Identifier: ISC */
/*
 * What of a torrent's files is on the disk: where they are, and with which sizes. Taken once, never
 * changed, read by several threads. Symbolic links are followed, as when a torrent is made.
 */
#ifndef VERIFY_PRESENT_H
#define VERIFY_PRESENT_H

#include <btcore/metainfo.h>

#include "base/buf.h"
#include "base/error.h"

struct present_file {
	uint64_t size;		/* on the disk */
	int error;		/* errno: 0 is a file that can be read as far as one knows */
};

struct present {
	const struct bt_metainfo *meta;
	char *root;		/* the content: a file, or the directory that holds the files */
	struct present_file *files;	/* as the torrent has them */
};

/* path: the content, or the directory where it lies under the torrent's name. */
enum bt_code present_open(struct present *p, const struct bt_metainfo *m, const char *path,
    struct bt_error *err);
void present_close(struct present *p);

/* The bytes up to end of the file are there. */
bool present_has(const struct present *p, uint32_t file, uint64_t end);

/* The file opened for reading in a run of several; -1 with errno. */
int present_open_file(const struct present *p, uint32_t file, struct buf *scratch);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * One job's access to a torrent's files: reads and writes ranges of the content, opening files as
 * they are met. Prepared and finished on the loop's thread, used on a worker in between.
 */
#ifndef DISK_IO_H
#define DISK_IO_H

#include <sys/uio.h>

#include <btcore/metainfo.h>

#include "base/error.h"
#include "disk/fds.h"

/* Where a torrent's content lies; outlives every job. */
struct io_place {
	const struct bt_metainfo *meta;
	char *root;		/* the folder that no path leaves */
	char *single_name;	/* a single file's name below root; NULL: the torrent's own paths */
	uint32_t store;		/* its number in the table of open files */
};

#define IO_FILES 8

struct io_file {
	struct open_file *pin;	/* from the table; NULL: opened by this job */
	uint32_t file;
	int fd;
	bool writable;
};

struct io {
	const struct io_place *place;
	struct io_file files[IO_FILES];
	unsigned count;
	unsigned evict;		/* whose turn it is when there are more files than places */
};

void io_init(struct io *io, const struct io_place *place);

/* On the loop: pins what is open already of len bytes of the content from offset on. */
void io_pin(struct io *io, struct fds *fds, uint64_t offset, uint64_t len, bool write);

/* On the loop: gives what was opened to the table. */
void io_finish(struct io *io, struct fds *fds);

/* On a worker. Padding reads as zeros and is never written. A missing or short file: BT_ENOENT. */
enum bt_code io_read(struct io *io, uint64_t offset, uint8_t *to, size_t len,
    struct bt_error *err);
enum bt_code io_write(struct io *io, uint64_t offset, const struct iovec *iov, int n,
    struct bt_error *err);

/* Makes the empty files of the torrent. */
enum bt_code io_make_empty_files(struct io *io, struct bt_error *err);

#endif

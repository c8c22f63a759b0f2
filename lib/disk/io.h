/* SPDX-License-Identifier: ISC */
/*
 * One job's access to a torrent's files: reads and writes ranges of the content, opening files as
 * they are met. Prepared and finished on the loop's thread, used on a worker in between.
 */
#ifndef DISK_IO_H
#define DISK_IO_H

#include <sys/uio.h>

#include "base/error.h"
#include "disk/fds.h"
#include "disk/place.h"

#define IO_FILES 8

struct io_file {
	struct open_file *pin;	/* from the table; NULL: opened by this job */
	uint32_t file;
	int fd;
	bool writable;
	bool in_memory;
};

struct io {
	struct place *place;
	struct io_file files[IO_FILES];
	unsigned count;
	unsigned evict;		/* whose turn it is when there are more files than places */
	bool starved;		/* a file could not be opened, for there was no descriptor left */
};

void io_init(struct io *io, struct place *place);

/* On the loop: pins what is open already of len bytes of the content from offset on. */
void io_pin(struct io *io, struct fds *fds, uint64_t offset, uint64_t len, bool write);

/* On the loop: unpins, and gives what was opened to the table. True: something is left that the
 * table does not want, for io_close. */
bool io_finish(struct io *io, struct fds *fds, struct device *device);

/* On a worker: closes what io_finish has left. */
void io_close(struct io *io);

/* On a worker. Padding reads as zeros and is never written. A missing or short file: BT_ENOENT.
 * The codes of a bad day: BT_ENOSPC, BT_EMFILE, BT_EGONE, BT_EIO. */
enum bt_code io_read(struct io *io, uint64_t offset, uint8_t *to, size_t len,
    struct bt_error *err);
enum bt_code io_write(struct io *io, uint64_t offset, const struct iovec *iov, int n,
    struct bt_error *err);

/* Makes the empty files of the torrent. */
enum bt_code io_make_empty_files(struct io *io, struct bt_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Content kept in files. A piece is gathered in memory, hashed by a worker and only then written,
 * so that bad data never touches a file. When more is gathered than the budget allows, the piece
 * that was touched least lately is put into its place unhashed, and read back for its hash.
 */
#ifndef DISK_STORE_H
#define DISK_STORE_H

#include <btcore/metainfo.h>

#include "base/pool.h"
#include "disk/content.h"
#include "disk/fds.h"

struct piece_buffer;

/* What was counted of all stores. */
struct disk_stats {
	uint64_t pieces_good;	/* received, hashed, written */
	uint64_t pieces_bad;	/* received, with another hash */
	uint64_t pieces_failed;	/* could not be kept */
	uint64_t reads_at_once;	/* blocks that are sent from the page cache */
	uint64_t reads_waited;	/* blocks that a worker reads */
};

/* What the stores of a session share. */
struct disk {
	struct pool *pool;
	struct block_store *blocks;
	struct fds fds;
	struct map devices;	/* struct device_key to device */
	struct job_list starved;	/* found no descriptor: wait until some are closed */
	TAILQ_HEAD(, piece_buffer) gathering;	/* of all stores, the latest touched last */
	size_t gathered;	/* bytes in them */
	size_t writing;		/* bytes under way to the workers */
	size_t budget;		/* for gathered */
	bool busy;
	TAILQ_HEAD(, store) stores;
	uint32_t next_place;
	uint64_t seed[2];
	struct disk_stats stats;
};

/* max_open: files open at once. budget: bytes of unfinished pieces kept in memory. */
void disk_init(struct disk *d, struct pool *pool, struct block_store *blocks, unsigned max_open,
    size_t budget, const uint64_t seed[2]);

/* At any time. What is held beyond goes when it is used next. */
void disk_set_limits(struct disk *d, unsigned max_open, size_t budget);

/* Every store was freed and the pool drained. */
void disk_fini(struct disk *d);

struct store_opts {
	const struct bt_metainfo *meta;	/* shared: the store and its jobs keep it */
	const char *path;	/* the file of a single-file torrent, or the folder; copied */
	const struct bits *wanted;	/* files, a bit each, copied; NULL: all */
};

/* Has the hidden file removed that has parts of unwanted files: nobody will ask for them again. */
void store_drop_parts(struct content *c);

/* BT_OK, or all is where it was: BT_EEXIST (a file is in the way), BT_ENOSPC, ... */
typedef void (*store_moved_fn)(void *arg, const struct bt_error *err);

/* Moves what is there to another path (as in opts), where the content lies from then on; or calls a
 * file otherwise below its folder ("a/b", BT_EARG if that leads outside). Nothing is replaced. Jobs
 * under way end first, later ones wait. done is told, unless the content was freed meanwhile. */
void store_move(struct content *c, const char *path, store_moved_fn done, void *arg);
void store_rename(struct content *c, uint32_t file, const char *path, store_moved_fn done,
    void *arg);

/* NULL: no memory. */
struct content *store_new(struct disk *d, const struct store_opts *opts,
    const struct content_user *user, void *arg) MUST_USE;

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Many files replaced at the price of few syncs, on several cores. Each is old or new at every
 * instant, also after a crash: first all temporaries are on disk, then they are renamed, then the
 * folders are on disk, and only then done() says so. A kill in between may leave temporaries
 * ("x.torrent.AbCdEf").
 *
 * A few files are synced one by one; for more, one syncfs(2) a file system is much cheaper, but it
 * also waits for what others have written there.
 */
#ifndef BASE_REPLACE_H
#define BASE_REPLACE_H

#include "base/error.h"
#include "base/pool.h"
#include "base/slice.h"
#include "base/vec.h"

#define REPLACE_MAX_FILES 16384		/* waiting */
#define REPLACE_MAX_BYTES (512u << 20)	/* waiting: this much more of the disk is in use */

/* err is NULL if the file was replaced; if not, it is what it was. */
typedef void (*replace_done_fn)(void *arg, void *tag, const struct bt_error *err);

struct replace {
	struct vec chunks;	/* struct replace_chunk * */
	struct vec files;	/* struct replace_file *, in the chunks */
	struct replace_chunk *filling;	/* the last chunk, or NULL */
	size_t bytes;		/* waiting */
	size_t in_memory;	/* of these, not written yet */
	struct pool *pool;	/* NULL: none yet, or none to be had */
	replace_done_fn done;
	void *arg;
};

void replace_init(struct replace *r, replace_done_fn done, void *arg);

/* Drops what waits, without a word. */
void replace_fini(struct replace *r);

/* Copies the bytes and begins to write them; when enough wait, commits them all. BT_ENOMEM: done()
 * is not called for this one. */
enum bt_code replace_add(struct replace *r, const char *path, struct bt_slice bytes, void *tag,
    struct bt_error *err);

/* Calls done() for each that waits. */
void replace_commit(struct replace *r);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * One torrent's content as its torrent sees it: pieces come in as blocks, are hashed and kept, and
 * go out as blocks. disk/store keeps it in files; the simulator keeps it nowhere. All calls and
 * answers are on the loop's thread; but for want of memory, no answer comes from inside a call.
 */
#ifndef DISK_CONTENT_H
#define DISK_CONTENT_H

#include <stdbool.h>

#include "base/bits.h"
#include "base/block.h"
#include "base/error.h"
#include "net/sendq.h"

struct content;

/* A block to be read, and for whom. */
struct content_read {
	uint32_t piece;
	uint32_t begin;
	uint32_t len;		/* at most BLOCK_SIZE */
	uint32_t cookie;	/* the user's */
};

struct content_user {
	/* The answer to finish. BT_OK: hashed, good, kept. BT_EHASH: bad, and not kept (only where
	 * memory was short may parts of it lie in its place). BT_ENOHASH: nobody knows whether it
	 * is good, for its hash is missing. Else it could not be kept: BT_ENOSPC, BT_EMFILE,
	 * BT_EGONE, BT_EIO ..., and err says why. */
	void (*piece_done)(void *arg, uint32_t piece, const struct bt_error *err);
	/* The answer to a read that was not answered at once; b is the user's, NULL on failure. */
	void (*block_read)(void *arg, const struct content_read *what, struct block *b,
	    const struct bt_error *err);
	/* While checking: piece by piece, in no order, then once at the end, unless it is
	 * cancelled. BT_ENOHASH: some could not be judged, for their hashes are missing. */
	void (*checked)(void *arg, uint32_t piece, bool good);
	void (*check_done)(void *arg, const struct bt_error *err);
	/* The answer to prepare, and before it a line for each file that was found in the way. */
	void (*files_made)(void *arg, const struct bt_error *err);
	void (*noted)(void *arg, const char *text);
	/* The answer to probe: BT_OK: it is worth a try. */
	void (*probed)(void *arg, const struct bt_error *err);
	/* busy() has become false. */
	void (*eased)(void *arg);
};

struct content_ops {
	void (*put)(struct content *c, uint32_t piece, uint32_t begin, struct block *b,
	    uint32_t len);
	void (*finish)(struct content *c, uint32_t piece);
	bool (*read)(struct content *c, const struct content_read *what, struct sendq_file *out);
	void (*check)(struct content *c, const struct bits *which);
	void (*cancel_check)(struct content *c);
	void (*prepare)(struct content *c, const struct bits *have);
	void (*choose)(struct content *c, const struct bits *wanted);
	void (*probe)(struct content *c);
	void (*complete)(struct content *c);
	bool (*busy)(const struct content *c);
	void (*free)(struct content *c);
};

struct content {
	const struct content_ops *ops;
	const struct content_user *user;
	void *arg;
};

/* A block of a piece; begin is a multiple of BLOCK_SIZE. The content owns b. A block is put once,
 * unless the piece failed since. */
static inline void
content_put(struct content *c, uint32_t piece, uint32_t begin, struct block *b, uint32_t len)
{
	c->ops->put(c, piece, begin, b, len);
}

/* All blocks of the piece were put; those that are nothing but padding may be left out. piece_done
 * will follow; then the piece is forgotten. */
static inline void
content_finish(struct content *c, uint32_t piece)
{
	c->ops->finish(c, piece);
}

/* Bytes of a piece that is good. True: *out can be sent at once without waiting for a disk. False:
 * block_read will follow. */
static inline bool
content_read(struct content *c, const struct content_read *what, struct sendq_file *out)
{
	return c->ops->read(c, what, out);
}

/* Looks at what is there already of these pieces (copied; NULL: of all), and makes nothing. One
 * check at a time. */
static inline void
content_check(struct content *c, const struct bits *which)
{
	c->ops->check(c, which);
}

/* Nothing more is told of a check that is under way; another may begin. */
static inline void
content_cancel_check(struct content *c)
{
	c->ops->cancel_check(c);
}

/* Before it is written to: clears the way, if a check has just found out what is here (have,
 * copied; NULL: it has not), and makes empty files, which have no piece that would bring them. */
static inline void
content_prepare(struct content *c, const struct bits *have)
{
	c->ops->prepare(c, have);
}

/* These files (a bit each) are wanted from now on. One that is not is never made: what pieces need
 * of it lies elsewhere. */
static inline void
content_choose(struct content *c, const struct bits *wanted)
{
	c->ops->choose(c, wanted);
}

/* After a disk was full, read-only or gone: looks whether it is worth a try again. */
static inline void
content_probe(struct content *c)
{
	c->ops->probe(c);
}

/* All that is wanted was received: files are held open for writing no more, and those that can be
 * executed may be (BEP 47). */
static inline void
content_complete(struct content *c)
{
	c->ops->complete(c);
}

/* More waits to be written than should: take no more in until eased. */
static inline bool
content_busy(const struct content *c)
{
	return c->ops->busy(c);
}

/* Nothing is called any more. What is under way ends by itself. NULL is fine. */
static inline void
content_free(struct content *c)
{
	if (c != NULL)
		c->ops->free(c);
}

#endif

/* SPDX-License-Identifier: ISC */
/* What the files of this folder share: a store and its jobs. Nobody else includes it. */
#ifndef DISK_MODEL_H
#define DISK_MODEL_H

#include "base/hash_many.h"
#include "base/map.h"
#include "disk/io.h"
#include "disk/store.h"

/* What has come of one piece. */
struct piece_buffer {
	TAILQ_ENTRY(piece_buffer) link;	/* in disk.gathering, then in store.complete */
	struct store *store;
	uint32_t piece;
	uint32_t size;		/* bytes of the piece */
	uint32_t block_count;
	uint32_t in_memory;	/* bytes */
	unsigned spilling;	/* jobs that put parts of it into their place */
	bool spilled;		/* not all of it is in blocks[] */
	bool complete;		/* to be finished when no spilling is under way */
	struct bt_error err;	/* of spilling; told when no more of it is under way */
	struct block *blocks[];	/* NULL: not here yet, or put into its place already */
};

TAILQ_HEAD(buffer_list, piece_buffer);

struct store {
	struct content base;
	TAILQ_ENTRY(store) link;	/* in disk.stores */
	struct disk *disk;
	struct io_place place;
	struct bt_metainfo *meta;	/* a share of it */
	struct map buffers;		/* piece (uint32_t) to piece_buffer */
	struct buffer_list complete;	/* wait to be hashed and written */
	bool finishing;			/* a job does so */
	unsigned jobs;			/* under way */
	bool freed;			/* goes with the last job */
	uint32_t check_next;		/* pieces to be checked from here on */
	unsigned checks;		/* checking jobs under way */
	bool checking;
};

#define FINISH_MOST 4u	/* pieces that one job hashes side by side and writes */

struct store_job {
	struct job job;
	struct store *store;
	struct io io;
	struct bt_error err;
	void (*answer)(struct store_job *);	/* on the loop */
	/* finish, spill: owned; their bytes count in disk.writing */
	struct piece_buffer *buffers[FINISH_MOST];
	unsigned buffer_count;
	struct bt_error *errs;		/* finish: one a buffer */
	struct block *block;		/* read */
	struct content_read what;
	uint32_t first, count;		/* check: pieces */
	uint8_t *good;			/* check: a byte a piece */
	uint8_t *buf;			/* check: what is read goes here */
};

/* store.c */
uint64_t store_piece_offset(const struct store *s, uint32_t piece);
struct store_job *store_job_new(struct store *s, void (*work)(struct job *),
    void (*answer)(struct store_job *));
void store_job_send(struct store_job *job);
void store_set_writing(struct disk *d, size_t writing);

/* gather.c */
void gather_put(struct content *c, uint32_t piece, uint32_t begin, struct block *b, uint32_t len);
void gather_finish(struct content *c, uint32_t piece);
void gather_drop_all(struct store *s);

/* check.c */
void check_begin(struct content *c);

#endif

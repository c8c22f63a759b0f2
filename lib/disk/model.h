/* SPDX-License-Identifier: ISC */
/* What the files of this folder share: a store and its jobs. Nobody else includes it. */
#ifndef DISK_MODEL_H
#define DISK_MODEL_H

#include "base/hash_many.h"
#include "base/map.h"
#include "disk/device.h"
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
	struct device *device;
	struct place place;
	struct bt_metainfo *meta;	/* a share of it */
	struct map buffers;		/* piece (uint32_t) to piece_buffer */
	struct buffer_list complete;	/* wait to be hashed and written */
	bool finishing;			/* a job does so */
	unsigned jobs;			/* that were made and have not ended */
	unsigned running;		/* of these, those that workers have or had */
	struct job_list alone;		/* wait until nothing is running */
	struct job_list held;		/* wait until none of those waits or runs */
	bool is_alone;			/* what is running is one of those */
	bool freed;			/* goes with the last job; atomic, for workers look at it */
	bool looked;			/* device is what was found */
	bool checking;
	TAILQ_ENTRY(store) check_link;	/* in device.checks */
	bool check_queued;		/* it is there */
	uint32_t check_number;		/* of the latest check; jobs of others are stale */
	struct bits check_which;	/* pieces to be looked at; of length 0: all */
	uint32_t check_next;		/* pieces to be checked from here on */
	unsigned checks;		/* its jobs under way */
	uint32_t check_untold;		/* pieces of which nobody knows whether they are good */
};

#define FINISH_MOST 4u	/* pieces that one job hashes side by side and writes */

struct job_range {
	uint64_t offset, len;
};

struct store_job {
	struct job job;
	struct store *store;
	enum job_class class;
	struct io io;
	struct job_range touches[FINISH_MOST];	/* what it will read or write */
	unsigned touch_count;
	bool writes;
	unsigned tries;
	struct bt_error err;
	void (*answer)(struct store_job *);	/* on the loop */
	/* finish, spill: owned; their bytes count in disk.writing */
	struct piece_buffer *buffers[FINISH_MOST];
	unsigned buffer_count;
	struct bt_error *errs;		/* finish: one a buffer */
	uint64_t dev;			/* look, move: the device that was found, or 0 */
	struct store_move *move;	/* move: owned */
	struct store_stamps *stamps;	/* stamp: owned */
	struct bits wanted;		/* choose, look: owned */
	struct bits have;		/* prepare: owned; of length 0: not known */
	struct buf notes;		/* prepare: owned */
	struct block *block;		/* read */
	struct content_read what;
	uint32_t first, count;		/* check: pieces */
	uint32_t check_number;		/* check: of which */
	uint8_t *verdicts;		/* check: enum pieces_verdict of each piece */
	uint8_t *buf;			/* check, finish: what is read goes here */
};

/* job.c */
struct store_job *job_new(struct store *s, void (*work)(struct job *),
    void (*answer)(struct store_job *));

/* On a worker: nobody waits for its answer any more, for its store was freed. */
static inline bool
job_is_orphan(const struct store_job *job)
{
	return __atomic_load_n(&job->store->freed, __ATOMIC_RELAXED);
}

/* Pins what of this is open already when the job is sent to a worker. */
void job_touch(struct store_job *job, uint64_t offset, uint64_t len);
void job_send(struct store_job *job);

/* The fence: the job runs when those that were sent have ended; later ones are held meanwhile. */
void job_send_alone(struct store_job *job);
bool job_is_fenced(const struct store *s);

/* The store is freed: what no worker has yet is answered at once. */
void job_drop_waiting(struct store *s);

/* A descriptor is free again. */
void job_feed_starved(struct disk *d);

/* store.c */
uint64_t store_piece_offset(const struct store *s, uint32_t piece);
void store_set_writing(struct disk *d, size_t writing);
void store_end(struct store *s);

/* gather.c */
void gather_put(struct content *c, uint32_t piece, uint32_t begin, struct block *b, uint32_t len);
void gather_finish(struct content *c, uint32_t piece);
void gather_drop_all(struct store *s);

/* check.c */
void check_begin(struct content *c, const struct bits *which);
void check_cancel(struct content *c);

/* The store leaves its device, and another's turn may have come; or it has found its device. */
void check_leave(struct store *s);
void check_enter(struct store *s);

#endif

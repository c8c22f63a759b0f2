/* SPDX-License-Identifier: ISC */
/*
 * What the parts of verification share. Torrents wait in a list; jobs (runs of pieces of one
 * torrent) lie in a ring in the order in which they were sent, and are settled in that order, so
 * that what is found is told in order and nothing about pieces needs to be remembered.
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include <btcore/verify.h>

#include "base/list.h"
#include "base/pool.h"
#include "base/vec.h"
#include "meta/merkle.h"
#include "meta/pieces.h"
#include "verify/present.h"

#define VERIFY_RUN_PIECES 4096u	/* of one job at most */
/* Pieces that advance together may lie in several files. */
#define VERIFY_OPEN_FILES HASH_LANES_MAX

enum verdict {
	VERDICT_ABSENT,		/* not all of it is there */
	VERDICT_BAD,
	VERDICT_GOOD,
	VERDICT_HELD	/* piece layers are missing: the root of the file will tell */
};

/* A file that is being settled. */
struct settling {
	struct bt_verify_file file;
	struct vec pieces;	/* struct bt_verify_pieces */
	uint64_t held;
	uint32_t held_first, held_last;	/* pieces */
	struct merkle tree;	/* of the roots of its pieces */
};

struct verify_torrent {
	TAILQ_ENTRY(verify_torrent) link;	/* in the order of bt_verify_add */
	uint64_t serial;	/* from 1 on */
	struct bt_verify_torrent seen;
	struct present present;
	enum pieces_kind kind;
	uint32_t piece_count;
	uint32_t sent;		/* pieces that jobs have or had */
	uint32_t settled;
	uint32_t next_file;	/* the first of which nothing is known yet */
	struct settling now;
};

TAILQ_HEAD(verify_torrents, verify_torrent);

struct verify_open_file {
	int fd;			/* or -1 */
	uint32_t file;
};

/* Why a piece could not be read: the file at which it ended. */
struct verify_fault {
	uint32_t file;
	int error;		/* errno; 0: it could be read, or was not tried */
};

/* A job and what it works with; used again and again. */
struct verify_run {
	struct job job;
	struct bt_verify *verify;
	struct verify_torrent *torrent;
	bool finished;
	uint32_t first, count;	/* pieces */
	uint8_t verdict[VERIFY_RUN_PIECES];
	uint8_t (*roots)[SHA256_LEN];	/* of the pieces, if layers are missing; or NULL */
	struct verify_fault fault[VERIFY_RUN_PIECES];
	uint8_t *buffer;
	size_t buffer_size;
	struct buf scratch;
	uint64_t opened;	/* serial of the torrent whose files these are */
	struct verify_open_file files[VERIFY_OPEN_FILES];
	unsigned evict;		/* whose turn it is */
};

struct bt_verify {
	const struct bt_verify_options *options;
	struct pool *pool;
	struct verify_run *runs;	/* the ring */
	uint32_t run_count;
	uint64_t head, tail;	/* runs settled, and sent, since the beginning */
	uint64_t serial;	/* of the latest torrent */
	struct verify_torrents torrents;
	enum bt_code code;	/* of the first failure that ends it all */
};

/* On a worker: fills in the verdicts, roots and faults. */
void verify_work(struct job *j);

void verify_close_files(struct verify_run *r);

/* Takes the run's verdicts in; tells of the files that end. */
void verify_settle(const struct verify_run *r, const struct bt_verify_options *o);

/* All pieces are settled: tells of the files without content that are left, and of the torrent. */
void verify_settle_rest(struct verify_torrent *t, const struct bt_verify_options *o);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What is remembered of one torrent between two runs: what of it is on the disk, by which signs
 * that is known again, and its totals. A dictionary in bencode:
 *
 *     active, added, completed, downloaded, seeding, uploaded    integers, see below
 *     boot     16 bytes: the run of the system in which it was written
 *     files    16 bytes a file: size and time, big-endian; a size of all ones: it was not there
 *     have     a bitfield (BEP 3); without it: all pieces
 *     path     where the content lies
 *     pieces   how many there are
 *     synced   1: files were synced when it was written
 *
 * Other keys are passed over.
 */
#ifndef STATE_RESUME_H
#define STATE_RESUME_H

#include "base/buf.h"
#include "base/error.h"

#define RESUME_BOOT 16u

/* Signs of one file's content. */
struct resume_stamp {
	uint64_t size;		/* bytes; UINT64_MAX: it is not there */
	int64_t mtime;		/* nanoseconds since 1970 */
};

struct resume_totals {
	uint64_t uploaded, downloaded;	/* bytes of content */
	uint64_t active, seeding;	/* seconds in the swarm, and of these as a seed */
	int64_t added, completed;	/* seconds since 1970; 0: not known, or not yet */
};

/* Slices are borrowed. */
struct resume {
	struct resume_totals totals;
	struct bt_slice path;
	uint32_t pieces;
	bool complete;		/* else have says which pieces are there */
	struct bt_slice have;
	struct bt_slice stamps;	/* as in the record; see resume_stamp_at */
	bool synced;
	uint8_t boot[RESUME_BOOT];
};

void resume_write(const struct resume *r, struct buf *out);

/* What resume_write wrote, or a stranger: anything that does not fit together is BT_EFORMAT. */
enum bt_code resume_parse(struct bt_slice body, struct resume *out, struct bt_error *err);

/* How many files there are stamps of; the stamp of one; and adding one to what will be stamps. */
uint32_t resume_stamp_count(const struct resume *r);
struct resume_stamp resume_stamp_at(const struct resume *r, uint32_t file);
void resume_add_stamp(struct buf *stamps, const struct resume_stamp *stamp);

/* This run of the system: two are different after it was started anew, and where the system does
 * not tell. */
void resume_this_boot(uint8_t out[RESUME_BOOT]);

#endif

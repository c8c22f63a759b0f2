/* SPDX-License-Identifier: ISC */
/* A real pool, real files in a folder of their own, and one store to be tried. */
#ifndef UNIT_DISK_STAND_H
#define UNIT_DISK_STAND_H

#include <sys/types.h>

#include "disk/store.h"
#include "helper.h"

#define PIECE (2 * BLOCK_SIZE)
#define SIZE_MAX_TEST (40 * PIECE)

extern char folder[64];
extern struct pool *pool;
extern struct block_store blocks;
extern struct disk disk;
extern struct bt_metainfo *meta;
extern struct content *content;
extern uint8_t *bytes;		/* the content as it should be */
extern uint32_t size;

/* What the store answered. */
extern const struct content_user user;
extern enum bt_code probed_as;	/* the last answer to a probe, of probes */
extern unsigned probes, notes;
extern unsigned good, bad, untold, failed, checked_good, checked_bad, reads, eased, made;
extern bool check_is_done;
extern struct bt_error last_error;
extern struct block *last_block;

void reset_counts(void);

/* files: sizes, ending with 0, called 00, 01 and so on; NULL: one file of content_size. The pad-th
 * is padding (0: none). budget: of unfinished pieces in memory. The store is at folder/c. */
void begin(uint32_t content_size, const uint32_t *files, unsigned pad, size_t budget);
void begin_v2(const uint32_t *files, bool with_layers, size_t budget);
void begin_hybrid(bool root_lies);
void open_store(const char *name);
void end(void);

/* Until nothing is under way; until the counter is as high. */
void settle(void);
void wait_until(const unsigned *counter, unsigned value);

void put(uint32_t piece, uint32_t i, bool lie);
void put_piece(uint32_t piece, bool lie);
void put_all(void);
uint32_t blocks_of(uint32_t piece);

/* Its first block, at once or later: counted in reads. */
void read_block(struct content *c, uint32_t piece);

/* Is folder/name what it should be, so many bytes of the content from here on? */
void has_file(const char *name, uint32_t from, uint32_t len);
void remove_all(const char *path);
dev_t device_of(const char *path);

#endif

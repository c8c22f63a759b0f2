/* SPDX-License-Identifier: ISC */
/*
 * What a program remembers of many torrents, in one file: records are appended and synced, the last
 * one of a key counts, and when most of the file is of no use any more it is written anew and
 * replaced at once. Each record has a checksum: one that is damaged is told and set aside, and
 * costs nothing but itself; one that a crash cut off at the end was never there.
 *
 * A folder belongs to one process at a time. Any thread may call; calls wait for the disk.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"

#define JOURNAL_KEY 20u			/* bytes: an info-hash */
#define JOURNAL_BODY_MAX (64u << 20)	/* bytes: stamps of a million files are a quarter */

struct journal;

/* Makes the folder (for its owner alone) if it is not there. BT_EBUSY: another process has it. What
 * is found damaged goes to log, and to a file beside the journal. */
enum bt_code journal_open(const char *folder, const struct log *log, struct journal **out,
    struct bt_error *err);

/* NULL is fine. */
void journal_close(struct journal *j);

/* How many keys there are. */
size_t journal_count(struct journal *j);

/* Appends the key's last body to out. BT_ENOENT: there is none. */
enum bt_code journal_get(struct journal *j, const uint8_t key[JOURNAL_KEY], struct buf *out,
    struct bt_error *err);

struct journal_record {
	uint8_t key[JOURNAL_KEY];
	struct bt_slice body;	/* empty: the key is to be forgotten */
};

/* All of them are on the disk when it returns. On failure some may be. */
enum bt_code journal_put(struct journal *j, const struct journal_record *records, size_t count,
    struct bt_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Writing canonical bencode onto a struct buf. Keys must come sorted and once each, each followed
 * by one value, containers must be closed: whoever gets it wrong meets an assertion, not a reader.
 * Failure (no memory, over the maximum) is the buf's and sticky: ask buf_failed once.
 */
#ifndef BENCODE_WRITE_H
#define BENCODE_WRITE_H

#include "base/buf.h"

#define WRITE_MAX_DEPTH 128	/* as deep as scan.h reads */

struct write_level {
	size_t key_pos;		/* of the last key's bytes in the buf */
	size_t key_len;
	bool dict;
	bool any_key;
	bool value_due;
};

struct write {
	struct buf *out;
	unsigned depth;
	struct write_level level[WRITE_MAX_DEPTH];
};

void write_init(struct write *w, struct buf *out);

void write_dict(struct write *w);
void write_list(struct write *w);
void write_end(struct write *w);

void write_key(struct write *w, const char *key);
void write_key_slice(struct write *w, struct bt_slice key);

void write_int(struct write *w, int64_t v);
void write_string(struct write *w, const char *text);
void write_slice(struct write *w, struct bt_slice bytes);

/* A value that is bencoded already. */
void write_raw(struct write *w, struct bt_slice value);

/* A string of n bytes to be filled by the caller; NULL on failure. */
uint8_t *write_space(struct write *w, size_t n);

/* A string that is no part of what a struct write writes. */
void write_alone(struct buf *out, struct bt_slice bytes);

/* Everything is closed and nothing failed. */
bool write_finish(const struct write *w);

#endif

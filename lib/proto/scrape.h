/* SPDX-License-Identifier: ISC */
/* Scrape over HTTP (BEP 48): how many peers a tracker knows of some torrents. */
#ifndef PROTO_SCRAPE_H
#define PROTO_SCRAPE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include "bencode/write.h"

struct scrape_entry {
	uint8_t info_hash[20];
	int64_t complete;	/* seeds; -1 absent, as below */
	int64_t incomplete;
	int64_t downloaded;	/* how often it was completed */
	int64_t downloaders;	/* of the incomplete: not paused (BEP 21) */
	struct bt_slice name;	/* borrowed; empty: absent */
};

/* The scrape URL of an announce URL: "announce" directly behind the last '/' of the path becomes
 * "scrape". UDP needs no path: the URL as it is. False: this tracker has no scrape. */
bool scrape_url(struct bt_slice announce_url, struct buf *out);

/* The client's URL: scrape URL with an info_hash for each of the n. */
void scrape_query_write(struct buf *b, struct bt_slice url, const uint8_t (*hashes)[20], size_t n);

/* The tracker's side: writes at most max hashes and returns how many were written. Parameters that
 * are no hash are passed over; none at all asks for everything. */
size_t scrape_query_parse(struct bt_slice query, uint8_t (*out)[20], size_t max);

/* Sorts the entries in place and writes an equal hash once. */
void scrape_reply_write(struct buf *b, struct scrape_entry *entries, size_t n);

/* The same in parts: the hashes of each are greater than those before it. */
void scrape_reply_begin(struct write *w, struct buf *b);
void scrape_reply_part(struct write *w, struct scrape_entry *entries, size_t n);
void scrape_reply_end(struct write *w);

void scrape_failure_write(struct buf *b, struct bt_slice reason);

struct scrape_reply {
	struct vec entries;		/* struct scrape_entry */
	struct bt_slice failure;
	bool failed;			/* failure was there, perhaps empty */
	int64_t min_request_interval;	/* seconds; -1 absent */
};

void scrape_reply_init(struct scrape_reply *r);
void scrape_reply_fini(struct scrape_reply *r);

/* NULL if it has none. */
const struct scrape_entry *scrape_reply_find(const struct scrape_reply *r,
    const uint8_t info_hash[20]);

/* Slices are borrowed from body; *out is initialised by the call and always to be fini'd. */
enum bt_code scrape_reply_parse(struct bt_slice body, struct scrape_reply *out,
    struct bt_error *err);

#endif

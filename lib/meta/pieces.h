/* SPDX-License-Identifier: ISC */
/*
 * The hashes of several pieces at once, SHA-1 of v1 or merkle roots of v2 or both, read in chunks
 * that take turns, so that memory does not grow with the piece length; and the judge who says
 * whether a piece of a torrent answers its own. For those who make torrents, check content or take
 * it from peers; where the bytes come from is their affair.
 */
#ifndef META_PIECES_H
#define META_PIECES_H

#include <btcore/metainfo.h>

#include "base/hash_many.h"
#include "meta/merkle.h"

/* Bytes of a buffer that suits: half of a second cache, so that what was read is still there
 * when it is hashed. */
#define PIECES_BUFFER (512u << 10)

#define PIECES_AT_ONCE 32u	/* more than that are taken in turn */

/* What to make of each piece. */
enum pieces_kind { PIECES_V1, PIECES_V2, PIECES_HYBRID };

struct piece_sum {
	uint64_t offset;	/* in the content */
	uint32_t len;
	/* For roots: bytes at the front that are of a file, at least one; the rest is padding. */
	uint32_t file_len;
	unsigned height;	/* of the root above the blocks; 0: no higher than they need */
	bool read;		/* out: all of it; the hashes asked for are valid */
	uint8_t sha1[SHA1_LEN];
	uint8_t root[SHA256_LEN];
};

#define PIECES_PARTS 64u	/* in which view may give a chunk */

struct pieces_source {
	enum pieces_kind kind;
	void *arg;
	bool (*read)(void *arg, uint64_t offset, uint8_t *to, size_t len); /* all of it, or false */
	uint8_t *buffer;
	size_t size;		/* of the buffer; a few KiB at least, for roots MERKLE_BLOCK */
	/* Or, instead of those three, of what is in memory: where it lies, in parts of MERKLE_BLOCK
	 * bytes of which only the last of a piece may be shorter. Returns how many. */
	unsigned (*view)(void *arg, uint64_t offset, size_t len, struct iovec *parts);
};

/* Fills in read, and sha1, root or both, of each. */
void pieces_sum(const struct pieces_source *from, struct piece_sum *pieces, uint32_t count);

/* -- pieces of a torrent -- */

enum pieces_kind pieces_kind_of(const struct bt_metainfo *m);

/* Where the piece lies and what its root is made of. */
void pieces_plan(const struct bt_metainfo *m, uint32_t piece, struct piece_sum *out);

enum pieces_verdict {
	PIECES_BAD,
	PIECES_GOOD,
	PIECES_UNTOLD	/* its hash is not known: the piece layer is missing */
};

/* Of hashes of the torrent's kind, of a piece that was read. A hybrid's must both be good; if only
 * the SHA-1 is known, that decides. */
enum pieces_verdict pieces_judge(const struct bt_metainfo *m, uint32_t piece,
    const struct piece_sum *p);

/* How many pieces make a job of about job_bytes, when this many are left for all workers:
 * enough to go side by side, but no worker shall idle while another has several. */
uint32_t pieces_a_job(uint32_t piece_length, uint32_t job_bytes, uint32_t left, unsigned workers);

#endif

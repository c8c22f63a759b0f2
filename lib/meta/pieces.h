/* SPDX-License-Identifier: ISC */
/*
 * The hashes of several pieces at once, SHA-1 of v1 or merkle roots of v2 or both, read in chunks
 * that take turns, so that memory does not grow with the piece length. For those who make torrents
 * and those who check content; where the bytes come from is their affair.
 */
#ifndef META_PIECES_H
#define META_PIECES_H

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

struct pieces_source {
	bool (*read)(void *arg, uint64_t offset, uint8_t *to, size_t len); /* all of it, or false */
	void *arg;
	uint8_t *buffer;
	size_t size;		/* of the buffer; a few KiB at least, for roots MERKLE_BLOCK */
	enum pieces_kind kind;
};

/* Fills in read, and sha1, root or both, of each. */
void pieces_sum(const struct pieces_source *from, struct piece_sum *pieces, uint32_t count);

/* How many pieces make a job of about so many bytes, when so many are left for all workers:
 * enough to go side by side, but no worker shall idle while another has several. */
uint32_t pieces_a_job(uint32_t piece_length, uint32_t job_bytes, uint32_t left, unsigned workers);

#endif

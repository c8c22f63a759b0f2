/* SPDX-License-Identifier: ISC */
/*
 * Several digests at once in one thread. On x86 with SHA extensions that is two to three times as
 * fast as one after the other, with AVX-512 three to five times; elsewhere it is OpenSSL one after
 * the other. Nothing is allocated, and the bytes are read where they lie.
 */
#ifndef BASE_HASH_MANY_H
#define BASE_HASH_MANY_H

#include <sys/uio.h>

#include "base/hash.h"

#define HASH_LANES_MAX 16u	/* what hash_many_lanes can say */

/* Zeroed but for iov, it is a whole message. One that comes in chunks is given again and again:
 * `more` on all but the last, `before` counting up, `out` left alone in between. */
struct hash_stream {
	const struct iovec *iov;	/* pieces of any length */
	int iov_count;
	bool more;		/* not the end; these bytes are then a multiple of 64 */
	uint64_t before;	/* bytes given earlier */
	uint8_t out[SHA256_LEN];	/* hash_len bytes of digest */
};

/* Any number of streams of any lengths. */
void hash_many(enum hash_kind kind, struct hash_stream *streams, unsigned count);

/* How many streams are best given together on this processor; 1: nothing is gained. */
unsigned hash_many_lanes(void);

/* Both digests of one buffer: with SHA extensions in little more than the time of one. */
void hash_both(struct bt_slice s, uint8_t sha1[SHA1_LEN], uint8_t sha256[SHA256_LEN]);

/* What hash_many does where it is not, for tests to hold one against the other. */
void hash_many_portable(enum hash_kind kind, struct hash_stream *streams, unsigned count);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Merkle trees of BEP 52: SHA-256, two branches, leaves are blocks of 16 KiB. A tree is built
 * from the hashes of any one layer, given from left to right; missing leaves are zero hashes.
 */
#ifndef META_MERKLE_H
#define META_MERKLE_H

#include <stdbool.h>

#include "base/hash.h"

#define MERKLE_BLOCK 16384u
#define MERKLE_LEVELS 50	/* more than any file of 63 bits needs */

struct merkle {
	unsigned height;	/* of the given layer above the leaves */
	uint64_t count;		/* hashes given; its bits say which nodes wait for a sibling */
	uint8_t node[MERKLE_LEVELS][SHA256_LEN];
};

/* height 0: hashes of blocks will be given; log2(piece length / 16 KiB): a piece layer. */
void merkle_init(struct merkle *m, unsigned height);
void merkle_add(struct merkle *m, const uint8_t hash[SHA256_LEN]);

/* The root over all that was given, at least one; the tree is filled up to a power of two. */
void merkle_root(struct merkle *m, uint8_t out[SHA256_LEN]);

/* The same, filled up to a tree of this height over the leaves: the subtree of one piece. */
void merkle_root_at(struct merkle *m, unsigned height, uint8_t out[SHA256_LEN]);

/* Root of 2^height leaves that are all zero. */
void merkle_pad(unsigned height, uint8_t out[SHA256_LEN]);

/* The root that follows from a node, its index in its layer and its uncles from below. */
void merkle_prove(const uint8_t node[SHA256_LEN], uint64_t index, const uint8_t *uncles,
    size_t uncle_count, uint8_t out[SHA256_LEN]);

/* log2(piece_length / 16 KiB), for a power of two that is not smaller. */
unsigned merkle_piece_height(uint32_t piece_length);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The unit in which content travels: at most 16 KiB (BEP 3), with one owner at each instant.
 * Freed blocks are kept for reuse, warm in the cache, up to a few; one store per loop thread.
 */
#ifndef BASE_BLOCK_H
#define BASE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/cdefs.h"

#define BLOCK_SIZE 16384u

struct block {
	struct block *next;	/* while it is in a chain: whose, its holder says */
	uint8_t data[BLOCK_SIZE];
};

struct block_store {
	struct block *spare;
	size_t spare_count;
	size_t in_use;
};

void block_store_fini(struct block_store *s);

struct block *block_new(struct block_store *s) MUST_USE;
void block_free(struct block_store *s, struct block *b);

#endif

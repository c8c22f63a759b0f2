/* SPDX-License-Identifier: ISC */
/* Does a piece answer its hash? SHA-1 of the bytes, or in torrents of v2 alone the root of the
 * piece's merkle tree (BEP 52). */
#ifndef DISK_PIECE_HASH_H
#define DISK_PIECE_HASH_H

#include <btcore/metainfo.h>

#include "base/hash.h"

struct piece_hash {
	struct hash hash;
	const uint8_t *want;	/* NULL: not known, nothing is good */
};

bool piece_hash_init(struct piece_hash *h, const struct bt_metainfo *meta, uint32_t piece) MUST_USE;
void piece_hash_add(struct piece_hash *h, const uint8_t *data, size_t len);
bool piece_hash_good(struct piece_hash *h);
void piece_hash_fini(struct piece_hash *h);

#endif

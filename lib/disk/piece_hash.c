/* SPDX-License-Identifier: ISC */
#include "disk/piece_hash.h"

#include <string.h>

bool
piece_hash_init(struct piece_hash *h, const struct bt_metainfo *meta, uint32_t piece)
{
	h->want = bt_metainfo_piece_hash(meta, piece);
	return hash_init(&h->hash, HASH_SHA1);
}

void
piece_hash_add(struct piece_hash *h, const uint8_t *data, size_t len)
{
	hash_add(&h->hash, data, len);
}

bool
piece_hash_good(struct piece_hash *h)
{
	uint8_t got[SHA1_LEN];

	hash_end(&h->hash, got);
	return h->want != NULL && memcmp(got, h->want, sizeof(got)) == 0;
}

void
piece_hash_fini(struct piece_hash *h)
{
	hash_fini(&h->hash);
}

/* SPDX-License-Identifier: ISC */
/* The made-up content of the vectors: SHA-256(seed + counter as 64 bits), cut to size. */
#ifndef UNIT_CONTENT_H
#define UNIT_CONTENT_H

#include "base/bytes.h"
#include "base/hash.h"
#include "helper.h"
#include "meta/merkle.h"

/* The caller frees it. */
static inline uint8_t *
make_content(const char *seed, size_t size)
{
	size_t seed_len = strlen(seed);
	uint8_t *out = malloc(size + SHA256_LEN);
	uint8_t in[256];
	uint64_t counter = 0;

	memcpy(in, seed, seed_len);
	for (size_t at = 0; at < size; at += SHA256_LEN) {
		put_be64(in + seed_len, counter++);
		hash_sha256(slice_of(in, seed_len + 8), out + at);
	}
	return out;
}

static inline void
content_root(const uint8_t *data, size_t size, uint8_t out[SHA256_LEN])
{
	uint8_t hash[SHA256_LEN];
	struct merkle m;

	merkle_init(&m, 0);
	for (size_t at = 0; at < size; at += MERKLE_BLOCK) {
		size_t n = size - at < MERKLE_BLOCK ? size - at : MERKLE_BLOCK;

		hash_sha256(slice_of(data + at, n), hash);
		merkle_add(&m, hash);
	}
	merkle_root(&m, out);
}

/* The piece layer, to be freed; *count hashes, 0 if the file is one piece. */
static inline uint8_t *
content_layer(const uint8_t *data, size_t size, uint32_t piece_length, size_t *count)
{
	size_t n = (size + piece_length - 1) / piece_length;
	uint8_t *out = malloc(n * SHA256_LEN + 1);
	uint8_t hash[SHA256_LEN];
	struct merkle m;

	*count = size > piece_length ? n : 0;
	for (size_t i = 0; i < *count; i++) {
		size_t end = (i + 1) * piece_length < size ? (i + 1) * piece_length : size;

		merkle_init(&m, 0);
		for (size_t at = i * piece_length; at < end; at += MERKLE_BLOCK) {
			size_t len = end - at < MERKLE_BLOCK ? end - at : MERKLE_BLOCK;

			hash_sha256(slice_of(data + at, len), hash);
			merkle_add(&m, hash);
		}
		merkle_root_at(&m, merkle_piece_height(piece_length), out + i * SHA256_LEN);
	}
	return out;
}

#endif

/* SPDX-License-Identifier: ISC */
/* SHA-1 and SHA-256 (OpenSSL). */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>

#include "base/cdefs.h"
#include "base/slice.h"

#define SHA1_LEN 20
#define SHA256_LEN 32

enum hash_kind { HASH_SHA1, HASH_SHA256 };

/* A digest in the making. Zeroed is fine to hand to hash_fini. */
struct hash {
	struct evp_md_ctx_st *ctx;
	enum hash_kind kind;
};

static inline size_t
hash_len(enum hash_kind kind)
{
	return kind == HASH_SHA1 ? SHA1_LEN : SHA256_LEN;
}

bool hash_init(struct hash *h, enum hash_kind kind) MUST_USE;
void hash_fini(struct hash *h);

void hash_add(struct hash *h, const void *data, size_t len);

/* Writes hash_len bytes and begins anew. */
void hash_end(struct hash *h, uint8_t *out);

/* One buffer, all at once. */
void hash_sha1(struct bt_slice s, uint8_t out[SHA1_LEN]);
void hash_sha256(struct bt_slice s, uint8_t out[SHA256_LEN]);

#endif

/* SPDX-License-Identifier: ISC */
#include "base/hash.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

/* OpenSSL looks a digest up by name at each init unless it was fetched; once a
 * process is enough. */
static const EVP_MD *
md_of(enum hash_kind kind)
{
	static EVP_MD *md[2];
	EVP_MD *got = __atomic_load_n(&md[kind], __ATOMIC_ACQUIRE);
	EVP_MD *none = NULL;

	if (got != NULL)
		return got;
	got = EVP_MD_fetch(NULL, kind == HASH_SHA1 ? "SHA1" : "SHA256", NULL);
	if (!__atomic_compare_exchange_n(&md[kind], &none, got, false, __ATOMIC_ACQ_REL,
	    __ATOMIC_ACQUIRE)) {
		EVP_MD_free(got);
		got = none;
	}
	return got;
}

bool
hash_init(struct hash *h, enum hash_kind kind)
{
	h->kind = kind;
	h->ctx = EVP_MD_CTX_new();
	if (h->ctx == NULL)
		return false;
	if (EVP_DigestInit_ex(h->ctx, md_of(kind), NULL) != 1) {
		hash_fini(h);
		return false;
	}
	return true;
}

void
hash_fini(struct hash *h)
{
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

void
hash_add(struct hash *h, const void *data, size_t len)
{
	/* Only a broken context can fail here, and hash_init made it. */
	if (EVP_DigestUpdate(h->ctx, data, len) != 1)
		abort();
}

void
hash_end(struct hash *h, uint8_t *out)
{
	if (EVP_DigestFinal_ex(h->ctx, out, NULL) != 1 ||
	    EVP_DigestInit_ex(h->ctx, md_of(h->kind), NULL) != 1)
		abort();
}

void
hash_sha1(struct bt_slice s, uint8_t out[SHA1_LEN])
{
	SHA1(s.ptr, s.len, out);
}

void
hash_sha256(struct bt_slice s, uint8_t out[SHA256_LEN])
{
	SHA256(s.ptr, s.len, out);
}

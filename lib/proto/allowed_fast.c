/* SPDX-License-Identifier: ISC */
#include "proto/allowed_fast.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "proto/limits.h"

static bool
contains(const uint32_t *set, uint32_t n, uint32_t piece)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (set[i] == piece)
			return true;
	}
	return false;
}

uint32_t
allowed_fast_set(const struct addr *peer, const uint8_t info_hash[20], uint32_t piece_count,
    uint32_t k, uint32_t *out)
{
	/* The text knows IPv4 only; in IPv6 a customer has a /64 where it is a /24 there. */
	size_t ip_len = peer->family == ADDR_V6 ? 8 : 4;
	size_t kept = peer->family == ADDR_V6 ? 8 : 3;
	uint8_t x[8 + 20] = { 0 };
	uint8_t digest[SHA1_LEN];
	uint32_t n = 0;
	size_t i;

	if (k > piece_count)
		k = piece_count;
	if (k > ALLOWED_FAST_MAX)
		k = ALLOWED_FAST_MAX;
	memcpy(x, peer->ip, kept);
	memcpy(x + ip_len, info_hash, 20);
	hash_sha1(slice_of(x, ip_len + 20), digest);
	/* Each round draws five pieces evenly, and k is small: all are soon met. */
	while (n < k) {
		for (i = 0; i < 20 && n < k; i += 4) {
			uint32_t piece = get_be32(digest + i) % piece_count;

			if (!contains(out, n, piece))
				out[n++] = piece;
		}
		hash_sha1(slice_of(digest, sizeof(digest)), digest);
	}
	return n;
}

/* SPDX-License-Identifier: ISC */
#include "proto/compact.h"

#include "base/bytes.h"

size_t
compact_len(enum addr_family family)
{
	return family == ADDR_V4 ? COMPACT_V4_LEN : family == ADDR_V6 ? COMPACT_V6_LEN : 0;
}

size_t
compact_write(uint8_t out[COMPACT_V6_LEN], const struct addr *a)
{
	size_t n = addr_ip_len(a);

	if (n == 0)
		return 0;
	memcpy(out, a->ip, n);
	put_be16(out + n, a->port);
	return n + 2;
}

void
compact_add(struct buf *b, const struct addr *a)
{
	uint8_t packed[COMPACT_V6_LEN];

	buf_add(b, packed, compact_write(packed, a));
}

struct addr
compact_read(const uint8_t *in, enum addr_family family)
{
	if (family == ADDR_V4)
		return addr_v4(in, get_be16(in + 4));
	return addr_v6(in, get_be16(in + 16));
}

bool
compact_next(struct bt_slice *rest, enum addr_family family, struct addr *out)
{
	size_t n = compact_len(family);

	if (n == 0 || rest->len < n)
		return false;
	*out = compact_read(rest->ptr, family);
	*rest = slice_skip(*rest, n);
	return true;
}

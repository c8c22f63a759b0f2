/* SPDX-License-Identifier: ISC */
#include "torrent/canonical.h"

#include "base/bytes.h"
#include "base/crc32c.h"

/* BEP 40: the part that a network may choose counts in every second bit only. It begins behind the
 * first bytes, and behind those that are the same. */
static size_t
whole_bytes(const struct addr *a, const struct addr *b)
{
	size_t whole = a->family == ADDR_V4 ? 2 : 6;

	while (whole < addr_ip_len(a) && memcmp(a->ip, b->ip, whole) == 0)
		whole++;
	return whole;
}

uint32_t
canonical_priority(const struct addr *a, const struct addr *b)
{
	size_t len = addr_same_ip(a, b) ? 2 : addr_ip_len(a), whole = whole_bytes(a, b);
	uint8_t first[16], second[16], both[32];
	bool in_order;

	if (addr_same_ip(a, b)) {
		put_be16(first, a->port);
		put_be16(second, b->port);
	} else {
		for (size_t i = 0; i < len; i++) {
			first[i] = i < whole ? a->ip[i] : a->ip[i] & 0x55;
			second[i] = i < whole ? b->ip[i] : b->ip[i] & 0x55;
		}
	}
	in_order = memcmp(first, second, len) < 0;
	memcpy(both, in_order ? first : second, len);
	memcpy(both + len, in_order ? second : first, len);
	return crc32c(slice_of(both, 2 * len));
}

/* SPDX-License-Identifier: ISC */
#include "base/query.h"

#include "base/hex.h"

#include <string.h>

bool
query_unreserved(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '.' || c == '_' || c == '~';
}

void
query_escape(struct buf *b, struct bt_slice s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];

		if (query_unreserved(c)) {
			buf_add_u8(b, c);
		} else {
			uint8_t escaped[3] = { '%', (uint8_t)hex[c >> 4], (uint8_t)hex[c & 15] };

			buf_add(b, escaped, sizeof(escaped));
		}
	}
}

size_t
query_unescape(struct bt_slice s, enum query_plus plus, uint8_t *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++, n++) {
		uint8_t c = s.ptr[i];

		if (c == '%' && s.len - i > 2 && hex_digit(s.ptr[i + 1]) >= 0 &&
		    hex_digit(s.ptr[i + 2]) >= 0) {
			c = (uint8_t)(hex_digit(s.ptr[i + 1]) * 16 + hex_digit(s.ptr[i + 2]));
			i += 2;
		} else if (c == '+' && plus == QUERY_PLUS_IS_SPACE) {
			c = ' ';
		}
		if (n < size)
			out[n] = c;
	}
	return n;
}

static bool
escapes_are_whole(struct bt_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '%' && (s.len - i <= 2 || hex_digit(s.ptr[i + 1]) < 0 ||
		    hex_digit(s.ptr[i + 2]) < 0))
			return false;
	}
	return true;
}

bool
query_unescape_exactly(struct bt_slice s, uint8_t *out, size_t size)
{
	/* What was no escape has left its '%' behind. */
	return query_unescape(s, QUERY_PLUS_STAYS, out, size) == size &&
	    (memchr(out, '%', size) == NULL || escapes_are_whole(s));
}

bool
query_next(struct bt_slice *query, struct bt_slice *name, struct bt_slice *value)
{
	while (query->len > 0) {
		struct bt_slice one = slice_take_until(query, '&');

		if (one.len > 0) {
			*value = one;
			*name = slice_take_until(value, '=');
			return true;
		}
	}
	return false;
}

bool
query_find(struct bt_slice query, const char *name, struct bt_slice *value)
{
	struct bt_slice n, v;

	while (query_next(&query, &n, &v)) {
		if (slice_eq_str(n, name)) {
			*value = v;
			return true;
		}
	}
	return false;
}

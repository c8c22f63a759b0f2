/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

#include <btcore/text.h>

static size_t
decode(struct bt_slice s, uint32_t *out)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t c = s.len > 0 ? s.ptr[0] : 0x80;
	size_t n = c < 0x80 ? 1 : c >= 0xf8 ? 0 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;
	uint32_t v;

	if (n == 0 || n > s.len)
		return 0;
	v = n == 1 ? c : c & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s.ptr[i] & 0x3f);
	}
	/* No overlong forms, no surrogates, nothing beyond Unicode. */
	if ((n > 1 && v < least[n]) || (v >= 0xd800 && v <= 0xdfff) || v > 0x10ffff)
		return 0;
	*out = v;
	return n;
}

size_t
utf8_len(struct bt_slice s)
{
	uint32_t v;

	return decode(s, &v);
}

bool
utf8_valid(struct bt_slice s)
{
	while (s.len > 0) {
		size_t n = utf8_len(s);

		if (n == 0)
			return false;
		s = slice_skip(s, n);
	}
	return true;
}

bool
bt_text_is_control(int32_t point)
{
	return (point >= 0 && point < 0x20) || (point >= 0x7f && point < 0xa0) ||
	    point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

bool
utf8_printable(struct bt_slice one)
{
	uint32_t v;

	return one.len > 0 && decode(one, &v) == one.len && !bt_text_is_control((int32_t)v);
}

bool
bt_text_next(struct bt_slice *s, int32_t *point, struct bt_slice *bytes)
{
	uint32_t v;
	size_t n;

	if (s->len == 0)
		return false;
	n = decode(*s, &v);
	*point = n == 0 ? -1 : (int32_t)v;
	*bytes = slice_of(s->ptr, n == 0 ? 1 : n);
	*s = slice_skip(*s, bytes->len);
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

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
utf8_printable(struct bt_slice one)
{
	uint32_t v;

	if (decode(one, &v) != one.len || one.len == 0)
		return false;
	if (v < 0x20 || (v >= 0x7f && v < 0xa0))
		return false;
	return !(v == 0x200e || v == 0x200f || (v >= 0x2028 && v <= 0x202e) ||
	    (v >= 0x2066 && v <= 0x2069) || v == 0xfeff);
}

/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

#include <btcore/text.h>

static inline bool
follows(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}

/* Bytes of the valid character at p, where there are some, or 0. The second byte says whether it is
 * overlong, a surrogate or beyond Unicode. */
static inline size_t
len_at(const uint8_t *p, size_t left)
{
	uint8_t c = p[0];

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || left < 2 || !follows(p[1]))
		return 0;
	if (c < 0xe0)
		return 2;
	if (left < 3 || !follows(p[2]))
		return 0;
	if (c < 0xf0)
		return (c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] >= 0xa0) ? 0 : 3;
	if (c > 0xf4 || left < 4 || !follows(p[3]))
		return 0;
	return (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] >= 0x90) ? 0 : 4;
}

static size_t
decode(struct bt_slice s, uint32_t *out)
{
	size_t n = utf8_len(s);

	if (n == 0)
		return 0;
	*out = n == 1 ? s.ptr[0] : s.ptr[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		*out = *out << 6 | (s.ptr[i] & 0x3f);
	return n;
}

size_t
utf8_len(struct bt_slice s)
{
	return s.len == 0 ? 0 : len_at(s.ptr, s.len);
}

bool
utf8_valid(struct bt_slice s)
{
	const uint8_t *p = s.ptr, *end = p + s.len;
	size_t n;

	for (;; p += n) {
		while (p < end && *p < 0x80)
			p++;
		if (p == end)
			return true;
		n = len_at(p, (size_t)(end - p));
		if (n == 0)
			return false;
	}
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

/* SPDX-License-Identifier: ISC */
#include "tools/text.h"

#include <string.h>

/* Length of the sequence that this byte begins, or 0. */
static size_t
length_of(uint8_t first)
{
	return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 :
	    first < 0xf5 ? 4 : 0;
}

static int32_t
decode(const uint8_t *p, size_t len)
{
	static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int32_t point = len == 1 ? p[0] : p[0] & (0xff >> (len + 1));

	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		point = point << 6 | (p[i] & 0x3f);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return -1;
	return point;
}

bool
text_next(struct bt_slice *s, int32_t *point, struct bt_slice *bytes)
{
	size_t len;

	if (s->len == 0)
		return false;
	len = length_of(s->ptr[0]);
	*point = len == 0 || len > s->len ? -1 : decode(s->ptr, len);
	if (*point < 0)
		len = 1;
	*bytes = (struct bt_slice){ s->ptr, len };
	s->ptr += len;
	s->len -= len;
	return true;
}

bool
text_is_control(int32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
	    point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069);
}

void
text_print(FILE *out, struct bt_slice s)
{
	struct bt_slice bytes;
	int32_t point;

	while (text_next(&s, &point, &bytes)) {
		if (point >= 0 && !text_is_control(point)) {
			(void)fwrite(bytes.ptr, 1, bytes.len, out);
			continue;
		}
		for (size_t i = 0; i < bytes.len; i++)
			(void)fprintf(out, "\\x%02x", bytes.ptr[i]);
	}
}

void
text_puts(FILE *out, const char *s)
{
	text_print(out, (struct bt_slice){ (const uint8_t *)s, strlen(s) });
}

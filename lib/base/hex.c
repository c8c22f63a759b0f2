/* SPDX-License-Identifier: ISC */
#include "base/hex.h"

int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(struct bt_slice s, uint8_t *out, size_t len)
{
	if (s.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(s.ptr[2 * i]), low = hex_digit(s.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void
hex_write(uint8_t *out, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = (uint8_t)digits[bytes[i] >> 4];
		out[2 * i + 1] = (uint8_t)digits[bytes[i] & 15];
	}
}

void
hex_add(struct buf *b, const uint8_t *bytes, size_t len)
{
	uint8_t *out = buf_add_space(b, 2 * len);

	if (out != NULL)
		hex_write(out, bytes, len);
}

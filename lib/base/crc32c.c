/* SPDX-License-Identifier: ISC */
#include "base/crc32c.h"

uint32_t
crc32c(struct bt_slice data)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < data.len; i++) {
		crc ^= data.ptr[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0x82f63b78 & -(crc & 1));
	}
	return ~crc;
}

/* SPDX-License-Identifier: ISC */
#include "base/bits.h"

#include "base/mem.h"

bool
bits_init(struct bits *b, uint32_t len)
{
	*b = (struct bits){ 0 };
	b->bytes = mem_array(bits_bytes(len), 1);
	if (b->bytes == NULL)
		return false;
	b->len = len;
	return true;
}

void
bits_fini(struct bits *b)
{
	mem_free(b->bytes);
	*b = (struct bits){ 0 };
}

bool
bits_set(struct bits *b, uint32_t i)
{
	if (bits_has(b, i))
		return false;
	b->bytes[i / 8] |= (uint8_t)(0x80u >> (i % 8));
	b->count++;
	return true;
}

bool
bits_clear(struct bits *b, uint32_t i)
{
	if (!bits_has(b, i))
		return false;
	b->bytes[i / 8] &= (uint8_t)~(0x80u >> (i % 8));
	b->count--;
	return true;
}

static void
mask_spare(struct bits *b)
{
	if (b->len % 8 != 0)
		b->bytes[b->len / 8] &= (uint8_t)(0xff00u >> (b->len % 8));
}

void
bits_set_all(struct bits *b)
{
	memset(b->bytes, 0xff, bits_bytes(b->len));
	mask_spare(b);
	b->count = b->len;
}

void
bits_clear_all(struct bits *b)
{
	memset(b->bytes, 0, bits_bytes(b->len));
	b->count = 0;
}

bool
bits_load(struct bits *b, struct bt_slice wire)
{
	uint32_t count = 0;

	if (wire.len != bits_bytes(b->len))
		return false;
	if (wire.len > 0)
		memcpy(b->bytes, wire.ptr, wire.len);
	mask_spare(b);
	for (size_t i = 0; i < wire.len; i++)
		count += (uint32_t)__builtin_popcount(b->bytes[i]);
	b->count = count;
	return true;
}

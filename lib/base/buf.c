/* SPDX-License-Identifier: ISC */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/mem.h"

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_fini(struct buf *b)
{
	mem_free(b->ptr);
	*b = (struct buf){ 0 };
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

bool
buf_expect(struct buf *b, size_t n)
{
	size_t cap = (n < b->max ? n : b->max) + 1;

	if (b->ptr != NULL)
		return true;
	b->ptr = mem_large(cap);
	b->cap = b->ptr == NULL ? 0 : cap;
	return b->ptr != NULL;
}

/* Room for n more bytes and a NUL. */
static bool
buf_reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap < 64 ? 64 : b->cap;
	uint8_t *ptr;

	if (b->failed || n > b->max - b->len) {
		b->failed = true;
		return false;
	}
	if (b->cap > b->len + n)
		return true;
	while (cap <= b->len + n)
		cap = cap > SIZE_MAX / 2 ? SIZE_MAX : cap * 2;
	ptr = mem_grow(b->ptr, cap, 1);
	if (ptr == NULL) {
		b->failed = true;
		return false;
	}
	b->ptr = ptr;
	b->cap = cap;
	return true;
}

uint8_t *
buf_add_space(struct buf *b, size_t n)
{
	uint8_t *p;

	if (!buf_reserve(b, n))
		return NULL;
	p = b->ptr + b->len;
	b->len += n;
	return p;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	uint8_t *to = buf_add_space(b, n);

	if (to != NULL && n > 0)
		memcpy(to, p, n);
}

void
buf_add_slice(struct buf *b, struct bt_slice s)
{
	buf_add(b, s.ptr, s.len);
}

void
buf_add_u8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}

void
buf_add_be16(struct buf *b, uint16_t v)
{
	uint8_t *p = buf_add_space(b, 2);

	if (p != NULL)
		put_be16(p, v);
}

void
buf_add_be32(struct buf *b, uint32_t v)
{
	uint8_t *p = buf_add_space(b, 4);

	if (p != NULL)
		put_be32(p, v);
}

void
buf_add_be64(struct buf *b, uint64_t v)
{
	uint8_t *p = buf_add_space(b, 8);

	if (p != NULL)
		put_be64(p, v);
}

void
buf_add_unsigned(struct buf *b, uint64_t v)
{
	char digits[20], *end = digits + sizeof(digits), *p = end;

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	buf_add(b, p, (size_t)(end - p));
}

void
buf_add_decimal(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_add_u8(b, '-');
	buf_add_unsigned(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !buf_reserve(b, (size_t)n)) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_drop(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n > 0 && n < b->len)
		memmove(b->ptr, b->ptr + n, b->len - n);
	b->len -= n;
}

const char *
buf_cstr(struct buf *b)
{
	if (!buf_reserve(b, 0))
		return "";
	b->ptr[b->len] = '\0';
	return (const char *)b->ptr;
}

/* SPDX-License-Identifier: ISC */
#include "base/slice.h"

#include <strings.h>

#include "base/mem.h"

int
slice_cmp(struct bt_slice a, struct bt_slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int r = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

	if (r != 0)
		return r;
	return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

bool
slice_eq_nocase(struct bt_slice a, const char *s)
{
	return a.len == strlen(s) && strncasecmp((const char *)a.ptr, s, a.len) == 0;
}

size_t
slice_index(struct bt_slice s, uint8_t c)
{
	const uint8_t *p = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);

	return p == NULL ? s.len : (size_t)(p - s.ptr);
}

struct bt_slice
slice_skip(struct bt_slice s, size_t n)
{
	return n == 0 ? s : slice_of(s.ptr + n, s.len - n);	/* ptr may be NULL */
}

struct bt_slice
slice_trim(struct bt_slice s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = slice_skip(s, 1);
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

bool
slice_u64(struct bt_slice s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9' ||
		    __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.ptr[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

char *
slice_dup(struct bt_slice s)
{
	char *copy = mem_alloc(s.len + 1);

	if (copy == NULL)
		return NULL;
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

struct bt_slice
slice_take_until(struct bt_slice *s, uint8_t c)
{
	size_t n = slice_index(*s, c);
	struct bt_slice front = slice_of(s->ptr, n);

	*s = slice_skip(*s, n < s->len ? n + 1 : n);
	return front;
}

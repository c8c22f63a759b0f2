/* SPDX-License-Identifier: ISC */
#include "meta/safe_name.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/num.h"
#include "base/utf8.h"

#define STEM_MAX 240		/* bytes that are left of a name that is too long */
#define EXTENSION_MAX 9		/* with its dot; a longer one is none */

static bool
is_dots(struct bt_slice s)
{
	return s.len > 0 && s.len <= 2 && s.ptr[0] == '.' && s.ptr[s.len - 1] == '.';
}

static bool
is_control(uint8_t c)
{
	return c < ' ' || c == 0x7f;
}

#define BYTES(c) (0x0101010101010101u * (uint64_t)(c))

/* The upper bit of each byte of 0 is set in the result; perhaps of others, if there is one. */
static inline uint64_t
zeros(uint64_t word)
{
	return (word - BYTES(1)) & ~word & BYTES(0x80);
}

/* Whether some of eight bytes are control characters or '/'. */
static inline bool
has_unsafe(uint64_t word)
{
	return ((((word - BYTES(' ')) & ~word) | zeros(word ^ BYTES(0x7f)) |
	    zeros(word ^ BYTES('/'))) & BYTES(0x80)) != 0;
}

bool
safe_name_is(struct bt_slice element)
{
	uint64_t all = 0, word = BYTES('a');
	size_t at = 0;

	if (element.len == 0 || element.len > SAFE_NAME_MAX || is_dots(element))
		return false;
	for (; element.len - at >= 8; at += 8) {
		memcpy(&word, element.ptr + at, 8);
		if (has_unsafe(word))
			return false;
		all |= word;
	}
	/* The last few, with some of those before them again. */
	if (element.len >= 8)
		memcpy(&word, element.ptr + element.len - 8, 8);
	else
		memcpy(&word, element.ptr, element.len);
	all |= word;
	if (has_unsafe(word))
		return false;
	return (all & BYTES(0x80)) == 0 || utf8_valid(element);
}

/* What of the element fits into max bytes, whole characters. Gives what is left of it. */
static struct bt_slice
spell(struct bt_slice element, size_t max, char *out, size_t *len)
{
	const uint8_t under[] = { '_' };

	for (*len = 0; element.len > 0;) {
		size_t n = utf8_len(element), put = max_u64(n, 1);
		uint8_t c = element.ptr[0];

		if (c == '/' || c == '\0')
			put = 0;
		if (put > max - *len)
			break;
		memcpy(out + *len, n == 0 || is_control(c) ? under : element.ptr, put);
		*len += put;
		element = slice_skip(element, n == 0 ? 1 : n);
	}
	return element;
}

/* The last dot and what is behind it, or nothing. */
static struct bt_slice
extension_of(struct bt_slice element)
{
	for (size_t n = 1; n <= EXTENSION_MAX && n <= element.len; n++) {
		if (element.ptr[element.len - n] == '.')
			return slice_skip(element, element.len - n);
	}
	return SLICE_NONE;
}

size_t
safe_name(struct bt_slice element, char out[SAFE_NAME_MAX])
{
	size_t len, more;

	if (spell(element, SAFE_NAME_MAX, out, &len).len > 0) {
		(void)spell(element, STEM_MAX, out, &len);
		(void)spell(extension_of(element), SAFE_NAME_MAX - len, out + len, &more);
		len += more;
	}
	if (len == 0 || is_dots(slice_of(out, len))) {
		out[0] = '_';
		len = 1;
	}
	return len;
}

size_t
safe_name_numbered(struct bt_slice safe, uint64_t number, char out[SAFE_NAME_MAX])
{
	struct bt_slice extension = extension_of(safe);
	size_t len, digits;
	char text[24];

	digits = (size_t)snprintf(text, sizeof(text), ".%" PRIu64, number);
	(void)spell(slice_of(safe.ptr, safe.len - extension.len),
	    SAFE_NAME_MAX - digits - extension.len, out, &len);
	memcpy(out + len, text, digits);
	len += digits;
	if (extension.len > 0)
		memcpy(out + len, extension.ptr, extension.len);
	return len + extension.len;
}

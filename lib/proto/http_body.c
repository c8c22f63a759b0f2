/* SPDX-License-Identifier: ISC */
#include "proto/http_body.h"

#include "base/num.h"
#include "proto/limits.h"

/* A chunk of more is refused long before, for there is no room for it. */
#define SIZE_DIGITS_MAX 15

enum {
	CONTENT,	/* of a known length */
	SIZE,		/* "1f; extension" */
	EXTENSION,
	SIZE_END,	/* its LF */
	CHUNK,
	CHUNK_CR,
	CHUNK_LF,
	TRAILER,	/* a header line, or the empty one that ends it all */
	TRAILER_END,
	WHOLE,
	BROKEN
};

void
http_body_init(struct http_body *b, const struct http_head *head)
{
	*b = (struct http_body){ .state = head->chunked ? SIZE : CONTENT,
		.left = head->chunked ? 0 : (uint64_t)head->content_length };
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static int
take_size(struct http_body *b, uint8_t c)
{
	int digit = hex_digit(c);

	if (digit >= 0) {
		b->left = b->left << 4 | (unsigned)digit;
		return ++b->digits <= SIZE_DIGITS_MAX ? SIZE : BROKEN;
	}
	if (b->digits == 0)
		return BROKEN;
	return c == '\r' ? SIZE_END : c == ';' || c == ' ' || c == '\t' ? EXTENSION : BROKEN;
}

static int
take_extension(struct http_body *b, uint8_t c)
{
	if (c == '\r')
		return SIZE_END;
	if (++b->line > HTTP_CHUNK_LINE_MAX || (c < ' ' && c != '\t') || c == 0x7f)
		return BROKEN;
	return EXTENSION;
}

static int
begin_chunk(struct http_body *b)
{
	b->digits = b->line = 0;
	return b->left > 0 ? CHUNK : TRAILER;
}

static int
take_trailer(struct http_body *b, uint8_t c)
{
	if (c == '\r')
		return TRAILER_END;
	b->line++;
	if (++b->spent > HTTP_TRAILER_MAX || (c < ' ' && c != '\t') || c == 0x7f)
		return BROKEN;
	return TRAILER;
}

static int
end_trailer_line(struct http_body *b)
{
	bool empty = b->line == 0;

	b->line = 0;
	return empty ? WHOLE : TRAILER;
}

/* One byte of what frames the chunks. */
static int
take_byte(struct http_body *b, uint8_t c)
{
	switch (b->state) {
	case SIZE: return take_size(b, c);
	case EXTENSION: return take_extension(b, c);
	case SIZE_END: return c == '\n' ? begin_chunk(b) : BROKEN;
	case CHUNK_CR: return c == '\r' ? CHUNK_LF : BROKEN;
	case CHUNK_LF: return c == '\n' ? SIZE : BROKEN;
	case TRAILER: return take_trailer(b, c);
	case TRAILER_END: return c == '\n' ? end_trailer_line(b) : BROKEN;
	default: return BROKEN;
	}
}

static void
take_content(struct http_body *b, struct bt_slice *in, struct buf *out)
{
	size_t n = (size_t)min_u64(b->left, in->len);

	buf_add(out, in->ptr, n);
	*in = slice_skip(*in, n);
	b->left -= n;
	if (buf_failed(out))
		b->state = BROKEN;
	else if (b->left == 0)
		b->state = b->state == CHUNK ? CHUNK_CR : WHOLE;
}

enum step
http_body_feed(struct http_body *b, struct bt_slice *in, struct buf *out)
{
	while (in->len > 0 && b->state != WHOLE && b->state != BROKEN) {
		if (b->state == CONTENT || b->state == CHUNK) {
			take_content(b, in, out);
		} else {
			b->state = take_byte(b, in->ptr[0]);
			*in = slice_skip(*in, 1);
		}
	}
	return b->state == WHOLE ? STEP_DONE : b->state == BROKEN ? STEP_BAD : STEP_MORE;
}

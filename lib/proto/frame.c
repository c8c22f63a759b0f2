/* SPDX-License-Identifier: ISC */
#include "proto/frame.h"

#include <assert.h>

#include "base/bytes.h"
#include "proto/handshake.h"
#include "proto/limits.h"
#include "proto/msg.h"

/* BEP 3's id of a piece message, and its bytes before the content as the length counts them. */
#define PIECE_BODY_HEAD 9u

void
frame_init(struct frame *f, struct block_store *blocks)
{
	*f = (struct frame){ .blocks = blocks, .handshake_due = HANDSHAKE_LEN, .ahead_want = 1 };
	buf_init(&f->body, MSG_LEN_MAX);
}

void
frame_fini(struct frame *f)
{
	buf_fini(&f->body);
	block_free(f->blocks, f->content);
	for (unsigned i = 0; i < f->ahead_count; i++)
		block_free(f->blocks, f->ahead[i]);
	*f = (struct frame){ 0 };
}

void
frame_set_piece_count(struct frame *f, uint32_t count)
{
	f->piece_count = count;
}

/* -- where to read to -- */

static void
offer(struct frame *f, struct iovec *iov, uint8_t *ptr, size_t len, int block)
{
	f->segments[f->segment_count] = (struct frame_segment){ ptr, len, block };
	iov[f->segment_count++] = (struct iovec){ ptr, len };
	f->offered += len;
}

/* As many empty blocks as the last reads suggest, and not more than will be filled. */
static void
stock_blocks(struct frame *f, unsigned expect)
{
	unsigned want = expect < f->ahead_want ? expect : f->ahead_want;

	while (f->ahead_count > want)
		block_free(f->blocks, f->ahead[--f->ahead_count]);
	while (f->ahead_count < want) {
		struct block *b = block_new(f->blocks);

		if (b == NULL)
			break;
		f->ahead[f->ahead_count++] = b;
	}
}

int
frame_space(struct frame *f, unsigned expect, struct iovec iov[FRAME_IOV_MAX])
{
	f->segment_count = f->segment = 0;
	f->offered = 0;
	if (f->content != NULL) {
		offer(f, iov, f->content->data + f->content_fill,
		    f->content_len - f->content_fill, -1);
		expect = expect > 0 ? expect - 1 : 0;
	} else if (f->in_message || f->handshake_due > 0) {
		expect = 0;
	}
	stock_blocks(f, expect);
	/* A head of which a part is here already is completed by what is missing of it. */
	for (unsigned i = 0; i < f->ahead_count; i++) {
		size_t have = i == 0 && f->content == NULL ? f->head_len : 0;

		offer(f, iov, f->heads[i], FRAME_CONTENT_HEAD - have, -1);
		offer(f, iov, f->ahead[i]->data, BLOCK_SIZE, (int)i);
	}
	offer(f, iov, f->rest, sizeof(f->rest), -1);
	return (int)f->segment_count;
}

void
frame_filled(struct frame *f, size_t n)
{
	bool filled = n + sizeof(f->rest) >= f->offered;

	if (filled && f->ahead_want < FRAME_BLOCKS_MAX)
		f->ahead_want *= 2;
	else if (n < f->offered / 4 && f->ahead_want > 1)
		f->ahead_want /= 2;
	for (unsigned i = 0; i < f->segment_count; i++) {
		struct frame_segment *s = &f->segments[i];

		s->len = n < s->len ? n : s->len;
		n -= s->len;
	}
}

/* -- taking apart what was read -- */

/* The bytes that come next, in one piece; len 0: nothing left. */
static struct frame_segment *
current(struct frame *f)
{
	while (f->segment < f->segment_count && f->segments[f->segment].len == 0)
		f->segment++;
	return f->segment < f->segment_count ? &f->segments[f->segment] : NULL;
}

static void
advance(struct frame_segment *s, size_t n)
{
	s->ptr += n;
	s->len -= n;
}

/* Moves up to want bytes to `to`, unless they lie there already. Returns how many. */
static size_t
gather(struct frame *f, uint8_t *to, size_t want)
{
	struct frame_segment *s;
	size_t got = 0;

	while (got < want && (s = current(f)) != NULL) {
		size_t n = s->len < want - got ? s->len : want - got;

		if (s->ptr != to + got)
			memcpy(to + got, s->ptr, n);
		advance(s, n);
		got += n;
	}
	return got;
}

/* Gathers until body is total bytes long. */
static enum step
gather_body(struct frame *f, size_t total)
{
	size_t have = f->body.len;
	uint8_t *to = buf_add_space(&f->body, total - have);

	if (to == NULL)
		return STEP_BAD;
	f->body.len = have + gather(f, to, total - have);
	return f->body.len == total ? STEP_DONE : STEP_MORE;
}

static enum step
give_body(struct frame *f, struct frame_event *out, enum frame_kind kind)
{
	*out = (struct frame_event){ .kind = kind, .body = buf_slice(&f->body) };
	return STEP_DONE;
}

static enum step
next_handshake(struct frame *f, struct frame_event *out)
{
	bool head = f->handshake_due == HANDSHAKE_LEN;
	struct handshake wrong;
	enum step step = gather_body(f, head ? HANDSHAKE_HEAD_LEN : HANDSHAKE_LEN);

	/* Another protocol is not waited for. */
	if (handshake_parse_head(buf_slice(&f->body), &wrong) == STEP_BAD)
		return STEP_BAD;
	if (step != STEP_DONE)
		return step;
	f->handshake_due = head ? HANDSHAKE_LEN - HANDSHAKE_HEAD_LEN : 0;
	f->body_given = !head;
	return give_body(f, out, head ? FRAME_HANDSHAKE_HEAD : FRAME_HANDSHAKE);
}

/* If the content that begins here was read into a block of its own, and nothing else lies in that
 * block, the block is taken as it is. */
static struct block *
take_in_place(struct frame *f)
{
	struct frame_segment *s = current(f);
	struct block *b;
	int i;

	if (s == NULL || s->block < 0 || s->len > f->content_len)
		return NULL;
	i = s->block;
	b = f->ahead[i];
	if (b == NULL || s->ptr != b->data)
		return NULL;
	f->ahead[i] = NULL;
	return b;
}

static enum step
begin_content(struct frame *f)
{
	uint32_t len = get_be32(f->head) - PIECE_BODY_HEAD;

	f->index = get_be32(f->head + 5);
	f->begin = get_be32(f->head + 9);
	f->content_len = len;
	f->content_fill = 0;
	f->head_len = 0;
	f->content = take_in_place(f);
	if (f->content == NULL)
		f->content = block_new(f->blocks);
	return f->content == NULL ? STEP_BAD : STEP_DONE;
}

static enum step
next_content(struct frame *f, struct frame_event *out)
{
	f->content_fill += (uint32_t)gather(f, f->content->data + f->content_fill,
	    f->content_len - f->content_fill);
	if (f->content_fill < f->content_len)
		return STEP_MORE;
	*out = (struct frame_event){ .kind = FRAME_CONTENT, .index = f->index, .begin = f->begin,
		.len = f->content_len, .block = f->content };
	f->content = NULL;
	return STEP_DONE;
}

static enum step
gather_head(struct frame *f, size_t want)
{
	if (f->head_len < want)
		f->head_len += gather(f, f->head + f->head_len, want - f->head_len);
	return f->head_len >= want ? STEP_DONE : STEP_MORE;
}

/* Length and id, and for content index and begin; leaves the frame in a message or in content. */
static enum step
next_head(struct frame *f)
{
	enum step step = gather_head(f, 4);

	if (step != STEP_DONE)
		return step;
	f->message_len = get_be32(f->head);
	if (f->message_len == 0) {
		f->head_len = 0;
		f->in_message = true;
		return STEP_DONE;
	}
	step = gather_head(f, 5);
	if (step != STEP_DONE)
		return step;
	if (!msg_length_ok(f->message_len, f->head[4], f->piece_count))
		return STEP_BAD;
	if (f->head[4] == WIRE_PIECE && f->message_len > PIECE_BODY_HEAD) {
		step = gather_head(f, FRAME_CONTENT_HEAD);
		return step == STEP_DONE ? begin_content(f) : step;
	}
	buf_add_u8(&f->body, f->head[4]);
	f->head_len = 0;
	f->in_message = true;
	return STEP_DONE;
}

/* The blocks that were offered and not taken move together, for the next reading. */
static void
close_gaps(struct frame *f)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < f->ahead_count; i++) {
		if (f->ahead[i] != NULL)
			f->ahead[kept++] = f->ahead[i];
	}
	f->ahead_count = kept;
}

static enum step
next_event(struct frame *f, struct frame_event *out)
{
	enum step step;

	if (f->handshake_due > 0)
		return next_handshake(f, out);
	if (f->content == NULL && !f->in_message) {
		step = next_head(f);
		if (step != STEP_DONE)
			return step;
	}
	if (f->content != NULL)
		return next_content(f, out);
	step = gather_body(f, f->message_len);
	if (step != STEP_DONE)
		return step;
	f->in_message = false;
	f->body_given = true;
	return give_body(f, out, FRAME_MESSAGE);
}

enum step
frame_next(struct frame *f, struct frame_event *out)
{
	enum step step;

	if (f->body_given) {
		buf_clear(&f->body);
		f->body_given = false;
	}
	step = next_event(f, out);
	if (step == STEP_MORE) {
		assert(current(f) == NULL);
		close_gaps(f);
	}
	return step;
}

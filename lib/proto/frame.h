/* SPDX-License-Identifier: ISC */
/*
 * From a byte stream to handshake, messages and content (BEP 3). The frame says where the next
 * bytes should be read to, so that content goes from the socket straight into blocks: while blocks
 * are expected it offers [head][block][head][block]..., and as long as the peer sends what it was
 * asked for, nothing is copied. Any other byte sequence is taken apart correctly too, at the price
 * of a copy. Pure: whoever reads the socket calls space, filled, then next until STEP_MORE.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <sys/uio.h>

#include "base/block.h"
#include "base/buf.h"
#include "base/step.h"

#define FRAME_BLOCKS_MAX 16
#define FRAME_IOV_MAX (2 * FRAME_BLOCKS_MAX + 2)
#define FRAME_CONTENT_HEAD 13	/* length, id, index, begin */

enum frame_kind {
	FRAME_HANDSHAKE_HEAD,	/* body: 48 bytes, through the info-hash */
	FRAME_HANDSHAKE,	/* body: all 68 bytes */
	FRAME_MESSAGE,		/* body: id and payload; an empty body is a keepalive */
	FRAME_CONTENT		/* a piece message: block is the caller's now */
};

struct frame_event {
	enum frame_kind kind;
	struct bt_slice body;	/* borrowed until the next call */
	uint32_t index;
	uint32_t begin;
	uint32_t len;
	struct block *block;
};

struct frame_segment {
	uint8_t *ptr;
	size_t len;
	int block;		/* which of ahead[] it lies in, or -1 */
};

struct frame {
	struct block_store *blocks;
	uint32_t piece_count;	/* bounds a bitfield; 0: not known yet */
	unsigned handshake_due;	/* bytes of handshake that are still to be reported: 68, 20, 0 */
	struct buf body;	/* the message or handshake being gathered */
	bool body_given;	/* it was handed out: forget it at the next call */
	uint8_t head[FRAME_CONTENT_HEAD];
	size_t head_len;
	uint32_t message_len;	/* of the message whose head is complete; body counts up to it */
	bool in_message;
	struct block *content;	/* the block being filled */
	uint32_t content_len, content_fill, index, begin;
	struct block *ahead[FRAME_BLOCKS_MAX]; /* offered to the socket, not yet known as content */
	uint8_t heads[FRAME_BLOCKS_MAX][FRAME_CONTENT_HEAD];
	unsigned ahead_count;
	unsigned ahead_want;	/* grows while reads fill everything offered */
	uint8_t rest[4096];
	struct frame_segment segments[FRAME_IOV_MAX];
	unsigned segment_count, segment;
	size_t offered;
};

void frame_init(struct frame *f, struct block_store *blocks);
void frame_fini(struct frame *f);

/* How many pieces the torrent has: bounds what a bitfield may be long. */
void frame_set_piece_count(struct frame *f, uint32_t count);

/* Where to read to; expect is how many content messages are due. Returns the number of iov. */
int frame_space(struct frame *f, unsigned expect, struct iovec iov[FRAME_IOV_MAX]);

/* n bytes were read there. */
void frame_filled(struct frame *f, size_t n);

/* STEP_DONE: *out is set. STEP_MORE: all was taken in. STEP_BAD: the peer broke the protocol. */
enum step frame_next(struct frame *f, struct frame_event *out);

#endif

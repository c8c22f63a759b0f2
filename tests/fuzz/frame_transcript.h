/* SPDX-License-Identifier: ISC */
/*
 * What a frame says of some bytes, written down: once by the frame itself, fed in parts of any
 * size, and once by a decoder so simple that it is right. Shared by fuzz_frame and test_frame.
 */
#ifndef FRAME_TRANSCRIPT_H
#define FRAME_TRANSCRIPT_H

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "proto/frame.h"
#include "proto/handshake.h"
#include "proto/msg.h"

#define TRANSCRIPT_MAX (16u << 20)

static inline void
transcript_add(struct buf *b, enum frame_kind kind, uint32_t index, uint32_t begin,
    struct bt_slice bytes)
{
	buf_add_u8(b, (uint8_t)('a' + (int)kind));
	buf_add_be32(b, index);
	buf_add_be32(b, begin);
	buf_add_be32(b, (uint32_t)bytes.len);
	buf_add_slice(b, bytes);
}

static inline void
transcript_of_bytes(struct buf *b, struct bt_slice in, uint32_t piece_count)
{
	if (memcmp(in.ptr, "\x13" "BitTorrent protocol", in.len < 20 ? in.len : 20) != 0) {
		buf_add_str(b, "bad");
		return;
	}
	if (in.len >= HANDSHAKE_HEAD_LEN)
		transcript_add(b, FRAME_HANDSHAKE_HEAD, 0, 0, slice_of(in.ptr, HANDSHAKE_HEAD_LEN));
	if (in.len < HANDSHAKE_LEN)
		return;
	transcript_add(b, FRAME_HANDSHAKE, 0, 0, slice_of(in.ptr, HANDSHAKE_LEN));
	in = slice_skip(in, HANDSHAKE_LEN);
	while (in.len >= 4) {
		uint32_t len = get_be32(in.ptr);

		if (len > 0 && in.len < 5)
			return;
		if (len > 0 && !msg_length_ok(len, in.ptr[4], piece_count)) {
			buf_add_str(b, "bad");
			return;
		}
		if (in.len - 4 < len)
			return;
		if (len > 9 && in.ptr[4] == WIRE_PIECE)
			transcript_add(b, FRAME_CONTENT, get_be32(in.ptr + 5),
			    get_be32(in.ptr + 9), slice_of(in.ptr + 13, len - 9));
		else
			transcript_add(b, FRAME_MESSAGE, 0, 0, slice_of(in.ptr + 4, len));
		in = slice_skip(in, 4 + (size_t)len);
	}
}

/* Parts of at most `most` bytes, drawn from *chance; most 0: as much as the frame offers. */
static inline void
transcript_of_frame(struct buf *b, struct bt_slice in, uint32_t piece_count, unsigned expect,
    size_t most, uint64_t *chance)
{
	struct block_store blocks = { 0 };
	struct frame f;
	enum step step = STEP_MORE;

	frame_init(&f, &blocks);
	frame_set_piece_count(&f, piece_count);
	while (in.len > 0 && step == STEP_MORE) {
		struct iovec iov[FRAME_IOV_MAX];
		int n = frame_space(&f, expect, iov);
		size_t part = in.len, filled = 0;
		struct frame_event e;

		*chance = *chance * 6364136223846793005u + 1442695040888963407u;
		if (most > 0 && part > 1 + (*chance >> 33) % most)
			part = 1 + (*chance >> 33) % most;
		for (int i = 0; i < n && filled < part; i++) {
			size_t here = part - filled < iov[i].iov_len ? part - filled :
			    iov[i].iov_len;

			memcpy(iov[i].iov_base, in.ptr + filled, here);
			filled += here;
		}
		in = slice_skip(in, filled);
		frame_filled(&f, filled);
		while ((step = frame_next(&f, &e)) == STEP_DONE) {
			if (e.kind == FRAME_CONTENT)
				transcript_add(b, e.kind, e.index, e.begin,
				    slice_of(e.block->data, e.len));
			else
				transcript_add(b, e.kind, 0, 0, e.body);
			if (e.kind == FRAME_CONTENT)
				block_free(&blocks, e.block);
		}
	}
	if (step == STEP_BAD)
		buf_add_str(b, "bad");
	frame_fini(&f);
	if (blocks.in_use != 0)
		abort();
	block_store_fini(&blocks);
}

#endif

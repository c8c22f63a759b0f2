/* SPDX-License-Identifier: ISC */
#include "proto/msg.h"

#include "base/bits.h"
#include "base/rd.h"
#include "proto/limits.h"

/* Length in bytes with the id, for types whose length is fixed. */
static const struct {
	const char *name;
	uint8_t len;
} types[] = {
	[WIRE_CHOKE] = { "choke", 1 },
	[WIRE_UNCHOKE] = { "unchoke", 1 },
	[WIRE_INTERESTED] = { "interested", 1 },
	[WIRE_NOT_INTERESTED] = { "not interested", 1 },
	[WIRE_HAVE] = { "have", 5 },
	[WIRE_BITFIELD] = { "bitfield", 0 },
	[WIRE_REQUEST] = { "request", 13 },
	[WIRE_PIECE] = { "piece", 0 },
	[WIRE_CANCEL] = { "cancel", 13 },
	[WIRE_PORT] = { "port", 3 },
	[WIRE_SUGGEST] = { "suggest", 5 },
	[WIRE_HAVE_ALL] = { "have all", 1 },
	[WIRE_HAVE_NONE] = { "have none", 1 },
	[WIRE_REJECT] = { "reject", 13 },
	[WIRE_ALLOWED_FAST] = { "allowed fast", 5 },
	[WIRE_EXTENDED] = { "extended", 0 },
	[WIRE_HASH_REQUEST] = { "hash request", 49 },
	[WIRE_HASHES] = { "hashes", 0 },
	[WIRE_HASH_REJECT] = { "hash reject", 49 },
};

const char *
wire_type_name(enum wire_type type)
{
	if (type == WIRE_KEEPALIVE)
		return "keepalive";
	if ((unsigned)type >= COUNT_OF(types) || types[type].name == NULL)
		return "unknown";
	return types[type].name;
}

bool
msg_length_ok(uint32_t len, uint8_t id, uint32_t piece_count)
{
	if (len == 0 || len > MSG_LEN_MAX)
		return false;
	switch (id) {
	case WIRE_BITFIELD:
		return piece_count == 0 ? len > 1 : len - 1 == bits_bytes(piece_count);
	case WIRE_PIECE:
		return len > 9 && len <= 9 + BLOCK_LEN;
	case WIRE_EXTENDED:
		return len >= 2 && len <= 1 + MSG_EXTENDED_MAX;
	case WIRE_HASHES:
		return len >= 49 && (len - 49) % 32 == 0 &&
		    (len - 49) / 32 <= MSG_HASHES_MAX + MSG_PROOFS_MAX;
	default:
		return id < COUNT_OF(types) && types[id].len != 0 && len == types[id].len;
	}
}

/* BEP 52 */
static void
read_hash_fields(struct rd *r, struct msg *out)
{
	out->root = rd_take(r, 32).ptr;
	out->base_layer = rd_be32(r);
	out->index = rd_be32(r);
	out->length = rd_be32(r);
	out->proof_layers = rd_be32(r);
}

static void
read_fields(struct rd *r, struct msg *out)
{
	switch (out->type) {
	case WIRE_HAVE:
	case WIRE_SUGGEST:
	case WIRE_ALLOWED_FAST:
		out->index = rd_be32(r);
		break;
	case WIRE_REQUEST:
	case WIRE_CANCEL:
	case WIRE_REJECT:
		out->index = rd_be32(r);
		out->begin = rd_be32(r);
		out->length = rd_be32(r);
		break;
	case WIRE_BITFIELD:
		out->data = rd_take(r, r->rest.len);
		break;
	case WIRE_PIECE:
		out->index = rd_be32(r);
		out->begin = rd_be32(r);
		out->data = rd_take(r, r->rest.len);
		break;
	case WIRE_PORT:
		out->port = rd_be16(r);
		break;
	case WIRE_EXTENDED:
		out->ext_id = rd_u8(r);
		out->data = rd_take(r, r->rest.len);
		break;
	case WIRE_HASH_REQUEST:
	case WIRE_HASH_REJECT:
		read_hash_fields(r, out);
		break;
	case WIRE_HASHES:
		read_hash_fields(r, out);
		out->data = rd_take(r, r->rest.len);
		break;
	default:
		break;
	}
}

enum step
msg_parse(struct bt_slice body, struct msg *out)
{
	struct rd r = rd_of(body);

	*out = (struct msg){ .type = WIRE_KEEPALIVE };
	if (body.len == 0)
		return STEP_DONE;
	if (body.len > MSG_LEN_MAX || !msg_length_ok((uint32_t)body.len, body.ptr[0], 0))
		return STEP_BAD;
	out->type = (enum wire_type)rd_u8(&r);
	read_fields(&r, out);
	return rd_done(&r) ? STEP_DONE : STEP_BAD;
}

/* Length and id; body_len is what follows them. */
static void
write_head(struct buf *b, enum wire_type type, size_t body_len)
{
	buf_add_be32(b, (uint32_t)(1 + body_len));
	buf_add_u8(b, (uint8_t)type);
}

static void
write_index(struct buf *b, enum wire_type type, uint32_t index)
{
	write_head(b, type, 4);
	buf_add_be32(b, index);
}

static void
write_block(struct buf *b, enum wire_type type, uint32_t index, uint32_t begin, uint32_t length)
{
	write_head(b, type, 12);
	buf_add_be32(b, index);
	buf_add_be32(b, begin);
	buf_add_be32(b, length);
}

static void
write_hashes(struct buf *b, const struct msg *m)
{
	write_head(b, m->type, 48 + m->data.len);
	buf_add(b, m->root, 32);
	buf_add_be32(b, m->base_layer);
	buf_add_be32(b, m->index);
	buf_add_be32(b, m->length);
	buf_add_be32(b, m->proof_layers);
	buf_add_slice(b, m->data);
}

void
msg_write(struct buf *b, const struct msg *m)
{
	switch (m->type) {
	case WIRE_HAVE:
	case WIRE_SUGGEST:
	case WIRE_ALLOWED_FAST:
		write_index(b, m->type, m->index);
		break;
	case WIRE_BITFIELD:
		msg_write_bitfield(b, m->data);
		break;
	case WIRE_REQUEST:
	case WIRE_CANCEL:
	case WIRE_REJECT:
		write_block(b, m->type, m->index, m->begin, m->length);
		break;
	case WIRE_PIECE:
		msg_write_piece_head(b, m->index, m->begin, (uint32_t)m->data.len);
		buf_add_slice(b, m->data);
		break;
	case WIRE_PORT:
		msg_write_port(b, m->port);
		break;
	case WIRE_EXTENDED:
		msg_write_extended(b, m->ext_id, m->data);
		break;
	case WIRE_HASH_REQUEST:
	case WIRE_HASHES:
	case WIRE_HASH_REJECT:
		write_hashes(b, m);
		break;
	default:
		msg_write_bare(b, m->type);
		break;
	}
}

void
msg_write_bare(struct buf *b, enum wire_type type)
{
	if (type == WIRE_KEEPALIVE)
		buf_add_be32(b, 0);
	else
		write_head(b, type, 0);
}

void
msg_write_have(struct buf *b, uint32_t index)
{
	write_index(b, WIRE_HAVE, index);
}

void
msg_write_suggest(struct buf *b, uint32_t index)
{
	write_index(b, WIRE_SUGGEST, index);
}

void
msg_write_allowed_fast(struct buf *b, uint32_t index)
{
	write_index(b, WIRE_ALLOWED_FAST, index);
}

void
msg_write_bitfield(struct buf *b, struct bt_slice bits)
{
	write_head(b, WIRE_BITFIELD, bits.len);
	buf_add_slice(b, bits);
}

void
msg_write_request(struct buf *b, uint32_t index, uint32_t begin, uint32_t length)
{
	write_block(b, WIRE_REQUEST, index, begin, length);
}

void
msg_write_cancel(struct buf *b, uint32_t index, uint32_t begin, uint32_t length)
{
	write_block(b, WIRE_CANCEL, index, begin, length);
}

void
msg_write_reject(struct buf *b, uint32_t index, uint32_t begin, uint32_t length)
{
	write_block(b, WIRE_REJECT, index, begin, length);
}

void
msg_write_port(struct buf *b, uint16_t port)
{
	write_head(b, WIRE_PORT, 2);
	buf_add_be16(b, port);
}

void
msg_write_extended(struct buf *b, uint8_t ext_id, struct bt_slice payload)
{
	write_head(b, WIRE_EXTENDED, 1 + payload.len);
	buf_add_u8(b, ext_id);
	buf_add_slice(b, payload);
}

void
msg_write_piece_head(struct buf *b, uint32_t index, uint32_t begin, uint32_t length)
{
	uint8_t *to = buf_add_space(b, MSG_PIECE_HEAD_LEN);

	if (to != NULL)
		msg_put_piece_head(to, index, begin, length);
}

void
msg_put_piece_head(uint8_t out[MSG_PIECE_HEAD_LEN], uint32_t index, uint32_t begin, uint32_t length)
{
	put_be32(out, MSG_PIECE_HEAD_LEN - 4 + length);
	out[4] = WIRE_PIECE;
	put_be32(out + 5, index);
	put_be32(out + 9, begin);
}

void
msg_get_piece_head(const uint8_t head[MSG_PIECE_HEAD_LEN], struct msg *out)
{
	*out = (struct msg){
		.type = WIRE_PIECE,
		.index = get_be32(head + 5),
		.begin = get_be32(head + 9),
		.length = get_be32(head) - (MSG_PIECE_HEAD_LEN - 4),
	};
}

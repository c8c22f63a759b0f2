/* SPDX-License-Identifier: ISC */
/*
 * The messages of the peer wire: BEP 3, 5 (port), 6 (fast), 10 (extended), 52 (hashes). Lengths are
 * strict, meaning is not judged: whether an index exists or a message is allowed now, the peer
 * knows. Slices are borrowed from the bytes that were parsed.
 */
#ifndef PROTO_MSG_H
#define PROTO_MSG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/step.h"

enum wire_type {
	WIRE_CHOKE = 0,
	WIRE_UNCHOKE = 1,
	WIRE_INTERESTED = 2,
	WIRE_NOT_INTERESTED = 3,
	WIRE_HAVE = 4,
	WIRE_BITFIELD = 5,
	WIRE_REQUEST = 6,
	WIRE_PIECE = 7,
	WIRE_CANCEL = 8,
	WIRE_PORT = 9,
	WIRE_SUGGEST = 13,
	WIRE_HAVE_ALL = 14,
	WIRE_HAVE_NONE = 15,
	WIRE_REJECT = 16,
	WIRE_ALLOWED_FAST = 17,
	WIRE_EXTENDED = 20,
	WIRE_HASH_REQUEST = 21,
	WIRE_HASHES = 22,
	WIRE_HASH_REJECT = 23,
	WIRE_KEEPALIVE = 256	/* the message without a type: length 0 */
};

/* Bytes of a piece message before the content: length, type, index, begin. */
#define MSG_PIECE_HEAD_LEN 13

struct msg {
	enum wire_type type;
	/* have, request, piece, cancel, reject, suggest, allowed fast: piece; hash messages: the
	 * first hash of the layer */
	uint32_t index;
	uint32_t begin;		/* request, piece, cancel, reject: byte in the piece */
	uint32_t length;	/* request, cancel, reject: bytes; hash messages: hashes */
	uint16_t port;		/* port */
	uint8_t ext_id;		/* extended: the id we gave out; 0 the handshake */
	uint32_t base_layer;	/* hash messages */
	uint32_t proof_layers;	/* hash messages */
	const uint8_t *root;	/* hash messages: 32 bytes */
	/* bitfield, piece: the bytes; extended: the payload; hashes: n * 32 */
	struct bt_slice data;
};

/* "piece", "have all" ...; "unknown" for what is not in the enum. */
const char *wire_type_name(enum wire_type type);

/* Can a message of this id be len bytes long, id included? False also for unknown ids. len is not
 * 0. piece_count 0: not known yet (no metadata), then any bitfield up to the limit will do. */
bool msg_length_ok(uint32_t len, uint8_t id, uint32_t piece_count);

/* One whole message without its length in front; empty is a keepalive. STEP_DONE or STEP_BAD.
 * A bitfield's length is not compared with the number of pieces: msg_length_ok or bits_load do. */
enum step msg_parse(struct bt_slice body, struct msg *out);

/* Any message, with its length in front. */
void msg_write(struct buf *b, const struct msg *m);

/* The same, a word each. bare: choke ... not interested, have all, have none, keepalive. */
void msg_write_bare(struct buf *b, enum wire_type type);
void msg_write_have(struct buf *b, uint32_t index);
void msg_write_suggest(struct buf *b, uint32_t index);
void msg_write_allowed_fast(struct buf *b, uint32_t index);
void msg_write_bitfield(struct buf *b, struct bt_slice bits);
void msg_write_request(struct buf *b, uint32_t index, uint32_t begin, uint32_t length);
void msg_write_cancel(struct buf *b, uint32_t index, uint32_t begin, uint32_t length);
void msg_write_reject(struct buf *b, uint32_t index, uint32_t begin, uint32_t length);
void msg_write_port(struct buf *b, uint16_t port);
void msg_write_extended(struct buf *b, uint8_t ext_id, struct bt_slice payload);

/* Only the 13 bytes before the content; the length bytes that follow go another way. */
void msg_write_piece_head(struct buf *b, uint32_t index, uint32_t begin, uint32_t length);
void msg_put_piece_head(uint8_t out[MSG_PIECE_HEAD_LEN], uint32_t index, uint32_t begin,
    uint32_t length);

/* Reads back what msg_put_piece_head wrote: index, begin and length of *out are set. */
void msg_get_piece_head(const uint8_t head[MSG_PIECE_HEAD_LEN], struct msg *out);

#endif

/* SPDX-License-Identifier: ISC */
#include "peer/peer.h"

#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "proto/msg.h"

#define HANDSHAKE_PATIENCE (20 * SECOND)

/* libtorrent drops a peer that is silent for 120 s. */
#define KEEPALIVE_AFTER (100 * SECOND)

/* Improper messages that are forgiven; libtorrent's number for invalid requests. */
#define STRIKES_MAX 300

/* Whole sets of pieces that a peer may send: one, and one more when it knows better. */
#define BITFIELDS_FREE 2

/* Readings of one peer in one turn, so that a fast one does not hold the others up. */
#define READS_A_TURN 4

const char *
peer_state_name(enum peer_state state)
{
	static const char *const names[] = { "handshake", "open", "closed" };

	return names[state];
}

static void
become(struct peer *p, enum peer_state state, const char *why, usec now)
{
	p->state = state;
	if (state == PEER_CLOSED) {
		stream_set_reading(p->stream, false);
		p->ops->on_closed(p->arg, p, why, now);
	}
}

void
peer_close(struct peer *p, const char *why, usec now)
{
	if (p->state != PEER_CLOSED)
		become(p, PEER_CLOSED, why, now);
}

static void
strike(struct peer *p, usec now)
{
	if (++p->strikes > STRIKES_MAX)
		peer_close(p, "too many improper messages", now);
}

/* -- what we say -- */

static void
send_buf(struct peer *p, struct buf *b, usec now)
{
	if (buf_failed(b))
		peer_close(p, "out of memory", now);
	else if (p->state != PEER_CLOSED)
		stream_write(p->stream, buf_slice(b));
	buf_fini(b);
	p->last_sent = now;
}

static void
send_msg(struct peer *p, const struct msg *m, usec now)
{
	struct buf b;

	buf_init(&b, MSG_LEN_MAX + 4);
	msg_write(&b, m);
	send_buf(p, &b, now);
}

void
peer_send_ext_handshake(struct peer *p, const struct ext_handshake *ours, usec now)
{
	struct buf payload;

	if (!handshake_has(&p->ours, HANDSHAKE_EXTENSIONS) ||
	    !handshake_has(&p->theirs, HANDSHAKE_EXTENSIONS))
		return;
	memcpy(p->our_ids, ours->ids, sizeof(p->our_ids));
	buf_init(&payload, MSG_EXTENDED_MAX);
	ext_handshake_write(&payload, ours);
	send_msg(p, &(struct msg){ .type = WIRE_EXTENDED, .data = buf_slice(&payload) }, now);
	buf_fini(&payload);
}

void
peer_send_bitfield(struct peer *p, const struct bits *have, usec now)
{
	if (p->fast && (have->count == 0 || bits_full(have)))
		send_msg(p, &(struct msg){ .type = have->count == 0 ? WIRE_HAVE_NONE :
		    WIRE_HAVE_ALL }, now);
	else if (have->count > 0)
		send_msg(p, &(struct msg){ .type = WIRE_BITFIELD, .data = bits_slice(have) }, now);
}

void
peer_send_have(struct peer *p, uint32_t piece, usec now)
{
	send_msg(p, &(struct msg){ .type = WIRE_HAVE, .index = piece }, now);
}


void
peer_send_interest(struct peer *p, bool interested, usec now)
{
	if (p->am_interested == interested)
		return;
	p->am_interested = interested;
	send_msg(p, &(struct msg){ .type = interested ? WIRE_INTERESTED : WIRE_NOT_INTERESTED },
	    now);
}

void
peer_send_request(struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	send_msg(p, &(struct msg){ .type = WIRE_REQUEST, .index = piece, .begin = begin,
	    .length = len }, now);
}

void
peer_send_cancel(struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	send_msg(p, &(struct msg){ .type = WIRE_CANCEL, .index = piece, .begin = begin,
	    .length = len }, now);
}

void
peer_send_reject(struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	if (p->fast)
		send_msg(p, &(struct msg){ .type = WIRE_REJECT, .index = piece, .begin = begin,
		    .length = len }, now);
}

void
peer_send_allowed_fast(struct peer *p, uint32_t piece, usec now)
{
	if (p->fast)
		send_msg(p, &(struct msg){ .type = WIRE_ALLOWED_FAST, .index = piece }, now);
}

/* What waits is taken back, for it would come behind the choke: most peers have forgotten then
 * that they asked, and those of BEP 6 are told. */
void
peer_send_choke(struct peer *p, bool choke, usec now)
{
	uint8_t head[SENDQ_HEAD_MAX];

	if (p->am_choking == choke)
		return;
	p->am_choking = choke;
	send_msg(p, &(struct msg){ .type = choke ? WIRE_CHOKE : WIRE_UNCHOKE }, now);
	while (choke && stream_take_back(p->stream, head)) {
		struct msg m;

		msg_get_piece_head(head, &m);
		peer_send_reject(p, m.index, m.begin, m.length, now);
	}
}

void
peer_send_file(struct peer *p, uint32_t piece, uint32_t begin, const struct sendq_file *file,
    usec now)
{
	uint8_t head[MSG_PIECE_HEAD_LEN];

	msg_put_piece_head(head, piece, begin, file->len);
	stream_write_file(p->stream, slice_of(head, sizeof(head)), file);
	p->last_sent = now;
}

void
peer_send_block(struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, struct block *b,
    usec now)
{
	uint8_t head[MSG_PIECE_HEAD_LEN];

	msg_put_piece_head(head, piece, begin, len);
	stream_write_block(p->stream, slice_of(head, sizeof(head)), b, len);
	p->last_sent = now;
}

/* -- what it says -- */

static bool
is_piece(const struct peer *p, uint32_t index)
{
	return index < p->have.len;
}

/* A range of one piece, of a length that we serve and ask for. */
static bool
is_block(const struct peer *p, const struct msg *m)
{
	uint32_t size;

	if (!is_piece(p, m->index) || m->length == 0 || m->length > BLOCK_LEN)
		return false;
	size = bt_metainfo_piece_size(p->meta, m->index);
	return m->begin < size && m->length <= size - m->begin;
}

static void
handle_have(struct peer *p, uint32_t index, usec now)
{
	if (p->meta == NULL) {
		if (!early_add_have(&p->early, index))
			peer_close(p, "too many haves before the metadata", now);
	} else if (!is_piece(p, index))
		peer_close(p, "have of a piece that does not exist", now);
	else if (bits_set(&p->have, index))
		p->ops->on_have(p->arg, p, index, now);
}

static void
handle_early_bitfield(struct peer *p, const struct msg *m, usec now)
{
	if (m->type != WIRE_BITFIELD)
		early_set_all(&p->early, m->type == WIRE_HAVE_ALL);
	else if (!early_set_bitfield(&p->early, m->data))
		peer_close(p, "out of memory", now);
}

static bool
says_nothing_new(const struct peer *p, const struct msg *m)
{
	return (m->type == WIRE_HAVE_ALL && bits_full(&p->have)) ||
	    (m->type == WIRE_HAVE_NONE && p->have.count == 0);
}

/* Also have all and have none. A second one is the new state, as other clients take it; many are
 * an attack, for each may cost a walk through all pieces. */
static void
handle_bitfield(struct peer *p, const struct msg *m, usec now)
{
	struct bits before = p->have, fresh;

	if (++p->bitfields > BITFIELDS_FREE)
		strike(p, now);
	if (p->state == PEER_CLOSED || says_nothing_new(p, m))
		return;
	if (!bits_init(&fresh, before.len)) {
		peer_close(p, "out of memory", now);
		return;
	}
	if (m->type == WIRE_HAVE_ALL)
		bits_set_all(&fresh);
	if (m->type == WIRE_BITFIELD && !bits_load(&fresh, m->data)) {
		bits_fini(&fresh);
		peer_close(p, "bitfield of wrong length", now);
		return;
	}
	p->have = fresh;
	p->ops->on_bitfield(p->arg, p, &before, now);
	bits_fini(&before);
}

static void
take_bitfield(struct peer *p, const struct msg *m, usec now)
{
	if (p->meta == NULL)
		handle_early_bitfield(p, m, now);
	else
		handle_bitfield(p, m, now);
}

static void
handle_request(struct peer *p, const struct msg *m, usec now)
{
	if (is_block(p, m)) {
		p->ops->on_request(p->arg, p, m->index, m->begin, m->length, now);
		return;
	}
	peer_send_reject(p, m->index, m->begin, m->length, now);
	strike(p, now);
}

static void
handle_ext_handshake(struct peer *p, const struct msg *m, usec now)
{
	/* Other clients forgive a broken one too. */
	if (ext_handshake_parse(m->data, &p->ext) != STEP_DONE) {
		strike(p, now);
		return;
	}
	if (p->ext.v.len > 0) {
		size_t len = p->ext.v.len < EXT_CLIENT_MAX / 4 ? p->ext.v.len : EXT_CLIENT_MAX / 4;

		(void)log_escape(slice_of(p->ext.v.ptr, len), p->client, sizeof(p->client));
	}
	p->ext.v = SLICE_NONE;
	p->ops->on_extended(p->arg, p, now);
}

static void
handle_donthave(struct peer *p, struct bt_slice payload, usec now)
{
	uint32_t index = payload.len == 4 ? get_be32(payload.ptr) : UINT32_MAX;

	/* What is kept of it until then is searched through: not without end. */
	if (p->meta == NULL)
		early_remove_have(&p->early, index);
	if (!is_piece(p, index))
		strike(p, now);
	else if (bits_clear(&p->have, index))
		p->ops->on_lost(p->arg, p, index, now);
}

static void
handle_extended(struct peer *p, const struct msg *m, usec now)
{
	if (m->ext_id == 0) {
		handle_ext_handshake(p, m, now);
		return;
	}
	for (int i = 0; i < EXT_COUNT; i++) {
		if (p->our_ids[i] != m->ext_id)
			continue;
		if (i == EXT_DONTHAVE)
			handle_donthave(p, m->data, now);
		else
			p->ops->on_ext(p->arg, p, (enum ext_name)i, m->data, now);
		return;
	}
	strike(p, now);
}

static void
handle_fast(struct peer *p, const struct msg *m, usec now)
{
	if (!p->fast) {
		peer_close(p, "fast message without the fast extension", now);
		return;
	}
	if (m->type == WIRE_HAVE_ALL || m->type == WIRE_HAVE_NONE)
		take_bitfield(p, m, now);
	else if (m->type == WIRE_REJECT)
		p->ops->on_reject(p->arg, p, m->index, m->begin, m->length, now);
	else if (m->type == WIRE_ALLOWED_FAST && is_piece(p, m->index))
		p->ops->on_allowed_fast(p->arg, p, m->index, now);
}

static void
set_choking(struct peer *p, bool choking, usec now)
{
	if (p->peer_choking == choking)
		return;
	p->peer_choking = choking;
	p->ops->on_choke(p->arg, p, now);
}

static void
set_interested(struct peer *p, bool interested, usec now)
{
	if (p->peer_interested == interested)
		return;
	p->peer_interested = interested;
	p->ops->on_interest(p->arg, p, now);
}

static void
handle_msg(struct peer *p, const struct msg *m, usec now)
{
	switch (m->type) {
	case WIRE_CHOKE: set_choking(p, true, now); break;
	case WIRE_UNCHOKE: set_choking(p, false, now); break;
	case WIRE_INTERESTED: set_interested(p, true, now); break;
	case WIRE_NOT_INTERESTED: set_interested(p, false, now); break;
	case WIRE_HAVE: handle_have(p, m->index, now); break;
	case WIRE_BITFIELD: take_bitfield(p, m, now); break;
	case WIRE_REQUEST: handle_request(p, m, now); break;
	case WIRE_CANCEL:
		p->ops->on_cancel(p->arg, p, m->index, m->begin, m->length, now);
		break;
	case WIRE_SUGGEST:
	case WIRE_HAVE_ALL:
	case WIRE_HAVE_NONE:
	case WIRE_REJECT:
	case WIRE_ALLOWED_FAST: handle_fast(p, m, now); break;
	case WIRE_EXTENDED: handle_extended(p, m, now); break;
	case WIRE_KEEPALIVE:
	case WIRE_PORT: break;
	case WIRE_PIECE: strike(p, now); break;	/* of no bytes */
	case WIRE_HASH_REQUEST:
	case WIRE_HASHES:
	case WIRE_HASH_REJECT: peer_close(p, "hash message on a v1 connection", now); break;
	}
}

static void
handle_content(struct peer *p, const struct frame_event *e, usec now)
{
	const struct msg m = { .index = e->index, .begin = e->begin, .length = e->len };

	meter_add(&p->down, e->len);
	if (p->expect > 0)
		p->expect--;
	if (is_block(p, &m)) {
		p->ops->on_block(p->arg, p, e->index, e->begin, e->len, e->block, now);
		return;
	}
	block_free(p->frame.blocks, e->block);
	peer_close(p, "content outside the torrent", now);
}

static void
handle_handshake_head(struct peer *p, struct bt_slice body, usec now)
{
	if (handshake_parse_head(body, &p->theirs) != STEP_DONE) {
		peer_close(p, "not a BitTorrent handshake", now);
	} else if (memcmp(p->theirs.info_hash, p->ours.info_hash, 20) != 0) {
		peer_close(p, "answered for another torrent", now);
	}
}

static void
handle_handshake(struct peer *p, struct bt_slice body, usec now)
{
	if (handshake_parse(body, &p->theirs) != STEP_DONE) {
		peer_close(p, "not a BitTorrent handshake", now);
		return;
	}
	p->fast = handshake_has(&p->ours, HANDSHAKE_FAST) &&
	    handshake_has(&p->theirs, HANDSHAKE_FAST);
	become(p, PEER_OPEN, "handshake done", now);
	p->ops->on_open(p->arg, p, now);
}

static void
handle_event(struct peer *p, const struct frame_event *e, usec now)
{
	struct msg m;

	switch (e->kind) {
	case FRAME_HANDSHAKE_HEAD: handle_handshake_head(p, e->body, now); return;
	case FRAME_HANDSHAKE: handle_handshake(p, e->body, now); return;
	case FRAME_CONTENT: handle_content(p, e, now); return;
	case FRAME_MESSAGE: break;
	}
	if (msg_parse(e->body, &m) != STEP_DONE)
		peer_close(p, "malformed message", now);
	else
		handle_msg(p, &m, now);
}

/* -- the stream's calls -- */

static void
take_apart(struct peer *p, usec now)
{
	struct frame_event e;
	enum step step = STEP_MORE;

	while (p->state != PEER_CLOSED && (step = frame_next(&p->frame, &e)) == STEP_DONE)
		handle_event(p, &e, now);
	if (p->state != PEER_CLOSED && step == STEP_BAD)
		peer_close(p, p->state == PEER_HANDSHAKE ? "not a BitTorrent handshake" :
		    "malformed message", now);
}

static void
readable(void *arg, usec now)
{
	struct peer *p = arg;

	for (int i = 0; i < READS_A_TURN && p->state != PEER_CLOSED; i++) {
		struct iovec iov[FRAME_IOV_MAX];
		int n = frame_space(&p->frame, p->expect, iov);
		size_t offered = p->frame.offered;
		ssize_t got = stream_readv(p->stream, iov, n);

		if (got == 0)
			peer_close(p, "closed by the peer", now);
		if (got <= 0)
			break;
		p->last_received = now;
		frame_filled(&p->frame, (size_t)got);
		take_apart(p, now);
		if ((size_t)got < offered)
			break;
	}
	if (p->state == PEER_OPEN)
		p->ops->on_read(p->arg, p, now);
}

static void
sent(void *arg, usec now, size_t content)
{
	struct peer *p = arg;

	meter_add(&p->up, content);
	if (p->state == PEER_OPEN)
		p->ops->on_sent(p->arg, p, (uint32_t)content, now);
}

static void
broken(void *arg, usec now, const char *why)
{
	peer_close(arg, why, now);
}

static const struct stream_user stream_calls = {
	.readable = readable,
	.sent = sent,
	.broken = broken,
};

/* -- life -- */

struct peer *
peer_new(struct stream *s, struct block_store *blocks, const struct peer_ops *ops, void *arg,
    usec now)
{
	struct peer *p = mem_zero(sizeof(*p));

	if (p == NULL) {
		stream_free(s);
		return NULL;
	}
	p->stream = s;
	p->ops = ops;
	p->arg = arg;
	p->am_choking = p->peer_choking = true;
	p->opened = p->last_received = p->last_sent = now;
	frame_init(&p->frame, blocks);
	early_init(&p->early);
	ext_handshake_init(&p->ext);
	stream_set_user(s, &stream_calls, p);
	return p;
}

void
peer_free(struct peer *p)
{
	if (p == NULL)
		return;
	stream_free(p->stream);
	frame_fini(&p->frame);
	bits_fini(&p->have);
	early_fini(&p->early);
	mem_free(p);
}

void
peer_join(struct peer *p, const struct handshake *ours, const struct peer_ops *ops, void *arg,
    usec now)
{
	uint8_t bytes[HANDSHAKE_LEN];

	p->ours = *ours;
	p->ops = ops;
	p->arg = arg;
	handshake_write(bytes, ours);
	stream_write(p->stream, slice_of(bytes, sizeof(bytes)));
	p->last_sent = now;
}

bool
peer_learn(struct peer *p, const struct bt_metainfo *meta, usec now)
{
	if (!bits_init(&p->have, bt_metainfo_piece_count(meta))) {
		peer_close(p, "out of memory", now);
		return false;
	}
	p->meta = meta;
	frame_set_piece_count(&p->frame, p->have.len);
	if (early_settle(&p->early, &p->have))
		return true;
	peer_close(p, "has pieces that do not exist", now);
	return false;
}

/* As if it had been read by us. */
static void
take_first(struct peer *p, struct bt_slice first, usec now)
{
	while (first.len > 0 && p->state != PEER_CLOSED) {
		struct iovec iov[FRAME_IOV_MAX];
		int n = frame_space(&p->frame, 0, iov);
		size_t at = 0;

		for (int i = 0; i < n && at < first.len; i++) {
			size_t part = (size_t)min_u64(iov[i].iov_len, first.len - at);

			memcpy(iov[i].iov_base, first.ptr + at, part);
			at += part;
		}
		frame_filled(&p->frame, at);
		take_apart(p, now);
		first = slice_skip(first, at);
	}
}

void
peer_start(struct peer *p, struct bt_slice first, usec now)
{
	take_first(p, first, now);
	if (p->state != PEER_CLOSED)
		stream_set_reading(p->stream, true);
}

void
peer_tick(struct peer *p, usec now, usec timeout)
{
	if (p->state == PEER_HANDSHAKE && now - p->opened > HANDSHAKE_PATIENCE)
		peer_close(p, "no handshake in time", now);
	if (p->state != PEER_OPEN)
		return;
	if (now - p->last_received > timeout) {
		peer_close(p, "silent for too long", now);
		return;
	}
	if (now - p->last_sent > KEEPALIVE_AFTER)
		send_msg(p, &(struct msg){ .type = WIRE_KEEPALIVE }, now);
	meter_tick(&p->down, now);
	meter_tick(&p->up, now);
}

unsigned
peer_reqq(const struct peer *p)
{
	if (p->ext.reqq <= 0)
		return REQQ_OUT_DEFAULT;
	return p->ext.reqq < REQQ_OUT_MAX ? (unsigned)p->ext.reqq : REQQ_OUT_MAX;
}

/* SPDX-License-Identifier: ISC */
/*
 * One torrent and the world that it sees, for tests that drive it message by message: partners on
 * streams in memory, a content that answers when it is told to, and time that stands still. What
 * the torrent does is written down in words. After each step its invariants are asserted.
 */
#ifndef UNIT_TORRENT_RIG_H
#define UNIT_TORRENT_RIG_H

#include <stdarg.h>

#include "peer/memory_stream.h"
#include "proto/msg.h"
#include "small_meta.h"
#include "torrent/model.h"

#define PIECES 8u
#define BLOCKS 4u
#define PIECE (BLOCKS * BLOCK_SIZE)
#define PARTNERS 12

struct partner {
	struct memory_stream stream;
	uint8_t id[20];
	bool fast;
	bool greeted;		/* its handshake from us was taken off */
	bool gone;		/* the torrent did not take it */
};

static struct rig {
	usec now;
	struct torrent *t;
	struct bt_metainfo *meta;
	struct block_store blocks;
	struct rng rng;
	struct announce_urls urls;
	struct torrent_opts opts;
	struct torrent_hashes hashes;
	struct partner partner[PARTNERS];
	struct content content;
	bool has_content, busy;
	struct content_read reads[64];
	unsigned read_count;
	uint64_t announce_id;
	uint64_t left;		/* as announced last */
	char did[2000];		/* what the torrent did, a word each */
	char heard[4000];	/* the last answer of rig_heard */
} r;

static inline void
did(const char *fmt, ...)
{
	size_t len = strlen(r.did);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(r.did + len, sizeof(r.did) - len, fmt, ap);
	va_end(ap);
}

/* Did it do just this since the last time? */
static inline void
expect_did(const char *want)
{
	ck_assert_str_eq(r.did, want);
	r.did[0] = '\0';
}

/* -- its content -- */

static inline void
fake_put(struct content *c, uint32_t piece, uint32_t begin, struct block *b, uint32_t len)
{
	(void)c;
	(void)piece;
	(void)begin;
	(void)len;
	block_free(&r.blocks, b);
}

static inline void
fake_finish(struct content *c, uint32_t piece)
{
	(void)c;
	did("finish%u ", piece);
}

static inline bool
fake_read(struct content *c, const struct content_read *what, struct sendq_file *out)
{
	(void)c;
	(void)out;
	ck_assert_uint_lt(r.read_count, COUNT_OF(r.reads));
	r.reads[r.read_count++] = *what;
	return false;
}

static inline void
fake_check(struct content *c, const struct bits *which)
{
	(void)c;
	if (which == NULL)
		did("check ");
	else
		did("check-%u ", which->count);
}

static inline void
fake_cancel_check(struct content *c)
{
	(void)c;
	did("cancel-check ");
}

static inline void
fake_empty(struct content *c)
{
	(void)c;
	did("empty-files ");
}

static inline void
fake_choose(struct content *c, const struct bits *wanted)
{
	(void)c;
	did("choose-%u ", wanted->count);
}

static inline void
fake_probe(struct content *c)
{
	(void)c;
	did("probe ");
}

static inline bool
fake_busy(const struct content *c)
{
	(void)c;
	return r.busy;
}

static inline void
fake_free(struct content *c)
{
	(void)c;
	r.has_content = false;
}

static const struct content_ops fake_ops = {
	.put = fake_put,
	.finish = fake_finish,
	.read = fake_read,
	.check = fake_check,
	.cancel_check = fake_cancel_check,
	.make_empty_files = fake_empty,
	.choose = fake_choose,
	.probe = fake_probe,
	.busy = fake_busy,
	.free = fake_free,
};

/* -- its owner -- */

static inline void
on_dial(void *arg, struct torrent *t, const struct dial_wish *wish, usec now)
{
	(void)arg;
	(void)t;
	(void)now;
	did("dial%u ", wish->to.ip[1]);
}

static inline void
on_event(void *arg, struct torrent *t, const struct bt_event *e)
{
	(void)arg;
	(void)t;
	if (e->type == BT_EVENT_STATE)
		did("%s ", bt_torrent_state_name(e->as.state.to));
	else if (e->type == BT_EVENT_PEER_BANNED)
		did("banned(%s) ", e->as.peer.ip);
	else if (e->type == BT_EVENT_PIECE)
		did("piece%u! ", e->as.piece.index);
	else if (e->type != BT_EVENT_TRACKER)
		did(e->type == BT_EVENT_COMPLETE ? "complete! " : "error! ");
}

static inline bool
on_announce(void *arg, struct torrent *t, uint64_t id, const char *url, enum addr_family family,
    const struct announce_req *req)
{
	(void)arg;
	(void)t;
	(void)url;
	(void)family;
	r.announce_id = id;
	r.left = req->left;
	did("announce(%s) ", announce_event_name(req->event));
	return true;
}

static inline void
on_cancel(void *arg, struct torrent *t, uint64_t id)
{
	(void)arg;
	(void)t;
	(void)id;
}

static inline void
on_due(void *arg, struct torrent *t, usec when)
{
	(void)arg;
	(void)t;
	(void)when;
}

static inline void
on_wake(void *arg, struct torrent *t)
{
	(void)arg;
	(void)t;
	did("wake ");
}

static inline void
on_slept(void *arg, struct torrent *t)
{
	(void)arg;
	(void)t;
	did("slept ");
}

static const struct torrent_ops owner_ops = {
	.dial = on_dial,
	.event = on_event,
	.announce = on_announce,
	.announce_cancel = on_cancel,
	.due = on_due,
	.wake = on_wake,
	.slept = on_slept,
};

/* -- life -- */

static const uint8_t our_peer_id[20] = "-TEST00-us__________";

static inline void
rig_new(void)
{
	memset(&r, 0, sizeof(r));
	r.now = 100 * SECOND;
	rng_seed(&r.rng, 1);
	announce_urls_init(&r.urls);
	r.meta = small_meta((uint64_t)PIECES * PIECE - 5, PIECE);
	torrent_hashes_of(r.meta, &r.hashes);
	r.opts = (struct torrent_opts){ .rng = &r.rng, .urls = &r.urls,
		.blocks = &r.blocks, .port = 6881, .families = ANNOUNCE_V4,
		.max_uploads = 2, .max_peers = 32, .max_initiate = 20, .min_peers = 0,
		.request_backlog = 10, .peer_timeout = 300 * SECOND, .snub_time = 30 * SECOND };
	r.t = torrent_new(&r.opts, &r.hashes, our_peer_id, &owner_ops, NULL);
	ck_assert_ptr_nonnull(r.t);
	ck_assert_int_eq(torrent_add_tracker(r.t, 0, slice_str("http://tracker/announce")), BT_OK);
}

/* have: the first so many pieces; PIECES: all of them; -1: nothing is known. */
static inline void
rig_attach(int have)
{
	struct torrent_parts parts = { .meta = r.meta, .content = &r.content,
		.complete = have == (int)PIECES };
	struct bits bits;

	ck_assert(bits_init(&bits, PIECES));
	for (int i = 0; i < have; i++)
		(void)bits_set(&bits, (uint32_t)i);
	if (have >= 0 && have < (int)PIECES)
		parts.have = &bits;
	r.content = (struct content){ .ops = &fake_ops };
	r.has_content = true;
	ck_assert(torrent_attach(r.t, &parts, r.now));
	bits_fini(&bits);
	torrent_check(r.t);
}

static inline void
rig_begin(int have)
{
	rig_new();
	rig_attach(have);
	torrent_start(r.t, r.now);
	torrent_check(r.t);
	r.did[0] = '\0';
}

static inline void
rig_end(void)
{
	torrent_free(r.t);
	ck_assert(!r.has_content);
	for (int i = 0; i < PARTNERS; i++) {
		if (r.partner[i].stream.base.ops != NULL)
			memory_fini(&r.partner[i].stream);
	}
	ck_assert_uint_eq(r.blocks.in_use, 0);
	block_store_fini(&r.blocks);
	announce_urls_fini(&r.urls);
	bt_metainfo_free(r.meta);
}

static inline void
rig_wait(usec time)
{
	r.now += time;
	torrent_tick(r.t, r.now);
	torrent_check(r.t);
}

static inline void
rig_answer_tracker(const char *peer)
{
	struct announce_reply reply;
	struct addr a;

	announce_reply_init(&reply);
	reply.interval = 1800;
	if (peer != NULL) {
		ck_assert(addr_parse(peer, 6881, &a));
		ck_assert(announce_reply_add(&reply, &a, NULL));
	}
	torrent_announce_reply(r.t, r.announce_id, &reply, BT_OK, "", r.now);
	announce_reply_fini(&reply);
	torrent_check(r.t);
}

/* -- partners -- */

static inline struct addr
address_of(int i)
{
	const uint8_t ip[4] = { 11, (uint8_t)i, 0, 1 };

	return addr_v4(ip, 6881);
}

static inline void
greeting(int i, uint8_t out[HANDSHAKE_LEN])
{
	struct handshake h = { 0 };

	memcpy(h.info_hash, r.hashes.v[0], 20);
	memcpy(h.peer_id, r.partner[i].id, 20);
	handshake_set(&h, HANDSHAKE_EXTENSIONS);
	if (r.partner[i].fast)
		handshake_set(&h, HANDSHAKE_FAST);
	handshake_write(out, &h);
}

static inline struct partner *
meet(int i, bool fast)
{
	struct partner *p = &r.partner[i];

	memset(p, 0, sizeof(*p));
	memset(p->id, 'a' + i, sizeof(p->id));
	p->fast = fast;
	memory_init(&p->stream, &r.blocks);
	p->stream.base.remote = address_of(i);
	return p;
}

/* It came to us. Returns why it was refused, or NULL. */
static inline const char *
come_as(int i)
{
	struct partner *p = &r.partner[i];
	uint8_t bytes[HANDSHAKE_LEN];
	const char *why;

	greeting(i, bytes);
	why = torrent_add_incoming(r.t, &p->stream.base, slice_of(bytes, sizeof(bytes)), r.now);
	if (why != NULL)
		p->stream.freed = p->gone = true;
	torrent_check(r.t);
	return why;
}

static inline struct partner *
come(int i, bool fast)
{
	struct partner *p = meet(i, fast);
	const char *why = come_as(i);

	ck_assert_msg(why == NULL, "%s", why);
	return p;
}

static inline void
say(struct partner *p, const struct msg *m)
{
	struct buf b;

	buf_init(&b, 1u << 20);
	msg_write(&b, m);
	memory_feed(&p->stream, buf_slice(&b), r.now);
	buf_fini(&b);
	torrent_check(r.t);
}

static inline void
say_type(struct partner *p, enum wire_type type)
{
	say(p, &(struct msg){ .type = type });
}

static inline void
say_have(struct partner *p, uint32_t piece)
{
	say(p, &(struct msg){ .type = WIRE_HAVE, .index = piece });
}

static inline void
say_block(struct partner *p, enum wire_type type, uint32_t piece, uint32_t block)
{
	bool last = piece == PIECES - 1 && block == BLOCKS - 1;

	say(p, &(struct msg){ .type = type, .index = piece, .begin = block * BLOCK_SIZE,
	    .length = BLOCK_SIZE - (last ? 5 : 0) });
}

static inline void
send_content(struct partner *p, uint32_t piece, uint32_t block)
{
	static const uint8_t bytes[BLOCK_SIZE];
	bool last = piece == PIECES - 1 && block == BLOCKS - 1;

	say(p, &(struct msg){ .type = WIRE_PIECE, .index = piece, .begin = block * BLOCK_SIZE,
	    .data = slice_of(bytes, BLOCK_SIZE - (last ? 5 : 0)) });
}

static inline void
piece_done(uint32_t piece, enum bt_code code)
{
	const struct bt_error err = { .code = code, .text = "a test says so" };

	torrent_piece_done(r.t, piece, &err, r.now);
	torrent_check(r.t);
}

static inline void
write_msg(char *out, size_t room, const struct msg *m)
{
	static const char *const names[] = { [WIRE_CHOKE] = "choke", [WIRE_UNCHOKE] = "unchoke",
		[WIRE_INTERESTED] = "interested", [WIRE_NOT_INTERESTED] = "uninterested",
		[WIRE_BITFIELD] = "bitfield", [WIRE_HAVE_ALL] = "all", [WIRE_HAVE_NONE] = "none" };
	uint32_t block = m->begin / BLOCK_SIZE;

	switch (m->type) {
	case WIRE_HAVE: (void)snprintf(out, room, "have%u ", m->index); break;
	case WIRE_ALLOWED_FAST: (void)snprintf(out, room, "allowed%u ", m->index); break;
	case WIRE_REQUEST: (void)snprintf(out, room, "request%u.%u ", m->index, block); break;
	case WIRE_CANCEL: (void)snprintf(out, room, "cancel%u.%u ", m->index, block); break;
	case WIRE_REJECT: (void)snprintf(out, room, "reject%u.%u ", m->index, block); break;
	case WIRE_PIECE: (void)snprintf(out, room, "piece%u.%u ", m->index, block); break;
	case WIRE_EXTENDED: break;
	default: (void)snprintf(out, room, "%s ", names[m->type]); break;
	}
}

/* What it was sent since the last time, a word a message; without the extended handshake. */
static inline const char *
heard(struct partner *p)
{
	struct bt_slice in = memory_send(&p->stream, SIZE_MAX, r.now);
	struct msg m;

	r.heard[0] = '\0';
	if (!p->greeted && in.len >= HANDSHAKE_LEN) {
		p->greeted = true;
		in = slice_skip(in, HANDSHAKE_LEN);
	}
	while (in.len >= 4) {
		uint32_t len = get_be32(in.ptr);
		size_t used = strlen(r.heard);

		ck_assert_uint_le(len, in.len - 4);
		ck_assert_int_eq(msg_parse(slice_of(in.ptr + 4, len), &m), STEP_DONE);
		write_msg(r.heard + used, sizeof(r.heard) - used, &m);
		in = slice_skip(in, 4 + (size_t)len);
	}
	return r.heard;
}

/* The bytes that it was sent since the last time, as a text: for what stands in dictionaries. */
static inline const char *
heard_ext(struct partner *p)
{
	struct bt_slice in = memory_send(&p->stream, SIZE_MAX, r.now);
	size_t n = in.len < sizeof(r.heard) - 1 ? in.len : sizeof(r.heard) - 1;

	for (size_t i = 0; i < n; i++)
		r.heard[i] = in.ptr[i] >= ' ' && in.ptr[i] < 127 ? (char)in.ptr[i] : '.';
	r.heard[n] = '\0';
	p->greeted = true;
	return r.heard;
}

static inline unsigned
count_of(const char *text, const char *word)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		n++;
	return n;
}

static inline bool
is_here(const struct partner *p)
{
	const struct conn *c;

	TAILQ_FOREACH(c, &r.t->conns, link) {
		if (c->peer->stream == &p->stream.base)
			return true;
	}
	return false;
}

static inline enum bt_torrent_state
state(void)
{
	return torrent_state(r.t);
}

#endif

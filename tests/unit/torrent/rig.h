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
#define MANY 150u		/* pieces, of a torrent that is to have more of them */
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
	uint32_t pieces;
	uint8_t put[MANY];	/* blocks of a piece that the content has, a bit each */
	usec due;		/* when it wants its tick, as told last */
	bool has_content, busy;
	struct content_read reads[64];
	unsigned read_count;
	uint64_t announce_id;
	struct announce_req req;	/* as announced last */
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

static inline uint32_t
block_len(uint32_t piece, uint32_t block)
{
	bool last = piece == r.pieces - 1 && block == BLOCKS - 1;

	return BLOCK_SIZE - (last ? 5 : 0);
}

/* What a block holds says which it is. */
static inline void
fill_block(uint8_t *bytes, uint32_t piece, uint32_t begin)
{
	memset(bytes, (int)(piece ^ 0x55), BLOCK_SIZE);
	put_be32(bytes, begin);
}

/* Each block comes once, as it was sent, and where it belongs. */
static inline void
fake_put(struct content *c, uint32_t piece, uint32_t begin, struct block *b, uint32_t len)
{
	uint32_t block = begin / BLOCK_SIZE;
	uint8_t want[BLOCK_SIZE];

	(void)c;
	ck_assert_uint_lt(piece, r.pieces);
	ck_assert_uint_lt(block, BLOCKS);
	ck_assert_uint_eq(begin % BLOCK_SIZE, 0);
	ck_assert_uint_eq(len, block_len(piece, block));
	ck_assert_uint_eq(r.put[piece] & 1u << block, 0);
	fill_block(want, piece, begin);
	ck_assert_mem_eq(b->data, want, len);
	r.put[piece] |= (uint8_t)(1u << block);
	block_free(&r.blocks, b);
}

/* It is whole, and may come again if it was bad. */
static inline void
fake_finish(struct content *c, uint32_t piece)
{
	(void)c;
	ck_assert_uint_eq(r.put[piece], (1u << BLOCKS) - 1);
	r.put[piece] = 0;
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
fake_prepare(struct content *c, const struct bits *have)
{
	(void)c;
	(void)have;
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

static inline void
fake_complete(struct content *c)
{
	(void)c;
	did("content-complete ");
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
	.prepare = fake_prepare,
	.choose = fake_choose,
	.probe = fake_probe,
	.complete = fake_complete,
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
	r.req = *req;
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
	r.due = when;
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
rig_new_of(uint32_t pieces)
{
	memset(&r, 0, sizeof(r));
	r.now = 100 * SECOND;
	r.due = NEVER;
	r.pieces = pieces;
	rng_seed(&r.rng, 1);
	announce_urls_init(&r.urls);
	r.meta = small_meta(pieces > 0 ? (uint64_t)pieces * PIECE - 5 : 0, PIECE);
	torrent_hashes_of(r.meta, &r.hashes);
	r.opts = (struct torrent_opts){ .rng = &r.rng, .urls = &r.urls,
		.blocks = &r.blocks, .port = 6881, .families = ANNOUNCE_V4,
		.max_uploads = 2, .max_peers = 32, .max_initiate = 20, .min_peers = 0,
		.request_backlog = 10, .peer_timeout = 300 * SECOND, .snub_time = 30 * SECOND };
	r.t = torrent_new(&r.opts, &r.hashes, our_peer_id, &owner_ops, NULL);
	ck_assert_ptr_nonnull(r.t);
	ck_assert_int_eq(torrent_add_tracker(r.t, 0, slice_str("http://tracker/announce")), BT_OK);
}

static inline void
rig_new(void)
{
	rig_new_of(PIECES);
}

static inline void
rig_check(void)
{
	torrent_check(r.t);
	ck_assert_int_eq(r.due, r.t->due);
}

/* have: the first so many pieces; PIECES: all of them; -1: nothing is known. */
static inline void
rig_attach(int have)
{
	struct torrent_parts parts = { .meta = r.meta, .content = &r.content,
		.complete = have == (int)r.pieces };
	struct bits bits;

	ck_assert(bits_init(&bits, r.pieces));
	for (int i = 0; i < have; i++)
		(void)bits_set(&bits, (uint32_t)i);
	if (have >= 0 && have < (int)r.pieces)
		parts.have = &bits;
	r.content = (struct content){ .ops = &fake_ops };
	r.has_content = true;
	ck_assert(torrent_attach(r.t, &parts, r.now));
	bits_fini(&bits);
	rig_check();
}

static inline void
rig_begin(int have)
{
	rig_new();
	rig_attach(have);
	torrent_start(r.t, r.now);
	rig_check();
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

/* Time goes on; the torrent gets its ticks when it asked for them, and no others. */
static inline void
rig_wait(usec time)
{
	usec end = r.now + time;

	for (int still = 0; r.due <= end;) {
		still = r.due > r.now ? 0 : still + 1;
		ck_assert_msg(still < 10, "it is due again and again");
		r.now = r.due > r.now ? r.due : r.now;
		torrent_tick(r.t, r.now);
		rig_check();
	}
	r.now = end;
}

static inline void
rig_answer_tracker(const char *peer)
{
	struct announce_reply reply;
	struct addr a;

	announce_reply_init(&reply);
	reply.complete = 5;
	reply.incomplete = 7;
	reply.interval = 1800;
	if (peer != NULL) {
		ck_assert(addr_parse(peer, 6881, &a));
		ck_assert(announce_reply_add(&reply, &a, NULL));
	}
	torrent_announce_reply(r.t, r.announce_id, &reply, BT_OK, "", r.now);
	announce_reply_fini(&reply);
	rig_check();
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
	rig_check();
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
	rig_check();
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
	say(p, &(struct msg){ .type = type, .index = piece, .begin = block * BLOCK_SIZE,
	    .length = block_len(piece, block) });
}

static inline void
send_content(struct partner *p, uint32_t piece, uint32_t block)
{
	uint8_t bytes[BLOCK_SIZE];

	fill_block(bytes, piece, block * BLOCK_SIZE);
	say(p, &(struct msg){ .type = WIRE_PIECE, .index = piece, .begin = block * BLOCK_SIZE,
	    .data = slice_of(bytes, block_len(piece, block)) });
}

static inline void
piece_done(uint32_t piece, enum bt_code code)
{
	const struct bt_error err = { .code = code, .text = "a test says so" };

	torrent_piece_done(r.t, piece, &err, r.now);
	rig_check();
}

/* The check is over: the first so many pieces are good. */
static inline void
checked(unsigned good, enum bt_code code)
{
	const struct bt_error err = { .code = code, .text = "a test says so" };

	for (uint32_t i = 0; i < r.pieces; i++)
		torrent_checked(r.t, i, i < good);
	torrent_check_done(r.t, &err, r.now);
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

static inline struct conn *
find_conn(const struct partner *p)
{
	struct conn *c;

	TAILQ_FOREACH(c, &r.t->conns, link) {
		if (c->peer->stream == &p->stream.base)
			return c;
	}
	return NULL;
}

static inline bool
is_here(const struct partner *p)
{
	return find_conn(p) != NULL;
}

/* Its connection, which stands. */
static inline struct conn *
conn_of(const struct partner *p)
{
	struct conn *c = find_conn(p);

	ck_assert_ptr_nonnull(c);
	return c;
}

/* It goes. */
static inline void
leave(struct partner *p)
{
	p->stream.ended = true;
	p->stream.base.user->readable(p->stream.base.arg, r.now);
	rig_check();
}

static inline void
name_address(int i)
{
	const struct addr a = address_of(i);

	torrent_add_address(r.t, &a, KNOWN_USER, r.now);
	rig_check();
}

/* We dialled whom we have met, and it greets. */
static inline void
reach_as(int i)
{
	struct partner *p = &r.partner[i];
	uint8_t bytes[HANDSHAKE_LEN];
	const struct addr to = address_of(i);

	name_address(i);
	rig_wait(0);
	ck_assert_uint_gt(r.t->dialling, 0);
	torrent_add_outgoing(r.t, &p->stream.base, &to, r.now);
	ck_assert(is_here(p));
	greeting(i, bytes);
	memory_feed(&p->stream, slice_of(bytes, sizeof(bytes)), r.now);
	rig_check();
}

static inline struct partner *
reach(int i, bool fast)
{
	struct partner *p = meet(i, fast);

	reach_as(i);
	return p;
}

static inline void
say_ext_handshake(struct partner *p, const char *text)
{
	say(p, &(struct msg){ .type = WIRE_EXTENDED, .data = slice_str(text) });
}

static inline enum bt_torrent_state
state(void)
{
	return torrent_state(r.t);
}

#endif

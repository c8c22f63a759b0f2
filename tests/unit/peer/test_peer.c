/* SPDX-License-Identifier: ISC */
#include "memory_stream.h"

#include <stdarg.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "peer/peer.h"
#include "proto/msg.h"
#include "small_meta.h"

Suite *peer_suite(void);

#define PIECES 20
#define PIECE (4 * BLOCK_SIZE)

static struct block_store blocks;
static struct bt_metainfo *meta;
static struct memory_stream stream;
static struct peer *p;
static struct handshake ours, theirs;
static char heard[400];		/* what the peer told, a word each */

static void
note(const char *fmt, ...)
{
	size_t len = strlen(heard);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(heard + len, sizeof(heard) - len, fmt, ap);
	va_end(ap);
}

static void
on_open(void *arg, struct peer *peer, usec now)
{
	(void)arg;
	(void)peer;
	(void)now;
	note("open ");
}

static void
on_closed(void *arg, struct peer *peer, const char *why, usec now)
{
	(void)now;
	(void)arg;
	(void)peer;
	note("closed(%s) ", why);
}

static void
on_choke(void *arg, struct peer *peer, usec now)
{
	(void)arg;
	(void)now;
	note(peer->peer_choking ? "choke " : "unchoke ");
}

static void
on_interest(void *arg, struct peer *peer, usec now)
{
	(void)arg;
	(void)now;
	note(peer->peer_interested ? "interested " : "uninterested ");
}

static void
on_have(void *arg, struct peer *peer, uint32_t piece, usec now)
{
	(void)now;
	(void)arg;
	(void)peer;
	note("have%u ", piece);
}

static void
on_lost(void *arg, struct peer *peer, uint32_t piece, usec now)
{
	(void)now;
	(void)arg;
	(void)peer;
	note("lost%u ", piece);
}

static void
on_bitfield(void *arg, struct peer *peer, const struct bits *before, usec now)
{
	(void)now;
	(void)arg;
	note("bits%u->%u ", before->count, peer->have.count);
}

static void
on_request(void *arg, struct peer *peer, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	(void)now;
	(void)arg;
	(void)peer;
	note("request(%u,%u,%u) ", piece, begin, len);
}

static void
on_cancel(void *arg, struct peer *peer, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	(void)now;
	(void)arg;
	(void)peer;
	note("cancel(%u,%u,%u) ", piece, begin, len);
}

static void
on_block(void *arg, struct peer *peer, uint32_t piece, uint32_t begin, uint32_t len,
    struct block *b, usec now)
{
	(void)arg;
	(void)peer;
	(void)now;
	note("block(%u,%u,%u:%c) ", piece, begin, len, b->data[len - 1]);
	block_free(&blocks, b);
}

static void
on_reject(void *arg, struct peer *peer, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	(void)now;
	(void)arg;
	(void)peer;
	note("reject(%u,%u,%u) ", piece, begin, len);
}

static void
on_allowed_fast(void *arg, struct peer *peer, uint32_t piece, usec now)
{
	(void)now;
	(void)arg;
	(void)peer;
	note("allowed%u ", piece);
}

static void
on_extended(void *arg, struct peer *peer, usec now)
{
	(void)now;
	(void)arg;
	note("ext(%s,%d) ", peer->client, (int)peer->ext.reqq);
}

static void
on_ext(void *arg, struct peer *peer, enum ext_name name, struct bt_slice payload, usec now)
{
	(void)arg;
	(void)peer;
	(void)now;
	note("%s(%.*s) ", ext_name_text(name), (int)payload.len, (const char *)payload.ptr);
}

static uint64_t content_sent;

static void
on_sent(void *arg, struct peer *peer, uint32_t content, usec now)
{
	(void)arg;
	(void)peer;
	(void)now;
	content_sent += content;
}

static void
on_read(void *arg, struct peer *peer, usec now)
{
	(void)arg;
	(void)peer;
	(void)now;
}

static const struct peer_ops ops = {
	.on_open = on_open,
	.on_closed = on_closed,
	.on_choke = on_choke,
	.on_interest = on_interest,
	.on_have = on_have,
	.on_lost = on_lost,
	.on_bitfield = on_bitfield,
	.on_request = on_request,
	.on_cancel = on_cancel,
	.on_block = on_block,
	.on_reject = on_reject,
	.on_allowed_fast = on_allowed_fast,
	.on_extended = on_extended,
	.on_ext = on_ext,
	.on_sent = on_sent,
	.on_read = on_read,
};

/* Is this what was told since the last time? */
static void
told(const char *want)
{
	ck_assert_str_eq(heard, want);
	heard[0] = '\0';
}

static void
begin(bool fast)
{
	meta = small_meta((uint64_t)PIECES * PIECE - 5, PIECE);
	memset(&ours, 0, sizeof(ours));
	memset(ours.info_hash, 'i', 20);
	memset(ours.peer_id, 'a', 20);
	handshake_set(&ours, HANDSHAKE_EXTENSIONS);
	handshake_set(&ours, HANDSHAKE_FAST);
	theirs = ours;
	memset(theirs.peer_id, 'b', 20);
	if (!fast)
		memset(theirs.reserved, 0, 8);
	memory_init(&stream, &blocks);
	heard[0] = '\0';
	content_sent = 0;
	p = peer_new(&stream.base, &blocks, &ops, NULL, SECOND);
	ck_assert(p != NULL);
}

static void
end(void)
{
	peer_free(p);
	memory_fini(&stream);
	ck_assert_uint_eq(blocks.in_use, 0);
	block_store_fini(&blocks);
	bt_metainfo_free(meta);
}

static void
feed_handshake(size_t from, size_t to)
{
	uint8_t bytes[HANDSHAKE_LEN];

	handshake_write(bytes, &theirs);
	memory_feed(&stream, slice_of(bytes + from, to - from), SECOND);
}

static void
join(void)
{
	peer_join(p, &ours, &ops, NULL, SECOND);
}

static void
shake(void)
{
	peer_start(p, SLICE_NONE, SECOND);
	feed_handshake(0, HANDSHAKE_LEN);
	told("open ");
	(void)memory_drain(&stream);
}

/* Handshakes are exchanged; nothing is on the way. */
static void
open_peer(bool fast)
{
	begin(fast);
	join();
	ck_assert(peer_learn(p, meta, SECOND));
	shake();
}

static void
feed(const struct msg *m)
{
	struct buf b;

	buf_init(&b, 1u << 20);
	msg_write(&b, m);
	memory_feed(&stream, buf_slice(&b), 2 * SECOND);
	buf_fini(&b);
}

static void
feed_range(enum wire_type type, uint32_t index, uint32_t offset, uint32_t length)
{
	feed(&(struct msg){ .type = type, .index = index, .begin = offset, .length = length });
}

START_TEST(we_speak_first)
{
	uint8_t bytes[HANDSHAKE_LEN];

	begin(true);
	join();
	ck_assert(peer_learn(p, meta, SECOND));
	peer_start(p, SLICE_NONE, SECOND);
	handshake_write(bytes, &ours);
	ck_assert(slice_eq(memory_drain(&stream), slice_of(bytes, sizeof(bytes))));
	for (size_t i = 0; i < HANDSHAKE_LEN; i++) {
		told("");
		feed_handshake(i, i + 1);
	}
	told("open ");
	ck_assert(p->fast);
	end();
}
END_TEST

/* What was read before it is a peer counts as if it were read now, whatever its length. */
START_TEST(they_spoke_first)
{
	uint8_t bytes[HANDSHAKE_LEN + 5] = { 0 };

	for (size_t len = 48; len <= sizeof(bytes); len++) {
		begin(false);
		join();
		ck_assert(peer_learn(p, meta, SECOND));
		handshake_write(bytes, &theirs);
		put_be32(bytes + HANDSHAKE_LEN, 1);
		bytes[HANDSHAKE_LEN + 4] = WIRE_UNCHOKE;
		peer_start(p, slice_of(bytes, len), SECOND);
		ck_assert_uint_eq(memory_drain(&stream).len, HANDSHAKE_LEN);
		memory_feed(&stream, slice_of(bytes + len, sizeof(bytes) - len), SECOND);
		told("open unchoke ");
		ck_assert(!p->fast);
		end();
	}
}
END_TEST

START_TEST(not_for_us)
{
	begin(true);
	join();
	ck_assert(peer_learn(p, meta, SECOND));
	memset(theirs.info_hash, 'x', 20);
	peer_start(p, SLICE_NONE, SECOND);
	feed_handshake(0, HANDSHAKE_LEN);
	told("closed(answered for another torrent) ");
	end();
	/* The first wrong byte is enough. */
	begin(true);
	join();
	peer_start(p, SLICE_NONE, SECOND);
	memory_feed(&stream, slice_str("\x13" "Bit"), SECOND);
	told("");
	memory_feed(&stream, slice_str("X"), SECOND);
	told("closed(not a BitTorrent handshake) ");
	end();
	begin(true);
	join();
	peer_start(p, slice_str("GET /"), SECOND);
	told("closed(not a BitTorrent handshake) ");
	ck_assert(!stream.reading);
	end();
}
END_TEST

/* A later handshake changes only what it names. */
START_TEST(remembers_the_client)
{
	open_peer(true);
	feed(&(struct msg){ .type = WIRE_EXTENDED, .data = slice_str("d1:v1:Xe") });
	told("ext(X,-1) ");
	feed(&(struct msg){ .type = WIRE_EXTENDED, .data = slice_str("d4:reqqi7ee") });
	told("ext(X,7) ");
	end();
}
END_TEST

START_TEST(tells_what_it_hears)
{
	open_peer(true);
	feed(&(struct msg){ .type = WIRE_BITFIELD, .data = slice_of("\xff\0\0", 3) });
	told("bits0->8 ");
	feed_range(WIRE_HAVE, 3, 0, 0);
	told("");
	feed_range(WIRE_HAVE, 9, 0, 0);
	told("have9 ");
	feed_range(WIRE_UNCHOKE, 0, 0, 0);
	feed_range(WIRE_UNCHOKE, 0, 0, 0);
	feed_range(WIRE_INTERESTED, 0, 0, 0);
	feed_range(WIRE_CHOKE, 0, 0, 0);
	told("unchoke interested choke ");
	feed_range(WIRE_REQUEST, 1, BLOCK_SIZE, BLOCK_SIZE);
	feed_range(WIRE_CANCEL, 1, BLOCK_SIZE, BLOCK_SIZE);
	told("request(1,16384,16384) cancel(1,16384,16384) ");
	feed(&(struct msg){ .type = WIRE_PIECE, .index = 2, .begin = 5, .data = slice_str("abc") });
	told("block(2,5,3:c) ");
	ck_assert_uint_eq(p->down.total, 3);
	feed(&(struct msg){ .type = WIRE_EXTENDED, .data = slice_str("d4:reqqi99e1:v4:\x1b[0me") });
	told("ext(\\x1b[0m,99) ");
	ck_assert_uint_eq(peer_reqq(p), 99);
	feed_range(WIRE_KEEPALIVE, 0, 0, 0);
	feed(&(struct msg){ .type = WIRE_PORT, .port = 1 });
	told("");
	stream.ended = true;
	stream.base.user->readable(stream.base.arg, SECOND);
	told("closed(closed by the peer) ");
	ck_assert(!stream.reading);
	end();
}
END_TEST

START_TEST(fast_extension)
{
	open_peer(true);
	feed_range(WIRE_HAVE_ALL, 0, 0, 0);
	ck_assert(peer_is_seed(p));
	feed_range(WIRE_REJECT, 1, 2, 3);
	feed_range(WIRE_ALLOWED_FAST, 4, 0, 0);
	feed_range(WIRE_ALLOWED_FAST, PIECES, 0, 0);
	feed_range(WIRE_SUGGEST, 4, 0, 0);
	feed_range(WIRE_HAVE_NONE, 0, 0, 0);
	told("bits0->20 reject(1,2,3) allowed4 bits20->0 ");
	(void)memory_drain(&stream);
	peer_send_allowed_fast(p, 1, SECOND);
	ck_assert(slice_eq(memory_drain(&stream), (struct bt_slice){ (const uint8_t *)
	    "\0\0\0\5\x11\0\0\0\1", 9 }));
	end();
	open_peer(false);
	peer_send_reject(p, 1, 2, 3, SECOND);
	peer_send_allowed_fast(p, 1, SECOND);
	ck_assert_uint_eq(memory_drain(&stream).len, 0);
	feed_range(WIRE_HAVE_ALL, 0, 0, 0);
	told("closed(fast message without the fast extension) ");
	end();
}
END_TEST

START_TEST(says_nothing_twice)
{
	struct bits have;

	open_peer(true);
	ck_assert(bits_init(&have, PIECES));
	peer_send_interest(p, true, SECOND);
	peer_send_interest(p, true, SECOND);
	peer_send_choke(p, true, SECOND);
	peer_send_choke(p, false, SECOND);
	ck_assert(slice_eq(memory_drain(&stream), slice_of("\0\0\0\1\2\0\0\0\1\1", 10)));
	peer_send_bitfield(p, &have, SECOND);
	(void)bits_set(&have, 0);
	peer_send_bitfield(p, &have, SECOND);
	bits_set_all(&have);
	peer_send_bitfield(p, &have, SECOND);
	ck_assert(slice_eq(memory_drain(&stream),
	    slice_of("\0\0\0\1\17\0\0\0\4\5\x80\0\0\0\0\0\1\16", 18)));
	bits_fini(&have);
	end();
}
END_TEST

static void
send_block(uint32_t piece, uint32_t len)
{
	struct block *b = block_new(&blocks);

	memset(b->data, 'z', BLOCK_SIZE);
	peer_send_block(p, piece, 2, len, b, SECOND);
}

START_TEST(content_goes_out)
{
	open_peer(true);
	send_block(1, 3);
	ck_assert(slice_eq(memory_drain(&stream),
	    slice_of("\0\0\0\14\7\0\0\0\1\0\0\0\2zzz", 16)));
	ck_assert_uint_eq(p->up.total, 3);
	end();
}
END_TEST

/* What waits is not uploaded, nor are heads and short messages; a lost connection sends nothing. */
START_TEST(counts_what_was_sent)
{
	open_peer(true);
	send_block(1, 1000);
	send_block(2, 1000);
	peer_send_have(p, 3, SECOND);
	ck_assert_uint_eq(p->up.total, 0);
	(void)memory_send(&stream, 9 + 13, SECOND);
	ck_assert_uint_eq(p->up.total, 0);
	(void)memory_send(&stream, 600, SECOND);
	ck_assert_uint_eq(p->up.total, 600);
	(void)memory_send(&stream, 413 + 300, SECOND);
	ck_assert_uint_eq(p->up.total, 1300);
	ck_assert_uint_eq(content_sent, 1300);
	peer_close(p, "gone", SECOND);
	ck_assert_uint_eq(p->up.total, 1300);
	told("closed(gone) ");
	end();
}
END_TEST

/* A choke comes before what was asked and not begun, which the peer then does not want any more. */
START_TEST(a_choke_takes_content_back)
{
	for (int fast = 0; fast < 2; fast++) {
		open_peer(fast);
		peer_send_choke(p, false, SECOND);
		(void)memory_drain(&stream);
		send_block(1, 3);
		send_block(2, 4);
		send_block(3, 5);
		(void)memory_send(&stream, 14, SECOND);
		peer_send_choke(p, true, SECOND);
		ck_assert(slice_eq(memory_drain(&stream), slice_of("zz\0\0\0\1\0"
		    "\0\0\0\15\20\0\0\0\2\0\0\0\2\0\0\0\4"
		    "\0\0\0\15\20\0\0\0\3\0\0\0\2\0\0\0\5", fast ? 7 + 34 : 7)));
		ck_assert_uint_eq(p->up.total, 3);
		end();
	}
}
END_TEST

static void
closes_on(const struct msg *m, const char *want)
{
	open_peer(true);
	feed(m);
	told(want);
	end();
}

START_TEST(closes_on_nonsense)
{
	closes_on(&(struct msg){ .type = WIRE_HAVE, .index = PIECES },
	    "closed(have of a piece that does not exist) ");
	closes_on(&(struct msg){ .type = WIRE_BITFIELD, .data = slice_of("\xff\xff\xff\xff", 4) },
	    "closed(malformed message) ");
	closes_on(&(struct msg){ .type = WIRE_PIECE, .index = PIECES, .data = slice_str("x") },
	    "closed(content outside the torrent) ");
	closes_on(&(struct msg){ .type = WIRE_PIECE, .index = 1, .begin = PIECE - 1,
	    .data = slice_str("xy") }, "closed(content outside the torrent) ");
	open_peer(true);
	memory_feed(&stream, slice_of("\0\0\0\2\0\0", 6), SECOND);
	told("closed(malformed message) ");
	/* Nothing is sent or heard after that. */
	(void)memory_drain(&stream);
	peer_send_have(p, 1, SECOND);
	peer_tick(p, 100 * MINUTE, MINUTE);
	ck_assert_uint_eq(memory_drain(&stream).len, 0);
	told("");
	end();
}
END_TEST

START_TEST(forgives_some_strikes)
{
	struct bt_slice out;

	open_peer(true);
	/* Too long, beyond the piece, beyond the torrent, of nothing. */
	feed_range(WIRE_REQUEST, 1, 0, BLOCK_SIZE + 1);
	out = memory_drain(&stream);
	ck_assert_uint_eq(out.len, 17);
	ck_assert_uint_eq(out.ptr[4], WIRE_REJECT);
	feed_range(WIRE_REQUEST, 1, PIECE - 1, 2);
	feed_range(WIRE_REQUEST, PIECES, 0, 1);
	feed_range(WIRE_REQUEST, 1, 0, 0);
	feed_range(WIRE_REQUEST, PIECES - 1, PIECE - 6, 2);
	told("");
	feed_range(WIRE_REQUEST, PIECES - 1, PIECE - 6, 1);
	told("request(19,65530,1) ");
	for (int i = 0; i < 295; i++)
		feed_range(WIRE_REQUEST, 1, 0, 0);
	told("");
	feed_range(WIRE_REQUEST, 1, 0, 0);
	told("closed(too many improper messages) ");
	end();
}
END_TEST

START_TEST(patience)
{
	usec t = SECOND;

	begin(true);
	peer_start(p, SLICE_NONE, SECOND);
	peer_tick(p, t + 20 * SECOND, 300 * SECOND);
	told("");
	peer_tick(p, t + 21 * SECOND, 300 * SECOND);
	told("closed(no handshake in time) ");
	end();
	open_peer(true);
	for (t = 2 * SECOND; t <= 301 * SECOND; t += SECOND)
		peer_tick(p, t, 300 * SECOND);
	told("");
	/* Two keepalives. */
	ck_assert_uint_eq(memory_drain(&stream).len, 8);
	feed_range(WIRE_KEEPALIVE, 0, 0, 0);
	peer_tick(p, 303 * SECOND, 300 * SECOND);
	told("closed(silent for too long) ");
	end();
}
END_TEST

static void
feed_bitfield(const char *bytes, size_t len)
{
	feed(&(struct msg){ .type = WIRE_BITFIELD, .data = slice_of(bytes, len) });
}

static void
open_unlearned(void)
{
	begin(true);
	join();
	shake();
}

START_TEST(learns_late_what_there_is)
{
	open_unlearned();
	feed_range(WIRE_HAVE, 3, 0, 0);
	feed_bitfield("\x80\x00\x10", 3);
	feed_range(WIRE_HAVE, 4, 0, 0);
	feed_range(WIRE_HAVE, 19, 0, 0);
	told("");
	ck_assert(!peer_is_seed(p));
	ck_assert(peer_learn(p, meta, SECOND));
	/* The bitfield came after the first have, and took its place. */
	ck_assert_uint_eq(p->have.count, 3);
	ck_assert(bits_has(&p->have, 0) && bits_has(&p->have, 4) && bits_has(&p->have, 19));
	feed_range(WIRE_HAVE, 5, 0, 0);
	told("have5 ");
	end();
	open_unlearned();
	feed_range(WIRE_HAVE_ALL, 0, 0, 0);
	feed_range(WIRE_HAVE, 7, 0, 0);
	ck_assert(peer_learn(p, meta, SECOND));
	ck_assert(peer_is_seed(p));
	end();
	open_unlearned();
	feed_range(WIRE_HAVE, 1, 0, 0);
	feed_range(WIRE_HAVE_NONE, 0, 0, 0);
	ck_assert(peer_learn(p, meta, SECOND));
	ck_assert_uint_eq(p->have.count, 0);
	end();
}
END_TEST

START_TEST(pieces_that_never_were_end_it_when_it_learns)
{
	open_unlearned();
	feed_range(WIRE_HAVE, PIECES, 0, 0);
	ck_assert(!peer_learn(p, meta, SECOND));
	told("closed(has pieces that do not exist) ");
	end();
	open_unlearned();
	feed_bitfield("\xff\xff", 2);
	ck_assert(!peer_learn(p, meta, SECOND));
	told("closed(has pieces that do not exist) ");
	end();
	open_unlearned();
	mem_fail_at(1);
	ck_assert(!peer_learn(p, meta, SECOND));
	mem_fail_at(0);
	told("closed(out of memory) ");
	end();
}
END_TEST

START_TEST(before_it_learns_little_is_kept)
{
	open_unlearned();
	/* Nothing can be asked for, and nothing be sent. */
	feed_range(WIRE_REQUEST, 0, 0, BLOCK_SIZE);
	ck_assert_uint_eq(memory_drain(&stream).len, 17);
	feed_range(WIRE_ALLOWED_FAST, 1, 0, 0);
	told("");
	/* Those of the bitfield are not kept a second time. */
	feed_bitfield("\x80\x00\x10", 3);
	for (uint32_t i = 0; i < EARLY_HAVES_MAX; i++)
		feed_range(WIRE_HAVE, i % 24, 0, 0);
	for (uint32_t i = 0; i < EARLY_HAVES_MAX; i++)
		feed_range(WIRE_HAVE, 24 + i, 0, 0);
	told("");
	feed_range(WIRE_HAVE, 24, 0, 0);
	told("closed(too many haves before the metadata) ");
	end();
}
END_TEST

static void
feed_donthave(const char *payload, size_t len)
{
	feed(&(struct msg){ .type = WIRE_EXTENDED, .ext_id = 7,
	    .data = slice_of(payload, len) });
}

static void
take_donthave(void)
{
	struct ext_handshake ext;

	ext_handshake_init(&ext);
	ext.ids[EXT_DONTHAVE] = 7;
	peer_send_ext_handshake(p, &ext, SECOND);
}

START_TEST(a_piece_may_be_lost)
{
	open_peer(true);
	take_donthave();
	feed_range(WIRE_HAVE_ALL, 0, 0, 0);
	told("bits0->20 ");
	feed_donthave("\0\0\0\x13", 4);
	told("lost19 ");
	ck_assert_uint_eq(p->have.count, 19);
	feed_donthave("\0\0\0\x13", 4);
	told("");
	ck_assert_uint_eq(p->strikes, 0);
	feed_donthave("\0\0\0\x14", 4);
	feed_donthave("\0\0\0\x01\0", 5);
	feed_donthave("", 0);
	told("");
	ck_assert_uint_eq(p->strikes, 3);
	end();
	open_unlearned();
	take_donthave();
	feed_bitfield("\xc0\x00\x10", 3);
	feed_range(WIRE_HAVE, 400, 0, 0);
	feed_donthave("\0\0\1\x90", 4);
	feed_donthave("\0\0\0\1", 4);
	ck_assert(peer_learn(p, meta, SECOND));
	ck_assert(p->have.count == 2 && bits_has(&p->have, 0) && bits_has(&p->have, 19));
	end();
}
END_TEST

START_TEST(the_same_set_again_is_no_news)
{
	open_peer(true);
	feed_range(WIRE_HAVE_NONE, 0, 0, 0);
	told("");
	feed_range(WIRE_HAVE_ALL, 0, 0, 0);
	told("bits0->20 ");
	feed_range(WIRE_HAVE_ALL, 0, 0, 0);
	told("");
	/* Each costs a walk through all pieces, and nobody honest sends many. */
	for (int i = 0; i < 299; i++)
		feed_range(WIRE_HAVE_ALL, 0, 0, 0);
	told("");
	feed_range(WIRE_HAVE_NONE, 0, 0, 0);
	told("closed(too many improper messages) ");
	end();
}
END_TEST

START_TEST(extended_messages_go_by_the_ids_that_we_gave)
{
	struct ext_handshake ext;

	open_peer(true);
	ext_handshake_init(&ext);
	ext.ids[EXT_PEX] = 3;
	ext.ids[EXT_METADATA] = 5;
	peer_send_ext_handshake(p, &ext, SECOND);
	feed(&(struct msg){ .type = WIRE_EXTENDED, .ext_id = 5, .data = slice_str("de") });
	feed(&(struct msg){ .type = WIRE_EXTENDED, .ext_id = 3, .data = slice_str("le") });
	told("ut_metadata(de) ut_pex(le) ");
	for (int i = 0; i < 300; i++)
		feed(&(struct msg){ .type = WIRE_EXTENDED, .ext_id = 4 });
	told("");
	feed(&(struct msg){ .type = WIRE_EXTENDED, .ext_id = 4 });
	told("closed(too many improper messages) ");
	end();
}
END_TEST

Suite *
peer_suite(void)
{
	Suite *s = suite_create("peer/peer");
	TCase *c = tcase_create("peer");

	tcase_add_test(c, we_speak_first);
	tcase_add_test(c, they_spoke_first);
	tcase_add_test(c, not_for_us);
	tcase_add_test(c, remembers_the_client);
	tcase_add_test(c, tells_what_it_hears);
	tcase_add_test(c, fast_extension);
	tcase_add_test(c, says_nothing_twice);
	tcase_add_test(c, content_goes_out);
	tcase_add_test(c, counts_what_was_sent);
	tcase_add_test(c, a_choke_takes_content_back);
	tcase_add_test(c, closes_on_nonsense);
	tcase_add_test(c, forgives_some_strikes);
	tcase_add_test(c, patience);
	tcase_add_test(c, extended_messages_go_by_the_ids_that_we_gave);
	tcase_add_test(c, learns_late_what_there_is);
	tcase_add_test(c, pieces_that_never_were_end_it_when_it_learns);
	tcase_add_test(c, before_it_learns_little_is_kept);
	tcase_add_test(c, a_piece_may_be_lost);
	tcase_add_test(c, the_same_set_again_is_no_news);
	suite_add_tcase(s, c);
	return s;
}

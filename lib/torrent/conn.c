/* SPDX-License-Identifier: ISC */
/* One connection's life, and what its peer tells us. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "torrent/model.h"

/* A seed is dialled again by a seed only after this long: it may have lost its content. */
#define SEED_AGAIN (60 * MINUTE)

static struct conn *
conn_of(const struct source *s)
{
	return CONTAINER_OF(s, struct conn, src);
}

static void
request(struct source *s, const struct picker_block *b, usec now)
{
	peer_send_request(conn_of(s)->peer, b->piece, b->begin, b->len, now);
}

static bool
cancel(struct source *s, const struct picker_block *b, usec now)
{
	struct peer *p = conn_of(s)->peer;

	peer_send_cancel(p, b->piece, b->begin, b->len, now);
	/* With the fast extension the cancel is answered. */
	return p->fast;
}

static void
awaited(struct source *s, unsigned count)
{
	conn_of(s)->peer->expect = count;
}

static unsigned
limit(const struct source *s)
{
	return peer_reqq(conn_of(s)->peer);
}

static void
ban(struct source *s, const char *why, usec now)
{
	struct torrent *t = s->torrent;
	struct addr addr = conn_of(s)->addr;
	char text[ADDR_TEXT_MAX], ip[ADDR_TEXT_MAX];
	struct conn *c, *next;

	known_ban(&t->swarm->known, &addr);
	torrent_event(t, &(struct bt_event){ .type = BT_EVENT_PEER_BANNED,
	    .text = addr_text(&addr, text), .as.peer = { addr_ip_text(&addr, ip), addr.port } });
	/* It may have more than one connection. */
	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		if (addr_same_party(&c->addr, &addr))
			peer_close(c->peer, why, now);
	}
}

static const struct source_ops source_calls = {
	.request = request,
	.cancel = cancel,
	.awaited = awaited,
	.limit = limit,
	.ban = ban,
};

struct conn *
conn_new(struct torrent *t, struct peer *p, const struct addr *a, bool dialled)
{
	struct conn *c = mem_zero(sizeof(*c));

	if (c == NULL)
		return NULL;
	c->peer = p;
	c->addr = *a;
	c->dialled = dialled;
	if (dialled)
		c->listens = *a;
	serve_init(c);
	if (!source_init(&c->src, t, &source_calls, &p->have, t->opts->request_backlog)) {
		conn_free(c);
		return NULL;
	}
	c->src.choking = p->peer_choking;
	TAILQ_INSERT_TAIL(&t->conns, c, link);
	t->conn_count++;
	if (t->opts->connections != NULL)
		++*t->opts->connections;
	return c;
}

/* The peer is the caller's unless it was joined; a joined one is freed before. */
void
conn_free(struct conn *c)
{
	source_fini(&c->src);
	reveal_end(c);
	uploads_fini(&c->uploads);
	mem_free(c);
}

void
conn_update_interest(struct conn *c, usec now)
{
	const struct torrent *t = c->src.torrent;

	if (c->peer->state == PEER_OPEN && torrent_is_in_swarm(t))
		peer_send_interest(c->peer, c->src.missing > 0, now);
}

/* Two that want nothing have nothing to tell one another: seeds, and those that have all the files
 * that they want (BEP 21). */
void
conn_close_redundant(struct conn *c, usec now)
{
	if (!c->open || c->src.torrent->state != BT_TORRENT_SEEDING ||
	    (!peer_is_seed(c->peer) && c->peer->ext.upload_only != 1))
		return;
	c->redundant = true;
	peer_close(c->peer, "both are seeds", now);
}

void
conns_piece_here(struct torrent *t, uint32_t piece, usec now)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		if (!c->open)
			continue;
		if (bits_has(&c->peer->have, piece))
			conn_update_interest(c, now);
		else
			peer_send_have(c->peer, piece, now);
	}
}

void
conn_check(const struct conn *c)
{
	assert(c->peer->state != PEER_CLOSED && c->open == (c->peer->state == PEER_OPEN));
	assert(c->src.entered == (c->open && torrent_is_known(c->src.torrent)));
	assert(c->src.choking == c->peer->peer_choking);
	assert(c->open || requests_count(&c->src.requests) == 0);
}

static void
enter_in_picker(struct conn *c)
{
	c->as_seed = peer_is_seed(c->peer);
	if (c->as_seed)
		picker_add_seed(c->src.torrent->picker);
	else
		picker_add_peer(c->src.torrent->picker, &c->peer->have);
}

static void
leave_picker(struct conn *c, const struct bits *had)
{
	if (c->as_seed)
		picker_remove_seed(c->src.torrent->picker);
	else
		picker_remove_peer(c->src.torrent->picker, had);
}

/* Its address is the other connection's now, and is not dialled while that lasts. */
static void
hand_over_address(struct conn *from, struct conn *to)
{
	if (to->listens.family != ADDR_NONE)
		return;
	to->listens = from->listens;
	from->listens.family = ADDR_NONE;
}

/* Of two connections to one partner, both sides keep the one that the greater id dialled. Who
 * comes from elsewhere with its id may have stolen it, and changes nothing. */
static bool
is_duplicate(struct conn *c, usec now)
{
	struct torrent *t = c->src.torrent;
	bool we_dial = memcmp(t->peer_id, c->peer->theirs.peer_id, 20) > 0;
	struct conn *other, *next;

	TAILQ_FOREACH_SAFE(other, &t->conns, link, next) {
		if (other == c || !other->open || !addr_same_party(&other->addr, &c->addr) ||
		    memcmp(other->peer->theirs.peer_id, c->peer->theirs.peer_id, 20) != 0)
			continue;
		if (other->dialled == we_dial || c->dialled != we_dial) {
			hand_over_address(c, other);
			peer_close(c->peer, "connected already", now);
			return true;
		}
		hand_over_address(other, c);
		peer_close(other->peer, "connected twice", now);
	}
	return false;
}

static void
say_who_we_are(struct conn *c, usec now)
{
	struct torrent *t = c->src.torrent;
	struct ext_handshake ext;

	ext_handshake_init(&ext);
	ext.ids[EXT_DONTHAVE] = EXT_DONTHAVE + 1;
	ext.v = slice_str("btcore/" PACKAGE_VERSION);
	ext.p = t->opts->port;
	ext.reqq = REQQ_IN;
	ext.yourip = c->addr;
	ext.yourip.port = 0;
	/* A super-seed is not to be known as a seed. */
	if (torrent_is_known(t) && !reveal_is_on(t))
		ext.upload_only = t->state == BT_TORRENT_SEEDING;
	peer_send_ext_handshake(c->peer, &ext, now);
}

/* Both sides' pieces are known: it can give and be served. */
static void
enter(struct conn *c, usec now)
{
	enter_in_picker(c);
	source_enter(&c->src);
	if (reveal_is_on(c->src.torrent) && reveal_begin(c, now))
		reveal_round(c->src.torrent, now);
	else
		peer_send_bitfield(c->peer, picker_have(c->src.torrent->picker), now);
}

void
conns_say_who_we_are(struct torrent *t, usec now)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		if (c->open)
			say_who_we_are(c, now);
	}
}

void
conns_learn(struct torrent *t, usec now)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		if (!peer_learn(c->peer, t->meta, now) || !c->open)
			continue;
		enter(c, now);
		if (c->open && c->peer->peer_interested)
			serve_interested(c, now);
		conn_update_interest(c, now);
		conn_close_redundant(c, now);
	}
	serve_fill_slots(t, now);
	torrent_ask_again(t, now);
}

static void
on_open(void *arg, struct peer *p, usec now)
{
	struct conn *c = arg;
	struct torrent *t = c->src.torrent;

	if (memcmp(p->theirs.peer_id, t->peer_id, 20) == 0) {
		if (c->dialled)
			known_ban_port(&t->swarm->known, &c->addr);
		peer_close(p, "it is ourselves", now);
		return;
	}
	if (is_duplicate(c, now))
		return;
	c->open = true;
	say_who_we_are(c, now);
	/* Saying it may fail, and end the connection. */
	if (c->open && torrent_is_known(t))
		enter(c, now);
}

static void
on_closed(void *arg, struct peer *p, const char *why, usec now)
{
	struct conn *c = arg;
	struct torrent *t = c->src.torrent;
	char text[ADDR_TEXT_MAX];

	torrent_say(t, BT_LOG_DEBUG, "peer %s: closed: %s", addr_text(&c->addr, text), why);
	download_release_all(&c->src, now);
	c->open = false;
	if (c->src.entered) {
		source_leave(&c->src);
		leave_picker(c, &p->have);
		download_let_go(&c->src, now);
	}
	/* A seed was no use to a seed, but may be one day. */
	if (c->listens.family != ADDR_NONE)
		known_lost(&t->swarm->known, &c->listens, c->src.gave || p->up.total > 0 ||
		    c->redundant, now);
	if (c->redundant && c->listens.family != ADDR_NONE)
		known_postpone(&t->swarm->known, &c->listens, now + SEED_AGAIN);
	(void)map_remove(&t->swarm->by_id, &c->src.id);
	if (--t->conn_count == 0)
		t->idle_since = now;
	if (t->opts->connections != NULL)
		--*t->opts->connections;
	TAILQ_REMOVE(&t->conns, c, link);
	TAILQ_INSERT_TAIL(&t->gone, c, link);
	torrent_wants_tick(t, now);
}

static void
on_choke(void *arg, struct peer *p, usec now)
{
	struct conn *c = arg;

	c->src.choking = p->peer_choking;
	if (!p->peer_choking) {
		c->src.snubbed = false;
		download_more(&c->src, now);
		return;
	}
	if (!c->src.entered)
		return;
	download_let_go(&c->src, now);
	/* With the fast extension each request is rejected by name. */
	if (!p->fast)
		download_release_all(&c->src, now);
}

static void
on_interest(void *arg, struct peer *p, usec now)
{
	struct conn *c = arg;
	struct torrent *t = c->src.torrent;

	if (!p->peer_interested || !c->src.entered)
		return;
	serve_interested(c, now);
	serve_fill_slots(t, now);
}

static void
on_have(void *arg, struct peer *p, uint32_t piece, usec now)
{
	struct conn *c = arg;
	struct torrent *t = c->src.torrent;

	picker_add_have(t->picker, piece);
	if (c->revealed.pieces.len > 0)
		reveal_spread(t, c, piece, now);
	if (picker_wants(t->picker, piece)) {
		c->src.missing++;
		c->src.idle_at = 0;
		conn_update_interest(c, now);
	}
	if (peer_is_seed(p))
		conn_close_redundant(c, now);
}

static void
on_lost(void *arg, struct peer *p, uint32_t piece, usec now)
{
	struct conn *c = arg;
	struct picker *picker = c->src.torrent->picker;

	if (c->as_seed) {
		picker_remove_seed(picker);
		picker_add_peer(picker, &p->have);
		c->as_seed = false;
	} else {
		picker_lost_have(picker, piece);
	}
	/* No count of all: it may say so as often as it likes. */
	c->src.missing -= picker_wants(picker, piece);
	/* With the fast extension each request is rejected by name. */
	if (!p->fast)
		download_release_piece(&c->src, piece, now);
	download_let_go(&c->src, now);
	conn_update_interest(c, now);
}

static void
on_bitfield(void *arg, struct peer *p, const struct bits *before, usec now)
{
	struct conn *c = arg;

	/* It may be said again and again, and is not to cost anything then. */
	if (slice_eq(bits_slice(before), bits_slice(&p->have)))
		return;
	if (c->as_seed || peer_is_seed(p)) {
		leave_picker(c, before);
		enter_in_picker(c);
	} else {
		picker_change_peer(c->src.torrent->picker, before, &p->have);
	}
	source_count_missing(&c->src);
	download_let_go(&c->src, now);
	conn_update_interest(c, now);
	conn_close_redundant(c, now);
}

static void
on_request(void *arg, struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	(void)p;
	serve_request(arg, piece, begin, len, now);
}

static void
on_cancel(void *arg, struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	(void)p;
	serve_cancel(arg, piece, begin, len, now);
}

static void
on_block(void *arg, struct peer *p, uint32_t piece, uint32_t begin, uint32_t len,
    struct block *b, usec now)
{
	struct conn *c = arg;

	(void)p;
	c->moved = now;
	download_block(&c->src, piece, begin, len, b, now);
}

static void
on_reject(void *arg, struct peer *p, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	struct conn *c = arg;

	(void)p;
	(void)len;
	download_rejected(&c->src, piece, begin, now);
}

static void
on_allowed_fast(void *arg, struct peer *p, uint32_t piece, usec now)
{
	struct conn *c = arg;

	(void)p;
	(void)now;
	if (c->src.allowed.len < ALLOWED_FAST_MAX)
		(void)vec_add(&c->src.allowed, &piece);
}

/* A peer that came to us is known by the port that it tells: not to be dialled as well, but to be
 * found again. */
static void
learn_address(struct conn *c)
{
	struct known *known = &c->src.torrent->swarm->known;
	struct addr a = c->addr;

	a.port = c->peer->ext.p;
	if (a.port == 0 || c->listens.family != ADDR_NONE)
		return;
	c->listens = a;
	(void)known_add(known, &a, KNOWN_INCOMING, 0);
	known_connected(known, &a);
}

static void
on_extended(void *arg, struct peer *p, usec now)
{
	struct conn *c = arg;

	(void)p;
	learn_address(c);
	conn_close_redundant(c, now);
}

static void
on_sent(void *arg, struct peer *p, uint32_t content, usec now)
{
	struct conn *c = arg;

	(void)p;
	if (content > 0)
		c->moved = now;
	meter_add(&c->src.torrent->up, content);
	serve_more(c, now);
}

static void
on_read(void *arg, struct peer *p, usec now)
{
	struct conn *c = arg;
	struct torrent *t = c->src.torrent;

	serve_more(c, now);
	download_more(&c->src, now);
	if (p->expect > 0 && t->content != NULL && content_busy(t->content))
		stream_set_reading(p->stream, false);
}

const struct peer_ops conn_calls = {
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
	.on_sent = on_sent,
	.on_read = on_read,
};

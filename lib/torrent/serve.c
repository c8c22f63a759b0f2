/* SPDX-License-Identifier: ISC */
/* Giving blocks to peers, and choosing to whom. */
#include "proto/allowed_fast.h"
#include "torrent/model.h"

/* What waits in a peer's stream is what it takes in about half a second, within bounds: more holds
 * files open or blocks in memory, and a cancel comes too late for it. */
#define QUEUE_LEAST (64u << 10)
#define QUEUE_MOST (512u << 10)
#define QUEUE_DRAINS_FAST (100 * MSEC)
#define QUEUE_DRAINS_SLOWLY (500 * MSEC)

/* Blocks that the disk reads for one peer at once. */
#define READING_MAX 16

/* Pieces that a choked peer may ask for (libtorrent's number). */
#define ALLOWED_FAST_COUNT 5

/* Choked peers that are served at once: peers of one network are all allowed the same pieces, and
 * a crowd of them would have a new seed send nothing else. */
#define ALLOWED_AT_ONCE 2

/* Peers that a super-seed serves at once, at least. */
#define SUPER_SLOTS 50

void
serve_init(struct conn *c)
{
	uploads_init(&c->uploads, REQQ_IN);
	c->queue = QUEUE_LEAST;
}

static bool
is_allowing(const struct conn *c, uint32_t piece)
{
	for (uint32_t i = 0; i < c->allowing_count; i++) {
		if (c->allowing[i] == piece)
			return true;
	}
	return false;
}

static bool
is_busy(const struct conn *c)
{
	return uploads_count(&c->uploads) > 0 || c->reading > 0 ||
	    stream_pending(c->peer->stream) >= BLOCK_SIZE;
}

/* Is this choked peer one of the few that are served nevertheless? */
static bool
has_favour(const struct conn *c)
{
	const struct conn *other;
	unsigned others = 0;

	TAILQ_FOREACH(other, &c->src.torrent->conns, link)
		others += other != c && other->open && other->peer->am_choking &&
		    other->allowing_count > 0 && is_busy(other);
	return others < ALLOWED_AT_ONCE;
}

void
serve_request(struct conn *c, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	struct torrent *t = c->src.torrent;
	const struct upload u = { piece, begin, len };

	if ((c->peer->am_choking && (!is_allowing(c, piece) || !has_favour(c))) ||
	    !torrent_is_in_swarm(t) || !bits_has(picker_have(t->picker), piece) ||
	    !reveal_allows(c, piece) ||
	    !uploads_add(&c->uploads, u))
		peer_send_reject(c->peer, piece, begin, len, now);
}

void
serve_cancel(struct conn *c, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	/* BEP 6: a cancel is answered by the piece or by a reject. */
	if (uploads_cancel(&c->uploads, (struct upload){ piece, begin, len }))
		peer_send_reject(c->peer, piece, begin, len, now);
}

/* Half of the queue is gone: by the time that took we know how long it should be. */
static void
size_queue(struct conn *c, usec now)
{
	usec took = now - c->refilled;

	if (took < QUEUE_DRAINS_FAST && c->queue < QUEUE_MOST)
		c->queue *= 2;
	else if (took > QUEUE_DRAINS_SLOWLY && c->queue > QUEUE_LEAST)
		c->queue /= 2;
	c->refilled = now;
}

static bool
has_room(const struct conn *c)
{
	return stream_pending(c->peer->stream) < c->queue && c->reading < READING_MAX;
}

void
serve_more(struct conn *c, usec now)
{
	struct torrent *t = c->src.torrent;
	struct sendq_file file;
	struct upload u;

	if (c->revealed.pieces.len > 0 && !is_busy(c))
		reveal_drained(c, now);
	if (uploads_count(&c->uploads) == 0 || stream_pending(c->peer->stream) > c->queue / 2)
		return;
	if (c->reading == 0)
		size_queue(c, now);
	while (has_room(c) && uploads_next(&c->uploads, &u)) {
		const struct content_read what = { u.piece, u.begin, u.len, c->src.id };

		if (content_read(t->content, &what, &file))
			peer_send_file(c->peer, u.piece, u.begin, &file, now);
		else
			c->reading++;
	}
}

void
torrent_block_read(struct torrent *t, const struct content_read *what, struct block *b,
    const struct bt_error *err, usec now)
{
	struct source *s = torrent_find_source(t, what->cookie);
	struct conn *c;

	if (s == NULL) {
		block_free(t->opts->blocks, b);
		return;
	}
	/* Only connections have blocks read. */
	c = CONTAINER_OF(s, struct conn, src);
	c->reading--;
	if (b == NULL) {
		torrent_say(t, BT_LOG_WARN, "cannot read piece %u: %s", what->piece, err->text);
		peer_send_reject(c->peer, what->piece, what->begin, what->len, now);
		if (err->code == BT_EGONE)
			torrent_fail(t, err, now);
		else if (err->code == BT_ENOENT)
			torrent_look_again(t, err->text, now);
		return;
	}
	peer_send_block(c->peer, what->piece, what->begin, what->len, b, now);
	serve_more(c, now);
}

void
serve_drop_all(struct conn *c, usec now)
{
	struct upload u;

	while (uploads_next(&c->uploads, &u))
		peer_send_reject(c->peer, u.piece, u.begin, u.len, now);
}

static void
set_choke(struct conn *c, bool choke, usec now)
{
	if (c->peer->am_choking == choke)
		return;
	peer_send_choke(c->peer, choke, now);
	if (choke) {
		/* BEP 6: what is not going to be served is rejected. */
		serve_drop_all(c, now);
		return;
	}
	c->choke.turn_began = now;
	c->turn_mark = c->peer->up.total;
}

/* BEP 6: something to begin with, for who has little. */
void
serve_interested(struct conn *c, usec now)
{
	if (!c->peer->fast || c->revealed.pieces.len > 0 || c->allowing_count > 0 ||
	    c->peer->have.count >= ALLOWED_FAST_COUNT)
		return;
	c->allowing_count = allowed_fast_set(&c->addr, c->peer->ours.info_hash, c->peer->have.len,
	    ALLOWED_FAST_COUNT, c->allowing);
	for (uint32_t i = 0; i < c->allowing_count; i++)
		peer_send_allowed_fast(c->peer, c->allowing[i], now);
}

/* Whom a super-seed has shown a piece is served: that piece is nobody else's to get. */
static unsigned
slots(const struct torrent *t)
{
	return reveal_is_on(t) && t->opts->max_uploads < SUPER_SLOTS ? SUPER_SLOTS :
	    t->opts->max_uploads;
}

/* Between two rounds: a free slot need not wait. */
void
serve_fill_slots(struct torrent *t, usec now)
{
	unsigned used = 0;
	struct conn *c, *next;

	TAILQ_FOREACH(c, &t->conns, link)
		used += c->open && !c->peer->am_choking && c->peer->peer_interested;
	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		if (used >= slots(t))
			return;
		if (!c->open || !c->peer->am_choking || !c->peer->peer_interested)
			continue;
		set_choke(c, false, now);
		used++;
	}
}

static void
gather_facts(struct conn *c)
{
	struct peer *p = c->peer;

	c->choke.interested = p->peer_interested && !peer_is_seed(p);
	c->choke.snubbed = c->src.snubbed;
	c->choke.unchoked = !p->am_choking;
	c->choke.optimistic = c->choke.lucky && !p->am_choking;
	c->choke.down = p->down.total - c->down_mark;
	c->choke.up = p->up.total - c->up_mark;
	c->choke.up_turn = p->up.total - c->turn_mark;
	c->down_mark = p->down.total;
	c->up_mark = p->up.total;
}

void
serve_round(struct torrent *t, usec now)
{
	struct vec peers;
	struct conn *c;

	if (reveal_is_on(t))
		reveal_round(t, now);
	t->swarm->choker.slots = slots(t);
	vec_init(&peers, sizeof(struct choker_peer *));
	TAILQ_FOREACH(c, &t->conns, link) {
		const struct choker_peer *facts = &c->choke;

		/* One that waits for us to learn what we have is told that first. */
		if (!c->src.entered)
			continue;
		gather_facts(c);
		if (vec_add(&peers, &facts) == NULL)
			break;
	}
	if (peers.len > 0)
		choker_round(&t->swarm->choker, peers.items, peers.len,
		    t->state == BT_TORRENT_SEEDING, now);
	for (size_t i = 0; i < peers.len; i++) {
		struct choker_peer *p = *(struct choker_peer **)vec_at(&peers, i);

		set_choke(CONTAINER_OF(p, struct conn, choke), !p->unchoke, now);
	}
	vec_fini(&peers);
}

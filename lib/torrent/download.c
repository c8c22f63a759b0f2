/* SPDX-License-Identifier: ISC */
/* Asking for blocks, taking them, and what becomes of a piece. */
#include <string.h>

#include "base/num.h"
#include "torrent/model.h"

/* Asked for in one go; a refill comes with the next reading. */
#define PICK_MAX 256

/* At the end, what others were asked for is asked again of a peer that has nothing to do, and only
 * so many blocks at a time: each may come twice. */
#define END_GAME_BLOCKS 4

/* After so many more failed pieces than good ones that a peer had a part in, it goes: one who slips
 * a bad block into the pieces of an honest one, and leaves, does not get that one banned. */
#define BAD_PIECES_MAX 5

/* Senders of one piece that are told apart. */
#define SENDERS_MAX 64

static void
send_requests(struct conn *c, const struct picker_block *blocks, unsigned n, usec now)
{
	struct torrent *t = c->torrent;

	for (unsigned i = 0; i < n; i++) {
		const struct picker_block *b = &blocks[i];

		if (!requests_add(&c->requests, b->piece, b->begin, b->len, now)) {
			(void)picker_release(t->picker, b->piece, b->begin, c->id);
			continue;
		}
		peer_send_request(c->peer, b->piece, b->begin, b->len, now);
	}
	c->peer->expect = (unsigned)requests_count(&c->requests);
	/* Those who have nothing to do take part in the end game. */
	if (picker_in_end_game(t->picker))
		torrent_ask_again(t, now);
}

/* While it chokes us, only what it allows (BEP 6). */
static unsigned
pick_allowed(struct conn *c, const struct picker_peer *who, unsigned n, struct picker_block *out)
{
	unsigned got = 0;

	for (size_t i = 0; i < c->allowed.len && got < n; i++) {
		uint32_t piece = *(uint32_t *)vec_at(&c->allowed, i);

		got += picker_pick_piece(c->torrent->picker, who, piece, n - got, out + got);
	}
	return got;
}

void
download_more(struct conn *c, usec now)
{
	struct torrent *t = c->torrent;
	const struct picker_peer who = { c->id, &c->peer->have };
	struct picker_block blocks[PICK_MAX];
	unsigned n;

	if (t->state != BT_TORRENT_DOWNLOADING || !c->open || c->snubbed || c->refused ||
	    c->missing == 0 ||
	    content_busy(t->content) || (c->peer->peer_choking && c->allowed.len == 0))
		return;
	n = requests_room(&c->requests, peer_reqq(c->peer));
	if (n > PICK_MAX)
		n = PICK_MAX;
	if (picker_in_end_game(t->picker))
		n = requests_count(&c->requests) > 0 ? 0 : (unsigned)min_u64(n, END_GAME_BLOCKS);
	if (n == 0)
		return;
	if (c->peer->peer_choking)
		n = pick_allowed(c, &who, n, blocks);
	else
		n = picker_pick(t->picker, &who, n, blocks);
	send_requests(c, blocks, n, now);
}

/* End game: whoever else was asked for it need not send it any more. */
static void
cancel_elsewhere(struct torrent *t, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		if (!c->open || !requests_has(&c->requests, piece, begin))
			continue;
		peer_send_cancel(c->peer, piece, begin, len, now);
		/* With the fast extension the cancel is answered, and ends the request. */
		if (!c->peer->fast)
			(void)requests_remove(&c->requests, piece, begin);
	}
}

void
download_block(struct conn *c, uint32_t piece, uint32_t begin, uint32_t len, struct block *b,
    usec now)
{
	struct torrent *t = c->torrent;
	bool was_asked = requests_answered(&c->requests, piece, begin, len, now);
	/* Of who had snubbed us the block was given up, and perhaps asked of another. */
	bool shared = was_asked && (c->snubbed || picker_shared(t->picker, piece, begin));
	enum picker_result result = PICKER_UNWANTED;

	meter_add(&t->down, len);
	if (was_asked)
		result = picker_receive(t->picker, piece, begin, c->id);
	if (result == PICKER_UNWANTED) {
		t->wasted += len;
		block_free(t->opts.blocks, b);
		return;
	}
	c->snubbed = false;
	content_put(t->content, piece, begin, b, len);
	if (shared)
		cancel_elsewhere(t, piece, begin, len, now);
	if (result == PICKER_COMPLETE)
		content_finish(t->content, piece);
}

static bool
give_back(struct conn *c, uint32_t piece, uint32_t begin, usec now)
{
	bool ours = requests_remove(&c->requests, piece, begin) &&
	    picker_release(c->torrent->picker, piece, begin, c->id);

	c->peer->expect = (unsigned)requests_count(&c->requests);
	if (ours)
		torrent_ask_again(c->torrent, now);
	return ours;
}

void
download_rejected(struct conn *c, uint32_t piece, uint32_t begin, usec now)
{
	if (!give_back(c, piece, begin, now))
		return;
	/* To ask for the same again at once would go on for ever. */
	if (!c->peer->peer_choking)
		c->refused = true;
	for (size_t i = c->peer->peer_choking ? c->allowed.len : 0; i > 0; i--) {
		if (*(uint32_t *)vec_at(&c->allowed, i - 1) == piece)
			vec_remove_swap(&c->allowed, i - 1);
	}
}

void
download_release_all(struct conn *c, usec now)
{
	while (requests_count(&c->requests) > 0) {
		struct request r = *requests_at(&c->requests, 0);

		(void)give_back(c, r.piece, r.begin, now);
	}
}

/* It has not sent what we asked for: others may. What still comes from it is welcome. */
static void
snub(struct conn *c, usec now)
{
	c->snubbed = true;
	for (size_t i = 0; i < requests_count(&c->requests); i++) {
		struct request *r = requests_at(&c->requests, i);

		if (!r->given_up)
			(void)picker_release(c->torrent->picker, r->piece, r->begin, c->id);
		r->given_up = true;
	}
	torrent_ask_again(c->torrent, now);
	torrent_say(c->torrent, BT_LOG_DEBUG, "peer %u: snubbed us", c->id);
}

/* What is its alone is open to others. */
void
download_let_go(struct conn *c, usec now)
{
	if (picker_let_go(c->torrent->picker, c->id))
		torrent_ask_again(c->torrent, now);
}

void
download_patience(struct conn *c, usec now)
{
	usec patience = c->torrent->opts.snub_time;

	if (!c->snubbed && requests_snubbed(&c->requests, now, patience))
		snub(c, now);
	/* One that sips is not silent, but what is its alone is not to wait for it. */
	if (requests_overdue(&c->requests, now, patience))
		download_let_go(c, now);
}

/* Who of the piece's senders is still here; *total counts those that left as well. */
static unsigned
find_senders(struct torrent *t, uint32_t piece, struct conn *out[SENDERS_MAX], unsigned *total)
{
	uint32_t ids[SENDERS_MAX];
	unsigned found = 0;

	*total = picker_senders(t->picker, piece, ids, SENDERS_MAX);
	for (unsigned i = 0; i < *total && i < SENDERS_MAX; i++) {
		out[found] = torrent_find_conn(t, ids[i]);
		found += out[found] != NULL;
	}
	return found;
}

/* A sole sender lied; of several, one did, and the next try will show which. */
static void
blame(struct torrent *t, uint32_t piece, usec now)
{
	struct conn *senders[SENDERS_MAX];
	unsigned total, n = find_senders(t, piece, senders, &total);

	for (unsigned i = 0; i < n; i++) {
		struct conn *c = senders[i];

		if (total == 1 || ++c->bad_pieces >= BAD_PIECES_MAX + c->good_pieces)
			conn_ban(c, "sent bad data", now);
	}
}

static void
credit(struct torrent *t, uint32_t piece)
{
	struct conn *senders[SENDERS_MAX];
	unsigned total, n = find_senders(t, piece, senders, &total);

	for (unsigned i = 0; i < n; i++) {
		senders[i]->gave = true;
		senders[i]->good_pieces++;
	}
}

static void
piece_good(struct torrent *t, uint32_t piece, usec now)
{
	struct conn *c, *next;

	credit(t, piece);
	picker_set_have(t->picker, piece);
	t->done += bt_metainfo_piece_size(t->opts.meta, piece);
	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		if (!c->open)
			continue;
		if (bits_has(&c->peer->have, piece)) {
			c->missing--;
			conn_update_interest(c, now);
		} else {
			peer_send_have(c->peer, piece, now);
		}
	}
	t->ops->event(t->arg, t, &(struct bt_event){ .type = BT_EVENT_PIECE, .piece = piece });
}

static void
complete(struct torrent *t, usec now)
{
	struct conn *c, *next;

	torrent_become(t, BT_TORRENT_SEEDING, "complete");
	announce_completed(t->announce, now);
	torrent_event(t, BT_EVENT_COMPLETE, "");
	TAILQ_FOREACH_SAFE(c, &t->conns, link, next)
		conn_close_redundant(c, now);
}

void
torrent_piece_done(struct torrent *t, uint32_t piece, const struct bt_error *err, usec now)
{
	if (err->code == BT_OK) {
		piece_good(t, piece, now);
		if (bits_full(picker_have(t->picker)) && t->state == BT_TORRENT_DOWNLOADING)
			complete(t, now);
		return;
	}
	if (err->code == BT_EHASH) {
		torrent_say(t, BT_LOG_WARN, "piece %u fails its hash", piece);
		t->wasted += bt_metainfo_piece_size(t->opts.meta, piece);
		blame(t, piece, now);
		picker_set_failed(t->picker, piece);
		torrent_ask_again(t, now);
		return;
	}
	picker_set_failed(t->picker, piece);
	torrent_fail(t, err->text, now);
}

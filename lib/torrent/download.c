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
send_requests(struct source *s, const struct picker_block *blocks, unsigned n, usec now)
{
	struct torrent *t = s->torrent;

	for (unsigned i = 0; i < n; i++) {
		const struct picker_block *b = &blocks[i];

		if (!requests_add(&s->requests, b->piece, b->begin, b->len, now)) {
			(void)picker_release(t->picker, b->piece, b->begin, s->id);
			continue;
		}
		s->ops->request(s, b, now);
	}
	s->ops->awaited(s, (unsigned)requests_count(&s->requests));
	/* Those who have nothing to do take part in the end game. */
	if (picker_in_end_game(t->picker))
		torrent_ask_again(t, now);
}

/* While it chokes us, only what it allows (BEP 6). */
static unsigned
pick_allowed(struct source *s, const struct picker_peer *who, unsigned n, struct picker_block *out)
{
	unsigned got = 0;

	for (size_t i = 0; i < s->allowed.len && got < n; i++) {
		uint32_t piece = *(uint32_t *)vec_at(&s->allowed, i);

		got += picker_pick_piece(s->torrent->picker, who, piece, n - got, out + got);
	}
	return got;
}

/* One that gets less than it could take is not looked at again before something changes. */
static unsigned
pick_any(struct source *s, const struct picker_peer *who, unsigned n, struct picker_block *out)
{
	struct picker *picker = s->torrent->picker;
	uint64_t generation = picker_generation(picker);
	unsigned got;

	if (s->idle_at == generation)
		return 0;
	got = picker_pick(picker, who, n, out);
	s->idle_at = got < n ? generation : 0;
	return got;
}

void
download_more(struct source *s, usec now)
{
	struct torrent *t = s->torrent;
	const struct picker_peer who = { s->id, s->have };
	struct picker_block blocks[PICK_MAX];
	unsigned n;

	if (t->state != BT_TORRENT_DOWNLOADING || s->snubbed || s->refused ||
	    s->missing == 0 ||
	    content_busy(t->content) || (s->choking && s->allowed.len == 0))
		return;
	n = requests_room(&s->requests, s->ops->limit(s));
	if (n > PICK_MAX)
		n = PICK_MAX;
	if (picker_in_end_game(t->picker))
		n = requests_count(&s->requests) > 0 ? 0 : (unsigned)min_u64(n, END_GAME_BLOCKS);
	if (n == 0)
		return;
	if (s->choking)
		n = pick_allowed(s, &who, n, blocks);
	else
		n = pick_any(s, &who, n, blocks);
	send_requests(s, blocks, n, now);
}

/* End game: whoever else was asked for it need not send it any more. */
static void
cancel_elsewhere(struct torrent *t, uint32_t piece, uint32_t begin, uint32_t len, usec now)
{
	const struct picker_block what = { piece, begin, len };
	struct source *s, *next;

	TAILQ_FOREACH_SAFE(s, &t->sources, link, next) {
		if (requests_has(&s->requests, piece, begin) && !s->ops->cancel(s, &what, now))
			(void)requests_remove(&s->requests, piece, begin);
	}
}

void
download_block(struct source *s, uint32_t piece, uint32_t begin, uint32_t len, struct block *b,
    usec now)
{
	struct torrent *t = s->torrent;
	bool was_asked = requests_answered(&s->requests, piece, begin, len, now);
	/* Of who had snubbed us the block was given up, and perhaps asked of another. */
	bool shared = was_asked && (s->snubbed || picker_shared(t->picker, piece, begin));
	enum picker_result result = PICKER_UNWANTED;

	meter_add(&t->down, len);
	if (was_asked)
		result = picker_receive(t->picker, piece, begin, s->id);
	if (result == PICKER_UNWANTED) {
		t->wasted += len;
		block_free(t->opts->blocks, b);
		return;
	}
	s->snubbed = false;
	content_put(t->content, piece, begin, b, len);
	if (shared)
		cancel_elsewhere(t, piece, begin, len, now);
	if (result == PICKER_COMPLETE)
		content_finish(t->content, piece);
}

static bool
give_back(struct source *s, uint32_t piece, uint32_t begin, usec now)
{
	bool ours = requests_remove(&s->requests, piece, begin) &&
	    picker_release(s->torrent->picker, piece, begin, s->id);

	s->ops->awaited(s, (unsigned)requests_count(&s->requests));
	if (ours)
		torrent_ask_again(s->torrent, now);
	return ours;
}

void
download_rejected(struct source *s, uint32_t piece, uint32_t begin, usec now)
{
	if (!give_back(s, piece, begin, now))
		return;
	/* To ask for the same again at once would go on for ever. */
	if (!s->choking)
		s->refused = true;
	for (size_t i = s->choking ? s->allowed.len : 0; i > 0; i--) {
		if (*(uint32_t *)vec_at(&s->allowed, i - 1) == piece)
			vec_remove_swap(&s->allowed, i - 1);
	}
}

void
download_release_all(struct source *s, usec now)
{
	while (requests_count(&s->requests) > 0) {
		struct request r = *requests_at(&s->requests, 0);

		(void)give_back(s, r.piece, r.begin, now);
	}
}

void
download_release_piece(struct source *s, uint32_t piece, usec now)
{
	for (size_t i = requests_count(&s->requests); i > 0; i--) {
		struct request r = *requests_at(&s->requests, i - 1);

		if (r.piece == piece)
			(void)give_back(s, r.piece, r.begin, now);
	}
}

/* It has not sent what we asked for: others may. What still comes from it is welcome. */
static void
snub(struct source *s, usec now)
{
	s->snubbed = true;
	for (size_t i = 0; i < requests_count(&s->requests); i++) {
		struct request *r = requests_at(&s->requests, i);

		if (!r->given_up)
			(void)picker_release(s->torrent->picker, r->piece, r->begin, s->id);
		r->given_up = true;
	}
	torrent_ask_again(s->torrent, now);
	torrent_say(s->torrent, BT_LOG_DEBUG, "peer %u: snubbed us", s->id);
}

/* What is its alone is open to others. */
void
download_let_go(struct source *s, usec now)
{
	if (picker_let_go(s->torrent->picker, s->id))
		torrent_ask_again(s->torrent, now);
}

void
download_patience(struct source *s, usec now)
{
	usec patience = s->torrent->opts->snub_time;

	if (!s->snubbed && requests_snubbed(&s->requests, now, patience))
		snub(s, now);
	/* One that sips is not silent, but what is its alone is not to wait for it. */
	if (requests_overdue(&s->requests, now, patience))
		download_let_go(s, now);
}

/* Who of the piece's senders is still here; *total counts those that left as well. */
static unsigned
find_senders(struct torrent *t, uint32_t piece, struct source *out[SENDERS_MAX], unsigned *total)
{
	uint32_t ids[SENDERS_MAX];
	unsigned found = 0;

	*total = picker_senders(t->picker, piece, ids, SENDERS_MAX);
	for (unsigned i = 0; i < *total && i < SENDERS_MAX; i++) {
		out[found] = torrent_find_source(t, ids[i]);
		found += out[found] != NULL;
	}
	return found;
}

/* A sole sender lied; of several, one did, and the next try will show which. One that has left
 * since is the first suspect: it may come again and again, and is not to have others banned. */
static void
blame(struct torrent *t, uint32_t piece, usec now)
{
	struct source *senders[SENDERS_MAX];
	unsigned total, n = find_senders(t, piece, senders, &total);

	for (unsigned i = 0; i < n; i++) {
		struct source *s = senders[i];

		if (total == 1 ||
		    (n == total && ++s->bad_pieces >= BAD_PIECES_MAX + s->good_pieces))
			s->ops->ban(s, "sent bad data", now);
	}
}

static void
credit(struct torrent *t, uint32_t piece)
{
	struct source *senders[SENDERS_MAX];
	unsigned total, n = find_senders(t, piece, senders, &total);

	for (unsigned i = 0; i < n; i++) {
		senders[i]->gave = true;
		senders[i]->good_pieces++;
	}
}

static void
piece_good(struct torrent *t, uint32_t piece, usec now)
{
	bool wanted = picker_wants(t->picker, piece);
	struct source *s;

	t->retries = 0;
	credit(t, piece);
	picker_set_have(t->picker, piece);
	torrent_count_piece(t, piece, true);
	TAILQ_FOREACH(s, &t->sources, link)
		s->missing -= wanted && bits_has(s->have, piece);
	conns_piece_here(t, piece, now);
	torrent_event(t, &(struct bt_event){ .type = BT_EVENT_PIECE, .as.piece = { piece } });
}

void
torrent_piece_done(struct torrent *t, uint32_t piece, const struct bt_error *err, usec now)
{
	if (err->code == BT_OK) {
		piece_good(t, piece, now);
		torrent_settle(t, "complete", now);
		return;
	}
	if (err->code == BT_EHASH) {
		torrent_say(t, BT_LOG_WARN, "piece %u fails its hash", piece);
		t->wasted += bt_metainfo_piece_size(t->meta, piece);
		blame(t, piece, now);
		picker_set_failed(t->picker, piece);
		torrent_ask_again(t, now);
		return;
	}
	picker_set_failed(t->picker, piece);
	torrent_fail(t, err, now);
}

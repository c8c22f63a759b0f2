/* SPDX-License-Identifier: ISC */
#include "torrent/reveal.h"

#include "torrent/model.h"

#define NONE UINT32_MAX

/* One that nobody will pass anything on to is shown more after this long: it may be alone. */
#define PATIENCE (30 * SECOND)

bool
reveal_is_on(const struct torrent *t)
{
	return t->opts->super_seeder && t->state == BT_TORRENT_SEEDING && t->picker != NULL &&
	    bits_full(picker_have(t->picker));
}

bool
reveal_begin(struct conn *c, usec now)
{
	struct revealed *r = &c->revealed;

	if (!bits_init(&r->pieces, picker_have(c->src.torrent->picker)->len))
		return false;
	for (unsigned i = 0; i < REVEAL_AT_ONCE; i++)
		r->open[i] = NONE;
	r->shown = now;
	peer_send_bitfield(c->peer, &r->pieces, now);
	return true;
}

void
reveal_end(struct conn *c)
{
	bits_fini(&c->revealed.pieces);
}

bool
reveal_allows(const struct conn *c, uint32_t piece)
{
	return c->revealed.pieces.len == 0 || bits_has(&c->revealed.pieces, piece);
}

/* -- which piece -- */

static bool
is_open_to(const struct conn *c, uint32_t piece)
{
	for (unsigned i = 0; i < REVEAL_AT_ONCE; i++) {
		if (c->revealed.open[i] == piece)
			return true;
	}
	return false;
}

static bool
is_open(const struct torrent *t, uint32_t piece)
{
	const struct conn *c;

	TAILQ_FOREACH(c, &t->conns, link) {
		if (c->open && c->revealed.pieces.len > 0 && is_open_to(c, piece))
			return true;
	}
	return false;
}

static bool
can_be_shown(const struct conn *c, uint32_t piece)
{
	return !bits_has(&c->peer->have, piece) && !bits_has(&c->revealed.pieces, piece);
}

/* From a place by chance on: a piece that nobody has or is given; of any number of copies if that
 * does not matter. */
static uint32_t
choose(const struct conn *c, bool any)
{
	const struct torrent *t = c->src.torrent;
	uint32_t count = c->revealed.pieces.len, from = rng_below(t->opts->rng, count);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t piece = (from + i) % count;

		if (can_be_shown(c, piece) &&
		    (any || (picker_copies(t->picker, piece) == 0 && !is_open(t, piece))))
			return piece;
	}
	return NONE;
}

static bool
show(struct conn *c, bool any, usec now)
{
	struct revealed *r = &c->revealed;
	unsigned i = 0;
	uint32_t piece;

	while (i < REVEAL_AT_ONCE && r->open[i] != NONE)
		i++;
	if (i == REVEAL_AT_ONCE)
		return false;
	piece = choose(c, any);
	if (piece == NONE)
		return false;
	r->open[i] = piece;
	r->shown = now;
	r->size += bt_metainfo_piece_size(c->src.torrent->meta, piece);
	(void)bits_set(&r->pieces, piece);
	peer_send_have(c->peer, piece, now);
	return true;
}

/* -- when -- */

/* Everybody who can be shown something is. */
static void
show_all(struct torrent *t, usec now)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		while (c->open && c->revealed.pieces.len > 0 && show(c, false, now))
			;
	}
}

static void
close_piece(struct conn *c, uint32_t piece)
{
	for (unsigned i = 0; i < REVEAL_AT_ONCE; i++) {
		if (c->revealed.open[i] == piece)
			c->revealed.open[i] = NONE;
	}
}

void
reveal_spread(struct torrent *t, const struct conn *by, uint32_t piece, usec now)
{
	struct conn *c;

	TAILQ_FOREACH(c, &t->conns, link) {
		/* The peer that it was shown to has it, and has nobody to pass it on to. */
		if (c->revealed.pieces.len > 0 && (c != by || t->conn_count == 1))
			close_piece(c, piece);
	}
	show_all(t, now);
}

/* One that is alone passes nothing on, and need not even tell us that it has a piece. */
void
reveal_drained(struct conn *c, usec now)
{
	struct torrent *t = c->src.torrent;

	if (t->conn_count > 1 || c->peer->up.total < c->revealed.size)
		return;
	for (unsigned i = 0; i < REVEAL_AT_ONCE; i++)
		c->revealed.open[i] = NONE;
	show_all(t, now);
}

void
reveal_round(struct torrent *t, usec now)
{
	struct conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &t->conns, link, next) {
		struct revealed *r = &c->revealed;

		if (!c->open || r->pieces.len == 0 || now - r->shown < PATIENCE)
			continue;
		for (unsigned i = 0; i < REVEAL_AT_ONCE; i++) {
			if (r->open[i] != NONE && bits_has(&c->peer->have, r->open[i]))
				r->open[i] = NONE;
		}
		if (!show(c, false, now))
			(void)show(c, true, now);
	}
	show_all(t, now);
}

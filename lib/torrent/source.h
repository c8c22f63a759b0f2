/* SPDX-License-Identifier: ISC */
/*
 * What gives pieces and can be blamed: today a peer, tomorrow a web server as well. Downloading
 * sees nothing else of them. A source belongs to its torrent's list while it may be asked, and
 * lies in whoever embeds it; it is found again by its id, which no two of a torrent share.
 */
#ifndef TORRENT_SOURCE_H
#define TORRENT_SOURCE_H

#include "base/bits.h"
#include "base/list.h"
#include "peer/requests.h"
#include "torrent/picker.h"

struct source;
struct torrent;

struct source_ops {
	/* Ask for the block. */
	void (*request)(struct source *s, const struct picker_block *b, usec now);
	/* The block came from elsewhere. True: this one still answers, by the block or by a
	 * reject. */
	bool (*cancel)(struct source *s, const struct picker_block *b, usec now);
	/* How many answers are awaited now. */
	void (*awaited)(struct source *s, unsigned count);
	/* How many blocks may be under way. */
	unsigned (*limit)(const struct source *s);
	/* It sent bad data: no more of it, now or later. */
	void (*ban)(struct source *s, const char *why, usec now);
};

struct source {
	TAILQ_ENTRY(source) link;	/* in torrent.sources while entered */
	const struct source_ops *ops;
	struct torrent *torrent;
	uint32_t id;
	const struct bits *have;	/* its owner's */
	uint32_t missing;		/* pieces that it has and we still want */
	uint64_t idle_at;		/* generation of the picker that had no more for it; 0 */
	struct requests requests;
	bool choking;			/* gives nothing but the allowed pieces */
	struct vec allowed;		/* uint32_t */
	bool entered;
	bool snubbed;
	bool refused;			/* rejected a request, not choking: asked when all are */
	bool gave;			/* something good came from it */
	unsigned bad_pieces, good_pieces;	/* that it had a part in */
};

/* Gives it the next id of the torrent, by which torrent_find_source knows it from now on. floor:
 * requests kept under way at least. False: no memory. */
bool source_init(struct source *s, struct torrent *t, const struct source_ops *ops,
    const struct bits *have, unsigned floor) MUST_USE;
void source_fini(struct source *s);

/* It may be asked from now on, or no more. */
void source_enter(struct source *s);
void source_leave(struct source *s);

/* Counts again what is missing: its pieces are others than before. */
void source_count_missing(struct source *s);

/* Asserts every invariant. */
void source_check(const struct source *s);

#endif

/* SPDX-License-Identifier: ISC */
/* What the files of this folder share: a torrent and its connections. Nobody else includes it. */
#ifndef TORRENT_MODEL_H
#define TORRENT_MODEL_H

#include "peer/requests.h"
#include "peer/upload.h"
#include "torrent/choker.h"
#include "torrent/picker.h"
#include "torrent/source.h"
#include "torrent/torrent.h"

/* One connection: the peer, what we ask of it and what it asked of us. */
struct conn {
	TAILQ_ENTRY(conn) link;		/* in torrent.conns, or torrent.gone once closed */
	struct source src;
	struct peer *peer;
	struct addr addr;
	struct addr listens;		/* where others reach it; ADDR_NONE: not known */
	bool dialled;
	bool open;			/* counted in the picker */
	bool as_seed;			/* counted there as a seed */
	bool redundant;			/* closed because both are seeds */
	struct uploads uploads;
	unsigned reading;		/* blocks that the disk is reading for it */
	size_t queue;			/* bytes that may wait in its stream; see serve.c */
	usec refilled;			/* when they were last topped up */
	uint32_t allowing[ALLOWED_FAST_MAX];	/* pieces we serve while choking */
	uint32_t allowing_count;
	struct choker_peer choke;
	uint64_t down_mark, up_mark;	/* peer's totals at the last round */
	uint64_t turn_mark;		/* up total when it was unchoked */
};

struct torrent {
	struct torrent_opts opts;
	const struct torrent_ops *ops;
	void *arg;
	enum bt_torrent_state state;
	uint8_t info_hash[20];
	uint8_t peer_id[20];
	struct content *content;
	struct picker *picker;
	struct choker choker;
	struct known known;
	struct announce *announce;
	struct rate in_rate, out_rate;
	TAILQ_HEAD(conn_list, conn) conns;
	struct conn_list gone;		/* closed, freed at the next tick */
	TAILQ_HEAD(, source) sources;	/* that may be asked */
	struct map by_id;		/* uint32_t to source */
	uint32_t next_id;
	unsigned conn_count;
	unsigned dialling;
	uint64_t done;			/* bytes verified */
	uint64_t wasted;
	struct meter down, up;
	uint32_t checked;
	usec due;		/* when the next tick is, as last told; 0 while it runs */
	usec next_round, next_slow;
	usec again;		/* when everybody is asked for more; NEVER */
	enum bt_code error;	/* why it failed; BT_OK */
	int error_errno;
	char *error_text;	/* NULL: none, or no memory for it */
	int64_t tracker_seeds, tracker_leeches;
};

/* torrent.c */
void torrent_become(struct torrent *t, enum bt_torrent_state state, const char *why);
void torrent_fail(struct torrent *t, const struct bt_error *why, usec now);
void torrent_event(struct torrent *t, const struct bt_event *e);
/* A tick is needed, at that time at the latest. */
void torrent_wants_tick(struct torrent *t, usec when);

/* Blocks are free that were asked of somebody: soon all peers are asked for more, in one go. */
void torrent_ask_again(struct torrent *t, usec now);
struct source *torrent_find_source(const struct torrent *t, uint32_t id);
void torrent_say(const struct torrent *t, enum bt_log_level level, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static inline bool
torrent_is_running(const struct torrent *t)
{
	return t->state == BT_TORRENT_DOWNLOADING || t->state == BT_TORRENT_SEEDING;
}

/* conn.c */
extern const struct peer_ops conn_calls;
struct conn *conn_new(struct torrent *t, struct peer *p, const struct addr *a, bool dialled);
void conn_free(struct conn *c);
void conn_update_interest(struct conn *c, usec now);
void conn_close_redundant(struct conn *c, usec now);
void conn_check(const struct conn *c);

/* We have the piece now: the others are told, or are of less interest. */
void conns_piece_here(struct torrent *t, uint32_t piece, usec now);

/* download.c */
void download_more(struct source *s, usec now);
void download_block(struct source *s, uint32_t piece, uint32_t begin, uint32_t len, struct block *b,
    usec now);
void download_rejected(struct source *s, uint32_t piece, uint32_t begin, usec now);
void download_release_all(struct source *s, usec now);
void download_patience(struct source *s, usec now);
void download_let_go(struct source *s, usec now);

/* serve.c */
void serve_init(struct conn *c);
void serve_request(struct conn *c, uint32_t piece, uint32_t begin, uint32_t len, usec now);
void serve_cancel(struct conn *c, uint32_t piece, uint32_t begin, uint32_t len, usec now);
void serve_more(struct conn *c, usec now);
void serve_round(struct torrent *t, usec now);
void serve_fill_slots(struct torrent *t, usec now);
void serve_interested(struct conn *c, usec now);
void serve_drop_all(struct conn *c, usec now);

#endif

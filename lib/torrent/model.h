/* SPDX-License-Identifier: ISC */
/* What the files of this folder share: a torrent and its connections. Nobody else includes it. */
#ifndef TORRENT_MODEL_H
#define TORRENT_MODEL_H

#include "peer/requests.h"
#include "peer/upload.h"
#include "torrent/choker.h"
#include "torrent/picker.h"
#include "torrent/reveal.h"
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
	bool open;
	bool as_seed;			/* counted in the picker as a seed */
	bool redundant;			/* closed because both are seeds */
	struct uploads uploads;
	unsigned reading;		/* blocks that the disk is reading for it */
	size_t queue;			/* bytes that may wait in its stream; see serve.c */
	usec refilled;			/* when they were last topped up */
	uint32_t allowing[ALLOWED_FAST_MAX];	/* pieces we serve while choking */
	uint32_t allowing_count;
	struct revealed revealed;	/* of a super-seed */
	struct choker_peer choke;
	uint64_t down_mark, up_mark;	/* peer's totals at the last round */
	uint64_t turn_mark;		/* up total when it was unchoked */
	usec moved;			/* when content last went, either way; 0: never */
};

/* What a torrent has while it knows of others, and a sleeper has not. */
struct swarm {
	struct known known;
	struct choker choker;
	struct rate in_rate, out_rate;
	struct map by_id;		/* uint32_t to source */
};

struct torrent {
	const struct torrent_opts *opts;	/* somebody else's, who shares them */
	const struct torrent_ops *ops;
	void *arg;
	enum bt_torrent_state state;	/* follows from what comes next: see torrent_settle */
	unsigned holds;			/* enum torrent_hold */
	bool stopped, said_goodbye;	/* to its trackers */
	bool announced;			/* trackers and peers know of it */
	bool checked;			/* what is on disk is known */
	bool checking;
	bool fresh;			/* all of it was checked, and nothing written since */
	bool awaiting;			/* its parts are on their way */
	bool asleep;			/* complete, and its parts were let go */
	bool waking;			/* they are asked for */
	bool told_complete;
	enum bt_code error;		/* why it failed; BT_OK */
	int error_errno;
	char *error_text;		/* NULL: none, or no memory for it */
	struct torrent_hashes hashes;
	uint8_t peer_id[20];
	/* Its parts: all of them, or none. */
	struct bt_metainfo *meta;
	struct content *content;
	struct picker *picker;
	struct bits unsure;		/* pieces to be checked; of length 0: all */
	uint32_t piece_count;		/* stays when they are let go, as what follows */
	uint32_t pieces_checked;
	uint64_t size;
	uint64_t done;			/* bytes verified */
	uint64_t wanted, wanted_done;	/* bytes of pieces that are wanted, and of these here */
	struct announce *announce;
	struct swarm *swarm;		/* NULL: it knows of nobody */
	TAILQ_HEAD(conn_list, conn) conns;
	struct conn_list gone;		/* closed, freed at the next tick */
	TAILQ_HEAD(, source) sources;	/* that may be asked */
	uint32_t next_id;
	unsigned conn_count;
	unsigned dialling;
	uint64_t wasted;
	struct meter down, up;
	usec due;			/* when the next tick is, as last told; 0 while it runs */
	usec next_round, next_slow;
	usec again;			/* when everybody is asked for more; NEVER */
	usec retry;			/* when it looks again whether it can go on; NEVER */
	uint8_t retries;		/* in a row */
	bool probing;			/* the content finds out */
	usec idle_since;		/* seeding: nobody is connected since */
	int64_t tracker_seeds, tracker_leeches;
};

/* torrent.c */
/* Brings the state in line with wishes and parts, and does what such a change takes. */
void torrent_settle(struct torrent *t, const char *why, usec now);
void torrent_event(struct torrent *t, const struct bt_event *e);
/* A tick is needed, at that time at the latest. */
void torrent_wants_tick(struct torrent *t, usec when);

/* Blocks are free that were asked of somebody: soon all peers are asked for more, in one go. */
void torrent_ask_again(struct torrent *t, usec now);
struct source *torrent_find_source(const struct torrent *t, uint32_t id);
void torrent_say(const struct torrent *t, enum bt_log_level level, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* It may have peers: metadata, downloading or seeding. */
bool torrent_is_in_swarm(const struct torrent *t);

/* Makes its swarm, if there is none yet. False: no memory. */
bool torrent_meet(struct torrent *t) MUST_USE;

/* What there is, and what of it we have: peers can be judged by it. */
static inline bool
torrent_is_known(const struct torrent *t)
{
	return t->meta != NULL && t->checked;
}

/* Something that was there is not: all is checked again, and fetched where it is missing. */
void torrent_look_again(struct torrent *t, const char *why, usec now);

/* The piece is here and verified, so that its bytes count, or is not any more. */
void torrent_count_piece(struct torrent *t, uint32_t piece, bool here);

/* Somebody needs its parts. */
void torrent_wake(struct torrent *t);

/* join.c */
bool join_add_address(struct torrent *t, const struct addr *a, enum known_source source);
bool join_may_dial(const struct torrent *t);
void join_dial(struct torrent *t, usec now);

/* trackers.c */
extern const struct announce_ops tracker_calls;

/* conn.c */
extern const struct peer_ops conn_calls;
struct conn *conn_new(struct torrent *t, struct peer *p, const struct addr *a, bool dialled);
void conn_free(struct conn *c);
void conn_update_interest(struct conn *c, usec now);
void conn_close_redundant(struct conn *c, usec now);
void conn_check(const struct conn *c);

/* The torrent is known now: what peers have said already is entered, and we say what we have. */
void conns_learn(struct torrent *t, usec now);

/* We are something else than before: a seed of a part. */
void conns_say_who_we_are(struct torrent *t, usec now);

/* We have the piece now: the others are told, or are of less interest. */
void conns_piece_here(struct torrent *t, uint32_t piece, usec now);

/* download.c */
void download_more(struct source *s, usec now);
void download_block(struct source *s, uint32_t piece, uint32_t begin, uint32_t len, struct block *b,
    usec now);
void download_rejected(struct source *s, uint32_t piece, uint32_t begin, usec now);
void download_release_all(struct source *s, usec now);
void download_release_piece(struct source *s, uint32_t piece, usec now);
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

/* SPDX-License-Identifier: ISC */
/*
 * One torrent: whom to ask, whom to serve, what next. It joins peers, content and trackers, and
 * reaches the world through torrent_ops, so that it runs as well in a session as in the simulator.
 * Time comes in with every call.
 *
 *     checking -> downloading -> seeding
 *        any of them -> stopping -> stopped;  any of them -> failed
 */
#ifndef TORRENT_TORRENT_H
#define TORRENT_TORRENT_H

#include <btcore/event.h>
#include <btcore/metainfo.h>

#include "announce/announce.h"
#include "base/log.h"
#include "disk/content.h"
#include "peer/peer.h"
#include "torrent/known.h"

struct torrent;

struct torrent_ops {
	/* Connect to it; answered by torrent_add_outgoing or torrent_dial_failed, later. */
	void (*dial)(void *arg, struct torrent *t, const struct addr *to);
	void (*event)(void *arg, struct torrent *t, const struct bt_event *e);
	void (*announce)(void *arg, struct torrent *t, uint64_t id, const char *url,
	    enum addr_family family, const struct announce_req *req);
	void (*announce_cancel)(void *arg, struct torrent *t, uint64_t id);
	/* Call torrent_tick at that time (which may be over already), not before this returns.
	 * It takes the place of what was said before; NEVER: there is nothing to do. */
	void (*due)(void *arg, struct torrent *t, usec when);
};

struct torrent_opts {
	const struct bt_metainfo *meta;	/* outlives the torrent */
	struct rng *rng;
	const struct log *log;
	struct block_store *blocks;
	struct rate *in_rate, *out_rate;	/* the session's, or NULL: no limits at all */
	const uint8_t *peer_id;		/* 20 bytes, copied */
	uint16_t port;			/* told to trackers and peers */
	unsigned families;		/* ANNOUNCE_V4 | ANNOUNCE_V6 */
	unsigned dial_families;		/* the same, of peers; 0: all */
	/* torrent_set_limits may change what follows */
	uint64_t in_Bps, out_Bps;	/* 0: no limit */
	unsigned max_uploads;
	unsigned max_peers;
	unsigned max_initiate;
	unsigned min_peers;
	unsigned request_backlog;
	usec peer_timeout;
	usec snub_time;
};

struct torrent *torrent_new(const struct torrent_opts *opts, const struct torrent_ops *ops,
    void *arg) MUST_USE;

/* Closes all peers, tells no tracker. The content is freed with it. */
void torrent_free(struct torrent *t);

/* Takes the content and begins by checking it. */
void torrent_start(struct torrent *t, struct content *content);

/* Goodbye to peers and trackers. */
void torrent_stop(struct torrent *t, usec now);

/* Takes over in_Bps and what stands below it from limits. Connections that are too many now stay
 * until they end. */
void torrent_set_limits(struct torrent *t, const struct torrent_opts *limits, usec now);

/* -- the content's answers (see disk/content.h); the torrent's owner is the content's user, since
 * it knows the time -- */

void torrent_piece_done(struct torrent *t, uint32_t piece, const struct bt_error *err, usec now);
void torrent_block_read(struct torrent *t, const struct content_read *what, struct block *b,
    const struct bt_error *err, usec now);
void torrent_checked(struct torrent *t, uint32_t piece, bool good);
void torrent_check_done(struct torrent *t, const struct bt_error *err, usec now);
void torrent_files_made(struct torrent *t, const struct bt_error *err, usec now);
void torrent_eased(struct torrent *t, usec now);

/* Does what is due, and says through ops.due when to call it again. */
void torrent_tick(struct torrent *t, usec now);

/* -- peers -- */

void torrent_add_address(struct torrent *t, const struct addr *a, enum known_source source,
    usec now);

/* A dialled connection stands; takes the stream. */
void torrent_add_outgoing(struct torrent *t, struct stream *s, const struct addr *to, usec now);
void torrent_dial_failed(struct torrent *t, const struct addr *to, usec now);

/* A peer that came to us and named this torrent. False: not wanted; the caller still has it. */
bool torrent_add_incoming(struct torrent *t, struct peer *p, usec now);

/* -- trackers' answers -- */

void torrent_announce_reply(struct torrent *t, uint64_t id, const struct announce_reply *reply,
    enum bt_code code, const char *text, usec now);

/* -- facts -- */

const uint8_t *torrent_info_hash(const struct torrent *t);	/* 20 bytes, as on the wire */
const struct bt_metainfo *torrent_meta(const struct torrent *t);
enum bt_torrent_state torrent_state(const struct torrent *t);
void torrent_status(const struct torrent *t, struct bt_torrent_status *out);
void torrent_error(const struct torrent *t, struct bt_error *out);	/* why it failed; BT_OK */

const struct bits *torrent_have(const struct torrent *t);

/* What is told is good within fn only. */
void torrent_each_peer(const struct torrent *t, void (*fn)(void *arg, const struct bt_peer_info *p),
    void *arg);
void torrent_each_tracker(const struct torrent *t, void (*fn)(void *arg,
    const struct bt_tracker_info *tr), void *arg, usec now);

/* Asserts every invariant. */
void torrent_check(const struct torrent *t);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * One torrent: whom to ask, whom to serve, what next. It joins peers, content and trackers, and
 * reaches the world through torrent_ops, so that it runs as well in a session as in the simulator.
 * Time comes in with every call.
 *
 *     metadata -> checking -> downloading -> seeding
 *        any of them -> stopping -> stopped;  any of them -> failed
 *        any of them -> paused, waiting or queued while such a wish lasts
 *
 * It is born stopped, and torrent_start leaves every state that it can leave. What it knows of its
 * content comes and goes with its parts (torrent_attach): a torrent of a magnet link has none yet,
 * and a seed that nobody is connected to lets go of them until somebody comes.
 */
#ifndef TORRENT_TORRENT_H
#define TORRENT_TORRENT_H

#include <btcore/event.h>
#include <btcore/metainfo.h>

#include "announce/announce.h"
#include "base/log.h"
#include "disk/content.h"
#include "peer/peer.h"
#include "torrent/choice.h"
#include "torrent/known.h"

struct torrent;

/* The info-hashes that it goes by on the wire: that of v1, that of v2 cut to the same length
 * (BEP 52), or both. We dial by the first. */
struct torrent_hashes {
	uint8_t v[2][20];
	unsigned count;
};

/* Reasons that hold it up, beside its state; of several the first is shown. */
enum torrent_hold {
	TORRENT_PAUSED = 1,	/* the user's wish */
	TORRENT_WAITING = 2,	/* for storage or network */
	TORRENT_QUEUED = 4	/* others go first */
};

/* Whom it wants to be connected to. */
struct dial_wish {
	struct addr to;
};

struct torrent_ops {
	/* Connect to it; answered by torrent_add_outgoing or torrent_dial_failed. */
	void (*dial)(void *arg, struct torrent *t, const struct dial_wish *wish, usec now);
	void (*event)(void *arg, struct torrent *t, const struct bt_event *e);
	bool (*announce)(void *arg, struct torrent *t, uint64_t id, const char *url,
	    enum addr_family family, const struct announce_req *req);
	void (*announce_cancel)(void *arg, struct torrent *t, uint64_t id);
	/* Call torrent_tick at that time (which may be over already), not before this returns.
	 * It takes the place of what was said before; NEVER: there is nothing to do. */
	void (*due)(void *arg, struct torrent *t, usec when);
	/* It sleeps, and somebody has come: answered by torrent_attach with all its pieces, or by
	 * torrent_fail, later. */
	void (*wake)(void *arg, struct torrent *t);
	/* It let go of its parts, and needs them no more until it calls wake. */
	void (*slept)(void *arg, struct torrent *t);
};

/* For any number of torrents. */
struct torrent_opts {
	struct rng *rng;
	struct announce_urls *urls;
	const struct log *log;
	struct block_store *blocks;
	struct rate *in_rate, *out_rate;	/* the session's, or NULL: no limits at all */
	unsigned *connections;		/* of the session, kept up here; NULL: nobody counts */
	const struct addr *ip;		/* told to trackers; NULL: nothing is */
	uint16_t port;			/* told to trackers and peers */
	unsigned families;		/* ANNOUNCE_V4 | ANNOUNCE_V6 */
	unsigned dial_families;		/* the same, of peers; 0: all */
	/* what follows may change, see torrent_obey */
	uint64_t in_Bps, out_Bps;	/* 0: no limit */
	bool super_seeder;
	unsigned max_uploads;
	unsigned max_peers;
	unsigned max_initiate;
	unsigned min_peers;
	unsigned request_backlog;
	usec peer_timeout;
	usec snub_time;
};

/* opts stay the caller's, and must be there as long as the torrent; the rest is copied. */
struct torrent *torrent_new(const struct torrent_opts *opts, const struct torrent_hashes *hashes,
    const uint8_t peer_id[20], const struct torrent_ops *ops, void *arg) MUST_USE;

/* Closes all peers, tells no tracker. The content is freed with it. */
void torrent_free(struct torrent *t);

/* Leaves STOPPED and FAILED: begins to check, or goes on with what is known. */
void torrent_start(struct torrent *t, usec now);

/* Goodbye to peers and trackers. */
void torrent_stop(struct torrent *t, usec now);

/* opts are others than before, or what they say from in_Bps on is. Connections that are too many
 * now stay until they end. */
void torrent_obey(struct torrent *t, const struct torrent_opts *opts, usec now);

/* It cannot go on: if that may pass by itself (a full disk, one that is gone), until it has passed;
 * else until it is started again. */
void torrent_fail(struct torrent *t, const struct bt_error *why, usec now);

/* Such a reason (enum torrent_hold) begins or ends; peers and trackers are told goodbye. */
void torrent_hold(struct torrent *t, unsigned holds, bool on, const char *why, usec now);

/* -- its parts -- */

struct torrent_parts {
	const struct bt_metainfo *meta;	/* the torrent keeps a share */
	struct content *content;	/* the torrent's from now on */
	bool complete;			/* all of it is there */
	const struct bits *have;	/* else: what is; NULL: nobody knows, it must be checked */
	const struct choice *choice;	/* copied in effect; NULL: all is wanted */
	const struct bits *unsure;	/* with have: these must be checked; NULL: none */
};

/* Its parts are on their way, and it is being found out what of it there is: it shows that it
 * checks until it gets them (torrent_attach or torrent_rest). */
void torrent_await(struct torrent *t, const struct bt_metainfo *meta, usec now);

/* It had none. False: no memory, nothing changed. */
bool torrent_attach(struct torrent *t, const struct torrent_parts *parts, usec now) MUST_USE;

/* What is wanted of it changes. False: no memory, nothing changed. While it has no parts, those
 * that it gets say what is wanted. */
bool torrent_choose(struct torrent *t, const struct choice *choice, usec now) MUST_USE;

/* -- the content's answers (see disk/content.h); the torrent's owner is the content's user, since
 * it knows the time -- */

void torrent_piece_done(struct torrent *t, uint32_t piece, const struct bt_error *err, usec now);
void torrent_block_read(struct torrent *t, const struct content_read *what, struct block *b,
    const struct bt_error *err, usec now);
void torrent_checked(struct torrent *t, uint32_t piece, bool good);
void torrent_check_done(struct torrent *t, const struct bt_error *err, usec now);
void torrent_noted(struct torrent *t, const char *text);
void torrent_files_made(struct torrent *t, const struct bt_error *err, usec now);
void torrent_probed(struct torrent *t, const struct bt_error *err, usec now);
void torrent_eased(struct torrent *t, usec now);

/* Does what is due, and says through ops.due when to call it again. */
void torrent_tick(struct torrent *t, usec now);

/* -- peers -- */

void torrent_add_address(struct torrent *t, const struct addr *a, enum known_source source,
    usec now);

/* A dialled connection stands; takes the stream. */
void torrent_add_outgoing(struct torrent *t, struct stream *s, const struct addr *to, usec now);
void torrent_dial_failed(struct torrent *t, const struct addr *to, usec now);

/* A peer that came to us and named this torrent; first is what was read of it, at least through the
 * info-hash. NULL: the stream is taken; otherwise the caller still has it, and this is why. */
const char *torrent_add_incoming(struct torrent *t, struct stream *s, struct bt_slice first,
    usec now);

/* It is complete and sleeps from the start: it keeps nothing of meta. */
void torrent_rest(struct torrent *t, const struct bt_metainfo *meta, usec now);

/* The connection that can be spared: open for a while, neither side interested in the other, and
 * without content for the longest time. */
struct torrent_spare {
	struct conn *conn;	/* NULL: none was found yet */
	usec since;
};

/* Takes ours for best, if one is of less use still. */
void torrent_find_spare(const struct torrent *t, struct torrent_spare *best, usec now);

/* At once, before anything else happens. */
void torrent_part_with(const struct torrent_spare *spare, usec now);

/* -- trackers -- */

/* Before torrent_start. BT_ENOMEM; others mean that it will not be asked. */
enum bt_code torrent_add_tracker(struct torrent *t, size_t tier, struct bt_slice url);

void torrent_announce_reply(struct torrent *t, uint64_t id, const struct announce_reply *reply,
    enum bt_code code, const char *text, usec now);

/* -- facts -- */

void torrent_hashes_of(const struct bt_metainfo *meta, struct torrent_hashes *out);
const struct torrent_hashes *torrent_hashes(const struct torrent *t);
enum bt_torrent_state torrent_state(const struct torrent *t);
void torrent_status(const struct torrent *t, struct bt_torrent_status *out);
void torrent_error(const struct torrent *t, struct bt_error *out);	/* why it failed; BT_OK */

/* What torrents have counted, in sum; their connections are those of now. */
struct torrent_stats {
	uint64_t downloaded, uploaded, wasted;	/* bytes of content */
	uint64_t connections;
	uint64_t seeds;
	uint64_t known;				/* addresses */
};

void torrent_add_stats(const struct torrent *t, struct torrent_stats *sum);

/* What it would do if others did not go first. */
enum torrent_slot {
	TORRENT_NO_SLOT,	/* it is stopped, failed, held up, or it is not known yet */
	TORRENT_DOWNLOADS,
	TORRENT_SEEDS
};

enum torrent_slot torrent_slot(const struct torrent *t);

/* Who wants a seed: 2: somebody who is connected, 1: somebody, as a tracker says, 0: nobody. */
unsigned torrent_demand(const struct torrent *t);

/* All that is wanted of it is known to be here. */
bool torrent_is_complete(const struct torrent *t);
bool torrent_has_peers(const struct torrent *t);

/* What is here is known: no check is wanted or under way. */
bool torrent_is_checked(const struct torrent *t);

/* NULL: it has none now. */
struct content *torrent_content(const struct torrent *t);

/* NULL: it sleeps and has all, or its metadata is not here yet. */
const struct bits *torrent_have(const struct torrent *t);

/* What is told is good within fn only. */
void torrent_each_peer(const struct torrent *t, void (*fn)(void *arg, const struct bt_peer_info *p),
    void *arg);
void torrent_each_tracker(const struct torrent *t, void (*fn)(void *arg,
    const struct bt_tracker_info *tr), void *arg, usec now);

/* Asserts every invariant. */
void torrent_check(const struct torrent *t);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A session: many torrents, one thread of its own that does all their network, some workers for
 * the disk. Every function here may be called from any thread; what happens is told through one
 * queue of events with one descriptor to poll. See doc/example.c for a whole client.
 */
#ifndef BTCORE_SESSION_H
#define BTCORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <btcore/error.h>
#include <btcore/log.h>
#include <btcore/metainfo.h>
#include <btcore/settings.h>

struct bt_session;

enum bt_torrent_state {
	BT_TORRENT_CHECKING,	/* looks at what is on disk */
	BT_TORRENT_DOWNLOADING,
	BT_TORRENT_SEEDING,
	BT_TORRENT_STOPPING,	/* says goodbye to its trackers */
	BT_TORRENT_STOPPED,
	BT_TORRENT_FAILED	/* it cannot go on; see error */
};

/* "checking", "downloading", ... */
const char *bt_torrent_state_name(enum bt_torrent_state state);

struct bt_torrent_status {
	enum bt_torrent_state state;
	uint32_t piece_count;
	uint32_t pieces_checked;	/* while checking */
	uint32_t pieces_done;
	uint64_t size;			/* bytes of content */
	uint64_t done;			/* of them verified */
	uint64_t partial;		/* of the rest received, not verified yet */
	uint64_t downloaded;		/* bytes of content received in this run */
	uint64_t uploaded;		/* bytes of content sent in this run */
	uint64_t wasted;		/* of downloaded: not asked for, or in pieces that failed */
	uint64_t download_rate;		/* bytes a second */
	uint64_t upload_rate;
	uint32_t peers;			/* connected, seeds included */
	uint32_t seeds;
	uint32_t known_peers;		/* addresses */
	double distributed_copies;	/* among the peers, without us */
	int64_t tracker_seeds;		/* as the tracker said; -1: unknown */
	int64_t tracker_leeches;
	char error[232];		/* why it failed, or "" */
	char tracker_text[232];		/* the tracker's last failure or warning, or "" */
};

enum bt_event_type {
	BT_EVENT_STATE,		/* the torrent's state changed */
	BT_EVENT_PIECE,		/* a piece was received and verified */
	BT_EVENT_COMPLETE,	/* the last piece was; the content is whole */
	BT_EVENT_TRACKER,	/* a tracker answered or failed: text */
	BT_EVENT_ERROR,		/* the torrent failed: text */
	BT_EVENT_PEER_BANNED,	/* it sent bad data: text is its address */
	BT_EVENT_LOST		/* events were dropped because nobody took them */
};

struct bt_event {
	enum bt_event_type type;
	uint32_t torrent;		/* its number */
	enum bt_torrent_state state;	/* BT_EVENT_STATE: the new one */
	uint32_t piece;			/* BT_EVENT_PIECE */
	bool failed;			/* BT_EVENT_TRACKER: it did not answer well */
	char text[232];			/* one line, or "" */
};

/* Settings are copied; NULL: the defaults. log may be NULL; it is called on the session's thread, a
 * line at a time, and may call every function here but bt_session_free, which tells the last lines
 * on the thread that calls it. On success *out is the caller's, to be freed. */
enum bt_code bt_session_new(const struct bt_settings *settings, bt_log_fn log, void *log_arg,
    struct bt_session **out, struct bt_error *err);

/* Stops what still runs, without waiting for trackers. NULL is fine. */
void bt_session_free(struct bt_session *s);

/* A copy of the settings that are in force; the caller frees it. NULL: no memory. */
struct bt_settings *bt_session_settings(struct bt_session *s);

/* Puts other settings in force, for the torrents that are there as well. What a session decides
 * when it begins (its ports, addresses and families) must be as it was: otherwise BT_EUNSUP names
 * it, and nothing changes. */
enum bt_code bt_session_apply(struct bt_session *s, const struct bt_settings *settings,
    struct bt_error *err);

/* The TCP port that it listens on. */
uint16_t bt_session_port(const struct bt_session *s);

/* Readable while events wait. Poll it, then take them all. */
int bt_session_fd(const struct bt_session *s);

/* Only these types are told from now on: a bit 1u << type each. At first all are. Who does not want
 * to be woken for every piece leaves BT_EVENT_PIECE out. */
void bt_session_want_events(struct bt_session *s, unsigned types);

/* Takes the oldest event; false: none waits. */
bool bt_session_next_event(struct bt_session *s, struct bt_event *out);

/* Adds and starts a torrent. The session owns meta from now on (also on failure it is freed).
 * path: where a single file lies or the folder that holds the files. *id numbers it. BT_EEXIST: a
 * torrent with this info-hash is here already. BT_EUNSUP: it cannot be served
 * (v2 without layers). */
enum bt_code bt_session_add(struct bt_session *s, struct bt_metainfo *meta, const char *path,
    uint32_t *id, struct bt_error *err);

/* Says goodbye to the trackers (a few seconds at most); ends in BT_TORRENT_STOPPED. */
enum bt_code bt_session_stop(struct bt_session *s, uint32_t id);

/* Forgets the torrent; the files stay. */
enum bt_code bt_session_remove(struct bt_session *s, uint32_t id);

/* A peer to connect to; ip is numeric. */
enum bt_code bt_session_add_peer(struct bt_session *s, uint32_t id, const char *ip, uint16_t port,
    struct bt_error *err);

/* A limit of one torrent, by its name in bt_limits_table(); it holds from now on. */
enum bt_code bt_session_set_limit(struct bt_session *s, uint32_t id, const char *name,
    int64_t value, struct bt_error *err);
enum bt_code bt_session_get_limit(struct bt_session *s, uint32_t id, const char *name,
    int64_t *out, struct bt_error *err);

/* BT_ENOENT: no such torrent. */
enum bt_code bt_session_status(struct bt_session *s, uint32_t id, struct bt_torrent_status *out);

#endif

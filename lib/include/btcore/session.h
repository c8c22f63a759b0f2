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

#include <btcore/add.h>
#include <btcore/counters.h>
#include <btcore/error.h>
#include <btcore/event.h>
#include <btcore/log.h>
#include <btcore/metainfo.h>
#include <btcore/settings.h>
#include <btcore/snapshot.h>
#include <btcore/torrent.h>

struct bt_session;

/* Settings are copied; NULL: the defaults. log may be NULL; it is called on the session's thread, a
 * line at a time, and may call every function here but bt_session_free, which tells the last lines
 * on the thread that calls it. On success *out is the caller's, to be freed.
 * It keeps to RLIMIT_NOFILE as it finds it, and has more connections where the host raised that. */
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

/* The port that it listens on, by TCP and by UDP. */
uint16_t bt_session_port(const struct bt_session *s);

/* Readable while events wait. Poll it, then take them all. */
int bt_session_fd(const struct bt_session *s);

/* Only these kinds of events (BT_WANT_..., see event.h) are told from now on. At first all are. A
 * host that does not want to be woken for every piece leaves BT_WANT_PIECES out. */
void bt_session_want_events(struct bt_session *s, uint64_t kinds);

/* Takes the oldest event, which bt_event_free frees; NULL: none waits. When nobody takes them some
 * thousand wait, and one BT_EVENT_LOST says how many more there were. */
struct bt_event *bt_session_next_event(struct bt_session *s);

/* Fetches a torrent file from an http or https URL, from where the session connects, and waits for
 * it, no longer than the setting http_timeout. On success *out is the caller's, to be freed.
 * BT_EARG, BT_ENOENT (the server has no such file), BT_EUNREACH, BT_ETIMEOUT, BT_ELIMIT, BT_EFORMAT
 * (it is no torrent). */
enum bt_code bt_session_fetch(struct bt_session *s, const char *url, struct bt_metainfo **out,
    struct bt_error *err);

/* Adds and starts a torrent; *id numbers it (id may be NULL). params stay the caller's. BT_EEXIST:
 * a torrent with this info-hash is here already. BT_EUNSUP: torrents of v2 alone are not supported
 * yet. */
enum bt_code bt_session_add(struct bt_session *s, const struct bt_add_params *params, uint32_t *id,
    struct bt_error *err);

/* The same for a torrent of which nothing else is to be said. */
enum bt_code bt_session_add_metainfo(struct bt_session *s, const struct bt_metainfo *m,
    const char *save_path, uint32_t *id, struct bt_error *err);

/* Says goodbye to the trackers (a few seconds at most); ends in BT_TORRENT_STOPPED. */
enum bt_code bt_session_stop(struct bt_session *s, uint32_t id);

/* Begins again after BT_TORRENT_STOPPED or BT_TORRENT_FAILED. */
enum bt_code bt_session_start(struct bt_session *s, uint32_t id);

/* Lets go of peers and trackers, and comes back to them. What is being checked is checked anew
 * then. */
enum bt_code bt_session_pause(struct bt_session *s, uint32_t id, bool paused);

/* Forgets the torrent, and what is remembered of it (see the setting state) unless it is added
 * again within some seconds; the files stay. A session that ends forgets nothing. */
enum bt_code bt_session_remove(struct bt_session *s, uint32_t id);

/* Of a torrent that was stopped and will not go on: removes the hidden file that has what pieces
 * need of files that are not wanted. Pieces that wanted files share with them are incomplete
 * then. */
enum bt_code bt_session_remove_parts(struct bt_session *s, uint32_t id);

/* A peer to connect to; ip is numeric. */
enum bt_code bt_session_add_peer(struct bt_session *s, uint32_t id, const char *ip, uint16_t port,
    struct bt_error *err);

/* What is wanted of a torrent from now on: as bt_add_params_set_priorities. Files that are not
 * wanted any more and are there already stay. BT_ENOENT: there is no such torrent. */
enum bt_code bt_session_set_priorities(struct bt_session *s, uint32_t id, const int *priorities,
    size_t count, struct bt_error *err);

/* A limit of one torrent, by its name in bt_limits_table(); it holds from now on. */
enum bt_code bt_session_set_limit(struct bt_session *s, uint32_t id, const char *name,
    int64_t value, struct bt_error *err);
enum bt_code bt_session_get_limit(struct bt_session *s, uint32_t id, const char *name,
    int64_t *out, struct bt_error *err);

/* The numbers of all torrents, in no order; as many as there is room for. It returns how many there
 * are. */
size_t bt_session_torrents(struct bt_session *s, uint32_t *ids, size_t room);

/* Its metainfo, which the caller frees (it is shared, not copied; that of a torrent which sleeps is
 * read from its file). NULL: there is no such torrent, or its file cannot be read. */
struct bt_metainfo *bt_session_metainfo(struct bt_session *s, uint32_t id);

/* How it stands; for all at once see snapshot.h. size: sizeof(*out), so that later versions may
 * know more. BT_ENOENT: there is no such torrent. */
enum bt_code bt_session_status(struct bt_session *s, uint32_t id, struct bt_torrent_status *out,
    size_t size);

/* Lists that bt_list_free frees: its connections (struct bt_peer_info), its trackers in the order
 * of their use (struct bt_tracker_info), its files (struct bt_file_progress). BT_ENOENT: as
 * above. */
enum bt_code bt_session_peers(struct bt_session *s, uint32_t id, struct bt_list **out,
    struct bt_error *err);
enum bt_code bt_session_trackers(struct bt_session *s, uint32_t id, struct bt_list **out,
    struct bt_error *err);
enum bt_code bt_session_files(struct bt_session *s, uint32_t id, struct bt_list **out,
    struct bt_error *err);

/* Why it failed; out->code is BT_OK if it did not. BT_ENOENT: as above. */
enum bt_code bt_session_error(struct bt_session *s, uint32_t id, struct bt_error *out);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * How all torrents of a session stand, or those that changed since an earlier look, seen in one
 * moment. A snapshot never changes, and any thread may read it.
 *
 *     uint64_t since = 0;
 *     struct bt_snapshot *snap;
 *
 *     while (bt_session_snapshot(session, since, &snap, NULL) == BT_OK) {
 *             for (size_t i = 0; i < bt_snapshot_count(snap); i++)
 *                     show(bt_snapshot_at(snap, i));
 *             since = bt_snapshot_generation(snap);
 *             bt_snapshot_free(snap);
 *             wait();
 *     }
 */
#ifndef BTCORE_SNAPSHOT_H
#define BTCORE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/error.h>
#include <btcore/torrent.h>

struct bt_session;
struct bt_snapshot;

/* since: the generation of an earlier snapshot of this session; 0: every torrent is wanted. What
 * flows to and from peers is noticed about once a second. */
enum bt_code bt_session_snapshot(struct bt_session *s, uint64_t since, struct bt_snapshot **out,
    struct bt_error *err);

/* NULL is fine. */
void bt_snapshot_free(struct bt_snapshot *snap);

/* For the next call. */
uint64_t bt_snapshot_generation(const struct bt_snapshot *snap);

/* It holds every torrent, so that one which is not in it is gone: since was 0, or so long ago that
 * the session does not know any more what was removed. */
bool bt_snapshot_is_whole(const struct bt_snapshot *snap);

/* The torrents that changed, those that changed last first, and torrent i of them. NULL: there is
 * no such torrent. */
size_t bt_snapshot_count(const struct bt_snapshot *snap);
const struct bt_torrent_status *bt_snapshot_at(const struct bt_snapshot *snap, size_t i);

/* The torrents that were removed since then, and the number of one of them; 0: there is no
 * such torrent. */
size_t bt_snapshot_removed_count(const struct bt_snapshot *snap);
uint32_t bt_snapshot_removed(const struct bt_snapshot *snap, size_t i);

#endif

/* SPDX-License-Identifier: ISC */
/* What a session tells of a torrent: how it stands, with whom it speaks, what it has. */
#ifndef BTCORE_TORRENT_H
#define BTCORE_TORRENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/error.h>

enum bt_torrent_state {
	BT_TORRENT_CHECKING,	/* looks at what is on disk */
	BT_TORRENT_DOWNLOADING,
	BT_TORRENT_SEEDING,
	BT_TORRENT_STOPPING,	/* says goodbye to its trackers */
	BT_TORRENT_STOPPED,
	BT_TORRENT_FAILED,	/* it cannot go on; see error */
	BT_TORRENT_METADATA,	/* looks for somebody who has the metadata */
	BT_TORRENT_PAUSED,	/* as asked */
	BT_TORRENT_QUEUED,	/* others go first */
	BT_TORRENT_WAITING	/* for storage or network */
};

/* "checking", "downloading", ... */
const char *bt_torrent_state_name(enum bt_torrent_state state);

/* Later versions of the library add members at the end. */
struct bt_torrent_status {
	uint32_t torrent;		/* its number */
	enum bt_torrent_state state;
	enum bt_code error;		/* why it failed, in words: bt_session_error; BT_OK */
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
	uint64_t all_downloaded;	/* in earlier runs as well (see the setting state) */
	uint64_t all_uploaded;
	uint64_t active_time;		/* seconds in the swarm, in all runs */
	uint64_t seeding_time;		/* of these as a seed */
	int64_t added_time;		/* when it was added first, in seconds since 1970 */
	int64_t completed_time;		/* when it became complete; 0: not yet */
	uint64_t wanted;		/* bytes of the pieces that wanted files are in */
	uint64_t wanted_done;		/* of them verified */
};

/* -- lists: of peers, trackers, files; later versions add members at the ends of these, too -- */

struct bt_list;

size_t bt_list_count(const struct bt_list *l);

/* Item i, of the struct that the list was asked for; it is the list's. NULL: there is no
 * such item. */
const void *bt_list_at(const struct bt_list *l, size_t i);

/* NULL is fine. */
void bt_list_free(struct bt_list *l);

enum bt_peer_flag {
	BT_PEER_INCOMING = 1,		/* it came to us */
	BT_PEER_SEED = 2,
	BT_PEER_INTERESTING = 4,	/* it has what we want */
	BT_PEER_CHOKING = 8,		/* it gives us nothing now */
	BT_PEER_INTERESTED = 16,	/* it wants what we have */
	BT_PEER_CHOKED = 32,		/* we give it nothing now */
	BT_PEER_SNUBBING = 64,		/* it owes us what we asked for */
	BT_PEER_GREETING = 128		/* we do not know yet what it has */
};

struct bt_peer_info {
	const char *ip;			/* numeric */
	uint16_t port;
	unsigned flags;			/* enum bt_peer_flag */
	uint8_t peer_id[20];
	const char *client;		/* as it calls itself, safe for a terminal; or "" */
	uint32_t pieces;		/* that it has */
	uint64_t downloaded;		/* bytes of content from it, of this connection, as below */
	uint64_t uploaded;
	uint64_t download_rate;		/* bytes a second */
	uint64_t upload_rate;
	uint32_t requests;		/* blocks that we wait for */
	uint32_t requested;		/* blocks that it waits for */
};

enum bt_tracker_state {
	BT_TRACKER_UNUSED,		/* not asked yet */
	BT_TRACKER_ASKING,
	BT_TRACKER_WORKS,
	BT_TRACKER_FAILED,
	BT_TRACKER_GIVEN_UP		/* it wants to be asked no more, or we cannot speak to it */
};

/* "unused", "asking", ... */
const char *bt_tracker_state_name(enum bt_tracker_state state);

struct bt_tracker_info {
	const char *url;		/* without what is secret in it */
	const char *text;		/* its last failure or warning, or "" */
	uint32_t tier;
	enum bt_tracker_state state;
	enum bt_code code;		/* of its last failure; BT_OK: it has not failed */
	uint32_t fails;			/* in a row */
	uint32_t peers;			/* addresses in its last answer */
	int64_t seeds;			/* as it said; -1: unknown, as below */
	int64_t leeches;
	int64_t downloads;		/* completed, ever */
	int64_t last;			/* seconds since it answered or failed; -1: never */
	int64_t next;			/* seconds until it is asked; -1: not planned */
};

/* How much somebody wants a file; the numbers are BitTornado's. */
enum bt_priority {
	BT_PRIORITY_SKIP = -1,
	BT_PRIORITY_HIGHEST = 0,
	BT_PRIORITY_NORMAL = 1,
	BT_PRIORITY_LOWEST = 2
};

struct bt_file_progress {
	uint32_t file;			/* its number in the metainfo */
	uint64_t size;
	uint64_t done;			/* bytes of verified pieces in it */
	enum bt_priority priority;
};

#endif

/* SPDX-License-Identifier: ISC */
/* What the files of this folder share. Nobody else includes it. */
#ifndef SESSION_MODEL_H
#define SESSION_MODEL_H

#include <pthread.h>

#include "announce/announce_net.h"
#include "base/heap.h"
#include "base/map.h"
#include "disk/store.h"
#include "session/budget.h"
#include "session/changes.h"
#include "net/pacer.h"
#include "session/dial.h"
#include "session/events.h"
#include "session/greet.h"
#include "session/lines.h"
#include "session/listen.h"
#include "session/mailbox.h"
#include "session/queue.h"
#include "session/save.h"
#include "session/settings.h"
#include "torrent/torrent.h"

/* A torrent of the session. */
struct entry {
	struct bt_session *session;
	struct torrent *torrent;
	struct bt_metainfo *meta;	/* NULL while the torrent sleeps and it can be loaded */
	char *path;			/* where the content lies: see bt_session_add */
	char *torrent_file;		/* from which meta can be loaded; NULL: from none */
	bool waking;			/* the torrent wants its parts */
	bool loading;			/* a worker reads torrent_file */
	uint32_t id;
	struct change change;		/* in session.changes */
	struct entry_own *own;		/* NULL: it has no wishes of its own */
	uint32_t files;			/* how many it has; meta may be elsewhere */
	struct announce_owner announces;
	struct heap_node due;		/* in session.due: when it is to be ticked */
	struct entry_save save;
	struct content *found;		/* while its files are looked at: its content to be */
	struct buf *recalled;		/* meanwhile: the record of it */
};

struct entry_own {
	struct torrent_wishes wishes;
	struct torrent_opts opts;	/* the session's with these */
	struct choice choice;		/* of files */
};

/* What was counted of the session itself. */
struct session_stats {
	uint64_t added, removed;	/* torrents */
	struct torrent_stats gone;	/* of those that were removed */
};

struct bt_session {
	struct bt_settings settings;	/* that are in force */
	struct log log;			/* to lines */
	struct lines *lines;		/* NULL: nobody listens */
	struct rng rng;
	uint64_t seed[2];
	struct loop *loop;
	struct pool *pool;
	struct loop_fd pool_watch;
	struct block_store blocks;
	struct disk disk;
	bool disk_ready;
	struct pacer in, out;		/* the rates of all torrents */
	struct fetch *fetch;
	struct resolve *resolve;
	struct announce_net *announces;
	struct announce_urls urls;
	struct listen listen;
	bool listening;
	struct net_way way;
	struct torrent_opts opts;	/* of all torrents */
	struct addr ip;			/* told to trackers; ADDR_NONE: nothing is */
	unsigned shown;			/* families by which trackers know us */
	struct dials dials;
	struct greet greet;
	struct loop_timer greet_timer;
	struct mailbox *mailbox;
	struct events *events;
	struct heap due;		/* every entry, NEVER for those that rest */
	struct loop_timer due_timer;	/* set for the first of them */
	usec due_at;			/* for when; NEVER: it is not set */
	struct map by_id;		/* uint32_t to entry */
	struct map by_hash;		/* 20 bytes to entry */
	uint32_t next_id;
	struct changes changes;
	struct saver saver;
	struct queue queue;
	struct session_stats stats;
	pthread_t thread;
	bool running;
};

/* entry.c */
struct entry_opts {
	const struct bt_metainfo *meta;	/* the entry keeps a share */
	const char *path;		/* the single file, or the folder that holds the files */
	const char *torrent_file;	/* NULL, or where meta can be loaded again */
	bool complete;			/* without a look at the disk */
	struct buf *recalled;		/* what is known of it, taken over; NULL: nothing */
	bool trust;			/* it, where files are as they were */
	bool paused;
	struct torrent_wishes wishes;
	const struct choice *choice;	/* copied */
};

enum bt_code entry_new(struct bt_session *s, const struct entry_opts *o, struct entry **out,
    struct bt_error *err);
void entry_free(struct entry *e);
void entries_fill_opts(struct bt_session *s);

/* What it has to obey may be other than before. */
void entry_set_limits(struct entry *e);
const struct torrent_wishes *entry_wishes(const struct entry *e);
const struct choice *entry_choice(const struct entry *e);

/* It may get wishes of its own. False: no memory. */
bool entry_has_own(struct entry *e) MUST_USE;

/* What is wanted of it changes; choice is copied. False: no memory. */
bool entry_choose(struct entry *e, const struct choice *choice) MUST_USE;
void entry_status(const struct entry *e, struct bt_torrent_status *out);
void entries_due(void *session, usec now);
struct content *entry_new_content(struct entry *e);
void entry_fail_for_memory(struct entry *e);
struct entry *entry_find(const struct bt_session *s, uint32_t id);

/* choose.c */
/* out is not initialised. */
enum bt_code choose_make(const int *priorities, size_t count, struct choice *out,
    struct bt_error *err);

/* Is there a priority for each file? */
enum bt_code choose_check(const struct choice *c, uint32_t files, struct bt_error *err);
enum bt_priority choose_priority(const struct choice *c, uint32_t file);

/* recall.c */
/* Files are looked at and held against e->recalled (NULL: nothing is known); then the torrent gets
 * its parts. False: no memory. */
bool recall_begin(struct entry *e) MUST_USE;
void recall_end(struct entry *e);

/* peers.c */
bool peers_init(struct bt_session *s) MUST_USE;
void peers_set_limits(struct bt_session *s);
struct budget session_budget(const struct bt_session *s);
void peers_fini(struct bt_session *s);
void peers_arrived(void *session, struct stream *stream, usec now);

#endif

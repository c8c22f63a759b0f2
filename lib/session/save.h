/* SPDX-License-Identifier: ISC */
/*
 * What a session remembers of its torrents over its end: how they stood is written to the journal
 * some seconds after it changed, and at the end. Content is known again by size and time of its
 * files; what was not synced counts only as long as the system runs.
 */
#ifndef SESSION_SAVE_H
#define SESSION_SAVE_H

#include "base/list.h"
#include "base/vec.h"
#include "net/loop.h"
#include "state/journal.h"
#include "state/resume.h"

struct bt_event;
struct bt_session;
struct entry;
struct save_batch;

TAILQ_HEAD(entry_list, entry);

struct saver {
	struct bt_session *session;
	struct journal *journal;	/* NULL: nothing is remembered */
	struct loop_timer timer;
	struct entry_list dirty;	/* what changed since it was saved */
	struct vec batch;		/* struct save_record: to be written */
	struct vec gone;		/* keys of torrents that were removed: to be forgotten */
	usec gone_at;			/* when to do so */
	struct save_batch *writing;	/* what a worker writes */
	uint8_t boot[RESUME_BOOT];
	bool timer_set;
	bool complained;		/* that it cannot be written */
};

/* What an entry has for it. */
struct entry_save {
	TAILQ_ENTRY(entry) link;	/* in saver.dirty */
	usec at;			/* when to save it; 0: it is clean */
	bool sync;			/* its files are to be synced */
	bool known;			/* there is a record with stamps of it */
	struct buf *have;		/* while its files are looked at: its pieces before */
	struct buf *looked;		/* stamps from before it was checked; NULL: none */
	struct resume_totals before;	/* of earlier runs; added and completed: of all */
	usec active_since, seeding_since;	/* 0: it is not */
};

/* folder: "": nothing is to be remembered. */
enum bt_code save_init(struct saver *v, struct bt_session *s, const char *folder,
    struct bt_error *err);

/* All that changed is written, if disks answer within a moment. The loop runs no more. */
void save_finish(struct saver *v);
void save_fini(struct saver *v);

/* What is known of the torrent; the buf is initialised by the call. False: nothing. Any thread. */
bool save_recall(struct saver *v, const uint8_t hash[20], struct buf *out);

/* It comes, with what was recalled (NULL: nothing); something happened to it; it goes or lets go
 * of its content. */
void save_begin(struct entry *e, const struct resume *known);
void save_event(struct entry *e, const struct bt_event *ev);
void save_traffic(struct entry *e);
void save_content_gone(struct entry *e);

/* It goes because nobody wants it any more: some seconds later nothing is known of it, unless it
 * comes again. */
void save_forget(struct entry *e);

/* It will be checked, and these are its stamps before. */
void save_looked(struct entry *e, struct bt_slice stamps);
void save_end(struct entry *e);

/* Its totals, those of this run included. */
void save_totals(const struct entry *e, struct resume_totals *out);

#endif

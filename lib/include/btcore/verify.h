/* SPDX-License-Identifier: ISC */
/*
 * Content on the disk held against its torrents, on all cores: file by file, which is complete,
 * missing or wrong, and in which pieces. Nothing is written.
 *
 *	v = bt_verify_new(&options, &err);
 *	bt_verify_add(v, meta, "/downloads", tag, &err);	as many as there are
 *	bt_verify_finish(v, &err);
 *	bt_verify_free(v);
 *
 * What is found is told by the options' functions, on the caller's thread, from within
 * bt_verify_add and bt_verify_finish: torrent after torrent as they were added, file after file as
 * they stand in it. Torrents are hashed without a gap between them, so many small ones keep all
 * cores busy. Memory in use does not grow with sizes or piece lengths.
 */
#ifndef BTCORE_VERIFY_H
#define BTCORE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/error.h>
#include <btcore/metainfo.h>

struct bt_verify;

enum bt_verify_state {
	BT_VERIFY_COMPLETE,
	BT_VERIFY_MISSING,	/* no such file */
	BT_VERIFY_WRONG,	/* another size, or a piece of its own fails */
	BT_VERIFY_UNREADABLE,	/* see sys_errno */
	/* a piece fails that it shares with other files, or cannot be judged; nothing else */
	BT_VERIFY_DOUBTFUL,
	BT_VERIFY_STATES
};

/* "complete", "missing" ... */
const char *bt_verify_state_name(enum bt_verify_state state);

enum bt_verify_reason {
	BT_VERIFY_HASH,		/* the hash differs */
	BT_VERIFY_ABSENT,	/* the file's own bytes are not there */
	BT_VERIFY_UNTRIED	/* the bytes of a neighbour are not there */
};

/* Pieces that are not good, all for one reason. */
struct bt_verify_pieces {
	uint32_t first, last;
	enum bt_verify_reason reason;
	/* Other files with bytes in the piece (then first is last), and one of them: of those whose
	 * bytes are absent the first, if there is any. */
	uint32_t neighbours;
	uint32_t neighbour;
};

struct bt_verify_file {
	uint32_t index;		/* in the torrent */
	enum bt_verify_state state;
	uint64_t size_on_disk;	/* bytes; 0 if there is none */
	int sys_errno;		/* why it is unreadable, or missing */
	/* Bytes of it in good pieces, in bad pieces of its own, not there at all, and in pieces of
	 * which nobody can tell: shared ones that may be bad because of another file, or those of a
	 * file that is not all there and lacks its piece layer. Together the file's size. */
	uint64_t good, bad, absent, doubtful;
	const struct bt_verify_pieces *pieces;	/* ascending; borrowed during the call */
	size_t piece_ranges;
	bool more;		/* there are more ranges than are listed */
};

struct bt_verify_torrent {
	const struct bt_metainfo *meta;
	void *tag;		/* the caller's */
	const char *content;	/* the path of the file or directory that was looked at */
	uint64_t size;		/* bytes of content, padding included */
	uint64_t looked_at;	/* of them */
	uint64_t good;		/* bytes of files in good pieces */
	uint32_t files[BT_VERIFY_STATES]; /* how many are in each state; padding does not count */
};

/* May be all zeroes. */
struct bt_verify_options {
	unsigned workers;	/* threads that read and hash; 0: one a core */
	void (*file)(void *arg, const struct bt_verify_torrent *t,
	    const struct bt_verify_file *f);
	void (*progress)(void *arg, const struct bt_verify_torrent *t);
	void (*done)(void *arg, const struct bt_verify_torrent *t); /* meta is not used any more */
	void *arg;

	/* Set it to anything but 0, from a signal handler or another thread, to
	 * stop: BT_ECANCEL. */
	const volatile int *cancel;
};

/* The options are borrowed until bt_verify_free. Returns NULL if it gets no memory or no thread. */
struct bt_verify *bt_verify_new(const struct bt_verify_options *options, struct bt_error *err);

/* path is the content itself, a file or directory of whatever name, or the directory in which it
 * lies under the torrent's name. Fails if path is not there or cannot be the content's; files that
 * are not there are no failure. Returns when there is room for more; meta is borrowed until done()
 * tells of it, or bt_verify_free. */
enum bt_code bt_verify_add(struct bt_verify *v, const struct bt_metainfo *meta, const char *path,
    void *tag, struct bt_error *err);

/* Waits for all that was added. */
enum bt_code bt_verify_finish(struct bt_verify *v, struct bt_error *err);

void bt_verify_free(struct bt_verify *v);

#endif

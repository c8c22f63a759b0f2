/* SPDX-License-Identifier: ISC */
/* A torrent of a running program: what does not change, and what is remembered of it. */
#ifndef TOOLS_ITEM_H
#define TOOLS_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include <btcore/session.h>

#include "tools/cli.h"
#include "tools/item_options.h"

struct item {
	uint32_t id;			/* in the session */
	char *torrent;			/* as the user named it: the file, or its URL */
	bool is_file;
	struct bt_slice name;		/* as in the torrent; owned */
	bool by_name;			/* lines show the name, not the file */
	char *path;			/* absolute: where the content goes */
	char hash[65];			/* of version 1, or of version 2 alone, in hex */
	char *hash_v2;			/* of version 2, or NULL */
	uint64_t size;			/* bytes, without padding */
	const struct item_options *options;
	struct item_options *own;	/* those of its .opts file; NULL: there is none */

	/* As the session said last. */
	enum bt_torrent_state state;
	enum bt_code error;
	uint64_t done, uploaded, all_uploaded;

	/* Times of launch_now(); 0: never. */
	double complete_at;
	double seeding_since;		/* if it had seeded without pause; 0: it does not */
	double peer_at;			/* when it had a peer last, or was added */
	double progress_at;		/* when it had received something last, or was added */
	double added_at;
	uint64_t received;		/* bytes at progress_at */
	bool tries;			/* to get what it lacks */
	bool has_peer;
	double words_at;		/* when the words became what they are */
	bool words_stale;		/* a tracker or the torrent has said something */
	char *error_text;		/* why it failed, or NULL */
	char *tracker_text;		/* the latest complaint of a tracker, or NULL */
	bool fetched;			/* it was downloaded, not only found complete */
	bool over;			/* it has seeded as asked, failed, or was given up */
	bool given_up;
};

/* own: taken over; NULL: it has the options of all. */
struct item *item_new(const struct bt_metainfo *meta, const char *torrent, const char *path,
    const struct item_options *all, struct item_options *own);
void item_free(struct item *it);

/* The info-hash by which it goes, in hex. */
void item_hash(const struct bt_metainfo *m, char out[65]);

/* What a session is to be told of it when it is added. peers: as --peer has it. */
enum bt_code item_params(const struct item *it, const struct bt_metainfo *meta, const char *peers,
    const struct cli *cli, struct bt_add_params *p, struct bt_error *err);

/* Its options may be others than before: the session is told. */
void item_obey(const struct item *it, struct bt_session *session, const struct cli *cli);

#endif

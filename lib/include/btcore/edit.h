/* SPDX-License-Identifier: ISC */
/*
 * Editing torrent files. What is not edited keeps its bytes: unknown keys, odd orders and the info
 * dictionary, and so the info-hash, unless bt_edit_set_name or bt_edit_set_source changes it.
 * Little is asked of a torrent: well-formed bencode with an info dictionary. Text is copied;
 * slices are borrowed until the next change or bt_edit_free.
 */
#ifndef BTCORE_EDIT_H
#define BTCORE_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/create.h>
#include <btcore/error.h>
#include <btcore/slice.h>

struct bt_edit;

/* Reads a file of at most 64 MiB. On success *out is the caller's, to be freed. */
enum bt_code bt_edit_open(const char *path, struct bt_edit **out, struct bt_error *err);

/* The same from memory; the bytes are copied. */
enum bt_code bt_edit_parse(struct bt_slice bytes, struct bt_edit **out, struct bt_error *err);

void bt_edit_free(struct bt_edit *e);

/* -- what there is -- */

/* A torrent under the hand has two faces. */
enum bt_edit_when {
	BT_EDIT_BEFORE,		/* as it was read */
	BT_EDIT_NOW
};

/* ptr is NULL if there is no such key, or no string behind it. */
struct bt_slice bt_edit_announce(const struct bt_edit *e, enum bt_edit_when when);
struct bt_slice bt_edit_name(const struct bt_edit *e, enum bt_edit_when when);
struct bt_slice bt_edit_source(const struct bt_edit *e, enum bt_edit_when when);

/* False: not a torrent of this version. */
bool bt_edit_info_hash(const struct bt_edit *e, enum bt_edit_when when, uint8_t out[20]);
bool bt_edit_info_hash_v2(const struct bt_edit *e, enum bt_edit_when when, uint8_t out[32]);

struct bt_edit_url {
	struct bt_slice url;
	size_t tier;		/* from 0, without gaps; 0 for seeds */
};

/* The URLs of announce-list and of httpseeds, as they stand: at most max are written to out, and
 * the return value says how many there are. */
size_t bt_edit_trackers(const struct bt_edit *e, enum bt_edit_when when,
    struct bt_edit_url *out, size_t max);
size_t bt_edit_http_seeds(const struct bt_edit *e, enum bt_edit_when when,
    struct bt_edit_url *out, size_t max);

/* Is the value of this key of the outer dictionary not as it was read? NULL: is anything? */
bool bt_edit_changed(const struct bt_edit *e, const char *key);

/* -- changing it --
 * BT_EARG: this makes no sense for any torrent. After a failure nothing of the call was done,
 * unless it is BT_ENOMEM. */

/* Sets one, and nothing else; NULL removes it. */
enum bt_code bt_edit_set_announce(struct bt_edit *e, const char *url, struct bt_error *err);

/* Sets announce-list, and nothing else; count 0 removes it. */
enum bt_code bt_edit_set_trackers(struct bt_edit *e, const struct bt_create_tracker *trackers,
    size_t count, struct bt_error *err);

/* Adds those that are not there yet, in tiers behind the others. The first tracker
 * of all becomes announce; an announce without announce-list becomes its first tier. */
enum bt_code bt_edit_add_trackers(struct bt_edit *e, const struct bt_create_tracker *trackers,
    size_t count, struct bt_error *err);

/* Removes from announce and announce-list what pattern is: a URL, in which '*' stands for anything.
 * If announce goes, the first of announce-list takes its place. */
enum bt_code bt_edit_remove_trackers(struct bt_edit *e, const char *pattern,
    struct bt_error *err);

/* In announce and announce-list: everywhere in every URL where the text old is found, with takes
 * its place. An old with a '*' is a pattern, and with takes the place of the whole URL. What has
 * become the same as another tracker of the list goes. */
enum bt_code bt_edit_replace_trackers(struct bt_edit *e, const char *old, const char *with,
    struct bt_error *err);

/* announce and announce-list (or their absence) as in another torrent. */
enum bt_code bt_edit_copy_trackers(struct bt_edit *e, const struct bt_edit *from,
    struct bt_error *err);

/* httpseeds (BEP 17); count 0 removes it. */
enum bt_code bt_edit_set_http_seeds(struct bt_edit *e, const char *const *urls, size_t count,
    struct bt_error *err);

/* These change the info-hash: it becomes another torrent. A name must be usable as a path element.
 * A source of NULL removes it. */
enum bt_code bt_edit_set_name(struct bt_edit *e, const char *name, struct bt_error *err);
enum bt_code bt_edit_set_source(struct bt_edit *e, const char *source, struct bt_error *err);

/* -- writing it -- */

/* The torrent as it is now. */
enum bt_code bt_edit_bytes(struct bt_edit *e, struct bt_slice *out, struct bt_error *err);

/* Replaces the file at once or not at all, keeping its mode and owner; it is on disk then. */
enum bt_code bt_edit_save(struct bt_edit *e, const char *path, struct bt_error *err);

/* The same for many, and much faster: they wait until enough have come, or until they are
 * committed. Each of them is old or new at every instant. */
struct bt_edit_batch;

/* Called once for each that was added, when it is on disk (err NULL) or has failed. */
typedef void (*bt_edit_done_fn)(void *arg, void *tag, const struct bt_error *err);

struct bt_edit_batch *bt_edit_batch_new(bt_edit_done_fn done, void *arg); /* NULL: no memory */

/* e is free to go then. May call done for earlier ones. After a failure done is not called
 * for this one. */
enum bt_code bt_edit_batch_add(struct bt_edit_batch *b, struct bt_edit *e, const char *path,
    void *tag, struct bt_error *err);
void bt_edit_batch_commit(struct bt_edit_batch *b);

/* What was not committed stays as it was, and done is not called for it. */
void bt_edit_batch_free(struct bt_edit_batch *b);

#endif

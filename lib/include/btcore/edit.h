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

/* Does the same from memory; the bytes are copied. */
enum bt_code bt_edit_parse(struct bt_slice bytes, struct bt_edit **out, struct bt_error *err);

void bt_edit_free(struct bt_edit *e);

/* -- what there is -- */

/* Which state of a torrent that is being edited. */
enum bt_edit_when {
	BT_EDIT_BEFORE,		/* as it was read */
	BT_EDIT_NOW
};

/* They return the value of a key; ptr is NULL if there is no such key or it is no string. */
struct bt_slice bt_edit_announce(const struct bt_edit *e, enum bt_edit_when when);
struct bt_slice bt_edit_name(const struct bt_edit *e, enum bt_edit_when when);
struct bt_slice bt_edit_source(const struct bt_edit *e, enum bt_edit_when when);

/* They return false if it is not a torrent of this version. */
bool bt_edit_info_hash(const struct bt_edit *e, enum bt_edit_when when, uint8_t out[20]);
bool bt_edit_info_hash_v2(const struct bt_edit *e, enum bt_edit_when when, uint8_t out[32]);

struct bt_edit_url {
	struct bt_slice url;
	size_t tier;		/* from 0, without gaps; 0 for seeds */
};

/* They write the URLs of announce-list and of httpseeds, as they stand, at most max, to out, and
 * return how many there are. */
size_t bt_edit_trackers(const struct bt_edit *e, enum bt_edit_when when,
    struct bt_edit_url *out, size_t max);
size_t bt_edit_http_seeds(const struct bt_edit *e, enum bt_edit_when when,
    struct bt_edit_url *out, size_t max);

/* Returns whether the value of this key of the outer dictionary has changed since it was read; of
 * any key if key is NULL. */
bool bt_edit_changed(const struct bt_edit *e, const char *key);

/* -- changing it --
 * They return BT_EARG for what makes no sense in any torrent. If one fails it has changed nothing,
 * unless it failed with BT_ENOMEM. */

/* Sets announce, and nothing else; NULL removes it. */
enum bt_code bt_edit_set_announce(struct bt_edit *e, const char *url, struct bt_error *err);

/* Sets announce-list, and nothing else; count 0 removes it. */
enum bt_code bt_edit_set_trackers(struct bt_edit *e, const struct bt_create_tracker *trackers,
    size_t count, struct bt_error *err);

/* Adds those that are not there yet, in tiers behind the others. The first tracker
 * of all becomes announce; an announce without announce-list becomes its first tier. */
enum bt_code bt_edit_add_trackers(struct bt_edit *e, const struct bt_create_tracker *trackers,
    size_t count, struct bt_error *err);

/* Removes from announce and announce-list the URLs that match pattern, in which '*' stands for
 * anything. If announce is removed, the first tracker of announce-list takes its place. */
enum bt_code bt_edit_remove_trackers(struct bt_edit *e, const char *pattern,
    struct bt_error *err);

/* Replaces the text old by with, wherever a URL of announce or announce-list has it. If old has a
 * '*' it is a pattern, and with replaces each whole URL that matches. A tracker that becomes the
 * same as another one of the list is removed. */
enum bt_code bt_edit_replace_trackers(struct bt_edit *e, const char *old, const char *with,
    struct bt_error *err);

/* Makes announce and announce-list what they are in another torrent, or removes them. */
enum bt_code bt_edit_copy_trackers(struct bt_edit *e, const struct bt_edit *from,
    struct bt_error *err);

/* Sets httpseeds (BEP 17); count 0 removes it. */
enum bt_code bt_edit_set_http_seeds(struct bt_edit *e, const char *const *urls, size_t count,
    struct bt_error *err);

/* They change the info-hash: it becomes another torrent. A name must be usable as a path element, a
 * source of NULL removes it. */
enum bt_code bt_edit_set_name(struct bt_edit *e, const char *name, struct bt_error *err);
enum bt_code bt_edit_set_source(struct bt_edit *e, const char *source, struct bt_error *err);

/* -- writing it -- */

/* Gives the torrent as it is now. */
enum bt_code bt_edit_bytes(struct bt_edit *e, struct bt_slice *out, struct bt_error *err);

/* Replaces the file atomically, keeping its mode and owner. On success it is on disk. */
enum bt_code bt_edit_save(struct bt_edit *e, const char *path, struct bt_error *err);

/* Does the same for many files, and much faster: they wait until there are enough of them, or until
 * they are committed. Each file is the old or the new one at every instant. */
struct bt_edit_batch;

/* Is called once for each file that was added, when it is on disk (err is NULL) or has failed. */
typedef void (*bt_edit_done_fn)(void *arg, void *tag, const struct bt_error *err);

struct bt_edit_batch *bt_edit_batch_new(bt_edit_done_fn done, void *arg); /* NULL: no memory */

/* Adds a file; e may be freed afterwards. It may call done for earlier files. If it fails, done is
 * not called for this one. */
enum bt_code bt_edit_batch_add(struct bt_edit_batch *b, struct bt_edit *e, const char *path,
    void *tag, struct bt_error *err);
void bt_edit_batch_commit(struct bt_edit_batch *b);

/* Frees it. Files that were not committed stay as they were, and done is not called for them. */
void bt_edit_batch_free(struct bt_edit_batch *b);

#endif

/* SPDX-License-Identifier: ISC */
/* An edited torrent in words: what it was and what it is. */
#ifndef TOOLS_EDIT_TEXT_H
#define TOOLS_EDIT_TEXT_H

#include <stdio.h>

#include <btcore/edit.h>

/* One object: path, info_hash, info_hash_v2, changed, and of old and new what differs. */
void edit_json(FILE *out, const struct bt_edit *e, const char *path);

/* The same for a file that could not be edited. */
void edit_json_error(FILE *out, const char *path, const char *why);

/* "PATH: what: OLD -> NEW" for all that differs. */
void edit_say_changes(FILE *out, const struct bt_edit *e, const char *path);

/* The same for the info-hashes alone. */
void edit_say_info_hash(FILE *out, const struct bt_edit *e, const char *path);

/* What BitTornado's editors said: "old LABEL for PATH: URLS", if there were any; label:
 * "announce-list" or "http-seed list". */
void edit_say_old_urls(FILE *out, const struct bt_edit *e, const char *label, const char *path);

/* The same for announce and announce-list; and what btcopyannounce said of its source. */
void edit_say_old_trackers(FILE *out, const struct bt_edit *e, const char *path);
void edit_say_new_trackers(FILE *out, const struct bt_edit *e);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What is said of a torrent when a session is given it. Values are set by their names, as those of
 * settings; later versions of the library have more and change none.
 */
#ifndef BTCORE_ADD_H
#define BTCORE_ADD_H

#include <stddef.h>
#include <stdint.h>

#include <btcore/error.h>
#include <btcore/metainfo.h>
#include <btcore/option.h>

struct bt_add_params;

/* Everything at its default; the caller frees it. NULL: no memory. */
struct bt_add_params *bt_add_params_new(void);

/* NULL is fine. */
void bt_add_params_free(struct bt_add_params *p);

/* It is this torrent. The metainfo is shared: the caller frees his own as well. */
void bt_add_params_set_metainfo(struct bt_add_params *p, const struct bt_metainfo *m);

/* Sets one value by its name in bt_add_table() or, for limits, in bt_limits_table(). */
enum bt_code bt_add_params_set(struct bt_add_params *p, const char *name, const char *text,
    struct bt_error *err);
enum bt_code bt_add_params_set_int(struct bt_add_params *p, const char *name, int64_t value,
    struct bt_error *err);

/* What is wanted of a torrent of several files: a priority for each (enum bt_priority), in the
 * order of the metainfo. Files that are not wanted are not made. BT_EARG: not a priority; adding
 * the torrent fails with it if there are not as many as files. */
enum bt_code bt_add_params_set_priorities(struct bt_add_params *p, const int *priorities,
    size_t count, struct bt_error *err);

/* A peer to try at once; ip is numeric. */
enum bt_code bt_add_params_add_peer(struct bt_add_params *p, const char *ip, uint16_t port,
    struct bt_error *err);

/*
 * The names:
 *   save_path  the folder that the torrent is saved in, by its own name; "": the current one
 *   save_as    the file, or the folder of its files, instead: in save_path, or absolute
 *   torrent_file  where the metainfo can be read again; "": nowhere. With it a complete torrent
 *              that nobody is connected to takes next to no memory
 *   check_hashes  0: all content is there, and is not looked at (default 1)
 *   check      full: all that is on the disk is hashed; fast (the default): only what is not known
 *              from an earlier session (see the setting state) by size and time of its files; none:
 *              as check_hashes 0
 *   paused     1: begins paused (default 0)
 */
const struct bt_option_table *bt_add_table(void);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A folder whose torrent files are a list, as that of btlaunchmany: what came, changed or went
 * since it was looked at last. Offered are the files in it whose names end in ".torrent"; if there
 * are none, by the same rule those of its subfolders. Names that begin with '.' are passed over.
 * One thread at a time may use a struct bt_folder. See doc/example_folder.c for a whole program.
 */
#ifndef BTCORE_FOLDER_H
#define BTCORE_FOLDER_H

#include <btcore/error.h>

struct bt_folder;

enum bt_folder_change {
	BT_FOLDER_ADDED,
	BT_FOLDER_CHANGED,	/* another size or time than before */
	BT_FOLDER_REMOVED
};

/* Called for each change, in the order of the paths. path is the folder's, with what is below it;
 * it is good within the call only. *mark is the caller's, kept for this file: NULL when it is
 * added, forgotten when it is removed. */
typedef void (*bt_folder_fn)(void *arg, enum bt_folder_change change, const char *path,
    void **mark);

/* A folder of which nothing is known yet, so that at the first look everything is new. It need not
 * be there. The caller frees it; NULL: no memory. */
struct bt_folder *bt_folder_new(const char *path);

/* NULL is fine. */
void bt_folder_free(struct bt_folder *f);

/* Looks, and tells what is different. On failure nothing is told and nothing is forgotten:
 * BT_ENOENT, BT_EIO (the folder cannot be read), BT_ENOMEM. */
enum bt_code bt_folder_look(struct bt_folder *f, bt_folder_fn fn, void *arg,
    struct bt_error *err);

/* Readable when it is worth a look, after the first one; a look makes it silent again. -1: the
 * system does not tell. What happens on file systems of other hosts is not told either, nor what
 * happens behind links, so look once in a while in any case. */
int bt_folder_fd(const struct bt_folder *f);

#endif

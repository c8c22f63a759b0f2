/* SPDX-License-Identifier: ISC */
/* Whole files: read at once, replace atomically, make the folders on the way. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* Appends the file to out, whose max is the limit (BT_ELIMIT beyond it). "-" is standard input. */
enum bt_code file_read(const char *path, struct buf *out, struct bt_error *err);

/* Temporary file beside it, write, fsync, rename, fsync of the folder. An existing file's mode and
 * owner (as far as permitted) are kept; a new one gets 0666 & ~umask. A symbolic link's target is
 * replaced, not the link. On failure the old file is untouched and nothing is left behind. */
enum bt_code file_replace(const char *path, struct bt_slice bytes, struct bt_error *err);

/* file_replace in steps, for who has many files. */
struct file_staged {
	char *temp;		/* written, not in force yet; NULL: it is, or was given up */
	char *real;		/* what it replaces */
	int fd;			/* of the new file, until fini */
};

/* Temporary file beside it, written, mode and owner set. On failure nothing is left behind. */
enum bt_code file_stage(const char *path, struct bt_slice bytes, struct file_staged *out,
    struct bt_error *err);

/* The same, empty, for the only process that writes path: always under the name path.new, so that
 * one that is killed again and again leaves one such file, and the next one takes it away. */
enum bt_code file_stage_sole(const char *path, struct file_staged *out, struct bt_error *err);

/* Renames: it is in force, but on disk only if temporary and folder were synced. */
enum bt_code file_commit(struct file_staged *s, struct bt_error *err);

/* Also removes the temporary if it was not committed. */
void file_staged_fini(struct file_staged *s);

/* What path lies in, by its text: "." if that names no folder. NULL: no memory. mem_free it. */
char *file_folder_of(const char *path) MUST_USE;

/* Sees that the names in a file's folder are on disk, if that can be seen to. */
void file_sync_folder_of(const char *path);

/* Every missing folder on the way to path (path itself included). */
enum bt_code file_make_dirs(const char *path, struct bt_error *err);

/* Writes all, whatever it takes; false with errno set. */
bool file_write_all(int fd, struct bt_slice bytes);

#endif

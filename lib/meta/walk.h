/* SPDX-License-Identifier: ISC */
/*
 * The files of a torrent to be made: a file, or all that is below a directory in byte order of
 * the paths' elements, as far as it is wanted. Empty directories vanish.
 */
#ifndef META_WALK_H
#define META_WALK_H

#include <btcore/create.h>

#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/vec.h"

struct walk_file {
	size_t path; /* where its path begins in text, below the root, '/' between elements */
	uint64_t size;
	uint64_t offset;	/* in the content, see walk_place */
	struct timespec mtime;
};

struct walk {
	const struct bt_create_options *options;
	char *root;		/* the path that was given */
	char *name;		/* its last element */
	bool is_directory;
	int folder;		/* the root, if it is a directory: short ways to its files */
	struct vec files;	/* struct walk_file */
	struct buf text;
	uint64_t total;		/* bytes of all files */
	uint64_t content;	/* where the last of them ends in the content */
};

/* Links are followed to files, or refused; a link to a directory, a device and the like are errors.
 * The options say what is wanted and are borrowed until walk_close. */
enum bt_code walk_open(struct walk *w, const char *path, const struct bt_create_options *options,
    struct bt_error *err);
void walk_close(struct walk *w);

/* Lays the files one behind the other, those with bytes at multiples of align: 1, or the piece
 * length (BEP 52). */
void walk_place(struct walk *w, uint32_t align);

static inline const struct walk_file *
walk_at(const struct walk *w, size_t i)
{
	return vec_at(&w->files, i);
}

/* Below the root; "" for the only file of a walk that is not of a directory. */
static inline const char *
walk_path(const struct walk *w, const struct walk_file *f)
{
	return (const char *)w->text.ptr + f->path;
}

/* A descriptor of the file to read from, the caller's, or -1; what the system says of it, or false.
 * Either way errno tells why. From any thread. */
int walk_open_file(const struct walk *w, const struct walk_file *f);
bool walk_stat_file(const struct walk *w, const struct walk_file *f, struct stat *st);

/* The name under which the system knows the file; to be freed with mem_free, NULL: no memory. */
char *walk_full_path(const struct walk *w, const struct walk_file *f);

/* The error of a file: what errno says, or that it changed if sys_errno is 0. */
enum bt_code walk_fail(const struct walk *w, const struct walk_file *f, int sys_errno,
    struct bt_error *err);

/* BT_OK if all files are as they were when the walk saw them. */
enum bt_code walk_check(const struct walk *w, struct pool *pool, struct bt_error *err);

#endif

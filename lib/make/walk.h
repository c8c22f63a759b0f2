/* SPDX-License-Identifier: ISC */
/*
 * The files of a torrent to be made: a file, or all that is below one or several directories in
 * the order of the torrent, as far as it is wanted. Empty directories vanish.
 */
#ifndef MAKE_WALK_H
#define MAKE_WALK_H

#include <btcore/create.h>

#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/vec.h"

struct walk_file {
	size_t path; /* where its path in the torrent begins in text, '/' between elements */
	/* The same of where it leads to, if it is a link that is stored as one and so has no
	 * content; otherwise 0. */
	size_t link;
	uint64_t size;
	uint64_t offset;	/* in the content, see walk_place */
	struct timespec mtime;
	uint32_t root;		/* where it lies */
};

/* A path that was given. */
struct walk_root {
	char *path;
	int folder;		/* open, if it is a directory: short ways to its files; or -1 */
	bool closed;		/* it is one, but of so many that it cannot stay open */
	size_t prefix;		/* bytes of a path in the torrent that are not below this one */
};

struct walk {
	const struct bt_create_options *options;
	struct vec roots;	/* struct walk_root */
	char *name;		/* of the torrent, unless the options give one */
	char *shown;		/* what was asked for, for errors */
	bool is_directory;
	struct vec files;	/* struct walk_file */
	struct buf text;
	uint64_t total;		/* bytes of all files */
	uint64_t content;	/* where the last of them ends in the content */
};

/* The file or directory of that path. The options say what is wanted and what to do with links, and
 * are borrowed until walk_close. A device and the like are errors. */
enum bt_code walk_open(struct walk *w, const char *path, const struct bt_create_options *options,
    struct bt_error *err);

/* The same of several, as "cp -R PATH... NAME" would have them in a directory of the name in the
 * options: each under its own name, but of one that ends in "/." what is in it. Two that meet in
 * one path are an error. */
enum bt_code walk_join(struct walk *w, const char *const *paths, size_t count,
    const struct bt_create_options *options, struct bt_error *err);

void walk_close(struct walk *w);

/* Lays the files one behind the other, those with bytes at multiples of align: 1, or the piece
 * length (BEP 52). */
void walk_place(struct walk *w, uint32_t align);

static inline struct walk_file *
walk_at(const struct walk *w, size_t i)
{
	return vec_at(&w->files, i);
}

/* In the torrent; "" for the only file of a walk that is not of a directory. */
static inline const char *
walk_path(const struct walk *w, const struct walk_file *f)
{
	return (const char *)w->text.ptr + f->path;
}

/* Where a stored link leads to, in the torrent; NULL: it is none. */
static inline const char *
walk_link(const struct walk *w, const struct walk_file *f)
{
	return f->link == 0 ? NULL : (const char *)w->text.ptr + f->link;
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

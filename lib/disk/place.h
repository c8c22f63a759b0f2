/* SPDX-License-Identifier: ISC */
/*
 * Where a torrent's content lies: the folder that no path leaves, and each file's path below it.
 * Workers read it; it changes only while no job of its store is under way (see job.c).
 */
#ifndef DISK_PLACE_H
#define DISK_PLACE_H

#include <btcore/metainfo.h>

#include "base/bits.h"
#include "base/error.h"
#include "disk/path.h"
#include "meta/layout.h"

struct place {
	const struct bt_metainfo *meta;
	struct path_root root;
	char *single_name;	/* a single file's name below root; NULL: the torrent's own paths */
	char **names;		/* of several files: of each another path, or NULL; NULL: of none */
	struct bits aside;	/* files that are not made, see parts; of length 0: none */
	uint32_t number;	/* of this place in the table of open files; never used again */
};

/* The hidden file that has what pieces need of files aside, as a number of a file. */
static inline uint32_t
place_parts(const struct place *p)
{
	return bt_metainfo_file_count(p->meta);
}

static inline bool
place_is_aside(const struct place *p, uint32_t file)
{
	return file < p->aside.len && bits_has(&p->aside, file);
}

/* Of a file that is aside the span lies in the hidden file. */
static inline void
place_redirect(const struct place *p, struct layout_span *span)
{
	if (span->pad || !place_is_aside(p, span->file))
		return;
	span->offset += bt_metainfo_file(p->meta, span->file).offset;
	span->file = place_parts(p);
}

/* path: the file of a single-file torrent, or the folder; copied. False: no memory. */
bool place_init(struct place *p, const struct bt_metainfo *meta, const char *path,
    uint32_t number) MUST_USE;

/* Like an old one, but at another path, or with another path of one file. False: no memory. */
bool place_init_moved(struct place *p, const struct place *old, const char *path,
    uint32_t number) MUST_USE;
bool place_init_renamed(struct place *p, const struct place *old, uint32_t file, const char *path,
    uint32_t number) MUST_USE;
void place_fini(struct place *p);

/* May file be called what it is? BT_EARG: its path could lead outside. BT_EEXIST: that is another
 * one's path. */
enum bt_code place_judge_name(const struct place *p, uint32_t file, struct bt_error *err);

/* A file's path below root, that of the hidden one included. */
void place_path_of(const struct place *p, uint32_t file, char *out, size_t size);

/* The error of a file, as errno says. */
enum bt_code place_fail(const struct place *p, uint32_t file, struct bt_error *err);

/* On a worker: the file system that it is on, or will be when its folder is made; 0: nobody
 * knows. What is there is remembered, so that root is not made anew once it has vanished. */
uint64_t place_look(struct place *p);

#endif

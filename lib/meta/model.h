/* SPDX-License-Identifier: ISC */
/* What a struct bt_metainfo is made of: for the files of lib/meta, and of those
 * floors that make torrents and hold content against them. */
#ifndef META_MODEL_H
#define META_MODEL_H

#include <btcore/metainfo.h>

#include "base/hash.h"
#include "base/vec.h"
#include "bencode/scan.h"
#include "meta/names.h"
#include "meta/safe_name.h"

#define META_MAX_PIECE_LENGTH (512u << 20)	/* bytes */
#define META_MAX_PIECES (4u << 20) /* 64 MiB of torrent hold no more; v2 could claim any number */
#define META_MAX_TRACKERS 1000		/* and as many seeds of each kind; more are left out */

/* One file; its name is in names, at the same index. */
struct meta_file {
	uint64_t size;
	uint64_t offset;
	uint32_t flags;		/* enum bt_file_flag */
	uint32_t root;		/* v2: position of the merkle root in the bytes, or 0 */
};

struct meta_tracker {
	struct bt_slice url;
	size_t tier;
};

struct bt_metainfo {
	_Atomic unsigned owners;	/* it never changes, so it may have several */
	uint8_t *bytes;
	size_t len;
	struct bt_slice info;
	char tolerated[100];	/* for people; "": nothing */
	bool v1, v2;		/* at least one */
	bool single;
	bool private;
	bool has_announce_list;
	uint8_t hash_v1[SHA1_LEN];
	uint8_t hash_v2[SHA256_LEN];
	uint32_t piece_length;
	uint32_t piece_count;
	uint64_t content_end;	/* of the last file; in v2 there are gaps before it */
	uint64_t total_size;
	const uint8_t *pieces;	/* v1: SHA-1 after SHA-1 */
	struct vec files;	/* struct meta_file */
	struct names names;
	uint32_t *layers;	/* v2, for each file: position of its piece layer, or 0 */
	uint32_t layers_missing;	/* files of several pieces without one */
	struct bt_slice name;
	char safe_name[SAFE_NAME_MAX + 1];
	struct vec trackers;	/* struct meta_tracker, by tier */
	struct vec url_seeds;	/* struct bt_slice */
	struct vec http_seeds;	/* struct bt_slice */
	struct bt_slice announce;
	struct bt_slice comment;
	struct bt_slice created_by;
	struct bt_slice source;
	int64_t creation_date;
};

/* A file tree of v2 as it was read. */
struct meta_tree {
	struct vec files;	/* of parse_v2.c alone */
	bool single;		/* one file and no directory */
};

/* The info dictionary's values as they stand; an empty slice: not there. Lists of files are read
 * in passing; what is wrong with them may not be what is wrong first. */
struct meta_info {
	struct bt_slice name, name_utf8, source, pieces;	/* contents of the strings */
	uint32_t name_pos;	/* of the bencoded string that is the name */
	struct bt_slice attr;
	bool has_length, has_files, has_tree;
	enum bt_code files_code, tree_code;
	struct bt_error files_why, tree_why;
	struct meta_tree tree;
	int64_t length;
	int64_t piece_length;
	int64_t meta_version;	/* 0: none */
	int64_t private;
};

static inline struct meta_file *
meta_file_at(const struct bt_metainfo *m, uint32_t i)
{
	return vec_at(&m->files, i);
}

static inline uint32_t
meta_file_count(const struct bt_metainfo *m)
{
	return (uint32_t)m->files.len;
}

static inline uint32_t
meta_pos(const struct bt_metainfo *m, const uint8_t *p)
{
	return (uint32_t)(p - m->bytes);
}

/* A tracker's URL at least names a scheme and has no blanks or control characters. */
bool meta_usable_url(struct bt_slice url);

/* What the torrent's content is saved as, from what it is called. */
void meta_set_safe_name(struct bt_metainfo *m, struct bt_slice name);

/* v2 and hybrid: the root of piece i's subtree; NULL: its layer is missing. */
const uint8_t *meta_piece_root(const struct bt_metainfo *m, uint32_t i);

/* The letters of attr (BEP 47) as enum bt_file_flag. */
uint32_t meta_flags(struct bt_slice attr);

/* Reads the value of files, which is what comes next: fills files, names and sizes. */
enum bt_code meta_read_files(struct bt_metainfo *m, struct scan *s, struct bt_error *err);

/* Takes length, or what was read of files, and checks pieces. */
enum bt_code meta_parse_v1(struct bt_metainfo *m, const struct meta_info *info,
    struct bt_error *err);

void meta_tree_init(struct meta_tree *tree);
void meta_tree_fini(struct meta_tree *tree);

/* Reads the value of file tree, which is what comes next. */
enum bt_code meta_read_tree(struct bt_metainfo *m, struct scan *s, struct meta_tree *out,
    struct bt_error *err);

/* Takes what was read of the file tree; in a hybrid compares it with what v1 said. */
enum bt_code meta_parse_v2(struct bt_metainfo *m, const struct meta_info *info,
    struct bt_error *err);

/* Checks the piece layers (a bencoded dictionary, or nothing) against the roots of the files. */
enum bt_code meta_parse_layers(struct bt_metainfo *m, struct bt_slice layers,
    struct bt_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The names of a torrent's files as a tree, kept as positions in the torrent's bytes so that
 * 100,000 files cost no copies. What cannot have its own name on disk has another spelling there,
 * which is kept beside them: no two of one directory are the same.
 */
#ifndef META_NAMES_H
#define META_NAMES_H

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"

#define NAMES_MAX_DEPTH 128	/* directories in directories */
#define NAMES_MAX_DIRS (2u << 20) /* some 50 bytes each; three of a hostile torrent make one */
/* Bytes of a directory's path. One below a longer one is left out, and its files are in that one:
 * so any path, with the folder for downloads before it, is short enough for the system. */
#define NAMES_MAX_PATH 2048

#define NAMES_ROOT 0xffffffffu	/* parent of what lies at the top */
#define NAMES_PHANTOM 0xfffffffeu	/* parent of a file that is never on disk (padding) */

/* Where an entry hangs and what it is called. */
struct name {
	uint32_t parent;	/* index of a directory, or NAMES_ROOT, NAMES_PHANTOM */
	/* of its bencoded string in the bytes; phantoms: of a list of strings, or 0 */
	uint32_t pos;
};

struct name_dir {
	struct name name;
	uint32_t last_pos;	/* of the name of its last file so far, or 0 */
	uint16_t path_len;	/* bytes of all names from the top to this one, each with a '/' */
	bool has_dirs;
};

struct names {
	const uint8_t *bytes;
	struct name_dir root;
	struct vec dirs;	/* struct name_dir */
	struct vec files;	/* struct name, in the order of the torrent */
	/* names so far do not by their order show that no two are equal; see names_seal */
	bool doubtful;
	bool unsafe;		/* some cannot be on disk as they are */
	bool flattened;		/* directories were left out */
	struct vec respelled;	/* struct name_respelled, by id: what is not on disk as it was */
	struct buf spellings;	/* a byte of length, and the name */
	uint64_t *slots; /* a hash table while reading: half of the hash, id + 1; 0: free */
	size_t slot_count;	/* a power of two, or 0 */
	size_t used;
	uint64_t seed[2];
};

void names_init(struct names *n, const uint8_t *bytes);
void names_fini(struct names *n);

/* The string at pos. */
struct bt_slice names_at(const struct names *n, uint32_t pos);

/* On disk: a directory's name and a file's, which is no phantom. After names_seal. */
struct bt_slice names_dir_spelled(const struct names *n, uint32_t dir);
struct bt_slice names_file_spelled(const struct names *n, uint32_t file);

/* The file has another name than the torrent has, though that one is safe: it is taken. */
bool names_file_clashes(const struct names *n, uint32_t file);

/* The directory of that name, made if missing. BT_ELIMIT: too many. */
enum bt_code names_dir(struct names *n, uint32_t parent, uint32_t pos, uint32_t *out,
    struct bt_error *err);

/* The next file. Whether the name is taken shows when all are there: names_seal. */
enum bt_code names_file(struct names *n, uint32_t parent, uint32_t pos, struct bt_error *err);

/* The next file, one that is never on disk and so takes no name from others; pos
 * of its path, or 0. */
enum bt_code names_phantom(struct names *n, uint32_t pos, struct bt_error *err);

/* After the last: spells what is not safe or not alone. A safe name keeps to itself, and of equal
 * ones a directory's, then the first file's. Frees what only reading needs. BT_ENOMEM alone. */
enum bt_code names_seal(struct names *n, struct bt_error *err);

#endif

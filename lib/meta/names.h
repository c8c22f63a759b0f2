/* SPDX-License-Identifier: ISC */
/*
 * The names of a torrent's files as a tree, kept as positions in the torrent's bytes so that
 * 100,000 files cost no copies. Knows what may be an element of a path, and how one that a file
 * system cannot hold is spelled.
 */
#ifndef META_NAMES_H
#define META_NAMES_H

#include "base/error.h"
#include "base/slice.h"
#include "base/vec.h"

#define NAMES_MAX_DEPTH 128	/* directories in directories */
#define NAMES_MAX_DIRS (2u << 20) /* some 50 bytes each; three of a hostile torrent make one */
#define NAME_MAX_LEN 255	/* bytes of a safe element */

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
	bool has_dirs;
};

struct names {
	const uint8_t *bytes;
	struct name_dir root;
	struct vec dirs;	/* struct name_dir */
	struct vec files;	/* struct name, in the order of the torrent */
	/* names so far do not by their order show that no two are equal; see names_seal */
	bool doubtful;
	uint64_t *slots; /* a hash table while reading: half of the hash, id + 1; 0: free */
	size_t slot_count;	/* a power of two, or 0 */
	size_t used;
	uint64_t seed[2];
};

void names_init(struct names *n, const uint8_t *bytes);
void names_fini(struct names *n);

/* Refuses what could leave the directory: empty, ".", "..", with '/' or NUL. */
enum bt_code names_check(struct bt_slice element, struct bt_error *err);

/* The element as a file system can hold it; not terminated; returns its length. Bytes are kept as
 * they are, so that data made here is found again; what is too long is cut and told apart by a
 * digest of the whole. */
size_t names_safe(struct bt_slice element, char out[NAME_MAX_LEN]);

/* The string at pos. */
struct bt_slice names_at(const struct names *n, uint32_t pos);

/* The directory of that name, made if missing. BT_ELIMIT: too many. */
enum bt_code names_dir(struct names *n, uint32_t parent, uint32_t pos, uint32_t *out,
    struct bt_error *err);

/* The next file. Whether the name is taken shows when all are there: names_seal. */
enum bt_code names_file(struct names *n, uint32_t parent, uint32_t pos, struct bt_error *err);

/* The next file, one that is never on disk and so takes no name from others; pos
 * of its path, or 0. */
enum bt_code names_phantom(struct names *n, uint32_t pos, struct bt_error *err);

/* After the last. BT_EFORMAT: two names are equal, as they are or as safe ones. Frees what only
 * reading needs. */
enum bt_code names_seal(struct names *n, struct bt_error *err);

#endif

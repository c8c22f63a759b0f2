/* SPDX-License-Identifier: ISC */
/*
 * A torrent file, read and checked (BEP 3, 12, 17, 19, 27, 47, 52). Immutable once open, safe to
 * read from several threads. Slices and pointers it gives are borrowed from it until
 * bt_metainfo_free. What it accepts is sane: no path leaves the torrent, sums do not overflow,
 * every piece has its hash, but for piece layers that are missing. Names are never a reason to
 * refuse a torrent: one that is unsafe or taken has another spelling on disk.
 */
#ifndef BTCORE_METAINFO_H
#define BTCORE_METAINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/error.h>
#include <btcore/slice.h>

struct bt_metainfo;

enum bt_file_flag {
	BT_FILE_PAD = 1,	/* zeros, never on disk (BEP 47) */
	BT_FILE_EXECUTABLE = 2,
	BT_FILE_HIDDEN = 4,
	BT_FILE_SYMLINK = 8
};

struct bt_file {
	uint64_t size;		/* bytes */
	/* Of its first byte in the content. In v2 this is a multiple of the piece length, unless
	 * the file is empty. */
	uint64_t offset;
	unsigned flags;		/* enum bt_file_flag */
	const uint8_t *root;	/* v2: 32 bytes of merkle root; else NULL, also for empty files */
};

/* Reads a file of at most 64 MiB. On success *out is the caller's, to be freed. */
enum bt_code bt_metainfo_open(const char *path, struct bt_metainfo **out, struct bt_error *err);

/* The same from memory; the bytes are copied. */
enum bt_code bt_metainfo_parse(struct bt_slice bytes, struct bt_metainfo **out,
    struct bt_error *err);

/* Gives another owner the same metainfo: it returns m, which stays until each owner has freed it.
 * Any thread may share and free. */
struct bt_metainfo *bt_metainfo_share(const struct bt_metainfo *m);

/* Ends one ownership. NULL is allowed. */
void bt_metainfo_free(struct bt_metainfo *m);

/* Writes the bytes as they were read; an old file is replaced at once or not at all. */
enum bt_code bt_metainfo_save(const struct bt_metainfo *m, const char *path, struct bt_error *err);

/* The whole file, and the info dictionary inside it, as they were read. */
struct bt_slice bt_metainfo_bytes(const struct bt_metainfo *m);
struct bt_slice bt_metainfo_info(const struct bt_metainfo *m);

/* What a strict reader would have refused, for people ("keys not sorted"); NULL if nothing. */
const char *bt_metainfo_tolerated(const struct bt_metainfo *m);

/* 20 bytes of SHA-1 of the info dictionary; NULL for a torrent of v2 alone. */
const uint8_t *bt_metainfo_info_hash(const struct bt_metainfo *m);

/* 32 bytes of SHA-256 of the info dictionary; NULL for a torrent of v1 alone (BEP 52). */
const uint8_t *bt_metainfo_info_hash_v2(const struct bt_metainfo *m);

/* The name as in the torrent (any bytes), and as one safe path element (NUL-terminated). */
struct bt_slice bt_metainfo_name(const struct bt_metainfo *m);
const char *bt_metainfo_safe_name(const struct bt_metainfo *m);

uint32_t bt_metainfo_piece_length(const struct bt_metainfo *m);
uint32_t bt_metainfo_piece_count(const struct bt_metainfo *m);

/* Bytes of piece i (the last one, and in v2 the last of a file, may be short). */
uint32_t bt_metainfo_piece_size(const struct bt_metainfo *m, uint32_t i);

/* The hash of piece i: 20 bytes of SHA-1 if the torrent has a v1 info-hash; otherwise 32 bytes,
 * the root of the piece's merkle subtree (BEP 52). NULL: the file lacks its piece layer. */
const uint8_t *bt_metainfo_piece_hash(const struct bt_metainfo *m, uint32_t i);

/* A torrent of v2 may come without the hashes of the pieces of some or all files, which can be had
 * from peers: how many files lack their piece layer, and whether file i does. */
uint32_t bt_metainfo_layers_missing(const struct bt_metainfo *m);
bool bt_metainfo_lacks_layer(const struct bt_metainfo *m, uint32_t i);

/* Bytes of content: of all pieces together. Padding files of v1 are content; the gaps behind the
 * files of v2 are not, though offsets count them. */
uint64_t bt_metainfo_content_size(const struct bt_metainfo *m);

/* Bytes of the files without padding. */
uint64_t bt_metainfo_total_size(const struct bt_metainfo *m);

/* True if the torrent is one file that is not in a directory of the torrent's name. */
bool bt_metainfo_is_single_file(const struct bt_metainfo *m);

uint32_t bt_metainfo_file_count(const struct bt_metainfo *m);
struct bt_file bt_metainfo_file(const struct bt_metainfo *m, uint32_t i);

/* The path of file i below the torrent's name, elements joined by '/'; a single file gives its
 * name. The first is the path in the torrent, whose elements may hold any bytes. The second is the
 * path on disk: each element is UTF-8 of 1 to 255 bytes without '/' and control characters, and
 * neither "." nor ".."; no two files have one path. The two are equal wherever that is possible.
 * Where the directories of a path have more than 2 KiB, both leave the innermost ones out.
 * Writes at most size bytes, always NUL-terminated; returns the length it has or would have (as
 * snprintf). */
size_t bt_metainfo_file_path(const struct bt_metainfo *m, uint32_t i, char *out, size_t size);
size_t bt_metainfo_file_safe_path(const struct bt_metainfo *m, uint32_t i, char *out, size_t size);

/* announce: empty slice if there is none. Tiers (BEP 12): announce-list cleaned of what is
 * unusable; without it one tier with announce; tier_count 0 if there is no tracker at all. */
struct bt_slice bt_metainfo_announce(const struct bt_metainfo *m);
bool bt_metainfo_has_announce_list(const struct bt_metainfo *m);
size_t bt_metainfo_tier_count(const struct bt_metainfo *m);
size_t bt_metainfo_tracker_count(const struct bt_metainfo *m, size_t tier);
struct bt_slice bt_metainfo_tracker(const struct bt_metainfo *m, size_t tier, size_t i);

/* Web seeds: url-list (BEP 19) and httpseeds (BEP 17). */
size_t bt_metainfo_url_seed_count(const struct bt_metainfo *m);
struct bt_slice bt_metainfo_url_seed(const struct bt_metainfo *m, size_t i);
size_t bt_metainfo_http_seed_count(const struct bt_metainfo *m);
struct bt_slice bt_metainfo_http_seed(const struct bt_metainfo *m, size_t i);

/* Empty slices, 0 and false where the key is absent. */
struct bt_slice bt_metainfo_comment(const struct bt_metainfo *m);
struct bt_slice bt_metainfo_created_by(const struct bt_metainfo *m);
struct bt_slice bt_metainfo_source(const struct bt_metainfo *m);
int64_t bt_metainfo_creation_date(const struct bt_metainfo *m);	/* seconds since 1970 */
bool bt_metainfo_is_private(const struct bt_metainfo *m);

#endif

/* SPDX-License-Identifier: ISC */
/* Making torrents of files and directories. */
#ifndef BTCORE_CREATE_H
#define BTCORE_CREATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/error.h>
#include <btcore/metainfo.h>

struct bt_create_tracker {
	const char *url;
	size_t tier;		/* never smaller than that of the one before */
};

/* A glob (fnmatch(3)): with a '/' of a path below the directory, where '*' stands for no '/';
 * without one of any element. What matches a directory goes for all that is below it. */
struct bt_create_pattern {
	const char *glob;
	bool include;
};

/* Returns whether these patterns take a file of that path below the directory: the last that
 * matches decides; what none matches is taken unless the first includes. A path of more than 4095
 * bytes is taken as if it ended there. */
bool bt_create_wants(const struct bt_create_pattern *patterns, size_t count, const char *path);

/* BT_CREATE_HYBRID is both in one, with padding between the files (BEP 47). */
enum bt_create_kind { BT_CREATE_V1, BT_CREATE_V2, BT_CREATE_HYBRID };

/* What to do with symbolic links: take the file that one leads to, and fail if it is a directory;
 * store it as a link, and fail if it leads to what is not in the torrent (BEP 47); fail. A link
 * that was named itself is followed by the first two. */
enum bt_create_links { BT_LINKS_FOLLOW, BT_LINKS_STORE, BT_LINKS_REFUSE };

/* By path, each element in byte order; the same with digits in a row taken as a number; by size,
 * the smallest first. All but v1 want the first (BEP 52). */
enum bt_create_order { BT_ORDER_PATH, BT_ORDER_NATURAL, BT_ORDER_SIZE };

/* A node of the DHT (BEP 5). */
struct bt_create_node {
	const char *host;	/* name or address */
	uint16_t port;
};

/* Zeroed, it makes a torrent of v1 with an info dictionary and nothing else. NULL texts: not
 * written. All is borrowed while bt_create runs. */
struct bt_create_options {
	enum bt_create_kind kind;
	const char *name;	/* NULL: the last element of the path */
	/* Bytes; 0: bt_create_piece_length. Of all but v1 a power of two from 16384 on. */
	uint32_t piece_length;
	/* If that is 0: no more pieces than these, larger ones if need be. 0: any number. */
	uint32_t pieces_max;
	/* Which files of a directory to take: the last that matches decides; what none matches is
	 * taken unless the first includes. */
	const struct bt_create_pattern *patterns;
	size_t pattern_count;
	bool hidden;		/* names that begin with '.' too */
	enum bt_create_links links;
	enum bt_create_order order;
	const char *announce;
	const struct bt_create_tracker *trackers;	/* announce-list (BEP 12) */
	size_t tracker_count;
	const char *const *http_seeds;	/* BEP 17 */
	size_t http_seed_count;
	const char *const *url_seeds;	/* BEP 19 */
	size_t url_seed_count;
	const struct bt_create_node *nodes;	/* BEP 5 */
	size_t node_count;
	const char *comment;
	const char *created_by;
	/* These four are in the info dictionary, so they make the info-hash another. */
	const char *source;
	const char *entropy;	/* a text that no other torrent of this content has */
	const char *const *collections;	/* BEP 38 */
	size_t collection_count;
	const uint8_t (*similar)[20];	/* info-hashes of torrents that share files (BEP 38) */
	size_t similar_count;
	int64_t creation_date;	/* seconds since 1970; 0: not written */
	bool encoding;		/* write "encoding": "UTF-8" */
	bool private;		/* BEP 27 */
	unsigned workers;	/* threads that read and hash; 0: one a core */

	/* Called on the caller's thread now and then, and once when all is hashed. May be NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;

	/* Set it to anything but 0, from a signal handler or another thread, to
	 * stop: BT_ECANCEL. */
	const volatile int *cancel;
};

/* Returns the piece length that suits this many bytes of content. */
uint32_t bt_create_piece_length(uint64_t total);

/* Checks what can be checked without looking at the files, as bt_create does first. Returns BT_EARG
 * if a tracker or seed is no URL, or if this kind cannot have that piece length or order. */
enum bt_code bt_create_check(const struct bt_create_options *options, struct bt_error *err);

/* Reads the file or directory at path and makes a torrent of it: directories with all that is
 * below them and wanted. Memory in use does not depend on the piece
 * length: some buffers, and the hashes. A file that cannot be read, or that changes meanwhile, is
 * an error that names it. BT_ENOENT with a sys_errno of 0: no file in it, or none that is wanted.
 * *out is the caller's; see bt_metainfo_save. */
enum bt_code bt_create(const char *path, const struct bt_create_options *options,
    struct bt_metainfo **out, struct bt_error *err);

/* The same of several files and directories in one torrent with the name in the options, as if "cp
 * -R PATH... NAME" had put them into a directory first: each under its own name, but of one that
 * ends in "/." what is in it. Two files that meet in one path are an error (BT_EARG). */
enum bt_code bt_create_join(const char *const *paths, size_t count,
    const struct bt_create_options *options, struct bt_metainfo **out, struct bt_error *err);

#endif

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

/* BT_CREATE_HYBRID is both in one, with padding between the files (BEP 47). */
enum bt_create_kind { BT_CREATE_V1, BT_CREATE_V2, BT_CREATE_HYBRID };

/* Zeroed, it makes a torrent of v1 with an info dictionary and nothing else. NULL texts: not
 * written. All is borrowed while bt_create runs. */
struct bt_create_options {
	enum bt_create_kind kind;
	const char *name;	/* NULL: the last element of the path */
	/* Bytes; 0: bt_create_piece_length. Of all but v1 a power of two from 16384 on. */
	uint32_t piece_length;
	const char *announce;
	const struct bt_create_tracker *trackers;	/* announce-list (BEP 12) */
	size_t tracker_count;
	const char *const *http_seeds;	/* BEP 17 */
	size_t http_seed_count;
	const char *const *url_seeds;	/* BEP 19 */
	size_t url_seed_count;
	const char *comment;
	const char *created_by;
	const char *source;	/* within info */
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

/* The piece length for so many bytes of content. */
uint32_t bt_create_piece_length(uint64_t total);

/* Reads the file or directory at path and makes a torrent of it: directories with all that is
 * below them in byte order of names, names that begin with '.' left out. Memory in use does not
 * depend on the piece length: some buffers, and the hashes. A file that cannot be read, or that changes meanwhile, is an error
 * that names it. *out is the caller's; see bt_metainfo_save. */
enum bt_code bt_create(const char *path, const struct bt_create_options *options,
    struct bt_metainfo **out, struct bt_error *err);

#endif

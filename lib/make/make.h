/* SPDX-License-Identifier: ISC */
/*
 * Content to hashes, on all cores: each job reads a run of pieces and hashes several side by side,
 * in small chunks (see pieces.h), so that memory does not grow with the piece length and some jobs
 * read while others hash.
 */
#ifndef MAKE_MAKE_H
#define MAKE_MAKE_H

#include <btcore/create.h>

#include "make/walk.h"

/* What comes out, piece after piece of the content as walk_place laid it. NULL: not wanted. */
struct make_sums {
	uint8_t *sha1;		/* SHA1_LEN each, over the padding behind files too */
	/* SHA256_LEN each: its node in the tree of the file, or the root if it is all of it */
	uint8_t *roots;
};

/* Hashes the walk's content in pieces, reading all of it once. */
enum bt_code make_pieces(const struct walk *w, uint32_t piece_length,
    const struct bt_create_options *o, const struct make_sums *out, struct bt_error *err);

#endif

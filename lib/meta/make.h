/* SPDX-License-Identifier: ISC */
/*
 * Content to hashes, on all cores: each job reads a run of pieces and hashes several side by side,
 * in small chunks (see pieces.h), so that memory does not grow with the piece length and some jobs
 * read while others hash.
 */
#ifndef META_MAKE_H
#define META_MAKE_H

#include <btcore/create.h>

#include "meta/walk.h"

/* Hashes the walk's content in pieces into out, piece_count x 20 bytes. */
enum bt_code make_pieces(const struct walk *w, uint32_t piece_length,
    const struct bt_create_options *o, uint8_t *out, struct bt_error *err);

#endif

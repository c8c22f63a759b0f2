/* SPDX-License-Identifier: ISC */
/*
 * Where content lies: ranges of content to ranges of files and back. Pure sums; the only place
 * that does them.
 */
#ifndef META_LAYOUT_H
#define META_LAYOUT_H

#include <btcore/metainfo.h>

/* A range within one file. pad: zeros that are never on disk, of a padding file, or (v2) of the
 * gap behind the file, whose offsets go on from the file's size. */
struct layout_span {
	uint32_t file;
	uint64_t offset;	/* in the file */
	uint64_t len;		/* bytes; never 0 */
	bool pad;
};

struct layout_iter {
	const struct bt_metainfo *m;
	uint64_t pos, end;	/* in the content */
	uint32_t file;
};

/* The spans of len bytes of content from content_offset on, in order; what lies beyond the
 * content is left out. */
void layout_start(struct layout_iter *it, const struct bt_metainfo *m, uint64_t content_offset,
    uint64_t len);
bool layout_next(struct layout_iter *it, struct layout_span *out);

/* The file that holds this byte of the content, or (v2) that the gap with it follows. Never an
 * empty one. content_offset < content size. */
uint32_t layout_file_of(const struct bt_metainfo *m, uint64_t content_offset);

/* Where piece i begins in the content. */
static inline uint64_t
layout_piece_offset(const struct bt_metainfo *m, uint32_t i)
{
	return (uint64_t)i * bt_metainfo_piece_length(m);
}

/* The first and last piece with bytes of the file; false if it is empty. */
bool layout_file_pieces(const struct bt_metainfo *m, uint32_t file, uint32_t *first,
    uint32_t *last);

#endif

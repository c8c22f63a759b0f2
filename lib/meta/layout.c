/* SPDX-License-Identifier: ISC */
#include "meta/layout.h"

#include "base/num.h"
#include "meta/model.h"

/* The last file that begins at or before the offset. It is not empty: of files that begin at one
 * place only the last can have bytes there, and a file beyond the content begins later. */
uint32_t
layout_file_of(const struct bt_metainfo *m, uint64_t content_offset)
{
	uint32_t low = 0, high = meta_file_count(m);

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (meta_file_at(m, middle)->offset <= content_offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void
layout_start(struct layout_iter *it, const struct bt_metainfo *m, uint64_t content_offset,
    uint64_t len)
{
	uint64_t begin = min_u64(content_offset, m->content_end);

	*it = (struct layout_iter){
		.m = m,
		.pos = begin,
		.end = begin + min_u64(len, m->content_end - begin),
	};
	if (it->pos < it->end)
		it->file = layout_file_of(m, it->pos);
}

bool
layout_next(struct layout_iter *it, struct layout_span *out)
{
	const struct meta_file *f;
	uint64_t end;

	if (it->pos >= it->end)
		return false;
	while (it->file + 1 < meta_file_count(it->m) &&
	    meta_file_at(it->m, it->file + 1)->offset <= it->pos)
		it->file++;
	f = meta_file_at(it->m, it->file);
	out->file = it->file;
	out->offset = it->pos - f->offset;
	out->pad = (f->flags & BT_FILE_PAD) || out->offset >= f->size;
	if (out->offset < f->size)
		end = f->offset + f->size;
	else
		end = meta_file_at(it->m, it->file + 1)->offset;
	out->len = min_u64(end, it->end) - it->pos;
	it->pos += out->len;
	return true;
}

bool
layout_file_pieces(const struct bt_metainfo *m, uint32_t file, uint32_t *first, uint32_t *last)
{
	const struct meta_file *f = meta_file_at(m, file);

	if (f->size == 0)
		return false;
	*first = (uint32_t)(f->offset / m->piece_length);
	*last = (uint32_t)((f->offset + f->size - 1) / m->piece_length);
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "torrent/choice.h"

#include <string.h>

#include "base/mem.h"

void
choice_fini(struct choice *c)
{
	mem_free(c->files);
	*c = (struct choice){ 0 };
}

bool
choice_copy(struct choice *to, const struct choice *from)
{
	*to = *from;
	if (from->files == NULL)
		return true;
	to->files = mem_array(from->count, 1);
	if (to->files == NULL)
		return false;
	memcpy(to->files, from->files, from->count);
	return true;
}

bool
choice_wanted_files(const struct choice *c, const struct bt_metainfo *m, struct bits *out)
{
	uint32_t count = bt_metainfo_file_count(m);

	if (!bits_init(out, count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (choice_wants(c, i))
			(void)bits_set(out, i);
	}
	return true;
}

static void
raise_to(uint8_t *priority, uint32_t piece, uint8_t to)
{
	if (priority[piece] < to)
		priority[piece] = to;
}

static void
add_file(const struct choice *c, const struct bt_metainfo *m, uint32_t file, uint8_t *priority)
{
	const struct bt_file f = bt_metainfo_file(m, file);
	uint8_t of = c == NULL || c->files == NULL ? PICKER_NORMAL : c->files[file];
	uint32_t length = bt_metainfo_piece_length(m), first, last;

	if (f.size == 0 || of == 0 || (f.flags & BT_FILE_PAD) != 0)
		return;
	first = (uint32_t)(f.offset / length);
	last = (uint32_t)((f.offset + f.size - 1) / length);
	for (uint32_t i = first; i <= last; i++)
		raise_to(priority, i, of);
	if (c != NULL && c->first_last) {
		raise_to(priority, first, PICKER_HIGHEST);
		raise_to(priority, last, PICKER_HIGHEST);
	}
}

bool
choice_apply(const struct choice *c, const struct bt_metainfo *m, struct picker *p)
{
	uint32_t pieces = bt_metainfo_piece_count(m);
	uint8_t *priority = mem_zero((size_t)pieces + 1);
	bool good = priority != NULL;

	for (uint32_t i = 0; good && i < bt_metainfo_file_count(m); i++)
		add_file(c, m, i, priority);
	for (uint32_t i = 0, end; good && i < pieces; i = end) {
		for (end = i + 1; end < pieces && priority[end] == priority[i]; end++)
			;
		good = picker_set_priority(p, i, end - i, priority[i]);
	}
	mem_free(priority);
	if (good)
		picker_set_sequential(p, c != NULL && c->sequential);
	return good;
}

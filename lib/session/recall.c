/* SPDX-License-Identifier: ISC */
/* What an earlier session has left of a torrent is held against the files that lie there now. */
#include <string.h>

#include "base/mem.h"
#include "disk/stamp.h"
#include "session/model.h"

void
recall_end(struct entry *e)
{
	content_free(e->found);
	e->found = NULL;
	if (e->recalled != NULL)
		buf_fini(e->recalled);
	mem_free(e->recalled);
	e->recalled = NULL;
}

/* Whether the record can be of this torrent's files, whatever their stamps say. */
static bool
is_of(const struct entry *e, const struct resume *r)
{
	return r->pieces == bt_metainfo_piece_count(e->meta) &&
	    resume_stamp_count(r) == bt_metainfo_file_count(e->meta) &&
	    (r->synced || memcmp(r->boot, e->session->saver.boot, sizeof(r->boot)) == 0);
}

/* unsure may be NULL: then they are known not to be there. */
static void
clear_pieces_of(const struct entry *e, uint32_t file, struct bits *have, struct bits *unsure)
{
	const struct bt_file f = bt_metainfo_file(e->meta, file);
	uint32_t length = bt_metainfo_piece_length(e->meta);

	if (f.size == 0 || (f.flags & BT_FILE_PAD) != 0)
		return;
	for (uint32_t i = (uint32_t)(f.offset / length);
	    i <= (uint32_t)((f.offset + f.size - 1) / length); i++) {
		(void)bits_clear(have, i);
		if (unsure != NULL)
			(void)bits_set(unsure, i);
	}
}

/* Pieces in files that are as they were are what they were; the others must be looked at. */
static void
compare(const struct entry *e, const struct resume *was, const struct resume *is,
    struct bits *have, struct bits *unsure)
{
	if (was->complete)
		bits_set_all(have);
	else
		(void)bits_load(have, was->have);
	for (uint32_t i = 0; i < bt_metainfo_file_count(e->meta); i++) {
		const struct resume_stamp a = resume_stamp_at(was, i), b = resume_stamp_at(is, i);

		if (b.size == UINT64_MAX)
			clear_pieces_of(e, i, have, NULL);
		else if (a.size != b.size || a.mtime != b.mtime)
			clear_pieces_of(e, i, have, unsure);
	}
}

static bool
give_known_parts(struct entry *e, const struct bits *have, const struct bits *unsure)
{
	struct torrent_parts parts = { .meta = e->meta, .content = e->found, .have = have,
		.unsure = unsure, .choice = entry_choice(e) };

	e->found = NULL;
	e->save.known = unsure->count == 0;
	if (bits_full(have) && bt_metainfo_piece_count(e->meta) > 0) {
		content_free(parts.content);
		torrent_rest(e->torrent, e->meta, loop_now(e->session->loop));
		return true;
	}
	if (torrent_attach(e->torrent, &parts, loop_now(e->session->loop)))
		return true;
	content_free(parts.content);
	return false;
}

/* Without a record of use all pieces are unsure. */
static void
judge(const struct entry *e, const struct resume *is, struct bits *have, struct bits *unsure)
{
	struct resume was;

	if (e->recalled != NULL && resume_parse(buf_slice(e->recalled), &was, NULL) == BT_OK &&
	    is_of(e, &was) && resume_stamp_count(is) == resume_stamp_count(&was))
		compare(e, &was, is, have, unsure);
	else
		bits_set_all(unsure);
}

static void
looked_at(void *arg, struct bt_slice stamps, bool synced)
{
	struct entry *e = arg;
	uint32_t pieces = bt_metainfo_piece_count(e->meta);
	const struct resume is = { .stamps = stamps };
	struct bits have = { 0 }, unsure = { 0 };
	bool good = bits_init(&have, pieces) && bits_init(&unsure, pieces);

	(void)synced;
	if (good)
		judge(e, &is, &have, &unsure);
	if (good && unsure.count > 0 && stamps.len > 0)
		save_looked(e, stamps);
	good = good && give_known_parts(e, &have, &unsure);
	recall_end(e);
	bits_fini(&have);
	bits_fini(&unsure);
	if (!good)
		entry_fail_for_memory(e);
}

bool
recall_begin(struct entry *e)
{
	e->found = entry_new_content(e);
	if (e->found == NULL)
		return false;
	torrent_await(e->torrent, e->meta, loop_now(e->session->loop));
	store_stamp(e->found, false, looked_at, e);
	return true;
}

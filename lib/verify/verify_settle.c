/* SPDX-License-Identifier: ISC */
/* From verdicts on pieces to what is told of files, in the order of the torrent. */
#include <errno.h>
#include <string.h>

#include "meta/layout.h"
#include "meta/model.h"
#include "verify/verify.h"

#define MAX_RANGES 4096	/* told of one file */

/* One piece that is being settled: who has bytes in it, and whose are not there. */
struct shared_piece {
	uint32_t index;
	enum verdict verdict;
	uint32_t owners;
	uint32_t first, last;	/* owners */
	bool absent;
	uint32_t first_absent;
};

/* -- a file -- */

static enum bt_verify_state
state_of(const struct bt_verify_file *f, uint64_t size)
{
	if (f->sys_errno == ENOENT)
		return BT_VERIFY_MISSING;
	if (f->sys_errno != 0)
		return BT_VERIFY_UNREADABLE;
	if (f->size_on_disk != size || f->bad > 0 || f->absent > 0)
		return BT_VERIFY_WRONG;
	return f->doubtful > 0 ? BT_VERIFY_DOUBTFUL : BT_VERIFY_COMPLETE;
}

static void
begin_file(struct verify_torrent *t, uint32_t file)
{
	const struct present_file *p = &t->present.files[file];
	struct settling *s = &t->now;

	s->file = (struct bt_verify_file){
		.index = file, .size_on_disk = p->size, .sys_errno = p->error };
	s->pieces.len = 0;
	s->held = 0;
	merkle_init(&s->tree, t->kind == PIECES_V1 ? 0 :
	    merkle_piece_height(t->present.meta->piece_length));
}

/* No memory is as many ranges as can be told. */
static void
add_range(struct settling *s, struct bt_verify_pieces range)
{
	struct bt_verify_pieces *last = s->pieces.len == 0 ? NULL :
	    vec_at(&s->pieces, s->pieces.len - 1);

	if (last != NULL && last->last + 1 == range.first && last->reason == range.reason &&
	    last->neighbours == 0 && range.neighbours == 0)
		last->last = range.last;
	else if (s->pieces.len == MAX_RANGES || vec_add(&s->pieces, &range) == NULL)
		s->file.more = true;
}

/* Piece layers were missing: the pieces are as good as the root that follows from them, if all of
 * the file could be read. */
static void
settle_held(struct verify_torrent *t)
{
	const struct meta_file *f = meta_file_at(t->present.meta, t->now.file.index);
	struct settling *s = &t->now;
	uint8_t root[SHA256_LEN];

	if (s->held == f->size) {
		merkle_root(&s->tree, root);
		if (memcmp(root, t->present.meta->bytes + f->root, SHA256_LEN) == 0) {
			s->file.good += s->held;
			return;
		}
		s->file.bad += s->held;
		add_range(s, (struct bt_verify_pieces){ s->held_first, s->held_last,
			BT_VERIFY_HASH, 0, 0 });
	} else if (t->present.meta->v1) {
		s->file.good += s->held;	/* by SHA-1 */
	} else {
		s->file.doubtful += s->held;
	}
}

static void
end_file(struct verify_torrent *t, const struct bt_verify_options *o)
{
	struct bt_verify_file *f = &t->now.file;

	if (t->now.held > 0)
		settle_held(t);
	f->state = state_of(f, meta_file_at(t->present.meta, f->index)->size);
	f->pieces = t->now.pieces.items;
	f->piece_ranges = t->now.pieces.len;
	t->seen.files[f->state]++;
	t->seen.good += f->good;
	if (o->file != NULL)
		o->file(o->arg, &t->seen, f);
}

/* The files before this one that have no content. */
static void
pass_empty_files(struct verify_torrent *t, uint32_t end, const struct bt_verify_options *o)
{
	for (; t->next_file < end; t->next_file++) {
		if (meta_file_at(t->present.meta, t->next_file)->flags & BT_FILE_PAD)
			continue;
		begin_file(t, t->next_file);
		end_file(t, o);
	}
}

/* -- a piece -- */

/* errno at which the reading of the piece ended in this file; 0: it did not. */
static int
fault_at(const struct verify_run *r, uint32_t piece, uint32_t file)
{
	const struct verify_fault *f = &r->fault[piece - r->first];

	return f->file == file ? f->error : 0;
}

static bool
span_is_absent(const struct verify_run *r, uint32_t piece, const struct layout_span *span)
{
	return !present_has(&r->torrent->present, span->file, span->offset + span->len) ||
	    fault_at(r, piece, span->file) != 0;
}

static struct shared_piece
look_at_piece(const struct verify_run *r, uint32_t i)
{
	const struct bt_metainfo *m = r->torrent->present.meta;
	struct shared_piece p = { .index = r->first + i, .verdict = r->verdict[i] };
	struct layout_span span;
	struct layout_iter it;

	layout_start(&it, m, layout_piece_offset(m, p.index), bt_metainfo_piece_size(m, p.index));
	while (layout_next(&it, &span)) {
		if (span.pad)
			continue;
		if (p.owners++ == 0)
			p.first = span.file;
		p.last = span.file;
		if (p.verdict == VERDICT_ABSENT && !p.absent &&
		    span_is_absent(r, p.index, &span)) {
			p.absent = true;
			p.first_absent = span.file;
		}
	}
	return p;
}

static void
hold(struct settling *s, const struct shared_piece *p, uint64_t len, const uint8_t *root)
{
	if (s->held == 0)
		s->held_first = p->index;
	s->held_last = p->index;
	s->held += len;
	merkle_add(&s->tree, root);
}

static void
settle_span(const struct verify_run *r, const struct shared_piece *p,
    const struct layout_span *span)
{
	struct settling *s = &r->torrent->now;
	struct bt_verify_pieces range = { .first = p->index, .last = p->index };
	bool mine = p->verdict == VERDICT_ABSENT && span_is_absent(r, p->index, span);
	int error = fault_at(r, p->index, span->file);

	if (error != 0)
		s->file.sys_errno = error;
	if (p->verdict == VERDICT_GOOD) {
		s->file.good += span->len;
		return;
	}
	if (p->verdict == VERDICT_HELD) {
		hold(s, p, span->len, r->roots[p->index - r->first]);
		return;
	}
	range.neighbours = p->owners - 1;
	range.neighbour = p->absent && !mine ? p->first_absent :
	    span->file == p->first ? p->last : p->first;
	range.reason = p->verdict == VERDICT_BAD ? BT_VERIFY_HASH :
	    mine ? BT_VERIFY_ABSENT : BT_VERIFY_UNTRIED;
	if (mine)
		s->file.absent += span->len;
	else if (p->owners > 1)
		s->file.doubtful += span->len;
	else
		s->file.bad += span->len;
	add_range(s, range);
}

static void
settle_piece(const struct verify_run *r, uint32_t i, const struct bt_verify_options *o)
{
	struct verify_torrent *t = r->torrent;
	const struct bt_metainfo *m = t->present.meta;
	struct shared_piece p = look_at_piece(r, i);
	uint64_t size = bt_metainfo_piece_size(m, p.index);
	struct layout_span span;
	struct layout_iter it;

	layout_start(&it, m, layout_piece_offset(m, p.index), size);
	while (layout_next(&it, &span)) {
		if (span.pad)
			continue;
		if (span.offset == 0) {
			pass_empty_files(t, span.file, o);
			begin_file(t, span.file);
		}
		settle_span(r, &p, &span);
		if (span.offset + span.len == meta_file_at(m, span.file)->size) {
			end_file(t, o);
			t->next_file = span.file + 1;
		}
	}
	t->seen.looked_at += size;
	t->settled++;
}

void
verify_settle(const struct verify_run *r, const struct bt_verify_options *o)
{
	for (uint32_t i = 0; i < r->count; i++)
		settle_piece(r, i, o);
	if (o->progress != NULL)
		o->progress(o->arg, &r->torrent->seen);
}

void
verify_settle_rest(struct verify_torrent *t, const struct bt_verify_options *o)
{
	pass_empty_files(t, meta_file_count(t->present.meta), o);
	if (o->done != NULL)
		o->done(o->arg, &t->seen);
}

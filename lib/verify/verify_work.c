/* SPDX-License-Identifier: ISC */
/* What a worker does: reads a run of pieces and hashes them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "meta/layout.h"
#include "meta/model.h"
#include "verify/verify.h"

/* -- files -- */

void
verify_close_files(struct verify_run *r)
{
	for (unsigned i = 0; i < VERIFY_OPEN_FILES; i++) {
		if (r->files[i].fd >= 0)
			(void)close(r->files[i].fd);
		r->files[i].fd = -1;
	}
}

/* A descriptor to be borrowed; -1 with errno. */
static int
file_of(struct verify_run *r, uint32_t file)
{
	struct verify_open_file *o;

	for (unsigned i = 0; i < VERIFY_OPEN_FILES; i++) {
		if (r->files[i].fd >= 0 && r->files[i].file == file)
			return r->files[i].fd;
	}
	o = &r->files[r->evict++ % VERIFY_OPEN_FILES];
	if (o->fd >= 0)
		(void)close(o->fd);
	o->file = file;
	o->fd = present_open_file(&r->torrent->present, file, &r->scratch);
	if (o->fd >= 0 && r->torrent->present.files[file].size > r->buffer_size)
		(void)posix_fadvise(o->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return o->fd;
}

/* False, with errno. */
static bool
read_span(struct verify_run *r, const struct layout_span *span, uint8_t *to)
{
	int fd = file_of(r, span->file);
	uint64_t done = 0;

	while (fd >= 0 && done < span->len) {
		ssize_t got = pread(fd, to + done, span->len - done, (off_t)(span->offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = ENODATA;	/* it was long enough when we looked */
		if (got <= 0)
			fd = -1;
		else
			done += (uint64_t)got;
	}
	return fd >= 0;
}

static bool
cancelled(const struct bt_verify_options *o)
{
	return o->cancel != NULL && __atomic_load_n(o->cancel, __ATOMIC_RELAXED) != 0;
}

static bool
read_content(void *arg, uint64_t offset, uint8_t *to, size_t len)
{
	struct verify_run *r = arg;
	const struct bt_metainfo *m = r->torrent->present.meta;
	struct layout_span span;
	struct layout_iter it;

	if (cancelled(r->verify->options))
		return false;
	layout_start(&it, m, offset, len);
	while (layout_next(&it, &span)) {
		if (span.pad) {
			memset(to, 0, span.len);
		} else if (!read_span(r, &span, to)) {
			r->fault[offset / m->piece_length - r->first] =
			    (struct verify_fault){ span.file, errno };
			return false;
		}
		to += span.len;
	}
	return true;
}

/* -- pieces -- */

static bool
is_there(const struct verify_torrent *t, const struct piece_sum *p)
{
	struct layout_span span;
	struct layout_iter it;

	layout_start(&it, t->present.meta, p->offset, p->len);
	while (layout_next(&it, &span)) {
		if (!span.pad && !present_has(&t->present, span.file, span.offset + span.len))
			return false;
	}
	return true;
}

static enum verdict
judge(struct verify_run *r, uint32_t piece, const struct piece_sum *p)
{
	const struct bt_metainfo *m = r->torrent->present.meta;

	if (!p->read)
		return VERDICT_ABSENT;
	if (pieces_judge(m, piece, p) == PIECES_BAD)
		return VERDICT_BAD;
	if (!m->v2 || meta_piece_root(m, piece) != NULL)
		return VERDICT_GOOD;
	memcpy(r->roots[piece - r->first], p->root, SHA256_LEN);
	return VERDICT_HELD;
}

void
verify_work(struct job *j)
{
	struct verify_run *r = CONTAINER_OF(j, struct verify_run, job);
	const struct verify_torrent *t = r->torrent;
	const struct pieces_source from = { .kind = t->kind, .arg = r, .read = read_content,
		.buffer = r->buffer, .size = r->buffer_size };
	uint32_t i = 0;

	if (r->opened != t->serial)
		verify_close_files(r);
	r->opened = t->serial;
	memset(r->fault, 0, r->count * sizeof(r->fault[0]));
	while (i < r->count) {
		struct piece_sum sums[PIECES_AT_ONCE];
		uint32_t which[PIECES_AT_ONCE], n = 0;

		for (; n < PIECES_AT_ONCE && i < r->count; i++) {
			pieces_plan(t->present.meta, r->first + i, &sums[n]);
			if (is_there(t, &sums[n]))
				which[n++] = i;
			else
				r->verdict[i] = VERDICT_ABSENT;
		}
		pieces_sum(&from, sums, n);
		for (uint32_t k = 0; k < n; k++)
			r->verdict[which[k]] = (uint8_t)judge(r, r->first + which[k], &sums[k]);
	}
}

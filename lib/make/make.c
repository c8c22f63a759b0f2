/* SPDX-License-Identifier: ISC */
#include "make/make.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/pool.h"
#include "meta/pieces.h"

#define MAX_WORKERS 64u
#define BUFFERS_SIZE (16u << 20)	/* bytes of all buffers together */
#define RUN_SIZE (4u << 20)		/* bytes of a job, unless a few pieces are more */
#define MOST_PIECES 1024u		/* of a job of small files */

struct make {
	const struct walk *walk;
	const struct bt_create_options *options;
	const struct make_sums *out;
	enum pieces_kind kind;
	uint32_t piece_length;
	uint32_t piece_count;
	uint32_t next;		/* first piece that no job has */
	size_t buffer_size;	/* of each job */
	uint64_t hashed;	/* bytes of finished jobs */
	struct pool *pool;
	enum bt_code code;	/* of the first failure */
	struct bt_error *err;
};

/* Pieces that advance together may lie in different files. */
#define OPEN_FILES HASH_LANES_MAX

struct open_file {
	int fd;			/* or -1 */
	size_t file;
};

/* A job and what it works with; used again for one run after the other. */
struct run {
	struct job job;
	struct make *make;
	uint8_t *buffer;
	uint32_t first, count;	/* pieces */
	uint64_t bytes;		/* of files, not of padding */
	struct open_file files[OPEN_FILES];
	unsigned evict;		/* whose turn it is */
	enum bt_code code;
	struct bt_error err;
};

static bool
cancelled(const struct make *m)
{
	return m->options->cancel != NULL &&
	    __atomic_load_n(m->options->cancel, __ATOMIC_RELAXED) != 0;
}

/* The file that holds this byte: the last that begins at or before it. */
static size_t
file_at(const struct walk *w, uint64_t offset)
{
	size_t low = 0, high = w->files.len;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (walk_at(w, middle)->offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void
close_file(struct open_file *o)
{
	if (o->fd >= 0)
		(void)close(o->fd);
	o->fd = -1;
}

static enum bt_code
open_file(struct run *r, struct open_file *o, size_t file)
{
	const struct walk *w = r->make->walk;
	const struct walk_file *f = walk_at(w, file);

	close_file(o);
	o->fd = walk_open_file(w, f);
	o->file = file;
	if (o->fd < 0)
		return walk_fail(w, f, errno, &r->err);
	if (f->size > r->make->buffer_size)
		(void)posix_fadvise(o->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return BT_OK;
}

static struct open_file *
find_open(struct run *r, size_t file)
{
	for (size_t i = 0; i < OPEN_FILES; i++) {
		if (r->files[i].fd >= 0 && r->files[i].file == file)
			return &r->files[i];
	}
	return NULL;
}

static enum bt_code
read_span(struct run *r, const struct open_file *o, uint64_t offset, uint8_t *to, size_t len)
{
	const struct walk *w = r->make->walk;

	while (len > 0) {
		ssize_t got = pread(o->fd, to, len, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return walk_fail(w, walk_at(w, o->file), got < 0 ? errno : 0, &r->err);
		offset += (uint64_t)got;
		to += got;
		len -= (size_t)got;
	}
	return BT_OK;
}

static enum bt_code
read_file(struct run *r, size_t file, uint64_t offset, uint8_t *to, size_t len)
{
	struct open_file *o = find_open(r, file);
	enum bt_code code = BT_OK;

	if (o == NULL) {
		o = &r->files[r->evict++ % OPEN_FILES];
		code = open_file(r, o, file);
	}
	return code == BT_OK ? read_span(r, o, offset, to, len) : code;
}

/* All bytes of the range, file after file, zeros where the next one begins later. The first failure
 * is kept and ends the run. */
static bool
read_content(void *arg, uint64_t offset, uint8_t *to, size_t len)
{
	struct run *r = arg;
	const struct walk *w = r->make->walk;

	if (r->code == BT_OK && cancelled(r->make))
		r->code = fail(&r->err, BT_ECANCEL, "cancelled");
	for (size_t i = file_at(w, offset); r->code == BT_OK && len > 0; i++) {
		const struct walk_file *f = walk_at(w, i);
		uint64_t in_file = offset - f->offset;
		uint64_t next = i + 1 < w->files.len ? walk_at(w, i + 1)->offset : w->content;
		size_t part = (size_t)min_u64(len, f->size - min_u64(f->size, in_file));
		size_t gap = (size_t)min_u64(len - part, next - (offset + part));

		if (part > 0)
			r->code = read_file(r, i, in_file, to, part);
		if (gap > 0)
			memset(to + part, 0, gap);
		offset += part + gap;
		to += part + gap;
		len -= part + gap;
	}
	return r->code == BT_OK;
}

/* What piece i is made of. */
static void
plan_piece(const struct make *m, uint32_t i, struct piece_sum *p)
{
	uint64_t left;
	const struct walk_file *f;

	p->offset = (uint64_t)i * m->piece_length;
	p->len = (uint32_t)min_u64(m->piece_length, m->walk->content - p->offset);
	p->file_len = p->len;
	if (m->kind == PIECES_V1)
		return;
	f = walk_at(m->walk, file_at(m->walk, p->offset));
	left = f->offset + f->size - p->offset;
	p->file_len = (uint32_t)min_u64(p->len, left);
	p->height = f->size <= m->piece_length ? 0 : merkle_piece_height(m->piece_length);
	if (m->kind == PIECES_V2)
		p->len = p->file_len;
}

static void
keep_sums(const struct make_sums *out, uint32_t i, const struct piece_sum *p)
{
	if (out->sha1 != NULL)
		memcpy(out->sha1 + (size_t)i * SHA1_LEN, p->sha1, SHA1_LEN);
	if (out->roots != NULL)
		memcpy(out->roots + (size_t)i * SHA256_LEN, p->root, SHA256_LEN);
}

static void
work(struct job *j)
{
	struct run *r = CONTAINER_OF(j, struct run, job);
	const struct make *m = r->make;
	const struct pieces_source from = { .kind = m->kind, .arg = r, .read = read_content,
		.buffer = r->buffer, .size = m->buffer_size };
	uint32_t i = r->first, end = r->first + r->count;

	r->bytes = 0;
	while (r->code == BT_OK && i < end) {
		struct piece_sum sums[PIECES_AT_ONCE];
		uint32_t n = (uint32_t)min_u64(PIECES_AT_ONCE, end - i);

		for (uint32_t k = 0; k < n; k++) {
			plan_piece(m, i + k, &sums[k]);
			r->bytes += sums[k].file_len;
		}
		pieces_sum(&from, sums, n);
		for (uint32_t k = 0; k < n && r->code == BT_OK; k++)
			keep_sums(m->out, i + k, &sums[k]);
		i += n;
	}
}

/* Pieces for a job. Those of v2 may be as small as files, so their bytes are counted. */
static uint32_t
next_count(const struct make *m)
{
	uint32_t left = m->piece_count - m->next;
	uint32_t count = pieces_a_job(m->piece_length, RUN_SIZE, left, pool_workers(m->pool));
	uint32_t most = (uint32_t)min_u64(MOST_PIECES, div_up_u64(left, pool_workers(m->pool)));
	uint64_t bytes = 0;

	if (m->kind != PIECES_V2)
		return count;
	for (uint32_t i = 0; i < most && bytes < RUN_SIZE; i++) {
		struct piece_sum p;

		plan_piece(m, m->next + i, &p);
		bytes += p.len;
		if (i >= count)
			count = i + 1;
	}
	return count;
}

static void
send_next(struct make *m, struct run *r)
{
	if (m->code != BT_OK || m->next == m->piece_count)
		return;
	r->first = m->next;
	r->count = next_count(m);
	m->next += r->count;
	pool_send(m->pool, &r->job);
}

static void
done(struct job *j)
{
	struct run *r = CONTAINER_OF(j, struct run, job);
	struct make *m = r->make;

	m->hashed += r->bytes;
	if (m->code == BT_OK && r->code != BT_OK) {
		m->code = r->code;
		if (m->err != NULL)
			*m->err = r->err;
	}
	if (m->code == BT_OK && m->options->progress != NULL)
		m->options->progress(m->options->arg, m->hashed, m->walk->total);
	if (m->code == BT_OK && cancelled(m))
		m->code = fail(m->err, BT_ECANCEL, "cancelled");
	send_next(m, r);
}

static enum bt_code
hash_all(struct make *m, struct run *runs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct run *r = &runs[i];

		r->job.work = work;
		r->job.done = done;
		r->make = m;
		r->buffer = mem_alloc(m->buffer_size);
		if (r->buffer == NULL)
			return fail(m->err, BT_ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < count; i++)
		send_next(m, &runs[i]);
	while (pool_wait(m->pool))
		;
	return m->code;
}

enum bt_code
make_pieces(const struct walk *w, uint32_t piece_length, const struct bt_create_options *o,
    const struct make_sums *out, struct bt_error *err)
{
	static const enum pieces_kind kind[] = {
		[BT_CREATE_V1] = PIECES_V1,
		[BT_CREATE_V2] = PIECES_V2,
		[BT_CREATE_HYBRID] = PIECES_HYBRID,
	};
	unsigned workers = pool_size(o->workers, MAX_WORKERS);
	size_t count = 2 * workers;	/* one works, one waits: no worker is ever idle */
	struct run *runs = mem_array(count, sizeof(*runs));
	struct make m = {
		.walk = w, .options = o, .out = out, .err = err,
		.kind = kind[o->kind],
		.piece_length = piece_length,
		.piece_count = (uint32_t)div_up_u64(w->content, piece_length),
		.buffer_size = (size_t)min_u64(PIECES_BUFFER, BUFFERS_SIZE / count),
		.pool = pool_new(workers),
	};

	if (runs == NULL || m.pool == NULL) {
		m.code = fail(err, BT_ENOMEM, "out of memory");
	} else {
		for (size_t i = 0; i < count * OPEN_FILES; i++)
			runs[i / OPEN_FILES].files[i % OPEN_FILES].fd = -1;
		m.code = hash_all(&m, runs, count);
		/* Empty files are not read, and what was read early may have changed since. */
		if (m.code == BT_OK)
			m.code = walk_check(w, m.pool, err);
	}
	pool_free(m.pool);
	for (size_t i = 0; runs != NULL && i < count; i++) {
		for (size_t k = 0; k < OPEN_FILES; k++)
			close_file(&runs[i].files[k]);
		mem_free(runs[i].buffer);
	}
	mem_free(runs);
	return m.code;
}

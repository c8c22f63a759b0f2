/* SPDX-License-Identifier: ISC */
#include "meta/make.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/pool.h"

#define MAX_WORKERS 64u
#define BUFFERS_SIZE (16u << 20)	/* bytes of all buffers together */
#define CHUNK_MAX (1u << 20)		/* bytes read at once */
#define RUN_SIZE (4u << 20)		/* bytes of a job, unless one piece is larger */

struct make {
	const struct walk *walk;
	const struct bt_create_options *options;
	uint8_t *out;
	uint32_t piece_length;
	uint32_t piece_count;
	uint32_t run;		/* pieces a job */
	uint32_t next;		/* first piece that no job has */
	size_t chunk;		/* bytes of a job's buffer */
	uint64_t hashed;	/* bytes of finished jobs */
	struct pool *pool;
	enum bt_code code;	/* of the first failure */
	struct bt_error *err;
};

/* A job and what it works with; used again for one run after the other. */
struct run {
	struct job job;
	struct make *make;
	uint8_t *buffer;
	struct hash hash;
	uint32_t first, count;	/* pieces */
	uint64_t bytes;
	int fd;			/* of file, or -1 */
	size_t file;
	enum bt_code code;
	struct bt_error err;
};

static bool
cancelled(const struct make *m)
{
	return m->options->cancel != NULL &&
	    __atomic_load_n(m->options->cancel, __ATOMIC_RELAXED) != 0;
}

static enum bt_code
changed(const char *path, struct bt_error *err)
{
	return fail(err, BT_EIO, "%s: changed while it was read", path);
}

static bool
same_file(const struct stat *st, const struct walk_file *f)
{
	return (uint64_t)st->st_size == f->size && st->st_mtim.tv_sec == f->mtime.tv_sec &&
	    st->st_mtim.tv_nsec == f->mtime.tv_nsec;
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
close_file(struct run *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = -1;
}

static enum bt_code
open_file(struct run *r, size_t file, const char *path)
{
	const struct walk_file *f = walk_at(r->make->walk, file);
	struct stat st;

	if (r->fd >= 0 && r->file == file)
		return BT_OK;
	close_file(r);
	/* Something else may have taken the place of the file; a pipe would wait for ever. */
	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	r->file = file;
	if (r->fd < 0 || fstat(r->fd, &st) != 0)
		return fail_errno(&r->err, "%s", path);
	if (!S_ISREG(st.st_mode) || !same_file(&st, f))
		return changed(path, &r->err);
	(void)posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return BT_OK;
}

static enum bt_code
hash_span(struct run *r, const char *path, uint64_t offset, uint64_t len)
{
	while (len > 0) {
		size_t want = (size_t)min_u64(len, r->make->chunk);
		ssize_t got = pread(r->fd, r->buffer, want, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(&r->err, "%s", path);
		if (got == 0)
			return changed(path, &r->err);
		if (cancelled(r->make))
			return fail(&r->err, BT_ECANCEL, "cancelled");
		hash_add(&r->hash, r->buffer, (size_t)got);
		offset += (uint64_t)got;
		len -= (uint64_t)got;
	}
	return BT_OK;
}

/* All bytes from offset to end, file after file. */
static enum bt_code
hash_range(struct run *r, uint64_t offset, uint64_t end)
{
	const struct walk *w = r->make->walk;
	enum bt_code code = BT_OK;

	for (size_t i = file_at(w, offset); code == BT_OK && offset < end; i++) {
		const struct walk_file *f = walk_at(w, i);
		uint64_t len = min_u64(end, f->offset + f->size) - offset;
		char *path;

		if (len == 0)
			continue;
		path = walk_full_path(w, f);
		if (path == NULL)
			return fail(&r->err, BT_ENOMEM, "out of memory");
		code = open_file(r, i, path);
		if (code == BT_OK)
			code = hash_span(r, path, offset - f->offset, len);
		mem_free(path);
		offset += len;
	}
	return code;
}

static void
work(struct job *j)
{
	struct run *r = CONTAINER_OF(j, struct run, job);
	const struct make *m = r->make;
	uint64_t total = m->walk->total;

	r->bytes = 0;
	for (uint32_t i = r->first; r->code == BT_OK && i < r->first + r->count; i++) {
		uint64_t begin = (uint64_t)i * m->piece_length;
		uint64_t end = min_u64(begin + m->piece_length, total);

		r->code = hash_range(r, begin, end);
		if (r->code == BT_OK)
			hash_end(&r->hash, m->out + (size_t)i * SHA1_LEN);
		r->bytes += end - begin;
	}
}

static void
send_next(struct make *m, struct run *r)
{
	if (m->code != BT_OK || m->next == m->piece_count)
		return;
	r->first = m->next;
	r->count = (uint32_t)min_u64(m->run, m->piece_count - m->next);
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

/* Empty files are not read, and what was read early may have changed since. */
static enum bt_code
check_again(const struct walk *w, struct bt_error *err)
{
	enum bt_code code = BT_OK;

	for (size_t i = 0; code == BT_OK && i < w->files.len; i++) {
		char *path = walk_full_path(w, walk_at(w, i));
		struct stat st;

		if (path == NULL)
			return fail(err, BT_ENOMEM, "out of memory");
		if (stat(path, &st) != 0)
			code = fail_errno(err, "%s", path);
		else if (!same_file(&st, walk_at(w, i)))
			code = changed(path, err);
		mem_free(path);
	}
	return code;
}

static unsigned
worker_count(const struct bt_create_options *o)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned want = o->workers > 0 ? o->workers : cores > 0 ? (unsigned)cores : 1;

	return want < MAX_WORKERS ? want : MAX_WORKERS;
}

static enum bt_code
hash_all(struct make *m, struct run *runs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct run *r = &runs[i];

		r->job.work = work;
		r->job.done = done;
		r->make = m;
		r->buffer = mem_alloc(m->chunk);
		if (r->buffer == NULL || !hash_init(&r->hash, HASH_SHA1))
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
    uint8_t *out, struct bt_error *err)
{
	unsigned workers = worker_count(o);
	size_t count = 2 * workers;	/* one works, one waits: no worker is ever idle */
	struct run *runs = mem_array(count, sizeof(*runs));
	struct make m = {
		.walk = w, .options = o, .out = out, .err = err,
		.piece_length = piece_length,
		.piece_count = (uint32_t)div_up_u64(w->total, piece_length),
		.run = piece_length >= RUN_SIZE ? 1 : RUN_SIZE / piece_length,
		.chunk = (size_t)min_u64(CHUNK_MAX, BUFFERS_SIZE / count),
		.pool = pool_new(workers),
	};

	if (runs == NULL || m.pool == NULL) {
		m.code = fail(err, BT_ENOMEM, "out of memory");
	} else {
		for (size_t i = 0; i < count; i++)
			runs[i].fd = -1;
		m.code = hash_all(&m, runs, count);
	}
	pool_free(m.pool);
	for (size_t i = 0; runs != NULL && i < count; i++) {
		close_file(&runs[i]);
		hash_fini(&runs[i].hash);
		mem_free(runs[i].buffer);
	}
	mem_free(runs);
	return m.code != BT_OK ? m.code : check_again(w, err);
}

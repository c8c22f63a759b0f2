/* SPDX-License-Identifier: ISC */
#include "disk/store.h"

#include <assert.h>
#include <string.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "base/slice.h"
#include "disk/model.h"
#include "meta/layout.h"

/* Bytes under way to the workers: above the first nothing more is taken in until the second. */
#define BUSY_ABOVE (8u << 20)
#define EASED_BELOW (4u << 20)

static struct store *
store_of(const struct content *c)
{
	return CONTAINER_OF(c, struct store, base);
}

uint64_t
store_piece_offset(const struct store *s, uint32_t piece)
{
	return layout_piece_offset(s->place.meta, piece);
}

/* -- what the stores share -- */

void
disk_init(struct disk *d, struct pool *pool, struct block_store *blocks, unsigned max_open,
    size_t budget, const uint64_t seed[2])
{
	*d = (struct disk){ .pool = pool, .blocks = blocks, .budget = budget,
		.seed = { seed[0], seed[1] } };
	TAILQ_INIT(&d->gathering);
	TAILQ_INIT(&d->stores);
	fds_init(&d->fds, max_open, seed);
}

void
disk_fini(struct disk *d)
{
	assert(TAILQ_EMPTY(&d->stores));
	fds_fini(&d->fds);
}

void
store_set_writing(struct disk *d, size_t writing)
{
	struct store *s, *next;

	d->writing = writing;
	if (writing > BUSY_ABOVE)
		d->busy = true;
	if (!d->busy || writing >= EASED_BELOW)
		return;
	d->busy = false;
	TAILQ_FOREACH_SAFE(s, &d->stores, link, next) {
		if (!s->freed)
			s->base.user->eased(s->base.arg);
	}
}

/* -- jobs -- */

static void
store_destroy(struct store *s)
{
	TAILQ_REMOVE(&s->disk->stores, s, link);
	fds_drop(&s->disk->fds, s->place.store);
	map_fini(&s->buffers);
	mem_free(s->place.root);
	mem_free(s->place.single_name);
	bt_metainfo_free(s->meta);
	mem_free(s);
}

static void
job_done(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);
	struct store *s = job->store;

	s->jobs--;
	io_finish(&job->io, &s->disk->fds);
	job->answer(job);
	mem_free(job->good);
	mem_free(job->buf);
	mem_free(job);
	if (s->freed && s->jobs == 0)
		store_destroy(s);
}

struct store_job *
store_job_new(struct store *s, void (*work)(struct job *), void (*answer)(struct store_job *))
{
	struct store_job *job = mem_zero(sizeof(*job));

	if (job == NULL)
		return NULL;
	job->job.work = work;
	job->job.done = job_done;
	job->store = s;
	job->answer = answer;
	io_init(&job->io, &s->place);
	return job;
}

void
store_job_send(struct store_job *job)
{
	job->store->jobs++;
	pool_send(job->store->disk->pool, &job->job);
}

/* -- reading -- */

static void
work_read(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);

	(void)io_read(&job->io, store_piece_offset(job->store, job->what.piece) + job->what.begin,
	    job->block->data, job->what.len, &job->err);
}

static void
answer_read(struct store_job *job)
{
	struct store *s = job->store;
	struct block *b = job->block;

	if (s->freed || job->err.code != BT_OK) {
		block_free(s->disk->blocks, b);
		b = NULL;
	}
	if (!s->freed)
		s->base.user->block_read(s->base.arg, &job->what, b, &job->err);
}

static void
release_pin(void *owner)
{
	fds_unpin(owner);
}

/* Would reading it wait for the disk? Both ends in the page cache: so is what lies between. */
static bool
is_cached(int fd, uint64_t offset, uint32_t len)
{
	uint8_t byte;
	struct iovec iov = { &byte, 1 };

	return preadv2(fd, &iov, 1, (off_t)offset, RWF_NOWAIT) == 1 &&
	    preadv2(fd, &iov, 1, (off_t)(offset + len - 1), RWF_NOWAIT) == 1;
}

static bool
read_at_once(struct store *s, uint64_t offset, uint32_t len, struct sendq_file *out)
{
	struct layout_iter it;
	struct layout_span span;
	struct open_file *f;

	layout_start(&it, s->place.meta, offset, len);
	if (!layout_next(&it, &span) || span.pad || span.len < len)
		return false;
	f = fds_find(&s->disk->fds, (struct fds_key){ s->place.store, span.file }, false);
	if (f == NULL)
		return false;
	if (!f->in_memory && !is_cached(f->fd, span.offset, len)) {
		fds_unpin(f);
		return false;
	}
	*out = (struct sendq_file){ f->fd, span.offset, len, release_pin, f };
	return true;
}

static bool
store_read(struct content *c, const struct content_read *what, struct sendq_file *out)
{
	struct store *s = store_of(c);
	uint64_t offset = store_piece_offset(s, what->piece) + what->begin;
	struct store_job *job;

	if (read_at_once(s, offset, what->len, out))
		return true;
	job = store_job_new(s, work_read, answer_read);
	if (job != NULL)
		job->block = block_new(s->disk->blocks);
	if (job == NULL || job->block == NULL) {
		struct bt_error err;

		mem_free(job);
		(void)fail(&err, BT_ENOMEM, "out of memory");
		s->base.user->block_read(s->base.arg, what, NULL, &err);
		return false;
	}
	job->what = *what;
	io_pin(&job->io, &s->disk->fds, offset, what->len, false);
	store_job_send(job);
	return false;
}


static bool
store_busy(const struct content *c)
{
	return store_of(c)->disk->busy;
}

static void
store_free(struct content *c)
{
	struct store *s = store_of(c);

	gather_drop_all(s);
	s->freed = true;
	if (s->jobs == 0)
		store_destroy(s);
}

static const struct content_ops store_ops = {
	.put = gather_put,
	.finish = gather_finish,
	.read = store_read,
	.check = check_begin,
	.busy = store_busy,
	.free = store_free,
};

/* The folder and, for a single file, the name in it. */
static bool
set_place(struct store *s, const struct bt_metainfo *meta, const char *path)
{
	const char *slash = strrchr(path, '/');

	s->place.meta = meta;
	s->place.store = s->disk->next_store++;
	if (!bt_metainfo_is_single_file(meta)) {
		s->place.root = mem_strdup(path);
		return s->place.root != NULL;
	}
	s->place.single_name = mem_strdup(slash == NULL ? path : slash + 1);
	if (slash == NULL)
		s->place.root = mem_strdup(".");
	else
		s->place.root = slice_dup(slice_of(path,
		    slash == path ? 1 : (size_t)(slash - path)));
	return s->place.root != NULL && s->place.single_name != NULL;
}

struct content *
store_new(struct disk *d, const struct store_opts *opts, const struct content_user *user,
    void *arg)
{
	struct store *s = mem_zero(sizeof(*s));

	if (s == NULL)
		return NULL;
	s->base = (struct content){ &store_ops, user, arg };
	s->disk = d;
	s->meta = bt_metainfo_share(opts->meta);
	TAILQ_INIT(&s->complete);
	map_init(&s->buffers, sizeof(uint32_t), d->seed);
	TAILQ_INSERT_TAIL(&d->stores, s, link);
	if (!set_place(s, opts->meta, opts->path)) {
		store_destroy(s);
		return NULL;
	}
	return &s->base;
}

/* SPDX-License-Identifier: ISC */
#include "disk/store.h"

#include <assert.h>
#include <string.h>
#include <sys/uio.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/slice.h"
#include "disk/io.h"
#include "disk/piece_hash.h"
#include "meta/layout.h"

/* Bytes under way to the workers: above the first nothing more is taken in until the second. */
#define BUSY_ABOVE (8u << 20)
#define EASED_BELOW (4u << 20)

/* Pieces that one checking job looks at: enough bytes to be worth a job. */
#define CHECK_BYTES (4u << 20)

struct piece_buffer {
	TAILQ_ENTRY(piece_buffer) link;	/* in disk.gathering, unless a job owns it */
	struct store *store;
	uint32_t piece;
	uint32_t size;		/* bytes of the piece */
	uint32_t block_count;
	uint32_t in_memory;	/* bytes */
	unsigned spilling;	/* jobs that put parts of it into their place */
	bool complete;		/* to be finished when no spilling is under way */
	struct block *blocks[];	/* NULL: not here yet, or put into its place already */
};

struct store {
	struct content base;
	TAILQ_ENTRY(store) link;	/* in disk.stores */
	struct disk *disk;
	struct io_place place;
	void (*gone)(void *arg);
	void *gone_arg;
	struct map buffers;		/* piece (uint32_t) to piece_buffer */
	unsigned jobs;			/* under way */
	bool freed;			/* goes with the last job */
	uint32_t check_next;		/* pieces to be checked from here on */
	unsigned checks;		/* checking jobs under way */
	bool checking;
};

struct store_job {
	struct job job;
	struct store *store;
	struct io io;
	struct bt_error err;
	void (*answer)(struct store_job *);	/* on the loop; the store lives and is wanted */
	struct piece_buffer *buffer;	/* finish, spill: owned; its bytes count in disk.writing */
	struct block *block;		/* read */
	struct content_read what;
	uint32_t first, count;		/* check: pieces */
	uint8_t *good;			/* check: a byte a piece */
};

static struct store *
store_of(const struct content *c)
{
	return CONTAINER_OF(c, struct store, base);
}

static uint64_t
piece_offset(const struct store *s, uint32_t piece)
{
	return layout_piece_offset(s->place.meta, piece);
}

static uint32_t
block_len(const struct piece_buffer *b, uint32_t i)
{
	return (uint32_t)min_u64(BLOCK_SIZE, b->size - i * BLOCK_SIZE);
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

static void
set_writing(struct disk *d, size_t writing)
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
	if (s->gone != NULL)
		s->gone(s->gone_arg);
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
	mem_free(job);
	if (s->freed && s->jobs == 0)
		store_destroy(s);
}

static struct store_job *
job_new(struct store *s, void (*work)(struct job *), void (*answer)(struct store_job *))
{
	struct store_job *job = mem_zero(sizeof(*job));

	if (job == NULL)
		return NULL;
	job->job.work = work;
	job->job.done = job_done;
	job->store = s;
	job->answer = answer;
	return job;
}

static void
job_send(struct store_job *job, uint64_t offset, uint64_t len, bool write)
{
	struct store *s = job->store;

	io_prepare(&job->io, &s->place, &s->disk->fds, offset, len, write);
	s->jobs++;
	pool_send(s->disk->pool, &job->job);
}

/* -- gathering -- */

static void
drop_blocks(struct piece_buffer *b)
{
	for (uint32_t i = 0; i < b->block_count; i++) {
		block_free(b->store->disk->blocks, b->blocks[i]);
		b->blocks[i] = NULL;
	}
	b->in_memory = 0;
}

static void
buffer_free(struct piece_buffer *b)
{
	drop_blocks(b);
	mem_free(b);
}

static struct piece_buffer *
buffer_new(struct store *s, uint32_t piece)
{
	uint32_t size = bt_metainfo_piece_size(s->place.meta, piece);
	uint32_t blocks = (uint32_t)div_up_u64(size, BLOCK_SIZE);
	struct piece_buffer *b = mem_zero(sizeof(*b) + blocks * sizeof(b->blocks[0]));

	if (b == NULL)
		return NULL;
	b->store = s;
	b->piece = piece;
	b->size = size;
	b->block_count = blocks;
	return b;
}

static struct piece_buffer *
buffer_of(struct store *s, uint32_t piece)
{
	struct piece_buffer *b = map_find(&s->buffers, &piece);

	if (b != NULL)
		return b;
	b = buffer_new(s, piece);
	if (b == NULL || !map_set(&s->buffers, &piece, b)) {
		mem_free(b);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&s->disk->gathering, b, link);
	return b;
}

/* Out of the map and the list: the caller owns it. */
static void
take_buffer(struct piece_buffer *b)
{
	struct disk *d = b->store->disk;

	(void)map_remove(&b->store->buffers, &b->piece);
	TAILQ_REMOVE(&d->gathering, b, link);
	d->gathered -= b->in_memory;
}

/* Writes the blocks that are in memory, each run of neighbours at once. */
static enum bt_code
write_blocks(struct io *io, const struct piece_buffer *b, uint64_t offset, struct bt_error *err)
{
	struct iovec iov[64];
	uint32_t i = 0;

	while (i < b->block_count) {
		uint32_t first = i;
		int n = 0;
		enum bt_code code;

		for (; i < b->block_count && b->blocks[i] != NULL && n < 64; i++)
			iov[n++] = (struct iovec){ b->blocks[i]->data, block_len(b, i) };
		if (n == 0) {
			i++;
			continue;
		}
		code = io_write(io, offset + (uint64_t)first * BLOCK_SIZE, iov, n, err);
		if (code != BT_OK)
			return code;
	}
	return BT_OK;
}

/* -- finishing a piece -- */

static enum bt_code
hash_buffer(struct store_job *job, struct piece_hash *h, uint64_t offset)
{
	const struct piece_buffer *b = job->buffer;
	uint8_t spilled[BLOCK_SIZE];

	for (uint32_t i = 0; i < b->block_count; i++) {
		uint32_t len = block_len(b, i);
		enum bt_code code;

		if (b->blocks[i] != NULL) {
			piece_hash_add(h, b->blocks[i]->data, len);
			continue;
		}
		code = io_read(&job->io, offset + (uint64_t)i * BLOCK_SIZE, spilled, len, &job->err);
		if (code != BT_OK)
			return code;
		piece_hash_add(h, spilled, len);
	}
	return BT_OK;
}

static void
work_finish(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);
	const struct piece_buffer *b = job->buffer;
	uint64_t offset = piece_offset(job->store, b->piece);
	struct piece_hash h;

	if (!piece_hash_init(&h, job->store->place.meta, b->piece)) {
		(void)fail(&job->err, BT_ENOMEM, "out of memory");
		return;
	}
	if (hash_buffer(job, &h, offset) == BT_OK) {
		if (!piece_hash_good(&h))
			(void)fail(&job->err, BT_EHASH, "piece %u fails its hash", b->piece);
		else
			(void)write_blocks(&job->io, b, offset, &job->err);
	}
	piece_hash_fini(&h);
}

/* What a job held of a piece is written, or never will be. */
static void
release_buffer(struct store_job *job)
{
	struct disk *d = job->store->disk;
	size_t bytes = job->buffer->in_memory;

	buffer_free(job->buffer);
	set_writing(d, d->writing - bytes);
}

static void
answer_finish(struct store_job *job)
{
	struct store *s = job->store;
	uint32_t piece = job->buffer->piece;

	release_buffer(job);
	if (!s->freed)
		s->base.user->piece_done(s->base.arg, piece, &job->err);
}

static void
send_buffer(struct store_job *job, struct piece_buffer *b)
{
	struct store *s = job->store;

	job->buffer = b;
	set_writing(s->disk, s->disk->writing + b->in_memory);
	job_send(job, piece_offset(s, b->piece), b->size, true);
}

static void
fail_piece(struct store *s, uint32_t piece)
{
	struct bt_error err;

	(void)fail(&err, BT_ENOMEM, "out of memory");
	s->base.user->piece_done(s->base.arg, piece, &err);
}

static void
send_finish(struct piece_buffer *b)
{
	struct store_job *job = job_new(b->store, work_finish, answer_finish);

	take_buffer(b);
	if (job != NULL) {
		send_buffer(job, b);
		return;
	}
	fail_piece(b->store, b->piece);
	buffer_free(b);
}

/* -- spilling -- */

static void
work_spill(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);

	(void)write_blocks(&job->io, job->buffer, piece_offset(job->store, job->buffer->piece),
	    &job->err);
}

static void
answer_spill(struct store_job *job)
{
	struct store *s = job->store;
	uint32_t piece = job->buffer->piece;
	struct piece_buffer *b = map_find(&s->buffers, &piece);

	release_buffer(job);
	if (s->freed)
		return;
	b->spilling--;
	if (job->err.code != BT_OK) {
		take_buffer(b);
		buffer_free(b);
		s->base.user->piece_done(s->base.arg, piece, &job->err);
	} else if (b->complete && b->spilling == 0) {
		send_finish(b);
	}
}

/* The blocks that are here go to a job; the buffer goes on gathering what comes. */
static bool
spill(struct piece_buffer *b)
{
	struct store *s = b->store;
	struct store_job *job = job_new(s, work_spill, answer_spill);
	struct piece_buffer *part = buffer_new(s, b->piece);

	if (job == NULL || part == NULL) {
		mem_free(job);
		mem_free(part);
		return false;
	}
	memcpy(part->blocks, b->blocks, b->block_count * sizeof(b->blocks[0]));
	memset(b->blocks, 0, b->block_count * sizeof(b->blocks[0]));
	part->in_memory = b->in_memory;
	s->disk->gathered -= b->in_memory;
	b->in_memory = 0;
	b->spilling++;
	send_buffer(job, part);
	return true;
}

/* Over the budget: the piece that waited longest makes room. */
static void
keep_budget(struct disk *d)
{
	struct piece_buffer *b, *next;

	TAILQ_FOREACH_SAFE(b, &d->gathering, link, next) {
		if (d->gathered <= d->budget)
			return;
		if (b->in_memory > 0 && !spill(b))
			return;
	}
}

/* -- the content's calls -- */

static void
store_put(struct content *c, uint32_t piece, uint32_t begin, struct block *block, uint32_t len)
{
	struct store *s = store_of(c);
	struct disk *d = s->disk;
	struct piece_buffer *b = buffer_of(s, piece);
	uint32_t i = begin / BLOCK_SIZE;

	if (b == NULL) {
		block_free(d->blocks, block);
		fail_piece(s, piece);
		return;
	}
	assert(begin % BLOCK_SIZE == 0 && len == block_len(b, i) && b->blocks[i] == NULL);
	b->blocks[i] = block;
	b->in_memory += len;
	d->gathered += len;
	TAILQ_REMOVE(&d->gathering, b, link);
	TAILQ_INSERT_TAIL(&d->gathering, b, link);
	keep_budget(d);
}

static void
store_finish(struct content *c, uint32_t piece)
{
	struct piece_buffer *b = map_find(&store_of(c)->buffers, &piece);

	/* Not there: it failed a moment ago, and the user knows. */
	if (b == NULL)
		return;
	b->complete = true;
	if (b->spilling == 0)
		send_finish(b);
}

/* -- reading -- */

static void
work_read(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);

	(void)io_read(&job->io, piece_offset(job->store, job->what.piece) + job->what.begin,
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
	uint64_t offset = piece_offset(s, what->piece) + what->begin;
	struct store_job *job;

	if (read_at_once(s, offset, what->len, out))
		return true;
	job = job_new(s, work_read, answer_read);
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
	job_send(job, offset, what->len, false);
	return false;
}

/* -- checking what is there -- */

static bool
piece_is_good(struct store_job *job, uint32_t piece, uint8_t *buf, size_t size)
{
	const struct bt_metainfo *meta = job->store->place.meta;
	uint64_t offset = piece_offset(job->store, piece);
	uint32_t left = bt_metainfo_piece_size(meta, piece);
	struct piece_hash h;
	bool good;

	if (!piece_hash_init(&h, meta, piece))
		return false;
	while (left > 0) {
		uint32_t n = left < size ? left : (uint32_t)size;

		/* Missing, short, unreadable: to be downloaded then. */
		if (io_read(&job->io, offset, buf, n, NULL) != BT_OK)
			break;
		piece_hash_add(&h, buf, n);
		offset += n;
		left -= n;
	}
	good = left == 0 && piece_hash_good(&h);
	piece_hash_fini(&h);
	return good;
}

static void
work_check(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);
	uint8_t buf[8 * BLOCK_SIZE];

	for (uint32_t i = 0; i < job->count; i++)
		job->good[i] = piece_is_good(job, job->first + i, buf, sizeof(buf));
}

static void
work_empty_files(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);

	(void)io_make_empty_files(&job->io, &job->err);
}

static void
answer_empty_files(struct store_job *job)
{
	struct store *s = job->store;

	s->checking = false;
	if (!s->freed)
		s->base.user->check_done(s->base.arg, &job->err);
}

static void send_checks(struct store *s);

static void
answer_check(struct store_job *job)
{
	struct store *s = job->store;

	s->checks--;
	for (uint32_t i = 0; i < job->count && !s->freed; i++)
		s->base.user->checked(s->base.arg, job->first + i, job->good[i] != 0);
	if (!s->freed)
		send_checks(s);
}

static bool
send_check(struct store *s)
{
	const struct bt_metainfo *meta = s->place.meta;
	uint32_t each = (uint32_t)max_u64(1, CHECK_BYTES / bt_metainfo_piece_length(meta));
	struct store_job *job = job_new(s, work_check, answer_check);

	if (job == NULL)
		return false;
	job->first = s->check_next;
	job->count = (uint32_t)min_u64(each, bt_metainfo_piece_count(meta) - s->check_next);
	job->good = mem_zero(job->count);
	if (job->good == NULL) {
		mem_free(job);
		return false;
	}
	s->check_next += job->count;
	s->checks++;
	job_send(job, piece_offset(s, job->first), bt_metainfo_piece_length(meta), false);
	return true;
}

/* Empty files have no piece that would bring them: they are made when all has been looked at. */
static void
send_empty_files(struct store *s)
{
	struct store_job *job = job_new(s, work_empty_files, answer_empty_files);
	struct bt_error err;

	if (job != NULL) {
		job_send(job, 0, 0, true);
		return;
	}
	s->checking = false;
	(void)fail(&err, BT_ENOMEM, "out of memory");
	s->base.user->check_done(s->base.arg, &err);
}

static void
send_checks(struct store *s)
{
	uint32_t count = bt_metainfo_piece_count(s->place.meta);

	while (s->check_next < count && s->checks <= pool_workers(s->disk->pool) && send_check(s))
		;
	if (s->checks == 0)
		send_empty_files(s);
}

static void
store_check(struct content *c)
{
	struct store *s = store_of(c);

	assert(!s->checking);
	s->checking = true;
	s->check_next = 0;
	send_checks(s);
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
	struct piece_buffer *b, *next;

	TAILQ_FOREACH_SAFE(b, &s->disk->gathering, link, next) {
		if (b->store != s)
			continue;
		take_buffer(b);
		buffer_free(b);
	}
	s->freed = true;
	if (s->jobs == 0)
		store_destroy(s);
}

static const struct content_ops store_ops = {
	.put = store_put,
	.finish = store_finish,
	.read = store_read,
	.check = store_check,
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
		s->place.root = slice_dup(slice_of(path, slash == path ? 1 : (size_t)(slash - path)));
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
	map_init(&s->buffers, sizeof(uint32_t), d->seed);
	TAILQ_INSERT_TAIL(&d->stores, s, link);
	if (!set_place(s, opts->meta, opts->path)) {
		store_destroy(s);
		return NULL;
	}
	s->gone = opts->gone;
	s->gone_arg = opts->gone_arg;
	return &s->base;
}

/* SPDX-License-Identifier: ISC */
/* Gathering the blocks of pieces; hashing and writing those that are complete, several at once. */
#include <assert.h>
#include <string.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "base/num.h"
#include "disk/model.h"
#include "meta/pieces.h"

/* Blocks handed to a system call at once. */
#define RUN_BLOCKS 64

/* What is read back of a spilled piece at once. */
#define READ_BACK_SIZE (4 * BLOCK_SIZE)

static struct store *
store_of(const struct content *c)
{
	return CONTAINER_OF(c, struct store, base);
}

static uint32_t
block_len(const struct piece_buffer *b, uint32_t i)
{
	return (uint32_t)min_u64(BLOCK_SIZE, b->size - i * BLOCK_SIZE);
}

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
	struct iovec iov[RUN_BLOCKS];
	uint32_t i = 0;

	while (i < b->block_count) {
		uint32_t first = i;
		int n = 0;
		enum bt_code code;

		for (; i < b->block_count && b->blocks[i] != NULL && n < RUN_BLOCKS; i++)
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

/* -- finishing pieces -- */

/* The buffer of this job that an offset lies in, and which block of it. */
static const struct piece_buffer *
buffer_at(const struct store_job *job, uint64_t offset, uint32_t *block)
{
	unsigned i = 0;
	uint64_t begin;

	while ((begin = store_piece_offset(job->store, job->buffers[i]->piece)) > offset ||
	    offset >= begin + job->buffers[i]->size)
		i++;
	*block = (uint32_t)((offset - begin) / BLOCK_SIZE);
	return job->buffers[i];
}

static unsigned
view_blocks(void *arg, uint64_t offset, size_t len, struct iovec *parts)
{
	uint32_t first, count = (uint32_t)div_up_u64(len, BLOCK_SIZE);
	const struct piece_buffer *b = buffer_at(arg, offset, &first);

	for (uint32_t i = 0; i < count; i++)
		parts[i] = (struct iovec){ b->blocks[first + i]->data, block_len(b, first + i) };
	return count;
}

/* Of a piece of which a part is on the disk already. */
static bool
read_back(void *arg, uint64_t offset, uint8_t *to, size_t len)
{
	struct store_job *job = arg;
	uint32_t i;
	const struct piece_buffer *b = buffer_at(job, offset, &i);

	for (; len > 0; i++) {
		uint32_t part = block_len(b, i);

		if (b->blocks[i] != NULL)
			memcpy(to, b->blocks[i]->data, part);
		else if (io_read(&job->io, offset, to, part, &job->err) != BT_OK)
			return false;
		to += part;
		offset += part;
		len -= part;
	}
	return true;
}

static void
write_if_good(struct store_job *job, unsigned i, enum pieces_verdict verdict)
{
	const struct piece_buffer *b = job->buffers[i];
	struct bt_error *err = &job->errs[i];

	if (verdict == PIECES_GOOD)
		(void)write_blocks(&job->io, b, store_piece_offset(job->store, b->piece), err);
	else if (verdict == PIECES_UNTOLD)
		(void)fail(err, BT_ENOHASH, "the hash of piece %u is not known", b->piece);
	else
		(void)fail(err, BT_EHASH, "piece %u fails its hash", b->piece);
}

static void
work_finish(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);
	const struct bt_metainfo *meta = job->store->place.meta;
	struct pieces_source from = { .kind = pieces_kind_of(meta), .arg = job };
	struct piece_sum sums[FINISH_MOST];

	/* It may be the second try. */
	memset(job->errs, 0, FINISH_MOST * sizeof(job->errs[0]));
	if (job->buf == NULL) {
		from.view = view_blocks;
	} else {
		from.read = read_back;
		from.buffer = job->buf;
		from.size = READ_BACK_SIZE;
	}
	for (unsigned i = 0; i < job->buffer_count; i++)
		pieces_plan(meta, job->buffers[i]->piece, &sums[i]);
	pieces_sum(&from, sums, job->buffer_count);
	for (unsigned i = 0; i < job->buffer_count; i++) {
		if (sums[i].read)
			write_if_good(job, i, pieces_judge(meta, job->buffers[i]->piece, &sums[i]));
		else
			job->errs[i] = job->err;
	}
}

/* What a job held is written, or never will be. */
static void
release_buffers(struct store_job *job)
{
	struct disk *d = job->store->disk;
	size_t bytes = 0;

	for (unsigned i = 0; i < job->buffer_count; i++) {
		bytes += job->buffers[i]->in_memory;
		buffer_free(job->buffers[i]);
	}
	store_set_writing(d, d->writing - bytes);
}

static void
tell_piece(struct store *s, uint32_t piece, const struct bt_error *err)
{
	struct disk_stats *stats = &s->disk->stats;

	++*(err->code == BT_OK ? &stats->pieces_good : err->code == BT_EHASH ?
	    &stats->pieces_bad : &stats->pieces_failed);
	s->base.user->piece_done(s->base.arg, piece, err);
}

static void
fail_piece(struct store *s, uint32_t piece)
{
	struct bt_error err;

	(void)fail(&err, BT_ENOMEM, "out of memory");
	tell_piece(s, piece, &err);
}

static void send_complete(struct store *s);

static void
answer_finish(struct store_job *job)
{
	struct store *s = job->store;
	uint32_t pieces[FINISH_MOST];

	for (unsigned i = 0; i < job->buffer_count; i++)
		pieces[i] = job->buffers[i]->piece;
	s->finishing = false;
	release_buffers(job);
	send_complete(s);
	for (unsigned i = 0; i < job->buffer_count && !s->freed; i++)
		tell_piece(s, pieces[i], &job->errs[i]);
	mem_free(job->errs);
}

/* As many as can be hashed side by side; one that was spilled goes alone. */
static void
fill_job(struct store_job *job)
{
	struct store *s = job->store;
	struct piece_buffer *b;

	job->writes = true;
	while (job->buffer_count < FINISH_MOST && (b = TAILQ_FIRST(&s->complete)) != NULL) {
		if (job->buffer_count > 0 && (b->spilled || job->buffers[0]->spilled))
			break;
		TAILQ_REMOVE(&s->complete, b, link);
		job->buffers[job->buffer_count++] = b;
		job_touch(job, store_piece_offset(s, b->piece), b->size);
	}
}

/* A job for the first that is complete; one that was spilled wants a buffer. NULL: no memory. */
static struct store_job *
new_finish(struct store *s)
{
	struct store_job *job = job_new(s, work_finish, answer_finish);
	bool spilled = TAILQ_FIRST(&s->complete)->spilled;

	if (job == NULL)
		return NULL;
	job->errs = mem_array(FINISH_MOST, sizeof(job->errs[0]));
	job->buf = spilled ? mem_alloc(READ_BACK_SIZE) : NULL;
	if (job->errs != NULL && (!spilled || job->buf != NULL))
		return job;
	mem_free(job->errs);
	mem_free(job->buf);
	mem_free(job);
	return NULL;
}

/* One job at a time: while it works, pieces gather for the next one to be hashed side by side. */
static void
send_complete(struct store *s)
{
	struct store_job *job;
	struct piece_buffer *b;

	if (s->finishing || s->freed || TAILQ_EMPTY(&s->complete))
		return;
	job = new_finish(s);
	if (job != NULL) {
		s->finishing = true;
		fill_job(job);
		job_send(job);
		return;
	}
	b = TAILQ_FIRST(&s->complete);
	TAILQ_REMOVE(&s->complete, b, link);
	store_set_writing(s->disk, s->disk->writing - b->in_memory);
	fail_piece(s, b->piece);
	buffer_free(b);
}

static void
finish_buffer(struct piece_buffer *b)
{
	struct store *s = b->store;

	take_buffer(b);
	TAILQ_INSERT_TAIL(&s->complete, b, link);
	store_set_writing(s->disk, s->disk->writing + b->in_memory);
	send_complete(s);
}

/* -- spilling -- */

static void
work_spill(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);

	(void)write_blocks(&job->io, job->buffers[0],
	    store_piece_offset(job->store, job->buffers[0]->piece), &job->err);
}

static void
answer_spill(struct store_job *job)
{
	struct store *s = job->store;
	uint32_t piece = job->buffers[0]->piece;
	struct piece_buffer *b = map_find(&s->buffers, &piece);

	release_buffers(job);
	if (s->freed)
		return;
	if (job->err.code != BT_OK)
		b->err = job->err;
	if (--b->spilling > 0)
		return;
	if (b->err.code != BT_OK) {
		struct bt_error err = b->err;

		take_buffer(b);
		buffer_free(b);
		tell_piece(s, piece, &err);
	} else if (b->complete) {
		finish_buffer(b);
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
	b->spilled = true;
	job->buffers[job->buffer_count++] = part;
	store_set_writing(s->disk, s->disk->writing + part->in_memory);
	job->writes = true;
	job_touch(job, store_piece_offset(s, b->piece), b->size);
	job_send(job);
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

void
gather_put(struct content *c, uint32_t piece, uint32_t begin, struct block *block, uint32_t len)
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

void
gather_finish(struct content *c, uint32_t piece)
{
	struct piece_buffer *b = map_find(&store_of(c)->buffers, &piece);

	/* Not there: it failed a moment ago, and the user knows. */
	if (b == NULL)
		return;
	b->complete = true;
	/* What was never put is padding, and is read back as the zeros that it is. */
	b->spilled = b->spilled || b->in_memory < b->size;
	if (b->spilling == 0)
		finish_buffer(b);
}

void
gather_drop_all(struct store *s)
{
	struct piece_buffer *b, *next;

	TAILQ_FOREACH_SAFE(b, &s->disk->gathering, link, next) {
		if (b->store != s)
			continue;
		take_buffer(b);
		buffer_free(b);
	}
	while ((b = TAILQ_FIRST(&s->complete)) != NULL) {
		TAILQ_REMOVE(&s->complete, b, link);
		store_set_writing(s->disk, s->disk->writing - b->in_memory);
		buffer_free(b);
	}
}

/* SPDX-License-Identifier: ISC */
/* Looking at what is on the disk already. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "disk/model.h"
#include "meta/pieces.h"

/* Pieces that one job looks at: enough bytes to be worth a job. */
#define CHECK_BYTES (4u << 20)

/* Missing, short, unreadable: to be downloaded then. */
static bool
read_to_check(void *arg, uint64_t offset, uint8_t *to, size_t len)
{
	struct store_job *job = arg;

	return io_read(&job->io, offset, to, len, NULL) == BT_OK;
}

static void
work_check(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);
	const struct bt_metainfo *meta = job->store->place.meta;
	const struct pieces_source from = {
		read_to_check, job, job->buf, PIECES_BUFFER, PIECES_V1 };

	for (uint32_t i = 0; i < job->count;) {
		struct piece_sum sums[PIECES_AT_ONCE];
		uint32_t n = (uint32_t)min_u64(PIECES_AT_ONCE, job->count - i);

		for (uint32_t k = 0; k < n; k++) {
			sums[k].offset = store_piece_offset(job->store, job->first + i + k);
			sums[k].len = bt_metainfo_piece_size(meta, job->first + i + k);
		}
		pieces_sum(&from, sums, n);
		for (uint32_t k = 0; k < n; k++, i++) {
			const uint8_t *want = bt_metainfo_piece_hash(meta, job->first + i);

			job->good[i] = want != NULL && sums[k].read &&
			    memcmp(sums[k].sha1, want, SHA1_LEN) == 0;
		}
	}
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
	struct store_job *job = store_job_new(s, work_check, answer_check);

	if (job == NULL)
		return false;
	job->first = s->check_next;
	job->count = pieces_a_job(bt_metainfo_piece_length(meta), CHECK_BYTES,
	    bt_metainfo_piece_count(meta) - s->check_next, pool_workers(s->disk->pool));
	job->good = mem_zero(job->count);
	job->buf = mem_alloc(PIECES_BUFFER);
	if (job->good == NULL || job->buf == NULL) {
		mem_free(job->good);
		mem_free(job->buf);
		mem_free(job);
		return false;
	}
	s->check_next += job->count;
	s->checks++;
	io_pin(&job->io, &s->disk->fds, store_piece_offset(s, job->first),
	    bt_metainfo_piece_length(meta), false);
	store_job_send(job);
	return true;
}

/* Empty files have no piece that would bring them: they are made when all has been looked at. */
static void
send_empty_files(struct store *s)
{
	struct store_job *job = store_job_new(s, work_empty_files, answer_empty_files);
	struct bt_error err;

	if (job != NULL) {
		store_job_send(job);
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

void
check_begin(struct content *c)
{
	struct store *s = CONTAINER_OF(c, struct store, base);

	assert(!s->checking);
	s->checking = true;
	s->check_next = 0;
	send_checks(s);
}

/* SPDX-License-Identifier: ISC */
/* Looking at what is on the disk already: one store of a device at a time, by lazy jobs. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "disk/model.h"
#include "meta/pieces.h"

/* Pieces that one job looks at: enough bytes to be worth a job. */
#define CHECK_BYTES (4u << 20)

static bool
is_stale(const struct store_job *job)
{
	return __atomic_load_n(&job->store->check_number, __ATOMIC_RELAXED) != job->check_number;
}

/* Missing, short, unreadable: to be downloaded then. */
static bool
read_to_check(void *arg, uint64_t offset, uint8_t *to, size_t len)
{
	struct store_job *job = arg;

	return !is_stale(job) && io_read(&job->io, offset, to, len, NULL) == BT_OK;
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

/* Ends it; the answer may begin another. */
static void
end_check(struct store *s, const struct bt_error *err)
{
	s->checking = false;
	__atomic_add_fetch(&s->check_number, 1, __ATOMIC_RELAXED);
	check_leave(s);
	if (!s->freed && err != NULL)
		s->base.user->check_done(s->base.arg, err);
}

static void send_checks(struct store *s);

static void
answer_check(struct store_job *job)
{
	struct store *s = job->store;
	struct bt_error err;

	if (is_stale(job))
		return;
	s->checks--;
	if (job->io.starved) {
		(void)fail(&err, BT_EMFILE, "checking: no descriptor is left");
		end_check(s, &err);
		return;
	}
	for (uint32_t i = 0; i < job->count && !is_stale(job); i++)
		s->base.user->checked(s->base.arg, job->first + i, job->good[i] != 0);
	if (!is_stale(job))
		send_checks(s);
}

static bool
send_check(struct store *s)
{
	const struct bt_metainfo *meta = s->place.meta;
	struct store_job *job = job_new(s, work_check, answer_check);

	if (job == NULL)
		return false;
	job->class = JOB_LAZY;
	job->check_number = s->check_number;
	job->first = s->check_next;
	job->count = pieces_a_job(bt_metainfo_piece_length(meta), CHECK_BYTES,
	    bt_metainfo_piece_count(meta) - s->check_next, pool_workers(s->disk->pool));
	job->good = mem_zero(job->count + 1);
	job->buf = mem_alloc(PIECES_BUFFER);
	if (job->good == NULL || job->buf == NULL) {
		mem_free(job->good);
		mem_free(job->buf);
		mem_free(job);
		return false;
	}
	s->check_next += job->count;
	s->checks++;
	job_touch(job, store_piece_offset(s, job->first), bt_metainfo_piece_length(meta));
	job_send(job);
	return true;
}

static void
send_checks(struct store *s)
{
	uint32_t count = bt_metainfo_piece_count(s->place.meta);
	struct bt_error err = { 0 };

	while (s->check_next < count && s->checks <= pool_workers(s->disk->pool) && send_check(s))
		;
	if (s->checks > 0)
		return;
	if (s->check_next < count)
		(void)fail(&err, BT_ENOMEM, "out of memory");
	end_check(s, &err);
}

/* The first of the queue: its turn has come. */
static void
take_turn(struct store *s)
{
	/* Even of a torrent without pieces the answer comes from a worker. */
	if (bt_metainfo_piece_count(s->place.meta) > 0 || !send_check(s))
		send_checks(s);
}

void
check_enter(struct store *s)
{
	if (!s->checking || !s->looked || s->check_queued)
		return;
	TAILQ_INSERT_TAIL(&s->device->checks, s, check_link);
	s->check_queued = true;
	if (TAILQ_FIRST(&s->device->checks) == s)
		take_turn(s);
}

void
check_leave(struct store *s)
{
	struct device *dev = s->device;
	bool first;

	if (!s->check_queued)
		return;
	first = TAILQ_FIRST(&dev->checks) == s;
	TAILQ_REMOVE(&dev->checks, s, check_link);
	s->check_queued = false;
	if (first && !TAILQ_EMPTY(&dev->checks))
		take_turn(TAILQ_FIRST(&dev->checks));
}

void
check_begin(struct content *c)
{
	struct store *s = CONTAINER_OF(c, struct store, base);

	assert(!s->checking);
	s->checking = true;
	s->check_next = 0;
	s->checks = 0;
	check_enter(s);
}

void
check_cancel(struct content *c)
{
	struct store *s = CONTAINER_OF(c, struct store, base);

	if (s->checking)
		end_check(s, NULL);
}

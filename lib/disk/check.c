/* SPDX-License-Identifier: ISC */
/* Looking at what is on the disk already: one store of a device at a time, by lazy jobs. */
#include <assert.h>

#include "base/mem.h"
#include "base/num.h"
#include "disk/model.h"
#include "meta/pieces.h"

/* Pieces that one job looks at: enough bytes to be worth a job. */
#define CHECK_BYTES (4u << 20)

/* Pieces in a row that are counted before a job is made of them: more than one takes. */
#define ROW_MOST 4096u

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
	const struct pieces_source from = { .kind = pieces_kind_of(meta), .arg = job,
		.read = read_to_check, .buffer = job->buf, .size = PIECES_BUFFER };

	for (uint32_t i = 0; i < job->count;) {
		struct piece_sum sums[PIECES_AT_ONCE];
		uint32_t n = (uint32_t)min_u64(PIECES_AT_ONCE, job->count - i);

		for (uint32_t k = 0; k < n; k++)
			pieces_plan(meta, job->first + i + k, &sums[k]);
		pieces_sum(&from, sums, n);
		for (uint32_t k = 0; k < n; k++, i++)
			job->verdicts[i] = (uint8_t)(sums[k].read ?
			    pieces_judge(meta, job->first + i, &sums[k]) : PIECES_BAD);
	}
}

/* Ends it; the answer may begin another. */
static void
end_check(struct store *s, const struct bt_error *err)
{
	s->checking = false;
	bits_fini(&s->check_which);
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
	for (uint32_t i = 0; i < job->count && !is_stale(job); i++) {
		s->check_untold += job->verdicts[i] == PIECES_UNTOLD;
		s->base.user->checked(s->base.arg, job->first + i,
		    job->verdicts[i] == PIECES_GOOD);
	}
	if (!is_stale(job))
		send_checks(s);
}

static bool
is_wanted(const struct store *s, uint32_t piece)
{
	return s->check_which.len == 0 || bits_has(&s->check_which, piece);
}

/* How many pieces in a row are wanted from the next on (or some of them, if these are many); the
 * next is one of them if any is. */
static uint32_t
find_wanted(struct store *s)
{
	uint32_t count = bt_metainfo_piece_count(s->place.meta), end;

	while (s->check_next < count && !is_wanted(s, s->check_next))
		s->check_next++;
	if (s->check_which.len == 0)
		return count - s->check_next;
	for (end = s->check_next; end < count && end - s->check_next < ROW_MOST &&
	    is_wanted(s, end); end++)
		;
	return end - s->check_next;
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
	    find_wanted(s), pool_workers(s->disk->pool));
	job->verdicts = mem_zero(job->count + 1);
	job->buf = mem_alloc(PIECES_BUFFER);
	if (job->verdicts == NULL || job->buf == NULL) {
		mem_free(job->verdicts);
		mem_free(job->buf);
		mem_free(job);
		return false;
	}
	s->check_next += job->count;
	s->checks++;
	if (job->count > 0)
		job_touch(job, store_piece_offset(s, job->first), bt_metainfo_piece_length(meta));
	job_send(job);
	return true;
}

static void
send_checks(struct store *s)
{
	struct bt_error err = { 0 };

	while (s->checks <= pool_workers(s->disk->pool) && find_wanted(s) > 0 && send_check(s))
		;
	if (s->checks > 0)
		return;
	if (find_wanted(s) > 0)
		(void)fail(&err, BT_ENOMEM, "out of memory");
	else if (s->check_untold > 0)
		(void)fail(&err, BT_ENOHASH, "the hashes of %u pieces are not known",
		    s->check_untold);
	end_check(s, &err);
}

/* The first of the queue: its turn has come. */
static void
take_turn(struct store *s)
{
	/* Even where nothing is to be looked at the answer comes from a worker. */
	if (find_wanted(s) > 0 || !send_check(s))
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
check_begin(struct content *c, const struct bits *which)
{
	struct store *s = CONTAINER_OF(c, struct store, base);

	assert(!s->checking);
	s->checking = true;
	s->check_which = (struct bits){ 0 };
	/* Without memory for it all are looked at. */
	if (which != NULL && bits_init(&s->check_which, which->len))
		(void)bits_load(&s->check_which, bits_slice(which));
	s->check_next = 0;
	s->checks = 0;
	s->check_untold = 0;
	check_enter(s);
}

void
check_cancel(struct content *c)
{
	struct store *s = CONTAINER_OF(c, struct store, base);

	if (s->checking)
		end_check(s, NULL);
}

/* SPDX-License-Identifier: ISC */
/*
 * A store's jobs on their way to a worker of its device and back. One that must be alone (where
 * the content lies is found out or changed) is fenced in: those under way end, it runs, and what
 * came meanwhile is held.
 */
#include "base/mem.h"
#include "disk/model.h"

/* One that finds no descriptor is tried this often, each time after some were closed for it. */
#define TRIES_MOST 4

static struct store_job *
job_of(struct job *j)
{
	return CONTAINER_OF(j, struct store_job, job);
}

static void
end_job(struct store_job *job)
{
	struct store *s = job->store;

	bits_fini(&job->wanted);
	bits_fini(&job->have);
	buf_fini(&job->notes);
	mem_free(job->verdicts);
	mem_free(job->buf);
	mem_free(job);
	s->jobs--;
	if (s->freed && s->jobs == 0)
		store_end(s);
}

static void
run_job(struct store_job *job)
{
	struct store *s = job->store;

	s->running++;
	for (unsigned i = 0; i < job->touch_count; i++)
		io_pin(&job->io, &s->disk->fds, job->touches[i].offset, job->touches[i].len,
		    job->writes);
	pool_send_by(s->disk->pool, &job->job, &s->device->lane, job->class);
}

/* The next one that must be alone, or all that were held. */
static void
run_waiting(struct store *s)
{
	struct job *j;

	if (s->is_alone)
		return;
	if ((j = TAILQ_FIRST(&s->alone)) != NULL) {
		if (s->running > 0)
			return;
		TAILQ_REMOVE(&s->alone, j, link);
		s->is_alone = true;
		run_job(job_of(j));
		return;
	}
	while ((j = TAILQ_FIRST(&s->held)) != NULL) {
		TAILQ_REMOVE(&s->held, j, link);
		run_job(job_of(j));
	}
}

bool
job_is_fenced(const struct store *s)
{
	return s->is_alone || !TAILQ_EMPTY(&s->alone);
}

void
job_send(struct store_job *job)
{
	struct store *s = job->store;

	s->jobs++;
	if (job_is_fenced(s))
		TAILQ_INSERT_TAIL(&s->held, &job->job, link);
	else
		run_job(job);
}

void
job_send_alone(struct store_job *job)
{
	struct store *s = job->store;

	s->jobs++;
	TAILQ_INSERT_TAIL(&s->alone, &job->job, link);
	run_waiting(s);
}

/* -- back on the loop -- */

static void
work_close(struct job *j)
{
	io_close(&job_of(j)->io);
}

static void
closed(struct job *j)
{
	end_job(job_of(j));
}

/* No descriptor was left: once some of those that nobody uses are closed it is worth a try. */
static bool
waits_for_descriptor(struct store_job *job)
{
	struct disk *d = job->store->disk;

	if (!job->io.starved || job->store->freed || ++job->tries == TRIES_MOST ||
	    fds_shed(&d->fds) == 0)
		return false;
	job->err = (struct bt_error){ 0 };
	job->io.starved = false;
	TAILQ_INSERT_TAIL(&d->starved, &job->job, link);
	return true;
}

void
job_feed_starved(struct disk *d)
{
	struct job_list fed = TAILQ_HEAD_INITIALIZER(fed);
	struct job *j;

	TAILQ_CONCAT(&fed, &d->starved, link);
	while ((j = TAILQ_FIRST(&fed)) != NULL) {
		TAILQ_REMOVE(&fed, j, link);
		job_of(j)->store->running--;
		run_job(job_of(j));
	}
}

static void
job_done(struct job *j)
{
	struct store_job *job = job_of(j);
	struct store *s = job->store;
	bool left = io_finish(&job->io, &s->disk->fds, s->device);

	/* It stays among the running ones: a fence waits for it as well. */
	if (!left && waits_for_descriptor(job))
		return;
	s->running--;
	s->is_alone = false;
	job->answer(job);
	if (!s->freed)
		run_waiting(s);
	if (left) {
		job->job.work = work_close;
		job->job.done = closed;
		pool_send_by(s->disk->pool, &job->job, &s->device->lane, JOB_URGENT);
	} else {
		end_job(job);
	}
}

static void
drop_list(struct job_list *list)
{
	struct job *j;

	while ((j = TAILQ_FIRST(list)) != NULL) {
		struct store_job *job = job_of(j);

		TAILQ_REMOVE(list, j, link);
		job->answer(job);
		end_job(job);
	}
}

void
job_drop_waiting(struct store *s)
{
	/* The last one would take the store with it. */
	s->jobs++;
	drop_list(&s->alone);
	drop_list(&s->held);
	s->jobs--;
}

/* -- a new one -- */

struct store_job *
job_new(struct store *s, void (*work)(struct job *), void (*answer)(struct store_job *))
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
job_touch(struct store_job *job, uint64_t offset, uint64_t len)
{
	job->touches[job->touch_count++] = (struct job_range){ offset, len };
}

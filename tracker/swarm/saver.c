/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/saver.h"

#include "base/thread.h"

static void
save_work(struct job *j)
{
	struct saver *s = CONTAINER_OF(j, struct saver, job);

	thread_make_way();
	s->err.code = BT_OK;
	(void)state_save(s->state, &s->err);
}

static void
save_done(struct job *j)
{
	struct saver *s = CONTAINER_OF(j, struct saver, job);
	bool failed = s->err.code != BT_OK;

	if (failed)
		log_write(s->log, BT_LOG_ERROR, "state", "the state was not saved: %s",
		    s->err.text);
	else if (s->failed)
		log_write(s->log, BT_LOG_WARN, "state", "the state is saved again");
	s->failed = failed;
	s->saving = false;
}

static void
on_timer(void *arg, usec now)
{
	struct saver *s = arg;

	(void)now;
	loop_timer_set(&s->timer, s->state->settings->save_dfile_interval * SECOND);
	if (s->saving)
		return;
	s->job.work = save_work;
	s->job.done = save_done;
	s->saving = true;
	pool_send(s->pool, &s->job);
}

void
saver_start(struct saver *s, struct pool *pool)
{
	s->pool = pool;
	loop_timer_set(&s->timer, s->state->settings->save_dfile_interval * SECOND);
}

bool
saver_init(struct saver *s, const struct state *state, const struct log *log, struct loop *l)
{
	*s = (struct saver){ .state = state, .log = log };
	return loop_timer_init(&s->timer, l, on_timer, s);
}

void
saver_fini(struct saver *s)
{
	loop_timer_fini(&s->timer);
}

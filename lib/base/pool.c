/* SPDX-License-Identifier: ISC */
#include "base/pool.h"

#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/thread.h"

TAILQ_HEAD(lane_list, lane);

struct pool {
	pthread_mutex_t lock;	/* guards the lanes, the lists, the counts and stopping */
	pthread_cond_t wake;
	struct lane own;	/* of pool_send */
	struct lane_list ready[JOB_CLASSES];	/* those that wait longest first */
	struct job_list done;
	bool stopping;
	unsigned idle;		/* workers that wait for a job */
	unsigned lazy;		/* workers that have a lazy one */
	unsigned lazy_most;	/* fewer than all */
	unsigned started, most;	/* workers */
	int fd;			/* eventfd: done is not empty */
	unsigned under_way;	/* sender's thread only */
	unsigned workers;	/* from the beginning; never changes */
	pthread_t threads[];
};

/* Is among the ready lanes of each class just when a worker may take a job of it. */
static void
enlist(struct pool *p, struct lane *l)
{
	for (unsigned c = 0; c < JOB_CLASSES; c++) {
		bool ready = !TAILQ_EMPTY(&l->of[c].todo) && l->of[c].running < l->of[c].most;

		if (ready && !l->of[c].ready)
			TAILQ_INSERT_TAIL(&p->ready[c], l, of[c].link);
		else if (!ready && l->of[c].ready)
			TAILQ_REMOVE(&p->ready[c], l, of[c].link);
		l->of[c].ready = ready;
	}
}

/* A lane that can give a job now, and of which class. */
static struct lane *
next_lane(const struct pool *p, enum job_class *class)
{
	struct lane *l = TAILQ_FIRST(&p->ready[JOB_URGENT]);

	*class = JOB_URGENT;
	if (l == NULL && p->lazy < p->lazy_most) {
		*class = JOB_LAZY;
		l = TAILQ_FIRST(&p->ready[JOB_LAZY]);
	}
	return l;
}

/* Lanes take turns. */
static struct job *
take_from(struct pool *p, struct lane *l, enum job_class class)
{
	struct job *j = TAILQ_FIRST(&l->of[class].todo);

	TAILQ_REMOVE(&l->of[class].todo, j, link);
	TAILQ_REMOVE(&p->ready[class], l, of[class].link);
	l->of[class].ready = false;
	l->of[class].running++;
	p->lazy += class == JOB_LAZY;
	enlist(p, l);
	return j;
}

static void *worker(void *pool);

static bool
start_worker(struct pool *p)
{
	if (p->started == p->most || thread_start(&p->threads[p->started], worker, p) != 0)
		return false;
	p->started++;
	return true;
}

/* If something can be worked on, somebody shall. */
static void
call_worker(struct pool *p)
{
	enum job_class class;

	if (next_lane(p, &class) == NULL)
		return;
	if (p->idle > 0)
		(void)pthread_cond_signal(&p->wake);
	else
		(void)start_worker(p);
}

static struct job *
take_job(struct pool *p)
{
	enum job_class class;
	struct lane *l;
	struct job *j;

	while ((l = next_lane(p, &class)) == NULL && !p->stopping) {
		p->idle++;
		(void)pthread_cond_wait(&p->wake, &p->lock);
		p->idle--;
	}
	if (l == NULL)
		return NULL;
	j = take_from(p, l, class);
	/* Who called me may have counted on others who were waking for something else. */
	call_worker(p);
	return j;
}

/* The lane is not touched once its last job can be delivered. */
static void
give_back(struct pool *p, struct job *j)
{
	bool first = TAILQ_EMPTY(&p->done);

	j->lane->of[j->class].running--;
	p->lazy -= j->class == JOB_LAZY;
	enlist(p, j->lane);
	TAILQ_INSERT_TAIL(&p->done, j, link);
	/* One write wakes the loop for all that gathers until it looks. */
	if (first)
		(void)eventfd_write(p->fd, 1);
}

static void *
worker(void *pool)
{
	struct pool *p = pool;
	struct job *j;

	(void)pthread_mutex_lock(&p->lock);
	while ((j = take_job(p)) != NULL) {
		(void)pthread_mutex_unlock(&p->lock);
		j->work(j);
		(void)pthread_mutex_lock(&p->lock);
		give_back(p, j);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

static bool
start_workers(struct pool *p, unsigned workers)
{
	(void)pthread_mutex_lock(&p->lock);
	while (p->started < workers && start_worker(p))
		continue;
	p->workers = p->started;
	(void)pthread_mutex_unlock(&p->lock);
	return p->workers > 0;
}

void
lane_init(struct lane *l, unsigned most_urgent, unsigned most_lazy)
{
	*l = (struct lane){ .of = { [JOB_URGENT].most = most_urgent,
		[JOB_LAZY].most = most_lazy } };
	for (unsigned c = 0; c < JOB_CLASSES; c++)
		TAILQ_INIT(&l->of[c].todo);
}

unsigned
pool_size(unsigned wanted, unsigned most)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned want = wanted > 0 ? wanted : cores > 0 ? (unsigned)cores : 1;

	return want < most ? want : most;
}

struct pool *
pool_new_growing(unsigned workers, unsigned most)
{
	struct pool *p = mem_zero(sizeof(*p) + most * sizeof(p->threads[0]));

	if (p == NULL)
		return NULL;
	p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->most = most;
	p->lazy_most = most > 1 ? most / 2 : 1;
	lane_init(&p->own, workers, 0);
	for (unsigned c = 0; c < JOB_CLASSES; c++)
		TAILQ_INIT(&p->ready[c]);
	TAILQ_INIT(&p->done);
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->wake, NULL);
	if (p->fd < 0 || !start_workers(p, workers)) {
		pool_free(p);
		return NULL;
	}
	return p;
}

struct pool *
pool_new(unsigned workers)
{
	return pool_new_growing(workers, workers);
}

void
pool_free(struct pool *p)
{
	unsigned started;

	if (p == NULL)
		return;
	while (pool_wait(p))
		;
	(void)pthread_mutex_lock(&p->lock);
	p->stopping = true;
	started = p->started;
	(void)pthread_cond_broadcast(&p->wake);
	(void)pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < started; i++)
		(void)pthread_join(p->threads[i], NULL);
	(void)pthread_cond_destroy(&p->wake);
	(void)pthread_mutex_destroy(&p->lock);
	if (p->fd >= 0)
		(void)close(p->fd);
	mem_free(p);
}

void
pool_send_by(struct pool *p, struct job *j, struct lane *l, enum job_class class)
{
	j->lane = l;
	j->class = class;
	p->under_way++;
	(void)pthread_mutex_lock(&p->lock);
	TAILQ_INSERT_TAIL(&l->of[class].todo, j, link);
	enlist(p, l);
	call_worker(p);
	(void)pthread_mutex_unlock(&p->lock);
}

void
pool_send(struct pool *p, struct job *j)
{
	pool_send_by(p, j, &p->own, JOB_URGENT);
}

int
pool_fd(const struct pool *p)
{
	return p->fd;
}

void
pool_deliver(struct pool *p)
{
	struct job_list finished = TAILQ_HEAD_INITIALIZER(finished);
	struct job *j;
	eventfd_t count;

	(void)eventfd_read(p->fd, &count);
	(void)pthread_mutex_lock(&p->lock);
	TAILQ_CONCAT(&finished, &p->done, link);
	(void)pthread_mutex_unlock(&p->lock);
	while ((j = TAILQ_FIRST(&finished)) != NULL) {
		TAILQ_REMOVE(&finished, j, link);
		p->under_way--;
		j->done(j);
	}
}

bool
pool_wait(struct pool *p)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };

	if (p->under_way == 0)
		return false;
	(void)poll(&pfd, 1, -1);
	pool_deliver(p);
	return true;
}

unsigned
pool_workers(const struct pool *p)
{
	return p->workers;
}

unsigned
pool_under_way(const struct pool *p)
{
	return p->under_way;
}

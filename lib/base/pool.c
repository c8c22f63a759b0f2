/* SPDX-License-Identifier: ISC */
#include "base/pool.h"

#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/thread.h"

TAILQ_HEAD(job_list, job);

struct pool {
	pthread_mutex_t lock;	/* guards the two lists and stopping */
	pthread_cond_t wake;
	struct job_list todo;
	struct job_list done;
	bool stopping;
	int fd;			/* eventfd: done is not empty */
	unsigned under_way;	/* sender's thread only */
	unsigned workers;
	pthread_t threads[];
};

static struct job *
take_job(struct pool *p)
{
	struct job *j;

	while ((j = TAILQ_FIRST(&p->todo)) == NULL && !p->stopping)
		(void)pthread_cond_wait(&p->wake, &p->lock);
	if (j != NULL)
		TAILQ_REMOVE(&p->todo, j, link);
	return j;
}

static void *
worker(void *arg)
{
	struct pool *p = arg;
	struct job *j;

	(void)pthread_mutex_lock(&p->lock);
	while ((j = take_job(p)) != NULL) {
		bool first;

		(void)pthread_mutex_unlock(&p->lock);
		j->work(j);
		(void)pthread_mutex_lock(&p->lock);
		first = TAILQ_EMPTY(&p->done);
		TAILQ_INSERT_TAIL(&p->done, j, link);
		/* One write wakes the loop for all that gathers until it looks. */
		if (first)
			(void)eventfd_write(p->fd, 1);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

static bool
start_workers(struct pool *p, unsigned workers)
{
	while (p->workers < workers && thread_start(&p->threads[p->workers], worker, p) == 0)
		p->workers++;
	return p->workers > 0;
}

unsigned
pool_size(unsigned wanted, unsigned most)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned want = wanted > 0 ? wanted : cores > 0 ? (unsigned)cores : 1;

	return want < most ? want : most;
}

struct pool *
pool_new(unsigned workers)
{
	struct pool *p = mem_zero(sizeof(*p) + workers * sizeof(p->threads[0]));

	if (p == NULL)
		return NULL;
	p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	TAILQ_INIT(&p->todo);
	TAILQ_INIT(&p->done);
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->wake, NULL);
	if (p->fd < 0 || !start_workers(p, workers)) {
		pool_free(p);
		return NULL;
	}
	return p;
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	while (pool_wait(p))
		;
	(void)pthread_mutex_lock(&p->lock);
	p->stopping = true;
	(void)pthread_cond_broadcast(&p->wake);
	(void)pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->workers; i++)
		(void)pthread_join(p->threads[i], NULL);
	(void)pthread_cond_destroy(&p->wake);
	(void)pthread_mutex_destroy(&p->lock);
	if (p->fd >= 0)
		(void)close(p->fd);
	mem_free(p);
}

void
pool_send(struct pool *p, struct job *j)
{
	p->under_way++;
	(void)pthread_mutex_lock(&p->lock);
	TAILQ_INSERT_TAIL(&p->todo, j, link);
	(void)pthread_cond_signal(&p->wake);
	(void)pthread_mutex_unlock(&p->lock);
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

/* SPDX-License-Identifier: ISC */
/*
 * Workers for what blocks or burns. A job has one owner at each instant: the sender, the queue, a
 * worker, the done-queue, and the sender again when its done() runs on the sender's thread. After
 * pool_send the sender has forgotten it.
 *
 * What may wait long for one thing (a disk) is sent by a lane: it then never takes more workers
 * than the lane has, so that what waits for other things goes on. Urgent jobs go before lazy ones.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>

#include "base/cdefs.h"
#include "base/list.h"

struct lane;
struct pool;

enum job_class {
	JOB_URGENT,
	JOB_LAZY,
	JOB_CLASSES
};

struct job {
	TAILQ_ENTRY(job) link;		/* in the lane's queue, then in the done-queue */
	void (*work)(struct job *);	/* on a worker */
	void (*done)(struct job *);	/* back on the sender's thread; owns the job */
	struct lane *lane;		/* these two are the pool's */
	enum job_class class;
};

TAILQ_HEAD(job_list, job);

/* One for all that waits for the same thing. The sender's, until its last job was delivered. */
struct lane {
	struct {
		TAILQ_ENTRY(lane) link;	/* in the pool's ready lanes */
		bool ready;		/* is there: a worker may take a job */
		struct job_list todo;
		unsigned running;
		unsigned most;		/* with workers at once */
	} of[JOB_CLASSES];
};

/* How many workers to have: as wanted, one a core if that is 0, but not more than most. */
unsigned pool_size(unsigned wanted, unsigned most);

/* NULL: no memory or no threads. */
struct pool *pool_new(unsigned workers) MUST_USE;

/* The same; when all workers are taken while a lane has work and room, others are started, until
 * there are most. */
struct pool *pool_new_growing(unsigned workers, unsigned most) MUST_USE;

/* Works and delivers what was sent, ends the workers. */
void pool_free(struct pool *p);

/* By the pool's own lane, which may have the workers that pool_new started. */
void pool_send(struct pool *p, struct job *j);

/* Urgent and lazy jobs are counted apart. */
void lane_init(struct lane *l, unsigned most_urgent, unsigned most_lazy);
void pool_send_by(struct pool *p, struct job *j, struct lane *l, enum job_class class);

/* Readable when done() calls wait: for the loop. */
int pool_fd(const struct pool *p);

/* Runs the done() of every finished job. */
void pool_deliver(struct pool *p);

/* For callers without a loop: waits until at least one job is finished and delivers; false if
 * none was under way. */
bool pool_wait(struct pool *p);

/* Those that pool_new started. */
unsigned pool_workers(const struct pool *p);

/* Jobs sent and not yet delivered. */
unsigned pool_under_way(const struct pool *p);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Workers for what blocks or burns. A job has one owner at each instant: the sender, the queue, a
 * worker, the done-queue, and the sender again when its done() runs on the sender's thread. After
 * pool_send the sender has forgotten it.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>

#include "base/cdefs.h"
#include "base/list.h"

struct pool;

struct job {
	TAILQ_ENTRY(job) link;		/* in the queue, then in the done-queue */
	void (*work)(struct job *);	/* on a worker */
	void (*done)(struct job *);	/* back on the sender's thread; owns the job */
};

/* How many workers to have: as wanted, one a core if that is 0, but not more than most. */
unsigned pool_size(unsigned wanted, unsigned most);

/* NULL: no memory or no threads. */
struct pool *pool_new(unsigned workers) MUST_USE;

/* Works and delivers what was sent, ends the workers. */
void pool_free(struct pool *p);

void pool_send(struct pool *p, struct job *j);

/* Readable when done() calls wait: for the loop. */
int pool_fd(const struct pool *p);

/* Runs the done() of every finished job. */
void pool_deliver(struct pool *p);

/* For callers without a loop: waits until at least one job is finished and delivers; false if
 * none was under way. */
bool pool_wait(struct pool *p);

unsigned pool_workers(const struct pool *p);

/* Jobs sent and not yet delivered. */
unsigned pool_under_way(const struct pool *p);

#endif

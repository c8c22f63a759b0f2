/* SPDX-License-Identifier: ISC */
#include "base/thread.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define WAY 10	/* of 19: on a busy machine others may wait for a lock that it holds */

int
thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	sigset_t all, old;
	int e;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(thread, NULL, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return e;
}

void
thread_make_way(void)
{
	/* On Linux a niceness is of one thread. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), WAY);
}

/* SPDX-License-Identifier: ISC */
/* Threads of ours in a process of the host's: they take none of its signals. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

#include "base/cdefs.h"

/* As pthread_create: 0, or an error number. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg) MUST_USE;

/* From now on the calling thread makes way for all that have more urgent things to do. */
void thread_make_way(void);

#endif

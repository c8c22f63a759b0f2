/* SPDX-License-Identifier: ISC */
#include "session/mailbox.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

struct call {
	struct call *next;
	void (*fn)(void *arg);
	void *arg;
	bool done;
};

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool closed;
	struct call *first;
	struct call **last;
	struct loop_fd watch;
	int fd;
};

/* Of the thread that runs the mailbox's loop. */
static _Thread_local const struct mailbox *of_this_thread;

static struct call *
take(struct mailbox *m)
{
	struct call *c = m->first;

	if (c != NULL) {
		m->first = c->next;
		if (m->first == NULL)
			m->last = &m->first;
	}
	return c;
}

static void
ready(void *arg, unsigned what)
{
	struct mailbox *m = arg;
	struct call *c;
	eventfd_t count;

	(void)what;
	(void)eventfd_read(m->fd, &count);
	(void)pthread_mutex_lock(&m->lock);
	while ((c = take(m)) != NULL) {
		(void)pthread_mutex_unlock(&m->lock);
		c->fn(c->arg);
		(void)pthread_mutex_lock(&m->lock);
		/* From here on the caller may be gone, and its call with it. */
		c->done = true;
		(void)pthread_cond_broadcast(&m->answered);
	}
	(void)pthread_mutex_unlock(&m->lock);
}

struct mailbox *
mailbox_new(struct loop *l)
{
	struct mailbox *m = mem_zero(sizeof(*m));

	if (m == NULL)
		return NULL;
	m->last = &m->first;
	(void)pthread_mutex_init(&m->lock, NULL);
	(void)pthread_cond_init(&m->answered, NULL);
	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->fd < 0 || !loop_fd_init(&m->watch, l, m->fd, ready, m)) {
		mailbox_free(m);
		return NULL;
	}
	loop_fd_want(&m->watch, LOOP_READ);
	return m;
}

void
mailbox_free(struct mailbox *m)
{
	if (m == NULL)
		return;
	loop_fd_fini(&m->watch);
	if (m->fd >= 0)
		(void)close(m->fd);
	(void)pthread_cond_destroy(&m->answered);
	(void)pthread_mutex_destroy(&m->lock);
	mem_free(m);
}

void
mailbox_adopt(const struct mailbox *m)
{
	of_this_thread = m;
}

void
mailbox_close(struct mailbox *m)
{
	(void)pthread_mutex_lock(&m->lock);
	m->closed = true;
	(void)pthread_mutex_unlock(&m->lock);
}

/* Puts it in, and waits until it has run. */
static bool
post(struct mailbox *m, struct call *c)
{
	bool closed;

	(void)pthread_mutex_lock(&m->lock);
	closed = m->closed;
	if (!closed) {
		*m->last = c;
		m->last = &c->next;
		(void)eventfd_write(m->fd, 1);
	}
	while (!closed && !c->done)
		(void)pthread_cond_wait(&m->answered, &m->lock);
	(void)pthread_mutex_unlock(&m->lock);
	return !closed;
}

bool
mailbox_call(struct mailbox *m, void (*fn)(void *arg), void *arg)
{
	struct call c = { .fn = fn, .arg = arg };

	if (of_this_thread != m)
		return post(m, &c);
	fn(arg);
	return true;
}

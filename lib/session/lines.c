/* SPDX-License-Identifier: ISC */
#include "session/lines.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

/* Bytes that may wait. A turn of the loop that says more would say it to nobody's use. */
#define LINES_MAX (1u << 20)

struct line {
	struct line *next;
	enum bt_log_level level;
	const char *topic;
	size_t size;		/* of all this, in bytes */
	char text[];
};

struct lines {
	bt_log_fn fn;
	void *arg;
	pthread_mutex_t lock;	/* guards what follows up to the watch */
	struct line *first;
	struct line **last;
	size_t size;		/* bytes that wait */
	unsigned long lost;
	struct loop_fd watch;
	int fd;
};

static void
ready(void *arg, unsigned what)
{
	struct lines *q = arg;
	eventfd_t count;

	(void)what;
	(void)eventfd_read(q->fd, &count);
	lines_tell(q);
}

struct lines *
lines_new(struct loop *l, bt_log_fn fn, void *arg)
{
	struct lines *q = mem_zero(sizeof(*q));

	if (q == NULL)
		return NULL;
	q->fn = fn;
	q->arg = arg;
	q->last = &q->first;
	(void)pthread_mutex_init(&q->lock, NULL);
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0 || !loop_fd_init(&q->watch, l, q->fd, ready, q)) {
		lines_free(q);
		return NULL;
	}
	loop_fd_want(&q->watch, LOOP_READ);
	return q;
}

static struct line *
take_all(struct lines *q, unsigned long *lost)
{
	struct line *first;

	(void)pthread_mutex_lock(&q->lock);
	first = q->first;
	*lost = q->lost;
	q->first = NULL;
	q->last = &q->first;
	q->size = 0;
	q->lost = 0;
	(void)pthread_mutex_unlock(&q->lock);
	return first;
}

void
lines_free(struct lines *q)
{
	unsigned long lost;
	struct line *n, *next;

	if (q == NULL)
		return;
	for (n = take_all(q, &lost); n != NULL; n = next) {
		next = n->next;
		mem_free(n);
	}
	loop_fd_fini(&q->watch);
	if (q->fd >= 0)
		(void)close(q->fd);
	(void)pthread_mutex_destroy(&q->lock);
	mem_free(q);
}

void
lines_add(void *lines, enum bt_log_level level, const char *topic, const char *text)
{
	struct lines *q = lines;
	size_t size = sizeof(struct line) + strlen(text) + 1;
	struct line *n = mem_alloc(size);

	if (n != NULL) {
		*n = (struct line){ .level = level, .topic = topic, .size = size };
		memcpy(n->text, text, size - sizeof(*n));
	}
	(void)pthread_mutex_lock(&q->lock);
	if (q->first == NULL && q->lost == 0)
		(void)eventfd_write(q->fd, 1);
	if (n != NULL && q->size + size <= LINES_MAX) {
		*q->last = n;
		q->last = &n->next;
		q->size += size;
		n = NULL;
	} else {
		q->lost++;
	}
	(void)pthread_mutex_unlock(&q->lock);
	mem_free(n);
}

void
lines_tell(struct lines *q)
{
	unsigned long lost;
	struct line *n, *next;
	char text[80];

	for (n = take_all(q, &lost); n != NULL; n = next) {
		next = n->next;
		q->fn(q->arg, n->level, n->topic, n->text);
		mem_free(n);
	}
	if (lost == 0)
		return;
	(void)snprintf(text, sizeof(text), "%lu lines were lost: too many at once", lost);
	q->fn(q->arg, BT_LOG_WARN, "session", text);
}

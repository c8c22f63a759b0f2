/* SPDX-License-Identifier: ISC */
#include "session/events.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

/* A host that looks only now and then loses nothing of a piece a millisecond for seconds. */
#define EVENTS_MAX 8192

struct node {
	struct node *next;
	struct bt_event event;
};

struct events {
	pthread_mutex_t lock;
	struct node *first;
	struct node **last;
	size_t count;
	unsigned types;		/* that are wanted */
	int fd;
};

struct events *
events_new(void)
{
	struct events *q = mem_zero(sizeof(*q));

	if (q == NULL)
		return NULL;
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->last = &q->first;
	q->types = ~0u;
	(void)pthread_mutex_init(&q->lock, NULL);
	if (q->fd < 0) {
		events_free(q);
		return NULL;
	}
	return q;
}

void
events_free(struct events *q)
{
	struct bt_event e;

	if (q == NULL)
		return;
	while (events_next(q, &e))
		;
	(void)pthread_mutex_destroy(&q->lock);
	if (q->fd >= 0)
		(void)close(q->fd);
	mem_free(q);
}

int
events_fd(const struct events *q)
{
	return q->fd;
}

void
events_want(struct events *q, unsigned types)
{
	(void)pthread_mutex_lock(&q->lock);
	q->types = types;
	(void)pthread_mutex_unlock(&q->lock);
}

void
events_add(struct events *q, const struct bt_event *e)
{
	struct node *n = NULL;

	(void)pthread_mutex_lock(&q->lock);
	if ((q->types >> e->type & 1) != 0 && q->count <= EVENTS_MAX)
		n = mem_zero(sizeof(*n));
	if (n != NULL) {
		n->event = *e;
		if (q->count == EVENTS_MAX)
			n->event = (struct bt_event){ .type = BT_EVENT_LOST };
		*q->last = n;
		q->last = &n->next;
		if (q->count++ == 0)
			(void)eventfd_write(q->fd, 1);
	}
	(void)pthread_mutex_unlock(&q->lock);
}

bool
events_next(struct events *q, struct bt_event *out)
{
	struct node *n;
	eventfd_t count;

	(void)pthread_mutex_lock(&q->lock);
	n = q->first;
	if (n != NULL) {
		q->first = n->next;
		if (q->first == NULL)
			q->last = &q->first;
		q->count--;
	} else {
		(void)eventfd_read(q->fd, &count);
	}
	(void)pthread_mutex_unlock(&q->lock);
	if (n == NULL)
		return false;
	*out = n->event;
	mem_free(n);
	return true;
}

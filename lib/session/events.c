/* SPDX-License-Identifier: ISC */
#include "session/events.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

/* A host that looks only now and then loses nothing of a piece a millisecond for seconds. */
#define EVENTS_MAX 8192

/* Once some are lost, none is taken in before there is room for many: a host that is slow would
 * otherwise hear of a loss before each event. */
#define EVENTS_AGAIN (EVENTS_MAX / 2)

struct node {
	struct bt_event event;	/* first, for it is what the host frees */
	struct node *next;
	char texts[];
};

struct events {
	pthread_mutex_t lock;
	struct node *first;
	struct node *last;
	size_t count;
	bool full;		/* until there is room for EVENTS_AGAIN */
	uint64_t lost;		/* in all */
	uint64_t unsaid;	/* lost, and there was no memory even to say so */
	uint64_t kinds;		/* that are wanted */
	int fd;
};

const char *
bt_event_name(enum bt_event_type type)
{
	static const char *const names[] = {
		[BT_EVENT_STATE] = "state", [BT_EVENT_PIECE] = "piece",
		[BT_EVENT_COMPLETE] = "complete", [BT_EVENT_TRACKER] = "tracker",
		[BT_EVENT_ERROR] = "error", [BT_EVENT_PEER_BANNED] = "peer_banned",
		[BT_EVENT_LOST] = "lost", [BT_EVENT_NOTE] = "note",
	};

	return (size_t)type < COUNT_OF(names) ? names[type] : "unknown";
}

static uint64_t
kind_of(enum bt_event_type type)
{
	switch (type) {
	case BT_EVENT_STATE:
	case BT_EVENT_COMPLETE:
	case BT_EVENT_NOTE:
	case BT_EVENT_ERROR: return BT_WANT_STATES;
	case BT_EVENT_PIECE: return BT_WANT_PIECES;
	case BT_EVENT_TRACKER: return BT_WANT_TRACKERS;
	case BT_EVENT_PEER_BANNED: return BT_WANT_PEERS;
	case BT_EVENT_LOST: break;
	}
	return BT_WANT_ALL;
}

void
bt_event_free(struct bt_event *e)
{
	mem_free(e);
}

struct events *
events_new(void)
{
	struct events *q = mem_zero(sizeof(*q));

	if (q == NULL)
		return NULL;
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->kinds = BT_WANT_ALL;
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
	struct bt_event *e;

	if (q == NULL)
		return;
	while ((e = events_next(q)) != NULL)
		bt_event_free(e);
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
events_want(struct events *q, uint64_t kinds)
{
	(void)pthread_mutex_lock(&q->lock);
	q->kinds = kinds;
	(void)pthread_mutex_unlock(&q->lock);
}

/* The one text that an event of this type has besides the common one. */
static const char **
own_text(struct bt_event *e)
{
	if (e->type == BT_EVENT_TRACKER)
		return &e->as.tracker.url;
	return e->type == BT_EVENT_PEER_BANNED ? &e->as.peer.ip : NULL;
}

static struct node *
node_of(const struct bt_event *e)
{
	struct bt_event copy = *e;
	const char **own = own_text(&copy);
	size_t text = e->text != NULL ? strlen(e->text) + 1 : 1;
	size_t more = own != NULL ? strlen(*own) + 1 : 0;
	struct node *n = mem_zero(sizeof(*n) + text + more);

	if (n == NULL)
		return NULL;
	n->event = copy;
	if (e->text != NULL)
		memcpy(n->texts, e->text, text);
	n->event.text = n->texts;
	if (own != NULL) {
		memcpy(n->texts + text, *own, more);
		*own_text(&n->event) = n->texts + text;
	}
	return n;
}

static void
append(struct events *q, struct node *n)
{
	if (q->first == NULL)
		q->first = n;
	else
		q->last->next = n;
	q->last = n;
	if (q->count++ == 0)
		(void)eventfd_write(q->fd, 1);
}

/* Losses that follow one another are one event. */
static void
tell_lost(struct events *q, uint64_t count)
{
	const struct bt_event lost = { .type = BT_EVENT_LOST };
	struct node *n = q->first != NULL && q->last->event.type == BT_EVENT_LOST ? q->last : NULL;

	if (n == NULL && (n = node_of(&lost)) != NULL)
		append(q, n);
	if (n == NULL) {
		q->unsaid += count;
		return;
	}
	n->event.as.lost.count += q->unsaid + count;
	q->unsaid = 0;
}

void
events_add(struct events *q, const struct bt_event *e)
{
	struct node *n = NULL;

	(void)pthread_mutex_lock(&q->lock);
	if ((q->kinds & kind_of(e->type)) != 0) {
		q->full = q->count >= (q->full ? EVENTS_AGAIN : EVENTS_MAX);
		if (q->unsaid > 0)
			tell_lost(q, 0);
		if (!q->full)
			n = node_of(e);
		if (n != NULL)
			append(q, n);
		else
			tell_lost(q, 1);
		q->lost += n == NULL;
	}
	(void)pthread_mutex_unlock(&q->lock);
}

void
events_count(struct events *q, uint64_t *waiting, uint64_t *lost)
{
	(void)pthread_mutex_lock(&q->lock);
	*waiting = q->count;
	*lost = q->lost;
	(void)pthread_mutex_unlock(&q->lock);
}

struct bt_event *
events_next(struct events *q)
{
	struct node *n;
	eventfd_t count;

	(void)pthread_mutex_lock(&q->lock);
	n = q->first;
	if (n != NULL) {
		q->first = n->next;
		q->count--;
	} else {
		(void)eventfd_read(q->fd, &count);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return n == NULL ? NULL : &n->event;
}

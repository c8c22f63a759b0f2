/* SPDX-License-Identifier: ISC */
#include "net/loop.h"

#include <time.h>

#include <event2/event.h>

#include "base/mem.h"

TAILQ_HEAD(later_list, loop_later);

struct loop {
	struct event_base *base;
	struct later_list later;
	usec now;		/* 0: not read in this turn */
	bool stopping;
	struct loop_stats stats;
};

struct loop *
loop_new(void)
{
	struct loop *l = mem_zero(sizeof(*l));
	struct event_config *config = event_config_new();

	if (l != NULL && config != NULL) {
		TAILQ_INIT(&l->later);
		/* Interest in writing comes and goes often; one system call a turn is enough. */
		(void)event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST |
		    EVENT_BASE_FLAG_NOLOCK);
		l->base = event_base_new_with_config(config);
	}
	if (config != NULL)
		event_config_free(config);
	if (l == NULL || l->base == NULL) {
		mem_free(l);
		return NULL;
	}
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	event_base_free(l->base);
	mem_free(l);
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

int64_t
loop_wall_time(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

struct loop_stats *
loop_stats(struct loop *l)
{
	return &l->stats;
}

usec
loop_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (usec)ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

usec
loop_now(struct loop *l)
{
	if (l->now == 0)
		l->now = loop_clock();
	return l->now;
}

/* What is put off while this runs waits for the next turn, so that nothing can hold the loop. */
static void
run_later(struct loop *l)
{
	struct loop_later end = { 0 };
	struct loop_later *w;

	TAILQ_INSERT_TAIL(&l->later, &end, link);
	while ((w = TAILQ_FIRST(&l->later)) != &end) {
		TAILQ_REMOVE(&l->later, w, link);
		w->queued = false;
		w->fn(w->arg);
	}
	TAILQ_REMOVE(&l->later, &end, link);
}

void
loop_run(struct loop *l)
{
	l->stopping = false;
	while (!l->stopping) {
		int flags = EVLOOP_ONCE | (TAILQ_EMPTY(&l->later) ? 0 : EVLOOP_NONBLOCK);

		l->now = 0;
		l->stats.turns++;
		if (event_base_loop(l->base, flags | EVLOOP_NO_EXIT_ON_EMPTY) < 0)
			break;
		run_later(l);
	}
}

void
loop_stop(struct loop *l)
{
	l->stopping = true;
	(void)event_base_loopbreak(l->base);
}

static void
timer_due(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->arg, loop_now(t->loop));
}

bool
loop_timer_init(struct loop_timer *t, struct loop *l, loop_timer_fn fn, void *arg)
{
	*t = (struct loop_timer){ .loop = l, .fn = fn, .arg = arg };
	t->ev = evtimer_new(l->base, timer_due, t);
	return t->ev != NULL;
}

void
loop_timer_fini(struct loop_timer *t)
{
	if (t->ev != NULL)
		event_free(t->ev);
	t->ev = NULL;
}

void
loop_timer_set(struct loop_timer *t, usec after)
{
	struct timeval tv;

	if (after < 0)
		after = 0;
	tv = (struct timeval){ .tv_sec = after / SECOND, .tv_usec = after % SECOND };
	(void)evtimer_add(t->ev, &tv);
}

void
loop_timer_stop(struct loop_timer *t)
{
	(void)evtimer_del(t->ev);
}

static void
fd_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *f = arg;

	(void)fd;
	f->fn(f->arg, (what & EV_READ ? LOOP_READ : 0u) | (what & EV_WRITE ? LOOP_WRITE : 0u));
}

bool
loop_fd_init(struct loop_fd *f, struct loop *l, int fd, loop_fd_fn fn, void *arg)
{
	*f = (struct loop_fd){ .fn = fn, .arg = arg };
	f->read_ev = event_new(l->base, fd, EV_READ | EV_PERSIST, fd_ready, f);
	f->write_ev = event_new(l->base, fd, EV_WRITE | EV_PERSIST, fd_ready, f);
	if (f->read_ev == NULL || f->write_ev == NULL) {
		loop_fd_fini(f);
		return false;
	}
	return true;
}

void
loop_fd_fini(struct loop_fd *f)
{
	if (f->read_ev != NULL)
		event_free(f->read_ev);
	if (f->write_ev != NULL)
		event_free(f->write_ev);
	*f = (struct loop_fd){ 0 };
}

static void
want_one(struct event *ev, unsigned was, unsigned is)
{
	if (is && !was)
		(void)event_add(ev, NULL);
	else if (was && !is)
		(void)event_del(ev);
}

void
loop_fd_want(struct loop_fd *f, unsigned interest)
{
	want_one(f->read_ev, f->interest & LOOP_READ, interest & LOOP_READ);
	want_one(f->write_ev, f->interest & LOOP_WRITE, interest & LOOP_WRITE);
	f->interest = interest;
}

void
loop_later(struct loop *l, struct loop_later *w)
{
	if (w->queued)
		return;
	w->queued = true;
	TAILQ_INSERT_TAIL(&l->later, w, link);
}

void
loop_later_cancel(struct loop *l, struct loop_later *w)
{
	if (!w->queued)
		return;
	w->queued = false;
	TAILQ_REMOVE(&l->later, w, link);
}

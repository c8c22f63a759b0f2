/* SPDX-License-Identifier: ISC */
/*
 * The event loop: descriptors, timers, work put off to the end of the turn, and the only clock.
 * One thread runs it and owns everything that hangs on it. The only door to libevent.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cdefs.h"
#include "base/list.h"
#include "base/time.h"

struct loop;
struct event;
struct event_base;

struct loop *loop_new(void) MUST_USE;
void loop_free(struct loop *l);

/* Turns until loop_stop; the deferred work of the last turn is still done. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Monotonic, read once a turn. */
usec loop_now(struct loop *l);

/* The same clock, read at once: for one that waits while no loop runs. */
usec loop_clock(void);

/* Seconds since 1970, by the clock on the wall. */
int64_t loop_wall_time(void);

/* What was counted since the loop was made. */
struct loop_stats {
	uint64_t turns;
	uint64_t tcp_in, tcp_out;	/* bytes of net/stream_tcp */
};

struct loop_stats *loop_stats(struct loop *l);

/* For libevent's own modules in this folder (evhttp, evdns). */
struct event_base *loop_base(struct loop *l);

/* A timer that the owner embeds. fini is fine on a zeroed one. Runs once each time it is set. */
typedef void (*loop_timer_fn)(void *arg, usec now);

struct loop_timer {
	struct event *ev;
	struct loop *loop;
	loop_timer_fn fn;
	void *arg;
};

bool loop_timer_init(struct loop_timer *t, struct loop *l, loop_timer_fn fn, void *arg) MUST_USE;
void loop_timer_fini(struct loop_timer *t);
void loop_timer_set(struct loop_timer *t, usec after);
void loop_timer_stop(struct loop_timer *t);

/* Interest in a descriptor, that the owner embeds. The descriptor stays the owner's. */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void (*loop_fd_fn)(void *arg, unsigned ready);

struct loop_fd {
	struct event *read_ev;
	struct event *write_ev;
	loop_fd_fn fn;
	void *arg;
	unsigned interest;
};

bool loop_fd_init(struct loop_fd *f, struct loop *l, int fd, loop_fd_fn fn, void *arg) MUST_USE;
void loop_fd_fini(struct loop_fd *f);
void loop_fd_want(struct loop_fd *f, unsigned interest);

/* Work for the end of this turn, once however often it is asked for. The owner embeds it. */
struct loop_later {
	TAILQ_ENTRY(loop_later) link;	/* in the loop's list while queued */
	void (*fn)(void *arg);
	void *arg;
	bool queued;
};

void loop_later(struct loop *l, struct loop_later *w);
void loop_later_cancel(struct loop *l, struct loop_later *w);

#endif

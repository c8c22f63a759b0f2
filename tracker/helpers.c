/* SPDX-License-Identifier: ISC */
#include "tracker/helpers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/thread.h"

struct helper {
	struct loop *loop;
	struct server *server;
	int stop;			/* eventfd */
	struct loop_fd stop_watch;
	struct loop_timer pulse;
	usec pulse_step;
	atomic_bool lived;		/* since all were asked the last time */
	pthread_t thread;
	bool running;
};

static void
on_stop(void *arg, unsigned ready)
{
	struct helper *h = arg;

	(void)ready;
	loop_stop(h->loop);
}

static void
on_pulse(void *arg, usec now)
{
	struct helper *h = arg;

	(void)now;
	atomic_store_explicit(&h->lived, true, memory_order_relaxed);
	loop_timer_set(&h->pulse, h->pulse_step);
}

static enum bt_code
open_one(struct helper *h, const struct server_shared *shared, uint16_t port, struct bt_error *err)
{
	h->loop = loop_new();
	h->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (h->loop == NULL || h->stop < 0 ||
	    !loop_fd_init(&h->stop_watch, h->loop, h->stop, on_stop, h) ||
	    !loop_timer_init(&h->pulse, h->loop, on_pulse, h))
		return fail(err, BT_ENOMEM, "cannot make an event loop");
	loop_fd_want(&h->stop_watch, LOOP_READ);
	h->server = server_new(h->loop, shared, &port, true, err);
	return h->server != NULL ? BT_OK : err->code;
}

enum bt_code
helpers_open(struct helpers *h, unsigned count, const struct server_shared *shared, uint16_t port,
    struct bt_error *err)
{
	enum bt_code code = BT_OK;

	if (count == 0)
		return BT_OK;
	h->each = mem_array(count, sizeof(*h->each));
	if (h->each == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	while (code == BT_OK && h->count < count) {
		struct helper *one = &h->each[h->count++];

		one->stop = -1;
		code = open_one(one, shared, port, err);
	}
	return code;
}

static void
close_one(struct helper *h)
{
	server_free(h->server);
	loop_timer_fini(&h->pulse);
	loop_fd_fini(&h->stop_watch);
	loop_free(h->loop);
	if (h->stop >= 0)
		(void)close(h->stop);
}

void
helpers_close(struct helpers *h)
{
	for (unsigned i = 0; i < h->count; i++)
		close_one(&h->each[i]);
	mem_free(h->each);
	*h = (struct helpers){ 0 };
}

static void *
run(void *arg)
{
	struct helper *h = arg;

	loop_run(h->loop);
	return NULL;
}

enum bt_code
helpers_start(struct helpers *h, struct bt_error *err)
{
	bool started = true;

	for (unsigned i = 0; started && i < h->count; i++) {
		struct helper *one = &h->each[i];

		started = thread_start(&one->thread, run, one) == 0;
		one->running = started;
	}
	if (started)
		return BT_OK;
	helpers_stop(h);
	return fail(err, BT_ENOMEM, "cannot start a thread");
}

void
helpers_stop(struct helpers *h)
{
	for (unsigned i = 0; i < h->count; i++) {
		struct helper *each = &h->each[i];

		if (!each->running)
			continue;
		(void)eventfd_write(each->stop, 1);
		(void)pthread_join(each->thread, NULL);
		each->running = false;
	}
}

void
helpers_set_pulse(struct helpers *h, usec step)
{
	for (unsigned i = 0; i < h->count; i++) {
		h->each[i].pulse_step = step;
		loop_timer_set(&h->each[i].pulse, step);
	}
}

bool
helpers_live(struct helpers *h)
{
	for (unsigned i = 0; i < h->count; i++) {
		if (!atomic_load_explicit(&h->each[i].lived, memory_order_relaxed))
			return false;
	}
	for (unsigned i = 0; i < h->count; i++)
		atomic_store_explicit(&h->each[i].lived, false, memory_order_relaxed);
	return true;
}

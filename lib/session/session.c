/* SPDX-License-Identifier: ISC */
#include <btcore/session.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "session/model.h"

#define WORKERS_MAX 8

/* Those that are started while others wait for disks that do not answer. */
#define WORKERS_STUCK_MAX 64

/* -- the session's thread -- */

static void
jobs_done(void *arg, unsigned what)
{
	struct bt_session *s = arg;

	(void)what;
	pool_deliver(s->pool);
}

static void *
run(void *arg)
{
	struct bt_session *s = arg;

	mailbox_adopt(s->mailbox);
	loop_run(s->loop);
	return NULL;
}

/* -- birth -- */

static enum bt_code
copy_settings(struct bt_session *s, const struct bt_settings *from, struct bt_error *err)
{
	const struct bt_option_table *table = bt_settings_table();
	enum bt_code code = from == NULL ? bt_options_init(table, &s->settings) :
	    bt_options_copy(table, &s->settings, from);

	if (code != BT_OK)
		return fail(err, BT_ENOMEM, "out of memory");
	if (s->settings.minport > s->settings.maxport)
		return fail(err, BT_EARG, "minport is above maxport");
	if (s->settings.ip[0] != '\0' && !addr_parse(s->settings.ip, 0, &s->ip))
		return fail(err, BT_EARG, "ip: '%.60s' is not an address", s->settings.ip);
	return BT_OK;
}

static enum bt_code
find_way(struct bt_session *s, struct bt_error *err)
{
	const struct way_wish wish = {
		.bind = s->settings.bind,
		.ipv6 = s->settings.ipv6_enabled != 0,
		.interface = s->settings.interface,
	};

	return way_init(&s->way, &wish, err);
}

static enum bt_code
open_net(struct bt_session *s, struct bt_error *err)
{
	const struct listen_where where = {
		.way = &s->way,
		.minport = (uint16_t)s->settings.minport,
		.maxport = (uint16_t)s->settings.maxport,
		.random = s->settings.random_port != 0,
	};
	struct announce_net_opts opts;
	enum bt_code code = listen_init(&s->listen, s->loop, &where, &s->rng, &s->blocks,
	    peers_arrived, s, err);

	if (code != BT_OK)
		return code;
	s->listening = true;
	s->shown = way_shown(&s->way);
	entries_fill_opts(s);
	opts = (struct announce_net_opts){ .loop = s->loop, .fetch = s->fetch,
		.resolve = s->resolve, .udp = s->listen.udp, .way = &s->way,
		.user_agent = "btcore/" PACKAGE_VERSION,
		.timeout = (usec)(s->settings.http_timeout * SECOND) };
	s->announces = announce_net_new(&opts);
	return s->announces != NULL ? BT_OK : fail(err, BT_ENOMEM, "out of memory");
}

static unsigned
worker_count(void)
{
	unsigned count = pool_size(0, WORKERS_MAX);

	/* At least two: while one waits for a disk, another hashes. */
	return count < 2 ? 2 : count;
}

static bool
open_parts(struct bt_session *s)
{
	s->loop = loop_new();
	s->pool = pool_new_growing(worker_count(), WORKERS_STUCK_MAX);
	s->events = events_new();
	if (s->loop == NULL || s->pool == NULL || s->events == NULL)
		return false;
	disk_init(&s->disk, s->pool, &s->blocks, session_budget(s).files,
	    (size_t)(s->settings.write_buffer_size * (1 << 20)), s->seed);
	s->disk_ready = true;
	s->mailbox = mailbox_new(s->loop);
	s->fetch = fetch_new(s->loop, &s->way);
	s->resolve = resolve_new(s->loop, &s->way);
	if (s->mailbox == NULL || s->fetch == NULL || s->resolve == NULL ||
	    !pacer_init(&s->in, s->loop, (uint64_t)s->settings.max_download_rate * 1024) ||
	    !pacer_init(&s->out, s->loop, (uint64_t)s->settings.max_upload_rate * 1024) ||
	    !loop_timer_init(&s->due_timer, s->loop, entries_due, s) ||
	    !peers_init(s) || !queue_init(&s->queue, s) ||
	    !loop_fd_init(&s->pool_watch, s->loop, pool_fd(s->pool), jobs_done, s))
		return false;
	loop_fd_want(&s->pool_watch, LOOP_READ);
	return true;
}

static bool
open_log(struct bt_session *s, bt_log_fn fn, void *arg)
{
	if (fn == NULL)
		return true;
	s->lines = lines_new(s->loop, fn, arg);
	s->log = (struct log){ lines_add, s->lines, BT_LOG_DEBUG };
	return s->lines != NULL;
}

static enum bt_code
start_thread(struct bt_session *s, struct bt_error *err)
{
	int e = thread_start(&s->thread, run, s);

	if (e != 0)
		return fail(err, BT_ENOMEM, "cannot start a thread: %s", strerror(e));
	s->running = true;
	return BT_OK;
}

enum bt_code
bt_session_new(const struct bt_settings *settings, bt_log_fn log, void *log_arg,
    struct bt_session **out, struct bt_error *err)
{
	struct bt_session *s = mem_zero(sizeof(*s));
	struct bt_error local;
	enum bt_code code;

	if (err == NULL)
		err = &local;
	if (s == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	rng_seed_system(&s->rng);
	rng_secret(s->seed, sizeof(s->seed));
	map_init(&s->by_id, sizeof(uint32_t), s->seed);
	map_init(&s->by_hash, 20, s->seed);
	announce_urls_init(&s->urls);
	heap_init(&s->due);
	s->due_at = NEVER;
	s->next_id = 1;
	changes_init(&s->changes);
	code = copy_settings(s, settings, err);
	if (code == BT_OK)
		code = find_way(s, err);
	if (code == BT_OK && (!open_parts(s) || !open_log(s, log, log_arg)))
		code = fail(err, BT_ENOMEM, "out of memory or descriptors");
	if (code == BT_OK)
		code = save_init(&s->saver, s, s->settings.state, err);
	if (code == BT_OK)
		code = open_net(s, err);
	if (code == BT_OK)
		code = start_thread(s, err);
	if (code != BT_OK) {
		bt_session_free(s);
		return code;
	}
	*out = s;
	return BT_OK;
}

/* -- death -- */

static void
stop_loop(void *arg)
{
	struct bt_session *s = arg;

	loop_stop(s->loop);
}

static void
free_torrents(struct bt_session *s)
{
	struct entry *e;
	size_t pos = 0;

	while ((e = map_next(&s->by_id, &pos)) != NULL) {
		entry_free(e);
		pos = 0;
	}
}

void
bt_session_free(struct bt_session *s)
{
	if (s == NULL)
		return;
	if (s->running) {
		(void)mailbox_call(s->mailbox, stop_loop, s);
		(void)pthread_join(s->thread, NULL);
		mailbox_close(s->mailbox);
	}
	if (s->running)
		save_finish(&s->saver);
	if (s->disk_ready) {
		peers_fini(s);
		free_torrents(s);
	}
	announce_net_free(s->announces);
	if (s->listening)
		listen_fini(&s->listen);
	resolve_free(s->resolve);
	fetch_free(s->fetch);
	pool_free(s->pool);
	save_fini(&s->saver);
	if (s->disk_ready)
		disk_fini(&s->disk);
	block_store_fini(&s->blocks);
	if (s->lines != NULL)
		lines_tell(s->lines);
	lines_free(s->lines);
	mailbox_free(s->mailbox);
	pacer_fini(&s->in);
	pacer_fini(&s->out);
	loop_timer_fini(&s->due_timer);
	queue_fini(&s->queue);
	loop_fd_fini(&s->pool_watch);
	loop_free(s->loop);
	events_free(s->events);
	changes_fini(&s->changes);
	map_fini(&s->by_id);
	map_fini(&s->by_hash);
	announce_urls_fini(&s->urls);
	heap_fini(&s->due);
	bt_options_fini(bt_settings_table(), &s->settings);
	mem_free(s);
}

/* SPDX-License-Identifier: ISC */
/* The public face: <btcore/tracker.h>. Joins store, server, state file and log. */
#include <btcore/tracker.h>

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/pool.h"
#include "net/loop.h"
#include "net/tls.h"
#include "tracker/confined.h"
#include "tracker/drop.h"
#include "tracker/helpers.h"
#include "tracker/swarm/saver.h"
#include "tracker/server.h"
#include "tracker/swarm/state.h"
#include "tracker/trackopts.h"

#define SWEEP_PAUSE (SECOND / 500)	/* between two steps in one shard */
#define ROUND_MAX (60 * SECOND)		/* for a sweep through all shards */
#define ROUND_MIN SECOND
#define CENSUS_AT_ONCE 1000u		/* torrents that a page may count in its turn */
#define LOOPS_MAX 64			/* unless more are asked for */

/* What is written to the eventfd; it adds up, so a stop is seen whatever else came. */
#define WISH_REOPEN UINT64_C(1)
#define WISH_RELOAD (UINT64_C(1) << 20)
#define WISH_STOP (UINT64_C(1) << 40)

struct bt_tracker {
	const struct bt_tracker_settings *settings;
	struct log log;
	struct shards *shards;
	struct stats *stats;
	struct census_taker *census;
	struct reqlog reqlog;
	struct connid connid;
	struct policy policy;
	struct tls *tls;
	struct loop *loop;
	struct server *server;
	struct helpers helpers;
	uint16_t port;
	int wishes;			/* eventfd */
	struct loop_fd wishes_watch, pool_watch;
	struct loop_timer sweep_timer, flush_timer, stats_timer, beat_timer;
	usec beat_step;
	void (*beat)(void *arg);
	void *beat_arg;
	void (*reload_fn)(void *arg, bool done);	/* NULL: nobody wants to know */
	void *reload_arg;
	bool reloading;
	usec sweep_step;
	struct pool *pool;		/* one worker: saves, and reads lists */
	struct state state;
	struct saver saver;
};

static void
on_pool(void *arg, unsigned ready)
{
	struct bt_tracker *t = arg;

	(void)ready;
	pool_deliver(t->pool);
}

static void
on_sweep(void *arg, usec now)
{
	struct bt_tracker *t = arg;
	bool done = shards_sweep(t->shards, now);

	loop_timer_set(&t->sweep_timer, done ? t->sweep_step : SWEEP_PAUSE);
}

static void
on_flush(void *arg, usec now)
{
	struct bt_tracker *t = arg;
	usec after = (usec)(t->settings->min_time_between_log_flushes * (double)SECOND);

	(void)now;
	reqlog_flush(&t->reqlog);
	loop_timer_set(&t->flush_timer, after < SECOND / 10 ? SECOND / 10 : after);
}

static void
on_stats(void *arg, usec now)
{
	struct bt_tracker *t = arg;

	stats_tick(t->stats, now);
	census_taker_tick(t->census, now);
	loop_timer_set(&t->stats_timer, STATS_STEP);
}

/* A loop that hangs is as bad as all: its part of the clients gets no answer. */
static void
on_beat(void *arg, usec now)
{
	struct bt_tracker *t = arg;

	(void)now;
	if (!helpers_live(&t->helpers)) {
		loop_timer_set(&t->beat_timer, t->beat_step / 4);
		return;
	}
	t->beat(t->beat_arg);
	loop_timer_set(&t->beat_timer, t->beat_step);
}

static void
tell_reload(const struct bt_tracker *t, bool done)
{
	if (t->reload_fn != NULL)
		t->reload_fn(t->reload_arg, done);
}

static void
on_lists_read(void *arg)
{
	struct bt_tracker *t = arg;

	if (!t->reloading)
		return;
	t->reloading = false;
	tell_reload(t, true);
}

static void
reload(struct bt_tracker *t)
{
	struct bt_error err;

	tell_reload(t, false);
	if (t->tls != NULL && tls_reload(t->tls, &err) != BT_OK)
		log_write(&t->log, BT_LOG_ERROR, "tracker",
		    "%s; the certificate from before is kept", err.text);
	t->reloading = true;
	if (!policy_read_again(&t->policy))
		on_lists_read(t);
}

static void
on_wish(void *arg, unsigned ready)
{
	struct bt_tracker *t = arg;
	struct bt_error err;
	uint64_t sum = 0;

	(void)ready;
	if (read(t->wishes, &sum, sizeof(sum)) != sizeof(sum))
		return;
	if (sum % WISH_RELOAD != 0 && reqlog_reopen(&t->reqlog, &err) != BT_OK)
		log_write(&t->log, BT_LOG_ERROR, "tracker", "%s", err.text);
	if (sum % WISH_STOP >= WISH_RELOAD)
		reload(t);
	if (sum >= WISH_STOP)
		loop_stop(t->loop);
}

static void
wish(struct bt_tracker *t, uint64_t what)
{
	/* Fails only if the counter is full, and then it is readable anyway. */
	ssize_t n = write(t->wishes, &what, sizeof(what));

	(void)n;
}

void
bt_tracker_stop(struct bt_tracker *t)
{
	wish(t, WISH_STOP);
}

void
bt_tracker_reopen_log(struct bt_tracker *t)
{
	wish(t, WISH_REOPEN);
}

void
bt_tracker_reload(struct bt_tracker *t)
{
	wish(t, WISH_RELOAD);
}

void
bt_tracker_set_heartbeat(struct bt_tracker *t, double seconds, void (*fn)(void *arg), void *arg)
{
	t->beat = fn;
	t->beat_arg = arg;
	t->beat_step = (usec)(seconds * (double)SECOND);
	loop_timer_set(&t->beat_timer, t->beat_step);
	helpers_set_pulse(&t->helpers, t->beat_step / 2);
}

void
bt_tracker_watch_reloads(struct bt_tracker *t, void (*fn)(void *arg, bool done), void *arg)
{
	t->reload_fn = fn;
	t->reload_arg = arg;
}

uint16_t
bt_tracker_port(const struct bt_tracker *t)
{
	return t->port;
}

static enum bt_code
make_loop(struct bt_tracker *t, struct bt_error *err)
{
	usec round = t->settings->timeout_downloaders_interval * SECOND / 8;

	round = round > ROUND_MAX ? ROUND_MAX : round < ROUND_MIN ? ROUND_MIN : round;
	t->sweep_step = round / SHARD_COUNT;
	t->loop = loop_new();
	t->wishes = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (t->loop == NULL || t->wishes < 0 ||
	    !loop_fd_init(&t->wishes_watch, t->loop, t->wishes, on_wish, t) ||
	    !loop_timer_init(&t->sweep_timer, t->loop, on_sweep, t) ||
	    !loop_timer_init(&t->flush_timer, t->loop, on_flush, t) ||
	    !loop_timer_init(&t->stats_timer, t->loop, on_stats, t) ||
	    !loop_timer_init(&t->beat_timer, t->loop, on_beat, t))
		return fail(err, BT_ENOMEM, "cannot make an event loop");
	loop_fd_want(&t->wishes_watch, LOOP_READ);
	return BT_OK;
}

static enum bt_code
make_store(struct bt_tracker *t, struct bt_error *err)
{
	struct swarm_limits limits = {
		.timeout = t->settings->timeout_downloaders_interval * SECOND,
		.max_torrents = (size_t)t->settings->max_torrents,
		.max_peers = (uint32_t)t->settings->max_peers,
		.max_peers_total = (size_t)t->settings->max_peers_total,
		.max_party = (uint32_t)t->settings->max_peers_per_ip,
		.keep_dead = t->settings->keep_dead != 0,
		.keep_ids = t->settings->compact_reqd == 0,
	};
	struct census_source source = { .lists = &t->policy.lists.place,
	    .names = t->settings->show_names != 0 };

	t->shards = shards_new(&limits);
	if (t->shards == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	t->stats = stats_new(t->shards, loop_now(t->loop), (int64_t)time(NULL));
	source.shards = t->shards;
	t->census = census_taker_new(&source, CENSUS_AT_ONCE);
	if (t->stats == NULL || t->census == NULL ||
	    !saver_init(&t->saver, &t->state, &t->log, t->loop))
		return fail(err, BT_ENOMEM, "out of memory");
	return BT_OK;
}

static unsigned
loop_count(const struct bt_tracker *t)
{
	int64_t wanted = t->settings->threads;

	return wanted > 0 ? (unsigned)wanted : pool_size(0, LOOPS_MAX);
}

static enum bt_code
make_servers(struct bt_tracker *t, struct bt_error *err)
{
	struct server_shared shared = { .settings = t->settings, .shards = t->shards,
	    .reqlog = &t->reqlog, .connid = &t->connid, .log = &t->log, .policy = &t->policy,
	    .stats = t->stats, .census = t->census, .tls = t->tls,
	    .loops = loop_count(t) };

	connid_init(&t->connid);
	t->port = (uint16_t)t->settings->port;
	t->server = server_new(t->loop, &shared, &t->port, false, err);
	if (t->server == NULL)
		return err->code;
	return helpers_open(&t->helpers, shared.loops - 1, &shared, t->port, err);
}

static enum bt_code
make_tls(struct bt_tracker *t, struct bt_error *err)
{
	const struct bt_tracker_settings *s = t->settings;

	if (s->tls_port == 0)
		return BT_OK;
	t->tls = tls_new(s->tls_cert, s->tls_key[0] != '\0' ? s->tls_key : s->tls_cert, err);
	return t->tls != NULL ? BT_OK : err->code;
}

/* What root may write, the user might not. */
static enum bt_code
become_user(struct bt_tracker *t, struct bt_error *err)
{
	enum bt_code code;

	if (t->settings->user[0] == '\0')
		return BT_OK;
	code = drop_to_user(t->settings->user, err);
	return code != BT_OK ? code : drop_check_folder_of("dfile", t->settings->dfile, err);
}

/* A state file that cannot be written is better known now than after an interval. */
static enum bt_code
load_state(struct bt_tracker *t, struct bt_error *err)
{
	const char *path = t->settings->dfile;
	enum bt_code code;

	t->state = (struct state){ t->settings, t->shards, t->policy.nat_known };
	code = state_load(&t->state, loop_now(t->loop), &t->log, err);
	if (code == BT_OK && access(path, F_OK) != 0)
		code = state_save(&t->state, err);
	return code;
}

static enum bt_code
open_all(struct bt_tracker *t, struct bt_error *err)
{
	enum bt_code code = trackopts_check(t->settings, err);

	if (code == BT_OK)
		code = make_loop(t, err);
	if (code == BT_OK)
		code = make_store(t, err);
	if (code == BT_OK)
		code = make_tls(t, err);
	if (code == BT_OK)
		code = policy_open(&t->policy, t->settings, &t->log, err);
	/* The sockets first: a second tracker by mistake ends here and touches no state. */
	if (code == BT_OK)
		code = make_servers(t, err);
	if (code == BT_OK)
		code = become_user(t, err);
	if (code == BT_OK)
		code = reqlog_open(&t->reqlog, t->settings, err);
	if (code == BT_OK)
		code = load_state(t, err);
	return code;
}

struct bt_tracker *
bt_tracker_new(const struct bt_tracker_settings *settings, bt_log_fn log, void *log_arg,
    struct bt_error *err)
{
	struct bt_tracker *t = mem_zero(sizeof(*t));
	struct bt_error why = { .code = BT_OK };

	if (t == NULL) {
		(void)fail(err, BT_ENOMEM, "out of memory");
		return NULL;
	}
	t->settings = settings;
	t->log = (struct log){ log, log_arg, BT_LOG_DEBUG };
	t->wishes = -1;
	if (open_all(t, &why) != BT_OK) {
		if (err != NULL)
			*err = why;
		bt_tracker_free(t);
		return NULL;
	}
	return t;
}

/* Not before, for a thread stays as free as it was when it was started. */
static enum bt_code
start_worker(struct bt_tracker *t, struct bt_error *err)
{
	if (t->pool != NULL)
		return BT_OK;
	t->pool = pool_new(1);
	if (t->pool == NULL ||
	    !loop_fd_init(&t->pool_watch, t->loop, pool_fd(t->pool), on_pool, t))
		return fail(err, BT_ENOMEM, "cannot start a thread");
	loop_fd_want(&t->pool_watch, LOOP_READ);
	saver_start(&t->saver, t->pool);
	t->policy.on_read = on_lists_read;
	t->policy.on_read_arg = t;
	return policy_watch(&t->policy, t->loop, t->pool, t->shards, err);
}

enum bt_code
bt_tracker_confine(struct bt_tracker *t, struct bt_error *err)
{
	return confined_enter(t->settings, &t->policy.lists, err);
}

enum bt_code
bt_tracker_run(struct bt_tracker *t, struct bt_error *err)
{
	enum bt_code code = start_worker(t, err);

	if (code == BT_OK)
		code = helpers_start(&t->helpers, err);
	if (code != BT_OK)
		return code;
	loop_timer_set(&t->sweep_timer, t->sweep_step);
	loop_timer_set(&t->stats_timer, STATS_STEP);
	on_flush(t, 0);
	loop_run(t->loop);
	helpers_stop(&t->helpers);
	t->reloading = false;
	while (pool_wait(t->pool))
		;
	code = state_save(&t->state, err);
	reqlog_flush(&t->reqlog);
	return code;
}

void
bt_tracker_free(struct bt_tracker *t)
{
	if (t == NULL)
		return;
	pool_free(t->pool);
	helpers_close(&t->helpers);
	server_free(t->server);
	census_taker_free(t->census);
	policy_close(&t->policy);
	loop_timer_fini(&t->sweep_timer);
	saver_fini(&t->saver);
	loop_timer_fini(&t->flush_timer);
	loop_timer_fini(&t->stats_timer);
	loop_timer_fini(&t->beat_timer);
	loop_fd_fini(&t->wishes_watch);
	loop_fd_fini(&t->pool_watch);
	loop_free(t->loop);
	if (t->wishes >= 0)
		(void)close(t->wishes);
	reqlog_close(&t->reqlog);
	tls_free(t->tls);
	stats_free(t->stats);
	shards_free(t->shards);
	mem_free(t);
}

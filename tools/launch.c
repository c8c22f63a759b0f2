/* SPDX-License-Identifier: ISC */
#include "tools/launch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/cli_config.h"
#include "tools/hooks.h"
#include "tools/notify.h"
#include "tools/rules.h"
#include "tools/text.h"

/* Goodbye to the trackers takes 3 s at most; a little more, and we go without. */
#define GOODBYE_SECONDS 5

/* How often it is seen who has seeded for long enough. */
#define RULES_SECONDS 0.5

static const struct bt_option rows[] = {
	{ "peer", BT_OPT_TEXT, offsetof(struct launch_options, peer), "", 0, 0, "ADDRESSES", NULL,
	  "Peers of every torrent to try at once: ADDRESS:PORT or [ADDRESS]:PORT, joined by "
	  "commas." },
	{ "stop_when_done", BT_OPT_FLAG, offsetof(struct launch_options, stop_when_done), "0", 0, 0,
	  "0|1", NULL, "End when every torrent is complete and has seeded as asked." },
	{ "no_peers_time", BT_OPT_FLOAT, offsetof(struct launch_options, limits.no_peers), "0", 0,
	  1e9, "SECONDS", NULL,
	  "Give up a torrent that is not complete and had no peer for this long; 0: never." },
	{ "no_progress_time", BT_OPT_FLOAT, offsetof(struct launch_options, limits.no_progress),
	  "0", 0, 1e9, "SECONDS", NULL,
	  "Give up a torrent that is not complete and received nothing for this long; 0: never." },
	{ "deadline", BT_OPT_FLOAT, offsetof(struct launch_options, limits.deadline), "0", 0, 1e9,
	  "SECONDS", NULL, "Give up a torrent that is not complete after this long; 0: never." },
	{ "on_complete", BT_OPT_TEXT, offsetof(struct launch_options, on_complete), "", 0, 0,
	  "PROGRAM", NULL, "Run this program when a torrent was downloaded." },
	{ "on_error", BT_OPT_TEXT, offsetof(struct launch_options, on_error), "", 0, 0, "PROGRAM",
	  NULL, "Run this program when a torrent failed or was given up." },
	{ "save_options", BT_OPT_FLAG, offsetof(struct launch_options, save_options), "0", 0, 0,
	  "0|1", NULL, "Keep the options of this run as defaults of later ones." },
	{ "verbose", BT_OPT_FLAG, offsetof(struct launch_options, verbose), "0", 0, 0, "0|1",
	  NULL, "Report on stderr what happens inside." },
	{ "json", BT_OPT_FLAG, offsetof(struct launch_options, json), "0", 0, 0, "0|1", NULL,
	  "Print one JSON object a line." },
};

const struct bt_option_table launch_table = { rows, sizeof(rows) / sizeof(rows[0]) };

struct launch {
	struct launch_wish wish;
	struct bt_session *session;
	struct item **items;		/* ordered by id */
	size_t count, room;
	uint64_t seen;			/* generation of the last snapshot */
	enum launch_end worst;
	bool ending;			/* asked to end: waits for the goodbye */
	double end_by;
	double next_display, next_rules;
	double next_watchdog;		/* when the service manager is to be told that it lives */
	bool told_ready;
	struct hooks hooks;
	sigset_t unblocked;		/* as it was before it ran */
	bool hang_up_ends;		/* SIGHUP is like SIGTERM */
};

static volatile sig_atomic_t asked_to_end, hung_up;
static volatile sig_atomic_t last_status;	/* of one who is asked once more */

static void
on_end(int sig)
{
	(void)sig;
	asked_to_end++;
}

static void
on_end_again(int sig)
{
	(void)sig;
	_exit(last_status);
}

static void
on_hang_up(int sig)
{
	(void)sig;
	hung_up = 1;
}

double
launch_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
print_log(void *arg, enum bt_log_level level, const char *topic, const char *text)
{
	(void)arg;
	(void)level;
	flockfile(stderr);
	(void)fprintf(stderr, "%s: ", topic);
	text_puts(stderr, text);
	(void)fputc('\n', stderr);
	funlockfile(stderr);
}

static double
sooner(double a, double b)
{
	return a < b ? a : b;
}

/* -- what it ends with -- */

static unsigned
rank(enum launch_end end)
{
	static const enum launch_end order[] = { LAUNCH_COMPLETE, LAUNCH_GIVEN_UP, LAUNCH_FAILED,
		LAUNCH_BAD, LAUNCH_DISK };
	unsigned i = 0;

	while (order[i] != end)
		i++;
	return i;
}

void
launch_note(struct launch *l, enum launch_end end)
{
	if (rank(end) > rank(l->worst))
		l->worst = end;
}

static enum launch_end
end_of(const struct item *it)
{
	switch (it->error) {
	case BT_OK:
		return it->given_up ? LAUNCH_GIVEN_UP :
		    it->complete_at != 0 ? LAUNCH_COMPLETE : LAUNCH_FAILED;
	case BT_EIO:
	case BT_ENOSPC:
	case BT_EGONE:
	case BT_EEXIST:
	case BT_ENOENT:
		return LAUNCH_DISK;
	case BT_EFORMAT:
		return LAUNCH_BAD;
	default:
		return LAUNCH_FAILED;
	}
}

/* -- items -- */

static struct item *
find(const struct launch *l, uint32_t id)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->items[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->count && l->items[low]->id == id ? l->items[low] : NULL;
}

const struct item *
launch_find(const struct launch *l, const struct bt_metainfo *meta)
{
	char hash[65];

	item_hash(meta, hash);
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->items[i]->hash, hash) == 0)
			return l->items[i];
	}
	return NULL;
}

static void
keep_item(struct launch *l, struct item *it)
{
	if (l->count == l->room) {
		l->room = l->room == 0 ? 16 : l->room * 2;
		l->items = reallocarray(l->items, l->room, sizeof(*l->items));
		if (l->items == NULL)
			abort();
	}
	l->items[l->count++] = it;
}

/* What was found complete needs no help any more. */
static void
take_complete(struct launch *l, struct item *it)
{
	if (it->complete_at != 0)
		return;
	it->complete_at = launch_now();
	if (it->fetched)
		hooks_run(&l->hooks, l->wish.options->on_complete, "complete", it, "");
}

static void
tell(const struct launch *l, const struct item *it, const char *what, const char *text)
{
	char *line;

	if (!l->wish.lasts) {
		cli_error(l->wish.cli, "%s: %s%s", it->torrent, what, text);
		return;
	}
	if (asprintf(&line, "%s: %s%s", it->torrent, what, text) < 0)
		abort();
	l->wish.view->message(line);
	free(line);
}

static void
take_event(struct launch *l, const struct bt_event *e)
{
	struct item *it = find(l, e->torrent);

	if (it == NULL)
		return;
	l->wish.view->event(it, e);
	it->words_stale |= e->type == BT_EVENT_TRACKER || e->type == BT_EVENT_ERROR ||
	    e->type == BT_EVENT_STATE;
	it->fetched |= e->type == BT_EVENT_STATE && e->as.state.to == BT_TORRENT_DOWNLOADING;
	if (e->type == BT_EVENT_STATE && e->as.state.to == BT_TORRENT_WAITING)
		tell(l, it, "waits: ", e->text);
	if (e->type == BT_EVENT_NOTE)
		tell(l, it, "", e->text);
	if (e->type == BT_EVENT_COMPLETE)
		take_complete(l, it);
	if (e->type != BT_EVENT_ERROR)
		return;
	it->error = e->as.error.code;
	it->over = true;
	if (l->count == 1)
		cli_error(l->wish.cli, "%s", e->text);
	else
		cli_error(l->wish.cli, "%s: %s", it->torrent, e->text);
	hooks_run(&l->hooks, l->wish.options->on_error, "error", it, e->text);
}

static void
take_events(struct launch *l)
{
	struct bt_event *e;

	while ((e = bt_session_next_event(l->session)) != NULL) {
		take_event(l, e);
		bt_event_free(e);
	}
}

bool
launch_is_url(const char *text)
{
	return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

enum bt_code
launch_fetch(struct launch *l, const char *url, struct bt_metainfo **out, struct bt_error *err)
{
	return bt_session_fetch(l->session, url, out, err);
}

struct item *
launch_add(struct launch *l, const struct launch_add *what, struct bt_error *err)
{
	struct bt_add_params *p = bt_add_params_new();
	struct item *it = item_new(what->meta, what->torrent, what->path, l->wish.item_options,
	    what->own);
	enum bt_code code;

	if (p == NULL)
		abort();
	it->is_file = !launch_is_url(what->torrent);
	code = item_params(it, what->meta, l->wish.options->peer, l->wish.cli, p, err);
	if (code == BT_OK)
		code = bt_session_add(l->session, p, &it->id, err);
	bt_add_params_free(p);
	if (code != BT_OK) {
		item_free(it);
		return NULL;
	}
	it->by_name = what->by_name;
	it->added_at = it->peer_at = it->progress_at = launch_now();
	keep_item(l, it);
	l->wish.view->added(it);
	/* Else too many would wait, and be lost, while a thousand torrents are added. */
	take_events(l);
	return it;
}

void
launch_set_options(struct launch *l, struct item *it, struct item_options *own)
{
	item_options_free(it->own);
	it->own = own;
	it->options = own != NULL ? own : l->wish.item_options;
	item_obey(it, l->session, l->wish.cli);
}

void
launch_drop(struct launch *l, struct item *it)
{
	size_t i = 0;

	while (l->items[i] != it)
		i++;
	memmove(l->items + i, l->items + i + 1, (--l->count - i) * sizeof(*l->items));
	(void)bt_session_remove(l->session, it->id);
	l->wish.view->dropped(it);
	item_free(it);
}

/* -- what happens -- */

static void
begin_end(struct launch *l)
{
	if (l->ending)
		return;
	l->ending = true;
	l->end_by = launch_now() + GOODBYE_SECONDS;
	notify_tell("STOPPING=1");
	if (l->wish.lasts)
		l->wish.view->message("shutting down");
	for (size_t i = 0; i < l->count; i++)
		(void)bt_session_stop(l->session, l->items[i]->id);
}

static void
end_item(struct launch *l, struct item *it)
{
	it->over = true;
	(void)bt_session_stop(l->session, it->id);
}

static void
take_status(struct launch *l, const struct bt_torrent_status *t)
{
	struct item *it = find(l, t->torrent);

	if (it == NULL)
		return;
	it->state = t->state;
	it->error = t->error;
	it->done = t->done;
	it->uploaded = t->uploaded;
	it->all_uploaded = t->all_uploaded;
	rules_note(it, t, launch_now());
	/* Its event may have been lost among others. */
	if (t->state == BT_TORRENT_SEEDING)
		take_complete(l, it);
}

/* since: 0 for all of them. To be freed; NULL: no memory. */
static struct bt_snapshot *
look(struct launch *l, uint64_t since)
{
	struct bt_snapshot *snap;

	if (bt_session_snapshot(l->session, since, &snap, NULL) != BT_OK)
		return NULL;
	for (size_t i = 0; i < bt_snapshot_count(snap); i++)
		take_status(l, bt_snapshot_at(snap, i));
	l->seen = bt_snapshot_generation(snap);
	return snap;
}

/* -- what is asked of a torrent -- */

static void
give_up(struct launch *l, struct item *it, const char *why)
{
	char *text;

	it->given_up = true;
	if (asprintf(&text, "%s: given up: %s", it->torrent, why) < 0)
		abort();
	if (l->wish.lasts)
		l->wish.view->message(text);
	else
		cli_error(l->wish.cli, "%s", text);
	free(text);
	hooks_run(&l->hooks, l->wish.options->on_error, "error", it, why);
	end_item(l, it);
}

static void
obey_rules(struct launch *l)
{
	const struct rules rules = { &l->wish.options->limits, l->wish.lasts,
		l->wish.options->stop_when_done != 0 };
	double now = launch_now();
	size_t over = 0;

	l->next_rules = now + RULES_SECONDS;
	for (size_t i = 0; i < l->count; i++) {
		struct item *it = l->items[i];
		const char *why = it->over ? NULL : rules_give_up(&rules, it, now);

		if (why != NULL)
			give_up(l, it, why);
		else if (!it->over && rules_seeded(&rules, it, now))
			end_item(l, it);
		else if (!it->over)
			l->next_rules = sooner(l->next_rules, rules_seeds_until(&rules, it));
		over += it->over;
	}
	if (over == l->count && (!l->wish.lasts || (l->wish.options->stop_when_done && over > 0)))
		begin_end(l);
}

/* -- showing it -- */

/* The tracker that spoke last, or NULL. */
static const struct bt_tracker_info *
latest(const struct bt_list *trackers)
{
	const struct bt_tracker_info *last = NULL;

	for (size_t i = 0; i < bt_list_count(trackers); i++) {
		const struct bt_tracker_info *t = bt_list_at(trackers, i);

		if (t->last >= 0 && (last == NULL || t->last < last->last))
			last = t;
	}
	return last;
}

static void
set_text(char **to, char *text, bool *changed)
{
	*changed |= text != NULL && (*to == NULL || strcmp(*to, text) != 0);
	free(*to);
	*to = text;
}

static void
refresh_words(const struct launch *l, struct item *it)
{
	const struct bt_tracker_info *t;
	struct bt_list *trackers;
	char *text = NULL;
	struct bt_error err;
	bool changed = false;

	if (!it->words_stale)
		return;
	it->words_stale = false;
	if (bt_session_error(l->session, it->id, &err) == BT_OK)
		set_text(&it->error_text, err.code != BT_OK ? strdup(err.text) : NULL, &changed);
	if (bt_session_trackers(l->session, it->id, &trackers, NULL) != BT_OK)
		return;
	t = latest(trackers);
	if (t != NULL && t->text[0] != '\0' && asprintf(&text, "%s: %s", t->url, t->text) < 0)
		abort();
	set_text(&it->tracker_text, text, &changed);
	bt_list_free(trackers);
	if (changed)
		it->words_at = launch_now();
}

static void
show_all(struct launch *l, void (*show)(const struct item *it, const struct bt_torrent_status *t))
{
	struct bt_snapshot *snap = look(l, 0);

	/* Those that changed last come first; the list is shown in the order of coming. */
	for (size_t i = snap == NULL ? 0 : bt_snapshot_count(snap); i-- > 0;) {
		const struct bt_torrent_status *t = bt_snapshot_at(snap, i);
		struct item *it = find(l, t->torrent);

		if (it == NULL)
			continue;
		refresh_words(l, it);
		show(it, t);
	}
	bt_snapshot_free(snap);
}

static void
display(struct launch *l)
{
	l->next_display = launch_now() + l->wish.options->display_interval;
	l->wish.view->round(l->count);
	show_all(l, l->wish.view->status);
}

/* -- the course of it -- */

static void
block_signals(sigset_t *before)
{
	sigset_t ours;

	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGINT);
	(void)sigaddset(&ours, SIGTERM);
	(void)sigaddset(&ours, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &ours, before);
}

/* Signals are taken only while waiting, so that none slips between a look and a wait. One that is
 * started by nohup is not to end with its terminal. */
static void
catch_signals(struct launch *l, bool hang_up)
{
	struct sigaction sa = { .sa_handler = on_end }, was;
	struct sigaction hup = { .sa_handler = hang_up ? on_hang_up : on_end };

	block_signals(&l->unblocked);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGHUP, NULL, &was);
	l->hang_up_ends = !hang_up && was.sa_handler != SIG_IGN;
	if (hang_up || l->hang_up_ends)
		(void)sigaction(SIGHUP, &hup, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* All is said: what is left may wait for a disk, which nobody has to bear who asks again. */
static void
let_end_at_once(const struct launch *l)
{
	struct sigaction sa = { .sa_handler = on_end_again };

	(void)fflush(stdout);
	last_status = (sig_atomic_t)l->worst;
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	if (l->hang_up_ends)
		(void)sigaction(SIGHUP, &sa, NULL);
	(void)sigprocmask(SIG_SETMASK, &l->unblocked, NULL);
}

/* Waits for an event, a signal, or until then. */
static void
wait_until(const struct launch *l, const struct launch_guest *guest, double until)
{
	struct pollfd pfd[] = {
		{ .fd = bt_session_fd(l->session), .events = POLLIN },
		{ .fd = guest == NULL ? -1 : guest->fd, .events = POLLIN },
	};
	double pause = until - launch_now();
	struct timespec ts = { 0 };

	if (pause > 0) {
		ts.tv_sec = (time_t)pause;
		ts.tv_nsec = (long)((pause - (double)ts.tv_sec) * 1e9);
	}
	(void)ppoll(pfd, 2, &ts, &l->unblocked);
	/* Where there is always something to read, ppoll never lets a signal in. */
	(void)sigprocmask(SIG_SETMASK, &l->unblocked, NULL);
	block_signals(NULL);
}

static bool
is_over(const struct launch *l)
{
	if (!l->ending)
		return false;
	if (asked_to_end > 1 || launch_now() > l->end_by)
		return true;
	for (size_t i = 0; i < l->count; i++) {
		if (l->items[i]->state != BT_TORRENT_STOPPED)
			return false;
	}
	return true;
}

bool
launch_is_asked(void)
{
	sigset_t pending;

	return asked_to_end > 0 || (sigpending(&pending) == 0 &&
	    (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1));
}

static double
turn_of(struct launch *l, const struct launch_guest *guest)
{
	double next;

	if (hung_up && guest->hang_up != NULL) {
		notify_reloading();
		guest->hang_up(guest->arg);
		l->told_ready = false;
	}
	hung_up = 0;
	next = guest->turn(guest->arg);
	if (!l->told_ready)
		notify_tell("READY=1");
	l->told_ready = true;
	return next;
}

/* A program that hangs says nothing, and is started again. */
static void
tell_watchdog(struct launch *l)
{
	double interval = notify_watchdog_interval();

	if (interval == 0 || launch_now() < l->next_watchdog)
		return;
	notify_tell("WATCHDOG=1");
	l->next_watchdog = launch_now() + interval;
}

void
launch_run(struct launch *l, const struct launch_guest *guest)
{
	catch_signals(l, guest != NULL && guest->hang_up != NULL);
	l->hooks.signals = &l->unblocked;
	bt_session_want_events(l->session, ~BT_WANT_PIECES);
	for (;;) {
		double until = l->ending ? launch_now() + 0.05 :
		    sooner(l->next_display, l->next_rules);

		if (!l->ending && guest != NULL)
			until = sooner(until, turn_of(l, guest));
		if (notify_watchdog_interval() > 0)
			until = sooner(until, l->next_watchdog);
		wait_until(l, l->ending ? NULL : guest, until);
		take_events(l);
		bt_snapshot_free(look(l, l->seen));
		hooks_reap(&l->hooks);
		tell_watchdog(l);
		if (asked_to_end > 0)
			begin_end(l);
		if (is_over(l))
			break;
		if (!l->ending && launch_now() >= l->next_display)
			display(l);
		if (!l->ending && launch_now() >= l->next_rules)
			obey_rules(l);
	}
	show_all(l, l->wish.view->end);
}

/* -- life -- */

void
launch_save_options(const struct cli *cli, const struct launch_options *o)
{
	/* What is about one torrent or one run. */
	static const char *const leave_out[] = { "metafile", "url", "priority", "responsefile",
		"include", "exclude", "saveas", "peer", "preset", "save_options", "json", NULL };

	if (o->save_options)
		(void)cli_config_save(cli, leave_out);
}

/* To be freed; NULL: nobody says where. */
static char *
default_state(void)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int n = 0;

	if (xdg != NULL && *xdg == '/')
		n = asprintf(&path, "%s/btcore", xdg);
	else if (home != NULL && *home == '/')
		n = asprintf(&path, "%s/.local/state/btcore", home);
	if (n < 0)
		abort();
	return path;
}

/* The state that the user named must be had. That which is taken if he names none is one program's
 * at a time: the others remember nothing. */
static enum bt_code
begin_session(struct launch *l, struct bt_error *err)
{
	bt_log_fn log = l->wish.options->verbose ? print_log : NULL;
	struct bt_settings *settings = bt_settings_copy(l->wish.settings);
	char *state = cli_given(l->wish.cli, "state") ? NULL : default_state();
	enum bt_code code = BT_ENOMEM;

	if (settings == NULL)
		abort();
	if (state != NULL && bt_settings_set(settings, "state", state, err) == BT_OK)
		code = bt_session_new(settings, log, NULL, &l->session, err);
	if (code != BT_OK && state != NULL && log != NULL)
		print_log(NULL, BT_LOG_WARN, "state", err->text);
	if (code != BT_OK)
		code = bt_session_new(l->wish.settings, log, NULL, &l->session, err);
	bt_settings_free(settings);
	free(state);
	return code;
}

struct launch *
launch_new(const struct launch_wish *wish)
{
	struct launch *l = calloc(1, sizeof(*l));
	struct bt_error err;

	if (l == NULL)
		abort();
	l->wish = *wish;
	notify_init();
	hooks_init(&l->hooks, wish->cli);
	/* The session's thread writes there too: whole lines. */
	(void)setvbuf(stderr, NULL, _IOLBF, 0);
	if (begin_session(l, &err) == BT_OK)
		return l;
	cli_error(wish->cli, "%s", err.text);
	free(l);
	return NULL;
}

enum launch_end
launch_free(struct launch *l)
{
	enum launch_end end;

	for (size_t i = 0; i < l->count; i++) {
		struct item *it = l->items[i];

		/* It has done as asked: nothing hidden stays behind. */
		if (it->over && it->complete_at != 0 && it->error == BT_OK)
			(void)bt_session_remove_parts(l->session, it->id);
		launch_note(l, end_of(it));
		item_free(it);
	}
	end = l->worst;
	let_end_at_once(l);
	hooks_fini(&l->hooks);
	bt_session_free(l->session);
	free(l->items);
	free(l);
	return end;
}

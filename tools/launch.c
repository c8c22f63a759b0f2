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

#include "tools/choose.h"
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
		return it->complete_at != 0 ? LAUNCH_COMPLETE : LAUNCH_FAILED;
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

static void
free_item(struct item *it)
{
	item_options_free(it->own);
	free(it->torrent);
	free((void *)(uintptr_t)it->name.ptr);
	free(it->path);
	free(it->error_text);
	free(it->tracker_text);
	free(it);
}

static void
write_hash(const struct bt_metainfo *m, char out[65])
{
	const uint8_t *hash = bt_metainfo_info_hash(m);
	unsigned size = hash != NULL ? 20 : 32;

	if (hash == NULL)
		hash = bt_metainfo_info_hash_v2(m);
	for (unsigned i = 0; i < size; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

static struct bt_slice
copy_name(const struct bt_metainfo *m)
{
	struct bt_slice name = bt_metainfo_name(m);
	uint8_t *copy = malloc(name.len + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, name.ptr, name.len);
	return (struct bt_slice){ copy, name.len };
}

static struct item *
make_item(const struct launch *l, const struct launch_add *what)
{
	struct item *it = calloc(1, sizeof(*it));

	if (it == NULL)
		abort();
	it->torrent = strdup(what->torrent);
	it->path = strdup(what->path);
	it->name = copy_name(what->meta);
	if (it->torrent == NULL || it->path == NULL)
		abort();
	it->by_name = what->by_name;
	write_hash(what->meta, it->hash);
	it->size = bt_metainfo_total_size(what->meta);
	it->own = what->own;
	it->options = it->own != NULL ? it->own : l->wish.item_options;
	it->state = BT_TORRENT_STOPPED;
	return it;
}

const struct item *
launch_find(const struct launch *l, const struct bt_metainfo *meta)
{
	char hash[65];

	write_hash(meta, hash);
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->items[i]->hash, hash) == 0)
			return l->items[i];
	}
	return NULL;
}

/* "ADDRESS:PORT,[ADDRESS]:PORT" */
static enum bt_code
add_peers(struct bt_add_params *p, const char *list, struct bt_error *err)
{
	enum bt_code code = BT_OK;

	while (code == BT_OK && *list != '\0') {
		size_t len = strcspn(list, ",");
		char one[80], *ip = one, *port;
		unsigned long number;

		(void)snprintf(one, sizeof(one), "%.*s", len < sizeof(one) ? (int)len : 0, list);
		list += len + (list[len] == ',');
		port = strrchr(one, ':');
		if (port != NULL)
			*port++ = '\0';
		if (one[0] == '[' && port != NULL && port - one >= 3 && port[-2] == ']') {
			port[-2] = '\0';
			ip++;
		}
		number = port == NULL ? 0 : strtoul(port, &port, 10);
		if (number == 0 || number > 65535 || *port != '\0') {
			err->code = BT_EARG;
			(void)snprintf(err->text, sizeof(err->text),
			    "--peer: '%.80s' is not ADDRESS:PORT", one);
			return BT_EARG;
		}
		code = bt_add_params_add_peer(p, ip, (uint16_t)number, err);
	}
	return code;
}

/* What does not fit is told and passed over, as the original had it. */
static int *
choice_of(const struct launch *l, const struct item *it, const struct bt_metainfo *m)
{
	const char *wrong;
	int *priorities = choose_files(it->options, m, &wrong);

	if (wrong != NULL)
		cli_error(l->wish.cli, "%s: --priority is passed over: %s", it->torrent, wrong);
	return priorities;
}

static enum bt_code
fill_params(const struct launch *l, const struct item *it, const struct launch_add *what,
    struct bt_add_params *p, struct bt_error *err)
{
	const struct item_options *o = it->options;
	int *priorities = choice_of(l, it, what->meta);
	enum bt_code code = add_peers(p, l->wish.options->peer, err);

	bt_add_params_set_metainfo(p, what->meta);
	if (code == BT_OK)
		code = bt_add_params_set(p, "save_as", it->path, err);
	if (code == BT_OK)
		code = bt_add_params_set(p, "torrent_file", it->torrent, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "upload_rate", o->torrent_upload_rate * 1024, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "download_rate", o->torrent_download_rate * 1024,
		    err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "paused", o->paused, err);
	if (code == BT_OK)
		code = bt_add_params_set(p, "check", o->check, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "check_hashes", o->check_hashes, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "sequential", o->sequential, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "first_last", o->first_last, err);
	if (code == BT_OK && priorities != NULL)
		code = bt_add_params_set_priorities(p, priorities,
		    bt_metainfo_file_count(what->meta), err);
	free(priorities);
	return code;
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

struct item *
launch_add(struct launch *l, const struct launch_add *what, struct bt_error *err)
{
	struct bt_add_params *p = bt_add_params_new();
	struct item *it = make_item(l, what);
	enum bt_code code;

	if (p == NULL)
		abort();
	code = fill_params(l, it, what, p, err);
	if (code == BT_OK)
		code = bt_session_add(l->session, p, &it->id, err);
	bt_add_params_free(p);
	if (code != BT_OK) {
		free_item(it);
		return NULL;
	}
	keep_item(l, it);
	l->wish.view->added(it);
	return it;
}

static void
choose_again(struct launch *l, struct item *it)
{
	struct bt_metainfo *m = bt_session_metainfo(l->session, it->id);
	uint32_t count = m == NULL ? 0 : bt_metainfo_file_count(m);
	int *priorities = m == NULL ? NULL : choice_of(l, it, m);

	if (priorities == NULL && count > 0) {
		priorities = calloc(count, sizeof(*priorities));
		for (uint32_t i = 0; priorities != NULL && i < count; i++)
			priorities[i] = BT_PRIORITY_NORMAL;
	}
	if (priorities != NULL)
		(void)bt_session_set_priorities(l->session, it->id, priorities, count, NULL);
	free(priorities);
	bt_metainfo_free(m);
}

void
launch_set_options(struct launch *l, struct item *it, struct item_options *own)
{
	const struct item_options *o;

	item_options_free(it->own);
	it->own = own;
	it->options = o = own != NULL ? own : l->wish.item_options;
	(void)bt_session_set_limit(l->session, it->id, "upload_rate",
	    o->torrent_upload_rate * 1024, NULL);
	(void)bt_session_set_limit(l->session, it->id, "download_rate",
	    o->torrent_download_rate * 1024, NULL);
	(void)bt_session_set_limit(l->session, it->id, "sequential", o->sequential, NULL);
	(void)bt_session_set_limit(l->session, it->id, "first_last", o->first_last, NULL);
	(void)bt_session_pause(l->session, it->id, o->paused != 0);
	choose_again(l, it);
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
	free_item(it);
}

/* -- what happens -- */

static void
begin_end(struct launch *l)
{
	if (l->ending)
		return;
	l->ending = true;
	l->end_by = launch_now() + GOODBYE_SECONDS;
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
take_event(struct launch *l, const struct bt_event *e)
{
	struct item *it = find(l, e->torrent);

	if (it == NULL)
		return;
	l->wish.view->event(it, e);
	it->words_stale |= e->type == BT_EVENT_TRACKER || e->type == BT_EVENT_ERROR ||
	    e->type == BT_EVENT_STATE;
	if (e->type == BT_EVENT_COMPLETE && it->complete_at == 0)
		it->complete_at = launch_now();
	if (e->type != BT_EVENT_ERROR)
		return;
	it->error = e->as.error.code;
	it->over = true;
	if (l->count == 1)
		cli_error(l->wish.cli, "%s", e->text);
	else
		cli_error(l->wish.cli, "%s: %s", it->torrent, e->text);
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
	/* A snapshot is as old as the last change: from here on the time goes on by itself. */
	if (t->state == BT_TORRENT_SEEDING)
		it->seeding_since = launch_now() - (double)t->seeding_time;
	else
		it->seeding_since = 0;
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

/* Since when it seeds: in all runs if the program is one that goes on for ever. */
static double
seeding_since(const struct launch *l, const struct item *it)
{
	return l->wish.lasts ? it->seeding_since : it->complete_at;
}

static bool
seeded_enough(const struct launch *l, const struct item *it, double now)
{
	const struct item_options *o = it->options;
	double since = seeding_since(l, it);

	if (it->complete_at == 0)
		return false;
	if (o->seed_time == 0 || (o->seed_time > 0 && since != 0 && now - since >= o->seed_time))
		return true;
	if (o->seed_ratio > 0)
		return (double)(l->wish.lasts ? it->all_uploaded : it->uploaded) >=
		    o->seed_ratio * (double)it->size;
	return l->wish.options->stop_when_done && o->seed_time < 0;
}

/* The time at which the next torrent has seeded for long enough, at the latest. */
static void
obey_rules(struct launch *l)
{
	double now = launch_now();
	size_t over = 0;

	l->next_rules = now + RULES_SECONDS;
	for (size_t i = 0; i < l->count; i++) {
		struct item *it = l->items[i];
		double seed_time = it->options->seed_time;

		if (!it->over && seeded_enough(l, it, now))
			end_item(l, it);
		else if (!it->over && seed_time >= 0 && seeding_since(l, it) != 0 &&
		    seeding_since(l, it) + seed_time < l->next_rules)
			l->next_rules = seeding_since(l, it) + seed_time;
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

static double
sooner(double a, double b)
{
	return a < b ? a : b;
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

static double
turn_of(const struct launch_guest *guest)
{
	if (hung_up && guest->hang_up != NULL)
		guest->hang_up(guest->arg);
	hung_up = 0;
	return guest->turn(guest->arg);
}

void
launch_run(struct launch *l, const struct launch_guest *guest)
{
	catch_signals(l, guest != NULL && guest->hang_up != NULL);
	bt_session_want_events(l->session, ~BT_WANT_PIECES);
	for (;;) {
		double until = l->ending ? launch_now() + 0.05 :
		    sooner(l->next_display, l->next_rules);

		if (!l->ending && guest != NULL)
			until = sooner(until, turn_of(guest));
		wait_until(l, l->ending ? NULL : guest, until);
		take_events(l);
		bt_snapshot_free(look(l, l->seen));
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
		if (it->over && it->error == BT_OK)
			(void)bt_session_remove_parts(l->session, it->id);
		launch_note(l, end_of(it));
		free_item(it);
	}
	end = l->worst;
	let_end_at_once(l);
	bt_session_free(l->session);
	free(l->items);
	free(l);
	return end;
}

/* SPDX-License-Identifier: ISC */
#include "tools/download.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/text.h"

/* Goodbye to the trackers takes 3 s at most; a little more, and we go without. */
#define GOODBYE_SECONDS 5

static const struct bt_option rows[] = {
	{ "saveas", BT_OPT_TEXT, offsetof(struct download_options, saveas), "", 0, 0, "PATH", NULL,
	  "Save as this file or directory; empty: the torrent's name in the current directory." },
	{ "display_interval", BT_OPT_FLOAT, offsetof(struct download_options, display_interval),
	  "0.5", 0.05, 86400, "SECONDS", NULL, "How often to show the state." },
	{ "seed_time", BT_OPT_FLOAT, offsetof(struct download_options, seed_time), "-1", -1, 1e9,
	  "SECONDS", NULL,
	  "End this long after the download is complete; 0: at once; -1: go on seeding." },
	{ "seed_ratio", BT_OPT_FLOAT, offsetof(struct download_options, seed_ratio), "0", 0, 1e6,
	  "RATIO", NULL,
	  "End when complete, and this many times the size was uploaded; 0: go on seeding." },
	{ "verbose", BT_OPT_FLAG, offsetof(struct download_options, verbose), "0", 0, 0, "0|1",
	  NULL, "Report on stderr what happens inside." },
	{ "json", BT_OPT_FLAG, offsetof(struct download_options, json), "0", 0, 0, "0|1", NULL,
	  "Print one JSON object a line." },
};

const struct bt_option_table download_table = { rows, sizeof(rows) / sizeof(rows[0]) };

struct run {
	const struct cli *cli;
	const struct download_options *o;
	const struct view *view;
	struct view_subject subject;
	struct bt_session *session;
	uint32_t torrent;
	struct bt_torrent_status status;
	bool ending;		/* asked to end: waits for the goodbye */
	double complete_at;	/* seconds; 0: not yet */
	double end_by;
	double next_display;
};

static volatile sig_atomic_t signalled;

static void
on_signal(int sig)
{
	(void)sig;
	signalled++;
}

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* -- where the content goes -- */

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = true;

	while (d != NULL && empty && (e = readdir(d)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (d != NULL)
		(void)closedir(d);
	return empty;
}

static char *
join(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* Does the folder hold anything that the torrent has at its top? */
static bool
holds_top_entry(const char *folder, const struct bt_metainfo *m)
{
	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		char rel[PATH_MAX];
		struct stat st;
		char *path;
		bool there;

		(void)bt_metainfo_file_safe_path(m, i, rel, sizeof(rel));
		rel[strcspn(rel, "/")] = '\0';
		path = join(folder, rel);
		there = path != NULL && lstat(path, &st) == 0;
		free(path);
		if (there)
			return true;
	}
	return false;
}

/* To be freed. The file itself, not a link to it, so that the library need not follow one. */
static char *
absolute(const char *path)
{
	char *real = realpath(path, NULL), *cwd = NULL;

	if (real == NULL && path[0] != '/') {
		cwd = getcwd(NULL, 0);
		real = cwd == NULL ? NULL : join(cwd, path);
		free(cwd);
	}
	return real != NULL ? real : strdup(path);
}

/* To be freed; NULL with errno: the torrent's name leads somewhere else. A link that the user names
 * is the user's wish, one that happens to have the torrent's name is not. */
static char *
torrents_place(const char *folder, const char *name)
{
	char *where = absolute(folder), *path = where == NULL ? NULL : join(where, name);
	struct stat st;

	free(where);
	if (path != NULL && lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		free(path);
		errno = ELOOP;
		return NULL;
	}
	return path;
}

/* BitTornado's rule: a folder full of other things gets a folder of the torrent's name. */
static char *
choose_path(const struct bt_metainfo *m, const char *saveas)
{
	const char *name = bt_metainfo_safe_name(m);
	bool inside = saveas[0] != '\0' && is_folder(saveas);

	if (inside && !bt_metainfo_is_single_file(m))
		inside = !is_empty(saveas) && !holds_top_entry(saveas, m);
	if (inside || saveas[0] == '\0')
		return torrents_place(inside ? saveas : ".", name);
	return absolute(saveas);
}

/* -- the course of it -- */

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

static void
begin_end(struct run *r)
{
	if (r->ending)
		return;
	r->ending = true;
	r->end_by = now() + GOODBYE_SECONDS;
	(void)bt_session_stop(r->session, r->torrent);
}

static void
handle(struct run *r, const struct bt_event *e)
{
	r->view->event(&r->subject, e);
	if (e->type == BT_EVENT_COMPLETE && r->complete_at == 0)
		r->complete_at = now();
	if (e->type == BT_EVENT_ERROR) {
		cli_error(r->cli, "%s", e->text);
		begin_end(r);
	}
}

static bool
seeded_enough(const struct run *r)
{
	const struct bt_torrent_status *t = &r->status;

	if (r->complete_at == 0)
		return false;
	if (r->o->seed_time >= 0 && now() - r->complete_at >= r->o->seed_time)
		return true;
	return r->o->seed_ratio > 0 &&
	    (double)t->uploaded >= r->o->seed_ratio * (double)r->subject.size;
}

static bool
is_over(const struct run *r)
{
	return r->ending && (r->status.state == BT_TORRENT_STOPPED || signalled > 1 ||
	    now() > r->end_by);
}

/* Waits for an event, a signal, or the time of the next display. */
static void
wait_a_while(const struct run *r, const sigset_t *unblocked)
{
	struct pollfd pfd = { .fd = bt_session_fd(r->session), .events = POLLIN };
	double pause = r->ending ? 0.05 : r->next_display - now();
	struct timespec ts = { 0 };

	if (r->complete_at != 0 && r->o->seed_time >= 0 && pause > 0) {
		double left = r->complete_at + r->o->seed_time - now();

		pause = left < pause ? left : pause;
	}
	if (pause > 0) {
		ts.tv_sec = (time_t)pause;
		ts.tv_nsec = (long)((pause - (double)ts.tv_sec) * 1e9);
	}
	(void)ppoll(&pfd, 1, &ts, unblocked);
}

/* -- what is said of it -- */

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

static struct view_words
words_of(const struct run *r)
{
	struct view_words w = { "", "" };
	const struct bt_tracker_info *t;
	struct bt_list *trackers;
	struct bt_error err;

	if (bt_session_error(r->session, r->torrent, &err) == BT_OK && err.code != BT_OK)
		(void)snprintf(w.error, sizeof(w.error), "%s", err.text);
	if (bt_session_trackers(r->session, r->torrent, &trackers, NULL) != BT_OK)
		return w;
	t = latest(trackers);
	if (t != NULL && t->text[0] != '\0')
		(void)snprintf(w.tracker, sizeof(w.tracker), "%s: %s", t->url, t->text);
	bt_list_free(trackers);
	return w;
}

static void
turn(struct run *r, const sigset_t *unblocked)
{
	struct bt_event *e;

	wait_a_while(r, unblocked);
	while ((e = bt_session_next_event(r->session)) != NULL) {
		handle(r, e);
		bt_event_free(e);
	}
	(void)bt_session_status(r->session, r->torrent, &r->status, sizeof(r->status));
	if (!r->ending && now() >= r->next_display) {
		const struct view_words words = words_of(r);

		r->view->status(&r->subject, &r->status, &words);
		r->next_display = now() + r->o->display_interval;
	}
	if (signalled > 0 || seeded_enough(r))
		begin_end(r);
}

/* Signals are taken only while waiting, so that none slips between a look and a wait. */
static void
catch_signals(sigset_t *unblocked)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t ours;

	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGINT);
	(void)sigaddset(&ours, SIGTERM);
	(void)sigaddset(&ours, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &ours, unblocked);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static bool
run(struct run *r)
{
	struct view_words words;
	sigset_t unblocked;

	catch_signals(&unblocked);
	bt_session_want_events(r->session, ~BT_WANT_PIECES);
	while (!is_over(r))
		turn(r, &unblocked);
	words = words_of(r);
	r->view->end(&r->subject, &r->status, &words);
	return r->complete_at != 0 && r->status.error == BT_OK;
}

/* Where it goes was chosen already. */
static enum bt_code
add(struct run *r, const struct bt_metainfo *meta, struct bt_error *err)
{
	struct bt_add_params *p = bt_add_params_new();
	enum bt_code code;

	if (p == NULL)
		abort();
	bt_add_params_set_metainfo(p, meta);
	code = bt_add_params_set(p, "save_as", r->subject.path, err);
	if (code == BT_OK)
		code = bt_session_add(r->session, p, &r->torrent, err);
	bt_add_params_free(p);
	return code;
}

bool
download(const struct cli *cli, const char *metafile, const struct bt_settings *settings,
    const struct download_options *o, const struct view *view)
{
	struct run r = { .cli = cli, .o = o, .view = view };
	struct bt_metainfo *meta;
	struct bt_error err;
	bool complete = false;
	char *path;

	/* The session's thread writes there too: whole lines. */
	(void)setvbuf(stderr, NULL, _IOLBF, 0);
	if (bt_metainfo_open(metafile, &meta, &err) != BT_OK) {
		cli_error(cli, "%s", err.text);
		return false;
	}
	if (bt_metainfo_tolerated(meta) != NULL)
		cli_error(cli, "%s: not as it should be, but let pass: %s", metafile,
		    bt_metainfo_tolerated(meta));
	path = choose_path(meta, o->saveas);
	if (path == NULL) {
		cli_error(cli, "%s: %s", bt_metainfo_safe_name(meta), errno != ELOOP ?
		    strerror(errno) : "a symbolic link; to follow it, name it with --saveas");
		bt_metainfo_free(meta);
		return false;
	}
	r.subject = (struct view_subject){ bt_metainfo_name(meta), bt_metainfo_total_size(meta),
		path };
	if (bt_session_new(settings, o->verbose ? print_log : NULL, NULL, &r.session,
	    &err) == BT_OK && add(&r, meta, &err) == BT_OK)
		complete = run(&r);
	else
		cli_error(cli, "%s", err.text);
	bt_session_free(r.session);
	bt_metainfo_free(meta);
	free(path);
	return complete;
}

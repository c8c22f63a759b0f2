/* SPDX-License-Identifier: ISC */
/* btlaunchmany: downloads and seeds the torrents of a directory, which is the list of them. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <btcore/folder.h>

#include "tools/cli_preset.h"
#include "tools/descriptors.h"
#include "tools/launch.h"
#include "tools/old_options.h"
#include "tools/saveas.h"

#define SUFFIX ".torrent"
#define OPTIONS_SUFFIX ".opts"

/* A look may take this part of the time, however much happens in the directory; and there is this
 * much time between two of them at least, in seconds. */
#define LOOK_SHARE 0.05
#define LOOK_PAUSE 0.1

/* A torrent that cannot be read is perhaps still being written for this long, in seconds; then it
 * is said. */
#define WRITING_SECONDS 2

struct own_options {
	double parse_dir_interval;
	int64_t saveas_style;
	int64_t display_path;
};

static const struct bt_option rows[] = {
	{ "parse_dir_interval", BT_OPT_FLOAT, offsetof(struct own_options, parse_dir_interval),
	  "60", 0.1, 86400, "SECONDS", NULL,
	  "How often to look at the directory, even if the system tells of no change." },
	{ "saveas_style", BT_OPT_INT, offsetof(struct own_options, saveas_style), "1", 1, 3,
	  "1|2|3", NULL,
	  "Save a torrent under the name of its file without '.torrent' (1), under the name inside "
	  "(2), or under that in a directory named after the file (3)." },
	{ "display_path", BT_OPT_FLAG, offsetof(struct own_options, display_path), "1", 0, 0,
	  "0|1", NULL, "Show the path of the torrent's file; 0: its name." },
};

static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

static const struct bt_option display[] = { LAUNCH_DISPLAY_ROW("60") };
static const struct bt_option_table display_table = { display, 1 };

/* A file of the directory. */
struct listed {
	char *path;
	struct item *item;		/* NULL: it is not added */
	bool told;			/* why not */
	struct timespec opts_time;	/* of its .opts file; 0: there is none */
};

struct lister {
	const struct cli *cli;
	const struct own_options *own;
	const struct item_options *all;	/* the options of torrents without others */
	const struct view *view;
	struct launch *launch;
	struct bt_folder *folder;
	struct launch_guest guest;
	struct listed **list;		/* in no order */
	size_t count, room;
	double next_look, not_before;
	bool told;			/* that the directory cannot be read */
};

static void __attribute__((format(printf, 2, 3)))
say(const struct lister *l, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	l->view->message(text);
	free(text);
}

/* Once for each file. */
static void __attribute__((format(printf, 3, 4)))
warn(const struct lister *l, struct listed *f, const char *fmt, ...)
{
	char *text;
	va_list ap;

	if (f->told)
		return;
	f->told = true;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	say(l, "**warning** %s", text);
	free(text);
}

/* -- options of one torrent -- */

static char *
with_suffix(const char *path)
{
	char *opts;

	if (asprintf(&opts, "%s" OPTIONS_SUFFIX, path) < 0)
		abort();
	return opts;
}

/* Has it changed since the last time? */
static bool
options_changed(struct listed *f)
{
	char *path = with_suffix(f->path);
	struct stat st = { 0 };
	bool changed;

	if (stat(path, &st) != 0)
		st.st_mtim = (struct timespec){ 0 };
	free(path);
	changed = st.st_mtim.tv_sec != f->opts_time.tv_sec ||
	    st.st_mtim.tv_nsec != f->opts_time.tv_nsec;
	f->opts_time = st.st_mtim;
	return changed;
}

/* NULL: there are none, or they are wrong, which is told. */
static struct item_options *
read_options(const struct lister *l, const struct listed *f)
{
	char *path = with_suffix(f->path);
	struct bt_error err;
	struct item_options *o = item_options_read(path, l->all, &err);

	if (o == NULL && err.code != BT_OK)
		say(l, "**warning** %s", err.text);
	free(path);
	return o;
}

/* -- where it goes -- */

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path));

	if (folder == NULL)
		abort();
	return folder;
}

/* The name in the .opts file is the file or folder itself, and begins beside that file. */
static char *
own_place(const struct bt_metainfo *m, const char *folder, const char *saveas)
{
	char *path, *place;

	if (saveas[0] == '/')
		return saveas_one(m, saveas);
	if (asprintf(&path, "%s/%s", folder, saveas) < 0)
		abort();
	place = saveas_one(m, path);
	free(path);
	return place;
}

static char *
place_of(const struct lister *l, const struct listed *f, const struct bt_metainfo *m,
    const struct item_options *own)
{
	char *folder = folder_of(f->path), *place;
	const char *name = strrchr(f->path, '/');
	char *stem = strdup(name == NULL ? f->path : name + 1);

	if (stem == NULL)
		abort();
	stem[strlen(stem) - strlen(SUFFIX)] = '\0';
	if (own != NULL && strcmp(own->saveas, l->all->saveas) != 0)
		place = own_place(m, folder, own->saveas);
	else
		place = saveas_styled(m, l->all->saveas[0] != '\0' ? l->all->saveas : folder, stem,
		    (int)l->own->saveas_style);
	free(folder);
	free(stem);
	return place;
}

/* -- a file of the list -- */

static bool
is_young(const char *path)
{
	struct timespec now;
	struct stat st;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return stat(path, &st) == 0 && now.tv_sec - st.st_mtim.tv_sec <= WRITING_SECONDS &&
	    now.tv_sec >= st.st_mtim.tv_sec;
}

static void
complain(const struct lister *l, struct listed *f, const struct bt_metainfo *m,
    const struct bt_error *err)
{
	const struct item *other = err->code == BT_EEXIST ? launch_find(l->launch, m) : NULL;

	if (other != NULL)
		warn(l, f, "%s is a duplicate torrent for %s", f->path, other->torrent);
	else
		warn(l, f, "%s: %s", f->path, err->text);
}

static void
start(struct lister *l, struct listed *f)
{
	struct item_options *own;
	struct bt_metainfo *m;
	struct bt_error err;
	char *path;

	if (bt_metainfo_open(f->path, &m, &err) != BT_OK) {
		if (!is_young(f->path))
			warn(l, f, "%s has errors: %s", f->path, err.text);
		return;
	}
	(void)options_changed(f);
	own = read_options(l, f);
	path = place_of(l, f, m, own);
	if (path == NULL) {
		warn(l, f, "%s: %s", f->path,
		    errno == ELOOP ? "its place is a symbolic link" : strerror(errno));
		item_options_free(own);
	} else {
		f->item = launch_add(l->launch, &(struct launch_add){ .meta = m,
		    .torrent = f->path, .path = path, .own = own,
		    .by_name = !l->own->display_path }, &err);
		if (f->item == NULL)
			complain(l, f, m, &err);
	}
	bt_metainfo_free(m);
	free(path);
}

static void
stop(struct lister *l, struct listed *f)
{
	if (f->item != NULL)
		launch_drop(l->launch, f->item);
	f->item = NULL;
	f->told = false;
}

static struct listed *
enter(struct lister *l, const char *path)
{
	struct listed *f = calloc(1, sizeof(*f));

	if (l->count == l->room) {
		l->room = l->room == 0 ? 16 : l->room * 2;
		l->list = reallocarray(l->list, l->room, sizeof(struct listed *));
	}
	if (f == NULL || l->list == NULL)
		abort();
	f->path = strdup(path);
	if (f->path == NULL)
		abort();
	l->list[l->count++] = f;
	return f;
}

static void
leave(struct lister *l, struct listed *f)
{
	size_t i = 0;

	while (l->list[i] != f)
		i++;
	l->list[i] = l->list[--l->count];
	stop(l, f);
	free(f->path);
	free(f);
}

static void
on_change(void *arg, enum bt_folder_change change, const char *path, void **mark)
{
	struct lister *l = arg;
	struct listed *f = *mark;

	switch (change) {
	case BT_FOLDER_ADDED:
		*mark = enter(l, path);
		break;
	case BT_FOLDER_CHANGED:
		stop(l, f);
		break;
	case BT_FOLDER_REMOVED:
		leave(l, f);
		break;
	}
}

/* -- looking -- */

/* What is gone makes room for what is a duplicate no more, so that all of it is known first. */
static void
bring_up_to_date(struct lister *l, bool *waiting)
{
	*waiting = false;
	for (size_t i = 0; i < l->count && !launch_is_asked(); i++) {
		struct listed *f = l->list[i];

		if (f->item == NULL)
			start(l, f);
		else if (options_changed(f))
			launch_set_options(l->launch, f->item, read_options(l, f));
		*waiting |= f->item == NULL && !f->told;
	}
}

static void
look(struct lister *l)
{
	double begun = launch_now(), took;
	struct bt_error err;
	bool waiting = false;

	if (bt_folder_look(l->folder, on_change, l, &err) == BT_OK) {
		l->told = false;
		bring_up_to_date(l, &waiting);
	} else if (!l->told) {
		l->told = true;
		say(l, "**warning** %s", err.text);
	}
	took = launch_now() - begun;
	l->not_before = launch_now() + (took / LOOK_SHARE > LOOK_PAUSE ? took / LOOK_SHARE :
	    LOOK_PAUSE);
	l->next_look = launch_now() + l->own->parse_dir_interval;
	if (waiting)
		l->next_look = l->not_before;
}

static bool
is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, 0) == 1;
}

static double
turn(void *arg)
{
	struct lister *l = arg;

	if (l->next_look > l->not_before && is_readable(bt_folder_fd(l->folder)))
		l->next_look = l->not_before;
	if (launch_now() >= l->next_look)
		look(l);
	/* When it is known that a look is due there is no need to be woken for more. */
	l->guest.fd = l->next_look > l->not_before ? bt_folder_fd(l->folder) : -1;
	return l->next_look;
}

static void
hang_up(void *arg)
{
	struct lister *l = arg;

	l->next_look = 0;
}

static int
run(struct lister *l, const struct launch_wish *wish, const char *path)
{
	enum launch_end end;

	l->folder = bt_folder_new(path);
	if (l->folder == NULL)
		abort();
	l->guest = (struct launch_guest){ .fd = bt_folder_fd(l->folder), .turn = turn,
		.hang_up = hang_up, .arg = l };
	l->launch = launch_new(wish);
	if (l->launch == NULL) {
		bt_folder_free(l->folder);
		return LAUNCH_FAILED;
	}
	launch_run(l->launch, &l->guest);
	end = launch_free(l->launch);
	bt_folder_free(l->folder);
	for (size_t i = 0; i < l->count; i++) {
		free(l->list[i]->path);
		free(l->list[i]);
	}
	free(l->list);
	return end;
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int
main(int argc, char **argv)
{
	struct own_options own;
	struct launch_options o;
	struct item_options io = { 0 };
	struct cli_preset preset;
	struct bt_settings *settings = bt_settings_new();
	const struct cli_part parts[] = {
		{ &table, &own }, { &item_table, &io }, { &display_table, &o },
		{ &launch_table, &o }, { bt_settings_table(), settings },
		{ &old_options_table, NULL }, { &cli_preset_table, &preset },
	};
	struct cli cli = { .program = "btlaunchmany", .words = "DIRECTORY",
		.about = "Download and seed all torrents of a directory.",
		.parts = parts, .part_count = 7, .ready = settings, .min_args = 1, .max_args = 1,
		.config = "launchmany" };
	struct lister l = { .cli = &cli, .own = &own, .all = &io };
	int end = LAUNCH_FAILED;

	if (settings == NULL)
		abort();
	cli_parse(&cli, argc, argv);
	launch_save_options(&cli, &o);
	descriptors_raise();
	l.view = o.json ? &view_json : &view_many;
	if (!is_directory(cli.args[0]))
		cli_error(&cli, "%s is not a directory", cli.args[0]);
	else
		end = run(&l, &(struct launch_wish){ .cli = &cli, .settings = settings,
		    .options = &o, .item_options = &io, .view = l.view, .lasts = true },
		    cli.args[0]);
	bt_settings_free(settings);
	return cli_finish(&cli, false) != 0 ? LAUNCH_FAILED : end;
}

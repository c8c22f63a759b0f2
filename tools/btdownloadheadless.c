/* SPDX-License-Identifier: ISC */
/* btdownloadheadless: downloads or seeds torrents, without a screen. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli_preset.h"
#include "tools/descriptors.h"
#include "tools/launch.h"
#include "tools/old_options.h"
#include "tools/saveas.h"

struct own_options {
	char *metafile;
	char *url;
};

static const struct bt_option rows[] = {
	{ "metafile", BT_OPT_TEXT, offsetof(struct own_options, metafile), "", 0, 0, "FILE", NULL,
	  "The torrent, instead of the first argument." },
	{ "url", BT_OPT_TEXT, offsetof(struct own_options, url), "", 0, 0, "URL", NULL,
	  "Where to fetch the torrent from, instead of the first argument." },
};

static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

static const struct bt_option display[] = { LAUNCH_DISPLAY_ROW("0.5") };
static const struct bt_option_table display_table = { display, 1 };

static const struct view *
choose_view(const struct launch_options *o, size_t count)
{
	if (o->json)
		return &view_json;
	if (count > 1)
		return &view_many;
	return isatty(STDOUT_FILENO) ? &view_line : &view_block;
}

/* To be freed; NULL: that was told. */
static char *
choose_path(const struct cli *cli, const struct bt_metainfo *meta, const char *saveas, bool alone)
{
	char *path = alone ? saveas_one(meta, saveas) : saveas_among(meta, saveas);

	if (path == NULL)
		cli_error(cli, "%s: %s", bt_metainfo_safe_name(meta), errno != ELOOP ?
		    strerror(errno) : "a symbolic link; to follow it, name it with --saveas");
	return path;
}

static bool
is_info_hash(const char *text)
{
	size_t len = strspn(text, "0123456789abcdefABCDEF");

	return text[len] == '\0' && (len == 40 || len == 64) && access(text, F_OK) != 0;
}

/* A file, or what a user may give in its place. */
static enum bt_code
get(struct launch *l, const char *torrent, struct bt_metainfo **out, struct bt_error *err)
{
	struct bt_error why;
	enum bt_code code;

	if (strncmp(torrent, "magnet:", 7) == 0 || is_info_hash(torrent)) {
		(void)snprintf(err->text, sizeof(err->text), "%.120s: peers are not asked for the "
		    "metadata of a torrent yet: give its file", torrent);
		return BT_EUNSUP;
	}
	if (!launch_is_url(torrent))
		return bt_metainfo_open(torrent, out, err);
	code = launch_fetch(l, torrent, out, &why);
	if (code != BT_OK)
		(void)snprintf(err->text, sizeof(err->text), "%.120s: %.100s", torrent, why.text);
	return code;
}

static void
add(struct launch *l, const struct cli *cli, const char *torrent, const char *saveas, bool alone)
{
	struct bt_metainfo *meta;
	struct bt_error err;
	char *path;

	if (get(l, torrent, &meta, &err) != BT_OK) {
		cli_error(cli, "%s", err.text);
		launch_note(l, LAUNCH_BAD);
		return;
	}
	if (bt_metainfo_tolerated(meta) != NULL)
		cli_error(cli, "%s: not as it should be, but let pass: %s", torrent,
		    bt_metainfo_tolerated(meta));
	path = choose_path(cli, meta, saveas, alone);
	if (path == NULL)
		launch_note(l, LAUNCH_DISK);
	else if (launch_add(l, &(struct launch_add){ .meta = meta, .torrent = torrent,
	    .path = path }, &err) == NULL) {
		cli_error(cli, "%s", err.text);
		launch_note(l, LAUNCH_FAILED);
	}
	bt_metainfo_free(meta);
	free(path);
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
	struct cli cli = { .program = "btdownloadheadless", .words = "FILE.torrent|URL...",
		.about = "Download torrents, or seed them, from a script or a terminal.",
		.parts = parts, .part_count = 7, .ready = settings, .max_args = CLI_MANY,
		.torrents = true, .config = "downloadheadless" };
	enum launch_end end = LAUNCH_FAILED;
	struct launch *l;

	if (settings == NULL)
		abort();
	cli_parse(&cli, argc, argv);
	if ((own.metafile[0] != '\0') + (own.url[0] != '\0') + (cli.arg_count > 0) != 1)
		cli_misuse(&cli, "give a torrent");
	launch_save_options(&cli, &o);
	descriptors_raise();
	l = launch_new(&(struct launch_wish){ .cli = &cli, .settings = settings, .options = &o,
		.item_options = &io, .view = choose_view(&o, cli.arg_count) });
	if (l != NULL) {
		if (cli.arg_count == 0)
			add(l, &cli, own.url[0] != '\0' ? own.url : own.metafile, io.saveas, true);
		for (size_t i = 0; i < cli.arg_count; i++)
			add(l, &cli, cli.args[i], io.saveas, cli.arg_count == 1);
		launch_run(l, NULL);
		end = launch_free(l);
	}
	bt_settings_free(settings);
	return cli_finish(&cli, false) != 0 ? LAUNCH_FAILED : (int)end;
}

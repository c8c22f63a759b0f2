/* SPDX-License-Identifier: ISC */
/* btcopyannounce: gives torrents the trackers of another. */
#include "tools/edit_each.h"
#include "tools/edit_text.h"

static enum bt_code
edit(void *arg, struct bt_edit *e, const char *path, struct bt_error *err)
{
	(void)path;
	return bt_edit_copy_trackers(e, arg, err);
}

int
main(int argc, char **argv)
{
	struct edit_options o;
	const struct cli_part part = { &edit_option_table, &o };
	struct cli cli = { .program = "btcopyannounce", .words = "SOURCE FILE...",
		.about = "Gives each torrent FILE the trackers of the torrent SOURCE.",
		.parts = &part, .part_count = 1, .min_args = 2, .max_args = CLI_MANY,
		.torrents = true };
	struct edit_each each = { &cli, &o, edit, edit_say_old_trackers, NULL };
	struct bt_edit *source;
	struct bt_error err;
	bool ok;

	cli_parse_short(&cli, edit_shorts, argc, argv);
	if (bt_edit_open(cli.args[0], &source, &err) != BT_OK) {
		cli_error(&cli, "%s", err.text);
		return cli_finish(&cli, true);
	}
	if (bt_edit_announce(source, BT_EDIT_NOW).len == 0 &&
	    bt_edit_trackers(source, BT_EDIT_NOW, NULL, 0) == 0) {
		cli_error(&cli, "%s: has no announce", cli.args[0]);
		bt_edit_free(source);
		return cli_finish(&cli, true);
	}
	if (o.verbose && !o.json)
		edit_say_new_trackers(stdout, source);
	each.arg = source;
	ok = edit_each(&each, cli.args + 1, cli.arg_count - 1);
	bt_edit_free(source);
	return cli_finish(&cli, !ok);
}

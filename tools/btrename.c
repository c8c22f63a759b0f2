/* SPDX-License-Identifier: ISC */
/* btrename: changes the name inside torrents. */
#include <stdlib.h>
#include <string.h>

#include "tools/edit_each.h"
#include "tools/text.h"

struct rename_options {
	int64_t match;
};

static const struct bt_option rows[] = {
	{ "match", BT_OPT_FLAG, offsetof(struct rename_options, match), "0", 0, 0, NULL, NULL,
	  "Take the name of the file without '.torrent'; all words are FILEs then." },
};

static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

static const struct cli_short shorts[] = {
	{ 'm', "match" }, { 'h', "help" }, { 'v', "verbose" }, { 'V', "version" }, { 0, NULL }
};

static enum bt_code
edit(void *arg, struct bt_edit *e, const char *path, struct bt_error *err)
{
	(void)path;
	return bt_edit_set_name(e, arg, err);
}

/* What is wrong with one file's name is no mistake in the command line. */
static enum bt_code
edit_to_match(void *arg, struct bt_edit *e, const char *path, struct bt_error *err)
{
	const char *base = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
	size_t len = strlen(base);
	enum bt_code code;
	char *name;

	(void)arg;
	if (len < 8 || strcmp(base + len - 8, ".torrent") != 0) {
		*err = (struct bt_error){ .code = BT_EFORMAT,
			.text = "its name does not end in '.torrent'" };
		return BT_EFORMAT;
	}
	name = strndup(base, len - 8);
	if (name == NULL)
		abort();
	code = bt_edit_set_name(e, name, err);
	free(name);
	return code == BT_EARG ? BT_EFORMAT : code;
}

static void
say(FILE *out, const struct bt_edit *e, const char *path)
{
	text_puts(out, path);
	(void)fputs(": ", out);
	text_print(out, bt_edit_name(e, BT_EDIT_BEFORE));
	(void)fputs(" -> ", out);
	text_print(out, bt_edit_name(e, BT_EDIT_NOW));
	(void)fputc('\n', out);
}

int
main(int argc, char **argv)
{
	struct rename_options o;
	struct edit_options shared;
	const struct cli_part parts[] = { { &table, &o }, { &edit_option_table, &shared } };
	struct cli cli = { .program = "btrename", .words = "FILE NAME | --match FILE...",
		.about = "Changes the name inside a torrent, and with it the info-hash.",
		.parts = parts, .part_count = 2, .min_args = 1, .max_args = CLI_MANY,
		.torrents = true };
	struct edit_each each = { &cli, &shared, edit, say, NULL };

	cli_parse_short(&cli, shorts, argc, argv);
	if (o.match) {
		each.edit = edit_to_match;
	} else if (cli.arg_count != 2) {
		cli_misuse(&cli, "one FILE and its NAME are wanted; --match takes several");
	} else {
		if (shared.recursive)
			cli_misuse(&cli, "--recursive goes with --match");
		each.arg = cli.args[1];
		cli.arg_count = 1;
	}
	return cli_finish(&cli, !edit_each(&each, cli.args, cli.arg_count));
}

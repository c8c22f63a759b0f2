/* SPDX-License-Identifier: ISC */
/* btsethttpseeds: sets or removes the HTTP seeds of torrents. */
#include <stdlib.h>
#include <string.h>

#include "tools/edit_each.h"
#include "tools/edit_text.h"
#include "tools/urls.h"

struct seeds {
	const char **urls;
	size_t count;
};

static enum bt_code
edit(void *arg, struct bt_edit *e, const char *path, struct bt_error *err)
{
	const struct seeds *s = arg;

	(void)path;
	return bt_edit_set_http_seeds(e, s->urls, s->count, err);
}

static void
say(FILE *out, const struct bt_edit *e, const char *path)
{
	edit_say_old_urls(out, e, "http-seed list", path);
}

int
main(int argc, char **argv)
{
	struct edit_options o;
	const struct cli_part part = { &edit_option_table, &o };
	struct cli cli = { .program = "btsethttpseeds", .words = "SEEDS FILE...",
		.about = "Sets the HTTP seeds (BEP 17) of each torrent FILE: URLs joined by '|', "
		    "or 0 for none.",
		.parts = &part, .part_count = 1, .min_args = 2, .max_args = CLI_MANY,
		.torrents = true };
	struct seeds seeds = { .count = 0 };
	const struct edit_each each = { &cli, &o, edit, say, &seeds };
	bool ok;

	cli_parse_short(&cli, edit_shorts, argc, argv);
	if (strcmp(cli.args[0], "0") != 0) {
		seeds.urls = urls_list(cli.args[0], &seeds.count);
		if (seeds.urls == NULL)
			abort();
		if (seeds.count == 0)
			cli_misuse(&cli, "no seeds were given; 0 removes those that are there");
	}
	ok = edit_each(&each, cli.args + 1, cli.arg_count - 1);
	free(seeds.urls);
	return cli_finish(&cli, !ok);
}

/* SPDX-License-Identifier: ISC */
/* btmakemetafile: makes a torrent of each file or directory. */
#include "tools/cli_preset.h"
#include "tools/make_one.h"
#include "tools/stop.h"

/* One name for one torrent. */
static void
check_words(const struct make *m)
{
	const struct make_options *o = &m->options;
	bool several = m->path_count > 1 && !o->join;

	if (several && o->target[0] != '\0' && !make_is_directory(o->target))
		cli_misuse(m->cli, "--target: with several files it must be a directory");
	if (several && o->name[0] != '\0')
		cli_misuse(m->cli, "--name: several files cannot have one name");
	if (o->join && o->name[0] == '\0')
		cli_misuse(m->cli, "--join: the torrent needs a --name");
}

int
main(int argc, char **argv)
{
	struct make make;
	struct cli_preset preset;
	const struct cli_part parts[] = {
		{ &cli_preset_table, &preset }, { &make_option_table, &make.options },
	};
	struct cli cli = { .program = "btmakemetafile", .words = "URL FILE...",
		.about = "Makes a torrent of each FILE, a file or a directory; URL is its tracker.",
		.parts = parts, .part_count = 2, .min_args = 1, .max_args = CLI_MANY };
	bool ok;

	cli_parse(&cli, argc, argv);
	make_begin(&make, &cli);
	check_words(&make);
	if (make.options.join)
		make_joined(&make, make.paths, make.path_count);
	for (size_t i = 0; !make.options.join && i < make.path_count && !stop_asked; i++)
		make_one(&make, make.paths[i]);
	ok = make_sum_up(&make);
	make_end(&make);
	return cli_finish(&cli, !ok);
}

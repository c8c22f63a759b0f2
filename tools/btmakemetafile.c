/* SPDX-License-Identifier: ISC */
/* btmakemetafile: makes a torrent of each file or directory. */
#include "tools/cli_preset.h"
#include "tools/make_options.h"
#include "tools/stop.h"

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
	const char *target;
	bool failed = false;

	cli_parse(&cli, argc, argv);
	make_begin(&make, &cli);
	target = make.options.target;
	if (make.path_count > 1 && target[0] != '\0' && !make_is_directory(target))
		cli_misuse(&cli, "--target: with several files it must be a directory");
	if (make.path_count > 1 && make.options.name[0] != '\0')
		cli_misuse(&cli, "--name: several files cannot have one name");
	for (size_t i = 0; i < make.path_count && !stop_asked; i++)
		failed |= !make_one(&make, make.paths[i]);
	make_end(&make);
	return cli_finish(&cli, failed || stop_asked);
}

/* SPDX-License-Identifier: ISC */
/* btmakemetafile: makes a torrent of each file or directory. */
#include "tools/make_options.h"
#include "tools/stop.h"

int
main(int argc, char **argv)
{
	struct make make;
	const struct cli_part part = { &make_option_table, &make.options };
	struct cli cli = { "btmakemetafile", "URL FILE...",
		"Makes a torrent of each FILE, a file or a directory; URL is its tracker.",
		&part, 1, 2, CLI_MANY, NULL, 0 };
	const char *target;
	bool failed = false;

	cli_parse(&cli, argc, argv);
	target = make.options.target;
	if (cli.arg_count > 2 && target[0] != '\0' && !make_is_directory(target))
		cli_misuse(&cli, "--target: with several files it must be a directory");
	if (cli.arg_count > 2 && make.options.name[0] != '\0')
		cli_misuse(&cli, "--name: several files cannot have one name");
	make_begin(&make, &cli);
	for (size_t i = 1; i < cli.arg_count && !stop_asked; i++)
		failed |= !make_one(&make, cli.args[i]);
	make_end(&make);
	return cli_finish(&cli, failed || stop_asked);
}

/* SPDX-License-Identifier: ISC */
/* btdownloadheadless: downloads or seeds one torrent, without a screen. */
#include <stdlib.h>
#include <unistd.h>

#include "tools/descriptors.h"
#include "tools/download.h"

struct own_options {
	char *metafile;
};

static const struct bt_option rows[] = {
	{ "metafile", BT_OPT_TEXT, offsetof(struct own_options, metafile), "", 0, 0, "FILE", NULL,
	  "The torrent, instead of the first argument." },
	{ "ipv6_binds_v4", BT_OPT_IGNORED, 0, "", 0, 0, "0|1", NULL,
	  "Both families are always bound apart." },
	{ "upload_rate_fudge", BT_OPT_IGNORED, 0, "", 0, 0, "SECONDS", NULL,
	  "Bytes are counted when they are sent." },
	{ "tcp_ack_fudge", BT_OPT_IGNORED, 0, "", 0, 0, "NUMBER", NULL,
	  "Acknowledgements are not counted as upload." },
	{ "double_check", BT_OPT_IGNORED, 0, "", 0, 0, "0|1", NULL,
	  "Pieces are hashed before they are written." },
	{ "triple_check", BT_OPT_IGNORED, 0, "", 0, 0, "0|1", NULL,
	  "As for --double_check." },
};

static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

static const struct view *
choose_view(const struct download_options *o)
{
	if (o->json)
		return &view_json;
	return isatty(STDOUT_FILENO) ? &view_line : &view_lines;
}

int
main(int argc, char **argv)
{
	struct own_options own;
	struct download_options o;
	struct bt_settings *settings = bt_settings_new();
	const struct cli_part parts[] = {
		{ &table, &own }, { &download_table, &o }, { bt_settings_table(), settings },
	};
	struct cli cli = { .program = "btdownloadheadless", .words = "FILE.torrent",
		.about = "Download a torrent, or seed it, from a script or a terminal.",
		.parts = parts, .part_count = 3, .ready = settings, .max_args = 1,
		.torrents = true };
	const char *metafile;
	int status;

	if (settings == NULL)
		abort();
	cli_parse(&cli, argc, argv);
	if ((own.metafile[0] != '\0') == (cli.arg_count == 1))
		cli_misuse(&cli, "give one torrent");
	descriptors_raise();
	metafile = cli.arg_count == 1 ? cli.args[0] : own.metafile;
	status = cli_finish(&cli, !download(&cli, metafile, settings, &o, choose_view(&o)));
	bt_settings_free(settings);
	return status;
}

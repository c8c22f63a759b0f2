/* SPDX-License-Identifier: ISC */
/* btshowmetainfo: what is in torrent files, for people and for scripts; is the content there? */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <btcore/magnet.h>

#include "tools/show.h"

struct show_options {
	int64_t json;
	int64_t magnet;
	int64_t tree;
	char *field;
	char *verify;
};

static const struct bt_option rows[] = {
	{ "json", BT_OPT_FLAG, offsetof(struct show_options, json), "0", 0, 0, "0|1", NULL,
	  "Print one JSON object a line for each file." },
	{ "magnet", BT_OPT_FLAG, offsetof(struct show_options, magnet), "0", 0, 0, "0|1", NULL,
	  "Print a magnet URI for each file." },
	{ "tree", BT_OPT_FLAG, offsetof(struct show_options, tree), "0", 0, 0, "0|1", NULL,
	  "Print directories and files as a tree with their sizes." },
	{ "field", BT_OPT_TEXT, offsetof(struct show_options, field), "", 1, 0, "NAME", NULL,
	  "Print nothing but this value of each file: name, info_hash, magnet, files ..." },
	{ "verify", BT_OPT_TEXT, offsetof(struct show_options, verify), "", 1, 0, "PATH", NULL,
	  "Check whether the content at or in PATH is complete and right." },
};

static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

char *
show_path(const struct bt_metainfo *m, uint32_t i, size_t *len)
{
	char *path;

	*len = bt_metainfo_file_path(m, i, NULL, 0);
	path = malloc(*len + 1);
	if (path == NULL)
		abort();
	(void)bt_metainfo_file_path(m, i, path, *len + 1);
	return path;
}

char *
show_magnet(const struct bt_metainfo *m)
{
	struct bt_magnet *magnet;
	const char *text = NULL;
	char *copy;

	if (bt_magnet_from_metainfo(m, &magnet, NULL) == BT_OK)
		text = bt_magnet_text(magnet);
	copy = text == NULL ? NULL : strdup(text);
	if (copy == NULL)
		abort();
	bt_magnet_free(magnet);
	return copy;
}

const char *
show_version(const struct bt_metainfo *m)
{
	return bt_metainfo_info_hash_v2(m) == NULL ? "1" :
	    bt_metainfo_info_hash(m) == NULL ? "2" : "hybrid";
}

static void
print_magnet(const struct bt_metainfo *m)
{
	char *text = show_magnet(m);

	(void)puts(text);
	free(text);
}

static bool
show_all(const struct cli *cli, const struct show_options *o, const struct show_field *field)
{
	size_t shown = 0, failed = 0;

	for (size_t i = 0; i < cli->arg_count; i++) {
		struct bt_metainfo *m;
		struct bt_error err;

		if (bt_metainfo_open(cli->args[i], &m, &err) != BT_OK) {
			cli_error(cli, "%s", err.text);
			failed++;
			continue;
		}
		shown++;
		if (o->json)
			show_json(cli->args[i], m);
		else if (o->magnet)
			print_magnet(m);
		else if (o->tree)
			show_tree(m);
		else if (field != NULL)
			show_field(field, cli->args[i], m);
		else
			show_text(cli->args[i], m);
		bt_metainfo_free(m);
	}
	if (failed > 0 && shown > 0)
		cli_error(cli, "%zu shown, %zu failed", shown, failed);
	return failed == 0;
}

int
main(int argc, char **argv)
{
	struct show_options o;
	const struct cli_part part = { &table, &o };
	struct cli cli = {
		.program = "btshowmetainfo",
		.words = "FILE...",
		.about = "Shows what is in torrent files, or checks content against them. "
		    "'-' is standard input.",
		.parts = &part, .part_count = 1, .min_args = 1, .max_args = CLI_MANY,
		.torrents = true,
	};
	const struct show_field *field = NULL;
	bool well;

	(void)setlocale(LC_CTYPE, "");
	cli_parse(&cli, argc, argv);
	if (o.magnet + o.tree + (o.field[0] != '\0') + (o.json || o.verify[0] != '\0') > 1)
		cli_misuse(&cli, "--magnet, --tree, --field, --json or --verify: just one of them");
	if (o.field[0] != '\0') {
		field = show_field_find(o.field);
		if (field == NULL)
			cli_misuse(&cli, "--field %s: there are %s", o.field, show_field_names());
	}
	if (o.verify[0] != '\0') {
		well = show_verify(&cli, o.verify, o.json);
	} else {
		if (!o.json && !o.magnet && !o.tree && field == NULL)
			(void)puts("btshowmetainfo 20130326 - decode BitTorrent metainfo files\n");
		well = show_all(&cli, &o, field);
	}
	return cli_finish(&cli, !well);
}

/* SPDX-License-Identifier: ISC */
/* btshowmetainfo: what is in torrent files, for people and for scripts; is the content there? */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <btcore/magnet.h>

#include "tools/show.h"
#include "tools/torrents.h"

struct show_options {
	int64_t json;
	int64_t magnet;
	int64_t tree;
	int64_t lint;
	int64_t scrape;
	int64_t recursive;
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
	{ "lint", BT_OPT_FLAG, offsetof(struct show_options, lint), "0", 0, 0, "0|1", NULL,
	  "Print what is wrong with each file, by a strict reading of the BEPs." },
	{ "scrape", BT_OPT_FLAG, offsetof(struct show_options, scrape), "0", 0, 0, "0|1", NULL,
	  "Ask the trackers of each file how many peers they know." },
	{ "verify", BT_OPT_TEXT, offsetof(struct show_options, verify), "", 1, 0, "PATH", NULL,
	  "Check whether the content at or in PATH is complete and right." },
	{ "recursive", BT_OPT_FLAG, offsetof(struct show_options, recursive), "0", 0, 0, "0|1",
	  NULL, "Go into directories, for all files in them that end in '.torrent'." },
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

static bool
print_magnet(const struct show *s, const char *path, const struct bt_metainfo *m)
{
	char *text = show_magnet(m);

	(void)s;
	(void)path;
	(void)puts(text);
	free(text);
	return true;
}

/* The ways to show. The first whose option is given is taken; the last needs none. */
static const struct way {
	const char *option;
	show_one *one;		/* of these two there is one */
	show_files *files;
	bool takes_json;	/* --json with it says in which form */
	bool banner;
} ways[] = {
	{ "magnet", print_magnet, NULL, false, false },
	{ "tree", show_tree, NULL, false, false },
	{ "field", show_field, NULL, false, false },
	{ "lint", NULL, show_lint, true, false },
	{ "scrape", show_scrape, NULL, true, false },
	{ "verify", NULL, show_verify, true, false },
	{ "json", show_json, NULL, true, false },
	{ NULL, show_text, NULL, false, true },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* What stands for the words of the command line, with --recursive. */
struct files {
	const struct cli *cli;
	char **paths;
	size_t count;
	bool all_read;
};

static void
on_torrent(void *arg, const char *path)
{
	struct files *f = arg;

	f->paths = reallocarray(f->paths, f->count + 1, sizeof(*f->paths));
	if (f->paths == NULL || (f->paths[f->count++] = strdup(path)) == NULL)
		abort();
}

static void
on_unreadable(void *arg, const char *path)
{
	struct files *f = arg;

	cli_error(f->cli, "%s: %s", path, strerror(errno));
	f->all_read = false;
}

static void
find_files(struct files *f, const struct cli *cli, bool recursive)
{
	static const struct torrents_found found = { on_torrent, on_unreadable };

	*f = (struct files){ .cli = cli, .all_read = true };
	for (size_t i = 0; i < cli->arg_count; i++) {
		if (recursive)
			torrents_in(cli->args[i], &found, f);
		else
			on_torrent(f, cli->args[i]);
	}
}

static void
free_files(struct files *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->paths[i]);
	free(f->paths);
}

static bool
show_each(const struct way *w, const struct show *s, const struct files *files)
{
	size_t shown = 0, failed = 0;
	bool well = true;

	for (size_t i = 0; i < files->count; i++) {
		struct bt_metainfo *m;
		struct bt_error err;

		if (bt_metainfo_open(files->paths[i], &m, &err) != BT_OK) {
			cli_error(files->cli, "%s", err.text);
			failed++;
			continue;
		}
		shown++;
		well &= w->one(s, files->paths[i], m);
		bt_metainfo_free(m);
	}
	if (failed > 0 && shown > 0)
		cli_error(files->cli, "%zu shown, %zu failed", shown, failed);
	return well && failed == 0;
}

/* Is the option of a way given? *value: what it was given, "" of flags. */
static bool
is_given(const struct show_options *o, const char *option, const char **value)
{
	const struct bt_option *row = rows;
	const char *at;

	while (strcmp(row->name, option) != 0)
		row++;
	at = (const char *)o + row->offset;
	*value = row->kind == BT_OPT_TEXT ? *(char *const *)(const void *)at : "";
	return row->kind == BT_OPT_TEXT ? **value != '\0' : *(const int64_t *)(const void *)at != 0;
}

static const struct way *
choose(const struct cli *cli, const struct show_options *o, const char **value)
{
	const struct way *chosen = NULL;

	*value = "";
	for (const struct way *w = ways; w < ways + WAYS; w++) {
		const char *its;

		if (w->option == NULL ? chosen != NULL : !is_given(o, w->option, &its))
			continue;
		if (chosen == NULL) {
			chosen = w;
			*value = w->option == NULL ? "" : its;
		} else if (!chosen->takes_json || strcmp(w->option, "json") != 0) {
			cli_misuse(cli, "--%s and --%s: just one of them", chosen->option,
			    w->option);
		}
	}
	return chosen;
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
	struct show s = { .cli = &cli };
	const struct way *w;
	struct files files;
	const char *fields;
	bool well;

	(void)setlocale(LC_CTYPE, "");
	cli_parse(&cli, argc, argv);
	w = choose(&cli, &o, &s.value);
	s.json = o.json;
	fields = w->one == show_field ? show_field_missing(s.value) : NULL;
	if (fields != NULL)
		cli_misuse(&cli, "--field %s: there are %s", s.value, fields);
	find_files(&files, &cli, o.recursive);
	if (w->banner)
		(void)puts("btshowmetainfo 20130326 - decode BitTorrent metainfo files\n");
	well = w->files != NULL ? w->files(&s, files.paths, files.count) :
	    show_each(w, &s, &files);
	well &= files.all_read;
	free_files(&files);
	return cli_finish(&cli, !well);
}

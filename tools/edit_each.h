/* SPDX-License-Identifier: ISC */
/*
 * What the editors share: each torrent opened, changed and replaced atomically, the next one. A
 * bad one is reported and the rest is done. An editor is a callback and what the original printed.
 */
#ifndef TOOLS_EDIT_EACH_H
#define TOOLS_EDIT_EACH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <btcore/edit.h>

#include "tools/cli.h"

struct edit_options {
	int64_t verbose, recursive, dry_run, json;
};

extern const struct bt_option_table edit_option_table;

/* -h and -v, for editors without other letters. */
extern const struct cli_short edit_shorts[];

struct edit_each {
	const struct cli *cli;
	const struct edit_options *options;

	/* Changes the torrent at path. BT_EARG ends the program: it would be so for all. */
	enum bt_code (*edit)(void *arg, struct bt_edit *e, const char *path,
	    struct bt_error *err);

	/* With --verbose: says what has been done. */
	void (*say)(FILE *out, const struct bt_edit *e, const char *path);
	void *arg;
};

/* Edits them all and sums up; false if one failed. */
bool edit_each(const struct edit_each *each, char **paths, size_t count);

#endif

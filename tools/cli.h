/* SPDX-License-Identifier: ISC */
/*
 * The command lines of all tools, from tables of options: "--name value", "--name=value", bare
 * flags, "--" ends the options; options and other words in any order, the last of repeated
 * options wins; '-' and '_' are one in names.
 */
#ifndef TOOLS_CLI_H
#define TOOLS_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include <btcore/error.h>
#include <btcore/option.h>

#define CLI_MANY SIZE_MAX

/* Options and the struct that holds their values. */
struct cli_part {
	const struct bt_option_table *table;
	void *values;
};

/* Where an option got its value, if that was not the command line: "FILE:LINE". */
struct cli_place {
	const struct bt_option *option;
	char *text;
};

struct cli {
	const char *program;
	const char *words;	/* what is no option, for the usage line: "URL FILE..." */
	const char *about;	/* one sentence for --help */
	const struct cli_part *parts;
	size_t part_count;
	const void *ready;	/* values of a part that have their defaults and another owner */
	size_t min_args, max_args;	/* of what is no option */
	bool torrents;		/* where it says FILE a torrent is meant */
	const char *config;	/* NAME of the files of defaults, see cli_config; NULL: none */

	char **args;		/* filled by cli_parse: what is no option */
	size_t arg_count;
	const struct bt_option **given;	/* as often as the command line has them */
	size_t given_count;
	struct cli_place *places;
	size_t place_count;
};

/* Sets all values. Does not return on --help and --version (0), on no arguments at all (usage, 2)
 * and on a mistake (2). */
void cli_parse(struct cli *c, int argc, char **argv);

/* A letter for an option, or for "help" and "version". */
struct cli_short {
	char letter;
	const char *name;
};

/* The same as getopt(3) has it, too: "-v", "-vm", "-a value", "-avalue", and long names may be
 * abbreviated. A flag with a letter takes no word as its value. shorts ends with a letter of 0. */
void cli_parse_short(struct cli *c, const struct cli_short *shorts, int argc, char **argv);

/* Does the command line have the option, whatever its value? */
bool cli_given(const struct cli *c, const char *option);

/* "PROGRAM: text" on stderr. */
void cli_error(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for a mistake in the command line, with a hint; exits with 2. */
void cli_misuse(const struct cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* The same for the value of the option, which may stand in a file. */
void cli_misuse_of(const struct cli *c, const char *option, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), noreturn));

/* At the end of main: frees the values' texts, sees that what was printed arrived; the status to
 * exit with. */
int cli_finish(const struct cli *c, bool failed);

#endif

/* SPDX-License-Identifier: ISC */
#include "tools/cli_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli_preset.h"

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What the shell does, whatever the options; $kind is what is to be completed. */
static const char before[] =
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal kind=word values= word i\n"
	"\tCOMPREPLY=()\n"
	"\t# Bash breaks --name=value at the '='.\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur= kind=value\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD-2]} kind=value\n"
	"\tfi\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\t[[ ${COMP_WORDS[i]} == -- ]] && prev= kind=plain\n"
	"\tdone\n"
	"\tcase $prev in\n";

static const char between[] =
	"\tesac\n"
	"\t[[ $kind == word && $cur == -* ]] && kind=option\n"
	"\tread -r -d '' -a values <<<\"$values\"\n"
	"\tfor word in \"${values[@]}\"; do\n"
	"\t\t[[ $kind != option && $word == \"$cur\"* ]] && COMPREPLY+=(\"$word\")\n"
	"\tdone\n";

static const char after[] =
	"\t# The word as it stands on the command line, quoted; readline quotes what we answer.\n"
	"\tcur=${cur//\\\\/}\n"
	"\tcur=${cur#[\\\"\\']}\n"
	"\tcase $kind in\n"
	"\tfile) i=(-f) ;;\n"
	"\tdirectory) i=(-d) ;;\n"
	"\ttorrent) i=(-f -X '!*.torrent') ;;\n"
	"\t*) return ;;\n"
	"\tesac\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\twhile IFS= read -r word; do\n"
	"\t\t[[ $kind == torrent && -d $word ]] || COMPREPLY+=(\"$word\")\n"
	"\tdone < <(compgen \"${i[@]}\" -- \"$cur\")\n"
	"\t[[ $kind == torrent ]] && while IFS= read -r word; do\n"
	"\t\tCOMPREPLY+=(\"$word\")\n"
	"\tdone < <(compgen -d -- \"$cur\")\n"
	"}\n";

static const char presets[] =
	"kind=value values=$(sed -n 's/^[[:space:]]*\\[\\(.*\\)\\][[:space:]]*$/\\1/p' \\\n"
	"\t    \"${BTCORE_CONFIG:-${XDG_CONFIG_HOME:-$HOME/.config}/btcore/presets.conf}\" "
	"2>/dev/null) ;;\n";

/* What a word of the usage line or of an option stands for. */
static const char *
kind_of(const struct cli *c, const char *arg)
{
	if (strstr(arg, "FILE") != NULL)
		return c->torrents ? "torrent" : "file";
	if (strstr(arg, "PATH") != NULL)
		return "file";
	return strstr(arg, "DIR") != NULL ? "directory" : "none";
}

/* The words of "now|none|SECONDS" that stand for themselves. */
static void
print_choices(const char *arg)
{
	bool first = true;

	while (*arg != '\0') {
		size_t len = strcspn(arg, "|");

		if (strcspn(arg, UPPER) >= len) {
			(void)printf("%s%.*s", first ? "" : " ", (int)len, arg);
			first = false;
		}
		arg += len + (arg[len] != '\0');
	}
}

/* As a pattern of the shell: '-' and '_' are one. */
static void
print_pattern(const struct cli_short *shorts, const char *name)
{
	char letter = cli_letter(shorts, name);

	(void)fputs("\t--", stdout);
	for (; *name != '\0'; name++) {
		if (*name == '-' || *name == '_')
			(void)fputs("[-_]", stdout);
		else
			(void)putchar(*name);
	}
	if (letter != 0)
		(void)printf("|-%c", letter);
	(void)fputs(") ", stdout);
}

static void
print_value(const struct cli *c, const struct cli_short *shorts, const struct bt_option *o)
{
	/* getopt's flags take no word. */
	const char *only = cli_letter(shorts, o->name) != 0 ? "[[ $kind == value ]] && " : "";

	print_pattern(shorts, o->name);
	if (o->kind == BT_OPT_FLAG) {
		(void)printf("%svalues='0 1' ;;\n", only);
	} else if (o == &cli_preset_table.rows[0]) {
		(void)fputs(presets, stdout);
	} else if (o->arg != NULL && strchr(o->arg, '|') != NULL) {
		(void)fputs("kind=value values='", stdout);
		print_choices(o->arg);
		(void)puts("' ;;");
	} else {
		(void)printf("kind=%s ;;\n", o->arg == NULL ? "none" : kind_of(c, o->arg));
	}
}

static void
print_values(const struct cli *c, const struct cli_short *shorts)
{
	for (size_t i = 0; i < c->part_count; i++) {
		const struct bt_option_table *t = c->parts[i].table;

		for (size_t k = 0; k < t->count; k++) {
			if (t->rows[k].kind != BT_OPT_IGNORED)
				print_value(c, shorts, &t->rows[k]);
		}
	}
}

static void
print_options(const struct cli *c)
{
	(void)fputs("\t[[ $kind == option ]] && for word in --help --version", stdout);
	for (size_t i = 0; i < c->part_count; i++) {
		const struct bt_option_table *t = c->parts[i].table;

		for (size_t k = 0; k < t->count; k++) {
			if (t->rows[k].kind != BT_OPT_IGNORED)
				(void)printf(" \\\n\t    --%s", t->rows[k].name);
		}
	}
	(void)puts("; do\n"
	    "\t\t[[ ${word//-/_} == \"${cur//-/_}\"* ]] && COMPREPLY+=(\"$word\")\n"
	    "\tdone");
}

void
cli_print_completion(const struct cli *c, const struct cli_short *shorts)
{
	(void)printf("# Lets bash complete the command line of %s; made from its options.\n"
	    "_%s()\n{\n%s", c->program, c->program, before);
	print_values(c, shorts);
	(void)fputs(between, stdout);
	print_options(c);
	(void)printf("\t[[ $kind == word || $kind == plain ]] && kind=%s\n", kind_of(c, c->words));
	(void)printf("%scomplete -F _%s %s\n", after, c->program, c->program);
}

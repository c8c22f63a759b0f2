/* SPDX-License-Identifier: ISC */
#include "tools/cli_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HELP_INDENT 10	/* columns before an option's text */
#define ARG_INDENT 6	/* and before its value, where that does not fit beside its name */
#define USAGE_INDENT 7	/* "usage: " */

/* Text in words on lines of this many columns. */
struct page {
	size_t wide;
	size_t indent;
	size_t at;	/* columns used of this line */
};

static size_t
columns(void)
{
	const char *env = getenv("COLUMNS");
	long wide = env == NULL ? 0 : strtol(env, NULL, 10);
	struct winsize ws;

	if (wide <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0)
		wide = ws.ws_col;
	return wide < 40 || wide > 500 ? 80 : (size_t)wide;
}

static void
print_words(struct page *p, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (p->at > p->indent && p->at + 1 + n > p->wide) {
			(void)putchar('\n');
			p->at = 0;
		} else if (p->at > p->indent) {
			(void)putchar(' ');
			p->at++;
		}
		if (p->at < p->indent) {
			(void)printf("%*s", (int)(p->indent - p->at), "");
			p->at = p->indent;
		}
		(void)printf("%.*s", (int)n, text);
		p->at += n;
		text += n + strspn(text + n, " ");
	}
}

static void
print_line(struct page *p, const char *text)
{
	print_words(p, text);
	(void)putchar('\n');
	p->at = 0;
}

char
cli_letter(const struct cli_short *shorts, const char *name)
{
	while (shorts != NULL && shorts->letter != 0 && strcmp(shorts->name, name) != 0)
		shorts++;
	return shorts == NULL ? 0 : shorts->letter;
}

static void
print_name(const struct cli_short *shorts, const char *name, const char *arg, size_t wide)
{
	struct page p = { wide, ARG_INDENT, 0 };
	char letter = cli_letter(shorts, name);
	char text[64];

	p.at = (size_t)(letter == 0 ? printf("  --%s", name) :
	    printf("  -%c, --%s", letter, name));
	(void)snprintf(text, sizeof(text), "<%s>", arg == NULL ? "" : arg);
	print_line(&p, arg == NULL ? "" : text);
}

static void
print_option(const struct bt_option *o, const struct cli_short *shorts, size_t wide)
{
	struct page p = { wide, HELP_INDENT, 0 };

	print_name(shorts, o->name, o->arg, wide);
	print_words(&p, o->help);
	if (o->def == NULL) {
		print_words(&p, "(required)");
	} else if (o->def[0] != '\0') {
		char text[64];

		(void)snprintf(text, sizeof(text), "(default: %s)", o->def);
		print_words(&p, text);
	}
	print_line(&p, "");
}

static void
print_table(const struct bt_option_table *table, const struct cli_short *shorts,
    const char **group, size_t wide)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct bt_option *o = &table->rows[i];

		if (o->kind == BT_OPT_IGNORED)
			continue;
		if (o->group != NULL && (*group == NULL || strcmp(*group, o->group) != 0)) {
			(void)printf("\n%s:\n", o->group);
			*group = o->group;
		}
		print_option(o, shorts, wide);
	}
}

void
cli_print_help(const struct cli *c, const struct cli_short *shorts)
{
	struct page p = { columns(), USAGE_INDENT, 0 };
	const char *group = NULL;

	(void)fputs("usage:", stdout);
	p.at = USAGE_INDENT - 1;
	print_words(&p, c->program);
	print_words(&p, c->words);
	print_line(&p, "[--option value ...]");
	p.indent = 0;
	print_line(&p, c->about);
	if (c->parts[0].table->rows[0].group == NULL)
		(void)putchar('\n');
	for (size_t i = 0; i < c->part_count; i++)
		print_table(c->parts[i].table, shorts, &group, p.wide);
	(void)putchar('\n');
	print_name(shorts, "help", NULL, p.wide);
	print_name(shorts, "version", NULL, p.wide);
	p.indent = HELP_INDENT;
	print_line(&p, "Print this, or the version, and end.");
}

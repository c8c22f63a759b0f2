/* SPDX-License-Identifier: ISC */
#include "tools/cli_print.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME "abcdefghijklmnopqrstuvwxyz0123456789_-"

/* A text of the table on its way into mdoc, word by word. */
struct prose {
	const struct cli *cli;
	const struct bt_option *option;
	bool in_line;	/* something stands in this line */
	bool in_quote;
};

static void
end_line(struct prose *p)
{
	if (p->in_line)
		(void)putchar('\n');
	p->in_line = false;
}

static void
put_lower(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)putchar(tolower((unsigned char)s[i]));
}

/* An apostrophe if letters are around it. */
static void
put_quote(struct prose *p, char before, char after)
{
	bool inside = isalnum((unsigned char)before) && isalnum((unsigned char)after);

	(void)fputs(inside || p->in_quote ? "\\(cq" : "\\(oq", stdout);
	if (!inside)
		p->in_quote = !p->in_quote;
}

static void
put_plain(struct prose *p, const char *word, size_t len)
{
	if (p->in_line)
		(void)putchar(' ');
	else if (*word == '.')
		(void)fputs("\\&", stdout);
	p->in_line = true;
	for (size_t i = 0; i < len; i++) {
		switch (word[i]) {
		case '\'':
			put_quote(p, i == 0 ? ' ' : word[i - 1], i + 1 < len ? word[i + 1] : ' ');
			break;
		case '\\': (void)fputs("\\e", stdout); break;
		case '^': (void)fputs("\\(ha", stdout); break;
		case '~': (void)fputs("\\(ti", stdout); break;
		default: (void)putchar(word[i]);
		}
	}
}

/* What follows a macro's argument: each delimiter is a word of its own. */
static void
put_rest(const char *rest, size_t len)
{
	if (len > 0 && strspn(rest, ".,:;)?!") < len)
		(void)printf(" Ns %.*s", (int)len, rest);
	else
		for (size_t i = 0; i < len; i++)
			(void)printf(" %c", rest[i]);
	(void)putchar('\n');
}

/* Does the word stand for a value, here or in the usage line? */
static bool
is_placeholder(const struct prose *p, const char *word, size_t len)
{
	const char *at = p->cli->words;

	if (len == 0 || isalnum((unsigned char)word[len]))
		return false;
	if (p->option->arg != NULL && strlen(p->option->arg) == len &&
	    strncmp(p->option->arg, word, len) == 0)
		return true;
	while (*(at += strcspn(at, UPPER)) != '\0') {
		size_t n = strspn(at, UPPER);

		if (n == len && strncmp(at, word, len) == 0)
			return true;
		at += n;
	}
	return false;
}

static void
put_word(struct prose *p, const char *word, size_t len)
{
	size_t upper = strspn(word, UPPER);
	size_t name = strncmp(word, "--", 2) == 0 ? strspn(word + 2, NAME) : 0;

	if (name > 0) {
		end_line(p);
		(void)printf(".Fl Fl %.*s", (int)name, word + 2);
		put_rest(word + 2 + name, len - 2 - name);
	} else if (is_placeholder(p, word, upper)) {
		end_line(p);
		(void)fputs(".Ar ", stdout);
		put_lower(word, upper);
		put_rest(word + upper, len - upper);
	} else {
		put_plain(p, word, len);
	}
}

/* A new sentence begins a new line, as mdoc wants it. */
static void
put_text(const struct cli *c, const struct bt_option *o, const char *text)
{
	struct prose p = { c, o, false, false };

	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		const char *next = text + len + strspn(text + len, " ");

		put_word(&p, text, len);
		if (text[len - 1] == '.' && isupper((unsigned char)*next))
			end_line(&p);
		text = next;
	}
	end_line(&p);
}

static void
put_limits(const struct bt_option *o)
{
	bool number = o->kind == BT_OPT_INT || o->kind == BT_OPT_SIZE ||
	    o->kind == BT_OPT_FLOAT;
	bool listed = o->arg != NULL && strchr(o->arg, '|') != NULL;

	if (o->def == NULL)
		(void)puts("Required.");
	else if (number && !listed && (o->min != 0 || o->max != 0))
		(void)printf("From %.15g to %.15g; the default is %s.\n", o->min, o->max, o->def);
	else if (o->kind == BT_OPT_TEXT && o->def[0] != '\0')
		(void)printf("The default is\n.Cm %s .\n", o->def);
	else if (o->def[0] != '\0')
		(void)printf("The default is %s.\n", o->def);
}

static void
put_names(const struct cli_short *shorts, const char *name, const char *arg)
{
	char letter = cli_letter(shorts, name);

	(void)fputs(".It ", stdout);
	if (letter != 0 && arg != NULL) {
		(void)printf("Fl %c Ar ", letter);
		put_lower(arg, strlen(arg));
		(void)fputs(" , ", stdout);
	} else if (letter != 0) {
		(void)printf("Fl %c , ", letter);
	}
	(void)printf("Fl Fl %s", name);
	if (arg != NULL) {
		(void)fputs(" Ar ", stdout);
		put_lower(arg, strlen(arg));
	}
	(void)putchar('\n');
}

static void
put_option(const struct cli *c, const struct cli_short *shorts, const struct bt_option *o)
{
	put_names(shorts, o->name, o->arg);
	put_text(c, o, o->help);
	/* What one switches on by a letter was off. */
	if (o->kind != BT_OPT_IGNORED &&
	    (o->kind != BT_OPT_FLAG || cli_letter(shorts, o->name) == 0))
		put_limits(o);
}

static void
put_ungrouped(const struct cli *c, const struct cli_short *shorts)
{
	(void)puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < c->part_count; i++) {
		const struct bt_option_table *t = c->parts[i].table;

		for (size_t k = 0; k < t->count; k++) {
			if (t->rows[k].group == NULL && t->rows[k].kind != BT_OPT_IGNORED)
				put_option(c, shorts, &t->rows[k]);
		}
	}
	put_names(shorts, "help", NULL);
	(void)puts("Print the options and end.");
	put_names(shorts, "version", NULL);
	(void)puts("Print the version and end.\n.El");
}

static void
put_grouped(const struct cli *c, const struct cli_short *shorts)
{
	const char *group = NULL;

	for (size_t i = 0; i < c->part_count; i++) {
		const struct bt_option_table *t = c->parts[i].table;

		for (size_t k = 0; k < t->count; k++) {
			const struct bt_option *o = &t->rows[k];

			if (o->group == NULL || o->kind == BT_OPT_IGNORED)
				continue;
			if (group == NULL || strcmp(group, o->group) != 0)
				(void)printf("%s.Ss %s\n.Bl -tag -width Ds\n",
				    group == NULL ? "" : ".El\n", o->group);
			group = o->group;
			put_option(c, shorts, o);
		}
	}
	if (group != NULL)
		(void)puts(".El");
}

static void
put_ignored(const struct cli *c, const struct cli_short *shorts)
{
	bool any = false;

	for (size_t i = 0; i < c->part_count; i++) {
		const struct bt_option_table *t = c->parts[i].table;

		for (size_t k = 0; k < t->count; k++) {
			if (t->rows[k].kind != BT_OPT_IGNORED)
				continue;
			if (!any)
				(void)puts(".Ss Options without effect\n"
				    "These are accepted for old command lines and do nothing.\n"
				    ".Bl -tag -width Ds");
			any = true;
			put_option(c, shorts, &t->rows[k]);
		}
	}
	if (any)
		(void)puts(".El");
}

void
cli_print_mdoc(const struct cli *c, const struct cli_short *shorts)
{
	(void)puts(".Sh OPTIONS\n"
	    "An option is written\n"
	    ".Fl Fl name Ar value\n"
	    "or\n"
	    ".Fl Fl name Ns = Ns Ar value ;\n"
	    "one that is 0 or 1 may stand alone for 1.\n"
	    "In names\n"
	    ".Sq -\n"
	    "and\n"
	    ".Sq _\n"
	    "are the same.");
	if (shorts != NULL)
		(void)puts("Names may be abbreviated, and an option of 0 or 1 that has a letter\n"
		    "takes its value only after\n"
		    ".Sq = .");
	(void)puts("Options and other words come in any order, the last of repeated options\n"
	    "counts, and\n"
	    ".Fl Fl\n"
	    "ends the options.");
	put_ungrouped(c, shorts);
	put_grouped(c, shorts);
	put_ignored(c, shorts);
}

/* SPDX-License-Identifier: ISC */
#include "tools/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli_config.h"
#include "tools/cli_preset.h"
#include "tools/cli_print.h"
#include "tools/text.h"

#define EXIT_MISUSE 2

/* Paths and texts of strangers are in it: nothing of them may drive the terminal. */
static void
print_error(const struct cli *c, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s: ", c->program);
	text_puts(stderr, text);
	(void)fputc('\n', stderr);
	free(text);
}

void
cli_error(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_error(c, fmt, ap);
	va_end(ap);
}

void
cli_misuse(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_error(c, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "Run '%s --help' for help.\n", c->program);
	exit(EXIT_MISUSE);
}

/* NULL: the command line. */
static const char *
place_of(const struct cli *c, const char *option)
{
	for (size_t i = c->place_count; i-- > 0; ) {
		if (strcmp(c->places[i].option->name, option) == 0)
			return c->places[i].text;
	}
	return NULL;
}

void
cli_misuse_of(const struct cli *c, const char *option, const char *fmt, ...)
{
	const char *place = place_of(c, option);
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	if (place == NULL)
		cli_misuse(c, "--%s: %s", option, text);
	cli_error(c, "%s: %s: %s", place, option, text);
	exit(EXIT_MISUSE);
}

static void *
need(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

bool
cli_given(const struct cli *c, const char *option)
{
	for (size_t i = 0; i < c->given_count; i++) {
		if (strcmp(c->given[i]->name, option) == 0)
			return true;
	}
	return false;
}

static const struct bt_option *
find_option(const struct cli *c, const char *name, const struct cli_part **part)
{
	for (size_t i = 0; i < c->part_count; i++) {
		const struct bt_option *o = bt_options_find(c->parts[i].table, name);

		if (o != NULL) {
			*part = &c->parts[i];
			return o;
		}
	}
	return NULL;
}

/* The only option that begins with name. */
static const struct bt_option *
find_abbreviated(const struct cli *c, const char *name, const struct cli_part **part)
{
	const struct bt_option *found = NULL;
	size_t len = strlen(name);

	for (size_t i = 0; i < c->part_count; i++) {
		for (size_t k = 0; k < c->parts[i].table->count; k++) {
			const struct bt_option *o = &c->parts[i].table->rows[k];

			if (strncmp(o->name, name, len) != 0)
				continue;
			if (found != NULL)
				cli_misuse(c, "--%s may be --%s or --%s", name, found->name,
				    o->name);
			found = o;
			*part = &c->parts[i];
		}
	}
	return found;
}

static bool
is_flag_value(const char *word)
{
	return word != NULL && (strcmp(word, "0") == 0 || strcmp(word, "1") == 0);
}

static void
set_option(struct cli *c, const struct cli_part *part, const struct bt_option *o,
    const char *value)
{
	struct bt_error err;

	if (value == NULL && o->kind != BT_OPT_FLAG)
		cli_misuse(c, "option --%s needs a value", o->name);
	if (bt_options_set(part->table, part->values, o->name, value == NULL ? "1" : value,
	    &err) != BT_OK)
		cli_misuse(c, "--%s", err.text);
	cli_preset_forget(c, o);
	c->given = need(reallocarray(c->given, c->given_count + 1, sizeof(*c->given)));
	c->given[c->given_count++] = o;
	if (o->kind == BT_OPT_IGNORED)
		cli_error(c, "warning: --%s has no effect: %s", o->name, o->help);
}

/* --help and --version, or the first len bytes of their names; and what the build asks for. */
static void
take_special(const struct cli *c, const struct cli_short *shorts, const char *name, size_t len)
{
	if (strncmp(name, "help", len) == 0)
		cli_print_help(c, shorts);
	else if (strncmp(name, "version", len) == 0)
		(void)printf("%s %s\n", c->program, PACKAGE_VERSION);
	else if (strcmp(name, "help-mdoc") == 0)
		cli_print_mdoc(c, shorts);
	else if (strcmp(name, "help-complete") == 0)
		cli_print_completion(c, shorts);
	else
		return;
	exit(cli_finish(c, false));
}

static const struct bt_option *
find_long(const struct cli *c, const struct cli_short *shorts, const char *name,
    const struct cli_part **part)
{
	const struct bt_option *o = find_option(c, name, part);

	if (o == NULL)
		take_special(c, shorts, name, sizeof("version"));
	if (o == NULL && shorts != NULL && *name != '\0') {
		o = find_abbreviated(c, name, part);
		if (o == NULL)
			take_special(c, shorts, name, strlen(name));
	}
	if (o == NULL)
		cli_misuse(c, "unknown option --%s", name);
	return o;
}

/* The option that begins at argv[0]; the words it takes. */
static int
take_long(struct cli *c, const struct cli_short *shorts, char **argv)
{
	size_t len = strcspn(argv[0] + 2, "=");
	char *name = need(strndup(argv[0] + 2, len));
	const char *value = argv[0][2 + len] == '=' ? argv[0] + 2 + len + 1 : NULL;
	const struct cli_part *part;
	const struct bt_option *o = find_long(c, shorts, name, &part);
	int taken = 1;

	free(name);
	/* getopt's flags take no word: "btsethttpseeds --verbose 0 FILE" removes seeds. */
	if (value == NULL && (o->kind != BT_OPT_FLAG ||
	    (cli_letter(shorts, o->name) == 0 && is_flag_value(argv[1])))) {
		value = argv[1];
		taken = 2;
	}
	set_option(c, part, o, value);
	return taken;
}

/* The letters of argv[0]; the words they take. */
static int
take_short(struct cli *c, const struct cli_short *shorts, char **argv)
{
	for (const char *letter = argv[0] + 1; *letter != '\0'; letter++) {
		const struct cli_short *s = shorts;
		const struct cli_part *part;
		const struct bt_option *o;

		while (s->letter != 0 && s->letter != *letter)
			s++;
		if (s->letter == 0)
			cli_misuse(c, "unknown option -%c", *letter);
		o = find_option(c, s->name, &part);
		if (o == NULL)
			take_special(c, shorts, s->name, sizeof("version"));
		else if (o->kind == BT_OPT_FLAG)
			set_option(c, part, o, NULL);
		else {
			set_option(c, part, o, letter[1] != '\0' ? letter + 1 : argv[1]);
			return letter[1] != '\0' ? 1 : 2;
		}
	}
	return 1;
}

static void
fini_values(const struct cli *c)
{
	for (size_t i = 0; i < c->part_count; i++) {
		if (c->parts[i].values != c->ready)
			bt_options_fini(c->parts[i].table, c->parts[i].values);
	}
}

static enum bt_code
set_defaults(const struct cli *c, const struct cli_part *p)
{
	enum bt_code code = BT_OK;

	if (p->values != c->ready)
		return bt_options_init(p->table, p->values);
	for (size_t i = 0; i < p->table->count && code == BT_OK; i++)
		code = bt_options_set(p->table, p->values, p->table->rows[i].name,
		    p->table->rows[i].def, NULL);
	return code;
}

static void
init_values(const struct cli *c)
{
	for (size_t i = 0; i < c->part_count; i++) {
		if (set_defaults(c, &c->parts[i]) != BT_OK) {
			cli_error(c, "out of memory");
			exit(EXIT_FAILURE);
		}
	}
}

static void
check_required(const struct cli *c)
{
	for (size_t i = 0; i < c->part_count; i++) {
		const struct cli_part *p = &c->parts[i];

		for (size_t k = 0; k < p->table->count; k++) {
			const struct bt_option *o = &p->table->rows[k];

			if (o->def == NULL && o->kind == BT_OPT_TEXT &&
			    **(char **)((char *)p->values + o->offset) == '\0')
				cli_misuse(c, "option --%s is required", o->name);
		}
	}
}

static void
read_words(struct cli *c, const struct cli_short *shorts, int argc, char **argv)
{
	bool options = true;
	int i = 1;

	c->arg_count = 0;
	while (i < argc) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
			i++;
		} else if (options && strncmp(argv[i], "--", 2) == 0) {
			i += take_long(c, shorts, argv + i);
		} else if (options && shorts != NULL && argv[i][0] == '-' && argv[i][1] != '\0') {
			i += take_short(c, shorts, argv + i);
		} else {
			c->args[c->arg_count++] = argv[i++];
		}
	}
}

/* Below the command line, which is therefore read again. */
static void
read_preset(struct cli *c, const struct cli_short *shorts, int argc, char **argv)
{
	char *name = need(strdup(cli_preset_name(c)));

	fini_values(c);
	init_values(c);
	if (c->config != NULL)
		cli_config_apply(c);
	cli_preset_apply(c, name);
	read_words(c, shorts, argc, argv);
	free(name);
}

/* A program that is started with closed descriptors gets errors from them, as others do: a socket
 * or a file of ours that came to be standard output would be given all that is printed. */
static void
hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest that is free is this one. */
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			exit(EXIT_FAILURE);
	}
}

void
cli_parse_short(struct cli *c, const struct cli_short *shorts, int argc, char **argv)
{
	hold_standard_descriptors();
	init_values(c);
	c->args = need(calloc((size_t)argc + 1, sizeof(*c->args)));
	if (argc < 2) {
		cli_print_help(c, shorts);
		(void)cli_finish(c, false);
		exit(EXIT_MISUSE);
	}
	if (c->config != NULL)
		cli_config_apply(c);
	read_words(c, shorts, argc, argv);
	if (cli_preset_name(c) != NULL)
		read_preset(c, shorts, argc, argv);
	if (c->arg_count < c->min_args)
		cli_misuse(c, "too few arguments: wanted %s", c->words);
	if (c->arg_count > c->max_args)
		cli_misuse(c, "too many arguments: '%s'", c->args[c->max_args]);
	check_required(c);
}

void
cli_parse(struct cli *c, int argc, char **argv)
{
	cli_parse_short(c, NULL, argc, argv);
}

int
cli_finish(const struct cli *c, bool failed)
{
	fini_values(c);
	for (size_t i = 0; i < c->place_count; i++)
		free(c->places[i].text);
	free(c->places);
	free(c->given);
	free(c->args);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		cli_error(c, "standard output: %s", strerror(errno));
		failed = true;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: ISC */
#include "tools/cli_preset.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

#define EXIT_MISUSE 2

static const struct bt_option rows[] = {
	{ "preset", BT_OPT_TEXT, offsetof(struct cli_preset, name), "", 1, 0, "PRESET", NULL,
	  "Take options from the section PRESET of the file of presets; those of the command line "
	  "go before." },
};

const struct bt_option_table cli_preset_table = { rows, sizeof(rows) / sizeof(rows[0]) };

/* Where we are in the file. */
struct place {
	struct cli *cli;
	const char *path;
	size_t line;
};

static void __attribute__((format(printf, 2, 3), noreturn))
complain(const struct place *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (p->line == 0)
		cli_error(p->cli, "%s: %s", p->path, text);
	else
		cli_error(p->cli, "%s:%zu: %s", p->path, p->line, text);
	exit(EXIT_MISUSE);
}

/* $BTCORE_CONFIG, or where the XDG says that such files are. To be freed. */
static char *
file_of_presets(const struct cli *c)
{
	const char *own = getenv("BTCORE_CONFIG");
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char *path = NULL;
	int n;

	if (own != NULL && *own != '\0')
		n = asprintf(&path, "%s", own);
	else if (xdg != NULL && *xdg == '/')
		n = asprintf(&path, "%s/btcore/presets.conf", xdg);
	else if (home != NULL && *home != '\0')
		n = asprintf(&path, "%s/.config/btcore/presets.conf", home);
	else
		cli_misuse(c, "--preset: BTCORE_CONFIG or HOME must say where presets are");
	if (n < 0)
		abort();
	return path;
}

static void
keep_place(const struct place *p, const struct bt_option *option)
{
	struct cli *c = p->cli;
	struct cli_place *place;

	c->places = reallocarray(c->places, c->place_count + 1, sizeof(*c->places));
	if (c->places == NULL)
		abort();
	place = &c->places[c->place_count++];
	place->option = option;
	if (asprintf(&place->text, "%s:%zu", p->path, p->line) < 0)
		abort();
}

void
cli_preset_forget(struct cli *c, const struct bt_option *option)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->place_count; i++) {
		if (c->places[i].option == option)
			free(c->places[i].text);
		else
			c->places[kept++] = c->places[i];
	}
	c->place_count = kept;
}

static void
set(const struct place *p, const char *option, const char *value)
{
	for (size_t i = 0; i < p->cli->part_count; i++) {
		const struct cli_part *part = &p->cli->parts[i];
		const struct bt_option *row = bt_options_find(part->table, option);
		struct bt_error err;

		if (part->table == &cli_preset_table || row == NULL)
			continue;
		if (bt_options_set(part->table, part->values, option, value, &err) != BT_OK)
			complain(p, "%s", err.text);
		keep_place(p, row);
		return;
	}
	complain(p, "%s has no option '%s'", p->cli->program, option);
}

/* True if the section that begins here, or goes on, is the one of that name. */
static bool
take_line(const struct place *p, char *line, const char *name, bool within)
{
	char *equals = strchr(line, '=');
	size_t len = strlen(line);

	if (len == 0 || line[0] == '#')
		return within;
	if (line[0] == '[' && line[len - 1] == ']') {
		line[len - 1] = '\0';
		return strcmp(text_trim(line + 1), name) == 0;
	}
	if (line[0] == '[' || equals == NULL)
		complain(p, "neither '[NAME]' nor 'option = value'");
	*equals = '\0';
	if (within)
		set(p, text_trim(line), text_trim(equals + 1));
	return within;
}

const char *
cli_preset_name(const struct cli *c)
{
	for (size_t i = 0; i < c->part_count; i++) {
		const struct cli_preset *preset = c->parts[i].values;

		if (c->parts[i].table == &cli_preset_table && preset->name[0] != '\0')
			return preset->name;
	}
	return NULL;
}

void
cli_preset_apply(struct cli *c, const char *name)
{
	char *path = file_of_presets(c);
	struct place p = { c, path, 0 };
	FILE *f = fopen(path, "re");
	bool within = false, found = false;
	char *line = NULL;
	size_t size = 0;

	if (f == NULL)
		complain(&p, "%s", strerror(errno));
	while (getline(&line, &size, f) >= 0) {
		p.line++;
		within = take_line(&p, text_trim(line), name, within);
		found |= within;
	}
	p.line = 0;
	if (ferror(f))
		complain(&p, "%s", strerror(errno));
	if (!found)
		complain(&p, "has no preset '%s'", name);
	(void)fclose(f);
	free(line);
	free(path);
}

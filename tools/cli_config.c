/* SPDX-License-Identifier: ISC */
#include "tools/cli_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/text.h"

/* To be freed; NULL: nobody says where. */
static char *
old_path(const struct cli *c)
{
	const char *home = getenv("HOME");
	char *path;

	if (home == NULL || *home != '/')
		return NULL;
	if (asprintf(&path, "%s/.BitTornado/config.%s.ini", home, c->config) < 0)
		abort();
	return path;
}

static char *
our_folder(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int n = 0;

	if (xdg != NULL && *xdg == '/')
		n = asprintf(&path, "%s/btcore", xdg);
	else if (home != NULL && *home == '/')
		n = asprintf(&path, "%s/.config/btcore", home);
	if (n < 0)
		abort();
	return path;
}

static char *
our_path(const struct cli *c)
{
	char *folder = our_folder(), *path = NULL;

	if (folder != NULL && asprintf(&path, "%s/%s.ini", folder, c->config) < 0)
		abort();
	free(folder);
	return path;
}

/* -- reading -- */

static void
set(struct cli *c, const char *path, unsigned line, const char *name, const char *value)
{
	struct bt_error err;

	for (size_t i = 0; i < c->part_count; i++) {
		const struct cli_part *part = &c->parts[i];

		if (bt_options_find(part->table, name) == NULL)
			continue;
		if (bt_options_set(part->table, part->values, name, value, &err) != BT_OK)
			cli_error(c, "%s:%u: passed over: %s", path, line, err.text);
		return;
	}
	cli_error(c, "%s:%u: passed over: there is no option '%s'", path, line, name);
}

static void
read_file(struct cli *c, char *path)
{
	FILE *f = path == NULL ? NULL : fopen(path, "re");
	unsigned number = 0;
	char *line = NULL;
	size_t size = 0;

	/* Whose home this is may be somebody else's matter. */
	if (f == NULL && path != NULL && errno != ENOENT && errno != ENOTDIR && errno != EACCES)
		cli_error(c, "%s: %s", path, strerror(errno));
	while (f != NULL && getline(&line, &size, f) >= 0) {
		char *text = text_trim(line), *equals = strchr(text, '=');

		number++;
		if (*text == '\0' || *text == '#' || *text == ';' || *text == '[')
			continue;
		if (equals == NULL) {
			cli_error(c, "%s:%u: passed over: not 'option = value'", path, number);
			continue;
		}
		*equals = '\0';
		set(c, path, number, text_trim(text), text_trim(equals + 1));
	}
	if (f != NULL)
		(void)fclose(f);
	free(line);
	free(path);
}

void
cli_config_apply(struct cli *c)
{
	read_file(c, old_path(c));
	read_file(c, our_path(c));
}

/* -- writing -- */

static bool
is_among(const char *name, const char *const *list)
{
	while (*list != NULL && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

static void
write_value(FILE *out, const struct cli_part *part, const struct bt_option *row)
{
	const void *value = (const char *)part->values + row->offset;

	(void)fprintf(out, "%s = ", row->name);
	if (row->kind == BT_OPT_TEXT)
		(void)fprintf(out, "%s\n", *(char *const *)value);
	else if (row->kind == BT_OPT_FLOAT)
		(void)fprintf(out, "%.17g\n", *(const double *)value);
	else
		(void)fprintf(out, "%lld\n", (long long)*(const int64_t *)value);
}

static void
write_all(const struct cli *c, const char *const *leave_out, FILE *out)
{
	(void)fprintf(out, "# Defaults of %s, as --save_options has kept them.\n", c->program);
	for (size_t i = 0; i < c->part_count; i++) {
		const struct cli_part *part = &c->parts[i];

		for (size_t k = 0; k < part->table->count; k++) {
			const struct bt_option *row = &part->table->rows[k];

			if (row->kind != BT_OPT_IGNORED && !is_among(row->name, leave_out))
				write_value(out, part, row);
		}
	}
}

static bool
make_folders(const char *path)
{
	char *part = strdup(path);
	bool made = true;

	if (part == NULL)
		abort();
	for (char *p = part + 1; made; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		made = mkdir(part, 0700) == 0 || errno == EEXIST;
		*p = c;
		if (c == '\0')
			break;
	}
	free(part);
	return made;
}

/* Written beside it and renamed, so that it is whole at any time. */
static bool
replace(const struct cli *c, const char *const *leave_out, const char *path)
{
	mode_t mask = umask(077);
	char *temp;
	FILE *out;
	bool good;

	if (asprintf(&temp, "%s.new", path) < 0)
		abort();
	out = fopen(temp, "we");
	(void)umask(mask);
	if (out != NULL)
		write_all(c, leave_out, out);
	good = out != NULL && !ferror(out);
	if (out != NULL && fclose(out) != 0)
		good = false;
	good = good && rename(temp, path) == 0;
	free(temp);
	return good;
}

bool
cli_config_save(const struct cli *c, const char *const *leave_out)
{
	char *folder = our_folder(), *path = our_path(c);
	bool good = path != NULL && make_folders(folder) && replace(c, leave_out, path);

	if (path == NULL)
		cli_error(c, "--save_options: XDG_CONFIG_HOME or HOME must say where");
	else if (!good)
		cli_error(c, "%s: %s", path, strerror(errno));
	free(folder);
	free(path);
	return good;
}

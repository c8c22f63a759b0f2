/* SPDX-License-Identifier: ISC */
#include <btcore/option.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

/* '-' and '_' are one letter in names: announce-list was spelled both ways. */
static int
same_name(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return 0;
	}
	return *a == *b;
}

const struct bt_option *
bt_options_find(const struct bt_option_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (same_name(table->rows[i].name, name))
			return &table->rows[i];
	}
	return NULL;
}

static void *
value_of(const struct bt_option *row, void *values)
{
	return (char *)values + row->offset;
}

static enum bt_code
check_range(const struct bt_option *row, double v, struct bt_error *err)
{
	if ((row->min != 0 || row->max != 0) && (v < row->min || v > row->max))
		return fail(err, BT_EARG, "%s: must be from %.15g to %.15g", row->name, row->min,
		    row->max);
	return BT_OK;
}

/* Of a flag, a whole number or a size. */
static enum bt_code
put_int(const struct bt_option *row, void *values, int64_t v, struct bt_error *err)
{
	if (row->kind == BT_OPT_FLAG && v != 0 && v != 1)
		return fail(err, BT_EARG, "%s: %lld is neither 0 nor 1", row->name, (long long)v);
	if (row->kind == BT_OPT_SIZE && v < 0)
		return fail(err, BT_EARG, "%s: %lld is not a number of bytes", row->name,
		    (long long)v);
	if (check_range(row, (double)v, err) != BT_OK)
		return BT_EARG;
	*(int64_t *)value_of(row, values) = v;
	return BT_OK;
}

static enum bt_code
set_int(const struct bt_option *row, void *values, const char *text, struct bt_error *err)
{
	char *end;
	int64_t v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return fail(err, BT_EARG, "%s: '%.60s' is not a whole number", row->name, text);
	return put_int(row, values, v, err);
}

static enum bt_code
set_flag(const struct bt_option *row, void *values, const char *text, struct bt_error *err)
{
	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
		return fail(err, BT_EARG, "%s: '%.60s' is neither 0 nor 1", row->name, text);
	*(int64_t *)value_of(row, values) = text[0] == '1';
	return BT_OK;
}

/* Bits to shift by for K, M and G; -1: none of them, or more than that. */
static int
unit_of(const char *text)
{
	static const char units[] = "KkMmGg";
	const char *unit = *text == '\0' ? NULL : strchr(units, *text);

	if (*text == '\0')
		return 0;
	return unit == NULL || text[1] != '\0' ? -1 : 10 * (int)((unit - units) / 2 + 1);
}

static enum bt_code
set_size(const struct bt_option *row, void *values, const char *text, struct bt_error *err)
{
	int64_t v;
	char *end;
	int unit;

	errno = 0;
	v = strtoll(text, &end, 10);
	unit = unit_of(end);
	if (errno != 0 || end == text || unit < 0 || v < 0 || v > INT64_MAX >> unit)
		return fail(err, BT_EARG, "%s: '%.60s' is not a number of bytes, such as 65536, "
		    "64K or 1M", row->name, text);
	return put_int(row, values, v << unit, err);
}

static enum bt_code
put_float(const struct bt_option *row, void *values, double v, struct bt_error *err)
{
	if (!isfinite(v))
		return fail(err, BT_EARG, "%s: must be a finite number", row->name);
	if (check_range(row, v, err) != BT_OK)
		return BT_EARG;
	*(double *)value_of(row, values) = v;
	return BT_OK;
}

static enum bt_code
set_float(const struct bt_option *row, void *values, const char *text, struct bt_error *err)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (errno != 0 || end == text || *end != '\0' || !isfinite(v))
		return fail(err, BT_EARG, "%s: '%.60s' is not a number", row->name, text);
	return put_float(row, values, v, err);
}

/* Does the table name all that it may be, as in "none|specific|full"? */
static bool
is_choice(const struct bt_option *row)
{
	return row->kind == BT_OPT_TEXT && row->arg != NULL && strchr(row->arg, '|') != NULL &&
	    strpbrk(row->arg, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL;
}

static enum bt_code
check_choice(const struct bt_option *row, const char *text, struct bt_error *err)
{
	size_t len = strlen(text);

	if (row->def != NULL && strcmp(text, row->def) == 0)
		return BT_OK;
	for (const char *word = row->arg; ; word += strcspn(word, "|") + 1) {
		size_t n = strcspn(word, "|");

		if (n == len && strncmp(word, text, n) == 0)
			return BT_OK;
		if (word[n] == '\0')
			break;
	}
	return fail(err, BT_EARG, "%s: '%.60s' is none of %s", row->name, text, row->arg);
}

static enum bt_code
set_text(const struct bt_option *row, void *values, const char *text, struct bt_error *err)
{
	char **place = value_of(row, values);
	char *copy = mem_strdup(text);

	if (copy == NULL)
		return fail(err, BT_ENOMEM, "%s: out of memory", row->name);
	mem_free(*place);
	*place = copy;
	return BT_OK;
}

static enum bt_code
set_row(const struct bt_option *row, void *values, const char *text, struct bt_error *err)
{
	switch (row->kind) {
	case BT_OPT_FLAG: return set_flag(row, values, text, err);
	case BT_OPT_SIZE: return set_size(row, values, text, err);
	case BT_OPT_INT: return set_int(row, values, text, err);
	case BT_OPT_FLOAT: return set_float(row, values, text, err);
	case BT_OPT_TEXT: return set_text(row, values, text, err);
	case BT_OPT_IGNORED: return BT_OK;
	}
	return BT_EARG;
}

enum bt_code
bt_options_init(const struct bt_option_table *table, void *values)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct bt_option *row = &table->rows[i];
		const char *none = row->kind == BT_OPT_TEXT ? "" : "0";

		if (row->kind == BT_OPT_TEXT)
			*(char **)value_of(row, values) = NULL;
		if (set_row(row, values, row->def != NULL ? row->def : none, NULL) == BT_ENOMEM) {
			bt_options_fini(table, values);
			return BT_ENOMEM;
		}
	}
	return BT_OK;
}

/* Texts are the copy's own; all else is a number of the owner's struct. */
static bool
copy_row(const struct bt_option *row, void *to, void *from)
{
	switch (row->kind) {
	case BT_OPT_TEXT:
		*(char **)value_of(row, to) = mem_strdup(*(char **)value_of(row, from));
		return *(char **)value_of(row, to) != NULL;
	case BT_OPT_FLOAT:
		*(double *)value_of(row, to) = *(double *)value_of(row, from);
		return true;
	case BT_OPT_IGNORED:
		return true;
	case BT_OPT_FLAG:
	case BT_OPT_INT:
	case BT_OPT_SIZE:
		break;
	}
	*(int64_t *)value_of(row, to) = *(int64_t *)value_of(row, from);
	return true;
}

enum bt_code
bt_options_copy(const struct bt_option_table *table, void *to, const void *from)
{
	bool ok = true;

	for (size_t i = 0; i < table->count; i++)
		ok = copy_row(&table->rows[i], to, (void *)(uintptr_t)from) && ok;
	if (!ok)
		bt_options_fini(table, to);
	return ok ? BT_OK : BT_ENOMEM;
}

enum bt_code
bt_options_set(const struct bt_option_table *table, void *values, const char *name,
    const char *text, struct bt_error *err)
{
	const struct bt_option *row = bt_options_find(table, name);

	if (row == NULL)
		return fail(err, BT_ENOENT, "unknown option --%.60s", name);
	if (row->kind == BT_OPT_TEXT && row->min > 0 && *text == '\0')
		return fail(err, BT_EARG, "%s: must not be empty", row->name);
	if (is_choice(row) && check_choice(row, text, err) != BT_OK)
		return BT_EARG;
	return set_row(row, values, text, err);
}

static bool
is_whole(const struct bt_option *row)
{
	return row->kind == BT_OPT_FLAG || row->kind == BT_OPT_INT || row->kind == BT_OPT_SIZE;
}

enum bt_code
bt_options_set_int(const struct bt_option_table *table, void *values, const char *name,
    int64_t value, struct bt_error *err)
{
	const struct bt_option *row = bt_options_find(table, name);

	if (row != NULL && is_whole(row))
		return put_int(row, values, value, err);
	return bt_options_set_float(table, values, name, (double)value, err);
}

static enum bt_code
no_number(const struct bt_option *row, const char *name, struct bt_error *err)
{
	if (row == NULL)
		return fail(err, BT_ENOENT, "no option is named %.60s", name);
	return fail(err, BT_EARG, is_whole(row) ? "%s: is a whole number" : "%s: is no number",
	    row->name);
}

enum bt_code
bt_options_set_float(const struct bt_option_table *table, void *values, const char *name,
    double value, struct bt_error *err)
{
	const struct bt_option *row = bt_options_find(table, name);

	if (row == NULL || row->kind != BT_OPT_FLOAT)
		return no_number(row, name, err);
	return put_float(row, values, value, err);
}

static void *
value_in(const struct bt_option *row, const void *values)
{
	return value_of(row, (void *)(uintptr_t)values);
}

enum bt_code
bt_options_get_int(const struct bt_option_table *table, const void *values, const char *name,
    int64_t *out, struct bt_error *err)
{
	const struct bt_option *row = bt_options_find(table, name);

	if (row != NULL && row->kind == BT_OPT_FLOAT)
		return fail(err, BT_EARG, "%s: is no whole number", row->name);
	if (row == NULL || !is_whole(row))
		return no_number(row, name, err);
	*out = *(int64_t *)value_in(row, values);
	return BT_OK;
}

enum bt_code
bt_options_get_float(const struct bt_option_table *table, const void *values, const char *name,
    double *out, struct bt_error *err)
{
	const struct bt_option *row = bt_options_find(table, name);

	if (row == NULL || (row->kind != BT_OPT_FLOAT && !is_whole(row)))
		return no_number(row, name, err);
	*out = is_whole(row) ? (double)*(int64_t *)value_in(row, values) :
	    *(double *)value_in(row, values);
	return BT_OK;
}

const char *
bt_options_get_text(const struct bt_option_table *table, const void *values, const char *name)
{
	const struct bt_option *row = bt_options_find(table, name);

	return row == NULL || row->kind != BT_OPT_TEXT ? NULL : *(char **)value_in(row, values);
}

bool
bt_options_same(const struct bt_option *row, const void *values, const void *others)
{
	const void *a = value_in(row, values), *b = value_in(row, others);

	if (row->kind == BT_OPT_TEXT)
		return strcmp(*(char *const *)a, *(char *const *)b) == 0;
	if (row->kind == BT_OPT_FLOAT)
		return memcmp(a, b, sizeof(double)) == 0;
	return row->kind == BT_OPT_IGNORED || *(const int64_t *)a == *(const int64_t *)b;
}

void
bt_options_fini(const struct bt_option_table *table, void *values)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->rows[i].kind != BT_OPT_TEXT)
			continue;
		mem_free(*(char **)value_of(&table->rows[i], values));
		*(char **)value_of(&table->rows[i], values) = NULL;
	}
}

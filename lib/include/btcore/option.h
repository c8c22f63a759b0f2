/* SPDX-License-Identifier: ISC */
/*
 * Options as a table: name, kind, default, range, one sentence. From a table come parsing, range
 * errors, --help, manual page and completion. The values live in a struct of the table's owner.
 */
#ifndef BTCORE_OPTION_H
#define BTCORE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/error.h>

enum bt_option_kind {
	BT_OPT_FLAG,	/* int64_t, 0 or 1; may stand bare on a command line */
	BT_OPT_INT,	/* int64_t */
	BT_OPT_SIZE,	/* int64_t, bytes; the text may end in K, M or G for 1024 and its powers */
	BT_OPT_FLOAT,	/* double */
	BT_OPT_TEXT,	/* char *, owned, never NULL */
	BT_OPT_IGNORED	/* accepted for old command lines, has no value; its help says why */
};

struct bt_option {
	const char *name;	/* words joined by '_'; '-' is accepted for it everywhere */
	enum bt_option_kind kind;
	size_t offset;		/* of the value in the owner's struct */
	const char *def;	/* the default as text; NULL: required */
	double min, max;	/* of numbers; both 0: no limits. Of a text a min of 1: if it is
				 * given it must not be empty, as that of an unset variable is */
	const char *arg;	/* the word for the value in --help: "seconds", "FILE"; a text
				 * of "one|two", in small letters, must be one of these */
	const char *group;	/* heading in --help */
	const char *help;	/* one sentence */
};

struct bt_option_table {
	const struct bt_option *rows;
	size_t count;
};

/* Sets every value to its default (required ones to "" or 0). */
enum bt_code bt_options_init(const struct bt_option_table *table, void *values);

/* Sets every value to that of another, with texts of its own. BT_ENOMEM: to holds nothing. */
enum bt_code bt_options_copy(const struct bt_option_table *table, void *to, const void *from);

/* Sets one value from text. Returns BT_EARG, and err names the option and what it takes, or
 * BT_ENOENT if there is no such option. */
enum bt_code bt_options_set(const struct bt_option_table *table, void *values,
    const char *name, const char *text, struct bt_error *err);

/* The same from a number. A row of texts takes none, a row of whole numbers only those. */
enum bt_code bt_options_set_int(const struct bt_option_table *table, void *values,
    const char *name, int64_t value, struct bt_error *err);
enum bt_code bt_options_set_float(const struct bt_option_table *table, void *values,
    const char *name, double value, struct bt_error *err);

/* They read one value. BT_ENOENT: no such option; BT_EARG: it is not of that kind. A whole number
 * is read as a float, too. */
enum bt_code bt_options_get_int(const struct bt_option_table *table, const void *values,
    const char *name, int64_t *out, struct bt_error *err);
enum bt_code bt_options_get_float(const struct bt_option_table *table, const void *values,
    const char *name, double *out, struct bt_error *err);

/* A text, good until it is set again or freed. NULL: no such option, or it is no text. */
const char *bt_options_get_text(const struct bt_option_table *table, const void *values,
    const char *name);

/* Have the two the same value in this row? */
bool bt_options_same(const struct bt_option *row, const void *values, const void *others);

/* The row of that name, or NULL. */
const struct bt_option *bt_options_find(const struct bt_option_table *table, const char *name);

/* Frees the texts. */
void bt_options_fini(const struct bt_option_table *table, void *values);

#endif

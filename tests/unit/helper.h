/* SPDX-License-Identifier: ISC */
/* What the unit tests share. A runner is: int main(void) { return
 * run_suites(make, COUNT_OF(make)); } */
#ifndef UNIT_HELPER_H
#define UNIT_HELPER_H

#include <check.h>
#undef fail	/* base/error.h has a function of that name */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

/* Everything runs in one process: Check's fork would hide leaks from the sanitizers. */
static inline int
run_suites(Suite *(*const make[])(void), size_t count)
{
	SRunner *sr = srunner_create(NULL);
	int failed;

	for (size_t i = 0; i < count; i++)
		srunner_add_suite(sr, make[i]());
	srunner_set_fork_status(sr, CK_NOFORK);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Bytes of lower-case hex; the caller frees ptr. */
static inline struct bt_slice
unhex(const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *out = malloc(len + 1);

	for (size_t i = 0; i < len; i++) {
		unsigned byte;

		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return slice_of(out, len);
}

/* Bytes as hex, for comparing; the caller frees it. */
static inline char *
hex_of(const void *bytes, size_t len)
{
	char *out = malloc(2 * len + 1);

	for (size_t i = 0; i < len; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
	out[2 * len] = '\0';
	return out;
}

static inline FILE *
open_data(const char *name)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", TEST_DATA, name);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "cannot open %s", path);
	return f;
}

#define MAX_FIELDS 10

/* One line of tab-separated fields; missing ones are "". *line is the caller's to free in the end.
 * False at the end of the file. */
static inline bool
next_line(FILE *f, char **line, char *field[MAX_FIELDS])
{
	static char none[1];
	size_t cap = 0;
	char *rest;

	free(*line);
	*line = NULL;
	if (getline(line, &cap, f) <= 0)
		return false;
	(*line)[strcspn(*line, "\n")] = '\0';
	rest = *line;
	for (size_t i = 0; i < MAX_FIELDS; i++)
		field[i] = rest != NULL ? strsep(&rest, "\t") : none;
	return true;
}

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Writing JSON, one object a line. Text that is not UTF-8 gets U+FFFD for each broken byte.
 *
 *	json_init(&j, stdout);
 *	json_object(&j, NULL);
 *	json_uint(&j, "size", 5);
 *	json_end(&j);		the outermost ends the line and flushes
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <btcore/slice.h>

#define JSON_MAX_DEPTH 16

struct json {
	FILE *out;
	unsigned depth;
	bool array[JSON_MAX_DEPTH];
	bool any[JSON_MAX_DEPTH];
};

void json_init(struct json *j, FILE *out);

/* key is NULL for elements of arrays and for the outermost. */
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end(struct json *j);

void json_slice(struct json *j, const char *key, struct bt_slice text);
void json_string(struct json *j, const char *key, const char *text);
void json_hex(struct json *j, const char *key, const uint8_t *bytes, size_t len); /* NULL: null */
void json_int(struct json *j, const char *key, int64_t v);
void json_uint(struct json *j, const char *key, uint64_t v);
void json_double(struct json *j, const char *key, double v);	/* not finite: null */
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);
void json_known(struct json *j, const char *key, int64_t v);	/* negative: null */

#endif

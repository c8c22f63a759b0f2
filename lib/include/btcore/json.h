/* SPDX-License-Identifier: ISC */
/*
 * Writing JSON as it comes, without a tree and without memory of its own.
 *
 *	bt_json_init(&j, sink, stdout);
 *	bt_json_object(&j, NULL);
 *	bt_json_uint(&j, "size", 5);
 *	bt_json_end(&j);		the outermost ends the line
 *
 * What is written is valid whatever bytes a text has: a byte that is not UTF-8 becomes U+FFFD, and
 * what would control a terminal is escaped. Each value is on one line, so a newline is only ever
 * the end of one.
 */
#ifndef BTCORE_JSON_H
#define BTCORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/slice.h>

#define BT_JSON_MAX_DEPTH 16

/* Takes the next part of the text. */
typedef void (*bt_json_sink)(void *arg, const char *text, size_t len);

/* The caller's, for one value after the other; its fields are for these functions only. */
struct bt_json {
	bt_json_sink sink;
	void *arg;
	unsigned depth;
	bool array[BT_JSON_MAX_DEPTH];
	bool any[BT_JSON_MAX_DEPTH];
	size_t len;
	char text[4096];	/* what the sink has not got yet */
};

void bt_json_init(struct bt_json *j, bt_json_sink sink, void *arg);

/* key is NULL for elements of arrays and for the outermost. */
void bt_json_object(struct bt_json *j, const char *key);
void bt_json_array(struct bt_json *j, const char *key);

/* Ends the object or array that was opened last. With the outermost a newline is written, and the
 * sink gets all there is. */
void bt_json_end(struct bt_json *j);

void bt_json_slice(struct bt_json *j, const char *key, struct bt_slice text);
void bt_json_string(struct bt_json *j, const char *key, const char *text);

/* Writes the bytes as hexadecimal digits; null if bytes is NULL. */
void bt_json_hex(struct bt_json *j, const char *key, const uint8_t *bytes, size_t len);

void bt_json_int(struct bt_json *j, const char *key, int64_t v);
void bt_json_uint(struct bt_json *j, const char *key, uint64_t v);
void bt_json_double(struct bt_json *j, const char *key, double v);	/* not finite: null */
void bt_json_bool(struct bt_json *j, const char *key, bool v);
void bt_json_null(struct bt_json *j, const char *key);

/* Writes null if v is negative, which stands for a number that is not known. */
void bt_json_known(struct bt_json *j, const char *key, int64_t v);

#endif

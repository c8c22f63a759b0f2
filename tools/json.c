/* SPDX-License-Identifier: ISC */
#include "tools/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <btcore/text.h>

void
json_init(struct json *j, FILE *out)
{
	j->out = out;
	j->depth = 0;
}

static void
put_text(struct json *j, struct bt_slice s)
{
	struct bt_slice bytes;
	int32_t point;

	(void)fputc('"', j->out);
	while (bt_text_next(&s, &point, &bytes)) {
		if (point < 0)
			(void)fputs("\\ufffd", j->out);
		else if (point == '"' || point == '\\')
			(void)fprintf(j->out, "\\%c", (char)point);
		else if (point == '\n')
			(void)fputs("\\n", j->out);
		else if (point == '\t')
			(void)fputs("\\t", j->out);
		else if (bt_text_is_control(point))
			(void)fprintf(j->out, "\\u%04" PRIx32, (uint32_t)point);
		else
			(void)fwrite(bytes.ptr, 1, bytes.len, j->out);
	}
	(void)fputc('"', j->out);
}

static void
begin(struct json *j, const char *key)
{
	unsigned top;

	if (j->depth == 0)
		return;
	top = j->depth - 1;
	assert(j->array[top] == (key == NULL));
	if (j->any[top])
		(void)fputc(',', j->out);
	j->any[top] = true;
	if (key != NULL) {
		put_text(j, (struct bt_slice){ (const uint8_t *)key, strlen(key) });
		(void)fputc(':', j->out);
	}
}

static void
enter(struct json *j, const char *key, bool array)
{
	begin(j, key);
	assert(j->depth < JSON_MAX_DEPTH);
	j->array[j->depth] = array;
	j->any[j->depth++] = false;
	(void)fputc(array ? '[' : '{', j->out);
}

void
json_object(struct json *j, const char *key)
{
	enter(j, key, false);
}

void
json_array(struct json *j, const char *key)
{
	enter(j, key, true);
}

void
json_end(struct json *j)
{
	assert(j->depth > 0);
	(void)fputc(j->array[--j->depth] ? ']' : '}', j->out);
	if (j->depth == 0) {
		(void)fputc('\n', j->out);
		(void)fflush(j->out);
	}
}

void
json_slice(struct json *j, const char *key, struct bt_slice text)
{
	begin(j, key);
	put_text(j, text);
}

void
json_string(struct json *j, const char *key, const char *text)
{
	json_slice(j, key, (struct bt_slice){ (const uint8_t *)text, strlen(text) });
}

void
json_hex(struct json *j, const char *key, const uint8_t *bytes, size_t len)
{
	if (bytes == NULL) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	(void)fputc('"', j->out);
	for (size_t i = 0; i < len; i++)
		(void)fprintf(j->out, "%02x", bytes[i]);
	(void)fputc('"', j->out);
}

void
json_int(struct json *j, const char *key, int64_t v)
{
	begin(j, key);
	(void)fprintf(j->out, "%" PRId64, v);
}

void
json_uint(struct json *j, const char *key, uint64_t v)
{
	begin(j, key);
	(void)fprintf(j->out, "%" PRIu64, v);
}

void
json_double(struct json *j, const char *key, double v)
{
	if (!isfinite(v)) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	(void)fprintf(j->out, "%.6g", v);
}

void
json_bool(struct json *j, const char *key, bool v)
{
	begin(j, key);
	(void)fputs(v ? "true" : "false", j->out);
}

void
json_null(struct json *j, const char *key)
{
	begin(j, key);
	(void)fputs("null", j->out);
}

void
json_known(struct json *j, const char *key, int64_t v)
{
	if (v < 0)
		json_null(j, key);
	else
		json_int(j, key, v);
}

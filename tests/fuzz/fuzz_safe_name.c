/* SPDX-License-Identifier: ISC */
/* Whatever a torrent's files are called: each path has safe elements, and no two are equal. The
 * input is a list of paths, one a line, with elements between slashes; a byte of 1 in an element is
 * a slash, 2 a NUL, 3 a newline, and 4 and a letter a hundred of that letter. */
#include "fuzz.h"

#include <string.h>

#include <btcore/metainfo.h>

#include "base/buf.h"
#include "bencode/write.h"
#include "meta/safe_name.h"

#define MAX_FILES 100

static void
check_element(struct bt_slice element)
{
	char out[SAFE_NAME_MAX], again[SAFE_NAME_MAX], numbered[2][SAFE_NAME_MAX];
	struct bt_slice safe = slice_of(out, safe_name(element, out));
	size_t len[2];

	MUST(safe.len > 0 && safe.len <= SAFE_NAME_MAX && safe_name_is(safe));
	MUST(memchr(out, '/', safe.len) == NULL && memchr(out, '\0', safe.len) == NULL);
	MUST(!slice_eq_str(safe, ".") && !slice_eq_str(safe, ".."));
	MUST(slice_eq(safe, element) == safe_name_is(element));
	MUST(slice_eq(safe, slice_of(again, safe_name(safe, again))));
	for (size_t i = 0; i < 2; i++) {
		len[i] = safe_name_numbered(safe, i + 9, numbered[i]);
		MUST(safe_name_is(slice_of(numbered[i], len[i])));
	}
	MUST(!slice_eq(slice_of(numbered[0], len[0]), slice_of(numbered[1], len[1])));
}

/* The next element of a line. */
static void
decode(struct bt_slice element, struct buf *out)
{
	for (size_t i = 0; i < element.len; i++) {
		uint8_t c = element.ptr[i];
		size_t times = 1;

		if (c == 4 && i + 1 < element.len) {
			c = element.ptr[++i];
			times = 100;
		}
		c = c == 1 ? '/' : c == 2 ? '\0' : c == 3 ? '\n' : c;
		for (size_t k = 0; k < times; k++)
			buf_add_u8(out, c);
	}
}

static void
write_file(struct write *w, struct bt_slice line)
{
	write_dict(w);
	write_key(w, "length");
	write_int(w, 0);
	write_key(w, "path");
	write_list(w);
	for (bool more = true; more;) {
		struct buf element;

		more = slice_index(line, '/') < line.len;
		buf_init(&element, 1u << 20);
		decode(slice_take_until(&line, '/'), &element);
		check_element(buf_slice(&element));
		write_slice(w, buf_slice(&element));
		buf_fini(&element);
	}
	write_end(w);
	write_end(w);
}

static uint32_t
write_torrent(struct buf *b, struct bt_slice paths)
{
	uint32_t files = 0;
	struct write w;

	write_init(&w, b);
	write_dict(&w);
	write_key(&w, "info");
	write_dict(&w);
	write_key(&w, "files");
	write_list(&w);
	for (; paths.len > 0 && files < MAX_FILES; files++)
		write_file(&w, slice_take_until(&paths, '\n'));
	write_end(&w);
	write_key(&w, "name");
	write_string(&w, "n");
	write_key(&w, "piece length");
	write_int(&w, 16384);
	write_key(&w, "pieces");
	write_string(&w, "");
	write_end(&w);
	write_end(&w);
	MUST(write_finish(&w));
	return files;
}

static char *
path_of(const struct bt_metainfo *m, uint32_t i)
{
	size_t len = bt_metainfo_file_safe_path(m, i, NULL, 0);
	char *path = malloc(len + 1);

	MUST(path != NULL && len < 3000 && bt_metainfo_file_safe_path(m, i, path, len + 1) == len);
	return path;
}

/* Neither is the other, nor a directory on the way to it. */
static bool
apart(const char *a, const char *b)
{
	size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return strncmp(a, b, n) != 0 || (a[n] != b[n] && a[n] != '/' && b[n] != '/');
}

static void
check_paths(const struct bt_metainfo *m, const struct bt_metainfo *again)
{
	uint32_t count = bt_metainfo_file_count(m);
	char *path[MAX_FILES];

	for (uint32_t i = 0; i < count; i++) {
		char *other = path_of(again, i);

		path[i] = path_of(m, i);
		MUST(strcmp(path[i], other) == 0);
		free(other);
		for (struct bt_slice rest = slice_str(path[i]); rest.len > 0;)
			MUST(safe_name_is(slice_take_until(&rest, '/')));
		for (uint32_t k = 0; k < i; k++)
			MUST(apart(path[k], path[i]));
	}
	while (count > 0)
		free(path[--count]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_metainfo *m, *again;
	struct bt_error err;
	uint32_t files;
	struct buf b;

	check_element(slice_of(data, size));
	buf_init(&b, 64u << 20);
	files = write_torrent(&b, slice_of(data, size));
	if (bt_metainfo_parse(buf_slice(&b), &m, &err) == BT_OK) {
		MUST(bt_metainfo_file_count(m) == files);
		MUST(bt_metainfo_parse(buf_slice(&b), &again, &err) == BT_OK);
		check_paths(m, again);
		bt_metainfo_free(again);
		bt_metainfo_free(m);
	} else {
		MUST(files == 0 || err.code == BT_ELIMIT);
	}
	buf_fini(&b);
	return 0;
}

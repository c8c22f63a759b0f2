/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/show.h"
#include "tools/text.h"

struct entry {
	char *path;
	size_t len;
	uint64_t size;
};

/* What stands before a name. */
struct lines {
	const char *middle, *last;	/* at the name itself */
	const char *bar, *blank;	/* below a directory that others follow, or that is last */
};

struct tree {
	const struct entry *entries;	/* sorted */
	const struct lines *lines;
	uint64_t directories, files;
	char *indent;		/* the lines of the directories around */
	size_t indent_size;
};

/* By elements, so that what is in a directory stands together. */
static int
entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;

	for (size_t i = 0; i < n; i++) {
		unsigned char p = (unsigned char)x->path[i], q = (unsigned char)y->path[i];

		if (p != q)
			return p == '/' ? -1 : q == '/' ? 1 : p < q ? -1 : 1;
	}
	return x->len < y->len ? -1 : x->len > y->len;
}

static void
print_name(const char *name, size_t len, uint64_t size)
{
	text_print(stdout, (struct bt_slice){ (const uint8_t *)name, len });
	(void)printf(" (%" PRIu64 ")\n", size);
}

/* Bytes up to the end of the element that begins at `at`. */
static size_t
element_end(const struct entry *e, size_t at)
{
	const char *slash = memchr(e->path + at, '/', e->len - at);

	return slash == NULL ? e->len : (size_t)(slash - e->path);
}

/* The entries from first on that share the element at `at` with it, and their size. */
static size_t
group_end(const struct tree *t, size_t first, size_t end, size_t at, uint64_t *size)
{
	const struct entry *e = &t->entries[first];
	size_t stop = element_end(e, at), i = first + 1;

	*size = e->size;
	/* A file is alone, also with a directory of its name beside it. */
	for (; stop < e->len && i < end; i++) {
		const struct entry *other = &t->entries[i];

		if (other->len <= stop || other->path[stop] != '/' ||
		    memcmp(other->path + at, e->path + at, stop - at) != 0)
			break;
		*size += other->size;
	}
	return i;
}

static void
indent_by(struct tree *t, const char *line)
{
	if (strlen(t->indent) + strlen(line) >= t->indent_size) {
		t->indent_size *= 2;
		t->indent = realloc(t->indent, t->indent_size);
		if (t->indent == NULL)
			abort();
	}
	(void)memcpy(t->indent + strlen(t->indent), line, strlen(line) + 1);
}

/* The entries of one directory, whose path takes `at` bytes. No deeper than torrents may be. */
static void
print_entries(struct tree *t, size_t first, size_t end, size_t at)
{
	size_t indent = strlen(t->indent);

	while (first < end) {
		const struct entry *e = &t->entries[first];
		size_t stop = element_end(e, at);
		uint64_t size;
		size_t next = group_end(t, first, end, at, &size);

		(void)printf("%s%s", t->indent, next == end ? t->lines->last : t->lines->middle);
		print_name(e->path + at, stop - at, size);
		if (stop < e->len) {
			t->directories++;
			indent_by(t, next == end ? t->lines->blank : t->lines->bar);
			print_entries(t, first, next, stop + 1);
			t->indent[indent] = '\0';
		} else {
			t->files++;
		}
		first = next;
	}
}

static const struct lines *
lines_of_locale(void)
{
	static const struct lines drawn = {
		"\xe2\x94\x9c\xe2\x94\x80\xe2\x94\x80 ", "\xe2\x94\x94\xe2\x94\x80\xe2\x94\x80 ",
		"\xe2\x94\x82   ", "    " };
	static const struct lines plain = { "|-- ", "`-- ", "|   ", "    " };

	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? &drawn : &plain;
}

static void
print_directory(const struct bt_metainfo *m)
{
	uint32_t count = bt_metainfo_file_count(m);
	struct entry *entries = calloc(count, sizeof(*entries));
	struct tree t = { .entries = entries, .lines = lines_of_locale(), .indent_size = 256 };
	size_t n = 0;

	t.indent = calloc(1, t.indent_size);
	if (entries == NULL || t.indent == NULL)
		abort();
	for (uint32_t i = 0; i < count; i++) {
		struct bt_file f = bt_metainfo_file(m, i);

		if (f.flags & BT_FILE_PAD)
			continue;
		entries[n].path = show_path(m, i, &entries[n].len);
		entries[n++].size = f.size;
	}
	qsort(entries, n, sizeof(*entries), entry_cmp);
	print_entries(&t, 0, n, 0);
	(void)printf("\n%" PRIu64 " director%s, %" PRIu64 " file%s\n", t.directories,
	    t.directories == 1 ? "y" : "ies", t.files, t.files == 1 ? "" : "s");
	for (size_t i = 0; i < n; i++)
		free(entries[i].path);
	free(entries);
	free(t.indent);
}

bool
show_tree(const struct show *s, const char *path, const struct bt_metainfo *m)
{
	struct bt_slice name = bt_metainfo_name(m);

	(void)s;
	(void)path;
	print_name((const char *)name.ptr, name.len, bt_metainfo_total_size(m));
	if (!bt_metainfo_is_single_file(m))
		print_directory(m);
	return true;
}

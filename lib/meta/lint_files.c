/* SPDX-License-Identifier: ISC */
/* The files of a torrent: 'files' of v1 and 'file tree' of v2. */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/num.h"
#include "bencode/scan.h"
#include "meta/lint.h"
#include "meta/model.h"

static uint32_t
flags_of(struct bt_bencode file)
{
	return meta_flags(bt_bencode_string(bt_bencode_find(file, "attr")));
}

void
lint_sha1(struct lint *l, unsigned bep, const char *what, struct bt_bencode v)
{
	if (bt_bencode_string(v).len != SHA1_LEN)
		lint_say(l, bep, "%s has not 20 bytes", what);
}

void
lint_link(struct lint *l, unsigned bep, const char *what, struct bt_bencode v)
{
	struct bt_bencode_iter it;
	struct bt_bencode name;

	bt_bencode_start(&it, v);
	while (bt_bencode_next(&it, NULL, &name)) {
		if (bt_bencode_kind(name) != BT_BENCODE_STRING)
			lint_say(l, bep, "%s has what is no string", what);
		else
			lint_name(l, bep, what, bt_bencode_string(name));
	}
}

/* A link has none, or none to speak of. */
static void
check_length(struct lint *l, unsigned bep, const char *where, struct bt_bencode file, int64_t *out)
{
	bool link = flags_of(file) & BT_FILE_SYMLINK;

	if (link && !lint_has(file, "symlink path"))
		lint_say(l, 47, "%sa symbolic link without 'symlink path'", where);
	if (link && !lint_has(file, "length"))
		return;
	if (!lint_int(l, bep, where, file, "length", out))
		return;
	if (*out < 0)
		lint_refuse(l, bep, "%sa length of %" PRId64, where, *out);
	else if (*out > 0 && link)
		lint_refuse(l, 47, "%sa symbolic link with a length", where);
}

static void
check_path(struct lint *l, unsigned bep, const char *what, struct bt_bencode path)
{
	struct bt_bencode_iter it;
	struct bt_bencode name;

	if (bt_bencode_count(path) == 0)
		lint_refuse(l, bep, "%s is empty", what);
	bt_bencode_start(&it, path);
	while (bt_bencode_next(&it, NULL, &name)) {
		if (bt_bencode_kind(name) != BT_BENCODE_STRING)
			lint_refuse(l, bep, "%s has what is no string", what);
		else
			lint_name(l, bep, what, bt_bencode_string(name));
	}
}

static const struct lint_rule file_rules[] = {
	{ "attr", LINT_STRING, false, 47, NULL },
	{ "length", LINT_INT, true, 3, NULL },
	{ "path", LINT_LIST, true, 3, check_path },
	{ "sha1", LINT_STRING, false, 47, lint_sha1 },
	{ "symlink path", LINT_LIST, false, 47, lint_link },
};

/* Its length, or -1. */
static int64_t
check_file(struct lint *l, const char *where, struct bt_bencode file)
{
	uint32_t flags = flags_of(file);
	int64_t length = flags & BT_FILE_SYMLINK ? 0 : -1;

	if (bt_bencode_kind(file) != BT_BENCODE_DICT) {
		lint_refuse(l, 3, "%snot a dictionary", where);
		return -1;
	}
	lint_keys(l, where, file, file_rules, COUNT_OF(file_rules));
	if (!lint_has(file, "path") && !(flags & BT_FILE_PAD))
		lint_refuse(l, 3, "%sno 'path'", where);
	check_length(l, 3, where, file, &length);
	return length;
}

void
lint_files(struct lint *l, struct bt_bencode files, int64_t piece_length, int64_t *total)
{
	uint64_t sum = 0, end_of_padding = 0;
	struct bt_bencode_iter it;
	struct bt_bencode file;
	bool sane = true;
	char where[40];

	bt_bencode_start(&it, files);
	for (size_t n = 1; bt_bencode_next(&it, NULL, &file); n++) {
		int64_t length;

		/* Padding at the very end has nothing to align. */
		if (sane && piece_length > 0 && end_of_padding % (uint64_t)piece_length != 0)
			lint_say(l, 47, "file %zu: the padding before it does not end with a piece",
			    n);
		(void)snprintf(where, sizeof(where), "file %zu: ", n);
		length = check_file(l, where, file);
		sane = sane && length >= 0 && add_u64(sum, (uint64_t)length, &sum) &&
		    sum <= INT64_MAX;
		end_of_padding = flags_of(file) & BT_FILE_PAD ? sum : 0;
	}
	if (bt_bencode_count(files) == 0)
		lint_refuse(l, 3, "info: 'files' is empty");
	*total = sane ? (int64_t)sum : -1;
}

/* -- v2 -- */

static void
check_root(struct lint *l, unsigned bep, const char *what, struct bt_bencode v)
{
	if (bt_bencode_string(v).len != SHA256_LEN)
		lint_refuse(l, bep, "%s has not 32 bytes", what);
}

static const struct lint_rule leaf_rules[] = {
	{ "attr", LINT_STRING, false, 47, NULL },
	{ "length", LINT_INT, true, 52, NULL },
	{ "pieces root", LINT_STRING, true, 52, check_root },
	{ "sha1", LINT_STRING, false, 47, lint_sha1 },
	{ "symlink path", LINT_LIST, false, 47, lint_link },
};

static void
check_leaf(struct lint *l, const char *where, struct bt_bencode leaf)
{
	int64_t length = 0;

	lint_keys(l, where, leaf, leaf_rules, COUNT_OF(leaf_rules));
	check_length(l, 52, where, leaf, &length);
	if (length > 0 && !lint_has(leaf, "pieces root"))
		lint_refuse(l, 52, "%sno 'pieces root'", where);
	if (flags_of(leaf) & BT_FILE_PAD)
		lint_say(l, 52, "%spadding, which is for 'files' only", where);
}

/* A directory on the way down. */
struct level {
	struct bt_slice name;
	size_t entries;
	bool leaf;	/* one of them has no name: it is a file */
};

struct tree {
	struct lint *l;
	struct scan s;
	struct level level[SCAN_MAX_DEPTH];
	size_t depth;
};

/* "file tree: 'NAME': " */
static const char *
where_of(struct bt_slice name, char out[130])
{
	char shown[100];

	(void)snprintf(out, 130, "file tree: '%s': ", log_escape(name, shown, sizeof(shown)));
	return out;
}

/* A key with a name: into what it holds. */
static void
go_down(struct tree *t, struct bt_slice name)
{
	char where[130];

	lint_name(t->l, 52, "file tree", name);
	if (scan_try_dict(&t->s))
		t->level[t->depth++] = (struct level){ .name = name };
	else
		lint_refuse(t->l, 52, "%snot a dictionary", where_of(name, where));
}

static void
end_level(struct tree *t)
{
	const struct level *d = &t->level[--t->depth];
	char where[130];

	if (t->depth > 0 && d->entries == 0)
		lint_refuse(t->l, 52, "%sneither a file nor a directory", where_of(d->name, where));
	else if (d->entries == 0)
		lint_refuse(t->l, 52, "info: 'file tree' is empty");
	else if (t->depth > 0 && d->leaf && d->entries > 1)
		lint_refuse(t->l, 52, "%sboth a file and a directory", where_of(d->name, where));
}

static void
take_leaf(struct tree *t)
{
	struct level *d = &t->level[t->depth - 1];
	struct bt_bencode v = { scan_skip(&t->s) };
	char where[130];

	d->leaf = true;
	if (t->depth == 1)
		lint_refuse(t->l, 52, "file tree: a file without a name");
	else if (bt_bencode_kind(v) != BT_BENCODE_DICT)
		lint_refuse(t->l, 52, "%snot a dictionary", where_of(d->name, where));
	else
		check_leaf(t->l, where_of(d->name, where), v);
}

void
lint_tree(struct lint *l, struct bt_bencode tree)
{
	struct tree t = { .l = l, .depth = 1 };
	struct bt_slice name;

	scan_init(&t.s, tree.raw, SCAN_LENIENT);
	(void)scan_dict(&t.s);
	while (t.depth > 0 && !scan_failed(&t.s)) {
		if (!scan_key(&t.s, &name)) {
			end_level(&t);
			continue;
		}
		t.level[t.depth - 1].entries++;
		if (name.len == 0)
			take_leaf(&t);
		else
			go_down(&t, name);
	}
}

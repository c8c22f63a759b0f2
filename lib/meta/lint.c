/* SPDX-License-Identifier: ISC */
#include "meta/lint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/num.h"
#include "base/utf8.h"
#include "bencode/scan.h"
#include "meta/merkle.h"
#include "meta/model.h"

static void PRINTF_LIKE(3, 0)
tell(struct lint *l, unsigned bep, const char *fmt, va_list ap)
{
	char text[300];

	if (l->count++ >= BT_LINT_TOLD)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	l->fn(l->arg, bep, text);
}

void
lint_say(struct lint *l, unsigned bep, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(l, bep, fmt, ap);
	va_end(ap);
}

void
lint_refuse(struct lint *l, unsigned bep, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(l, bep, fmt, ap);
	va_end(ap);
	l->refused = true;
}

static void
check_key(struct lint *l, const char *where, const struct lint_rule *r, struct bt_bencode v)
{
	static const char *const words[] = {
		[BT_BENCODE_INT] = "a number", [BT_BENCODE_STRING] = "a string",
		[BT_BENCODE_LIST] = "a list", [BT_BENCODE_DICT] = "a dictionary" };
	enum bt_bencode_kind kind = bt_bencode_kind(v);
	char what[200];

	(void)snprintf(what, sizeof(what), "%s'%s'", where, r->key);
	if (r->kinds == 0 || r->kinds & 1u << kind) {
		if (r->check != NULL)
			r->check(l, r->bep, what, v);
		return;
	}
	lint_say(l, r->bep, "%s is %s", what, words[kind]);
	l->refused |= r->must;
}

void
lint_keys(struct lint *l, const char *where, struct bt_bencode dict,
    const struct lint_rule *rules, size_t count)
{
	struct bt_bencode_iter it;
	struct bt_bencode v;
	struct bt_slice key;

	bt_bencode_start(&it, dict);
	while (bt_bencode_next(&it, &key, &v)) {
		for (size_t i = 0; i < count; i++) {
			if (slice_eq_str(key, rules[i].key))
				check_key(l, where, &rules[i], v);
		}
	}
}

bool
lint_has(struct bt_bencode dict, const char *key)
{
	return bt_bencode_find(dict, key).raw.len > 0;
}

bool
lint_int(struct lint *l, unsigned bep, const char *where, struct bt_bencode dict, const char *key,
    int64_t *out)
{
	struct bt_bencode v = bt_bencode_find(dict, key);

	if (v.raw.len == 0)
		lint_refuse(l, bep, "%sno '%s'", where, key);
	return bt_bencode_int(v, out);
}

void
lint_text(struct lint *l, unsigned bep, const char *what, struct bt_bencode v)
{
	struct bt_slice text = bt_bencode_string(v);
	char shown[100];

	if (!utf8_valid(text))
		lint_say(l, bep, "%s is not UTF-8: '%s'", what,
		    log_escape(text, shown, sizeof(shown)));
}

void
lint_name(struct lint *l, unsigned bep, const char *what, struct bt_slice name)
{
	char shown[100];

	if (name.len == 0)
		lint_say(l, bep, "%s: empty name in a path", what);
	else if (!utf8_valid(name))
		lint_say(l, bep, "%s is not UTF-8: '%s'", what,
		    log_escape(name, shown, sizeof(shown)));
	else if (!safe_name_is(name))
		lint_say(l, bep, "%s: unsafe name in a path: '%s'", what,
		    log_escape(name, shown, sizeof(shown)));
}

/* -- trackers and seeds -- */

static void
check_url(struct lint *l, unsigned bep, const char *what, struct bt_bencode v)
{
	struct bt_slice url = bt_bencode_string(v);
	char shown[100];

	if (url.ptr == NULL)
		lint_say(l, bep, "%s has what is no string", what);
	else if (!meta_usable_url(url))
		lint_say(l, bep, "%s: '%s' is no URL", what,
		    log_escape(url, shown, sizeof(shown)));
}

static void
check_urls(struct lint *l, unsigned bep, const char *what, struct bt_bencode list)
{
	struct bt_bencode_iter it;
	struct bt_bencode v;

	bt_bencode_start(&it, list);
	while (bt_bencode_next(&it, NULL, &v))
		check_url(l, bep, what, v);
}

static void
check_tiers(struct lint *l, unsigned bep, const char *what, struct bt_bencode list)
{
	struct bt_bencode_iter it;
	struct bt_bencode tier;

	if (bt_bencode_count(list) == 0)
		lint_say(l, bep, "%s is empty", what);
	bt_bencode_start(&it, list);
	for (size_t n = 1; bt_bencode_next(&it, NULL, &tier); n++) {
		if (bt_bencode_kind(tier) != BT_BENCODE_LIST)
			lint_say(l, bep, "%s: tier %zu is not a list", what, n);
		else if (bt_bencode_count(tier) == 0)
			lint_say(l, bep, "%s: tier %zu is empty", what, n);
		else
			check_urls(l, bep, what, tier);
	}
}

static void
check_url_list(struct lint *l, unsigned bep, const char *what, struct bt_bencode v)
{
	if (bt_bencode_kind(v) == BT_BENCODE_STRING)
		check_url(l, bep, what, v);
	else
		check_urls(l, bep, what, v);
}

static void
check_nodes(struct lint *l, unsigned bep, const char *what, struct bt_bencode list)
{
	struct bt_bencode_iter it;
	struct bt_bencode node;

	bt_bencode_start(&it, list);
	for (size_t n = 1; bt_bencode_next(&it, NULL, &node); n++) {
		int64_t port = 0;

		if (bt_bencode_kind(node) != BT_BENCODE_LIST || bt_bencode_count(node) != 2 ||
		    bt_bencode_string(bt_bencode_at(node, 0)).len == 0 ||
		    !bt_bencode_int(bt_bencode_at(node, 1), &port))
			lint_say(l, bep, "%s: node %zu is not a list of host and port", what, n);
		else if (port < 1 || port > UINT16_MAX)
			lint_say(l, bep, "%s: node %zu has a port of %" PRId64, what, n, port);
	}
}

static void
check_similar(struct lint *l, unsigned bep, const char *what, struct bt_bencode list)
{
	struct bt_bencode_iter it;
	struct bt_bencode v;

	bt_bencode_start(&it, list);
	while (bt_bencode_next(&it, NULL, &v)) {
		size_t len = bt_bencode_string(v).len;

		if (len != SHA1_LEN && len != SHA256_LEN)
			lint_say(l, bep, "%s has what is no info-hash", what);
	}
}

static void
check_collections(struct lint *l, unsigned bep, const char *what, struct bt_bencode list)
{
	struct bt_bencode_iter it;
	struct bt_bencode v;

	bt_bencode_start(&it, list);
	while (bt_bencode_next(&it, NULL, &v)) {
		if (bt_bencode_kind(v) != BT_BENCODE_STRING)
			lint_say(l, bep, "%s has what is no string", what);
	}
}

/* -- the two dictionaries -- */

static void
misplaced(struct lint *l, unsigned bep, const char *what, struct bt_bencode v)
{
	(void)v;
	lint_say(l, bep, "%s is in the wrong dictionary", what);
}

static void
check_layers(struct lint *l, unsigned bep, const char *what, struct bt_bencode layers)
{
	struct bt_bencode_iter it;
	struct bt_bencode v;
	struct bt_slice root;

	bt_bencode_start(&it, layers);
	while (bt_bencode_next(&it, &root, &v)) {
		struct bt_slice hashes = bt_bencode_string(v);

		if (root.len != SHA256_LEN || hashes.len == 0 || hashes.len % SHA256_LEN != 0) {
			lint_refuse(l, bep, "%s: not all are roots and hashes of 32 bytes", what);
			return;
		}
	}
}

static const struct lint_rule outer_rules[] = {
	{ "announce", LINT_STRING, false, 3, check_url },
	{ "announce-list", LINT_LIST, false, 12, check_tiers },
	{ "collections", LINT_LIST, false, 38, check_collections },
	{ "comment", 0, false, 3, lint_text },
	{ "created by", 0, false, 3, lint_text },
	{ "file tree", 0, false, 52, misplaced },
	{ "files", 0, false, 3, misplaced },
	{ "httpseeds", LINT_LIST, false, 17, check_urls },
	{ "meta version", 0, false, 52, misplaced },
	{ "nodes", LINT_LIST, false, 5, check_nodes },
	{ "piece layers", LINT_DICT, true, 52, check_layers },
	{ "piece length", 0, false, 3, misplaced },
	{ "pieces", 0, false, 3, misplaced },
	{ "private", 0, false, 27, misplaced },
	{ "similar", LINT_LIST, false, 38, check_similar },
	{ "url-list", LINT_STRING | LINT_LIST, false, 19, check_url_list },
};

static void
check_name(struct lint *l, unsigned bep, const char *what, struct bt_bencode v)
{
	lint_name(l, bep, what, bt_bencode_string(v));
}

static void
check_private(struct lint *l, unsigned bep, const char *what, struct bt_bencode v)
{
	int64_t private = 0;

	(void)bt_bencode_int(v, &private);
	if (private != 0 && private != 1)
		lint_say(l, bep, "%s is %" PRId64 ", neither 0 nor 1", what, private);
}

static const struct lint_rule info_rules[] = {
	{ "attr", LINT_STRING, false, 47, NULL },
	{ "collections", LINT_LIST, false, 38, check_collections },
	{ "file tree", LINT_DICT, true, 52, NULL },
	{ "files", LINT_LIST, true, 3, NULL },
	{ "length", LINT_INT, true, 3, NULL },
	{ "meta version", LINT_INT, true, 52, NULL },
	{ "name", LINT_STRING, true, 3, check_name },
	{ "piece layers", 0, false, 52, misplaced },
	{ "piece length", LINT_INT, true, 3, NULL },
	{ "pieces", LINT_STRING, true, 3, NULL },
	{ "private", LINT_INT, false, 27, check_private },
	{ "sha1", LINT_STRING, false, 47, lint_sha1 },
	{ "similar", LINT_LIST, false, 38, check_similar },
	{ "source", 0, false, 3, lint_text },
	{ "symlink path", LINT_LIST, false, 47, lint_link },
};

/* Bytes of content, or -1 if that is not to be known. */
static int64_t
lint_content(struct lint *l, struct bt_bencode info, int64_t piece_length)
{
	struct bt_bencode files = bt_bencode_find(info, "files");
	bool single = lint_has(info, "length");
	int64_t total = -1;

	if (single == lint_has(info, "files")) {
		lint_refuse(l, 3, single ? "info: both 'length' and 'files'" :
		    "info: neither 'length' nor 'files'");
		return -1;
	}
	if (!single && bt_bencode_kind(files) == BT_BENCODE_LIST)
		lint_files(l, files, piece_length, &total);
	else if (bt_bencode_int(bt_bencode_find(info, "length"), &total) && total < 0)
		lint_refuse(l, 3, "info: a length of %" PRId64, total);
	return total;
}

static void
lint_v1(struct lint *l, struct bt_bencode info, int64_t piece_length)
{
	struct bt_slice pieces = bt_bencode_string(bt_bencode_find(info, "pieces"));
	int64_t total = lint_content(l, info, piece_length);

	if (!lint_has(info, "pieces")) {
		lint_refuse(l, 3, "info: no 'pieces'");
	} else if (pieces.len % SHA1_LEN != 0) {
		lint_refuse(l, 3, "info: 'pieces' is no multiple of 20 bytes");
	} else if (pieces.ptr != NULL && total >= 0 && piece_length > 0) {
		uint64_t count = div_up_u64((uint64_t)total, (uint64_t)piece_length);

		if (count != pieces.len / SHA1_LEN)
			lint_refuse(l, 3, "info: %zu piece hashes for %" PRIu64 " pieces",
			    pieces.len / SHA1_LEN, count);
	}
}

static void
lint_v2(struct lint *l, struct bt_bencode outer, struct bt_bencode info, int64_t piece_length)
{
	struct bt_bencode tree = bt_bencode_find(info, "file tree");

	if (piece_length > 0 && (piece_length < MERKLE_BLOCK ||
	    (piece_length & (piece_length - 1)) != 0))
		lint_refuse(l, 52, "info: a piece length of %" PRId64
		    ", which is no power of two from 16384 on", piece_length);
	if (bt_bencode_kind(tree) == BT_BENCODE_DICT)
		lint_tree(l, tree);
	else if (tree.raw.len == 0)
		lint_refuse(l, 52, "info: no 'file tree'");
	if (!lint_has(outer, "piece layers"))
		lint_say(l, 52, "no 'piece layers'");
}

static void
lint_info(struct lint *l, struct bt_bencode outer, struct bt_bencode info)
{
	int64_t piece_length = -1, version = 0;
	bool has_version = bt_bencode_int(bt_bencode_find(info, "meta version"), &version);

	lint_keys(l, "info: ", info, info_rules, COUNT_OF(info_rules));
	if (!lint_has(info, "name"))
		lint_refuse(l, 3, "info: no 'name'");
	if (lint_int(l, 3, "info: ", info, "piece length", &piece_length) && piece_length <= 0)
		lint_refuse(l, 3, "info: a piece length of %" PRId64, piece_length);
	if (has_version && version != 2)
		lint_refuse(l, 52, "info: a meta version of %" PRId64, version);
	if (version != 2 || lint_has(info, "pieces") || lint_has(info, "length") ||
	    lint_has(info, "files"))
		lint_v1(l, info, piece_length);
	if (version == 2)
		lint_v2(l, outer, info, piece_length);
	else if (lint_has(info, "file tree") || lint_has(outer, "piece layers"))
		lint_say(l, 52, "what is of v2 without a 'meta version' of 2");
}

/* How what is not safe is spelled, and which of equal ones is. */
static void
say_spelling(struct lint *l, const struct bt_metainfo *m, uint32_t i)
{
	char raw[400], safe[400], shown_raw[100], shown_safe[100];
	size_t raw_len = bt_metainfo_file_path(m, i, raw, sizeof(raw));
	size_t safe_len = bt_metainfo_file_safe_path(m, i, safe, sizeof(safe));

	raw_len = min_u64(raw_len, sizeof(raw) - 1);
	safe_len = min_u64(safe_len, sizeof(safe) - 1);
	if (slice_eq(slice_of(raw, raw_len), slice_of(safe, safe_len)))
		return;
	lint_say(l, m->v1 ? 3 : 52, "file %u: %s'%s' is saved as '%s'", i + 1,
	    names_file_clashes(&m->names, i) ? "one of several of that name, " : "",
	    log_escape(slice_of(raw, raw_len), shown_raw, sizeof(shown_raw)),
	    log_escape(slice_of(safe, safe_len), shown_safe, sizeof(shown_safe)));
}

static void
say_spellings(struct lint *l, const struct bt_metainfo *m)
{
	if (m->names.respelled.len == 0)
		return;
	for (uint32_t i = 0; i < meta_file_count(m); i++) {
		if (!(meta_file_at(m, i)->flags & BT_FILE_PAD))
			say_spelling(l, m, i);
	}
}

static void
say_missing_layers(struct lint *l, const struct bt_metainfo *m)
{
	for (uint32_t i = 0; m->layers_missing > 0 && i < meta_file_count(m); i++) {
		if (bt_metainfo_lacks_layer(m, i))
			lint_say(l, 52, "piece layers: none for file %u", i + 1);
	}
}

/* What only the whole shows: paths that are equal, v1 and v2 that differ, hashes that do not give
 * their root. Who reads torrents knows that. */
static enum bt_code
lint_whole(struct lint *l, struct bt_slice bytes, bool v2, struct bt_error *err)
{
	struct bt_metainfo *m;
	struct bt_error why;
	enum bt_code code = bt_metainfo_parse(bytes, &m, &why);

	if (code == BT_ENOMEM)
		return fail(err, code, "%s", why.text);
	if (code != BT_OK && !l->refused)
		lint_refuse(l, v2 ? 52 : 3, "%s", why.text);
	if (code == BT_OK) {
		say_spellings(l, m);
		say_missing_layers(l, m);
	}
	if (code == BT_OK && m->names.flattened)
		lint_say(l, m->v1 ? 3 : 52, "paths of more than %u bytes", NAMES_MAX_PATH);
	bt_metainfo_free(m);
	return BT_OK;
}

enum bt_code
bt_lint(struct bt_slice bytes, bt_lint_fn fn, void *arg, size_t *count, struct bt_error *err)
{
	struct lint l = { .fn = fn, .arg = arg };
	struct bt_bencode outer, info;
	enum bt_code code = BT_OK;

	*count = 0;
	if (bytes.len > SCAN_MAX_SIZE)
		return fail(err, BT_ELIMIT, "torrent of more than %u bytes", SCAN_MAX_SIZE);
	outer = lint_bencode(&l, bytes);
	if (outer.raw.len > 0) {
		info = bt_bencode_find(outer, "info");
		lint_keys(&l, "", outer, outer_rules, COUNT_OF(outer_rules));
		if (lint_has(outer, "announce-list") && !lint_has(outer, "announce"))
			lint_say(&l, 12, "'announce-list' without 'announce'");
		if (bt_bencode_kind(info) == BT_BENCODE_DICT)
			lint_info(&l, outer, info);
		else
			lint_refuse(&l, 3, "not a torrent: no dictionary 'info'");
		code = lint_whole(&l, bytes, lint_has(info, "meta version"), err);
	}
	*count = l.count;
	return code;
}

enum bt_code
bt_lint_file(const char *path, bt_lint_fn fn, void *arg, size_t *count, struct bt_error *err)
{
	struct bt_error why;
	enum bt_code code;
	struct buf b;

	*count = 0;
	buf_init(&b, SCAN_MAX_SIZE);
	code = file_read(path, &b, err);
	if (code == BT_OK) {
		code = bt_lint(buf_slice(&b), fn, arg, count, &why);
		if (code != BT_OK)
			(void)fail(err, code, "%s: %s", path, why.text);
	}
	buf_fini(&b);
	return code;
}

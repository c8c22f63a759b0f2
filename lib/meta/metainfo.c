/* SPDX-License-Identifier: ISC */
#include <btcore/metainfo.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash_many.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "meta/model.h"

#define MAX_FILE_SIZE (64u << 20)	/* bytes of a torrent file */

/* What the outer dictionary holds that must wait until all of it was read; empty: not there. */
struct outer {
	struct bt_slice announce_list, url_list, http_seeds;
	struct bt_slice piece_layers;
	struct bt_slice comment_utf8;
	struct meta_info info;
};

static bool
add_url(struct vec *v, struct bt_slice url)
{
	url = slice_trim(url);
	return url.len == 0 || v->len >= META_MAX_TRACKERS || vec_add(v, &url) != NULL;
}

/* One string, or a list of them; what is no string is left out. */
static enum bt_code
read_urls(struct vec *out, struct bt_slice raw, struct bt_error *err)
{
	struct bt_slice url;
	struct scan s;
	bool ok = true;

	if (raw.len == 0)
		return BT_OK;
	scan_init(&s, raw, SCAN_LENIENT);
	if (scan_peek(&s) == SCAN_STRING) {
		ok = add_url(out, scan_string(&s));
	} else if (scan_try_list(&s)) {
		while (ok && scan_more(&s))
			ok = !scan_try_string(&s, &url) || add_url(out, url);
	}
	return ok ? BT_OK : fail(err, BT_ENOMEM, "out of memory");
}

bool
meta_usable_url(struct bt_slice url)
{
	size_t colon = slice_index(url, ':');

	if (colon == 0 || url.len - colon <= 3 || memcmp(url.ptr + colon, "://", 3) != 0)
		return false;
	for (size_t i = 0; i < url.len; i++) {
		if (url.ptr[i] <= ' ' || url.ptr[i] == 0x7f)
			return false;
	}
	return true;
}

static bool
has_tracker(const struct bt_metainfo *m, struct bt_slice url)
{
	for (size_t i = 0; i < m->trackers.len; i++) {
		if (slice_eq(((struct meta_tracker *)vec_at(&m->trackers, i))->url, url))
			return true;
	}
	return false;
}

static bool
add_tracker(struct bt_metainfo *m, struct bt_slice url, size_t tier)
{
	struct meta_tracker t = { slice_trim(url), tier };

	if (m->trackers.len >= META_MAX_TRACKERS || !meta_usable_url(t.url) ||
	    has_tracker(m, t.url))
		return true;
	return vec_add(&m->trackers, &t) != NULL;
}

/* Tiers of which nothing usable is left vanish, so that numbers of tiers have no gaps. */
static enum bt_code
read_tiers(struct bt_metainfo *m, struct bt_slice raw, struct bt_error *err)
{
	struct bt_slice url;
	struct scan s;
	size_t tier = 0;
	bool ok = true;

	scan_init(&s, raw, SCAN_LENIENT);
	if (raw.len > 0 && scan_try_list(&s)) {
		while (ok && scan_more(&s)) {
			size_t before = m->trackers.len;

			if (scan_peek(&s) == SCAN_STRING)
				ok = add_tracker(m, scan_string(&s), tier);
			else if (scan_try_list(&s))
				while (ok && scan_more(&s))
					ok = !scan_try_string(&s, &url) ||
					    add_tracker(m, url, tier);
			tier += m->trackers.len > before;
		}
	}
	m->has_announce_list = m->trackers.len > 0;
	if (ok && m->trackers.len == 0)
		ok = add_tracker(m, m->announce, 0);
	return ok ? BT_OK : fail(err, BT_ENOMEM, "out of memory");
}

static void
read_info_key(struct bt_metainfo *m, struct scan *s, struct bt_slice key, struct meta_info *info)
{
	uint32_t pos = meta_pos(m, s->ptr + scan_pos(s));

	if (slice_eq_str(key, "name")) {
		if (scan_try_string(s, &info->name))
			info->name_pos = pos;
	} else if (slice_eq_str(key, "name.utf-8"))
		(void)scan_try_string(s, &info->name_utf8);
	else if (slice_eq_str(key, "piece length"))
		(void)scan_try_int(s, &info->piece_length);
	else if (slice_eq_str(key, "pieces"))
		(void)scan_try_string(s, &info->pieces);
	else if (slice_eq_str(key, "length"))
		info->has_length = scan_try_int(s, &info->length);
	else if (slice_eq_str(key, "files")) {
		info->has_files = true;
		info->files_code = meta_read_files(m, s, &info->files_why);
	} else if (slice_eq_str(key, "file tree")) {
		info->has_tree = true;
		info->tree_code = meta_read_tree(m, s, &info->tree, &info->tree_why);
	} else if (slice_eq_str(key, "meta version"))
		(void)scan_try_int(s, &info->meta_version);
	else if (slice_eq_str(key, "private"))
		(void)scan_try_int(s, &info->private);
	else if (slice_eq_str(key, "source"))
		(void)scan_try_string(s, &info->source);
	else if (slice_eq_str(key, "attr"))
		(void)scan_try_string(s, &info->attr);
	else
		(void)scan_skip(s);
}

void
meta_set_safe_name(struct bt_metainfo *m, struct bt_slice name)
{
	m->safe_name[safe_name(name, m->safe_name)] = '\0';
}

/* name.utf-8 stands beside a name in some other coding. */
static enum bt_code
settle_name(struct bt_metainfo *m, struct meta_info *info, struct bt_error *err)
{
	size_t digits = 1;

	if (info->name.ptr == NULL)
		return fail(err, BT_EFORMAT, "missing or wrong 'name'");
	if (info->name_utf8.len > 0 && utf8_valid(info->name_utf8)) {
		for (size_t n = info->name_utf8.len; n >= 10; n /= 10)
			digits++;
		info->name = info->name_utf8;
		info->name_pos = meta_pos(m, info->name.ptr - 1 - digits);
	}
	m->name = info->name;
	meta_set_safe_name(m, m->name);
	return BT_OK;
}

static enum bt_code
settle_version(struct bt_metainfo *m, const struct meta_info *info, struct bt_error *err)
{
	/* BEP 52: this before anything else. */
	if (info->meta_version > 2)
		return fail(err, BT_EUNSUP, "meta version %" PRId64 " is newer than this program",
		    info->meta_version);
	if (info->meta_version != 0 && info->meta_version != 2)
		return fail(err, BT_EFORMAT, "meta version %" PRId64 " does not exist",
		    info->meta_version);
	m->v2 = info->meta_version == 2;
	m->v1 = !m->v2 || info->pieces.ptr != NULL || info->has_length || info->has_files;
	return BT_OK;
}

/* In passing, so that a large list of files is read only once. */
static void
read_info(struct bt_metainfo *m, struct scan *s, struct meta_info *info)
{
	size_t start = scan_pos(s);
	struct bt_slice key;

	if (scan_try_dict(s)) {
		while (scan_key(s, &key))
			read_info_key(m, s, key, info);
	}
	m->info = slice_of(m->bytes + start, scan_pos(s) - start);
}

static enum bt_code
settle_info(struct bt_metainfo *m, struct meta_info *info, struct bt_slice layers,
    struct bt_error *err)
{
	enum bt_code code;

	if (m->info.len == 0)
		return fail(err, BT_EFORMAT, "not a torrent: no 'info'");
	if (m->info.ptr[0] != 'd')
		return fail(err, BT_EFORMAT, "'info' is not a dictionary");
	code = settle_version(m, info, err);
	if (code == BT_OK)
		code = settle_name(m, info, err);
	if (code != BT_OK)
		return code;
	if (info->piece_length <= 0)
		return fail(err, BT_EFORMAT, "missing or wrong 'piece length'");
	if (info->piece_length > META_MAX_PIECE_LENGTH)
		return fail(err, BT_ELIMIT, "piece length %" PRId64 ": more than %u bytes",
		    info->piece_length, META_MAX_PIECE_LENGTH);
	m->piece_length = (uint32_t)info->piece_length;
	m->private = info->private == 1;
	m->source = info->source;
	if (m->v1)
		code = meta_parse_v1(m, info, err);
	if (code == BT_OK && m->v2)
		code = meta_parse_v2(m, info, err);
	if (code == BT_OK)
		code = names_seal(&m->names, err);
	if (code == BT_OK && m->v2)
		code = meta_parse_layers(m, layers, err);
	return code;
}

static void
read_outer_key(struct bt_metainfo *m, struct scan *s, struct bt_slice key, struct outer *o)
{
	if (slice_eq_str(key, "info"))
		read_info(m, s, &o->info);
	else if (slice_eq_str(key, "announce"))
		(void)scan_try_string(s, &m->announce);
	else if (slice_eq_str(key, "announce-list"))
		o->announce_list = scan_skip(s);
	else if (slice_eq_str(key, "piece layers"))
		o->piece_layers = scan_skip(s);
	else if (slice_eq_str(key, "url-list"))
		o->url_list = scan_skip(s);
	else if (slice_eq_str(key, "httpseeds"))
		o->http_seeds = scan_skip(s);
	else if (slice_eq_str(key, "comment"))
		(void)scan_try_string(s, &m->comment);
	else if (slice_eq_str(key, "comment.utf-8"))
		(void)scan_try_string(s, &o->comment_utf8);
	else if (slice_eq_str(key, "created by"))
		(void)scan_try_string(s, &m->created_by);
	else if (slice_eq_str(key, "creation date"))
		(void)scan_try_int(s, &m->creation_date);
	else
		(void)scan_skip(s);
}

static void
hash_info(struct bt_metainfo *m)
{
	if (m->v1 && m->v2)
		hash_both(m->info, m->hash_v1, m->hash_v2);
	else if (m->v1)
		hash_sha1(m->info, m->hash_v1);
	else
		hash_sha256(m->info, m->hash_v2);
}

static enum bt_code
settle_outer(struct bt_metainfo *m, struct outer *o, struct bt_error *err)
{
	enum bt_code code;

	if (o->comment_utf8.len > 0)
		m->comment = o->comment_utf8;
	code = settle_info(m, &o->info, o->piece_layers, err);
	if (code == BT_OK)
		code = read_tiers(m, o->announce_list, err);
	if (code == BT_OK)
		code = read_urls(&m->url_seeds, o->url_list, err);
	if (code == BT_OK)
		code = read_urls(&m->http_seeds, o->http_seeds, err);
	if (code == BT_OK)
		hash_info(m);
	return code;
}

static void
note_tolerated(struct bt_metainfo *m, unsigned by_scan)
{
	bool names = !safe_name_is(m->name) || m->names.respelled.len > 0 || m->names.flattened;
	const char *const what[] = { scan_tolerated_text(by_scan), names ? "unsafe names" : NULL,
		m->layers_missing > 0 ? "missing piece layers" : NULL };
	size_t len = 0;

	for (size_t i = 0; i < COUNT_OF(what); i++) {
		if (what[i] != NULL)
			len += (size_t)snprintf(m->tolerated + len, sizeof(m->tolerated) - len,
			    "%s%s", len > 0 ? ", " : "", what[i]);
	}
}

static enum bt_code
parse_outer(struct bt_metainfo *m, struct bt_error *err)
{
	struct outer o = { .announce_list = SLICE_NONE };
	enum bt_code code;
	struct bt_slice key;
	struct scan s;

	scan_init(&s, slice_of(m->bytes, m->len), SCAN_LENIENT);
	if (scan_peek(&s) != SCAN_DICT)
		return fail(err, BT_EFORMAT, "not a torrent: no bencoded dictionary");
	meta_tree_init(&o.info.tree);
	scan_dict(&s);
	while (scan_key(&s, &key))
		read_outer_key(m, &s, key, &o);
	code = scan_finish(&s) ? settle_outer(m, &o, err) :
	    scan_fail_as(&s, "malformed torrent", err);
	if (code == BT_OK)
		note_tolerated(m, s.tolerated);
	meta_tree_fini(&o.info.tree);
	return code;
}

/* Takes the bytes over, also when it fails. */
static enum bt_code
parse_own(uint8_t *bytes, size_t len, struct bt_metainfo **out, struct bt_error *err)
{
	struct bt_metainfo *m = mem_zero(sizeof(*m));
	enum bt_code code;

	*out = NULL;
	if (m == NULL) {
		mem_free(bytes);
		return fail(err, BT_ENOMEM, "out of memory");
	}
	atomic_init(&m->owners, 1);
	m->bytes = bytes;
	m->len = len;
	names_init(&m->names, bytes);
	vec_init(&m->files, sizeof(struct meta_file));
	vec_init(&m->trackers, sizeof(struct meta_tracker));
	vec_init(&m->url_seeds, sizeof(struct bt_slice));
	vec_init(&m->http_seeds, sizeof(struct bt_slice));
	code = parse_outer(m, err);
	if (code == BT_OK)
		*out = m;
	else
		bt_metainfo_free(m);
	return code;
}

enum bt_code
bt_metainfo_parse(struct bt_slice bytes, struct bt_metainfo **out, struct bt_error *err)
{
	uint8_t *copy;

	*out = NULL;
	if (bytes.len > MAX_FILE_SIZE)
		return fail(err, BT_ELIMIT, "torrent of more than %u bytes", MAX_FILE_SIZE);
	copy = mem_alloc(bytes.len);
	if (copy == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	if (bytes.len > 0)
		memcpy(copy, bytes.ptr, bytes.len);
	return parse_own(copy, bytes.len, out, err);
}

enum bt_code
bt_metainfo_open(const char *path, struct bt_metainfo **out, struct bt_error *err)
{
	struct bt_error why;
	enum bt_code code;
	struct buf b;
	uint8_t *bytes;

	*out = NULL;
	buf_init(&b, MAX_FILE_SIZE);
	code = file_read(path, &b, err);
	if (code != BT_OK) {
		buf_fini(&b);
		return code;
	}
	/* A growing buffer is up to twice as large as what is in it. */
	bytes = mem_grow(b.ptr, b.len, 1);
	if (bytes == NULL) {
		buf_fini(&b);
		return fail(err, BT_ENOMEM, "%s: out of memory", path);
	}
	code = parse_own(bytes, b.len, out, &why);
	if (code != BT_OK)
		(void)fail(err, code, "%s: %s", path, why.text);
	return code;
}

enum bt_code
bt_metainfo_save(const struct bt_metainfo *m, const char *path, struct bt_error *err)
{
	return file_replace(path, slice_of(m->bytes, m->len), err);
}

struct bt_metainfo *
bt_metainfo_share(const struct bt_metainfo *m)
{
	struct bt_metainfo *shared = (struct bt_metainfo *)m;

	(void)atomic_fetch_add(&shared->owners, 1);
	return shared;
}

void
bt_metainfo_free(struct bt_metainfo *m)
{
	if (m == NULL || atomic_fetch_sub(&m->owners, 1) > 1)
		return;
	names_fini(&m->names);
	vec_fini(&m->files);
	vec_fini(&m->trackers);
	vec_fini(&m->url_seeds);
	vec_fini(&m->http_seeds);
	mem_free(m->layers);
	mem_free(m->bytes);
	mem_free(m);
}

/* SPDX-License-Identifier: ISC */
#include "meta/edit.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/replace.h"
#include "bencode/scan.h"
#include "bencode/write.h"
#include "meta/safe_name.h"

struct bt_slice
edit_value(const struct bt_edit *e, enum bt_edit_when when, const char *key)
{
	return when == BT_EDIT_NOW ? dict_get(&e->outer, key) : dict_old(&e->outer, key);
}

struct bt_slice
edit_text(struct bt_slice value)
{
	struct bt_slice text = SLICE_NONE;
	struct scan s;

	if (value.len > 0) {
		scan_init(&s, value, SCAN_STRICT);
		(void)scan_try_string(&s, &text);
	}
	return text;
}

enum bt_code
edit_set_text(struct dict *d, const char *key, struct bt_slice text, struct bt_error *err)
{
	enum bt_code code = BT_ENOMEM;
	struct buf b;

	if (text.ptr == NULL) {
		dict_remove(d, key);
		return BT_OK;
	}
	buf_init(&b, SCAN_MAX_SIZE);
	write_alone(&b, text);
	if (!buf_failed(&b))
		code = dict_set(d, key, buf_slice(&b));
	buf_fini(&b);
	return code == BT_OK ? BT_OK : fail(err, code, "out of memory");
}

static enum bt_code
parse(struct bt_edit *e, struct bt_error *err)
{
	struct bt_slice info;

	if (dict_parse(&e->outer, buf_slice(&e->bytes), err) != BT_OK)
		return err->code;
	info = dict_get(&e->outer, "info");
	if (info.len == 0 || info.ptr[0] != 'd')
		return fail(err, BT_EFORMAT, "not a torrent: no 'info'");
	return BT_OK;
}

static struct bt_edit *
new_edit(void)
{
	struct bt_edit *e = mem_zero(sizeof(*e));

	if (e != NULL) {
		buf_init(&e->bytes, SCAN_MAX_SIZE);
		buf_init(&e->out, SCAN_MAX_SIZE + 1);
	}
	return e;
}

enum bt_code
bt_edit_parse(struct bt_slice bytes, struct bt_edit **out, struct bt_error *err)
{
	struct bt_edit *e = new_edit();
	struct bt_error why = { .code = BT_ENOMEM };

	*out = NULL;
	if (bytes.len > SCAN_MAX_SIZE)
		(void)fail(&why, BT_ELIMIT, "torrent of more than %u bytes", SCAN_MAX_SIZE);
	else if (e == NULL)
		(void)fail(&why, BT_ENOMEM, "out of memory");
	else {
		buf_add_slice(&e->bytes, bytes);
		if (buf_failed(&e->bytes))
			(void)fail(&why, BT_ENOMEM, "out of memory");
		else
			why.code = parse(e, &why);
	}
	if (why.code != BT_OK) {
		bt_edit_free(e);
		return fail(err, why.code, "%s", why.text);
	}
	*out = e;
	return BT_OK;
}

enum bt_code
bt_edit_open(const char *path, struct bt_edit **out, struct bt_error *err)
{
	struct bt_edit *e = new_edit();
	struct bt_error why;
	enum bt_code code;

	*out = NULL;
	if (e == NULL)
		return fail(err, BT_ENOMEM, "%s: out of memory", path);
	code = file_read(path, &e->bytes, err);
	if (code == BT_OK) {
		code = parse(e, &why);
		if (code != BT_OK)
			(void)fail(err, code, "%s: %s", path, why.text);
	}
	if (code != BT_OK)
		bt_edit_free(e);
	else
		*out = e;
	return code;
}

void
bt_edit_free(struct bt_edit *e)
{
	if (e == NULL)
		return;
	dict_fini(&e->outer);
	buf_fini(&e->bytes);
	buf_fini(&e->out);
	mem_free(e);
}

/* -- what is in info -- */

struct info {
	struct bt_slice name, name_utf8, source;
	bool v1, v2;
};

static struct info
read_info(const struct bt_edit *e, enum bt_edit_when when)
{
	struct info info = { .name = SLICE_NONE };
	bool pieces = false;
	int64_t version = 0;
	struct bt_slice key;
	struct scan s;

	scan_init(&s, edit_value(e, when, "info"), SCAN_LENIENT);
	scan_dict(&s);
	while (scan_key(&s, &key)) {
		if (slice_eq_str(key, "name"))
			(void)scan_try_string(&s, &info.name);
		else if (slice_eq_str(key, "name.utf-8"))
			(void)scan_try_string(&s, &info.name_utf8);
		else if (slice_eq_str(key, "source"))
			(void)scan_try_string(&s, &info.source);
		else if (slice_eq_str(key, "meta version"))
			(void)scan_try_int(&s, &version);
		else if (slice_eq_str(key, "pieces"))
			pieces = scan_skip(&s).len > 0;
		else
			(void)scan_skip(&s);
	}
	info.v2 = version == 2;
	info.v1 = !info.v2 || pieces;
	return info;
}

struct bt_slice
bt_edit_announce(const struct bt_edit *e, enum bt_edit_when when)
{
	return edit_text(edit_value(e, when, "announce"));
}

struct bt_slice
bt_edit_name(const struct bt_edit *e, enum bt_edit_when when)
{
	struct info info = read_info(e, when);

	return info.name_utf8.len > 0 ? info.name_utf8 : info.name;
}

struct bt_slice
bt_edit_source(const struct bt_edit *e, enum bt_edit_when when)
{
	return read_info(e, when).source;
}

bool
bt_edit_info_hash(const struct bt_edit *e, enum bt_edit_when when, uint8_t out[20])
{
	if (!read_info(e, when).v1)
		return false;
	hash_sha1(edit_value(e, when, "info"), out);
	return true;
}

bool
bt_edit_info_hash_v2(const struct bt_edit *e, enum bt_edit_when when, uint8_t out[32])
{
	if (!read_info(e, when).v2)
		return false;
	hash_sha256(edit_value(e, when, "info"), out);
	return true;
}

bool
bt_edit_changed(const struct bt_edit *e, const char *key)
{
	if (key == NULL)
		return dict_changed(&e->outer);
	return !slice_eq(dict_get(&e->outer, key), dict_old(&e->outer, key));
}

/* -- changing info -- */

static enum bt_code
write_as(const struct dict *d, struct dict *to, const char *key, struct bt_error *err)
{
	enum bt_code code = BT_ENOMEM;
	struct buf b;

	buf_init(&b, 2 * SCAN_MAX_SIZE);
	dict_write(d, &b);
	if (!buf_failed(&b))
		code = dict_set(to, key, buf_slice(&b));
	buf_fini(&b);
	return code == BT_OK ? BT_OK : fail(err, code, "out of memory");
}

/* The one file at the top of a v2 torrent stands there under the torrent's name (BEP 52), and that
 * is what it is saved as. */
static enum bt_code
rename_in_tree(struct dict *info, const char *name, struct bt_error *err)
{
	struct bt_slice old = dict_get(info, "file tree"), value;
	enum bt_code code = BT_OK;
	struct dict tree;

	if (old.len == 0 || old.ptr[0] != 'd')
		return BT_OK;
	code = dict_parse(&tree, old, err);
	if (code == BT_OK && tree.entries.len == 1) {
		struct dict_entry *only = vec_at(&tree.entries, 0);

		value = only->is;
		if (value.len > 3 && memcmp(value.ptr, "d0:", 3) == 0 &&
		    !slice_eq_str(only->key, name)) {
			only->is = SLICE_NONE;
			code = dict_set(&tree, name, value);
			if (code == BT_OK)
				code = write_as(&tree, info, "file tree", err);
			else
				(void)fail(err, code, "out of memory");
		}
	}
	dict_fini(&tree);
	return code;
}

static enum bt_code
set_name(struct dict *info, const char *name, struct bt_error *err)
{
	enum bt_code code = edit_set_text(info, "name", slice_str(name), err);

	if (code == BT_OK && dict_get(info, "name.utf-8").len > 0)
		code = edit_set_text(info, "name.utf-8", slice_str(name), err);
	return code == BT_OK ? rename_in_tree(info, name, err) : code;
}

static enum bt_code
set_source(struct dict *info, const char *source, struct bt_error *err)
{
	return edit_set_text(info, "source", source == NULL ? SLICE_NONE : slice_str(source), err);
}

static enum bt_code
edit_info(struct bt_edit *e, enum bt_code (*set)(struct dict *, const char *, struct bt_error *),
    const char *text, struct bt_error *err)
{
	struct dict info;
	enum bt_code code = dict_parse(&info, dict_get(&e->outer, "info"), err);

	if (code == BT_OK)
		code = set(&info, text, err);
	if (code == BT_OK && dict_changed(&info))
		code = write_as(&info, &e->outer, "info", err);
	dict_fini(&info);
	return code;
}

enum bt_code
bt_edit_set_name(struct bt_edit *e, const char *name, struct bt_error *err)
{
	if (!safe_name_is(slice_str(name)))
		return fail(err, BT_EARG, "'%.100s' cannot be the name of a torrent", name);
	return edit_info(e, set_name, name, err);
}

enum bt_code
bt_edit_set_source(struct bt_edit *e, const char *source, struct bt_error *err)
{
	return edit_info(e, set_source, source, err);
}

/* -- writing -- */

enum bt_code
bt_edit_bytes(struct bt_edit *e, struct bt_slice *out, struct bt_error *err)
{
	buf_clear(&e->out);
	dict_write(&e->outer, &e->out);
	if (buf_failed(&e->out))
		return fail(err, BT_ELIMIT, "it would become larger than %u bytes", SCAN_MAX_SIZE);
	*out = buf_slice(&e->out);
	return BT_OK;
}

enum bt_code
bt_edit_save(struct bt_edit *e, const char *path, struct bt_error *err)
{
	struct bt_slice bytes;
	enum bt_code code = bt_edit_bytes(e, &bytes, err);

	return code == BT_OK ? file_replace(path, bytes, err) : code;
}

struct bt_edit_batch {
	struct replace replace;
};

struct bt_edit_batch *
bt_edit_batch_new(bt_edit_done_fn done, void *arg)
{
	struct bt_edit_batch *b = mem_alloc(sizeof(*b));

	if (b != NULL)
		replace_init(&b->replace, done, arg);
	return b;
}

enum bt_code
bt_edit_batch_add(struct bt_edit_batch *b, struct bt_edit *e, const char *path, void *tag,
    struct bt_error *err)
{
	struct bt_error why;
	struct bt_slice bytes;
	enum bt_code code = bt_edit_bytes(e, &bytes, &why);

	if (code != BT_OK)
		return fail(err, code, "%s: %s", path, why.text);
	return replace_add(&b->replace, path, bytes, tag, err);
}

void
bt_edit_batch_commit(struct bt_edit_batch *b)
{
	replace_commit(&b->replace);
}

void
bt_edit_batch_free(struct bt_edit_batch *b)
{
	if (b == NULL)
		return;
	replace_fini(&b->replace);
	mem_free(b);
}

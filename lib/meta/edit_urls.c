/* SPDX-License-Identifier: ISC */
/* The trackers and seeds of a torrent that is edited. */
#include "base/cdefs.h"
#include "base/mem.h"
#include "bencode/scan.h"
#include "bencode/write.h"
#include "meta/edit.h"
#include "meta/model.h"

/* -- reading -- */

static bool
add_url(struct vec *v, struct scan *s, size_t tier)
{
	struct bt_edit_url u = { .tier = tier };

	return !scan_try_string(s, &u.url) || (v->len < EDIT_MAX_URLS && vec_add(v, &u) != NULL);
}

/* Lists of strings in a list, as it should be; strings in the list, as some write it; one string.
 * Tiers without a URL do not count. False: too many, or no memory. */
static bool
read_urls(struct bt_slice raw, struct vec *out)
{
	struct scan s;
	size_t tier = 0;
	bool ok = true;

	vec_init(out, sizeof(struct bt_edit_url));
	if (raw.len == 0)
		return true;
	scan_init(&s, raw, SCAN_LENIENT);
	if (scan_peek(&s) == SCAN_STRING)
		return add_url(out, &s, 0);
	if (!scan_try_list(&s))
		return true;
	while (ok && scan_more(&s)) {
		size_t before = out->len;

		if (scan_peek(&s) != SCAN_LIST)
			ok = add_url(out, &s, tier);
		else if (scan_list(&s))
			while (ok && scan_more(&s))
				ok = add_url(out, &s, tier);
		tier += out->len > before;
	}
	return ok;
}

static size_t
give_urls(struct bt_slice raw, bool tiers, struct bt_edit_url *out, size_t max)
{
	struct vec urls;
	size_t count;

	(void)read_urls(raw, &urls);
	count = urls.len;
	for (size_t i = 0; i < count && i < max; i++) {
		out[i] = *(struct bt_edit_url *)vec_at(&urls, i);
		if (!tiers)
			out[i].tier = 0;
	}
	vec_fini(&urls);
	return count;
}

size_t
bt_edit_trackers(const struct bt_edit *e, enum bt_edit_when when, struct bt_edit_url *out,
    size_t max)
{
	return give_urls(edit_value(e, when, "announce-list"), true, out, max);
}

size_t
bt_edit_http_seeds(const struct bt_edit *e, enum bt_edit_when when, struct bt_edit_url *out,
    size_t max)
{
	return give_urls(edit_value(e, when, "httpseeds"), false, out, max);
}

/* -- writing -- */

static enum bt_code
put(struct dict *d, const char *key, struct buf *value, struct bt_error *err)
{
	enum bt_code code = buf_failed(value) ? BT_ENOMEM : BT_OK;

	if (code == BT_OK && value->len == 0)
		dict_remove(d, key);
	else if (code == BT_OK)
		code = dict_set(d, key, buf_slice(value));
	return code == BT_OK ? BT_OK : fail(err, code, "out of memory");
}

static void
write_tiers(const struct vec *urls, struct buf *out)
{
	struct write w;

	if (urls->len == 0)
		return;
	write_init(&w, out);
	write_list(&w);
	for (size_t i = 0; i < urls->len; i++) {
		const struct bt_edit_url *u = vec_at(urls, i);
		bool begins = i == 0 || u[-1].tier != u->tier;

		if (begins && i > 0)
			write_end(&w);
		if (begins)
			write_list(&w);
		write_slice(&w, u->url);
	}
	write_end(&w);
	write_end(&w);
}

static enum bt_code
check_url(const char *url, struct bt_error *err)
{
	if (meta_usable_url(slice_str(url)))
		return BT_OK;
	return fail(err, BT_EARG, "'%.100s' is not a URL", url);
}

enum bt_code
bt_edit_set_http_seeds(struct bt_edit *e, const char *const *urls, size_t count,
    struct bt_error *err)
{
	enum bt_code code = BT_OK;
	struct write w;
	struct buf b;

	for (size_t i = 0; i < count; i++) {
		if (check_url(urls[i], err) != BT_OK)
			return BT_EARG;
	}
	buf_init(&b, SCAN_MAX_SIZE);
	write_init(&w, &b);
	if (count > 0) {
		write_list(&w);
		for (size_t i = 0; i < count; i++)
			write_string(&w, urls[i]);
		write_end(&w);
	}
	code = put(&e->outer, "httpseeds", &b, err);
	buf_fini(&b);
	return code;
}

/* -- the trackers while they are changed -- */

struct trackers {
	struct bt_slice announce;	/* ptr NULL: none */
	struct vec list;		/* struct bt_edit_url */
	bool list_changed;
	struct vec owned;		/* char *: URLs that were made here */
};

static struct bt_edit_url *
url_at(const struct trackers *t, size_t i)
{
	return vec_at(&t->list, i);
}

static void
trackers_fini(struct trackers *t)
{
	for (size_t i = 0; i < t->owned.len; i++)
		mem_free(*(char **)vec_at(&t->owned, i));
	vec_fini(&t->owned);
	vec_fini(&t->list);
}

/* trackers_fini is needed also after a failure. */
static enum bt_code
load(const struct bt_edit *e, struct trackers *t, struct bt_error *err)
{
	t->announce = bt_edit_announce(e, BT_EDIT_NOW);
	t->list_changed = false;
	vec_init(&t->owned, sizeof(char *));
	if (read_urls(edit_value(e, BT_EDIT_NOW, "announce-list"), &t->list))
		return BT_OK;
	return fail(err, BT_ELIMIT, "more than %u trackers", EDIT_MAX_URLS);
}

/* Each may be made of what the other replaces: both are written before one is put in. */
static enum bt_code
store(struct bt_edit *e, const struct trackers *t, struct bt_error *err)
{
	bool same = slice_eq(t->announce, bt_edit_announce(e, BT_EDIT_NOW));
	struct buf announce, list;
	enum bt_code code = BT_OK;

	buf_init(&announce, SCAN_MAX_SIZE);
	buf_init(&list, SCAN_MAX_SIZE);
	if (t->announce.ptr != NULL)
		write_alone(&announce, t->announce);
	write_tiers(&t->list, &list);
	if (!same)
		code = put(&e->outer, "announce", &announce, err);
	if (code == BT_OK && t->list_changed)
		code = put(&e->outer, "announce-list", &list, err);
	buf_fini(&announce);
	buf_fini(&list);
	return code;
}

static bool
has_url(const struct trackers *t, struct bt_slice url)
{
	for (size_t i = 0; i < t->list.len; i++) {
		if (slice_eq(url_at(t, i)->url, url))
			return true;
	}
	return false;
}

static enum bt_code
add_to_list(struct trackers *t, struct bt_slice url, size_t tier, struct bt_error *err)
{
	struct bt_edit_url u = { url, tier };

	if (t->list.len >= EDIT_MAX_URLS)
		return fail(err, BT_ELIMIT, "more than %u trackers", EDIT_MAX_URLS);
	t->list_changed = true;
	return vec_add(&t->list, &u) != NULL ? BT_OK : fail(err, BT_ENOMEM, "out of memory");
}

static void
remove_from_list(struct trackers *t, size_t i)
{
	t->list.len--;
	memmove(url_at(t, i), url_at(t, i + 1), (t->list.len - i) * sizeof(struct bt_edit_url));
	t->list_changed = true;
}

enum bt_code
bt_edit_set_announce(struct bt_edit *e, const char *url, struct bt_error *err)
{
	if (url != NULL && check_url(url, err) != BT_OK)
		return BT_EARG;
	return edit_set_text(&e->outer, "announce", url == NULL ? SLICE_NONE : slice_str(url),
	    err);
}

enum bt_code
bt_edit_set_trackers(struct bt_edit *e, const struct bt_create_tracker *trackers, size_t count,
    struct bt_error *err)
{
	struct trackers t = { .announce = bt_edit_announce(e, BT_EDIT_NOW) };
	enum bt_code code = BT_OK;

	vec_init(&t.list, sizeof(struct bt_edit_url));
	vec_init(&t.owned, sizeof(char *));
	t.list_changed = true;
	for (size_t i = 0; code == BT_OK && i < count; i++) {
		code = check_url(trackers[i].url, err);
		if (code == BT_OK)
			code = add_to_list(&t, slice_str(trackers[i].url), trackers[i].tier, err);
	}
	if (code == BT_OK)
		code = store(e, &t, err);
	trackers_fini(&t);
	return code;
}

static enum bt_code
add_new(struct trackers *t, const struct bt_create_tracker *add, size_t behind,
    struct bt_error *err)
{
	struct bt_slice url = slice_str(add->url);
	enum bt_code code = BT_OK;

	if (check_url(add->url, err) != BT_OK)
		return BT_EARG;
	if (t->announce.ptr == NULL) {
		t->announce = t->list.len > 0 ? url_at(t, 0)->url : url;
	} else if (t->list.len == 0 && !slice_eq(t->announce, url)) {
		code = add_to_list(t, t->announce, 0, err);
	}
	if (code != BT_OK || has_url(t, url) || (t->list.len == 0 && slice_eq(t->announce, url)))
		return code;
	return add_to_list(t, url, behind + add->tier, err);
}

enum bt_code
bt_edit_add_trackers(struct bt_edit *e, const struct bt_create_tracker *trackers, size_t count,
    struct bt_error *err)
{
	struct trackers t;
	enum bt_code code = load(e, &t, err);
	size_t behind = 1;

	if (code == BT_OK && t.list.len > 0)
		behind = url_at(&t, t.list.len - 1)->tier + 1;
	for (size_t i = 0; code == BT_OK && i < count; i++)
		code = add_new(&t, &trackers[i], behind, err);
	if (code == BT_OK)
		code = store(e, &t, err);
	trackers_fini(&t);
	return code;
}

/* Is url what pattern says, '*' standing for anything? A '*' that swallowed too little is tried
 * with more; only the last one ever needs to be. */
static bool
matches(struct bt_slice pattern, struct bt_slice url)
{
	size_t p = 0, u = 0;
	size_t star = SIZE_MAX, swallowed = 0;

	while (u < url.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			swallowed = u;
		} else if (p < pattern.len && pattern.ptr[p] == url.ptr[u]) {
			p++;
			u++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			u = ++swallowed;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

enum bt_code
bt_edit_remove_trackers(struct bt_edit *e, const char *pattern, struct bt_error *err)
{
	struct bt_slice p = slice_str(pattern);
	struct trackers t;
	enum bt_code code = load(e, &t, err);
	size_t kept = 0;

	if (code == BT_OK) {
		for (size_t i = 0; i < t.list.len; i++) {
			if (!matches(p, url_at(&t, i)->url))
				*url_at(&t, kept++) = *url_at(&t, i);
		}
		t.list_changed = kept < t.list.len;
		t.list.len = kept;
		if (t.announce.ptr != NULL && matches(p, t.announce))
			t.announce = kept > 0 ? url_at(&t, 0)->url : SLICE_NONE;
		code = store(e, &t, err);
	}
	trackers_fini(&t);
	return code;
}

/* -- replacing -- */

#define MAX_NEW_URL 8192	/* bytes */

struct change {
	struct bt_slice old, with;
	bool pattern;
};

/* The next place of what in s, or s.len. */
static size_t
find_text(struct bt_slice s, struct bt_slice what)
{
	const uint8_t *p = s.len == 0 ? NULL : memmem(s.ptr, s.len, what.ptr, what.len);

	return p == NULL ? s.len : (size_t)(p - s.ptr);
}

static void
write_changed(const struct change *c, struct bt_slice url, struct buf *out)
{
	if (c->pattern) {
		buf_add_slice(out, matches(c->old, url) ? c->with : url);
		return;
	}
	for (;;) {
		size_t at = find_text(url, c->old);

		buf_add_slice(out, slice_of(url.ptr, at));
		if (at == url.len)
			return;
		buf_add_slice(out, c->with);
		url = slice_skip(url, at + c->old.len);
	}
}

/* The URL as it shall be, in url; *changed if it is another one. */
static enum bt_code
change_url(struct trackers *t, const struct change *c, struct bt_slice *url, bool *changed,
    struct bt_error *err)
{
	enum bt_code code = BT_OK;
	char *copy = NULL;
	struct buf b;

	*changed = false;
	if (c->pattern ? !matches(c->old, *url) : find_text(*url, c->old) == url->len)
		return BT_OK;
	buf_init(&b, MAX_NEW_URL);
	write_changed(c, *url, &b);
	if (buf_failed(&b))
		code = fail(err, BT_ELIMIT, "a URL would become longer than %u bytes", MAX_NEW_URL);
	else if (!meta_usable_url(buf_slice(&b)))
		code = fail(err, BT_EFORMAT, "a tracker would become '%.100s', which is no URL",
		    buf_cstr(&b));
	else if (!slice_eq(buf_slice(&b), *url)) {
		copy = slice_dup(buf_slice(&b));
		if (copy == NULL || vec_add(&t->owned, &copy) == NULL) {
			mem_free(copy);
			code = fail(err, BT_ENOMEM, "out of memory");
		} else {
			*url = slice_str(copy);
			*changed = true;
		}
	}
	buf_fini(&b);
	return code;
}

static enum bt_code
change_all(struct trackers *t, const struct change *c, struct bt_error *err)
{
	enum bt_code code = BT_OK;
	bool changed;

	if (t->announce.ptr != NULL)
		code = change_url(t, c, &t->announce, &changed, err);
	for (size_t i = 0; code == BT_OK && i < t->list.len;) {
		struct bt_slice url = url_at(t, i)->url;

		code = change_url(t, c, &url, &changed, err);
		if (changed && has_url(t, url)) {
			remove_from_list(t, i);
			continue;
		}
		t->list_changed |= changed;
		url_at(t, i++)->url = url;
	}
	return code;
}

enum bt_code
bt_edit_replace_trackers(struct bt_edit *e, const char *old, const char *with,
    struct bt_error *err)
{
	struct change c = { slice_str(old), slice_str(with), strchr(old, '*') != NULL };
	struct trackers t;
	enum bt_code code;

	if (old[0] == '\0')
		return fail(err, BT_EARG, "nothing to be replaced");
	code = load(e, &t, err);
	if (code == BT_OK)
		code = change_all(&t, &c, err);
	if (code == BT_OK)
		code = store(e, &t, err);
	trackers_fini(&t);
	return code;
}

enum bt_code
bt_edit_copy_trackers(struct bt_edit *e, const struct bt_edit *from, struct bt_error *err)
{
	static const char *const keys[] = { "announce", "announce-list" };
	enum bt_code code = BT_OK;

	for (size_t i = 0; code == BT_OK && i < COUNT_OF(keys); i++) {
		struct bt_slice value = edit_value(from, BT_EDIT_NOW, keys[i]);

		if (value.len > 0)
			code = dict_set(&e->outer, keys[i], value);
		else
			dict_remove(&e->outer, keys[i]);
	}
	return code == BT_OK ? BT_OK : fail(err, code, "out of memory");
}

/* SPDX-License-Identifier: ISC */
#include "proto/scrape.h"

#include <stdlib.h>

#include "base/query.h"
#include "bencode/scan.h"
#include "bencode/write.h"
#include "proto/limits.h"
#include "proto/url.h"

static const char announce_word[] = "announce";

bool
scrape_url(struct bt_slice announce_url, struct buf *out)
{
	struct bt_slice word;
	struct url u;
	size_t slash;

	if (!url_parse(announce_url, &u))
		return false;
	announce_url.len = slice_index(announce_url, '#');
	if (slice_eq_nocase(u.scheme, "udp")) {
		buf_add_slice(out, announce_url);
		return true;
	}
	slash = u.path.len;
	while (slash > 0 && u.path.ptr[slash - 1] != '/')
		slash--;
	word = slice_skip(u.path, slash);
	if (!slice_starts(word, announce_word))
		return false;
	buf_add(out, announce_url.ptr, (size_t)(word.ptr - announce_url.ptr));
	buf_add_str(out, "scrape");
	buf_add_slice(out, slice_skip(announce_url,
	    (size_t)(word.ptr - announce_url.ptr) + strlen(announce_word)));
	return true;
}

void
scrape_query_write(struct buf *b, struct bt_slice url, const uint8_t (*hashes)[20], size_t n)
{
	size_t i;

	if (n == 0) {
		buf_add_slice(b, slice_of(url.ptr, slice_index(url, '#')));
		return;
	}
	url_begin_query(b, url);
	for (i = 0; i < n; i++) {
		buf_add_str(b, i == 0 ? "info_hash=" : "&info_hash=");
		query_escape(b, slice_of(hashes[i], 20));
	}
}

size_t
scrape_query_parse(struct bt_slice query, uint8_t (*out)[20], size_t max)
{
	struct bt_slice name, value;
	uint8_t hash[20];
	size_t n = 0;

	while (n < max && query_next(&query, &name, &value)) {
		if (slice_eq_str(name, "info_hash") &&
		    query_unescape_exactly(value, hash, sizeof(hash)))
			memcpy(out[n++], hash, sizeof(hash));
	}
	return n;
}

/* -- writing -- */

static int
compare_entries(const void *a, const void *b)
{
	const struct scrape_entry *x = a;
	const struct scrape_entry *y = b;

	return memcmp(x->info_hash, y->info_hash, sizeof(x->info_hash));
}

static void
write_number(struct write *w, const char *key, int64_t n)
{
	if (n < 0)
		return;
	write_key(w, key);
	write_int(w, n);
}

static void
write_entry(struct write *w, const struct scrape_entry *e)
{
	write_key_slice(w, slice_of(e->info_hash, sizeof(e->info_hash)));
	write_dict(w);
	write_number(w, "complete", e->complete);
	write_number(w, "downloaded", e->downloaded);
	write_number(w, "downloaders", e->downloaders);
	write_number(w, "incomplete", e->incomplete);
	if (e->name.len > 0) {
		write_key(w, "name");
		write_slice(w, e->name);
	}
	write_end(w);
}

void
scrape_reply_begin(struct write *w, struct buf *b)
{
	write_init(w, b);
	write_dict(w);
	write_key(w, "files");
	write_dict(w);
}

void
scrape_reply_part(struct write *w, struct scrape_entry *entries, size_t n)
{
	size_t i;

	if (n > 1)
		qsort(entries, n, sizeof(*entries), compare_entries);
	for (i = 0; i < n; i++) {
		if (i == 0 || compare_entries(&entries[i - 1], &entries[i]) != 0)
			write_entry(w, &entries[i]);
	}
}

void
scrape_reply_end(struct write *w)
{
	write_end(w);
	write_end(w);
}

void
scrape_reply_write(struct buf *b, struct scrape_entry *entries, size_t n)
{
	struct write w;

	scrape_reply_begin(&w, b);
	scrape_reply_part(&w, entries, n);
	scrape_reply_end(&w);
}

void
scrape_failure_write(struct buf *b, struct bt_slice reason)
{
	struct write w;

	write_init(&w, b);
	write_dict(&w);
	write_key(&w, "failure reason");
	write_slice(&w, reason);
	write_end(&w);
}

/* -- reading -- */

void
scrape_reply_init(struct scrape_reply *r)
{
	*r = (struct scrape_reply){ .min_request_interval = -1 };
	vec_init(&r->entries, sizeof(struct scrape_entry));
}

void
scrape_reply_fini(struct scrape_reply *r)
{
	vec_fini(&r->entries);
	*r = (struct scrape_reply){ .failed = false };
}

const struct scrape_entry *
scrape_reply_find(const struct scrape_reply *r, const uint8_t info_hash[20])
{
	size_t i;

	for (i = 0; i < r->entries.len; i++) {
		const struct scrape_entry *e = vec_at(&r->entries, i);

		if (memcmp(e->info_hash, info_hash, sizeof(e->info_hash)) == 0)
			return e;
	}
	return NULL;
}

static void
read_number(struct scan *s, int64_t *out)
{
	int64_t n;

	if (scan_try_int(s, &n) && n >= 0)
		*out = n > TRACKER_NUMBER_MAX ? TRACKER_NUMBER_MAX : n;
}

static void
read_entry(struct scan *s, struct scrape_entry *e)
{
	struct bt_slice key;

	while (scan_key(s, &key)) {
		if (slice_eq_str(key, "complete"))
			read_number(s, &e->complete);
		else if (slice_eq_str(key, "incomplete"))
			read_number(s, &e->incomplete);
		else if (slice_eq_str(key, "downloaded"))
			read_number(s, &e->downloaded);
		else if (slice_eq_str(key, "downloaders"))
			read_number(s, &e->downloaders);
		else if (slice_eq_str(key, "name"))
			(void)scan_try_string(s, &e->name);
		else
			(void)scan_skip(s);
	}
}

/* False: no memory. */
static bool
read_files(struct scan *s, struct scrape_reply *out)
{
	struct bt_slice key;

	if (!scan_try_dict(s))
		return true;
	while (scan_key(s, &key)) {
		struct scrape_entry e = { .complete = -1, .incomplete = -1, .downloaded = -1,
		    .downloaders = -1 };

		if (key.len != sizeof(e.info_hash) || out->entries.len >= SCRAPE_REPLY_MAX) {
			(void)scan_skip(s);
			continue;
		}
		if (!scan_try_dict(s))
			continue;
		memcpy(e.info_hash, key.ptr, sizeof(e.info_hash));
		read_entry(s, &e);
		if (vec_add(&out->entries, &e) == NULL)
			return false;
	}
	return true;
}

static void
read_flags(struct scan *s, struct scrape_reply *out)
{
	struct bt_slice key;

	if (!scan_try_dict(s))
		return;
	while (scan_key(s, &key)) {
		if (slice_eq_str(key, "min_request_interval"))
			read_number(s, &out->min_request_interval);
		else
			(void)scan_skip(s);
	}
}

enum bt_code
scrape_reply_parse(struct bt_slice body, struct scrape_reply *out, struct bt_error *err)
{
	struct bt_slice key;
	struct scan s;

	scrape_reply_init(out);
	scan_init(&s, body, SCAN_LENIENT);
	scan_limit(&s, TRACKER_REPLY_MAX, TRACKER_ITEMS_MAX);
	scan_dict(&s);
	while (scan_key(&s, &key)) {
		if (slice_eq_str(key, "files")) {
			if (!read_files(&s, out))
				return fail(err, BT_ENOMEM, "no memory for the scrape reply");
		} else if (slice_eq_str(key, "failure reason")) {
			out->failed |= scan_try_string(&s, &out->failure);
		} else if (slice_eq_str(key, "flags")) {
			read_flags(&s, out);
		} else {
			(void)scan_skip(&s);
		}
	}
	if (!scan_finish(&s))
		return scan_fail_as(&s, "scrape reply", err);
	return BT_OK;
}

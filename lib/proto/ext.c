/* SPDX-License-Identifier: ISC */
#include "proto/ext.h"

#include "bencode/scan.h"
#include "bencode/write.h"
#include "proto/limits.h"

static const char *const names[EXT_COUNT] = {
	[EXT_PEX] = "ut_pex",
	[EXT_METADATA] = "ut_metadata",
	[EXT_UPLOAD_ONLY] = "upload_only",
	[EXT_DONTHAVE] = "lt_donthave",
};

/* The names in the order of bencode keys. */
static const enum ext_name sorted[EXT_COUNT] = {
	EXT_DONTHAVE, EXT_UPLOAD_ONLY, EXT_METADATA, EXT_PEX
};

const char *
ext_name_text(enum ext_name name)
{
	return (unsigned)name < EXT_COUNT ? names[name] : "unknown";
}

void
ext_handshake_init(struct ext_handshake *h)
{
	*h = (struct ext_handshake){ .reqq = -1, .metadata_size = -1, .upload_only = -1 };
}

static void
read_ids(struct scan *s, struct ext_handshake *h)
{
	struct bt_slice key;
	int64_t id;
	int i;

	if (!scan_try_dict(s))
		return;
	while (scan_key(s, &key)) {
		if (!scan_try_int(s, &id) || id < 0 || id > UINT8_MAX)
			continue;
		for (i = 0; i < EXT_COUNT; i++) {
			if (slice_eq_str(key, names[i]))
				h->ids[i] = (uint8_t)id;
		}
	}
}

static void
read_yourip(struct scan *s, struct ext_handshake *h)
{
	struct bt_slice ip;

	if (!scan_try_string(s, &ip))
		return;
	if (ip.len == 4)
		h->yourip = addr_v4(ip.ptr, 0);
	else if (ip.len == 16)
		h->yourip = addr_v6(ip.ptr, 0);
}

/* True if there is a number in the range. */
static bool
read_int(struct scan *s, int64_t min, int64_t max, int64_t *out)
{
	int64_t n;

	if (!scan_try_int(s, &n) || n < min || n > max)
		return false;
	*out = n;
	return true;
}

static void
read_value(struct scan *s, struct bt_slice key, struct ext_handshake *h)
{
	int64_t n;

	if (slice_eq_str(key, "m")) {
		read_ids(s, h);
	} else if (slice_eq_str(key, "v")) {
		if (scan_try_string(s, &h->v) && h->v.len > EXT_CLIENT_MAX)
			h->v.len = EXT_CLIENT_MAX;
	} else if (slice_eq_str(key, "p")) {
		if (read_int(s, 1, UINT16_MAX, &n))
			h->p = (uint16_t)n;
	} else if (slice_eq_str(key, "reqq")) {
		(void)read_int(s, 1, INT64_MAX, &h->reqq);
	} else if (slice_eq_str(key, "yourip")) {
		read_yourip(s, h);
	} else if (slice_eq_str(key, "metadata_size")) {
		(void)read_int(s, 1, METADATA_MAX, &h->metadata_size);
	} else if (slice_eq_str(key, "upload_only")) {
		if (scan_try_int(s, &n))
			h->upload_only = n != 0;
	} else {
		(void)scan_skip(s);
	}
}

enum step
ext_handshake_parse(struct bt_slice payload, struct ext_handshake *h)
{
	struct ext_handshake news = *h;
	struct bt_slice key;
	struct scan s;

	news.v = SLICE_NONE;
	scan_init(&s, payload, SCAN_LENIENT);
	scan_limit(&s, MSG_EXTENDED_MAX, EXT_ITEMS_MAX);
	scan_dict(&s);
	while (scan_key(&s, &key))
		read_value(&s, key, &news);
	if (!scan_finish(&s))
		return STEP_BAD;
	*h = news;
	return STEP_DONE;
}

static void
write_ids(struct write *w, const struct ext_handshake *h)
{
	int i;

	write_key(w, "m");
	write_dict(w);
	for (i = 0; i < EXT_COUNT; i++) {
		if (h->ids[sorted[i]] == 0)
			continue;
		write_key(w, names[sorted[i]]);
		write_int(w, h->ids[sorted[i]]);
	}
	write_end(w);
}

static void
write_number(struct write *w, const char *key, int64_t n)
{
	write_key(w, key);
	write_int(w, n);
}

void
ext_handshake_write(struct buf *b, const struct ext_handshake *h)
{
	struct write w;

	write_init(&w, b);
	write_dict(&w);
	write_ids(&w, h);
	if (h->metadata_size > 0)
		write_number(&w, "metadata_size", h->metadata_size);
	if (h->p != 0)
		write_number(&w, "p", h->p);
	if (h->reqq > 0)
		write_number(&w, "reqq", h->reqq);
	if (h->upload_only >= 0)
		write_number(&w, "upload_only", h->upload_only);
	if (h->v.len > 0) {
		write_key(&w, "v");
		write_slice(&w, h->v);
	}
	if (h->yourip.family != ADDR_NONE) {
		write_key(&w, "yourip");
		write_slice(&w, slice_of(h->yourip.ip, addr_ip_len(&h->yourip)));
	}
	write_end(&w);
}

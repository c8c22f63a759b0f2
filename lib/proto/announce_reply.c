/* SPDX-License-Identifier: ISC */
/* The bencoded half of proto/announce.h. */
#include "proto/announce.h"

#include "bencode/scan.h"
#include "bencode/write.h"
#include "proto/compact.h"

void
announce_reply_init(struct announce_reply *r)
{
	*r = (struct announce_reply){
		.interval = -1, .min_interval = -1, .retry_in = -1,
		.complete = -1, .incomplete = -1, .downloaded = -1,
	};
	vec_init(&r->peers, sizeof(struct announce_peer));
}

void
announce_reply_fini(struct announce_reply *r)
{
	vec_fini(&r->peers);
	*r = (struct announce_reply){ .failed = false };
}

bool
announce_reply_add(struct announce_reply *r, const struct addr *a, const uint8_t *peer_id)
{
	struct announce_peer peer = { .addr = *a, .has_id = peer_id != NULL };

	if (peer_id != NULL)
		memcpy(peer.id, peer_id, sizeof(peer.id));
	return vec_add(&r->peers, &peer) != NULL;
}

/* -- writing -- */

static void
write_number(struct write *w, const char *key, int64_t n)
{
	if (n < 0)
		return;
	write_key(w, key);
	write_int(w, n);
}

static void
write_text(struct write *w, const char *key, struct bt_slice text)
{
	if (text.len == 0)
		return;
	write_key(w, key);
	write_slice(w, text);
}

static void
write_packed(struct write *w, const struct announce_reply *r, struct bt_slice packed,
    enum addr_family family)
{
	size_t one = compact_len(family);
	size_t whole = packed.len - packed.len % one;
	size_t n = 0;
	size_t i;
	uint8_t *to;

	for (i = 0; i < r->peers.len; i++)
		n += announce_reply_peer(r, i)->addr.family == family;
	if (family == ADDR_V6 && n == 0 && whole == 0)
		return;
	write_key(w, family == ADDR_V4 ? "peers" : "peers6");
	to = write_space(w, whole + n * one);
	if (to == NULL)
		return;
	if (whole > 0)
		memcpy(to, packed.ptr, whole);
	to += whole;
	for (i = 0; i < r->peers.len; i++) {
		const struct announce_peer *peer = announce_reply_peer(r, i);

		if (peer->addr.family == family)
			to += compact_write(to, &peer->addr);
	}
}

static void
write_list_of_peers(struct write *w, const struct announce_reply *r, enum announce_form form)
{
	char ip[ADDR_TEXT_MAX];
	size_t i;

	write_key(w, "peers");
	write_list(w);
	for (i = 0; i < r->peers.len; i++) {
		const struct announce_peer *peer = announce_reply_peer(r, i);

		write_dict(w);
		write_key(w, "ip");
		write_string(w, addr_ip_text(&peer->addr, ip));
		if (peer->has_id && form == ANNOUNCE_LIST)
			write_text(w, "peer id", slice_of(peer->id, sizeof(peer->id)));
		write_number(w, "port", peer->addr.port);
		write_end(w);
	}
	write_end(w);
}

static void
write_failure(struct write *w, const struct announce_reply *r)
{
	write_key(w, "failure reason");
	write_slice(w, r->failure);
	write_number(w, "interval", r->interval);
	write_number(w, "min interval", r->min_interval);
	write_number(w, "retry in", r->retry_in);
	if (r->retry_in == RETRY_NEVER)
		write_text(w, "retry in", slice_str("never"));
}

void
announce_reply_write(struct buf *b, const struct announce_reply *r, enum announce_form form)
{
	struct write w;

	write_init(&w, b);
	write_dict(&w);
	if (r->failed) {
		write_failure(&w, r);
		write_end(&w);
		return;
	}
	write_number(&w, "complete", r->complete);
	write_text(&w, "crypto_flags", r->crypto_flags);
	write_number(&w, "downloaded", r->downloaded);
	write_text(&w, "external ip", slice_of(r->external_ip.ip, addr_ip_len(&r->external_ip)));
	write_number(&w, "incomplete", r->incomplete);
	write_number(&w, "interval", r->interval);
	write_number(&w, "min interval", r->min_interval);
	if (form == ANNOUNCE_COMPACT) {
		write_packed(&w, r, r->packed4, ADDR_V4);
		write_packed(&w, r, r->packed6, ADDR_V6);
	} else {
		write_list_of_peers(&w, r, form);
	}
	write_number(&w, "seeded", r->seeded ? 1 : -1);
	write_text(&w, "tracker id", r->tracker_id);
	write_text(&w, "warning message", r->warning);
	write_end(&w);
}

/* -- reading -- */

/* Negative numbers mean nothing. */
static void
set_number(int64_t n, int64_t *out)
{
	if (n >= 0)
		*out = n > TRACKER_NUMBER_MAX ? TRACKER_NUMBER_MAX : n;
}

static void
set_number_text(struct bt_slice text, int64_t *out)
{
	uint64_t n;

	if (slice_u64(text, &n))
		*out = n > TRACKER_NUMBER_MAX ? TRACKER_NUMBER_MAX : (int64_t)n;
}

/* A number, also one that a careless script wrote as a string. */
static void
read_number(struct scan *s, int64_t *out)
{
	struct bt_slice text;
	int64_t n;

	if (scan_peek(s) == SCAN_STRING) {
		if (scan_try_string(s, &text))
			set_number_text(text, out);
	} else if (scan_try_int(s, &n)) {
		set_number(n, out);
	}
}

static void
read_retry_in(struct scan *s, int64_t *out)
{
	struct bt_slice text;

	if (scan_peek(s) != SCAN_STRING)
		read_number(s, out);
	else if (!scan_try_string(s, &text))
		return;
	else if (slice_eq_str(text, "never"))
		*out = RETRY_NEVER;
	else
		set_number_text(text, out);
}

static void
read_external_ip(struct scan *s, struct addr *out)
{
	struct bt_slice ip;

	if (!scan_try_string(s, &ip))
		return;
	if (ip.len == 4)
		*out = addr_v4(ip.ptr, 0);
	else if (ip.len == 16)
		*out = addr_v6(ip.ptr, 0);
}

/* False: no memory. */
static bool
take_peer(struct announce_reply *out, const struct addr *a, const uint8_t *peer_id)
{
	if (!addr_usable(a) || out->peers.len >= TRACKER_PEERS_MAX) {
		out->skipped++;
		return true;
	}
	return announce_reply_add(out, a, peer_id);
}

static bool
read_packed(struct bt_slice packed, enum addr_family family, struct announce_reply *out)
{
	struct addr a;

	while (compact_next(&packed, family, &a)) {
		if (!take_peer(out, &a, NULL))
			return false;
	}
	return true;
}

/* One of the list; what is no dictionary is passed over. */
static bool
read_peer(struct scan *s, struct announce_reply *out)
{
	struct addr a = { .family = ADDR_NONE };
	const uint8_t *id = NULL;
	struct bt_slice key, value;
	int64_t port = 0;

	if (!scan_try_dict(s)) {
		out->skipped++;
		return true;
	}
	while (scan_key(s, &key)) {
		if (slice_eq_str(key, "ip")) {
			if (scan_try_string(s, &value))
				(void)addr_parse_slice(value, 0, &a);
		} else if (slice_eq_str(key, "port")) {
			read_number(s, &port);
		} else if (slice_eq_str(key, "peer id")) {
			if (scan_try_string(s, &value) && value.len == 20)
				id = value.ptr;
		} else {
			(void)scan_skip(s);
		}
	}
	a.port = port <= UINT16_MAX ? (uint16_t)port : 0;
	return take_peer(out, &a, id);
}

static bool
read_peers(struct scan *s, enum addr_family family, struct announce_reply *out)
{
	struct bt_slice packed;

	if (scan_peek(s) == SCAN_LIST) {
		(void)scan_list(s);
		while (scan_more(s)) {
			if (!read_peer(s, out))
				return false;
		}
		return true;
	}
	if (scan_try_string(s, &packed))
		return read_packed(packed, family, out);
	return true;
}

/* Whatever stands there, the key says no. */
static void
read_failure(struct scan *s, struct announce_reply *out)
{
	out->failed = true;
	if (!scan_try_string(s, &out->failure) || out->failure.len == 0)
		out->failure = slice_str("refused without a reason");
}

/* False: no memory. */
static bool
read_value(struct scan *s, struct bt_slice key, struct announce_reply *out)
{
	if (slice_eq_str(key, "failure reason"))
		read_failure(s, out);
	else if (slice_eq_str(key, "warning message"))
		(void)scan_try_string(s, &out->warning);
	else if (slice_eq_str(key, "interval"))
		read_number(s, &out->interval);
	else if (slice_eq_str(key, "min interval"))
		read_number(s, &out->min_interval);
	else if (slice_eq_str(key, "retry in"))
		read_retry_in(s, &out->retry_in);
	else if (slice_eq_str(key, "complete"))
		read_number(s, &out->complete);
	else if (slice_eq_str(key, "incomplete"))
		read_number(s, &out->incomplete);
	else if (slice_eq_str(key, "downloaded"))
		read_number(s, &out->downloaded);
	else if (slice_eq_str(key, "tracker id"))
		(void)scan_try_string(s, &out->tracker_id);
	else if (slice_eq_str(key, "external ip"))
		read_external_ip(s, &out->external_ip);
	else if (slice_eq_str(key, "peers"))
		return read_peers(s, ADDR_V4, out);
	else if (slice_eq_str(key, "peers6"))
		return read_peers(s, ADDR_V6, out);
	else
		(void)scan_skip(s);
	return true;
}

enum bt_code
announce_reply_parse(struct bt_slice body, struct announce_reply *out, struct bt_error *err)
{
	struct bt_slice key;
	struct scan s;

	announce_reply_init(out);
	scan_init(&s, body, SCAN_LENIENT);
	scan_limit(&s, TRACKER_REPLY_MAX, TRACKER_ITEMS_MAX);
	scan_dict(&s);
	while (scan_key(&s, &key)) {
		if (!read_value(&s, key, out))
			return fail(err, BT_ENOMEM, "no memory for the tracker's reply");
	}
	if (!scan_finish(&s))
		return scan_fail_as(&s, "tracker reply", err);
	return BT_OK;
}

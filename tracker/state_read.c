/* SPDX-License-Identifier: ISC */
#include "tracker/state_read.h"

#include "bencode/scan.h"
#include "tracker/state.h"

static void
read_counts(struct scan *s, struct shards *to)
{
	struct bt_slice hash;
	int64_t n;

	if (!scan_try_dict(s))
		return;
	while (scan_key(s, &hash)) {
		if (scan_try_int(s, &n) && hash.len == 20 && n >= 0)
			(void)shards_restore_count(to, hash.ptr, n > UINT32_MAX ? UINT32_MAX :
			    (uint32_t)n);
	}
}

struct peer_entry {
	struct peers_entry peer;
	struct addr given, ipv6;
	int64_t port, port6, left;
};

static void
read_number_key(struct scan *s, struct bt_slice key, struct peer_entry *e)
{
	int64_t *to = slice_eq_str(key, "port") ? &e->port :
	    slice_eq_str(key, "port6") ? &e->port6 :
	    slice_eq_str(key, "left") ? &e->left : NULL;
	uint8_t flag = slice_eq_str(key, "requirecrypto") ? PEERS_CRYPTO_ONLY :
	    slice_eq_str(key, "supportcrypto") ? PEERS_CRYPTO :
	    slice_eq_str(key, "paused") ? PEERS_PAUSED : 0;
	int64_t n;

	if (to == NULL && flag == 0)
		(void)scan_skip(s);
	else if (!scan_try_int(s, &n))
		return;
	else if (to != NULL)
		*to = n;
	else if (n != 0)
		e->peer.flags |= flag;
}

static void
read_peer_keys(struct scan *s, struct peer_entry *e)
{
	struct bt_slice key, text = SLICE_NONE;

	while (scan_key(s, &key)) {
		if (scan_peek(s) != SCAN_STRING) {
			read_number_key(s, key, e);
			continue;
		}
		text = scan_string(s);
		if (slice_eq_str(key, "ip"))
			(void)addr_parse_slice(text, 0, &e->peer.addr);
		else if (slice_eq_str(key, "given ip"))
			(void)addr_parse_slice(text, 0, &e->given);
		else if (slice_eq_str(key, "ipv6"))
			(void)addr_parse_slice(text, 0, &e->ipv6);
	}
}

static void
restore_at(struct shards *to, const uint8_t *hash, struct peer_entry *e, const struct addr *a,
    int64_t port, usec now)
{
	if (a->family == ADDR_NONE || port <= 0 || port > UINT16_MAX)
		return;
	e->peer.addr = *a;
	e->peer.addr.port = (uint16_t)port;
	(void)shards_restore(to, hash, &e->peer, now);
}

static void
read_peer(struct scan *s, struct shards *to, struct bt_slice hash, struct bt_slice id, usec now)
{
	struct peer_entry e = { .left = -1 };
	struct addr at;

	if (!scan_try_dict(s))
		return;
	read_peer_keys(s, &e);
	if (scan_failed(s) || hash.len != 20 || id.len != 20 || e.left < 0)
		return;
	e.peer.id = id.ptr;
	e.peer.seed = e.left == 0;
	if (e.peer.seed)
		e.peer.flags &= (uint8_t)~PEERS_PAUSED;
	at = e.peer.addr;
	if (e.given.family != ADDR_NONE) {
		at = e.given;
		e.peer.flags |= PEERS_CLAIMED;
	}
	restore_at(to, hash.ptr, &e, &at, e.port, now);
	if (e.ipv6.family == ADDR_V6 && at.family != ADDR_V6)
		restore_at(to, hash.ptr, &e, &e.ipv6, e.port6, now);
}

static void
read_peers(struct scan *s, struct shards *to, usec now)
{
	struct bt_slice hash, id;

	if (!scan_try_dict(s))
		return;
	while (scan_key(s, &hash)) {
		if (!scan_try_dict(s))
			continue;
		while (scan_key(s, &id))
			read_peer(s, to, hash, id, now);
	}
}

enum bt_code
state_read(struct shards *s, struct bt_slice bytes, usec now, struct bt_error *err)
{
	struct bt_slice key;
	struct scan scan;

	scan_init(&scan, bytes, SCAN_LENIENT);
	scan_limit(&scan, STATE_MAX, SIZE_MAX);
	(void)scan_dict(&scan);
	while (scan_key(&scan, &key)) {
		if (slice_eq_str(key, "completed"))
			read_counts(&scan, s);
		else if (slice_eq_str(key, "peers"))
			read_peers(&scan, s, now);
		else
			(void)scan_skip(&scan);
	}
	if (!scan_finish(&scan))
		return scan_fail_as(&scan, "state", err);
	return BT_OK;
}

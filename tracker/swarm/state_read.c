/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/state_read.h"

#include "bencode/scan.h"
#include "tracker/swarm/state_write.h"
#include "tracker/swarm/given_ip.h"

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
	int64_t nat;		/* as in tracker/swarm/nat_known.h */
};

static void
read_number_key(struct scan *s, struct bt_slice key, struct peer_entry *e)
{
	int64_t *to = slice_eq_str(key, "port") ? &e->port :
	    slice_eq_str(key, "port6") ? &e->port6 :
	    slice_eq_str(key, "left") ? &e->left :
	    slice_eq_str(key, "nat") ? &e->nat : NULL;
	uint8_t flag = slice_eq_str(key, "requirecrypto") ? PEERS_CRYPTO_ONLY :
	    slice_eq_str(key, "supportcrypto") ? PEERS_CRYPTO : 0;
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

/* What is read, and into what. */
struct state_reader {
	struct scan scan;
	const struct state *to;
	usec now;
};

static void
restore_at(struct state_reader *r, const uint8_t *hash, struct peer_entry *e, const struct addr *a,
    int64_t port)
{
	if (a->family == ADDR_NONE || port <= 0 || port > UINT16_MAX)
		return;
	e->peer.addr = *a;
	e->peer.addr.port = (uint16_t)port;
	if (r->to->nat != NULL && e->nat >= 0)
		nat_known_restore(r->to->nat, &e->peer.addr, e->nat, r->now);
	(void)shards_restore(r->to->shards, hash, &e->peer, r->now);
}

/* The original noted what a client said of itself also where it did not believe it. Ours writes it
 * where it did, and nothing else. */
static bool
believes(const struct state_reader *r, const struct peer_entry *e)
{
	return e->given.family != ADDR_NONE && (addr_same_ip(&e->given, &e->peer.addr) ||
	    given_ip_counts(r->to->settings, &e->peer.addr));
}

static void
read_peer(struct state_reader *r, struct bt_slice hash, struct bt_slice id)
{
	struct peer_entry e = { .left = -1, .nat = NAT_KNOWN_NOT };
	struct addr at;

	if (!scan_try_dict(&r->scan))
		return;
	read_peer_keys(&r->scan, &e);
	if (scan_failed(&r->scan) || hash.len != 20 || id.len != 20 || e.left < 0)
		return;
	e.peer.id = id.ptr;
	e.peer.seed = e.left == 0;
	if (e.left == STATE_LEFT_PAUSED)
		e.peer.flags |= PEERS_PAUSED;
	if (r->to->nat != NULL && e.nat != NAT_KNOWN_REACHED)
		e.peer.flags |= PEERS_UNREACHED;
	at = e.peer.addr;
	if (believes(r, &e)) {
		at = e.given;
		e.peer.flags |= PEERS_CLAIMED;
	}
	restore_at(r, hash.ptr, &e, &at, e.port);
	if (e.ipv6.family == ADDR_V6 && at.family != ADDR_V6)
		restore_at(r, hash.ptr, &e, &e.ipv6, e.port6);
}

static void
read_peers(struct state_reader *r)
{
	struct bt_slice hash, id;

	if (!scan_try_dict(&r->scan))
		return;
	while (scan_key(&r->scan, &hash)) {
		if (!scan_try_dict(&r->scan))
			continue;
		while (scan_key(&r->scan, &id))
			read_peer(r, hash, id);
	}
}

enum bt_code
state_read(const struct state *s, struct bt_slice bytes, usec now, struct bt_error *err)
{
	struct state_reader r = { .to = s, .now = now };
	struct bt_slice key;

	scan_init(&r.scan, bytes, SCAN_LENIENT);
	scan_limit(&r.scan, STATE_MAX, SIZE_MAX);
	(void)scan_dict(&r.scan);
	while (scan_key(&r.scan, &key)) {
		if (slice_eq_str(key, "completed"))
			read_counts(&r.scan, s->shards);
		else if (slice_eq_str(key, "peers"))
			read_peers(&r);
		else
			(void)scan_skip(&r.scan);
	}
	if (!scan_finish(&r.scan))
		return scan_fail_as(&r.scan, "state", err);
	return BT_OK;
}

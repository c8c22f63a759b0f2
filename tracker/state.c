/* SPDX-License-Identifier: ISC */
#include "tracker/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/vec.h"
#include "bencode/scan.h"
#include "bencode/write.h"

#define STATE_MAX ((size_t)8 << 30)	/* bytes; some 60 million peers */
#define ASIDE_MAX 1000			/* bad files kept beside the good one */

/* -- writing -- */

struct member {
	const uint8_t *id;
	enum addr_family family;
	uint32_t number;
};

struct state_writer {
	const struct swarms *shard;	/* the one being written */
	struct write w;
	struct vec torrents;	/* const struct swarm * of one shard, sorted */
	struct vec members;	/* struct member of one torrent, sorted */
	bool failed;
};

static int
by_info_hash(const void *a, const void *b)
{
	const struct swarm *const *x = a, *const *y = b;

	return memcmp((*x)->info_hash, (*y)->info_hash, 20);
}

/* By id, and of one id IPv4 first. */
static int
by_id(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = memcmp(x->id, y->id, 20);

	return order != 0 ? order : (int)x->family - (int)y->family;
}

static void
sort_torrents(struct state_writer *sw, const struct swarms *s)
{
	const struct swarm *w;

	sw->shard = s;
	sw->torrents.len = 0;
	for (size_t pos = 0; (w = swarms_next(s, &pos)) != NULL;)
		sw->failed |= vec_add(&sw->torrents, &w) == NULL;
	if (sw->torrents.len > 0)
		qsort(sw->torrents.items, sw->torrents.len, sizeof(w), by_info_hash);
}

static const struct swarm *
torrent_at(const struct state_writer *sw, size_t i)
{
	return *(const struct swarm *const *)vec_at(&sw->torrents, i);
}

static void
add_members(struct state_writer *sw, const struct swarm *w, enum addr_family family)
{
	uint32_t count = family == ADDR_V4 ? w->v4.count : w->v6.count;

	for (uint32_t i = 0; i < count; i++) {
		struct member m = { swarm_peer_at(sw->shard, w, family, i).id, family, i };

		sw->failed |= vec_add(&sw->members, &m) == NULL;
	}
}

static void
write_text_key(struct write *w, const char *key, const char *text)
{
	write_key(w, key);
	write_string(w, text);
}

static void
write_number(struct write *w, const char *key, int64_t n)
{
	write_key(w, key);
	write_int(w, n);
}

/* second is the same peer in the other family, or NULL. */
static void
write_peer(struct write *w, const struct peers_entry *p, const struct peers_entry *second)
{
	char text[ADDR_TEXT_MAX];

	write_key_slice(w, slice_of(p->id, 20));
	write_dict(w);
	write_text_key(w, "ip", addr_ip_text(&p->addr, text));
	if (second != NULL)
		write_text_key(w, "ipv6", addr_ip_text(&second->addr, text));
	if (p->key != 0) {
		(void)snprintf(text, sizeof(text), "%08x", p->key);
		write_text_key(w, "key", text);
	}
	write_number(w, "left", p->seed ? 0 : 1);
	write_number(w, "nat", 0);
	write_number(w, "port", p->addr.port);
	if (second != NULL)
		write_number(w, "port6", second->addr.port);
	write_number(w, "requirecrypto", (p->flags & PEERS_CRYPTO_ONLY) != 0);
	write_number(w, "supportcrypto", (p->flags & PEERS_CRYPTO) != 0);
	write_end(w);
}

static void
write_peers(struct state_writer *sw, const struct swarm *w)
{
	sw->members.len = 0;
	add_members(sw, w, ADDR_V4);
	add_members(sw, w, ADDR_V6);
	if (sw->members.len == 0)
		return;
	qsort(sw->members.items, sw->members.len, sizeof(struct member), by_id);
	write_key_slice(&sw->w, slice_of(w->info_hash, 20));
	write_dict(&sw->w);
	for (size_t i = 0; i < sw->members.len; i++) {
		const struct member *m = vec_at(&sw->members, i);
		const struct member *next = i + 1 < sw->members.len ? m + 1 : NULL;
		struct peers_entry p = swarm_peer_at(sw->shard, w, m->family, m->number), second;
		bool both = next != NULL && memcmp(m->id, next->id, 20) == 0;

		if (both) {
			second = swarm_peer_at(sw->shard, w, next->family, next->number);
			i++;
		}
		write_peer(&sw->w, &p, both ? &second : NULL);
	}
	write_end(&sw->w);
}

static void
write_shard_counts(void *arg, const struct swarms *s)
{
	struct state_writer *sw = arg;

	sort_torrents(sw, s);
	for (size_t i = 0; i < sw->torrents.len; i++) {
		const struct swarm *w = torrent_at(sw, i);

		if (w->downloaded == 0 && !s->limits.keep_dead)
			continue;
		write_key_slice(&sw->w, slice_of(w->info_hash, 20));
		write_int(&sw->w, w->downloaded);
	}
}

static void
write_shard_peers(void *arg, const struct swarms *s)
{
	struct state_writer *sw = arg;

	sort_torrents(sw, s);
	for (size_t i = 0; i < sw->torrents.len; i++)
		write_peers(sw, torrent_at(sw, i));
}

enum bt_code
state_write(struct shards *s, struct buf *out)
{
	struct state_writer sw = { .failed = false };
	bool good;

	write_init(&sw.w, out);
	vec_init(&sw.torrents, sizeof(const struct swarm *));
	vec_init(&sw.members, sizeof(struct member));
	write_dict(&sw.w);
	write_key(&sw.w, "completed");
	write_dict(&sw.w);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_visit(s, i, write_shard_counts, &sw);
	write_end(&sw.w);
	write_key(&sw.w, "peers");
	write_dict(&sw.w);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_visit(s, i, write_shard_peers, &sw);
	write_end(&sw.w);
	write_end(&sw.w);
	good = write_finish(&sw.w) && !sw.failed;
	vec_fini(&sw.torrents);
	vec_fini(&sw.members);
	return good ? BT_OK : BT_ENOMEM;
}

/* -- reading -- */

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

static bool
parse_ip(struct bt_slice text, struct addr *out)
{
	char copy[ADDR_TEXT_MAX];

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return addr_parse(copy, 0, out);
}

struct peer_entry {
	struct peers_entry peer;
	struct addr given, ipv6;
	int64_t port, port6, left;
};

static void
read_number_key(struct scan *s, struct bt_slice key, struct peer_entry *e)
{
	int64_t n = 0;
	bool known = slice_eq_str(key, "port") || slice_eq_str(key, "port6") ||
	    slice_eq_str(key, "left") || slice_eq_str(key, "requirecrypto") ||
	    slice_eq_str(key, "supportcrypto");

	if (!known)
		(void)scan_skip(s);
	else if (!scan_try_int(s, &n))
		return;
	else if (slice_eq_str(key, "port"))
		e->port = n;
	else if (slice_eq_str(key, "port6"))
		e->port6 = n;
	else if (slice_eq_str(key, "left"))
		e->left = n;
	else if (n != 0)
		e->peer.flags |= slice_eq_str(key, "requirecrypto") ? PEERS_CRYPTO_ONLY :
		    PEERS_CRYPTO;
}

static uint32_t
key_number(struct bt_slice text)
{
	struct announce_req req;

	announce_req_init(&req);
	(void)announce_text_set(&req.key, text);
	return announce_key(&req);
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
			(void)parse_ip(text, &e->peer.addr);
		else if (slice_eq_str(key, "given ip"))
			(void)parse_ip(text, &e->given);
		else if (slice_eq_str(key, "ipv6"))
			(void)parse_ip(text, &e->ipv6);
		else if (slice_eq_str(key, "key"))
			e->peer.key = key_number(text);
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
	at = e.given.family != ADDR_NONE ? e.given : e.peer.addr;
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

/* -- files -- */

enum bt_code
state_save(struct shards *s, const char *path, struct bt_error *err)
{
	enum bt_code code;
	struct buf b;

	buf_init(&b, STATE_MAX);
	code = state_write(s, &b);
	if (code == BT_OK)
		code = file_replace(path, buf_slice(&b), err);
	else
		(void)fail(err, code, "%s: no memory to save", path);
	buf_fini(&b);
	return code;
}

/* Gives it the first free name of path.bad, path.bad.1 ... */
static enum bt_code
set_aside(const char *path, struct buf *name, struct bt_error *err)
{
	for (unsigned i = 0; i < ASIDE_MAX; i++) {
		buf_clear(name);
		buf_addf(name, i == 0 ? "%s.bad" : "%s.bad.%u", path, i);
		/* link refuses a name that is taken, where rename would replace it. */
		if (link(path, buf_cstr(name)) == 0) {
			(void)unlink(path);
			return BT_OK;
		}
		if (errno != EEXIST)
			break;
	}
	return fail_errno(err, "cannot set the bad %s aside", path);
}

static enum bt_code
handle_bad(const char *path, const struct bt_error *why, const struct log *log,
    struct bt_error *err)
{
	struct buf name;
	enum bt_code code;

	buf_init(&name, 8192);
	code = set_aside(path, &name, err);
	if (code == BT_OK)
		log_write(log, BT_LOG_WARN, "state", "%s is corrupt (%s): kept as %s", path,
		    why->text, buf_cstr(&name));
	buf_fini(&name);
	return code;
}

enum bt_code
state_load(struct shards *s, const char *path, usec now, const struct log *log,
    struct bt_error *err)
{
	struct bt_error why = { .code = BT_OK };
	enum bt_code code;
	struct buf b;

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return BT_OK;
	buf_init(&b, STATE_MAX);
	code = file_read(path, &b, err);
	if (code == BT_OK && b.len > 0 && state_read(s, buf_slice(&b), now, &why) != BT_OK)
		code = handle_bad(path, &why, log, err);
	buf_fini(&b);
	return code;
}

/* SPDX-License-Identifier: ISC */
#include "tracker/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/vec.h"
#include "bencode/scan.h"
#include "bencode/write.h"
#include "proto/compact.h"

#define STATE_MAX ((size_t)8 << 30)	/* bytes; some 60 million peers */
#define ASIDE_MAX 1000			/* bad files kept beside the good one */

/* -- a shard, copied while nobody can change it -- */

#define NO_BLOCK SIZE_MAX

struct shot_torrent {
	uint8_t info_hash[20];
	uint32_t downloaded;
	size_t v4, v6;		/* where its peers begin in blocks, or NO_BLOCK */
};

struct shot {
	struct peers_kind kind4, kind6;
	bool keep_dead;
	struct vec torrents;	/* struct shot_torrent, sorted */
	struct buf blocks;
	bool failed;
};

static size_t
copy_block(struct shot *shot, const struct peers_kind *k, const struct peers *p)
{
	size_t at = shot->blocks.len, n = peers_bytes(k, p);
	uint8_t *to;

	if (p == NULL)
		return NO_BLOCK;
	/* The next one must be aligned too. */
	to = buf_add_space(&shot->blocks, (n + 7) / 8 * 8);
	if (to != NULL)
		memcpy(to, p, n);
	return to != NULL ? at : NO_BLOCK;
}

static void
take_shot(void *arg, const struct swarms *s)
{
	struct shot *shot = arg;
	const struct swarm *w;

	shot->kind4 = s->kind4;
	shot->kind6 = s->kind6;
	shot->keep_dead = s->limits.keep_dead;
	shot->torrents.len = 0;
	buf_clear(&shot->blocks);
	for (size_t pos = 0; (w = swarms_next(s, &pos)) != NULL;) {
		struct shot_torrent t = { .downloaded = w->downloaded };

		memcpy(t.info_hash, w->info_hash, 20);
		t.v4 = copy_block(shot, &s->kind4, w->v4);
		t.v6 = copy_block(shot, &s->kind6, w->v6);
		shot->failed |= vec_add(&shot->torrents, &t) == NULL;
	}
	shot->failed |= buf_failed(&shot->blocks);
}

static int
by_info_hash(const void *a, const void *b)
{
	const struct shot_torrent *x = a, *y = b;

	return memcmp(x->info_hash, y->info_hash, 20);
}

static const struct peers *
shot_peers(const struct shot *shot, size_t at)
{
	return at == NO_BLOCK ? NULL : (const void *)(shot->blocks.ptr + at);
}

/* -- writing -- */

/* Where the bytes go: to a buf or, if that is NULL, to a file. */
struct sink {
	struct buf *buf;
	int fd;
	bool failed;		/* errno says why, if it is a file */
};

struct member {
	uint8_t id[20];
	enum addr_family family;
	uint32_t number;
};

struct state_writer {
	struct sink sink;
	struct shot shot;
	struct vec members;	/* struct member of one torrent, sorted */
	struct buf text;	/* of a shard */
	struct write w;
};

static void
emit(struct sink *to, struct bt_slice bytes)
{
	if (to->failed)
		return;
	if (to->buf != NULL)
		buf_add_slice(to->buf, bytes);
	to->failed = to->buf != NULL ? buf_failed(to->buf) : !file_write_all(to->fd, bytes);
}

/* Where ids are not kept, or one is used by several: made of the address, for no two have one. */
static void
make_id(uint8_t id[20], const struct addr *a)
{
	uint8_t packed[COMPACT_V6_LEN];
	size_t n = compact_write(packed, a);

	if (a->family == ADDR_V6) {
		memcpy(id, "6-", 2);
		memcpy(id + 2, packed, n);
		return;
	}
	memcpy(id, "-BT0000-", 8);
	hex_write(id + 8, packed, n);
}

static struct peers_entry
entry_of(const struct shot *shot, const struct shot_torrent *t, const struct member *m)
{
	bool v4 = m->family == ADDR_V4;

	return peers_at(v4 ? &shot->kind4 : &shot->kind6, shot_peers(shot, v4 ? t->v4 : t->v6),
	    m->number);
}

static void
add_members(struct state_writer *sw, const struct shot_torrent *t, enum addr_family family)
{
	uint32_t count = peers_count(shot_peers(&sw->shot, family == ADDR_V4 ? t->v4 : t->v6));

	for (uint32_t i = 0; i < count; i++) {
		struct member m = { .family = family, .number = i };
		struct peers_entry e = entry_of(&sw->shot, t, &m);

		if (e.id != NULL)
			memcpy(m.id, e.id, 20);
		else
			make_id(m.id, &e.addr);
		sw->shot.failed |= vec_add(&sw->members, &m) == NULL;
	}
}

static int
by_id(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return memcmp(x->id, y->id, 20);
}

static void
sort_members(struct state_writer *sw, const struct shot_torrent *t)
{
	struct member *m = sw->members.items;
	size_t n = sw->members.len;
	uint8_t last[20];
	bool again = false;

	qsort(m, n, sizeof(*m), by_id);
	memcpy(last, m[0].id, 20);
	for (size_t i = 1; i < n; i++) {
		struct peers_entry e = entry_of(&sw->shot, t, &m[i]);
		bool same = memcmp(m[i].id, last, 20) == 0;

		memcpy(last, m[i].id, 20);
		if (same)
			make_id(m[i].id, &e.addr);
		again |= same;
	}
	if (again)
		qsort(m, n, sizeof(*m), by_id);
}

static void
write_number(struct write *w, const char *key, int64_t n)
{
	write_key(w, key);
	write_int(w, n);
}

static void
write_peer(struct write *w, const uint8_t *id, const struct peers_entry *p)
{
	char text[ADDR_TEXT_MAX];

	write_key_slice(w, slice_of(id, 20));
	write_dict(w);
	(void)addr_ip_text(&p->addr, text);
	if (p->flags & PEERS_CLAIMED) {
		write_key(w, "given ip");
		write_string(w, text);
	}
	write_key(w, "ip");
	write_string(w, text);
	write_number(w, "left", p->seed ? 0 : 1);
	write_number(w, "nat", 0);
	if (p->flags & PEERS_PAUSED)
		write_number(w, "paused", 1);
	write_number(w, "port", p->addr.port);
	write_number(w, "requirecrypto", (p->flags & PEERS_CRYPTO_ONLY) != 0);
	write_number(w, "supportcrypto", (p->flags & PEERS_CRYPTO) != 0);
	write_end(w);
}

static void
write_peers(struct state_writer *sw, const struct shot_torrent *t)
{
	sw->members.len = 0;
	add_members(sw, t, ADDR_V4);
	add_members(sw, t, ADDR_V6);
	if (sw->members.len == 0)
		return;
	sort_members(sw, t);
	write_key_slice(&sw->w, slice_of(t->info_hash, 20));
	write_dict(&sw->w);
	for (size_t i = 0; i < sw->members.len; i++) {
		const struct member *m = vec_at(&sw->members, i);
		struct peers_entry e = entry_of(&sw->shot, t, m);

		/* Somebody calls itself what another one was named: one of them must do. */
		if (i == 0 || memcmp(m[-1].id, m->id, 20) != 0)
			write_peer(&sw->w, m->id, &e);
	}
	write_end(&sw->w);
}

static void
write_count(struct state_writer *sw, const struct shot_torrent *t)
{
	if (t->downloaded == 0 && !sw->shot.keep_dead)
		return;
	write_key_slice(&sw->w, slice_of(t->info_hash, 20));
	write_int(&sw->w, t->downloaded);
}

/* Each shard's part is a dictionary of its own, whose brackets are left out. */
static void
write_shards(struct state_writer *sw, struct shards *s,
    void (*each)(struct state_writer *sw, const struct shot_torrent *t))
{
	struct shot *shot = &sw->shot;

	for (unsigned i = 0; i < SHARD_COUNT && !shot->failed && !sw->sink.failed; i++) {
		shards_visit(s, i, take_shot, shot);
		if (shot->torrents.len > 0)
			qsort(shot->torrents.items, shot->torrents.len,
			    sizeof(struct shot_torrent), by_info_hash);
		buf_clear(&sw->text);
		write_init(&sw->w, &sw->text);
		write_dict(&sw->w);
		for (size_t t = 0; t < shot->torrents.len && !shot->failed; t++)
			each(sw, vec_at(&shot->torrents, t));
		write_end(&sw->w);
		if (!write_finish(&sw->w))
			shot->failed = true;
		else
			emit(&sw->sink, slice_of(sw->text.ptr + 1, sw->text.len - 2));
	}
}

/* BT_EIO: the file could not be written, see errno. */
static enum bt_code
write_to(struct shards *s, struct sink sink)
{
	struct state_writer sw = { .sink = sink };
	enum bt_code code = BT_OK;
	int kept;

	vec_init(&sw.shot.torrents, sizeof(struct shot_torrent));
	vec_init(&sw.members, sizeof(struct member));
	buf_init(&sw.shot.blocks, STATE_MAX);
	buf_init(&sw.text, STATE_MAX);
	emit(&sw.sink, slice_str("d9:completedd"));
	write_shards(&sw, s, write_count);
	emit(&sw.sink, slice_str("e5:peersd"));
	write_shards(&sw, s, write_peers);
	emit(&sw.sink, slice_str("ee"));
	kept = errno;
	if (sw.shot.failed || (sw.sink.failed && sink.buf != NULL))
		code = BT_ENOMEM;
	else if (sw.sink.failed)
		code = BT_EIO;
	vec_fini(&sw.shot.torrents);
	vec_fini(&sw.members);
	buf_fini(&sw.shot.blocks);
	buf_fini(&sw.text);
	errno = kept;
	return code;
}

enum bt_code
state_write(struct shards *s, struct buf *out)
{
	return write_to(s, (struct sink){ .buf = out, .fd = -1 });
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
	    slice_eq_str(key, "supportcrypto") || slice_eq_str(key, "paused");

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
		    slice_eq_str(key, "paused") ? PEERS_PAUSED : PEERS_CRYPTO;
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

/* -- files -- */

enum bt_code
state_save(struct shards *s, const char *path, struct bt_error *err)
{
	struct file_staged staged;
	enum bt_code code = file_stage_sole(path, &staged, err);

	if (code != BT_OK)
		return code;
	code = write_to(s, (struct sink){ .fd = staged.fd });
	if (code == BT_ENOMEM)
		(void)fail(err, code, "%s: no memory to save", path);
	else if (code != BT_OK || fsync(staged.fd) != 0)
		code = fail_errno(err, "%s", path);
	if (code == BT_OK)
		code = file_commit(&staged, err);
	if (code == BT_OK)
		file_sync_folder_of(staged.real);
	file_staged_fini(&staged);
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

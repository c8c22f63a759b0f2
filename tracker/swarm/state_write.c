/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/state_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/vec.h"
#include "bencode/write.h"
#include "proto/compact.h"

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

struct member {
	uint8_t id[20];
	enum addr_family family;
	uint32_t number;
};

struct state_writer {
	const struct state *from;
	int fd;
	bool failed;		/* errno says why */
	struct shot shot;
	struct vec members;	/* struct member of one torrent, sorted */
	struct buf text;	/* of a shard */
	struct write w;
};

static void
emit(struct state_writer *sw, struct bt_slice bytes)
{
	sw->failed = sw->failed || !file_write_all(sw->fd, bytes);
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

	if (n == 0)
		return;
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
write_peer(struct state_writer *sw, const uint8_t *id, const struct peers_entry *p)
{
	struct write *w = &sw->w;
	int nat = NAT_KNOWN_REACHED;
	char text[ADDR_TEXT_MAX];

	if (p->flags & PEERS_UNREACHED)
		nat = nat_known_look(sw->from->nat, &p->addr);

	write_key_slice(w, slice_of(id, 20));
	write_dict(w);
	(void)addr_ip_text(&p->addr, text);
	if (p->flags & PEERS_CLAIMED) {
		write_key(w, "given ip");
		write_string(w, text);
	}
	write_key(w, "ip");
	write_string(w, text);
	write_number(w, "left", p->seed ? 0 : p->flags & PEERS_PAUSED ? STATE_LEFT_PAUSED : 1);
	if (nat != NAT_KNOWN_NOT)
		write_number(w, "nat", nat);
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
	if (sw->members.len == 0 && !sw->shot.keep_dead)
		return;
	sort_members(sw, t);
	write_key_slice(&sw->w, slice_of(t->info_hash, 20));
	write_dict(&sw->w);
	for (size_t i = 0; i < sw->members.len; i++) {
		const struct member *m = vec_at(&sw->members, i);
		struct peers_entry e = entry_of(&sw->shot, t, m);

		/* Somebody calls itself what another one was named: one of them must do. */
		if (i == 0 || memcmp(m[-1].id, m->id, 20) != 0)
			write_peer(sw, m->id, &e);
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
write_shards(struct state_writer *sw,
    void (*each)(struct state_writer *sw, const struct shot_torrent *t))
{
	struct shot *shot = &sw->shot;

	for (unsigned i = 0; i < SHARD_COUNT && !shot->failed && !sw->failed; i++) {
		shards_visit(sw->from->shards, i, take_shot, shot);
		if (shot->torrents.len == 0)
			continue;
		qsort(shot->torrents.items, shot->torrents.len, sizeof(struct shot_torrent),
		    by_info_hash);
		buf_clear(&sw->text);
		write_init(&sw->w, &sw->text);
		write_dict(&sw->w);
		for (size_t t = 0; t < shot->torrents.len && !shot->failed; t++)
			each(sw, vec_at(&shot->torrents, t));
		write_end(&sw->w);
		if (!write_finish(&sw->w))
			shot->failed = true;
		else
			emit(sw, slice_of(sw->text.ptr + 1, sw->text.len - 2));
	}
}

enum bt_code
state_write(const struct state *s, int fd)
{
	struct state_writer sw = { .from = s, .fd = fd };
	int kept;

	vec_init(&sw.shot.torrents, sizeof(struct shot_torrent));
	vec_init(&sw.members, sizeof(struct member));
	buf_init(&sw.shot.blocks, STATE_MAX);
	buf_init(&sw.text, STATE_MAX);
	emit(&sw, slice_str("d9:completedd"));
	write_shards(&sw, write_count);
	emit(&sw, slice_str("e5:peersd"));
	write_shards(&sw, write_peers);
	emit(&sw, slice_str("ee"));
	kept = errno;
	vec_fini(&sw.shot.torrents);
	vec_fini(&sw.members);
	buf_fini(&sw.shot.blocks);
	buf_fini(&sw.text);
	errno = kept;
	return sw.shot.failed ? BT_ENOMEM : sw.failed ? BT_EIO : BT_OK;
}

/* SPDX-License-Identifier: ISC */
#include <btcore/magnet.h>

#include <stdlib.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/query.h"
#include "meta/model.h"

#define MAX_URI (1u << 20)	/* bytes: room for META_MAX_TRACKERS */
#define MAX_TEXT (1u << 30)	/* bytes written: a torrent of 64 MiB may be all trackers */
#define MAX_RANGES 10000	/* of a selection */

#define LISTS 3

struct bt_magnet {
	bool v1, v2;		/* at least one */
	uint8_t hash_v1[SHA1_LEN];
	uint8_t hash_v2[SHA256_LEN];
	struct bt_slice name;	/* owned, as the entries of the lists */
	struct vec lists[LISTS];	/* struct bt_slice */
	struct vec ranges;	/* struct bt_magnet_range */
	struct buf text;
};

static const char *const keys[LISTS] = {
	[BT_MAGNET_TRACKER] = "tr", [BT_MAGNET_WEB_SEED] = "ws", [BT_MAGNET_PEER] = "x.pe",
};

static enum bt_code
no_memory(struct bt_error *err)
{
	return fail(err, BT_ENOMEM, "out of memory");
}

/* -- info-hashes -- */

/* RFC 4648, in either case; 32 characters are 20 bytes without a rest. */
static bool
decode_base32(struct bt_slice s, uint8_t out[SHA1_LEN])
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	if (s.len != 32)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		uint8_t upper = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;

		if (upper >= 'A' && upper <= 'Z')
			bits = bits << 5 | (uint32_t)(upper - 'A');
		else if (c >= '2' && c <= '7')
			bits = bits << 5 | (uint32_t)(c - '2' + 26);
		else
			return false;
		have += 5;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	return true;
}

/* Takes prefix off the front of s, in any case. */
static bool
take_prefix(struct bt_slice *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->len < n || !slice_eq_nocase(slice_of(s->ptr, n), prefix))
		return false;
	*s = slice_skip(*s, n);
	return true;
}

/* The first of each kind counts. *why tells what was wrong with one. */
static void
take_topic(struct bt_magnet *m, struct bt_slice xt, const char **why)
{
	static const uint8_t sha256_of_32[] = { 0x12, 0x20 };	/* a multihash's beginning */
	uint8_t multihash[sizeof(sha256_of_32) + SHA256_LEN];
	uint8_t hash[SHA1_LEN];

	if (take_prefix(&xt, "urn:btih:")) {
		if (!hex_decode(xt, hash, sizeof(hash)) && !decode_base32(xt, hash)) {
			*why = "its btih is neither 40 hex digits nor 32 characters of base32";
		} else if (!m->v1) {
			memcpy(m->hash_v1, hash, sizeof(hash));
			m->v1 = true;
		}
	} else if (take_prefix(&xt, "urn:btmh:")) {
		if (!hex_decode(xt, multihash, sizeof(multihash)) ||
		    memcmp(multihash, sha256_of_32, sizeof(sha256_of_32)) != 0) {
			*why = "its btmh is not a SHA-256: 1220 and 64 hex digits";
		} else if (!m->v2) {
			memcpy(m->hash_v2, multihash + sizeof(sha256_of_32), SHA256_LEN);
			m->v2 = true;
		}
	}
}

/* -- lists -- */

static bool
is_peer(struct bt_slice s)
{
	struct bt_slice host = s, port;
	struct addr a;
	uint64_t number;
	size_t colon = s.len;

	while (colon > 0 && s.ptr[colon - 1] != ':')
		colon--;
	if (colon < 2)
		return false;
	host.len = colon - 1;
	port = slice_skip(s, colon);
	if (port.len > 5 || !slice_u64(port, &number) || number == 0 || number > UINT16_MAX)
		return false;
	if (host.ptr[0] == '[') {
		if (host.ptr[host.len - 1] != ']' || host.len < 4)
			return false;
		return addr_parse_slice(slice_of(host.ptr + 1, host.len - 2), 1, &a) &&
		    a.family == ADDR_V6;
	}
	for (size_t i = 0; i < host.len; i++) {
		if (!query_unreserved(host.ptr[i]) || host.ptr[i] == '~')
			return false;
	}
	return host.len <= 255;
}

size_t
bt_magnet_count(const struct bt_magnet *m, enum bt_magnet_list list)
{
	return m->lists[list].len;
}

struct bt_slice
bt_magnet_get(const struct bt_magnet *m, enum bt_magnet_list list, size_t i)
{
	return *(struct bt_slice *)vec_at(&m->lists[list], i);
}

enum bt_code
bt_magnet_add(struct bt_magnet *m, enum bt_magnet_list list, struct bt_slice entry,
    struct bt_error *err)
{
	struct bt_slice own;

	if (list == BT_MAGNET_PEER ? !is_peer(entry) : !meta_usable_url(entry))
		return fail(err, BT_EARG, "%s: not %s", keys[list],
		    list == BT_MAGNET_PEER ? "host:port" : "a URL");
	if (m->lists[list].len >= META_MAX_TRACKERS)
		return fail(err, BT_ELIMIT, "%s: more than %u", keys[list], META_MAX_TRACKERS);
	for (size_t i = 0; i < m->lists[list].len; i++) {
		if (slice_eq(bt_magnet_get(m, list, i), entry))
			return fail(err, BT_EEXIST, "%s: it is there", keys[list]);
	}
	own = slice_of(slice_dup(entry), entry.len);
	if (own.ptr == NULL)
		return no_memory(err);
	if (vec_add(&m->lists[list], &own) == NULL) {
		mem_free((void *)(uintptr_t)own.ptr);
		return no_memory(err);
	}
	return BT_OK;
}

/* -- the selection -- */

size_t
bt_magnet_range_count(const struct bt_magnet *m)
{
	return m->ranges.len;
}

struct bt_magnet_range
bt_magnet_range(const struct bt_magnet *m, size_t i)
{
	return *(struct bt_magnet_range *)vec_at(&m->ranges, i);
}

bool
bt_magnet_selects(const struct bt_magnet *m, uint32_t file)
{
	size_t low = 0, high = m->ranges.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (bt_magnet_range(m, middle).last < file)
			low = middle + 1;
		else
			high = middle;
	}
	return m->ranges.len == 0 ||
	    (low < m->ranges.len && bt_magnet_range(m, low).first <= file);
}

static int
range_cmp(const void *a, const void *b)
{
	const struct bt_magnet_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorts, and joins what overlaps or touches. */
static void
join_ranges(struct vec *v)
{
	struct bt_magnet_range *r = v->items;
	size_t n = 0;

	if (v->len == 0)
		return;
	qsort(r, v->len, sizeof(*r), range_cmp);
	for (size_t i = 1; i < v->len; i++) {
		if (r[n].last == UINT32_MAX || r[i].first <= r[n].last + 1)
			r[n].last = r[i].last > r[n].last ? r[i].last : r[n].last;
		else
			r[++n] = r[i];
	}
	v->len = n + 1;
}

static enum bt_code
add_range(struct bt_magnet *m, struct bt_magnet_range range, struct bt_error *err)
{
	if (m->ranges.len >= MAX_RANGES)
		return fail(err, BT_ELIMIT, "so: more than %u ranges", MAX_RANGES);
	return vec_add(&m->ranges, &range) == NULL ? no_memory(err) : BT_OK;
}

enum bt_code
bt_magnet_select(struct bt_magnet *m, struct bt_magnet_range range, struct bt_error *err)
{
	enum bt_code code;

	if (range.first > range.last)
		return fail(err, BT_EARG, "so: %u-%u goes backwards", range.first, range.last);
	code = add_range(m, range, err);
	join_ranges(&m->ranges);
	return code;
}

/* "3" or "6-8". */
static bool
parse_range(struct bt_slice s, struct bt_magnet_range *out)
{
	struct bt_slice first = slice_take_until(&s, '-');
	bool dash = s.ptr != first.ptr + first.len;	/* there was one */
	uint64_t a, b;

	if (!slice_u64(first, &a) || (dash && !slice_u64(s, &b)))
		return false;
	if (!dash)
		b = a;
	*out = (struct bt_magnet_range){ (uint32_t)a, (uint32_t)b };
	return a <= b && b <= UINT32_MAX;
}

static enum bt_code
take_selection(struct bt_magnet *m, struct bt_slice value, struct bt_error *err)
{
	enum bt_code code = BT_OK;

	while (value.len > 0 && code != BT_ENOMEM) {
		struct bt_magnet_range range;

		if (parse_range(slice_take_until(&value, ','), &range))
			code = add_range(m, range, err);
	}
	return code == BT_ENOMEM ? code : BT_OK;
}

/* -- reading -- */

/* "tr", and "tr.1" as some number them, in any case. */
static bool
is_key(struct bt_slice name, const char *key)
{
	uint64_t number;

	if (!take_prefix(&name, key))
		return false;
	return name.len == 0 || (name.ptr[0] == '.' && slice_u64(slice_skip(name, 1), &number));
}

static enum bt_code
take_entry(struct bt_magnet *m, struct bt_slice name, struct bt_slice value, struct bt_error *err)
{
	for (enum bt_magnet_list list = 0; list < LISTS; list++) {
		if (is_key(name, keys[list])) {
			enum bt_code code = bt_magnet_add(m, list, value, err);

			return code == BT_ENOMEM ? code : BT_OK;
		}
	}
	return BT_OK;
}

/* scratch has room for the value unescaped. */
static enum bt_code
take_parameter(struct bt_magnet *m, struct bt_slice name, struct bt_slice value, uint8_t *scratch,
    const char **why, struct bt_error *err)
{
	bool is_name = is_key(name, "dn");
	/* In a URL a plus is a plus: a blank could not stand there. */
	enum query_plus plus = is_name ? QUERY_PLUS_IS_SPACE : QUERY_PLUS_STAYS;
	bool given = value.ptr != name.ptr + name.len;	/* "dn=", and not just "dn" */
	struct bt_slice plain = slice_of(scratch, query_unescape(value, plus, scratch, value.len));

	if (is_key(name, "xt"))
		take_topic(m, plain, why);
	else if (is_name && given && m->name.ptr == NULL)
		return bt_magnet_set_name(m, plain, err);
	else if (is_key(name, "so"))
		return take_selection(m, plain, err);
	else
		return take_entry(m, name, plain, err);
	return BT_OK;
}

static enum bt_code
take_all(struct bt_magnet *m, struct bt_slice query, uint8_t *scratch, struct bt_error *err)
{
	const char *why = "no info-hash in it: no xt=urn:btih: or xt=urn:btmh:";
	struct bt_slice name, value;

	while (query_next(&query, &name, &value)) {
		enum bt_code code = take_parameter(m, name, value, scratch, &why, err);

		if (code != BT_OK)
			return code;
	}
	join_ranges(&m->ranges);
	return m->v1 || m->v2 ? BT_OK : fail(err, BT_EFORMAT, "magnet: %s", why);
}

static struct bt_magnet *
magnet_alloc(void)
{
	struct bt_magnet *m = mem_zero(sizeof(*m));

	if (m == NULL)
		return NULL;
	for (size_t i = 0; i < LISTS; i++)
		vec_init(&m->lists[i], sizeof(struct bt_slice));
	vec_init(&m->ranges, sizeof(struct bt_magnet_range));
	buf_init(&m->text, MAX_TEXT);
	return m;
}

enum bt_code
bt_magnet_parse(struct bt_slice uri, struct bt_magnet **out, struct bt_error *err)
{
	uint8_t *scratch;
	struct bt_magnet *m;
	enum bt_code code;

	*out = NULL;
	if (uri.len > MAX_URI)
		return fail(err, BT_ELIMIT, "magnet: more than %u bytes", MAX_URI);
	if (!take_prefix(&uri, "magnet:?"))
		return fail(err, BT_EFORMAT, "not a magnet: it does not begin with 'magnet:?'");
	m = magnet_alloc();
	scratch = mem_alloc(uri.len + 1);
	code = m == NULL || scratch == NULL ? no_memory(err) : take_all(m, uri, scratch, err);
	mem_free(scratch);
	if (code == BT_OK)
		*out = m;
	else
		bt_magnet_free(m);
	return code;
}

/* -- making -- */

enum bt_code
bt_magnet_new(const uint8_t *info_hash, const uint8_t *info_hash_v2, struct bt_magnet **out,
    struct bt_error *err)
{
	*out = NULL;
	if (info_hash == NULL && info_hash_v2 == NULL)
		return fail(err, BT_EARG, "magnet: no info-hash given");
	*out = magnet_alloc();
	if (*out == NULL)
		return no_memory(err);
	(*out)->v1 = info_hash != NULL;
	(*out)->v2 = info_hash_v2 != NULL;
	if (info_hash != NULL)
		memcpy((*out)->hash_v1, info_hash, SHA1_LEN);
	if (info_hash_v2 != NULL)
		memcpy((*out)->hash_v2, info_hash_v2, SHA256_LEN);
	return BT_OK;
}

enum bt_code
bt_magnet_from_metainfo(const struct bt_metainfo *meta, struct bt_magnet **out,
    struct bt_error *err)
{
	enum bt_code code;

	code = bt_magnet_new(bt_metainfo_info_hash(meta), bt_metainfo_info_hash_v2(meta), out, err);
	if (code != BT_OK)
		return code;
	code = bt_magnet_set_name(*out, bt_metainfo_name(meta), err);
	for (size_t i = 0; code != BT_ENOMEM && i < meta->trackers.len; i++) {
		const struct meta_tracker *t = vec_at(&meta->trackers, i);

		code = bt_magnet_add(*out, BT_MAGNET_TRACKER, t->url, err);
	}
	for (size_t i = 0; code != BT_ENOMEM && i < bt_metainfo_url_seed_count(meta); i++)
		code = bt_magnet_add(*out, BT_MAGNET_WEB_SEED, bt_metainfo_url_seed(meta, i), err);
	if (code != BT_ENOMEM)
		return BT_OK;
	bt_magnet_free(*out);
	*out = NULL;
	return code;
}

void
bt_magnet_free(struct bt_magnet *m)
{
	if (m == NULL)
		return;
	for (enum bt_magnet_list list = 0; list < LISTS; list++) {
		for (size_t i = 0; i < m->lists[list].len; i++)
			mem_free((void *)(uintptr_t)bt_magnet_get(m, list, i).ptr);
		vec_fini(&m->lists[list]);
	}
	mem_free((void *)(uintptr_t)m->name.ptr);
	vec_fini(&m->ranges);
	buf_fini(&m->text);
	mem_free(m);
}

const uint8_t *
bt_magnet_info_hash(const struct bt_magnet *m)
{
	return m->v1 ? m->hash_v1 : NULL;
}

const uint8_t *
bt_magnet_info_hash_v2(const struct bt_magnet *m)
{
	return m->v2 ? m->hash_v2 : NULL;
}

struct bt_slice
bt_magnet_name(const struct bt_magnet *m)
{
	return m->name;
}

enum bt_code
bt_magnet_set_name(struct bt_magnet *m, struct bt_slice name, struct bt_error *err)
{
	char *own = slice_dup(name);

	if (own == NULL)
		return no_memory(err);
	mem_free((void *)(uintptr_t)m->name.ptr);
	m->name = slice_of(own, name.len);
	return BT_OK;
}

static void
write_list(struct bt_magnet *m, enum bt_magnet_list list)
{
	for (size_t i = 0; i < m->lists[list].len; i++) {
		struct bt_slice entry = bt_magnet_get(m, list, i);

		buf_addf(&m->text, "&%s=", keys[list]);
		/* BEP 9 shows peers bare, and none of their characters needs an escape. */
		if (list == BT_MAGNET_PEER)
			buf_add_slice(&m->text, entry);
		else
			query_escape(&m->text, entry);
	}
}

static void
write_selection(struct bt_magnet *m)
{
	for (size_t i = 0; i < m->ranges.len; i++) {
		struct bt_magnet_range r = bt_magnet_range(m, i);

		buf_addf(&m->text, "%s%u", i == 0 ? "&so=" : ",", r.first);
		if (r.first != r.last)
			buf_addf(&m->text, "-%u", r.last);
	}
}

const char *
bt_magnet_text(struct bt_magnet *m)
{
	const char *text;

	buf_clear(&m->text);
	buf_add_str(&m->text, "magnet:?xt=urn:");
	if (m->v1) {
		buf_add_str(&m->text, "btih:");
		hex_add(&m->text, m->hash_v1, SHA1_LEN);
	}
	if (m->v2) {
		buf_add_str(&m->text, m->v1 ? "&xt=urn:btmh:1220" : "btmh:1220");
		hex_add(&m->text, m->hash_v2, SHA256_LEN);
	}
	if (m->name.ptr != NULL) {
		buf_add_str(&m->text, "&dn=");
		query_escape(&m->text, m->name);
	}
	for (enum bt_magnet_list list = 0; list < LISTS; list++)
		write_list(m, list);
	write_selection(m);
	text = buf_cstr(&m->text);
	return buf_failed(&m->text) ? NULL : text;
}

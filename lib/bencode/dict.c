/* SPDX-License-Identifier: ISC */
#include "bencode/dict.h"

#include "base/cdefs.h"
#include "base/mem.h"
#include "bencode/scan.h"
#include "bencode/write.h"

static struct dict_entry *
entry_at(const struct dict *d, size_t i)
{
	return vec_at(&d->entries, i);
}

/* The value at the front of bytes, however it is made inside; empty: none, and err says why. */
static struct bt_slice
value_at(struct bt_slice bytes, size_t pos, struct bt_error *err)
{
	struct bt_slice value;
	struct scan s;

	scan_init(&s, slice_skip(bytes, pos), SCAN_LENIENT | SCAN_PREFIX);
	value = scan_skip(&s);
	if (!scan_finish(&s)) {
		s.bad_pos += pos;
		(void)scan_fail_as(&s, "malformed bencode", err);
		return SLICE_NONE;
	}
	return value;
}

enum bt_code
dict_parse(struct dict *d, struct bt_slice bytes, struct bt_error *err)
{
	size_t pos = 1;

	vec_init(&d->entries, sizeof(struct dict_entry));
	d->rest = SLICE_NONE;
	if (bytes.len > SCAN_MAX_SIZE)
		return fail(err, BT_ELIMIT, "larger than %u bytes", SCAN_MAX_SIZE);
	if (bytes.len == 0 || bytes.ptr[0] != 'd')
		return fail(err, BT_EFORMAT, "no bencoded dictionary");
	while (pos < bytes.len && bytes.ptr[pos] != 'e') {
		struct bt_slice key = value_at(bytes, pos, err);
		struct dict_entry e = { .key = slice_skip(key, slice_index(key, ':')) };

		if (key.len == 0)
			return BT_EFORMAT;
		if (key.ptr[0] < '0' || key.ptr[0] > '9')
			return fail(err, BT_EFORMAT, "key is not a string at byte %zu", pos);
		e.key = slice_skip(e.key, 1);
		e.was = e.is = value_at(bytes, pos + key.len, err);
		if (e.is.len == 0)
			return BT_EFORMAT;
		e.whole = slice_of(key.ptr, key.len + e.is.len);
		pos += e.whole.len;
		if (d->entries.len == DICT_MAX_KEYS)
			return fail(err, BT_ELIMIT, "more than %u keys", DICT_MAX_KEYS);
		if (vec_add(&d->entries, &e) == NULL)
			return fail(err, BT_ENOMEM, "out of memory");
	}
	if (pos >= bytes.len)
		return fail(err, BT_EFORMAT, "input ends early at byte %zu", bytes.len);
	d->rest = slice_skip(bytes, pos + 1);
	return BT_OK;
}

void
dict_fini(struct dict *d)
{
	for (size_t i = 0; i < d->entries.len; i++)
		mem_free(entry_at(d, i)->owned);
	vec_fini(&d->entries);
}

static struct dict_entry *
find(const struct dict *d, const char *key)
{
	for (size_t i = 0; i < d->entries.len; i++) {
		if (slice_eq_str(entry_at(d, i)->key, key))
			return entry_at(d, i);
	}
	return NULL;
}

struct bt_slice
dict_get(const struct dict *d, const char *key)
{
	const struct dict_entry *e = find(d, key);

	return e == NULL ? SLICE_NONE : e->is;
}

struct bt_slice
dict_old(const struct dict *d, const char *key)
{
	const struct dict_entry *e = find(d, key);

	return e == NULL ? SLICE_NONE : e->was;
}

/* The bytes that were read serve again if the value is what it was. */
static bool
put(struct dict_entry *e, struct bt_slice value)
{
	uint8_t *copy = NULL;

	if (slice_eq(value, e->was)) {
		value = e->was;
	} else if (value.len > 0) {
		copy = mem_alloc(value.len);
		if (copy == NULL)
			return false;
		memcpy(copy, value.ptr, value.len);
		value.ptr = copy;
	}
	mem_free(e->owned);
	e->owned = copy;
	e->is = value;
	return true;
}

static struct dict_entry *
insert(struct dict *d, const char *key)
{
	struct dict_entry fresh = { .key = slice_str(key) };
	size_t at = 0;

	if (vec_add(&d->entries, &fresh) == NULL)
		return NULL;
	while (at + 1 < d->entries.len && slice_cmp(entry_at(d, at)->key, fresh.key) < 0)
		at++;
	memmove(entry_at(d, at) + 1, entry_at(d, at),
	    (d->entries.len - 1 - at) * sizeof(fresh));
	*entry_at(d, at) = fresh;
	return entry_at(d, at);
}

enum bt_code
dict_set(struct dict *d, const char *key, struct bt_slice value)
{
	struct dict_entry *e = find(d, key);

	for (size_t i = 0; i < d->entries.len; i++) {
		struct dict_entry *again = entry_at(d, i);

		if (again != e && slice_eq_str(again->key, key))
			(void)put(again, SLICE_NONE);
	}
	if (e == NULL)
		e = insert(d, key);
	return e != NULL && put(e, value) ? BT_OK : BT_ENOMEM;
}

void
dict_remove(struct dict *d, const char *key)
{
	if (find(d, key) != NULL)
		(void)dict_set(d, key, SLICE_NONE);
}

bool
dict_changed(const struct dict *d)
{
	for (size_t i = 0; i < d->entries.len; i++) {
		const struct dict_entry *e = entry_at(d, i);

		if (e->is.ptr != e->was.ptr)
			return true;
	}
	return false;
}

void
dict_write(const struct dict *d, struct buf *out)
{
	buf_add_u8(out, 'd');
	for (size_t i = 0; i < d->entries.len; i++) {
		const struct dict_entry *e = entry_at(d, i);

		if (e->is.len == 0)
			continue;
		if (e->is.ptr == e->was.ptr) {
			buf_add_slice(out, e->whole);
			continue;
		}
		write_alone(out, e->key);
		buf_add_slice(out, e->is);
	}
	buf_add_u8(out, 'e');
	buf_add_slice(out, d->rest);
}

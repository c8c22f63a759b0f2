/* SPDX-License-Identifier: ISC */
#include "meta/names.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"

void
names_init(struct names *n, const uint8_t *bytes)
{
	*n = (struct names){ .bytes = bytes };
	vec_init(&n->dirs, sizeof(struct name));
	vec_init(&n->files, sizeof(struct name));
	/* A stranger chooses the names; the seed changes nothing but the order in the table. */
	rng_secret(n->seed, sizeof(n->seed));
}

static void
drop_table(struct names *n)
{
	mem_free(n->slots);
	n->slots = NULL;
	n->slot_count = n->used = 0;
}

void
names_fini(struct names *n)
{
	drop_table(n);
	vec_fini(&n->dirs);
	vec_fini(&n->files);
}

static enum bt_code
refuse(struct bt_slice element, const char *what, struct bt_error *err)
{
	char shown[100];

	return fail(err, BT_EFORMAT, "%s '%s'", what, log_escape(element, shown, sizeof(shown)));
}

enum bt_code
names_check(struct bt_slice element, struct bt_error *err)
{
	if (element.len == 0)
		return fail(err, BT_EFORMAT, "empty name in a path");
	if (slice_eq_str(element, ".") || slice_eq_str(element, "..") ||
	    slice_index(element, '/') < element.len || slice_index(element, '\0') < element.len)
		return refuse(element, "unsafe name in a path:", err);
	return BT_OK;
}

/* How many of the first max bytes end with a whole character, as far as it is UTF-8 at all. */
static size_t
cut_at_character(struct bt_slice s, size_t max)
{
	size_t cut = max;

	while (cut > 0 && max - cut < 4 && (s.ptr[cut] & 0xc0) == 0x80)
		cut--;
	return utf8_len(slice_skip(s, cut)) > 0 ? cut : max;
}

#define DIGEST_HEX 32		/* half of a SHA-256: nobody finds two alike */
#define EXTENSION_MAX 16	/* a longer one is no extension */

size_t
names_safe(struct bt_slice element, char out[NAME_MAX_LEN])
{
	uint8_t digest[SHA256_LEN];
	size_t extension = 0, stem;

	if (element.len <= NAME_MAX_LEN) {
		memcpy(out, element.ptr, element.len);
		return element.len;
	}
	for (size_t i = 1; i <= EXTENSION_MAX && extension == 0; i++) {
		if (element.ptr[element.len - i] == '.')
			extension = i;
	}
	stem = cut_at_character(element, NAME_MAX_LEN - 1 - DIGEST_HEX - extension);
	memcpy(out, element.ptr, stem);
	out[stem++] = '~';
	hash_sha256(element, digest);
	for (size_t i = 0; i < DIGEST_HEX; i++)
		out[stem++] = "0123456789abcdef"[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
	memcpy(out + stem, element.ptr + element.len - extension, extension);
	return stem + extension;
}

struct bt_slice
names_at(const struct names *n, uint32_t pos)
{
	const uint8_t *p = n->bytes + pos;
	size_t len = 0;

	/* The scanner has checked it. */
	for (; *p != ':'; p++)
		len = len * 10 + (size_t)(*p - '0');
	return slice_of(p + 1, len);
}

static struct name *
name_of(const struct names *n, uint32_t id)
{
	return id & NAMES_FILE ? vec_at(&n->files, id & ~NAMES_FILE) : vec_at(&n->dirs, id);
}

static size_t
home_of(const struct names *n, uint32_t parent, struct bt_slice element)
{
	uint64_t h = siphash(n->seed, element.ptr, element.len) + parent * 0x9e3779b97f4a7c15u;

	return (size_t)(h ^ h >> 32) & (n->slot_count - 1);
}

/* The slot of that name, or the free one where it belongs. */
static size_t
slot_of(const struct names *n, uint32_t parent, struct bt_slice element)
{
	size_t i = home_of(n, parent, element);

	for (; n->slots[i] != 0; i = (i + 1) & (n->slot_count - 1)) {
		const struct name *name = name_of(n, n->slots[i] - 1);

		if (name->parent == parent && slice_eq(names_at(n, name->pos), element))
			break;
	}
	return i;
}

uint32_t
names_find(const struct names *n, uint32_t parent, struct bt_slice element)
{
	size_t i;

	if (n->slot_count == 0)
		return NAMES_NONE;
	i = slot_of(n, parent, element);
	return n->slots[i] == 0 ? NAMES_NONE : n->slots[i] - 1;
}

static bool
grow_table(struct names *n)
{
	uint32_t *old = n->slots;
	size_t old_count = n->slot_count;
	size_t count = old_count == 0 ? 64 : old_count * 2;
	uint32_t *slots = mem_array(count, sizeof(*slots));

	if (slots == NULL)
		return false;
	n->slots = slots;
	n->slot_count = count;
	for (size_t i = 0; i < old_count; i++) {
		const struct name *name;

		if (old[i] == 0)
			continue;
		name = name_of(n, old[i] - 1);
		n->slots[slot_of(n, name->parent, names_at(n, name->pos))] = old[i];
	}
	mem_free(old);
	return true;
}

/* Adds the entry and enters it into the table. */
static enum bt_code
enter(struct names *n, uint32_t parent, uint32_t pos, uint32_t kind, uint32_t *id,
    struct bt_error *err)
{
	struct vec *v = kind == NAMES_FILE ? &n->files : &n->dirs;
	struct name name = { parent, pos };

	if ((n->used + 1) * 4 > n->slot_count * 3 && !grow_table(n))
		return fail(err, BT_ENOMEM, "out of memory");
	*id = (uint32_t)v->len | kind;
	if (vec_add(v, &name) == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	n->slots[slot_of(n, parent, names_at(n, pos))] = *id + 1;
	n->used++;
	return BT_OK;
}

enum bt_code
names_dir(struct names *n, uint32_t parent, uint32_t pos, uint32_t *out, struct bt_error *err)
{
	struct bt_slice element = names_at(n, pos);

	*out = names_find(n, parent, element);
	if (*out == NAMES_NONE)
		return enter(n, parent, pos, 0, out, err);
	if (*out & NAMES_FILE)
		return refuse(element, "both a file and a directory:", err);
	return BT_OK;
}

enum bt_code
names_file(struct names *n, uint32_t parent, uint32_t pos, struct bt_error *err)
{
	struct bt_slice element = names_at(n, pos);
	uint32_t id = names_find(n, parent, element);

	if (id == NAMES_NONE)
		return enter(n, parent, pos, NAMES_FILE, &id, err);
	if (id & NAMES_FILE)
		return refuse(element, "two files have one path:", err);
	return refuse(element, "both a file and a directory:", err);
}

enum bt_code
names_phantom(struct names *n, uint32_t pos, struct bt_error *err)
{
	struct name name = { NAMES_PHANTOM, pos };

	if (vec_add(&n->files, &name) == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	return BT_OK;
}

/* A name that was shortened may meet one that was made to look so. */
static enum bt_code
check_shortened(const struct names *n, const struct vec *v, struct bt_error *err)
{
	for (size_t i = 0; i < v->len; i++) {
		const struct name *name = vec_at(v, i);
		char safe[NAME_MAX_LEN];
		struct bt_slice element;

		if (name->parent == NAMES_PHANTOM)
			continue;
		element = names_at(n, name->pos);
		if (element.len <= NAME_MAX_LEN)
			continue;
		element = slice_of(safe, names_safe(element, safe));
		if (names_find(n, name->parent, element) != NAMES_NONE)
			return refuse(element, "two files have one path:", err);
	}
	return BT_OK;
}

enum bt_code
names_seal(struct names *n, struct bt_error *err)
{
	enum bt_code code = check_shortened(n, &n->dirs, err);

	if (code == BT_OK)
		code = check_shortened(n, &n->files, err);
	drop_table(n);
	return code;
}

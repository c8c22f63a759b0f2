/* SPDX-License-Identifier: ISC */
#include "meta/names.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"

/* An id is the index of a directory, or that of a file and this bit. */
#define FILE_ID 0x80000000u
#define NO_ID 0xffffffffu

void
names_init(struct names *n, const uint8_t *bytes)
{
	*n = (struct names){ .bytes = bytes };
	vec_init(&n->dirs, sizeof(struct name_dir));
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

static const struct name *
name_of(const struct names *n, uint32_t id)
{
	if (id & FILE_ID)
		return vec_at(&n->files, id & ~FILE_ID);
	return &((const struct name_dir *)vec_at(&n->dirs, id))->name;
}

static struct name_dir *
dir_at(struct names *n, uint32_t id)
{
	return id == NAMES_ROOT ? &n->root : vec_at(&n->dirs, id);
}

/* Of a slot the upper half is the hash's; so names are looked at, which lie all over the bytes,
 * only where they are likely to be equal, and a table grows without them. */
static uint64_t
hash_of(const struct names *n, uint32_t parent, struct bt_slice element)
{
	return siphash(n->seed, element.ptr, element.len) + parent * 0x9e3779b97f4a7c15u;
}

static size_t
home_of(const struct names *n, uint64_t slot)
{
	return (size_t)(slot >> 32) & (n->slot_count - 1);
}

static uint32_t
id_in(uint64_t slot)
{
	return (uint32_t)slot - 1;
}

/* The slot of that name, or the free one where it belongs. */
static uint64_t *
slot_of(const struct names *n, uint64_t hash, uint32_t parent, struct bt_slice element)
{
	size_t i = home_of(n, hash);

	for (; n->slots[i] != 0; i = (i + 1) & (n->slot_count - 1)) {
		const struct name *name;

		if (n->slots[i] >> 32 != hash >> 32)
			continue;
		name = name_of(n, id_in(n->slots[i]));
		if (name->parent == parent && slice_eq(names_at(n, name->pos), element))
			break;
	}
	return &n->slots[i];
}

static uint32_t
find(const struct names *n, uint32_t parent, struct bt_slice element)
{
	if (n->slot_count == 0)
		return NO_ID;
	return id_in(*slot_of(n, hash_of(n, parent, element), parent, element));
}

/* Room for more names, the table at most three quarters full. */
static bool
grow_table(struct names *n, size_t more)
{
	uint64_t *old = n->slots;
	size_t old_count = n->slot_count, count = old_count == 0 ? 64 : old_count;
	uint64_t *slots;

	while ((n->used + more) * 4 > count * 3)
		count *= 2;
	if (count == old_count)
		return true;
	slots = mem_array(count, sizeof(*slots));
	if (slots == NULL)
		return false;
	n->slots = slots;
	n->slot_count = count;
	for (size_t i = 0; i < old_count; i++) {
		size_t to;

		if (old[i] == 0)
			continue;
		for (to = home_of(n, old[i]); slots[to] != 0; to = (to + 1) & (count - 1))
			;
		slots[to] = old[i];
	}
	mem_free(old);
	return true;
}

/* Gives the id that has this name already, or NO_ID: now it is this one's. */
static uint32_t
enter(struct names *n, uint32_t id)
{
	const struct name *name = name_of(n, id);
	struct bt_slice element = names_at(n, name->pos);
	uint64_t hash = hash_of(n, name->parent, element);
	uint64_t *slot = slot_of(n, hash, name->parent, element);

	if (*slot != 0)
		return id_in(*slot);
	*slot = (hash >> 32 << 32) | (id + 1);
	n->used++;
	return NO_ID;
}

enum bt_code
names_dir(struct names *n, uint32_t parent, uint32_t pos, uint32_t *out, struct bt_error *err)
{
	struct name_dir dir = { .name = { parent, pos } };
	struct bt_slice element = names_at(n, pos);
	struct name_dir *up = dir_at(n, parent);

	*out = find(n, parent, element);
	if (*out != NO_ID)
		return BT_OK;
	if (n->dirs.len == NAMES_MAX_DIRS)
		return fail(err, BT_ELIMIT, "more than %u directories", NAMES_MAX_DIRS);
	up->has_dirs = true;
	n->doubtful |= up->last_pos != 0 || element.len > NAME_MAX_LEN;
	*out = (uint32_t)n->dirs.len;
	if (!grow_table(n, 1) || vec_add(&n->dirs, &dir) == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	(void)enter(n, *out);
	return BT_OK;
}

static enum bt_code
add_file(struct names *n, uint32_t parent, uint32_t pos, struct bt_error *err)
{
	struct name name = { parent, pos };

	if (vec_add(&n->files, &name) == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	return BT_OK;
}

enum bt_code
names_file(struct names *n, uint32_t parent, uint32_t pos, struct bt_error *err)
{
	struct bt_slice element = names_at(n, pos);
	struct name_dir *dir = dir_at(n, parent);

	n->doubtful |= dir->has_dirs || element.len > NAME_MAX_LEN ||
	    (dir->last_pos != 0 && slice_cmp(element, names_at(n, dir->last_pos)) <= 0);
	dir->last_pos = pos;
	return add_file(n, parent, pos, err);
}

enum bt_code
names_phantom(struct names *n, uint32_t pos, struct bt_error *err)
{
	return add_file(n, NAMES_PHANTOM, pos, err);
}

/* All files in one go, into a table of the right size. */
static enum bt_code
enter_files(struct names *n, struct bt_error *err)
{
	if (!grow_table(n, n->files.len))
		return fail(err, BT_ENOMEM, "out of memory");
	for (uint32_t i = 0; i < n->files.len; i++) {
		const struct name *name = vec_at(&n->files, i);
		uint32_t other;

		if (name->parent == NAMES_PHANTOM)
			continue;
		other = enter(n, i | FILE_ID);
		if (other != NO_ID)
			return refuse(names_at(n, name->pos), other & FILE_ID ?
			    "two files have one path:" : "both a file and a directory:", err);
	}
	return BT_OK;
}

/* A name that was shortened may meet one that was made to look so. */
static enum bt_code
check_shortened(const struct names *n, const struct name *name, struct bt_error *err)
{
	struct bt_slice element = names_at(n, name->pos);
	char safe[NAME_MAX_LEN];

	if (element.len <= NAME_MAX_LEN)
		return BT_OK;
	element = slice_of(safe, names_safe(element, safe));
	if (find(n, name->parent, element) != NO_ID)
		return refuse(element, "two files have one path:", err);
	return BT_OK;
}

static enum bt_code
check_equal(struct names *n, struct bt_error *err)
{
	enum bt_code code = enter_files(n, err);

	for (uint32_t i = 0; code == BT_OK && i < n->dirs.len; i++)
		code = check_shortened(n, name_of(n, i), err);
	for (uint32_t i = 0; code == BT_OK && i < n->files.len; i++) {
		const struct name *name = vec_at(&n->files, i);

		if (name->parent != NAMES_PHANTOM)
			code = check_shortened(n, name, err);
	}
	return code;
}

enum bt_code
names_seal(struct names *n, struct bt_error *err)
{
	enum bt_code code = n->doubtful ? check_equal(n, err) : BT_OK;

	drop_table(n);
	return code;
}

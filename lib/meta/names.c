/* SPDX-License-Identifier: ISC */
#include "meta/names.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "meta/safe_name.h"

/* An id is the index of a directory, or that of a file and this bit. */
#define FILE_ID 0x80000000u
#define NO_ID 0xffffffffu

#define MAX_SPELLINGS (256u << 20)	/* bytes; 64 MiB of torrent give less */
#define SMALL_NUMBERS 4		/* tried first where names are equal */

struct name_respelled {
	uint32_t id;
	uint32_t at;	/* in spellings */
};

void
names_init(struct names *n, const uint8_t *bytes)
{
	*n = (struct names){ .bytes = bytes };
	vec_init(&n->dirs, sizeof(struct name_dir));
	vec_init(&n->files, sizeof(struct name));
	vec_init(&n->respelled, sizeof(struct name_respelled));
	buf_init(&n->spellings, MAX_SPELLINGS);
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
	vec_fini(&n->respelled);
	buf_fini(&n->spellings);
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

static struct bt_slice
spelled_of(const struct names *n, uint32_t id)
{
	size_t low = 0, high = n->respelled.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct name_respelled *r = vec_at(&n->respelled, middle);

		if (r->id == id)
			return slice_of(n->spellings.ptr + r->at + 1, n->spellings.ptr[r->at]);
		if (r->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return names_at(n, name_of(n, id)->pos);
}

struct bt_slice
names_dir_spelled(const struct names *n, uint32_t dir)
{
	return spelled_of(n, dir);
}

struct bt_slice
names_file_spelled(const struct names *n, uint32_t file)
{
	return spelled_of(n, file | FILE_ID);
}

bool
names_file_clashes(const struct names *n, uint32_t file)
{
	struct bt_slice raw = names_at(n, ((const struct name *)vec_at(&n->files, file))->pos);

	return safe_name_is(raw) && !slice_eq(raw, names_file_spelled(n, file));
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
		if (name->parent == parent &&
		    slice_eq(spelled_of(n, id_in(n->slots[i])), element))
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

/* True: no other has this name, and now it is this one's. */
static bool
enter(struct names *n, uint32_t id, struct bt_slice element)
{
	uint32_t parent = name_of(n, id)->parent;
	uint64_t hash = hash_of(n, parent, element);
	uint64_t *slot = slot_of(n, hash, parent, element);

	if (*slot != 0)
		return false;
	*slot = (hash >> 32 << 32) | (id + 1);
	n->used++;
	return true;
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
	if (up->path_len > NAMES_MAX_PATH) {
		n->flattened = true;
		*out = parent;
		return BT_OK;
	}
	if (n->dirs.len == NAMES_MAX_DIRS)
		return fail(err, BT_ELIMIT, "more than %u directories", NAMES_MAX_DIRS);
	up->has_dirs = true;
	dir.path_len = (uint16_t)(up->path_len + min_u64(element.len, SAFE_NAME_MAX) + 1);
	n->doubtful |= up->last_pos != 0;
	n->unsafe |= !safe_name_is(element);
	*out = (uint32_t)n->dirs.len;
	if (!grow_table(n, 1) || vec_add(&n->dirs, &dir) == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	(void)enter(n, *out, element);
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

	n->doubtful |= dir->has_dirs ||
	    (dir->last_pos != 0 && slice_cmp(element, names_at(n, dir->last_pos)) <= 0);
	n->unsafe |= !safe_name_is(element);
	dir->last_pos = pos;
	return add_file(n, parent, pos, err);
}

enum bt_code
names_phantom(struct names *n, uint32_t pos, struct bt_error *err)
{
	return add_file(n, NAMES_PHANTOM, pos, err);
}

/* All files whose names are safe, in one go. True: some are taken. */
static bool
enter_files(struct names *n)
{
	bool taken = false;

	for (uint32_t i = 0; i < n->files.len; i++) {
		const struct name *name = vec_at(&n->files, i);
		struct bt_slice element;

		if (name->parent == NAMES_PHANTOM)
			continue;
		element = names_at(n, name->pos);
		if (!n->unsafe || safe_name_is(element))
			taken |= !enter(n, i | FILE_ID, element);
	}
	return taken;
}

/* The t-th number to be tried. Beyond the first each name has its own ones, so that whoever takes
 * some by names of that look takes them of one, and the work grows with the names alone. */
static uint64_t
number_of(const struct names *n, uint32_t id, uint64_t t)
{
	uint64_t index = id & FILE_ID ? n->dirs.len + (id & ~FILE_ID) : id;

	if (t < SMALL_NUMBERS)
		return t + 1;
	return SMALL_NUMBERS + 1 + index + (t - SMALL_NUMBERS) * (n->dirs.len + n->files.len);
}

static enum bt_code
respell(struct names *n, uint32_t id, struct bt_slice element, struct bt_error *err)
{
	struct name_respelled r = { id, (uint32_t)n->spellings.len };
	char safe[SAFE_NAME_MAX], out[SAFE_NAME_MAX];
	struct bt_slice base = slice_of(safe, safe_name(element, safe)), name = base;

	for (uint64_t t = 0; !enter(n, id, name); t++)
		name = slice_of(out, safe_name_numbered(base, number_of(n, id, t), out));
	buf_add_u8(&n->spellings, (uint8_t)name.len);
	buf_add_slice(&n->spellings, name);
	if (buf_failed(&n->spellings) || vec_add(&n->respelled, &r) == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	return BT_OK;
}

/* In the order of ids. */
static enum bt_code
respell_all(struct names *n, struct bt_error *err)
{
	enum bt_code code = BT_OK;

	for (uint32_t i = 0; n->unsafe && code == BT_OK && i < n->dirs.len; i++) {
		struct bt_slice element = names_at(n, name_of(n, i)->pos);

		if (!safe_name_is(element))
			code = respell(n, i, element, err);
	}
	for (uint32_t i = 0; code == BT_OK && i < n->files.len; i++) {
		const struct name *name = vec_at(&n->files, i);
		struct bt_slice element;

		if (name->parent == NAMES_PHANTOM)
			continue;
		element = names_at(n, name->pos);
		if (find(n, name->parent, element) != (i | FILE_ID))
			code = respell(n, i | FILE_ID, element, err);
	}
	return code;
}

enum bt_code
names_seal(struct names *n, struct bt_error *err)
{
	enum bt_code code = BT_OK;

	if (n->doubtful || n->unsafe) {
		/* A directory that is respelled keeps the place of its old name, too. */
		if (!grow_table(n, n->files.len + (n->unsafe ? n->dirs.len : 0)))
			code = fail(err, BT_ENOMEM, "out of memory");
		else if (enter_files(n) || n->unsafe)
			code = respell_all(n, err);
	}
	drop_table(n);
	return code;
}

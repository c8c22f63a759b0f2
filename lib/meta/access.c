/* SPDX-License-Identifier: ISC */
#include <btcore/metainfo.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/num.h"
#include "meta/layout.h"
#include "meta/model.h"

struct bt_slice
bt_metainfo_bytes(const struct bt_metainfo *m)
{
	return slice_of(m->bytes, m->len);
}

struct bt_slice
bt_metainfo_info(const struct bt_metainfo *m)
{
	return m->info;
}

const char *
bt_metainfo_tolerated(const struct bt_metainfo *m)
{
	return m->tolerated[0] == '\0' ? NULL : m->tolerated;
}

const uint8_t *
bt_metainfo_info_hash(const struct bt_metainfo *m)
{
	return m->v1 ? m->hash_v1 : NULL;
}

const uint8_t *
bt_metainfo_info_hash_v2(const struct bt_metainfo *m)
{
	return m->v2 ? m->hash_v2 : NULL;
}

struct bt_slice
bt_metainfo_name(const struct bt_metainfo *m)
{
	return m->name;
}

const char *
bt_metainfo_safe_name(const struct bt_metainfo *m)
{
	return m->safe_name;
}

uint32_t
bt_metainfo_piece_length(const struct bt_metainfo *m)
{
	return m->piece_length;
}

uint32_t
bt_metainfo_piece_count(const struct bt_metainfo *m)
{
	return m->piece_count;
}

uint32_t
bt_metainfo_piece_size(const struct bt_metainfo *m, uint32_t i)
{
	uint64_t start = layout_piece_offset(m, i);
	uint64_t end = m->content_end;

	assert(i < m->piece_count);
	if (!m->v1) {
		const struct meta_file *f = meta_file_at(m, layout_file_of(m, start));

		end = f->offset + f->size;
	}
	return (uint32_t)min_u64(m->piece_length, end - start);
}

const uint8_t *
meta_piece_root(const struct bt_metainfo *m, uint32_t i)
{
	uint64_t start = layout_piece_offset(m, i);
	uint32_t file = layout_file_of(m, start);
	const struct meta_file *f = meta_file_at(m, file);

	if (f->size <= m->piece_length)
		return m->bytes + f->root;
	if (m->layers[file] == 0)
		return NULL;
	return m->bytes + m->layers[file] + (start - f->offset) / m->piece_length * SHA256_LEN;
}

const uint8_t *
bt_metainfo_piece_hash(const struct bt_metainfo *m, uint32_t i)
{
	assert(i < m->piece_count);
	return m->v1 ? m->pieces + (size_t)i * SHA1_LEN : meta_piece_root(m, i);
}

uint64_t
bt_metainfo_content_size(const struct bt_metainfo *m)
{
	/* Of v2 alone the gaps are in no piece. */
	return m->v1 ? m->content_end : m->total_size;
}

uint64_t
bt_metainfo_total_size(const struct bt_metainfo *m)
{
	return m->total_size;
}

uint32_t
bt_metainfo_layers_missing(const struct bt_metainfo *m)
{
	return m->layers_missing;
}

bool
bt_metainfo_lacks_layer(const struct bt_metainfo *m, uint32_t i)
{
	const struct meta_file *f = meta_file_at(m, i);

	return f->root != 0 && f->size > m->piece_length && m->layers[i] == 0;
}

bool
bt_metainfo_is_single_file(const struct bt_metainfo *m)
{
	return m->single;
}

uint32_t
bt_metainfo_file_count(const struct bt_metainfo *m)
{
	return meta_file_count(m);
}

struct bt_file
bt_metainfo_file(const struct bt_metainfo *m, uint32_t i)
{
	const struct meta_file *f = meta_file_at(m, i);

	return (struct bt_file){
		.size = f->size,
		.offset = f->offset,
		.flags = f->flags,
		.root = f->root == 0 ? NULL : m->bytes + f->root,
	};
}

/* Writing as snprintf does: as much as fits, and counting all. */
struct text {
	char *out;
	size_t size;
	size_t len;
	bool begun;	/* it has an element, perhaps an empty one */
};

static void
put(struct text *t, const void *p, size_t n)
{
	if (t->len + 1 < t->size)
		memcpy(t->out + t->len, p, min_u64(n, t->size - 1 - t->len));
	t->len += n;
}

static size_t
end_text(struct text *t)
{
	if (t->size > 0)
		t->out[min_u64(t->len, t->size - 1)] = '\0';
	return t->len;
}

static void
put_element(struct text *t, struct bt_slice element)
{
	if (t->begun)
		put(t, "/", 1);
	t->begun = true;
	put(t, element.ptr, element.len);
}

/* Padding has a path of its own, or none at all; it is never on disk. */
static void
put_phantom(struct text *t, const struct bt_metainfo *m, uint32_t i, bool safe)
{
	const struct name *name = vec_at(&m->names.files, i);
	struct scan s;
	char digits[24];

	if (name->pos == 0) {
		(void)snprintf(digits, sizeof(digits), "%" PRIu64, meta_file_at(m, i)->size);
		put_element(t, slice_str(".pad"));
		put_element(t, slice_str(digits));
		return;
	}
	scan_init(&s, slice_of(m->bytes + name->pos, m->len - name->pos), SCAN_PREFIX);
	scan_list(&s);
	while (scan_more(&s)) {
		struct bt_slice element = scan_string(&s);
		char spelled[SAFE_NAME_MAX];

		put_element(t, safe ? slice_of(spelled, safe_name(element, spelled)) : element);
	}
}

/* From the top: the directories of a file's path. */
static size_t
dirs_of(const struct bt_metainfo *m, uint32_t parent, uint32_t out[NAMES_MAX_DEPTH])
{
	size_t depth = 0;

	for (; parent != NAMES_ROOT; depth++) {
		assert(depth < NAMES_MAX_DEPTH);
		out[depth] = parent;
		parent = ((const struct name_dir *)vec_at(&m->names.dirs, parent))->name.parent;
	}
	return depth;
}

static struct bt_slice
dir_name(const struct bt_metainfo *m, uint32_t dir, bool safe)
{
	const struct name_dir *d = vec_at(&m->names.dirs, dir);

	return safe ? names_dir_spelled(&m->names, dir) : names_at(&m->names, d->name.pos);
}

static size_t
put_path(const struct bt_metainfo *m, uint32_t i, bool safe, char *out, size_t size)
{
	const struct name *name = vec_at(&m->names.files, i);
	uint32_t up[NAMES_MAX_DEPTH];
	struct text t = { .out = out, .size = size };
	size_t depth;

	if (name->parent == NAMES_PHANTOM) {
		put_phantom(&t, m, i, safe);
		return end_text(&t);
	}
	for (depth = dirs_of(m, name->parent, up); depth > 0; depth--)
		put_element(&t, dir_name(m, up[depth - 1], safe));
	put_element(&t, safe ? names_file_spelled(&m->names, i) : names_at(&m->names, name->pos));
	return end_text(&t);
}

size_t
bt_metainfo_file_path(const struct bt_metainfo *m, uint32_t i, char *out, size_t size)
{
	return put_path(m, i, false, out, size);
}

size_t
bt_metainfo_file_safe_path(const struct bt_metainfo *m, uint32_t i, char *out, size_t size)
{
	return put_path(m, i, true, out, size);
}

struct bt_slice
bt_metainfo_announce(const struct bt_metainfo *m)
{
	return m->announce;
}

bool
bt_metainfo_has_announce_list(const struct bt_metainfo *m)
{
	return m->has_announce_list;
}

static const struct meta_tracker *
tracker_at(const struct bt_metainfo *m, size_t i)
{
	return vec_at(&m->trackers, i);
}

size_t
bt_metainfo_tier_count(const struct bt_metainfo *m)
{
	return m->trackers.len == 0 ? 0 : tracker_at(m, m->trackers.len - 1)->tier + 1;
}

static size_t
tier_start(const struct bt_metainfo *m, size_t tier)
{
	size_t i = 0;

	while (i < m->trackers.len && tracker_at(m, i)->tier < tier)
		i++;
	return i;
}

size_t
bt_metainfo_tracker_count(const struct bt_metainfo *m, size_t tier)
{
	return tier_start(m, tier + 1) - tier_start(m, tier);
}

struct bt_slice
bt_metainfo_tracker(const struct bt_metainfo *m, size_t tier, size_t i)
{
	return tracker_at(m, tier_start(m, tier) + i)->url;
}

size_t
bt_metainfo_url_seed_count(const struct bt_metainfo *m)
{
	return m->url_seeds.len;
}

struct bt_slice
bt_metainfo_url_seed(const struct bt_metainfo *m, size_t i)
{
	return *(struct bt_slice *)vec_at(&m->url_seeds, i);
}

size_t
bt_metainfo_http_seed_count(const struct bt_metainfo *m)
{
	return m->http_seeds.len;
}

struct bt_slice
bt_metainfo_http_seed(const struct bt_metainfo *m, size_t i)
{
	return *(struct bt_slice *)vec_at(&m->http_seeds, i);
}

struct bt_slice
bt_metainfo_comment(const struct bt_metainfo *m)
{
	return m->comment;
}

struct bt_slice
bt_metainfo_created_by(const struct bt_metainfo *m)
{
	return m->created_by;
}

struct bt_slice
bt_metainfo_source(const struct bt_metainfo *m)
{
	return m->source;
}

int64_t
bt_metainfo_creation_date(const struct bt_metainfo *m)
{
	return m->creation_date;
}

bool
bt_metainfo_is_private(const struct bt_metainfo *m)
{
	return m->private;
}

/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "meta/merkle.h"
#include "meta/model.h"

/* One directory of the file tree on the way down to where we are. */
struct level {
	uint32_t parent;	/* where this entry hangs */
	uint32_t pos;		/* of its name */
	uint32_t dir;		/* what it is as a directory, once it is known to be one */
	enum { LEVEL_OPEN, LEVEL_DIR, LEVEL_FILE } kind;
};

struct walk {
	struct bt_metainfo *m;
	struct scan s;
	struct bt_slice raw;
	struct level level[NAMES_MAX_DEPTH];
	size_t depth;
	uint32_t seen; /* files so far; in a hybrid: index of the next v1 file to compare */
	uint64_t end;		/* of the last file that is not empty */
	uint64_t pieces;
	size_t at_top;		/* entries of the topmost directory */
	bool file_at_top;
};

struct leaf {
	int64_t length;
	bool has_length;
	struct bt_slice root;
	struct bt_slice attr;
};

static enum bt_code
named(const struct walk *w, const struct level *l, const char *what, struct bt_error *err)
{
	char shown[100];

	return fail(err, BT_EFORMAT, "file tree: '%s' %s",
	    log_escape(names_at(&w->m->names, l->pos), shown, sizeof(shown)), what);
}

static void
read_leaf(struct scan *s, struct leaf *f)
{
	struct bt_slice key;

	*f = (struct leaf){ .length = 0 };
	scan_dict(s);
	while (scan_key(s, &key)) {
		if (slice_eq_str(key, "length"))
			f->has_length = scan_try_int(s, &f->length);
		else if (slice_eq_str(key, "pieces root"))
			(void)scan_try_string(s, &f->root);
		else if (slice_eq_str(key, "attr"))
			(void)scan_try_string(s, &f->attr);
		else
			(void)scan_skip(s);
	}
}

/* The file list of v1 must say the same, padding apart (BEP 52). */
static enum bt_code
compare_file(struct walk *w, const struct level *l, const struct leaf *f, struct bt_error *err)
{
	struct bt_metainfo *m = w->m;
	const struct name *name;
	struct meta_file *file;

	while (w->seen < meta_file_count(m) && meta_file_at(m, w->seen)->flags & BT_FILE_PAD)
		w->seen++;
	name = w->seen < meta_file_count(m) ? vec_at(&m->names.files, w->seen) : NULL;
	if (name == NULL || name->parent != l->parent ||
	    !slice_eq(names_at(&m->names, name->pos), names_at(&m->names, l->pos)))
		return named(w, l, "is not where the v1 part has it", err);
	file = meta_file_at(m, w->seen++);
	if (file->size != (uint64_t)f->length)
		return named(w, l, "has another length in the v1 part", err);
	if (file->size > 0 && file->offset != w->pieces * m->piece_length)
		return named(w, l, "begins elsewhere in the v1 part", err);
	file->root = f->root.len == 0 ? 0 : meta_pos(m, f->root.ptr);
	return BT_OK;
}

static enum bt_code
append_file(struct walk *w, const struct level *l, const struct leaf *f, struct bt_error *err)
{
	struct bt_metainfo *m = w->m;
	struct meta_file file = {
		.size = (uint64_t)f->length,
		.offset = w->pieces * m->piece_length,
		.flags = meta_flags(f->attr) & ~(uint32_t)BT_FILE_PAD,
		.root = f->root.len == 0 ? 0 : meta_pos(m, f->root.ptr),
	};
	enum bt_code code = names_file(&m->names, l->parent, l->pos, err);

	if (code != BT_OK)
		return code;
	if (vec_add(&m->files, &file) == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	m->total_size += file.size;
	if (file.size > 0)
		w->end = file.offset + file.size;
	return BT_OK;
}

static enum bt_code
read_file(struct walk *w, const struct level *l, struct bt_error *err)
{
	struct bt_metainfo *m = w->m;
	enum bt_code code;
	struct leaf f;

	read_leaf(&w->s, &f);
	if (scan_failed(&w->s))
		return scan_fail_as(&w->s, "file tree", err);
	if (!f.has_length && !(meta_flags(f.attr) & BT_FILE_SYMLINK))
		return named(w, l, "has no length", err);
	if (f.length < 0 || (f.length > 0 && meta_flags(f.attr) & BT_FILE_SYMLINK))
		return named(w, l, "has a length that makes no sense", err);
	if (f.length == 0)
		f.root = SLICE_NONE;
	else if (f.root.len != SHA256_LEN)
		return named(w, l, "has no pieces root of 32 bytes", err);
	if (div_up_u64((uint64_t)f.length, m->piece_length) > META_MAX_PIECES - w->pieces)
		return fail(err, BT_ELIMIT, "more than %u pieces", META_MAX_PIECES);
	code = m->v1 ? compare_file(w, l, &f, err) : append_file(w, l, &f, err);
	w->pieces += div_up_u64((uint64_t)f.length, m->piece_length);
	return code;
}

/* A key with a name: down into it. What it is, its first key will tell. */
static enum bt_code
go_down(struct walk *w, struct bt_slice name, uint32_t pos, struct bt_error *err)
{
	struct level *up = w->depth == 0 ? NULL : &w->level[w->depth - 1];
	enum bt_code code = names_check(name, err);

	if (code != BT_OK)
		return code;
	if (up != NULL && up->kind == LEVEL_OPEN) {
		up->kind = LEVEL_DIR;
		code = names_dir(&w->m->names, up->parent, up->pos, &up->dir, err);
		if (code != BT_OK)
			return code;
	}
	if (w->depth == NAMES_MAX_DEPTH)
		return fail(err, BT_ELIMIT, "file tree: too many directories in each other");
	w->at_top += up == NULL;
	w->level[w->depth++] = (struct level){
		.parent = up == NULL ? NAMES_ROOT : up->dir, .pos = pos, .kind = LEVEL_OPEN };
	if (!scan_dict(&w->s))
		return scan_fail_as(&w->s, "file tree", err);
	return BT_OK;
}

static enum bt_code
walk_key(struct walk *w, struct bt_slice key, struct bt_error *err)
{
	struct level *l = w->depth == 0 ? NULL : &w->level[w->depth - 1];
	size_t digits = 1;

	if (l != NULL && (l->kind == LEVEL_FILE || (key.len == 0 && l->kind == LEVEL_DIR)))
		return named(w, l, "is both a file and a directory", err);
	if (key.len == 0 && l == NULL)
		return fail(err, BT_EFORMAT, "file tree: a file without a name");
	if (key.len == 0) {
		l->kind = LEVEL_FILE;
		w->file_at_top |= w->depth == 1;
		return read_file(w, l, err);
	}
	for (size_t n = key.len; n >= 10; n /= 10)
		digits++;
	return go_down(w, key, meta_pos(w->m, key.ptr - 1 - digits), err);
}

static enum bt_code
walk_tree(struct walk *w, struct bt_error *err)
{
	struct bt_slice key;
	enum bt_code code;

	if (!scan_dict(&w->s))
		return fail(err, BT_EFORMAT, "'file tree' is not a dictionary");
	for (;;) {
		if (scan_key(&w->s, &key)) {
			code = walk_key(w, key, err);
			if (code != BT_OK)
				return code;
			continue;
		}
		if (scan_failed(&w->s))
			return scan_fail_as(&w->s, "file tree", err);
		if (w->depth == 0)
			return BT_OK;
		w->depth--;
		if (w->level[w->depth].kind == LEVEL_OPEN)
			return named(w, &w->level[w->depth],
			    "is neither a file nor a directory", err);
	}
}

/* v2 alone: the tree with one file and nothing else is a single file. It is saved under its name
 * in the tree; the torrent's own is advisory (BEP 52). */
static void
settle_v2(struct walk *w)
{
	struct bt_metainfo *m = w->m;
	const struct name *name = vec_at(&m->names.files, 0);

	m->single = w->at_top == 1 && w->file_at_top;
	if (m->single)
		m->safe_name[names_safe(names_at(&m->names, name->pos), m->safe_name)] = '\0';
	m->content_size = w->end;
	m->piece_count = (uint32_t)w->pieces;
}

static enum bt_code
settle_hybrid(struct walk *w, struct bt_error *err)
{
	struct bt_metainfo *m = w->m;

	while (w->seen < meta_file_count(m) && meta_file_at(m, w->seen)->flags & BT_FILE_PAD)
		w->seen++;
	if (w->seen != meta_file_count(m))
		return fail(err, BT_EFORMAT, "the v1 part has files that the file tree has not");
	if (w->pieces != m->piece_count)
		return fail(err, BT_EFORMAT,
		    "%u pieces in the v1 part, %" PRIu64 " in the file tree",
		    m->piece_count, w->pieces);
	return BT_OK;
}

enum bt_code
meta_parse_v2(struct bt_metainfo *m, const struct meta_info *info, struct bt_error *err)
{
	struct walk *w;
	enum bt_code code;

	if (m->piece_length < MERKLE_BLOCK || (m->piece_length & (m->piece_length - 1)) != 0)
		return fail(err, BT_EFORMAT,
		    "piece length %u: v2 wants a power of two from 16384 on", m->piece_length);
	if (info->file_tree.len == 0)
		return fail(err, BT_EFORMAT, "missing 'file tree'");
	w = mem_zero(sizeof(*w));
	if (w == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	w->m = m;
	scan_init(&w->s, info->file_tree, SCAN_LENIENT);
	code = walk_tree(w, err);
	if (code == BT_OK && w->at_top == 0)
		code = fail(err, BT_EFORMAT, "'file tree' is empty");
	if (code == BT_OK && m->v1)
		code = settle_hybrid(w, err);
	else if (code == BT_OK)
		settle_v2(w);
	mem_free(w);
	return code;
}

/* One entry of piece layers. */
struct layer {
	const uint8_t *root;
	struct bt_slice hashes;
	bool verified;
};

static int
layer_cmp(const void *a, const void *b)
{
	return memcmp(((const struct layer *)a)->root, ((const struct layer *)b)->root, SHA256_LEN);
}

static enum bt_code
read_layers(struct bt_slice raw, struct vec *out, struct bt_error *err)
{
	struct bt_slice root;
	struct scan s;

	scan_init(&s, raw, SCAN_LENIENT);
	if (!scan_dict(&s))
		return fail(err, BT_EFORMAT, "'piece layers' is not a dictionary");
	while (scan_key(&s, &root)) {
		struct layer l = { .root = root.ptr };

		if (!scan_try_string(&s, &l.hashes) || root.len != SHA256_LEN ||
		    l.hashes.len % SHA256_LEN != 0)
			return fail(err, BT_EFORMAT, "piece layers: malformed entry");
		if (vec_add(out, &l) == NULL)
			return fail(err, BT_ENOMEM, "out of memory");
	}
	if (!scan_finish(&s))
		return scan_fail_as(&s, "piece layers", err);
	if (out->len > 0)
		qsort(out->items, out->len, out->item_size, layer_cmp);
	return BT_OK;
}

static bool
verify_layer(struct layer *l, uint32_t piece_length)
{
	uint8_t root[SHA256_LEN];
	struct merkle tree;

	if (l->verified)
		return true;
	merkle_init(&tree, merkle_piece_height(piece_length));
	for (size_t i = 0; i < l->hashes.len; i += SHA256_LEN)
		merkle_add(&tree, l->hashes.ptr + i);
	merkle_root(&tree, root);
	l->verified = memcmp(root, l->root, SHA256_LEN) == 0;
	return l->verified;
}

/* Files of one piece need no layer: their root is the piece's. */
static enum bt_code
link_layer(struct bt_metainfo *m, uint32_t i, const struct vec *layers, struct bt_error *err)
{
	const struct meta_file *f = meta_file_at(m, i);
	struct layer want = { .root = m->bytes + f->root };
	struct layer *l = NULL;

	if (f->root == 0 || f->size <= m->piece_length)
		return BT_OK;
	if (layers->len > 0)
		l = bsearch(&want, layers->items, layers->len, layers->item_size, layer_cmp);
	if (l == NULL)
		return fail(err, BT_EFORMAT, "piece layers: none for file %u", i + 1);
	if (l->hashes.len / SHA256_LEN != div_up_u64(f->size, m->piece_length))
		return fail(err, BT_EFORMAT, "piece layers: wrong number of hashes for file %u",
		    i + 1);
	if (!verify_layer(l, m->piece_length))
		return fail(err, BT_EHASH,
		    "piece layers: the hashes of file %u do not give its root", i + 1);
	m->layers[i] = meta_pos(m, l->hashes.ptr);
	return BT_OK;
}

enum bt_code
meta_parse_layers(struct bt_metainfo *m, struct bt_slice raw, struct bt_error *err)
{
	enum bt_code code;
	struct vec layers;

	vec_init(&layers, sizeof(struct layer));
	code = read_layers(raw, &layers, err);
	m->layers = code != BT_OK ? NULL : mem_array(m->files.len, sizeof(*m->layers));
	if (code == BT_OK && m->layers == NULL)
		code = fail(err, BT_ENOMEM, "out of memory");
	for (uint32_t i = 0; code == BT_OK && i < meta_file_count(m); i++)
		code = link_layer(m, i, &layers, err);
	vec_fini(&layers);
	return code;
}

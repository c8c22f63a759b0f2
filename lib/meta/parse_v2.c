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
	struct scan *s;
	struct vec *files;	/* struct tree_file */
	struct level level[NAMES_MAX_DEPTH];
	size_t depth;
	size_t at_top;		/* entries of the topmost directory */
	bool file_at_top;
};

/* A file of the tree; where it lies is known when all of info was read. */
struct tree_file {
	struct name name;
	struct meta_file file;
};

struct leaf {
	int64_t length;
	bool has_length;
	struct bt_slice root;
	struct bt_slice attr;
};

static enum bt_code
named(const struct bt_metainfo *m, uint32_t pos, const char *what, struct bt_error *err)
{
	char shown[100];

	return fail(err, BT_EFORMAT, "file tree: '%s' %s",
	    log_escape(names_at(&m->names, pos), shown, sizeof(shown)), what);
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

static enum bt_code
read_file(struct walk *w, const struct level *l, struct bt_error *err)
{
	struct tree_file file = { .name = { l->parent, l->pos } };
	struct leaf f;

	read_leaf(w->s, &f);
	if (scan_failed(w->s))
		return scan_fail_as(w->s, "file tree", err);
	file.file.flags = meta_flags(f.attr) & ~(uint32_t)BT_FILE_PAD;
	if (!f.has_length && !(file.file.flags & BT_FILE_SYMLINK))
		return named(w->m, l->pos, "has no length", err);
	if (f.length < 0 || (f.length > 0 && file.file.flags & BT_FILE_SYMLINK))
		return named(w->m, l->pos, "has a length that makes no sense", err);
	if (f.length > 0 && f.root.len != SHA256_LEN)
		return named(w->m, l->pos, "has no pieces root of 32 bytes", err);
	file.file.size = (uint64_t)f.length;
	file.file.root = f.length == 0 ? 0 : meta_pos(w->m, f.root.ptr);
	if (vec_add(w->files, &file) == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	return BT_OK;
}

/* A key with a name: down into it. What it is, its first key will tell. */
static enum bt_code
go_down(struct walk *w, uint32_t pos, struct bt_error *err)
{
	struct level *up = w->depth == 0 ? NULL : &w->level[w->depth - 1];

	if (up != NULL && up->kind == LEVEL_OPEN) {
		enum bt_code code = names_dir(&w->m->names, up->parent, up->pos, &up->dir, err);

		if (code != BT_OK)
			return code;
		up->kind = LEVEL_DIR;
	}
	if (w->depth == NAMES_MAX_DEPTH)
		return fail(err, BT_ELIMIT, "file tree: too many directories in each other");
	w->at_top += up == NULL;
	w->level[w->depth++] = (struct level){
		.parent = up == NULL ? NAMES_ROOT : up->dir, .pos = pos, .kind = LEVEL_OPEN };
	if (!scan_try_dict(w->s))
		return named(w->m, pos, "is neither a file nor a directory", err);
	return BT_OK;
}

static enum bt_code
walk_key(struct walk *w, struct bt_slice key, struct bt_error *err)
{
	struct level *l = w->depth == 0 ? NULL : &w->level[w->depth - 1];
	size_t digits = 1;

	if (l != NULL && (l->kind == LEVEL_FILE || (key.len == 0 && l->kind == LEVEL_DIR)))
		return named(w->m, l->pos, "is both a file and a directory", err);
	if (key.len == 0 && l == NULL)
		return fail(err, BT_EFORMAT, "file tree: a file without a name");
	if (key.len == 0) {
		l->kind = LEVEL_FILE;
		w->file_at_top |= w->depth == 1;
		return read_file(w, l, err);
	}
	for (size_t n = key.len; n >= 10; n /= 10)
		digits++;
	return go_down(w, meta_pos(w->m, key.ptr - 1 - digits), err);
}

static enum bt_code
walk_tree(struct walk *w, struct bt_error *err)
{
	struct bt_slice key;
	enum bt_code code;

	if (!scan_try_dict(w->s))
		return fail(err, BT_EFORMAT, "'file tree' is not a dictionary");
	for (;;) {
		if (scan_key(w->s, &key)) {
			code = walk_key(w, key, err);
			if (code != BT_OK)
				return code;
			continue;
		}
		if (scan_failed(w->s))
			return scan_fail_as(w->s, "file tree", err);
		if (w->depth == 0)
			return BT_OK;
		w->depth--;
		if (w->level[w->depth].kind == LEVEL_OPEN)
			return named(w->m, w->level[w->depth].pos,
			    "is neither a file nor a directory", err);
	}
}

void
meta_tree_init(struct meta_tree *tree)
{
	*tree = (struct meta_tree){ .single = false };
	vec_init(&tree->files, sizeof(struct tree_file));
}

void
meta_tree_fini(struct meta_tree *tree)
{
	vec_fini(&tree->files);
}

enum bt_code
meta_read_tree(struct bt_metainfo *m, struct scan *s, struct meta_tree *out, struct bt_error *err)
{
	struct scan before = *s;
	struct walk w = { .m = m, .s = s, .files = &out->files };
	enum bt_code code = walk_tree(&w, err);

	if (code == BT_OK && w.at_top == 0)
		code = fail(err, BT_EFORMAT, "'file tree' is empty");
	/* The fault may not count: on behind the tree. */
	if (code != BT_OK && !scan_failed(s)) {
		*s = before;
		(void)scan_skip(s);
	}
	out->single = w.at_top == 1 && w.file_at_top;
	return code;
}

/* Where the files of the tree lie, each at the beginning of a piece. */
struct place {
	uint64_t pieces;
	uint32_t next;	/* in a hybrid: index of the v1 file to compare with */
};

static uint32_t
skip_padding(const struct bt_metainfo *m, uint32_t i)
{
	while (i < meta_file_count(m) && meta_file_at(m, i)->flags & BT_FILE_PAD)
		i++;
	return i;
}

/* The file list of v1 must say the same, padding apart (BEP 52). */
static enum bt_code
compare_file(struct bt_metainfo *m, struct place *at, const struct tree_file *f,
    struct bt_error *err)
{
	uint32_t i = skip_padding(m, at->next);
	const struct name *name = i < meta_file_count(m) ? vec_at(&m->names.files, i) : NULL;
	struct meta_file *file;

	if (name == NULL || name->parent != f->name.parent ||
	    !slice_eq(names_at(&m->names, name->pos), names_at(&m->names, f->name.pos)))
		return named(m, f->name.pos, "is not where the v1 part has it", err);
	file = meta_file_at(m, i);
	if (file->size != f->file.size)
		return named(m, f->name.pos, "has another length in the v1 part", err);
	if (file->size > 0 && file->offset != at->pieces * m->piece_length)
		return named(m, f->name.pos, "begins elsewhere in the v1 part", err);
	file->root = f->file.root;
	at->next = i + 1;
	return BT_OK;
}

static enum bt_code
append_file(struct bt_metainfo *m, const struct place *at, const struct tree_file *f,
    struct bt_error *err)
{
	struct meta_file file = f->file;

	file.offset = at->pieces * m->piece_length;
	m->total_size += file.size;
	if (file.size > 0)
		m->content_end = file.offset + file.size;
	if (vec_add(&m->files, &file) == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	return names_file(&m->names, f->name.parent, f->name.pos, err);
}

/* v2 alone: the tree with one file and nothing else is a single file. It is saved under its name
 * in the tree; the torrent's own is advisory (BEP 52). */
static void
settle_v2(struct bt_metainfo *m, const struct place *end, bool single)
{
	const struct name *name = vec_at(&m->names.files, 0);

	m->single = single;
	if (single)
		meta_set_safe_name(m, names_at(&m->names, name->pos));
	m->piece_count = (uint32_t)end->pieces;
}

static enum bt_code
settle_hybrid(struct bt_metainfo *m, const struct place *end, struct bt_error *err)
{
	if (skip_padding(m, end->next) != meta_file_count(m))
		return fail(err, BT_EFORMAT, "the v1 part has files that the file tree has not");
	if (end->pieces != m->piece_count)
		return fail(err, BT_EFORMAT,
		    "%u pieces in the v1 part, %" PRIu64 " in the file tree",
		    m->piece_count, end->pieces);
	return BT_OK;
}

enum bt_code
meta_parse_v2(struct bt_metainfo *m, const struct meta_info *info, struct bt_error *err)
{
	struct place at = { .pieces = 0 };
	enum bt_code code = BT_OK;

	if (m->piece_length < MERKLE_BLOCK || (m->piece_length & (m->piece_length - 1)) != 0)
		return fail(err, BT_EFORMAT,
		    "piece length %u: v2 wants a power of two from 16384 on", m->piece_length);
	if (!info->has_tree)
		return fail(err, BT_EFORMAT, "missing 'file tree'");
	if (info->tree_code != BT_OK)
		return fail(err, info->tree_code, "%s", info->tree_why.text);
	for (size_t i = 0; code == BT_OK && i < info->tree.files.len; i++) {
		const struct tree_file *f = vec_at(&info->tree.files, i);
		uint64_t pieces = div_up_u64(f->file.size, m->piece_length);

		if (pieces > META_MAX_PIECES - at.pieces)
			return fail(err, BT_ELIMIT, "more than %u pieces", META_MAX_PIECES);
		code = m->v1 ? compare_file(m, &at, f, err) : append_file(m, &at, f, err);
		at.pieces += pieces;
	}
	if (code != BT_OK)
		return code;
	if (m->v1)
		return settle_hybrid(m, &at, err);
	settle_v2(m, &at, info->tree.single);
	return BT_OK;
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

/* Files of one piece need no layer: their root is the piece's. One that is missing may come from
 * others later; one that is wrong is none. */
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
	if (l == NULL) {
		m->layers_missing++;
		return BT_OK;
	}
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
	code = raw.len == 0 ? BT_OK : read_layers(raw, &layers, err);
	m->layers = code != BT_OK ? NULL : mem_array(m->files.len, sizeof(*m->layers));
	if (code == BT_OK && m->layers == NULL)
		code = fail(err, BT_ENOMEM, "out of memory");
	for (uint32_t i = 0; code == BT_OK && i < meta_file_count(m); i++)
		code = link_layer(m, i, &layers, err);
	vec_fini(&layers);
	return code;
}

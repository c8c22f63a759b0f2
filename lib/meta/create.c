/* SPDX-License-Identifier: ISC */
#include <btcore/create.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "bencode/write.h"
#include "meta/make.h"
#include "meta/merkle.h"
#include "meta/model.h"

#define MAX_TORRENT (64u << 20)	/* what bt_metainfo_open reads */
#define MANY_PIECES 65536u	/* beyond it, larger pieces rather than more of them */
#define OUTER_DEPTH 4 /* containers of a file tree that are no directory: two above, two below */

/* What a torrent is written from. */
struct plan {
	struct walk *walk;
	const struct bt_create_options *options;
	uint32_t piece_length;
	uint32_t piece_count;
	struct make_sums sums;
};

uint32_t
bt_create_piece_length(uint64_t total)
{
	/* BitTornado's steps, so that the same data makes the same torrent. */
	static const struct {
		uint64_t above;	/* MiB */
		unsigned exponent;
	} step[] = {
		{ 8192, 21 }, { 2048, 20 }, { 512, 19 }, { 64, 18 }, { 16, 17 }, { 4, 16 },
	};
	uint32_t length = 1u << 15;

	for (size_t i = 0; i < COUNT_OF(step); i++) {
		if (total > step[i].above << 20) {
			length = 1u << step[i].exponent;
			break;
		}
	}
	while (total / length > MANY_PIECES && length < META_MAX_PIECE_LENGTH)
		length *= 2;
	return length;
}

static void
write_text(struct write *w, const char *key, const char *text)
{
	if (text == NULL)
		return;
	write_key(w, key);
	write_string(w, text);
}

static void
write_texts(struct write *w, const char *key, const char *const *texts, size_t count)
{
	if (count == 0)
		return;
	write_key(w, key);
	write_list(w);
	for (size_t i = 0; i < count; i++)
		write_string(w, texts[i]);
	write_end(w);
}

static void
write_tiers(struct write *w, const struct bt_create_options *o)
{
	if (o->tracker_count == 0)
		return;
	write_key(w, "announce-list");
	write_list(w);
	for (size_t i = 0; i < o->tracker_count; i++) {
		bool first = i == 0 || o->trackers[i - 1].tier != o->trackers[i].tier;

		if (first && i > 0)
			write_end(w);
		if (first)
			write_list(w);
		write_string(w, o->trackers[i].url);
	}
	write_end(w);
	write_end(w);
}

static const char *
name_of(const struct plan *p)
{
	return p->options->name != NULL ? p->options->name : p->walk->name;
}

static void
write_path(struct write *w, const char *path)
{
	write_key(w, "path");
	write_list(w);
	for (;;) {
		size_t n = strcspn(path, "/");

		write_slice(w, slice_of(path, n));
		if (path[n] == '\0')
			break;
		path += n + 1;
	}
	write_end(w);
}

static void
write_padding(struct write *w, uint64_t size)
{
	char path[40];

	(void)snprintf(path, sizeof(path), ".pad/%" PRIu64, size);
	write_dict(w);
	write_key(w, "attr");
	write_string(w, "p");
	write_key(w, "length");
	write_int(w, (int64_t)size);
	write_path(w, path);
	write_end(w);
}

static void
write_files(struct write *w, const struct walk *walk)
{
	uint64_t end = 0;

	write_key(w, "files");
	write_list(w);
	for (size_t i = 0; i < walk->files.len; i++) {
		const struct walk_file *f = walk_at(walk, i);

		if (f->offset > end)
			write_padding(w, f->offset - end);
		end = f->offset + f->size;
		write_dict(w);
		write_key(w, "length");
		write_int(w, (int64_t)f->size);
		write_path(w, walk_path(walk, f));
		write_end(w);
	}
	write_end(w);
}

/* The hashes of a file's pieces. */
static struct bt_slice
layer_of(const struct plan *p, const struct walk_file *f)
{
	size_t first = (size_t)(f->offset / p->piece_length);
	size_t count = (size_t)div_up_u64(f->size, p->piece_length);

	return slice_of(p->sums.roots + first * SHA256_LEN, count * SHA256_LEN);
}

static void
root_of(const struct plan *p, const struct walk_file *f, uint8_t out[SHA256_LEN])
{
	struct bt_slice layer = layer_of(p, f);
	struct merkle tree;

	/* The root of a file of one piece is no higher than its blocks need. */
	if (layer.len == SHA256_LEN) {
		memcpy(out, layer.ptr, SHA256_LEN);
		return;
	}
	merkle_init(&tree, merkle_piece_height(p->piece_length));
	for (size_t i = 0; i < layer.len; i += SHA256_LEN)
		merkle_add(&tree, layer.ptr + i);
	merkle_root(&tree, out);
}

static void
write_leaf(struct write *w, const struct plan *p, const struct walk_file *f, const char *name)
{
	uint8_t root[SHA256_LEN];

	write_key(w, name);
	write_dict(w);
	write_key(w, "");
	write_dict(w);
	write_key(w, "length");
	write_int(w, (int64_t)f->size);
	if (f->size > 0) {
		root_of(p, f, root);
		write_key(w, "pieces root");
		write_slice(w, slice_of(root, sizeof(root)));
	}
	write_end(w);
	write_end(w);
}

/* Closes the directories of one path that the next one is not in. Gives the bytes they share. */
static size_t
leave_folders(struct write *w, const char *path, const char *next)
{
	size_t shared = 0;

	for (size_t i = 0; path[i] != '\0' && path[i] == next[i]; i++)
		shared = path[i] == '/' ? i + 1 : shared;
	for (size_t i = shared; path[i] != '\0'; i++) {
		if (path[i] == '/')
			write_end(w);
	}
	return shared;
}

static void
write_tree(struct write *w, const struct plan *p)
{
	const char *before = "";

	write_key(w, "file tree");
	write_dict(w);
	for (size_t i = 0; i < p->walk->files.len; i++) {
		const struct walk_file *f = walk_at(p->walk, i);
		const char *path = p->walk->is_directory ? walk_path(p->walk, f) : name_of(p);
		const char *rest = path + leave_folders(w, before, path);
		size_t n;

		for (; rest[n = strcspn(rest, "/")] == '/'; rest += n + 1) {
			write_key_slice(w, slice_of(rest, n));
			write_dict(w);
		}
		write_leaf(w, p, f, rest);
		before = path;
	}
	(void)leave_folders(w, before, "");
	write_end(w);
}

static void
write_info(struct write *w, const struct plan *p)
{
	const struct bt_create_options *o = p->options;

	write_dict(w);
	if (o->kind != BT_CREATE_V1)
		write_tree(w, p);
	if (o->kind != BT_CREATE_V2 && p->walk->is_directory) {
		write_files(w, p->walk);
	} else if (o->kind != BT_CREATE_V2) {
		write_key(w, "length");
		write_int(w, (int64_t)p->walk->total);
	}
	if (o->kind != BT_CREATE_V1) {
		write_key(w, "meta version");
		write_int(w, 2);
	}
	write_key(w, "name");
	write_string(w, name_of(p));
	write_key(w, "piece length");
	write_int(w, p->piece_length);
	if (o->kind != BT_CREATE_V2) {
		write_key(w, "pieces");
		write_slice(w, slice_of(p->sums.sha1, (size_t)p->piece_count * SHA1_LEN));
	}
	if (o->private) {
		write_key(w, "private");
		write_int(w, 1);
	}
	write_text(w, "source", o->source);
	write_end(w);
}

struct layer {
	uint8_t root[SHA256_LEN];
	struct bt_slice hashes;
};

static int
by_root(const void *a, const void *b)
{
	return memcmp(((const struct layer *)a)->root, ((const struct layer *)b)->root, SHA256_LEN);
}

/* In the order of the roots; files with the same content share one. False: no memory. */
static bool
write_layers(struct write *w, const struct plan *p)
{
	const struct layer *before = NULL;
	struct vec layers;
	bool ok = true;

	vec_init(&layers, sizeof(struct layer));
	for (size_t i = 0; ok && i < p->walk->files.len; i++) {
		const struct walk_file *f = walk_at(p->walk, i);
		struct layer l = { .hashes = layer_of(p, f) };

		if (f->size <= p->piece_length)
			continue;
		root_of(p, f, l.root);
		ok = vec_add(&layers, &l) != NULL;
	}
	if (layers.len > 0)
		qsort(layers.items, layers.len, layers.item_size, by_root);
	write_key(w, "piece layers");
	write_dict(w);
	for (size_t i = 0; i < layers.len; i++) {
		const struct layer *l = vec_at(&layers, i);

		if (before == NULL || by_root(before, l) != 0) {
			write_key_slice(w, slice_of(l->root, SHA256_LEN));
			write_slice(w, l->hashes);
		}
		before = l;
	}
	write_end(w);
	vec_fini(&layers);
	return ok;
}

static bool
write_torrent(struct buf *b, const struct plan *p)
{
	const struct bt_create_options *o = p->options;
	struct write w;
	bool ok = true;

	write_init(&w, b);
	write_dict(&w);
	write_text(&w, "announce", o->announce);
	write_tiers(&w, o);
	write_text(&w, "comment", o->comment);
	write_text(&w, "created by", o->created_by);
	if (o->creation_date != 0) {
		write_key(&w, "creation date");
		write_int(&w, o->creation_date);
	}
	write_text(&w, "encoding", o->encoding ? "UTF-8" : NULL);
	write_texts(&w, "httpseeds", o->http_seeds, o->http_seed_count);
	write_key(&w, "info");
	write_info(&w, p);
	if (o->kind != BT_CREATE_V1)
		ok = write_layers(&w, p);
	write_texts(&w, "url-list", o->url_seeds, o->url_seed_count);
	write_end(&w);
	return write_finish(&w) && ok;
}

/* The torrent of a plan, read as everybody will: what we would not read, nobody shall get. */
static enum bt_code
assemble(const struct plan *p, struct bt_metainfo **out, struct bt_error *err)
{
	struct bt_error why;
	enum bt_code code;
	struct buf b;

	buf_init(&b, MAX_TORRENT);
	if (!write_torrent(&b, p)) {
		code = fail(err, BT_ELIMIT, "%s: the torrent would be larger than %u bytes",
		    p->walk->root, MAX_TORRENT);
	} else {
		code = bt_metainfo_parse(buf_slice(&b), out, &why);
		if (code != BT_OK)
			(void)fail(err, code, "%s: %s", p->walk->root, why.text);
	}
	buf_fini(&b);
	return code;
}

/* Containers of the file tree nest as deep as directories do. */
static bool
too_deep(const struct walk *walk)
{
	for (size_t i = 0; i < walk->files.len; i++) {
		const char *path = walk_path(walk, walk_at(walk, i));
		size_t depth = 1;

		while ((path = strchr(path, '/')) != NULL)
			path++, depth++;
		if (depth + OUTER_DEPTH > WRITE_MAX_DEPTH)
			return true;
	}
	return false;
}

/* Places the files; gives the number of pieces. */
static uint64_t
lay_out(const struct plan *p, uint32_t piece_length)
{
	walk_place(p->walk, p->options->kind == BT_CREATE_V1 ? 1 : piece_length);
	return div_up_u64(p->walk->content, piece_length);
}

static enum bt_code
make_plan(struct plan *p, struct bt_error *err)
{
	const struct bt_create_options *o = p->options;
	uint32_t length = o->piece_length;
	uint32_t most = o->pieces_max == 0 ? META_MAX_PIECES : o->pieces_max;
	uint64_t count;

	if (length == 0)
		length = bt_create_piece_length(p->walk->total);
	if (length > META_MAX_PIECE_LENGTH)
		return fail(err, BT_EARG, "piece length %u: more than %u bytes", length,
		    META_MAX_PIECE_LENGTH);
	if (o->kind != BT_CREATE_V1 && (length < MERKLE_BLOCK || (length & (length - 1)) != 0))
		return fail(err, BT_EARG, "piece length %u: v2 wants a power of two from %u on",
		    length, MERKLE_BLOCK);
	if (o->kind != BT_CREATE_V1 && too_deep(p->walk))
		return fail(err, BT_ELIMIT, "%s: too many directories in each other for v2",
		    p->walk->root);
	count = lay_out(p, length);
	while (o->piece_length == 0 && count > most && length < META_MAX_PIECE_LENGTH) {
		length *= 2;
		count = lay_out(p, length);
	}
	if (o->piece_length == 0 && count > most)
		return fail(err, BT_EARG, "%s: more than %u pieces, however large",
		    p->walk->root, most);
	if (count > META_MAX_PIECES)
		return fail(err, BT_EARG, "%s: more than %u pieces of %u bytes", p->walk->root,
		    META_MAX_PIECES, length);
	p->piece_length = length;
	p->piece_count = (uint32_t)count;
	return BT_OK;
}

/* Until the hashes are known, each is another, as they will be. */
static bool
make_room(struct plan *p)
{
	size_t count = p->piece_count;

	if (p->options->kind != BT_CREATE_V2) {
		p->sums.sha1 = mem_array(count, SHA1_LEN);
		if (p->sums.sha1 == NULL)
			return false;
	}
	if (p->options->kind != BT_CREATE_V1) {
		p->sums.roots = mem_array(count, SHA256_LEN);
		if (p->sums.roots == NULL)
			return false;
		for (size_t i = 0; i < count; i++)
			put_be32(p->sums.roots + i * SHA256_LEN, (uint32_t)i);
	}
	return true;
}

static enum bt_code
create_from(struct plan *p, struct bt_metainfo **out, struct bt_error *err)
{
	const struct bt_create_options *o = p->options;
	enum bt_code code = make_plan(p, err);

	if (code != BT_OK)
		return code;
	if (!make_room(p))
		return fail(err, BT_ENOMEM, "out of memory");
	/* All but the hashes is known: whatever is wrong with it is said before the long work. */
	code = assemble(p, out, err);
	bt_metainfo_free(*out);
	*out = NULL;
	if (code != BT_OK)
		return code;
	code = make_pieces(p->walk, p->piece_length, o, &p->sums, err);
	if (code != BT_OK)
		return code;
	if (o->progress != NULL && p->walk->total == 0)
		o->progress(o->arg, 0, 0);
	return assemble(p, out, err);
}

enum bt_code
bt_create(const char *path, const struct bt_create_options *options, struct bt_metainfo **out,
    struct bt_error *err)
{
	struct walk walk;
	struct plan plan = { .walk = &walk, .options = options };
	enum bt_code code;

	*out = NULL;
	code = walk_open(&walk, path, options, err);
	if (code != BT_OK)
		return code;
	code = create_from(&plan, out, err);
	mem_free(plan.sums.sha1);
	mem_free(plan.sums.roots);
	walk_close(&walk);
	return code;
}

/* SPDX-License-Identifier: ISC */
#include "make/compose.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/num.h"
#include "bencode/write.h"
#include "meta/merkle.h"

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

/* BEP 5 */
static void
write_nodes(struct write *w, const struct bt_create_options *o)
{
	if (o->node_count == 0)
		return;
	write_key(w, "nodes");
	write_list(w);
	for (size_t i = 0; i < o->node_count; i++) {
		write_list(w);
		write_string(w, o->nodes[i].host);
		write_int(w, o->nodes[i].port);
		write_end(w);
	}
	write_end(w);
}

/* BEP 38 */
static void
write_similar(struct write *w, const struct bt_create_options *o)
{
	if (o->similar_count == 0)
		return;
	write_key(w, "similar");
	write_list(w);
	for (size_t i = 0; i < o->similar_count; i++)
		write_slice(w, slice_of(o->similar[i], sizeof(o->similar[i])));
	write_end(w);
}

static const char *
name_of(const struct compose *p)
{
	return p->options->name != NULL ? p->options->name : p->walk->name;
}

static void
write_path(struct write *w, const char *key, const char *path)
{
	write_key(w, key);
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
	write_path(w, "path", path);
	write_end(w);
}

/* BEP 47 of links: no content, and where they lead to. */
static void
write_file(struct write *w, const struct walk *walk, const struct walk_file *f)
{
	const char *link = walk_link(walk, f);

	write_dict(w);
	write_text(w, "attr", link == NULL ? NULL : "l");
	write_key(w, "length");
	write_int(w, (int64_t)f->size);
	write_path(w, "path", walk_path(walk, f));
	if (link != NULL)
		write_path(w, "symlink path", link);
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
		write_file(w, walk, f);
	}
	write_end(w);
}

/* The hashes of a file's pieces. */
static struct bt_slice
layer_of(const struct compose *p, const struct walk_file *f)
{
	size_t first = (size_t)(f->offset / p->piece_length);
	size_t count = (size_t)div_up_u64(f->size, p->piece_length);

	return slice_of(p->sums.roots + first * SHA256_LEN, count * SHA256_LEN);
}

static void
root_of(const struct compose *p, const struct walk_file *f, uint8_t out[SHA256_LEN])
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
write_leaf(struct write *w, const struct compose *p, const struct walk_file *f, const char *name)
{
	const char *link = walk_link(p->walk, f);
	uint8_t root[SHA256_LEN];

	write_key(w, name);
	write_dict(w);
	write_key(w, "");
	write_dict(w);
	if (link != NULL) {
		write_text(w, "attr", "l");
		write_path(w, "symlink path", link);
	} else {
		write_key(w, "length");
		write_int(w, (int64_t)f->size);
	}
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
write_tree(struct write *w, const struct compose *p)
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
write_info(struct write *w, const struct compose *p)
{
	const struct bt_create_options *o = p->options;

	write_dict(w);
	write_texts(w, "collections", o->collections, o->collection_count);
	write_text(w, "entropy", o->entropy);
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
	write_similar(w, o);
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
write_layers(struct write *w, const struct compose *p)
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

bool
compose_torrent(struct buf *b, const struct compose *p)
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
	write_nodes(&w, o);
	if (o->kind != BT_CREATE_V1)
		ok = write_layers(&w, p);
	write_texts(&w, "url-list", o->url_seeds, o->url_seed_count);
	write_end(&w);
	return write_finish(&w) && ok;
}

/* SPDX-License-Identifier: ISC */
#include <btcore/create.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "bencode/write.h"
#include "meta/make.h"
#include "meta/model.h"

#define MAX_TORRENT (64u << 20)	/* what bt_metainfo_open reads */
#define MANY_PIECES 65536u	/* beyond it, larger pieces rather than more of them */

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

static void
write_files(struct write *w, const struct walk *walk)
{
	write_key(w, "files");
	write_list(w);
	for (size_t i = 0; i < walk->files.len; i++) {
		const struct walk_file *f = walk_at(walk, i);
		const char *p = walk_path(walk, f);

		write_dict(w);
		write_key(w, "length");
		write_int(w, (int64_t)f->size);
		write_key(w, "path");
		write_list(w);
		for (;;) {
			size_t n = strcspn(p, "/");

			write_slice(w, slice_of(p, n));
			if (p[n] == '\0')
				break;
			p += n + 1;
		}
		write_end(w);
		write_end(w);
	}
	write_end(w);
}

/* The place for the pieces is told as an offset: the buffer moves while it grows. */
static void
write_info(struct write *w, const struct walk *walk, const struct bt_create_options *o,
    uint32_t piece_length, size_t *pieces_at)
{
	uint64_t pieces = div_up_u64(walk->total, piece_length);
	const uint8_t *place;

	write_dict(w);
	if (walk->is_directory) {
		write_files(w, walk);
	} else {
		write_key(w, "length");
		write_int(w, (int64_t)walk->total);
	}
	write_key(w, "name");
	write_string(w, o->name != NULL ? o->name : walk->name);
	write_key(w, "piece length");
	write_int(w, piece_length);
	write_key(w, "pieces");
	place = write_space(w, (size_t)pieces * SHA1_LEN);
	*pieces_at = place == NULL ? 0 : (size_t)(place - w->out->ptr);
	if (o->private) {
		write_key(w, "private");
		write_int(w, 1);
	}
	write_text(w, "source", o->source);
	write_end(w);
}

/* Everything but the pieces. */
static bool
write_torrent(struct buf *b, const struct walk *walk, const struct bt_create_options *o,
    uint32_t piece_length, size_t *pieces_at)
{
	struct write w;

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
	write_info(&w, walk, o, piece_length, pieces_at);
	write_texts(&w, "url-list", o->url_seeds, o->url_seed_count);
	write_end(&w);
	return write_finish(&w);
}

static enum bt_code
create_from(const struct walk *walk, const struct bt_create_options *o, struct buf *b,
    struct bt_error *err)
{
	uint32_t piece_length = o->piece_length;
	enum bt_code code;
	size_t pieces_at;

	if (piece_length == 0)
		piece_length = bt_create_piece_length(walk->total);
	if (piece_length > META_MAX_PIECE_LENGTH)
		return fail(err, BT_EARG, "piece length %u: more than %u bytes", piece_length,
		    META_MAX_PIECE_LENGTH);
	if (div_up_u64(walk->total, piece_length) > META_MAX_PIECES)
		return fail(err, BT_EARG, "%s: more than %u pieces of %u bytes", walk->root,
		    META_MAX_PIECES, piece_length);
	/* The sizes are known, so all but the hashes can be written before the long work. */
	if (!write_torrent(b, walk, o, piece_length, &pieces_at))
		return fail(err, BT_ELIMIT, "%s: the torrent would be larger than %u bytes",
		    walk->root, MAX_TORRENT);
	code = make_pieces(walk, piece_length, o, b->ptr + pieces_at, err);
	if (code == BT_OK && o->progress != NULL && walk->total == 0)
		o->progress(o->arg, 0, 0);
	return code;
}

enum bt_code
bt_create(const char *path, const struct bt_create_options *options, struct bt_metainfo **out,
    struct bt_error *err)
{
	struct bt_error why;
	enum bt_code code;
	struct walk walk;
	struct buf b;

	*out = NULL;
	code = walk_open(&walk, path, err);
	if (code != BT_OK)
		return code;
	buf_init(&b, MAX_TORRENT);
	code = create_from(&walk, options, &b, err);
	/* What we would not read, nobody shall get. */
	if (code == BT_OK) {
		code = bt_metainfo_parse(buf_slice(&b), out, &why);
		if (code != BT_OK)
			(void)fail(err, code, "%s: %s", path, why.text);
	}
	buf_fini(&b);
	walk_close(&walk);
	return code;
}

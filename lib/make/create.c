/* SPDX-License-Identifier: ISC */
#include <btcore/create.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/num.h"
#include "bencode/write.h"
#include "make/compose.h"
#include "meta/merkle.h"
#include "meta/model.h"

#define MAX_TORRENT (64u << 20)	/* what bt_metainfo_open reads */
#define MANY_PIECES 65536u	/* beyond it, larger pieces rather than more of them */
#define OUTER_DEPTH 4 /* containers of a file tree that are no directory: two above, two below */

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

/* The torrent of a plan, read as everybody will: what we would not read, nobody shall get. */
static enum bt_code
assemble(const struct compose *p, struct bt_metainfo **out, struct bt_error *err)
{
	struct bt_error why;
	enum bt_code code;
	struct buf b;

	buf_init(&b, MAX_TORRENT);
	if (!compose_torrent(&b, p)) {
		code = fail(err, BT_ELIMIT, "%s: the torrent would be larger than %u bytes",
		    p->walk->shown, MAX_TORRENT);
	} else {
		code = bt_metainfo_parse(buf_slice(&b), out, &why);
		if (code != BT_OK)
			(void)fail(err, code, "%s: %s", p->walk->shown, why.text);
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
lay_out(const struct compose *p, uint32_t piece_length)
{
	walk_place(p->walk, p->options->kind == BT_CREATE_V1 ? 1 : piece_length);
	return div_up_u64(p->walk->content, piece_length);
}

static enum bt_code
make_plan(struct compose *p, struct bt_error *err)
{
	const struct bt_create_options *o = p->options;
	uint32_t length = o->piece_length;
	uint32_t most = o->pieces_max == 0 ? META_MAX_PIECES : o->pieces_max;
	uint64_t count;

	if (length == 0)
		length = bt_create_piece_length(p->walk->total);
	if (o->kind != BT_CREATE_V1 && too_deep(p->walk))
		return fail(err, BT_ELIMIT, "%s: too many directories in each other for v2",
		    p->walk->shown);
	count = lay_out(p, length);
	while (o->piece_length == 0 && count > most && length < META_MAX_PIECE_LENGTH) {
		length *= 2;
		count = lay_out(p, length);
	}
	if (o->piece_length == 0 && count > most)
		return fail(err, BT_EARG, "%s: more than %u pieces, however large",
		    p->walk->shown, most);
	if (count > META_MAX_PIECES)
		return fail(err, BT_EARG, "%s: more than %u pieces of %u bytes", p->walk->shown,
		    META_MAX_PIECES, length);
	p->piece_length = length;
	p->piece_count = (uint32_t)count;
	return BT_OK;
}

/* Until the hashes are known, each is another, as they will be. */
static bool
make_room(struct compose *p)
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
create_from(struct compose *p, struct bt_metainfo **out, struct bt_error *err)
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

static enum bt_code
check_url(const char *key, const char *url, struct bt_error *err)
{
	if (url == NULL || meta_usable_url(slice_str(url)))
		return BT_OK;
	return fail(err, BT_EARG, "%s: '%.100s' is not a URL", key, url);
}

static enum bt_code
check_urls(const struct bt_create_options *o, struct bt_error *err)
{
	enum bt_code code = check_url("announce", o->announce, err);

	for (size_t i = 0; code == BT_OK && i < o->tracker_count; i++)
		code = check_url("announce-list", o->trackers[i].url, err);
	for (size_t i = 0; code == BT_OK && i < o->http_seed_count; i++)
		code = check_url("httpseeds", o->http_seeds[i], err);
	for (size_t i = 0; code == BT_OK && i < o->url_seed_count; i++)
		code = check_url("url-list", o->url_seeds[i], err);
	return code;
}

enum bt_code
bt_create_check(const struct bt_create_options *o, struct bt_error *err)
{
	uint32_t length = o->piece_length;

	if (o->order != BT_ORDER_PATH && o->kind != BT_CREATE_V1)
		return fail(err, BT_EARG,
		    "order: v2 has its files in the order of their paths (BEP 52), and no other");
	if (length > META_MAX_PIECE_LENGTH)
		return fail(err, BT_EARG, "piece length %u: more than %u bytes", length,
		    META_MAX_PIECE_LENGTH);
	if (o->kind != BT_CREATE_V1 && length != 0 &&
	    (length < MERKLE_BLOCK || (length & (length - 1)) != 0))
		return fail(err, BT_EARG, "piece length %u: v2 wants a power of two from %u on",
		    length, MERKLE_BLOCK);
	if (o->name != NULL && !safe_name_is(slice_str(o->name)))
		return fail(err, BT_EARG, "'%.100s' cannot be the name of a torrent", o->name);
	return check_urls(o, err);
}

/* paths: NULL for the one path. */
static enum bt_code
create(const char *path, const char *const *paths, size_t count,
    const struct bt_create_options *options, struct bt_metainfo **out, struct bt_error *err)
{
	struct walk walk;
	struct compose plan = { .walk = &walk, .options = options };
	enum bt_code code;

	*out = NULL;
	code = bt_create_check(options, err);
	if (code != BT_OK)
		return code;
	code = paths == NULL ? walk_open(&walk, path, options, err) :
	    walk_join(&walk, paths, count, options, err);
	if (code != BT_OK)
		return code;
	code = create_from(&plan, out, err);
	mem_free(plan.sums.sha1);
	mem_free(plan.sums.roots);
	walk_close(&walk);
	return code;
}

enum bt_code
bt_create(const char *path, const struct bt_create_options *options, struct bt_metainfo **out,
    struct bt_error *err)
{
	return create(path, NULL, 0, options, out, err);
}

enum bt_code
bt_create_join(const char *const *paths, size_t count, const struct bt_create_options *options,
    struct bt_metainfo **out, struct bt_error *err)
{
	*out = NULL;
	if (options->name == NULL)
		return fail(err, BT_EARG, "a torrent of several paths needs a name");
	return create(NULL, paths, count, options, out, err);
}

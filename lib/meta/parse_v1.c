/* SPDX-License-Identifier: ISC */
#include <inttypes.h>

#include "base/num.h"
#include "meta/model.h"

uint32_t
meta_flags(struct bt_slice attr)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < attr.len; i++) {
		switch (attr.ptr[i]) {
		case 'p': flags |= BT_FILE_PAD; break;
		case 'x': flags |= BT_FILE_EXECUTABLE; break;
		case 'h': flags |= BT_FILE_HIDDEN; break;
		case 'l': flags |= BT_FILE_SYMLINK; break;
		default: break;
		}
	}
	return flags;
}

/* A list of names. What is wrong with it is kept until it is known whether it counts. */
struct path {
	uint32_t list_pos;	/* of the list; 0: none */
	uint32_t pos[NAMES_MAX_DEPTH];	/* of each string */
	size_t count;
	struct bt_slice last;
	enum bt_code code;
	struct bt_error why;
};

/* One entry of files, as it stands. */
struct entry {
	struct path path, path_utf8;
	struct bt_slice attr;
	int64_t length;
	bool has_length;
};

/* The directories that the last file is in: the next one is mostly there, too. */
struct here {
	struct bt_slice name[NAMES_MAX_DEPTH];
	uint32_t dir[NAMES_MAX_DEPTH];
	size_t depth;
};

static enum bt_code
add_element(struct path *p, struct bt_slice element, uint32_t pos)
{
	if (p->count == NAMES_MAX_DEPTH)
		return fail(&p->why, BT_ELIMIT, "its path has too many directories");
	p->pos[p->count++] = pos;
	p->last = element;
	return BT_OK;
}

static void
read_path(const struct bt_metainfo *m, struct scan *s, struct path *p)
{
	p->list_pos = meta_pos(m, s->ptr + scan_pos(s));
	if (!scan_try_list(s)) {
		p->code = fail(&p->why, BT_EFORMAT, "its path is not a list");
		return;
	}
	while (scan_more(s)) {
		uint32_t pos = meta_pos(m, s->ptr + scan_pos(s));
		struct bt_slice element;

		if (!scan_try_string(s, &element))
			p->code = fail(&p->why, BT_EFORMAT, "a name in its path is not a string");
		else if (p->code == BT_OK)
			p->code = add_element(p, element, pos);
	}
	if (p->count == 0 && p->code == BT_OK)
		p->code = fail(&p->why, BT_EFORMAT, "its path is empty");
}

static enum bt_code
add_file(struct bt_metainfo *m, uint64_t size, uint32_t flags, struct bt_error *err)
{
	struct meta_file f = { .size = size, .offset = m->content_end, .flags = flags };

	if (!add_u64(m->content_end, size, &m->content_end) || m->content_end > INT64_MAX)
		return fail(err, BT_EFORMAT, "the sizes of the files add up to too much");
	if (!(flags & BT_FILE_PAD))
		m->total_size += size;
	return vec_add(&m->files, &f) != NULL ? BT_OK : fail(err, BT_ENOMEM, "out of memory");
}

static enum bt_code
add_name(struct bt_metainfo *m, const struct path *p, struct here *here, struct bt_error *err)
{
	uint32_t parent = NAMES_ROOT;

	for (size_t i = 0; i + 1 < p->count; i++) {
		struct bt_slice name = names_at(&m->names, p->pos[i]);
		enum bt_code code;

		if (i == here->depth || !slice_eq(name, here->name[i])) {
			code = names_dir(&m->names, parent, p->pos[i], &here->dir[i], err);
			if (code != BT_OK)
				return code;
			here->name[i] = name;
			here->depth = i + 1;
		}
		parent = here->dir[i];
	}
	return names_file(&m->names, parent, p->pos[p->count - 1], err);
}

/* BitComet marks its padding by name alone. */
static bool
is_comet_padding(const struct path *p)
{
	return p->count > 0 && slice_starts(p->last, "_____padding_file_");
}

static enum bt_code
add_entry(struct bt_metainfo *m, const struct entry *e, struct here *here, struct bt_error *err)
{
	const struct path *path = e->path_utf8.count > 0 ? &e->path_utf8 : &e->path;
	uint32_t flags = meta_flags(e->attr);
	enum bt_code code;

	if (!e->has_length && !(flags & BT_FILE_SYMLINK))
		return fail(err, BT_EFORMAT, "it has no length");
	if (e->length < 0 || (e->length > 0 && flags & BT_FILE_SYMLINK))
		return fail(err, BT_EFORMAT, "its length of %" PRId64 " makes no sense", e->length);
	if (path->list_pos == 0 && !(flags & BT_FILE_PAD))
		return fail(err, BT_EFORMAT, "it has no path");
	if (path->code != BT_OK)
		return fail(err, path->code, "%s", path->why.text);
	if (is_comet_padding(path))
		flags |= BT_FILE_PAD;
	if (flags & BT_FILE_PAD)
		code = names_phantom(&m->names, path->list_pos, err);
	else
		code = add_name(m, path, here, err);
	return code != BT_OK ? code : add_file(m, (uint64_t)e->length, flags, err);
}

static void
no_path(struct path *p)
{
	p->list_pos = 0;
	p->count = 0;
	p->code = BT_OK;
}

static void
read_entry(const struct bt_metainfo *m, struct scan *s, struct entry *e)
{
	struct bt_slice key;

	no_path(&e->path);
	no_path(&e->path_utf8);
	e->attr = SLICE_NONE;
	e->length = 0;
	e->has_length = false;
	scan_dict(s);
	while (scan_key(s, &key)) {
		if (slice_eq_str(key, "length"))
			e->has_length = scan_try_int(s, &e->length);
		else if (slice_eq_str(key, "path"))
			read_path(m, s, &e->path);
		else if (slice_eq_str(key, "path.utf-8"))
			read_path(m, s, &e->path_utf8);
		else if (slice_eq_str(key, "attr"))
			(void)scan_try_string(s, &e->attr);
		else
			(void)scan_skip(s);
	}
}

enum bt_code
meta_read_files(struct bt_metainfo *m, struct scan *s, struct bt_error *err)
{
	enum bt_code code = BT_OK;
	struct here here = { .depth = 0 };
	struct bt_error why;
	struct entry e;

	if (!scan_try_list(s))
		return fail(err, BT_EFORMAT, "'files' is not a list");
	while (scan_more(s)) {
		if (code != BT_OK || scan_peek(s) != SCAN_DICT) {
			(void)scan_skip(s);
			code = code != BT_OK ? code : fail(&why, BT_EFORMAT, "not a dictionary");
			continue;
		}
		read_entry(m, s, &e);
		if (!scan_failed(s))
			code = add_entry(m, &e, &here, &why);
	}
	if (code != BT_OK)
		return fail(err, code, "file %u: %s", meta_file_count(m) + 1, why.text);
	if (m->files.len == 0)
		return fail(err, BT_EFORMAT, "'files' is empty");
	return BT_OK;
}

static enum bt_code
parse_single(struct bt_metainfo *m, const struct meta_info *info, struct bt_error *err)
{
	uint32_t flags = meta_flags(info->attr) & ~(uint32_t)(BT_FILE_PAD | BT_FILE_SYMLINK);
	enum bt_code code;

	if (info->length < 0)
		return fail(err, BT_EFORMAT, "the length of %" PRId64 " makes no sense",
		    info->length);
	m->single = true;
	code = names_file(&m->names, NAMES_ROOT, info->name_pos, err);
	return code != BT_OK ? code : add_file(m, (uint64_t)info->length, flags, err);
}

enum bt_code
meta_parse_v1(struct bt_metainfo *m, const struct meta_info *info, struct bt_error *err)
{
	enum bt_code code;
	uint64_t count;

	if (info->has_length == info->has_files)
		return fail(err, BT_EFORMAT, info->has_length ?
		    "both 'length' and 'files'" : "neither 'length' nor 'files'");
	if (info->pieces.ptr == NULL || info->pieces.len % SHA1_LEN != 0)
		return fail(err, BT_EFORMAT, info->pieces.ptr == NULL ?
		    "missing or wrong 'pieces'" : "'pieces' is no multiple of 20 bytes");
	code = info->has_length ? parse_single(m, info, err) :
	    info->files_code != BT_OK ? fail(err, info->files_code, "%s", info->files_why.text) :
	    BT_OK;
	if (code != BT_OK)
		return code;
	count = div_up_u64(m->content_end, m->piece_length);
	if (count != info->pieces.len / SHA1_LEN)
		return fail(err, BT_EFORMAT, "%zu piece hashes for %" PRIu64 " pieces",
		    info->pieces.len / SHA1_LEN, count);
	m->pieces = info->pieces.ptr;
	m->piece_count = (uint32_t)count;
	return BT_OK;
}

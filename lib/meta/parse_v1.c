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

/* One entry of files, as it stands. */
struct entry {
	struct bt_slice path, path_utf8, attr;
	int64_t length;
	bool has_length;
};

/* The elements of a path, checked; each given as the position of its string. */
struct path {
	uint32_t pos[NAMES_MAX_DEPTH];
	size_t count;
	struct bt_slice last;
};

static enum bt_code
read_path(const struct bt_metainfo *m, struct bt_slice raw, struct path *out, struct bt_error *err)
{
	struct scan s;

	out->count = 0;
	scan_init(&s, raw, SCAN_STRICT);
	if (!scan_list(&s))
		return fail(err, BT_EFORMAT, "its path is not a list");
	while (scan_more(&s)) {
		if (scan_peek(&s) != SCAN_STRING)
			return fail(err, BT_EFORMAT, "a name in its path is not a string");
		if (out->count == NAMES_MAX_DEPTH)
			return fail(err, BT_ELIMIT, "its path has too many directories");
		out->pos[out->count++] = meta_pos(m, raw.ptr + scan_pos(&s));
		out->last = scan_string(&s);
		if (names_check(out->last, err) != BT_OK)
			return BT_EFORMAT;
	}
	if (out->count == 0)
		return fail(err, BT_EFORMAT, "its path is empty");
	return BT_OK;
}

static enum bt_code
add_file(struct bt_metainfo *m, uint64_t size, uint32_t flags, struct bt_error *err)
{
	struct meta_file f = { .size = size, .offset = m->content_size, .flags = flags };

	if (!add_u64(m->content_size, size, &m->content_size) || m->content_size > INT64_MAX)
		return fail(err, BT_EFORMAT, "the sizes of the files add up to too much");
	if (!(flags & BT_FILE_PAD))
		m->total_size += size;
	return vec_add(&m->files, &f) != NULL ? BT_OK : fail(err, BT_ENOMEM, "out of memory");
}

static enum bt_code
add_name(struct bt_metainfo *m, const struct path *p, struct bt_error *err)
{
	uint32_t parent = NAMES_ROOT;

	for (size_t i = 0; i + 1 < p->count; i++) {
		enum bt_code code = names_dir(&m->names, parent, p->pos[i], &parent, err);

		if (code != BT_OK)
			return code;
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
add_entry(struct bt_metainfo *m, const struct entry *e, struct bt_error *err)
{
	bool utf8 = e->path_utf8.len > 2 && e->path_utf8.ptr[0] == 'l';
	struct bt_slice raw = utf8 ? e->path_utf8 : e->path;
	uint32_t flags = meta_flags(e->attr);
	struct path path = { .count = 0 };
	enum bt_code code = BT_OK;

	if (!e->has_length && !(flags & BT_FILE_SYMLINK))
		return fail(err, BT_EFORMAT, "it has no length");
	if (e->length < 0 || (e->length > 0 && flags & BT_FILE_SYMLINK))
		return fail(err, BT_EFORMAT, "its length of %" PRId64 " makes no sense", e->length);
	if (raw.len == 0 && !(flags & BT_FILE_PAD))
		return fail(err, BT_EFORMAT, "it has no path");
	if (raw.len > 0)
		code = read_path(m, raw, &path, err);
	if (code != BT_OK)
		return code;
	if (is_comet_padding(&path))
		flags |= BT_FILE_PAD;
	if (flags & BT_FILE_PAD)
		code = names_phantom(&m->names, raw.len == 0 ? 0 : meta_pos(m, raw.ptr), err);
	else
		code = add_name(m, &path, err);
	return code != BT_OK ? code : add_file(m, (uint64_t)e->length, flags, err);
}

static void
read_entry(struct scan *s, struct entry *e)
{
	struct bt_slice key;

	*e = (struct entry){ .length = 0 };
	scan_dict(s);
	while (scan_key(s, &key)) {
		if (slice_eq_str(key, "length"))
			e->has_length = scan_try_int(s, &e->length);
		else if (slice_eq_str(key, "path"))
			e->path = scan_skip(s);
		else if (slice_eq_str(key, "path.utf-8"))
			e->path_utf8 = scan_skip(s);
		else if (slice_eq_str(key, "attr"))
			(void)scan_try_string(s, &e->attr);
		else
			(void)scan_skip(s);
	}
}

static enum bt_code
parse_files(struct bt_metainfo *m, struct bt_slice files, struct bt_error *err)
{
	struct bt_error why;
	enum bt_code code;
	struct entry e;
	struct scan s;

	scan_init(&s, files, SCAN_LENIENT);
	if (!scan_list(&s))
		return fail(err, BT_EFORMAT, "'files' is not a list");
	while (scan_more(&s)) {
		read_entry(&s, &e);
		if (scan_failed(&s))
			break;
		code = add_entry(m, &e, &why);
		if (code != BT_OK)
			return fail(err, code, "file %u: %s", meta_file_count(m) + 1, why.text);
	}
	if (!scan_finish(&s))
		return scan_fail_as(&s, "files", err);
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

	if (info->has_length == (info->files.len > 0))
		return fail(err, BT_EFORMAT, info->has_length ?
		    "both 'length' and 'files'" : "neither 'length' nor 'files'");
	if (info->pieces.ptr == NULL || info->pieces.len % SHA1_LEN != 0)
		return fail(err, BT_EFORMAT, info->pieces.ptr == NULL ?
		    "missing or wrong 'pieces'" : "'pieces' is no multiple of 20 bytes");
	code = info->has_length ? parse_single(m, info, err) : parse_files(m, info->files, err);
	if (code != BT_OK)
		return code;
	count = div_up_u64(m->content_size, m->piece_length);
	if (count != info->pieces.len / SHA1_LEN)
		return fail(err, BT_EFORMAT, "%zu piece hashes for %" PRIu64 " pieces",
		    info->pieces.len / SHA1_LEN, count);
	m->pieces = info->pieces.ptr;
	m->piece_count = (uint32_t)count;
	return BT_OK;
}

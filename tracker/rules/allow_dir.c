/* SPDX-License-Identifier: ISC */
#include "tracker/rules/allow_dir.h"

#include <btcore/metainfo.h>

#include <stdlib.h>

#include "base/mem.h"
#include "bencode/scan.h"

#define CONTROL_MAX 1000u	/* bytes of a message to clients */

void
allow_dir_init(struct allow_dir *d)
{
	d->looked = false;
	vec_init(&d->files, sizeof(struct torrent_file));
	vec_init(&d->torrents, sizeof(struct allowed_torrent *));
}

static void
drop_torrents(struct vec *torrents)
{
	for (size_t i = 0; i < torrents->len; i++) {
		struct allowed_torrent *t = *(struct allowed_torrent **)vec_at(torrents, i);

		if (t != NULL)
			snapshot_drop(&t->snapshot);
	}
	vec_fini(torrents);
}

void
allow_dir_fini(struct allow_dir *d)
{
	drop_torrents(&d->torrents);
	torrent_files_free(&d->files);
}

/* What its owner has to say to its clients stands beside the info dictionary. */
static void
read_controls(struct bt_slice bytes, struct allowed_torrent *t)
{
	struct bt_slice key;
	struct scan s;

	scan_init(&s, bytes, SCAN_LENIENT);
	scan_dict(&s);
	while (scan_key(&s, &key)) {
		if (slice_eq_str(key, "failure reason"))
			(void)scan_try_string(&s, &t->failure);
		else if (slice_eq_str(key, "warning message"))
			(void)scan_try_string(&s, &t->warning);
		else
			(void)scan_skip(&s);
	}
	if (t->failure.len > CONTROL_MAX)
		t->failure.len = CONTROL_MAX;
	if (t->warning.len > CONTROL_MAX)
		t->warning.len = CONTROL_MAX;
}

static void
add_hash(struct allowed_torrent *t, const uint8_t *hash)
{
	if (hash != NULL)
		memcpy(t->hash[t->hash_count++], hash, 20);
}

static struct allowed_torrent *
read_torrent(const struct torrent_file *file, struct notes *notes, enum bt_code *code)
{
	struct allowed_torrent t = { .path = file->path, .changed = file->mtime }, *copy;
	struct bt_metainfo *m = NULL;
	struct bt_error err;

	*code = bt_metainfo_open(t.path, &m, &err);
	if (*code != BT_OK) {
		notes_add(notes, "%s has errors: %s", t.path, err.text);
		return NULL;
	}
	add_hash(&t, bt_metainfo_info_hash(m));
	add_hash(&t, bt_metainfo_info_hash_v2(m));
	t.size = bt_metainfo_total_size(m);
	t.name = bt_metainfo_name(m);
	read_controls(bt_metainfo_bytes(m), &t);
	copy = allowed_torrent_new(&t);
	if (copy == NULL)
		*code = BT_ENOMEM;
	bt_metainfo_free(m);
	return copy;
}

/* Both are ordered by path: *at goes forward through the old ones. */
static bool
find_old(const struct allow_dir *d, const struct torrent_file *file, size_t *at)
{
	for (; *at < d->files.len; ++*at) {
		const struct torrent_file *old = vec_at(&d->files, *at);
		int order = strcmp(old->path, file->path);

		if (order >= 0)
			return order == 0 && torrent_files_same(old, file);
	}
	return false;
}

/* As many torrents as files, of which so many were read now. */
static enum bt_code
gather(const struct allow_dir *d, const struct vec *files, struct vec *torrents, size_t *fresh,
    struct notes *notes)
{
	size_t at = 0;

	for (size_t i = 0; i < files->len; i++) {
		const struct torrent_file *file = vec_at(files, i);
		struct allowed_torrent *t, **place = vec_add(torrents, NULL);
		enum bt_code code = BT_OK;

		if (place == NULL)
			return BT_ENOMEM;
		if (find_old(d, file, &at)) {
			t = *(struct allowed_torrent **)vec_at(&d->torrents, at);
			if (t != NULL)
				snapshot_keep(&t->snapshot);
		} else {
			t = read_torrent(file, notes, &code);
			++*fresh;
		}
		*place = t;
		if (code == BT_ENOMEM)
			return code;
	}
	return BT_OK;
}

static int
by_hash_then_path(const void *a, const void *b)
{
	const struct allowed_item *x = a, *y = b;
	int order = memcmp(x->hash, y->hash, 20);

	return order != 0 ? order : strcmp(x->torrent->path, y->torrent->path);
}

static void
leave_out_duplicates(struct allowed *set, struct notes *notes)
{
	struct allowed_item *item = set->items.items;
	size_t n = 0;

	if (set->items.len > 0)
		qsort(item, set->items.len, sizeof(*item), by_hash_then_path);
	for (size_t i = 0; i < set->items.len; i++) {
		if (n == 0 || memcmp(item[i].hash, item[n - 1].hash, 20) != 0) {
			item[n++] = item[i];
			continue;
		}
		notes_add(notes, "%s is a duplicate torrent for %s", item[i].torrent->path,
		    item[n - 1].torrent->path);
		snapshot_drop(&item[i].torrent->snapshot);
	}
	set->items.len = n;
}

static struct allowed *
make_set(const struct vec *torrents, struct notes *notes)
{
	struct allowed *set = allowed_new();

	for (size_t i = 0; set != NULL && i < torrents->len; i++) {
		struct allowed_torrent *t = *(struct allowed_torrent **)vec_at(torrents, i);

		for (unsigned k = 0; t != NULL && k < t->hash_count; k++) {
			if (!allowed_add(set, t->hash[k], t)) {
				snapshot_drop(&set->snapshot);
				return NULL;
			}
		}
	}
	if (set != NULL)
		leave_out_duplicates(set, notes);
	return set;
}

enum bt_code
allow_dir_look(struct allow_dir *d, const char *path, struct notes *notes, struct allowed **out,
    struct bt_error *err)
{
	struct allow_dir next = { .looked = true };
	enum bt_code code = torrent_files_find(path, NULL, &next.files, err);
	size_t fresh = 0;

	*out = NULL;
	vec_init(&next.torrents, sizeof(struct allowed_torrent *));
	if (code == BT_OK) {
		code = gather(d, &next.files, &next.torrents, &fresh, notes);
		if (code == BT_OK &&
		    (!d->looked || fresh > 0 || next.files.len != d->files.len) &&
		    (*out = make_set(&next.torrents, notes)) == NULL)
			code = BT_ENOMEM;
		if (code != BT_OK)
			(void)fail(err, code, "out of memory");
	}
	if (*out != NULL) {
		struct allow_dir old = *d;

		*d = next;
		next = old;
	}
	allow_dir_fini(&next);
	return code;
}

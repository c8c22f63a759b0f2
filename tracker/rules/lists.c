/* SPDX-License-Identifier: ISC */
#include "tracker/rules/lists.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "tracker/rules/iplist.h"

#define LIST_MAX (256u << 20)	/* bytes of one file */

enum { STAMP_TORRENTS, STAMP_ALLOWED, STAMP_BANNED };

void
lists_init(struct lists *l, const struct bt_tracker_settings *settings)
{
	*l = (struct lists){ .settings = settings };
	snapshot_place_init(&l->place);
	allow_dir_init(&l->dir);
}

static void
drop_parts(struct lists_now *n)
{
	snapshot_drop(n->torrents == NULL ? NULL : &n->torrents->snapshot);
	snapshot_drop(n->allowed == NULL ? NULL : &n->allowed->snapshot);
	snapshot_drop(n->banned == NULL ? NULL : &n->banned->snapshot);
}

void
lists_fini(struct lists *l)
{
	if (l->settings == NULL)
		return;
	snapshot_place_fini(&l->place);
	drop_parts(&l->parts);
	allow_dir_fini(&l->dir);
}

bool
lists_wanted(const struct bt_tracker_settings *s)
{
	return s->allowed_dir[0] != '\0' || s->allowed_list[0] != '\0' ||
	    s->allowed_ips[0] != '\0' || s->banned_ips[0] != '\0';
}

static struct lists_stamp
stamp_of(const char *path)
{
	struct lists_stamp s = { .seen = true };
	struct stat st;

	if (stat(path, &st) != 0) {
		s.error = errno;
		return s;
	}
	s.size = (uint64_t)st.st_size;
	s.inode = st.st_ino;
	s.mtime = st.st_mtim;
	return s;
}

static bool
same_stamp(const struct lists_stamp *a, const struct lists_stamp *b)
{
	return a->seen == b->seen && a->error == b->error && a->size == b->size &&
	    a->inode == b->inode && a->mtime.tv_sec == b->mtime.tv_sec &&
	    a->mtime.tv_nsec == b->mtime.tv_nsec;
}

/* False: nothing to do. The stamp is taken first: what changes while it is read is read again. */
static bool
is_new(struct lists_stamp *old, const char *path)
{
	struct lists_stamp now;

	if (path[0] == '\0')
		return false;
	now = stamp_of(path);
	if (same_stamp(old, &now))
		return false;
	*old = now;
	return true;
}

static void
free_ips(struct snapshot *s)
{
	struct lists_ips *ips = CONTAINER_OF(s, struct lists_ips, snapshot);

	ipset_fini(&ips->set);
	mem_free(ips);
}

typedef enum bt_code (*parse_ips)(struct bt_slice, struct ipset *, struct bt_error *);

static enum bt_code
read_ips(const char *path, parse_ips parse, struct lists_ips **part, struct bt_error *err)
{
	struct lists_ips *ips = mem_zero(sizeof(*ips));
	enum bt_code code;
	struct bt_error why;
	struct buf text;

	if (ips == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	snapshot_init(&ips->snapshot, free_ips);
	ipset_init(&ips->set);
	buf_init(&text, LIST_MAX);
	code = file_read(path, &text, err);
	if (code == BT_OK && (code = parse(buf_slice(&text), &ips->set, &why)) != BT_OK)
		(void)fail(err, code, "%s: %s", path, why.text);
	buf_fini(&text);
	if (code != BT_OK) {
		snapshot_drop(&ips->snapshot);
		return code;
	}
	ipset_seal(&ips->set);
	snapshot_drop(*part == NULL ? NULL : &(*part)->snapshot);
	*part = ips;
	return BT_OK;
}

static enum bt_code
read_hashes(const char *path, struct allowed **out, struct bt_error *err)
{
	struct allowed *set = allowed_new();
	enum bt_code code;
	struct bt_error why;
	struct buf text;

	if (set == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	buf_init(&text, LIST_MAX);
	code = file_read(path, &text, err);
	if (code == BT_OK && (code = allowed_add_list(set, buf_slice(&text), &why)) != BT_OK)
		(void)fail(err, code, "%s: %s", path, why.text);
	buf_fini(&text);
	if (code != BT_OK) {
		snapshot_drop(&set->snapshot);
		return code;
	}
	allowed_seal(set);
	*out = set;
	return BT_OK;
}

static enum bt_code
read_torrents(struct lists *l, struct notes *notes, bool *changed, struct bt_error *err)
{
	const struct bt_tracker_settings *s = l->settings;
	struct allowed *set = NULL;
	enum bt_code code = BT_OK;

	if (s->allowed_dir[0] != '\0') {
		bool failed = l->dir_failed;

		code = allow_dir_look(&l->dir, s->allowed_dir, notes, &set, err);
		l->dir_failed = code != BT_OK;
		if (failed && l->dir_failed)
			return BT_OK;
	} else if (is_new(&l->stamps[STAMP_TORRENTS], s->allowed_list)) {
		code = read_hashes(s->allowed_list, &set, err);
	}
	if (set == NULL)
		return code;
	*changed = true;
	snapshot_drop(l->parts.torrents == NULL ? NULL : &l->parts.torrents->snapshot);
	l->parts.torrents = set;
	return code;
}

static void
free_now(struct snapshot *s)
{
	struct lists_now *n = CONTAINER_OF(s, struct lists_now, snapshot);

	drop_parts(n);
	mem_free(n);
}

static enum bt_code
publish(struct lists *l, struct bt_error *err)
{
	struct lists_now *n = mem_alloc(sizeof(*n));

	if (n == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	*n = l->parts;
	snapshot_init(&n->snapshot, free_now);
	if (n->torrents != NULL)
		snapshot_keep(&n->torrents->snapshot);
	if (n->allowed != NULL)
		snapshot_keep(&n->allowed->snapshot);
	if (n->banned != NULL)
		snapshot_keep(&n->banned->snapshot);
	snapshot_put(&l->place, &n->snapshot);
	return BT_OK;
}

static void
note(enum bt_code code, const struct bt_error *why, struct notes *notes, struct bt_error *first)
{
	if (code == BT_OK)
		return;
	notes_add(notes, "%s; what was read before stays", why->text);
	if (first->code == BT_OK)
		*first = *why;
}

enum bt_code
lists_read(struct lists *l, struct notes *notes, struct bt_error *err)
{
	const struct bt_tracker_settings *s = l->settings;
	bool changed = false;
	struct bt_error why;

	err->code = BT_OK;
	note(read_torrents(l, notes, &changed, &why), &why, notes, err);
	if (is_new(&l->stamps[STAMP_ALLOWED], s->allowed_ips)) {
		note(read_ips(s->allowed_ips, iplist_networks, &l->parts.allowed, &why), &why,
		    notes, err);
		changed = true;
	}
	if (is_new(&l->stamps[STAMP_BANNED], s->banned_ips)) {
		note(read_ips(s->banned_ips, iplist_ranges, &l->parts.banned, &why), &why, notes,
		    err);
		changed = true;
	}
	if (changed)
		note(publish(l, &why), &why, notes, err);
	return err->code;
}

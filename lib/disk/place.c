/* SPDX-License-Identifier: ISC */
#include "disk/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"

bool
place_init(struct place *p, const struct bt_metainfo *meta, const char *path, uint32_t number)
{
	const char *slash = strrchr(path, '/');

	*p = (struct place){ .meta = meta, .number = number };
	if (bt_metainfo_is_single_file(meta)) {
		p->single_name = mem_strdup(slash == NULL ? path : slash + 1);
		p->root.path = file_folder_of(path);
	} else {
		p->root.path = mem_strdup(path);
	}
	if (p->root.path != NULL && (p->single_name != NULL || !bt_metainfo_is_single_file(meta)))
		return true;
	place_fini(p);
	return false;
}

static bool
copy_names(struct place *p, const struct place *old)
{
	uint32_t count = bt_metainfo_file_count(p->meta);

	if (old->names == NULL)
		return true;
	p->names = mem_array(count, sizeof(p->names[0]));
	for (uint32_t i = 0; p->names != NULL && i < count; i++) {
		if (old->names[i] == NULL)
			continue;
		p->names[i] = mem_strdup(old->names[i]);
		if (p->names[i] == NULL)
			return false;
	}
	return p->names != NULL;
}

static bool
copy_aside(struct place *p, const struct place *old)
{
	return old->aside.len == 0 || (bits_init(&p->aside, old->aside.len) &&
	    bits_load(&p->aside, bits_slice(&old->aside)));
}

bool
place_init_moved(struct place *p, const struct place *old, const char *path, uint32_t number)
{
	if (!place_init(p, old->meta, path, number))
		return false;
	if (copy_names(p, old) && copy_aside(p, old))
		return true;
	place_fini(p);
	return false;
}

static bool
set_name(struct place *p, const struct place *old, uint32_t file, const char *path)
{
	char **name = &p->single_name;

	if (old->single_name == NULL) {
		if (!copy_names(p, old))
			return false;
		if (p->names == NULL)
			p->names = mem_array(bt_metainfo_file_count(p->meta), sizeof(p->names[0]));
		if (p->names == NULL)
			return false;
		name = &p->names[file];
		mem_free(*name);
	}
	*name = mem_strdup(path);
	return *name != NULL;
}

bool
place_init_renamed(struct place *p, const struct place *old, uint32_t file, const char *path,
    uint32_t number)
{
	*p = (struct place){ .meta = old->meta, .number = number, .root.dev = old->root.dev };
	p->root.path = mem_strdup(old->root.path);
	if (p->root.path != NULL && set_name(p, old, file, path) && copy_aside(p, old))
		return true;
	place_fini(p);
	return false;
}

void
place_fini(struct place *p)
{
	for (uint32_t i = 0; p->names != NULL && i < bt_metainfo_file_count(p->meta); i++)
		mem_free(p->names[i]);
	mem_free(p->names);
	bits_fini(&p->aside);
	mem_free(p->root.path);
	mem_free(p->single_name);
	*p = (struct place){ 0 };
}

static void
parts_path(const struct place *p, char *out, size_t size)
{
	const uint8_t *hash = bt_metainfo_info_hash(p->meta);
	uint8_t digits[40];

	if (hash == NULL)
		hash = bt_metainfo_info_hash_v2(p->meta);
	hex_write(digits, hash, 20);
	(void)snprintf(out, size, ".%.40s.parts", (const char *)digits);
}

void
place_path_of(const struct place *p, uint32_t file, char *out, size_t size)
{
	if (file == place_parts(p))
		parts_path(p, out, size);
	else if (p->names != NULL && p->names[file] != NULL)
		(void)snprintf(out, size, "%s", p->names[file]);
	else if (p->single_name != NULL)
		(void)snprintf(out, size, "%s", p->single_name);
	else
		(void)bt_metainfo_file_safe_path(p->meta, file, out, size);
	out[size - 1] = '\0';
}

enum bt_code
place_fail(const struct place *p, uint32_t file, struct bt_error *err)
{
	char rel[PATH_MAX];
	int e = errno;

	if (e == ENODEV) {
		(void)fail(err, BT_EGONE, "%.180s: the folder is not there any more", p->root.path);
		if (err != NULL)
			err->sys_errno = e;
		return BT_EGONE;
	}
	place_path_of(p, file, rel, sizeof(rel));
	errno = e;
	return fail_errno(err, "%.60s/%.90s", p->root.path, rel);
}

/* Elements that are names, and nothing else. */
static bool
is_safe(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || len > NAME_MAX || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[len] == '\0')
			return true;
		path += len + 1;
	}
}

enum bt_code
place_judge_name(const struct place *p, uint32_t file, struct bt_error *err)
{
	uint32_t count = bt_metainfo_file_count(p->meta);
	const char *name = p->single_name != NULL ? p->single_name : p->names[file];
	char other[PATH_MAX];

	if (strlen(name) >= PATH_MAX || !is_safe(name))
		return fail(err, BT_EARG, "'%.150s' is not a path below a folder", name);
	for (uint32_t i = 0; i < count; i++) {
		place_path_of(p, i, other, sizeof(other));
		if (i != file && strcmp(other, name) == 0)
			return fail(err, BT_EEXIST, "'%.150s' is another file of this torrent",
			    name);
	}
	return BT_OK;
}

uint64_t
place_look(struct place *p)
{
	char *path = mem_strdup(p->root.path);
	struct stat st;
	bool above = false;

	while (path != NULL && stat(path, &st) != 0) {
		char *folder = file_folder_of(path);

		/* A root or a working folder that cannot be looked at: there is nothing above. */
		if (folder != NULL && strcmp(folder, path) == 0) {
			mem_free(folder);
			folder = NULL;
		}
		mem_free(path);
		path = folder;
		above = true;
	}
	if (path == NULL)
		return 0;
	mem_free(path);
	if (!above)
		p->root.dev = st.st_dev;
	return st.st_dev;
}

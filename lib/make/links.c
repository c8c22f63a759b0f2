/* SPDX-License-Identifier: ISC */
#include "make/links.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "make/order.h"

#define MAX_PATH (4u * PATH_MAX)	/* bytes; twice what can be */

/* The real path of a path's last element: the way there is followed, it itself is not. To be freed
 * with free. NULL with errno. */
static char *
real_place(char *path)
{
	char *slash, *folder, *real = NULL;

	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	slash = strrchr(path, '/');
	if (strcmp(slash, "/") == 0 || strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0)
		return realpath(path, NULL);
	*slash = '\0';
	folder = realpath(slash == path ? "/" : path, NULL);
	if (folder != NULL && asprintf(&real, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder,
	    slash + 1) < 0)
		real = NULL;
	free(folder);
	return real;
}

/* What the link says, seen from where we are; always with a '/'. */
static enum bt_code
read_link(const char *link, char target[PATH_MAX], struct buf *path, struct bt_error *err)
{
	const char *slash = strrchr(link, '/');
	ssize_t len = readlink(link, target, PATH_MAX - 1);

	if (len < 0)
		return fail_errno(err, "%s", link);
	target[len] = '\0';
	if (target[0] != '/' && slash != NULL)
		buf_add(path, link, (size_t)(slash - link) + 1);
	else if (target[0] != '/')
		buf_add_str(path, "./");
	buf_add_str(path, target);
	(void)buf_cstr(path);
	return buf_failed(path) ? fail(err, BT_ENOMEM, "out of memory") : BT_OK;
}

enum bt_code
links_resolve(const char *link, const char *root, struct buf *out, struct bt_error *err)
{
	char target[PATH_MAX], *place = NULL, *top = NULL;
	enum bt_code code;
	struct buf path;
	size_t len;

	buf_init(&path, MAX_PATH);
	code = read_link(link, target, &path, err);
	if (code == BT_OK) {
		top = realpath(root, NULL);
		place = real_place((char *)path.ptr);
		len = top == NULL ? 0 : strcmp(top, "/") == 0 ? 0 : strlen(top);
		if (top == NULL)
			code = fail_errno(err, "%s", root);
		else if (place == NULL)
			code = fail_errno(err, "%s: a symbolic link to '%s'", link, target);
		else if (strncmp(place, top, len) != 0 || place[len] != '/')
			code = fail(err, BT_EUNSUP,
			    "%s: a symbolic link to '%s', which is not below %s", link, target,
			    root);
		else
			buf_add(out, place + len + 1, strlen(place + len + 1) + 1);
	}
	free(top);
	free(place);
	buf_fini(&path);
	if (code == BT_OK && buf_failed(out))
		code = fail(err, BT_ENOMEM, "out of memory");
	return code;
}

enum bt_code
links_check(const struct walk *w, struct bt_error *err)
{
	for (size_t i = 0; i < w->files.len; i++) {
		const struct walk_file *f = walk_at(w, i);
		const char *target = walk_link(w, f);
		enum bt_code code;
		char *full;

		if (target == NULL || order_has(w, target))
			continue;
		full = walk_full_path(w, f);
		code = full == NULL ? fail(err, BT_ENOMEM, "out of memory") :
		    fail(err, BT_EUNSUP, "%s: a symbolic link to '%s', which is not in the torrent",
		    full, target);
		mem_free(full);
		return code;
	}
	return BT_OK;
}

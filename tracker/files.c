/* SPDX-License-Identifier: ISC */
#include "tracker/files.h"

#include <ctype.h>
#include <stdio.h>

#include "base/query.h"

static void
not_found(struct httpd_reply *re, const char *why)
{
	buf_clear(re->body);
	re->status = 404;
	re->content_type = "text/plain";
	buf_add_str(re->body, why);
}

/* Only what no quoting can be broken with. */
static void
name_download(const char *path, char headers[512])
{
	const char *base = strrchr(path, '/');
	char name[256];
	size_t n = 0;

	for (base = base == NULL ? path : base + 1; *base != '\0' && n < sizeof(name) - 1; base++)
		name[n++] = isalnum((unsigned char)*base) || strchr("-._ ", *base) != NULL ?
		    *base : '_';
	name[n] = '\0';
	(void)snprintf(headers, 512, "Content-Disposition: attachment; filename=\"%s\"\r\n", name);
}

static void
put(struct files *f, const char *path, int64_t version, const char *type, const char *none,
    usec now, struct httpd_reply *re)
{
	switch (shelf_take(f->shelf, path, version, now, &re->shared)) {
	case SHELF_HERE: re->content_type = type; break;
	case SHELF_LATER: re->later = true; break;
	case SHELF_NONE: not_found(re, none); break;
	}
}

bool
files_wanted(const struct bt_tracker_settings *settings)
{
	return settings->allow_get || settings->favicon[0] != '\0';
}

void
files_torrent(struct files *f, struct bt_slice query, usec now, struct httpd_reply *re)
{
	static const char none[] = "there is no such torrent here\n";
	const struct allowed_torrent *t = NULL;
	struct bt_slice value;
	uint8_t hash[20];

	if (!f->settings->allow_get) {
		not_found(re, "this tracker serves no torrent files\n");
		return;
	}
	if (query_find(query, "info_hash", &value) &&
	    query_unescape(value, QUERY_PLUS_STAYS, hash, sizeof(hash)) == sizeof(hash))
		t = gate_torrent(f->gate, hash);
	if (t == NULL) {
		not_found(re, none);
		return;
	}
	put(f, t->path, (int64_t)t->changed.tv_sec * 1000000000 + t->changed.tv_nsec,
	    "application/x-bittorrent", none, now, re);
	if (re->shared != NULL) {
		name_download(t->path, f->headers);
		re->extra = slice_str(f->headers);
	}
}

static const char *
image_type(const char *path)
{
	static const char *const types[][2] = { { ".png", "image/png" }, { ".gif", "image/gif" },
		{ ".svg", "image/svg+xml" }, { ".jpg", "image/jpeg" } };
	size_t len = strlen(path);

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (len > 4 && strcmp(path + len - 4, types[i][0]) == 0)
			return types[i][1];
	}
	return "image/x-icon";
}

void
files_favicon(struct files *f, usec now, struct httpd_reply *re)
{
	static const char none[] = "there is no icon here\n";
	const char *path = f->settings->favicon;

	if (path[0] == '\0')
		not_found(re, none);
	else
		put(f, path, 0, image_type(path), none, now, re);
}

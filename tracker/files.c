/* SPDX-License-Identifier: ISC */
#include "tracker/files.h"

#include <ctype.h>
#include <stdio.h>

#include "base/file.h"
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

void
files_torrent(struct gate *g, const struct bt_tracker_settings *settings, struct bt_slice query,
    char headers[512], struct httpd_reply *re)
{
	const struct allowed_torrent *t = NULL;
	struct bt_slice value;
	uint8_t hash[20];

	if (!settings->allow_get) {
		not_found(re, "this tracker serves no torrent files\n");
		return;
	}
	if (query_find(query, "info_hash", &value) &&
	    query_unescape(value, QUERY_PLUS_STAYS, hash, sizeof(hash)) == sizeof(hash))
		t = gate_torrent(g, hash);
	if (t == NULL || file_read(t->path, re->body, NULL) != BT_OK) {
		not_found(re, "there is no such torrent here\n");
		return;
	}
	re->content_type = "application/x-bittorrent";
	name_download(t->path, headers);
	re->extra = slice_str(headers);
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
files_favicon(const struct bt_tracker_settings *settings, struct httpd_reply *re)
{
	const char *path = settings->favicon;

	if (path[0] == '\0' || file_read(path, re->body, NULL) != BT_OK)
		not_found(re, "there is no icon here\n");
	else
		re->content_type = image_type(path);
}

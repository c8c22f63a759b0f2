/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include "tools/json.h"
#include "tools/show.h"

static void
json_optional(struct bt_json *j, const char *key, struct bt_slice text)
{
	if (text.ptr == NULL)
		bt_json_null(j, key);
	else
		bt_json_slice(j, key, text);
}

static void
json_files(struct bt_json *j, const struct bt_metainfo *m)
{
	static const struct {
		unsigned flag;
		const char *name;
	} attribute[] = {
		{ BT_FILE_PAD, "padding" }, { BT_FILE_EXECUTABLE, "executable" },
		{ BT_FILE_HIDDEN, "hidden" }, { BT_FILE_SYMLINK, "symlink" },
	};

	bt_json_array(j, "files");
	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		struct bt_file f = bt_metainfo_file(m, i);
		size_t len;
		char *path = show_path(m, i, &len);

		bt_json_object(j, NULL);
		bt_json_slice(j, "path", (struct bt_slice){ (uint8_t *)path, len });
		bt_json_uint(j, "length", f.size);
		bt_json_hex(j, "pieces_root", f.root, 32);
		bt_json_array(j, "attributes");
		for (size_t a = 0; a < sizeof(attribute) / sizeof(attribute[0]); a++) {
			if (f.flags & attribute[a].flag)
				bt_json_string(j, NULL, attribute[a].name);
		}
		bt_json_end(j);
		bt_json_end(j);
		free(path);
	}
	bt_json_end(j);
}

static void
json_trackers(struct bt_json *j, const struct bt_metainfo *m)
{
	json_optional(j, "announce", bt_metainfo_announce(m));
	bt_json_array(j, "announce_list");
	for (size_t t = 0; bt_metainfo_has_announce_list(m) && t < bt_metainfo_tier_count(m); t++) {
		bt_json_array(j, NULL);
		for (size_t i = 0; i < bt_metainfo_tracker_count(m, t); i++)
			bt_json_slice(j, NULL, bt_metainfo_tracker(m, t, i));
		bt_json_end(j);
	}
	bt_json_end(j);
	bt_json_array(j, "url_list");
	for (size_t i = 0; i < bt_metainfo_url_seed_count(m); i++)
		bt_json_slice(j, NULL, bt_metainfo_url_seed(m, i));
	bt_json_end(j);
	bt_json_array(j, "httpseeds");
	for (size_t i = 0; i < bt_metainfo_http_seed_count(m); i++)
		bt_json_slice(j, NULL, bt_metainfo_http_seed(m, i));
	bt_json_end(j);
}

bool
show_json(const struct show *s, const char *path, const struct bt_metainfo *m)
{
	const char *tolerated = bt_metainfo_tolerated(m);
	char *magnet = show_magnet(m);
	struct bt_json j;

	(void)s;
	json_to(&j, stdout);
	bt_json_object(&j, NULL);
	bt_json_string(&j, "metainfo_file", path);
	bt_json_slice(&j, "name", bt_metainfo_name(m));
	bt_json_hex(&j, "info_hash", bt_metainfo_info_hash(m), 20);
	bt_json_hex(&j, "info_hash_v2", bt_metainfo_info_hash_v2(m), 32);
	bt_json_string(&j, "version", show_version(m));
	bt_json_uint(&j, "piece_length", bt_metainfo_piece_length(m));
	bt_json_uint(&j, "piece_count", bt_metainfo_piece_count(m));
	bt_json_uint(&j, "total_size", bt_metainfo_total_size(m));
	bt_json_bool(&j, "single_file", bt_metainfo_is_single_file(m));
	json_files(&j, m);
	json_trackers(&j, m);
	bt_json_bool(&j, "private", bt_metainfo_is_private(m));
	json_optional(&j, "source", bt_metainfo_source(m));
	json_optional(&j, "comment", bt_metainfo_comment(m));
	bt_json_int(&j, "creation_date", bt_metainfo_creation_date(m));
	json_optional(&j, "created_by", bt_metainfo_created_by(m));
	bt_json_string(&j, "magnet", magnet);
	if (tolerated == NULL)
		bt_json_null(&j, "tolerated");
	else
		bt_json_string(&j, "tolerated", tolerated);
	bt_json_end(&j);
	free(magnet);
	return true;
}

/* SPDX-License-Identifier: ISC */
/* btshowmetainfo: what is in torrent files, for people and for scripts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <btcore/metainfo.h>

#include "tools/cli.h"
#include "tools/json.h"
#include "tools/text.h"

struct show_options {
	int64_t json;
};

static const struct bt_option rows[] = {
	{ "json", BT_OPT_FLAG, offsetof(struct show_options, json), "0", 0, 0, "0|1", NULL,
	  "Print one JSON object a line for each file." },
};

static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

/* The path of file i as the torrent has it; to be freed. */
static char *
path_of(const struct bt_metainfo *m, uint32_t i, size_t *len)
{
	char *path;

	*len = bt_metainfo_file_path(m, i, NULL, 0);
	path = malloc(*len + 1);
	if (path == NULL)
		abort();
	(void)bt_metainfo_file_path(m, i, path, *len + 1);
	return path;
}

static void
print_line(const char *label, struct bt_slice text)
{
	(void)printf("%s ", label);
	text_print(stdout, text);
	(void)putchar('\n');
}

static void
print_hash(const char *label, const uint8_t *hash, size_t len)
{
	if (hash == NULL)
		return;
	(void)printf("%s ", label);
	for (size_t i = 0; i < len; i++)
		(void)printf("%02x", hash[i]);
	(void)putchar('\n');
}

static void
print_files(const struct bt_metainfo *m)
{
	(void)printf("files.........: \n");
	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		size_t len;
		char *path = path_of(m, i, &len);

		(void)printf("   ");
		text_print(stdout, (struct bt_slice){ (uint8_t *)path, len });
		(void)printf(" (%" PRIu64 ")\n", bt_metainfo_file(m, i).size);
		free(path);
	}
}

static void
print_trackers(const struct bt_metainfo *m)
{
	struct bt_slice announce = bt_metainfo_announce(m);

	if (announce.len > 0)
		print_line("announce url..:", announce);
	else
		(void)printf("***WARNING*** - no announce key\n");
	if (!bt_metainfo_has_announce_list(m))
		return;
	(void)printf("announce-list.: ");
	for (size_t t = 0; t < bt_metainfo_tier_count(m); t++) {
		for (size_t i = 0; i < bt_metainfo_tracker_count(m, t); i++) {
			(void)fputs(i > 0 ? "," : t > 0 ? "|" : "", stdout);
			text_print(stdout, bt_metainfo_tracker(m, t, i));
		}
	}
	(void)putchar('\n');
}

static void
print_http_seeds(const struct bt_metainfo *m)
{
	size_t count = bt_metainfo_http_seed_count(m);

	if (count == 0)
		return;
	(void)printf("http seeds....: ");
	for (size_t i = 0; i < count; i++) {
		(void)fputs(i > 0 ? "|" : "", stdout);
		text_print(stdout, bt_metainfo_http_seed(m, i));
	}
	(void)putchar('\n');
}

/* As BitTornado's btshowmetainfo printed it. */
static void
show_text(const char *path, const struct bt_metainfo *m)
{
	const char *base = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
	uint64_t size = bt_metainfo_content_size(m);
	uint32_t piece_length = bt_metainfo_piece_length(m);
	bool single = bt_metainfo_is_single_file(m);

	print_line("metainfo file.:", (struct bt_slice){ (const uint8_t *)base, strlen(base) });
	print_hash("info hash.....:", bt_metainfo_info_hash(m), 20);
	print_hash("info hash v2..:", bt_metainfo_info_hash_v2(m), 32);
	print_line(single ? "file name.....:" : "directory name:", bt_metainfo_name(m));
	if (!single)
		print_files(m);
	(void)printf("%s %" PRIu64 " (%" PRIu64 " * %" PRIu32 " + %" PRIu64 ")\n",
	    single ? "file size.....:" : "archive size..:", size, size / piece_length, piece_length,
	    size % piece_length);
	print_trackers(m);
	print_http_seeds(m);
	if (bt_metainfo_comment(m).len > 0)
		print_line("comment.......:", bt_metainfo_comment(m));
}

static void
json_optional(struct json *j, const char *key, struct bt_slice text)
{
	if (text.ptr == NULL)
		json_null(j, key);
	else
		json_slice(j, key, text);
}

static void
json_files(struct json *j, const struct bt_metainfo *m)
{
	static const struct {
		unsigned flag;
		const char *name;
	} attribute[] = {
		{ BT_FILE_PAD, "padding" }, { BT_FILE_EXECUTABLE, "executable" },
		{ BT_FILE_HIDDEN, "hidden" }, { BT_FILE_SYMLINK, "symlink" },
	};

	json_array(j, "files");
	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		struct bt_file f = bt_metainfo_file(m, i);
		size_t len;
		char *path = path_of(m, i, &len);

		json_object(j, NULL);
		json_slice(j, "path", (struct bt_slice){ (uint8_t *)path, len });
		json_uint(j, "length", f.size);
		json_array(j, "attributes");
		for (size_t a = 0; a < sizeof(attribute) / sizeof(attribute[0]); a++) {
			if (f.flags & attribute[a].flag)
				json_string(j, NULL, attribute[a].name);
		}
		json_end(j);
		json_end(j);
		free(path);
	}
	json_end(j);
}

static void
json_trackers(struct json *j, const struct bt_metainfo *m)
{
	json_optional(j, "announce", bt_metainfo_announce(m));
	json_array(j, "announce_list");
	for (size_t t = 0; bt_metainfo_has_announce_list(m) && t < bt_metainfo_tier_count(m); t++) {
		json_array(j, NULL);
		for (size_t i = 0; i < bt_metainfo_tracker_count(m, t); i++)
			json_slice(j, NULL, bt_metainfo_tracker(m, t, i));
		json_end(j);
	}
	json_end(j);
	json_array(j, "url_list");
	for (size_t i = 0; i < bt_metainfo_url_seed_count(m); i++)
		json_slice(j, NULL, bt_metainfo_url_seed(m, i));
	json_end(j);
	json_array(j, "httpseeds");
	for (size_t i = 0; i < bt_metainfo_http_seed_count(m); i++)
		json_slice(j, NULL, bt_metainfo_http_seed(m, i));
	json_end(j);
}

static void
show_json(const char *path, const struct bt_metainfo *m)
{
	const char *tolerated = bt_metainfo_tolerated(m);
	struct json j;

	json_init(&j, stdout);
	json_object(&j, NULL);
	json_string(&j, "metainfo_file", path);
	json_slice(&j, "name", bt_metainfo_name(m));
	json_hex(&j, "info_hash", bt_metainfo_info_hash(m), 20);
	json_hex(&j, "info_hash_v2", bt_metainfo_info_hash_v2(m), 32);
	json_uint(&j, "piece_length", bt_metainfo_piece_length(m));
	json_uint(&j, "piece_count", bt_metainfo_piece_count(m));
	json_uint(&j, "total_size", bt_metainfo_total_size(m));
	json_bool(&j, "single_file", bt_metainfo_is_single_file(m));
	json_files(&j, m);
	json_trackers(&j, m);
	json_bool(&j, "private", bt_metainfo_is_private(m));
	json_optional(&j, "source", bt_metainfo_source(m));
	json_optional(&j, "comment", bt_metainfo_comment(m));
	json_int(&j, "creation_date", bt_metainfo_creation_date(m));
	json_optional(&j, "created_by", bt_metainfo_created_by(m));
	if (tolerated == NULL)
		json_null(&j, "tolerated");
	else
		json_string(&j, "tolerated", tolerated);
	json_end(&j);
}

int
main(int argc, char **argv)
{
	struct show_options o;
	const struct cli_part part = { &table, &o };
	struct cli cli = { "btshowmetainfo", "FILE...",
		"Shows what is in torrent files. '-' is standard input.",
		&part, 1, 1, CLI_MANY, NULL, 0 };
	bool failed = false;

	cli_parse(&cli, argc, argv);
	if (!o.json)
		(void)printf("btshowmetainfo 20130326 - decode BitTorrent metainfo files\n\n");
	for (size_t i = 0; i < cli.arg_count; i++) {
		struct bt_metainfo *m;
		struct bt_error err;

		if (bt_metainfo_open(cli.args[i], &m, &err) != BT_OK) {
			cli_error(&cli, "%s", err.text);
			failed = true;
			continue;
		}
		if (o.json)
			show_json(cli.args[i], m);
		else
			show_text(cli.args[i], m);
		bt_metainfo_free(m);
	}
	return cli_finish(&cli, failed);
}

/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/show.h"
#include "tools/text.h"

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
		char *path = show_path(m, i, &len);

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

bool
show_text(const struct show *s, const char *path, const struct bt_metainfo *m)
{
	const char *base = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
	uint64_t size = bt_metainfo_content_size(m);
	uint32_t piece_length = bt_metainfo_piece_length(m);
	bool single = bt_metainfo_is_single_file(m);

	(void)s;
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
	if (bt_metainfo_tolerated(m) != NULL)
		(void)printf("let pass......: %s\n", bt_metainfo_tolerated(m));
	return true;
}

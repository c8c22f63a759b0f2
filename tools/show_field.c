/* SPDX-License-Identifier: ISC */
/* One value of a torrent, for scripts: as it is, on a line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/show.h"
#include "tools/text.h"

/* Lines are kept apart whatever is in them; what else a script gets are the bytes as they are.
 * On a terminal they must not do harm. */
static void
print_value(struct bt_slice s)
{
	if (isatty(STDOUT_FILENO)) {
		text_print(stdout, s);
	} else {
		for (size_t i = 0; i < s.len; i++) {
			if (s.ptr[i] == '\n' || s.ptr[i] == '\0')
				(void)printf("\\x%02x", s.ptr[i]);
			else
				(void)putchar(s.ptr[i]);
		}
	}
	(void)putchar('\n');
}

static void
print_text(const char *s)
{
	print_value((struct bt_slice){ (const uint8_t *)s, strlen(s) });
}

static void
print_hash(const uint8_t *hash, size_t len)
{
	for (size_t i = 0; hash != NULL && i < len; i++)
		(void)printf("%02x", hash[i]);
	(void)putchar('\n');
}

/* -- the fields -- */

static void
put_announce(const struct bt_metainfo *m)
{
	print_value(bt_metainfo_announce(m));
}

static void
put_announce_list(const struct bt_metainfo *m)
{
	for (size_t t = 0; bt_metainfo_has_announce_list(m) && t < bt_metainfo_tier_count(m); t++) {
		for (size_t i = 0; i < bt_metainfo_tracker_count(m, t); i++)
			print_value(bt_metainfo_tracker(m, t, i));
	}
}

static void
put_comment(const struct bt_metainfo *m)
{
	print_value(bt_metainfo_comment(m));
}

static void
put_created_by(const struct bt_metainfo *m)
{
	print_value(bt_metainfo_created_by(m));
}

static void
put_creation_date(const struct bt_metainfo *m)
{
	if (bt_metainfo_creation_date(m) != 0)
		(void)printf("%" PRId64, bt_metainfo_creation_date(m));
	(void)putchar('\n');
}

static void
put_file_count(const struct bt_metainfo *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++)
		n += !(bt_metainfo_file(m, i).flags & BT_FILE_PAD);
	(void)printf("%" PRIu32 "\n", n);
}

static void
put_files(const struct bt_metainfo *m)
{
	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		size_t len;
		char *path;

		if (bt_metainfo_file(m, i).flags & BT_FILE_PAD)
			continue;
		path = show_path(m, i, &len);
		print_value((struct bt_slice){ (uint8_t *)path, len });
		free(path);
	}
}

static void
put_httpseeds(const struct bt_metainfo *m)
{
	for (size_t i = 0; i < bt_metainfo_http_seed_count(m); i++)
		print_value(bt_metainfo_http_seed(m, i));
}

static void
put_info_hash(const struct bt_metainfo *m)
{
	print_hash(bt_metainfo_info_hash(m), 20);
}

static void
put_info_hash_v2(const struct bt_metainfo *m)
{
	print_hash(bt_metainfo_info_hash_v2(m), 32);
}

static void
put_magnet(const struct bt_metainfo *m)
{
	char *text = show_magnet(m);

	print_text(text);
	free(text);
}

static void
put_name(const struct bt_metainfo *m)
{
	print_value(bt_metainfo_name(m));
}

static void
put_piece_count(const struct bt_metainfo *m)
{
	(void)printf("%" PRIu32 "\n", bt_metainfo_piece_count(m));
}

static void
put_piece_length(const struct bt_metainfo *m)
{
	(void)printf("%" PRIu32 "\n", bt_metainfo_piece_length(m));
}

static void
put_private(const struct bt_metainfo *m)
{
	(void)printf("%d\n", bt_metainfo_is_private(m));
}

static void
put_single_file(const struct bt_metainfo *m)
{
	(void)printf("%d\n", bt_metainfo_is_single_file(m));
}

static void
put_source(const struct bt_metainfo *m)
{
	print_value(bt_metainfo_source(m));
}

static void
put_tolerated(const struct bt_metainfo *m)
{
	print_text(bt_metainfo_tolerated(m) == NULL ? "" : bt_metainfo_tolerated(m));
}

static void
put_total_size(const struct bt_metainfo *m)
{
	(void)printf("%" PRIu64 "\n", bt_metainfo_total_size(m));
}

static void
put_url_list(const struct bt_metainfo *m)
{
	for (size_t i = 0; i < bt_metainfo_url_seed_count(m); i++)
		print_value(bt_metainfo_url_seed(m, i));
}

static void
put_version(const struct bt_metainfo *m)
{
	print_text(show_version(m));
}

struct field {
	const char *name;
	void (*put)(const struct bt_metainfo *m);	/* NULL: the path that was given */
};

static const struct field fields[] = {
	{ "announce", put_announce }, { "announce_list", put_announce_list },
	{ "comment", put_comment }, { "created_by", put_created_by },
	{ "creation_date", put_creation_date }, { "file_count", put_file_count },
	{ "files", put_files }, { "httpseeds", put_httpseeds }, { "info_hash", put_info_hash },
	{ "info_hash_v2", put_info_hash_v2 }, { "magnet", put_magnet }, { "metainfo_file", NULL },
	{ "name", put_name }, { "piece_count", put_piece_count },
	{ "piece_length", put_piece_length }, { "private", put_private },
	{ "single_file", put_single_file }, { "source", put_source },
	{ "tolerated", put_tolerated }, { "total_size", put_total_size },
	{ "url_list", put_url_list }, { "version", put_version },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const struct field *
find_field(const char *name)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const char *a = fields[i].name, *b = name;

		/* '-' and '_' are one, as in the names of options. */
		while (*a != '\0' && (*a == *b || (*a == '_' && *b == '-'))) {
			a++;
			b++;
		}
		if (*a == '\0' && *b == '\0')
			return &fields[i];
	}
	return NULL;
}

const char *
show_field_missing(const char *name)
{
	static char text[FIELDS * 16];
	size_t n = 0;

	if (find_field(name) != NULL)
		return NULL;
	for (size_t i = 0; i < FIELDS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    i == 0 ? "" : i + 1 == FIELDS ? " and " : ", ", fields[i].name);
	return text;
}

bool
show_field(const struct show *s, const char *path, const struct bt_metainfo *m)
{
	const struct field *f = find_field(s->value);

	if (f->put == NULL)
		print_text(path);
	else
		f->put(m);
	return true;
}

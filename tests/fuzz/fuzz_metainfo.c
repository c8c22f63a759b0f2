/* SPDX-License-Identifier: ISC */
/* Whatever is accepted as a torrent is sane: paths stay inside, spans add up, pieces have sizes. */
#include "fuzz.h"

#include <string.h>

#include <btcore/lint.h>
#include <btcore/metainfo.h>

#include "base/slice.h"
#include "meta/layout.h"

#define LOOK_AT 2000	/* files and pieces; inputs are small, but not the pieces of a v2 file */

static void
check_safe_element(const char *p, size_t len)
{
	MUST(len > 0 && len <= 255);
	MUST(!(len == 1 && p[0] == '.') && !(len == 2 && p[0] == '.' && p[1] == '.'));
	MUST(memchr(p, '/', len) == NULL && memchr(p, '\0', len) == NULL);
}

static void
check_path(const struct bt_metainfo *m, uint32_t i)
{
	size_t len = bt_metainfo_file_safe_path(m, i, NULL, 0);
	char *path = malloc(len + 1);
	char *p = path;

	MUST(path != NULL && bt_metainfo_file_safe_path(m, i, path, len + 1) == len);
	MUST(strlen(path) == len);
	for (;;) {
		size_t n = strcspn(p, "/");

		check_safe_element(p, n);
		if (p[n] == '\0')
			break;
		p += n + 1;
	}
	free(path);
	(void)bt_metainfo_file_path(m, i, NULL, 0);
}

static void
check_span(const struct bt_metainfo *m, uint64_t begin, uint64_t len)
{
	uint32_t pieces = bt_metainfo_piece_count(m);
	uint64_t content = pieces == 0 ? 0 : layout_piece_offset(m, pieces - 1) +
	    bt_metainfo_piece_size(m, pieces - 1);
	uint64_t want = begin >= content ? 0 : len < content - begin ? len : content - begin;
	struct layout_span span;
	struct layout_iter it;
	uint64_t sum = 0;

	layout_start(&it, m, begin, len);
	while (layout_next(&it, &span)) {
		struct bt_file f = bt_metainfo_file(m, span.file);

		MUST(span.len > 0);
		MUST(f.offset + span.offset == begin + sum);
		MUST(span.pad || span.offset + span.len <= f.size);
		sum += span.len;
	}
	MUST(sum == want);
}

static void
check(const struct bt_metainfo *m)
{
	uint32_t files = bt_metainfo_file_count(m);
	uint32_t pieces = bt_metainfo_piece_count(m);
	uint64_t last_end = 0, sum = 0;

	MUST(bt_metainfo_info_hash(m) != NULL || bt_metainfo_info_hash_v2(m) != NULL);
	MUST(files > 0 && bt_metainfo_piece_length(m) > 0);
	check_safe_element(bt_metainfo_safe_name(m), strlen(bt_metainfo_safe_name(m)));
	for (uint32_t i = 0; i < files && i < LOOK_AT; i++) {
		struct bt_file f = bt_metainfo_file(m, i);
		uint32_t first, last;

		MUST(f.offset >= last_end);
		last_end = f.offset + f.size;
		check_path(m, i);
		check_span(m, f.offset, f.size);
		if (layout_file_pieces(m, i, &first, &last))
			MUST(first <= last && last < pieces);
	}
	for (uint32_t i = 0; i < pieces && i < LOOK_AT; i++) {
		uint32_t size = bt_metainfo_piece_size(m, i);

		MUST(size > 0 && size <= bt_metainfo_piece_length(m));
		check_span(m, layout_piece_offset(m, i), size);
		sum += size;
		MUST(bt_metainfo_piece_hash(m, i) != NULL || (bt_metainfo_info_hash(m) == NULL &&
		    bt_metainfo_layers_missing(m) > 0));
	}
	MUST(pieces > LOOK_AT || sum == bt_metainfo_content_size(m));
	for (size_t t = 0; t < bt_metainfo_tier_count(m); t++) {
		MUST(bt_metainfo_tracker_count(m, t) > 0);
		for (size_t i = 0; i < bt_metainfo_tracker_count(m, t); i++)
			MUST(bt_metainfo_tracker(m, t, i).len > 3);
	}
}

static void
on_finding(void *arg, unsigned bep, const char *text)
{
	++*(size_t *)arg;
	MUST(bep > 0 && text[0] != '\0' && strchr(text, '\n') == NULL);
}

/* Who judges strictly finds something wrong wherever the reader does. */
static void
check_lint(struct bt_slice bytes, bool wrong)
{
	size_t told = 0, count;

	MUST(bt_lint(bytes, on_finding, &told, &count, NULL) == BT_OK);
	MUST(count >= told && (told == count || told == BT_LINT_TOLD));
	MUST(count > 0 || !wrong);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_metainfo *m = NULL;
	struct bt_error err = { .code = BT_OK };

	if (bt_metainfo_parse(slice_of(data, size), &m, &err) == BT_OK) {
		MUST(m != NULL);
		check(m);
		check_lint(slice_of(data, size), bt_metainfo_tolerated(m) != NULL);
		bt_metainfo_free(m);
	} else {
		MUST(m == NULL && err.code != BT_OK);
		MUST(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
		check_lint(slice_of(data, size), true);
	}
	return 0;
}

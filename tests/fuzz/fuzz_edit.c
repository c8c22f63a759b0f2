/* SPDX-License-Identifier: ISC */
/* Whatever is edited: it is a torrent again, and its info dictionary has the same bytes unless that
 * was to change. */
#include "fuzz.h"

#include <btcore/edit.h>
#include <btcore/metainfo.h>

#include "base/slice.h"
#include "bencode/dict.h"

static struct bt_slice
info_of(struct bt_slice torrent, struct dict *d)
{
	MUST(dict_parse(d, torrent, NULL) == BT_OK);
	return dict_get(d, "info");
}

/* What the change left is read again, and is the same when written again. */
static void
check(struct bt_edit *e, struct bt_slice before, bool same_info)
{
	struct dict old, new;
	struct bt_slice out, again;
	struct bt_edit *f;
	bool same;

	MUST(bt_edit_bytes(e, &out, NULL) == BT_OK);
	same = slice_eq(info_of(before, &old), info_of(out, &new));
	MUST(same || !same_info);
	dict_fini(&old);
	dict_fini(&new);
	MUST(bt_edit_parse(out, &f, NULL) == BT_OK);
	MUST(bt_edit_bytes(f, &again, NULL) == BT_OK);
	MUST(slice_eq(out, again));
	MUST(bt_edit_changed(e, NULL) || slice_eq(out, before));
	bt_edit_free(f);
}

/* What was a good torrent is still one. */
static void
check_parses(struct bt_edit *e, struct bt_slice before)
{
	struct bt_metainfo *m;
	struct bt_slice out;

	if (bt_metainfo_parse(before, &m, NULL) != BT_OK)
		return;
	bt_metainfo_free(m);
	MUST(bt_edit_bytes(e, &out, NULL) == BT_OK);
	MUST(bt_metainfo_parse(out, &m, NULL) == BT_OK);
	bt_metainfo_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bt_create_tracker list[] = { { "http://x/1", 0 }, { "udp://x:2", 1 } };
	const char *const seed = "http://h/1";
	struct bt_slice bytes = slice_of(data, size);
	struct bt_edit_url urls[8];
	struct bt_edit *e;

	if (bt_edit_parse(bytes, &e, NULL) != BT_OK) {
		MUST(e == NULL);
		return 0;
	}
	check(e, bytes, true);
	MUST(!bt_edit_changed(e, NULL));
	(void)bt_edit_trackers(e, BT_EDIT_BEFORE, urls, 8);
	(void)bt_edit_http_seeds(e, BT_EDIT_BEFORE, urls, 8);
	(void)bt_edit_replace_trackers(e, "/", "//", NULL);
	check(e, bytes, true);
	(void)bt_edit_replace_trackers(e, "*a*", "http://a/", NULL);
	(void)bt_edit_add_trackers(e, list, 2, NULL);
	(void)bt_edit_remove_trackers(e, "http*e", NULL);
	check(e, bytes, true);
	MUST(bt_edit_set_announce(e, "http://x/1", NULL) == BT_OK);
	MUST(bt_edit_set_trackers(e, list, 2, NULL) == BT_OK);
	MUST(bt_edit_set_http_seeds(e, &seed, 1, NULL) == BT_OK);
	check(e, bytes, true);
	check_parses(e, bytes);
	if (bt_edit_set_name(e, "name", NULL) == BT_OK &&
	    bt_edit_set_source(e, "tag", NULL) == BT_OK) {
		check(e, bytes, false);
		MUST(slice_eq_str(bt_edit_source(e, BT_EDIT_NOW), "tag"));
	}
	bt_edit_free(e);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* What is read as a magnet is sane, and is read back the same from what is written. */
#include "fuzz.h"

#include <string.h>

#include <btcore/magnet.h>

#include "base/slice.h"

static void
check_sane(const struct bt_magnet *m)
{
	MUST(bt_magnet_info_hash(m) != NULL || bt_magnet_info_hash_v2(m) != NULL);
	for (enum bt_magnet_list list = BT_MAGNET_TRACKER; list <= BT_MAGNET_PEER; list++) {
		for (size_t i = 0; i < bt_magnet_count(m, list); i++) {
			struct bt_slice s = bt_magnet_get(m, list, i);

			MUST(s.len > 3 || (list == BT_MAGNET_PEER && s.len > 2));
			for (size_t k = 0; k < s.len; k++)
				MUST(s.ptr[k] > ' ');
		}
	}
	for (size_t i = 0; i < bt_magnet_range_count(m); i++) {
		struct bt_magnet_range r = bt_magnet_range(m, i);

		MUST(r.first <= r.last);
		MUST(i == 0 || r.first > bt_magnet_range(m, i - 1).last + 1);
		MUST(bt_magnet_selects(m, r.first) && bt_magnet_selects(m, r.last));
		MUST(r.last == UINT32_MAX || !bt_magnet_selects(m, r.last + 1));
	}
}

static void
check_hash(const uint8_t *a, const uint8_t *b, size_t len)
{
	MUST((a == NULL) == (b == NULL));
	MUST(a == NULL || memcmp(a, b, len) == 0);
}

static void
check_same(const struct bt_magnet *a, const struct bt_magnet *b)
{
	check_hash(bt_magnet_info_hash(a), bt_magnet_info_hash(b), 20);
	check_hash(bt_magnet_info_hash_v2(a), bt_magnet_info_hash_v2(b), 32);
	MUST((bt_magnet_name(a).ptr == NULL) == (bt_magnet_name(b).ptr == NULL));
	MUST(slice_eq(bt_magnet_name(a), bt_magnet_name(b)));
	for (enum bt_magnet_list list = BT_MAGNET_TRACKER; list <= BT_MAGNET_PEER; list++) {
		MUST(bt_magnet_count(a, list) == bt_magnet_count(b, list));
		for (size_t i = 0; i < bt_magnet_count(a, list); i++)
			MUST(slice_eq(bt_magnet_get(a, list, i), bt_magnet_get(b, list, i)));
	}
	MUST(bt_magnet_range_count(a) == bt_magnet_range_count(b));
	for (size_t i = 0; i < bt_magnet_range_count(a); i++) {
		MUST(bt_magnet_range(a, i).first == bt_magnet_range(b, i).first);
		MUST(bt_magnet_range(a, i).last == bt_magnet_range(b, i).last);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_magnet *m = NULL, *again = NULL;
	struct bt_error err = { .code = BT_OK };
	const char *text;

	if (bt_magnet_parse(slice_of(data, size), &m, &err) != BT_OK) {
		MUST(m == NULL && err.code != BT_OK);
		MUST(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
		return 0;
	}
	check_sane(m);
	text = bt_magnet_text(m);
	MUST(text != NULL);
	for (const char *p = text; *p != '\0'; p++)
		MUST(*p > ' ' && *p < 0x7f);
	MUST(bt_magnet_parse(slice_str(text), &again, &err) == BT_OK);
	check_same(m, again);
	bt_magnet_free(again);
	bt_magnet_free(m);
	return 0;
}

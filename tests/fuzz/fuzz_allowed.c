/* SPDX-License-Identifier: ISC */
/* Lists of info-hashes: whatever was read is found. */
#include "fuzz.h"

#include "tracker/rules/allowed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct allowed *a = allowed_new();
	struct bt_error err;

	MUST(a != NULL);
	if (allowed_add_list(a, slice_of(data, size), &err) != BT_OK)
		MUST(err.text[0] != '\0');
	allowed_seal(a);
	for (size_t i = 0; i < a->items.len; i++)
		MUST(allowed_find(a, ((struct allowed_item *)vec_at(&a->items, i))->hash) != NULL);
	snapshot_drop(&a->snapshot);
	return 0;
}

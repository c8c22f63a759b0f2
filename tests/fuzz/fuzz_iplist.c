/* SPDX-License-Identifier: ISC */
/* Address lists: what was read is sorted and disjoint, and its ends are in it. */
#include "fuzz.h"

#include "tracker/rules/iplist.h"

static void
check_ends(const struct ipset *s)
{
	for (size_t i = 0; i < s->v6.len; i++) {
		const struct ipset_v6 *r = vec_at(&s->v6, i);
		struct addr a = { .family = ADDR_V6 };

		memcpy(a.ip, r->first, 16);
		MUST(ipset_has(s, &a));
		memcpy(a.ip, r->last, 16);
		MUST(ipset_has(s, &a));
	}
}

static void
check(struct bt_slice in,
    enum bt_code (*read)(struct bt_slice, struct ipset *, struct bt_error *))
{
	struct bt_error err;
	struct ipset s;

	ipset_init(&s);
	if (read(in, &s, &err) != BT_OK)
		MUST(err.text[0] != '\0');
	ipset_seal(&s);
	ipset_check(&s);
	check_ends(&s);
	ipset_fini(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_slice in = slice_of(data, size);

	check(in, iplist_networks);
	check(in, iplist_ranges);
	check(in, iplist_option);
	return 0;
}

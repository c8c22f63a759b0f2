/* SPDX-License-Identifier: ISC */
/* Is it bencode as BEP 3 has it? */
#include "base/log.h"
#include "bencode/scan.h"
#include "meta/lint.h"

static void
say_key(struct lint *l, const struct scan *s, size_t pos)
{
	struct bt_slice key;
	struct scan again;
	char shown[100];

	scan_init(&again, slice_of(s->ptr + pos, s->len - pos), SCAN_PREFIX);
	key = scan_string(&again);
	lint_say(l, 3, "%s: '%s' at byte %zu",
	    s->tolerated & SCAN_DUPLICATE ? "duplicate key" : "keys are not sorted",
	    log_escape(key, shown, sizeof(shown)), pos);
}

/* Of repetitions in a row, which the scan passes over, the first is named. */
static void
read_key(struct lint *l, struct scan *s)
{
	size_t pos = scan_pos(s);
	struct bt_slice key;

	s->tolerated = 0;
	(void)scan_key(s, &key);
	if (s->tolerated != 0)
		say_key(l, s, pos);
}

static void
step(struct lint *l, struct scan *s)
{
	const struct scan_level *top = s->depth == 0 ? NULL : &s->level[s->depth - 1];

	if (top != NULL && top->dict && !top->value_due)
		read_key(l, s);
	else
		scan_step(s);
}

struct bt_bencode
lint_bencode(struct lint *l, struct bt_slice bytes)
{
	struct bt_error err;
	struct scan s;

	scan_init(&s, bytes, SCAN_LENIENT);
	do {
		step(l, &s);
	} while (!scan_failed(&s) && s.depth > 0);
	s.tolerated = 0;
	if (!scan_finish(&s)) {
		(void)scan_fail_as(&s, "malformed", &err);
		lint_refuse(l, 3, "%s", err.text);
		return (struct bt_bencode){ SLICE_NONE };
	}
	if (s.tolerated & SCAN_TRAILING)
		lint_say(l, 3, "%zu bytes behind the dictionary", s.len - scan_pos(&s));
	return (struct bt_bencode){ slice_of(bytes.ptr, scan_pos(&s)) };
}

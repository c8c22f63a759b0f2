/* SPDX-License-Identifier: ISC */
/* Which files a host wants, by the priorities of the public interface. */
#include <btcore/session.h>

#include "base/mem.h"
#include "session/model.h"

/* As the picker has it. */
static bool
priority_of(int priority, uint8_t *out)
{
	switch (priority) {
	case BT_PRIORITY_SKIP:
		*out = 0;
		return true;
	case BT_PRIORITY_HIGHEST:
		*out = PICKER_HIGHEST;
		return true;
	case BT_PRIORITY_NORMAL:
		*out = PICKER_NORMAL;
		return true;
	case BT_PRIORITY_LOWEST:
		*out = 1;
		return true;
	default:
		return false;
	}
}

enum bt_priority
choose_priority(const struct choice *c, uint32_t file)
{
	unsigned is = c->files == NULL || file >= c->count ? PICKER_NORMAL : c->files[file];

	return is == 0 ? BT_PRIORITY_SKIP : is == PICKER_HIGHEST ? BT_PRIORITY_HIGHEST :
	    is == PICKER_NORMAL ? BT_PRIORITY_NORMAL : BT_PRIORITY_LOWEST;
}

enum bt_code
choose_make(const int *priorities, size_t count, struct choice *out, struct bt_error *err)
{
	*out = (struct choice){ .count = (uint32_t)count };
	if (count > UINT32_MAX)
		return fail(err, BT_EARG, "no torrent has this many files");
	out->files = mem_array(count + 1, 1);
	if (out->files == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		if (!priority_of(priorities[i], &out->files[i])) {
			choice_fini(out);
			return fail(err, BT_EARG, "%d is not a priority", priorities[i]);
		}
	}
	return BT_OK;
}

enum bt_code
choose_check(const struct choice *c, uint32_t files, struct bt_error *err)
{
	if (c->files == NULL || c->count == files)
		return BT_OK;
	return fail(err, BT_EARG, "%u priorities for %u files", (unsigned)c->count,
	    (unsigned)files);
}

struct choosing {
	struct bt_session *session;
	uint32_t id;
	struct choice choice;
	struct bt_error *err;
	enum bt_code code;
};

static void
do_choose(void *arg)
{
	struct choosing *c = arg;
	struct entry *e = entry_find(c->session, c->id);

	if (e == NULL) {
		c->code = fail(c->err, BT_ENOENT, "no torrent has the number %u",
		    (unsigned)c->id);
		return;
	}
	c->choice.sequential = entry_choice(e)->sequential;
	c->choice.first_last = entry_choice(e)->first_last;
	c->code = choose_check(&c->choice, e->files, c->err);
	if (c->code == BT_OK && !entry_choose(e, &c->choice))
		c->code = fail(c->err, BT_ENOMEM, "out of memory");
}

enum bt_code
bt_session_set_priorities(struct bt_session *s, uint32_t id, const int *priorities, size_t count,
    struct bt_error *err)
{
	struct choosing c = { .session = s, .id = id, .err = err };
	enum bt_code code = choose_make(priorities, count, &c.choice, err);

	if (code == BT_OK) {
		code = mailbox_call(s->mailbox, do_choose, &c) ? c.code :
		    fail(err, BT_ECANCEL, "the session ends");
		choice_fini(&c.choice);
	}
	return code;
}

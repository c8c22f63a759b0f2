/* SPDX-License-Identifier: ISC */
/* Settings and limits that change while a session runs. */
#include <btcore/session.h>

#include "base/cdefs.h"
#include "session/model.h"

/* What is decided once, when the session begins: its sockets. */
static const char *const fixed[] = {
	"minport", "maxport", "random_port", "bind", "interface", "ip", "ipv6_enabled", "state",
};

struct wish {
	struct bt_session *session;
	const struct bt_settings *wanted;
	struct bt_settings *copy;
	uint32_t id;
	const char *name;
	int64_t value;
	struct bt_error *err;
	enum bt_code code;
};

static void
do_copy(void *arg)
{
	struct wish *c = arg;

	c->copy = bt_settings_copy(&c->session->settings);
}

struct bt_settings *
bt_session_settings(struct bt_session *s)
{
	struct wish c = { .session = s };

	return mailbox_call(s->mailbox, do_copy, &c) ? c.copy : NULL;
}

static enum bt_code
check_fixed(const struct bt_session *s, const struct bt_settings *wanted, struct bt_error *err)
{
	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		const struct bt_option *row = bt_options_find(bt_settings_table(), fixed[i]);

		if (!bt_options_same(row, &s->settings, wanted))
			return fail(err, BT_EUNSUP, "%s: cannot be changed while the session runs",
			    row->name);
	}
	return BT_OK;
}

static void
put_in_force(struct bt_session *s)
{
	const struct bt_settings *set = &s->settings;
	struct entry *e;
	size_t pos = 0;
	usec now = loop_now(s->loop);

	rate_set(&s->in.tree.all, (uint64_t)set->max_download_rate * 1024, now);
	rate_set(&s->out.tree.all, (uint64_t)set->max_upload_rate * 1024, now);
	announce_net_set_timeout(s->announces, (usec)(set->http_timeout * SECOND));
	disk_set_limits(&s->disk, session_budget(s).files,
	    (size_t)(set->write_buffer_size * (1 << 20)));
	peers_set_limits(s);
	queue_touch(&s->queue);
	entries_fill_opts(s);
	while ((e = map_next(&s->by_id, &pos)) != NULL)
		entry_set_limits(e);
}

static void
do_apply(void *arg)
{
	struct wish *c = arg;
	struct bt_session *s = c->session;
	struct bt_settings before = s->settings;

	c->code = check_fixed(s, c->wanted, c->err);
	if (c->code != BT_OK)
		return;
	if (bt_options_copy(bt_settings_table(), &s->settings, c->wanted) != BT_OK) {
		s->settings = before;
		c->code = fail(c->err, BT_ENOMEM, "out of memory");
		return;
	}
	bt_options_fini(bt_settings_table(), &before);
	put_in_force(s);
}

static enum bt_code
run(struct wish *c, void (*fn)(void *))
{
	return mailbox_call(c->session->mailbox, fn, c) ? c->code :
	    fail(c->err, BT_ECANCEL, "the session ends");
}

enum bt_code
bt_session_apply(struct bt_session *s, const struct bt_settings *settings, struct bt_error *err)
{
	return run(&(struct wish){ .session = s, .wanted = settings, .err = err }, do_apply);
}

static struct entry *
find(struct wish *c)
{
	struct entry *e = entry_find(c->session, c->id);

	c->code = e != NULL ? BT_OK :
	    fail(c->err, BT_ENOENT, "no torrent has the number %u", (unsigned)c->id);
	return e;
}

/* The order of pieces is not what it was. False: no memory. */
static bool
order_again(struct entry *e)
{
	const struct choice *old = entry_choice(e);
	struct choice choice = *old;

	choice.sequential = entry_wishes(e)->sequential != 0;
	choice.first_last = entry_wishes(e)->first_last != 0;
	if (choice.sequential == old->sequential && choice.first_last == old->first_last)
		return true;
	return entry_choose(e, &choice);
}

static void
do_set_limit(void *arg)
{
	struct wish *c = arg;
	struct entry *e = find(c);

	if (e == NULL)
		return;
	c->code = !entry_has_own(e) ? fail(c->err, BT_ENOMEM, "out of memory") :
	    bt_options_set_int(bt_limits_table(), &e->own->wishes, c->name, c->value, c->err);
	if (c->code != BT_OK)
		return;
	entry_set_limits(e);
	if (!order_again(e))
		c->code = fail(c->err, BT_ENOMEM, "out of memory");
}

enum bt_code
bt_session_set_limit(struct bt_session *s, uint32_t id, const char *name, int64_t value,
    struct bt_error *err)
{
	return run(&(struct wish){ .session = s, .id = id, .name = name, .value = value,
	    .err = err }, do_set_limit);
}

static void
do_get_limit(void *arg)
{
	struct wish *c = arg;
	const struct entry *e = find(c);

	if (e != NULL)
		c->code = bt_options_get_int(bt_limits_table(), entry_wishes(e), c->name, &c->value,
		    c->err);
}

enum bt_code
bt_session_get_limit(struct bt_session *s, uint32_t id, const char *name, int64_t *out,
    struct bt_error *err)
{
	struct wish c = { .session = s, .id = id, .name = name, .err = err };
	enum bt_code code = run(&c, do_get_limit);

	if (code == BT_OK)
		*out = c.value;
	return code;
}

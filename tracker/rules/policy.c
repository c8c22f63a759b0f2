/* SPDX-License-Identifier: ISC */
#include "tracker/rules/policy.h"

#include "tracker/rules/iplist.h"

static enum bt_code
read_first(struct policy *p, struct bt_error *err)
{
	enum bt_code code = lists_read(&p->lists, &p->notes, err);

	if (code == BT_OK)
		notes_tell(&p->notes, p->log);
	return code;
}

enum bt_code
policy_open(struct policy *p, const struct bt_tracker_settings *settings, const struct log *log,
    struct bt_error *err)
{
	enum bt_code code;

	*p = (struct policy){ .settings = settings, .log = log };
	lists_init(&p->lists, settings);
	ipset_init(&p->proxies);
	notes_init(&p->notes);
	seeded_init(&p->seeded);
	code = iplist_option(slice_str(settings->trusted_proxies), &p->proxies, err);
	if (code != BT_OK)
		return code;
	ipset_seal(&p->proxies);
	if (settings->rate_limit > 0) {
		p->limit = limit_new((uint32_t)settings->rate_limit,
		    (uint32_t)settings->rate_burst);
		if (p->limit == NULL)
			return fail(err, BT_ENOMEM, "out of memory");
	}
	if (settings->nat_check > 0) {
		p->nat_known = nat_known_new(settings->timeout_downloaders_interval * SECOND);
		if (p->nat_known == NULL)
			return fail(err, BT_ENOMEM, "out of memory");
	}
	return read_first(p, err);
}

void
policy_close(struct policy *p)
{
	if (p->settings == NULL)
		return;
	loop_timer_fini(&p->timer);
	lists_fini(&p->lists);
	limit_free(p->limit);
	nat_known_free(p->nat_known);
	ipset_fini(&p->proxies);
	notes_fini(&p->notes);
	seeded_fini(&p->seeded);
}

static bool
is_allowed(void *arg, const uint8_t info_hash[20])
{
	return allowed_find(arg, info_hash) != NULL;
}

/* An announce that was let in by the list from before may come just after: its peer times out. */
static void
bar_others(struct policy *p)
{
	if (p->lists.parts.torrents != NULL)
		shards_bar(p->shards, is_allowed, p->lists.parts.torrents);
}

static void
read_work(struct job *j)
{
	struct policy *p = CONTAINER_OF(j, struct policy, job);
	const struct allowed *was = p->lists.parts.torrents;
	struct bt_error err;

	/* Whatever went wrong is in the notes. */
	(void)lists_read(&p->lists, &p->notes, &err);
	if (p->lists.parts.torrents != was)
		bar_others(p);
}

static void
read_done(struct job *j)
{
	struct policy *p = CONTAINER_OF(j, struct policy, job);

	p->reading = false;
	notes_tell(&p->notes, p->log);
	if (p->again)
		(void)policy_read_again(p);
	else if (p->on_read != NULL)
		p->on_read(p->on_read_arg);
}

bool
policy_read_again(struct policy *p)
{
	if (p->pool == NULL)
		return false;
	p->again = p->reading;
	if (p->reading)
		return true;
	p->job.work = read_work;
	p->job.done = read_done;
	p->reading = true;
	pool_send(p->pool, &p->job);
	return true;
}

static void
on_timer(void *arg, usec now)
{
	struct policy *p = arg;

	(void)now;
	(void)policy_read_again(p);
	loop_timer_set(&p->timer, p->settings->parse_dir_interval * SECOND);
}

enum bt_code
policy_watch(struct policy *p, struct loop *l, struct pool *pool, struct shards *shards,
    struct bt_error *err)
{
	if (!lists_wanted(p->settings))
		return BT_OK;
	p->shards = shards;
	bar_others(p);
	if (!loop_timer_init(&p->timer, l, on_timer, p))
		return fail(err, BT_ENOMEM, "out of memory");
	p->pool = pool;
	loop_timer_set(&p->timer, p->settings->parse_dir_interval * SECOND);
	return BT_OK;
}

struct gate
policy_gate(struct policy *p)
{
	return (struct gate){ .lists.place = &p->lists.place, .limit = p->limit };
}

/* SPDX-License-Identifier: ISC */
/* btreannounce: sets or changes the trackers of torrents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/edit_each.h"
#include "tools/edit_text.h"
#include "tools/urls.h"

struct announce_options {
	char *announce_list, *add, *remove, *replace, *with, *source;
};

#define AT(member) offsetof(struct announce_options, member)

static const struct bt_option rows[] = {
	{ "announce_list", BT_OPT_TEXT, AT(announce_list), "", 0, 0, "URLS", NULL,
	  "With URL: all trackers, ',' between those of one tier, '|' between tiers." },
	{ "add", BT_OPT_TEXT, AT(add), "", 0, 0, "URLS", NULL,
	  "Add trackers that are not there yet, in tiers behind the others." },
	{ "remove", BT_OPT_TEXT, AT(remove), "", 0, 0, "URL", NULL,
	  "Remove a tracker; '*' in it stands for anything." },
	{ "replace", BT_OPT_TEXT, AT(replace), "", 0, 0, "OLD", NULL,
	  "Replace this text wherever a tracker's URL has it; with a '*' in it, the whole URL of "
	  "which it is the pattern." },
	{ "with", BT_OPT_TEXT, AT(with), "", 0, 0, "NEW", NULL,
	  "What --replace puts there; if empty, trackers with OLD are removed." },
	{ "source", BT_OPT_TEXT, AT(source), "", 0, 0, "TAG", NULL,
	  "Set the source tag of the info dictionary: this changes the info-hash." },
};

static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

static const struct cli_short shorts[] = {
	{ 'a', "announce_list" }, { 'h', "help" }, { 'v', "verbose" }, { 0, NULL }
};

struct change {
	const struct announce_options *o;
	const char *announce;	/* NULL: stays */
	struct bt_create_tracker *trackers, *added;
	size_t tracker_count, added_count;
};

/* Nobody wants a URL with a hole in it: without anything new the whole tracker goes. */
static enum bt_code
replace(struct bt_edit *e, const char *old, const char *with, struct bt_error *err)
{
	enum bt_code code;
	char *pattern;

	if (with[0] != '\0')
		return bt_edit_replace_trackers(e, old, with, err);
	if (strchr(old, '*') != NULL)
		return bt_edit_remove_trackers(e, old, err);
	if (asprintf(&pattern, "*%s*", old) < 0)
		abort();
	code = bt_edit_remove_trackers(e, pattern, err);
	free(pattern);
	return code;
}

static enum bt_code
edit(void *arg, struct bt_edit *e, const char *path, struct bt_error *err)
{
	const struct change *c = arg;
	enum bt_code code = BT_OK;

	(void)path;
	if (c->announce != NULL) {
		code = bt_edit_set_announce(e, c->announce, err);
		if (code == BT_OK)
			code = bt_edit_set_trackers(e, c->trackers, c->tracker_count, err);
	}
	if (code == BT_OK && c->o->remove[0] != '\0')
		code = bt_edit_remove_trackers(e, c->o->remove, err);
	if (code == BT_OK && c->o->replace[0] != '\0')
		code = replace(e, c->o->replace, c->o->with, err);
	if (code == BT_OK)
		code = bt_edit_add_trackers(e, c->added, c->added_count, err);
	if (code == BT_OK && c->o->source[0] != '\0')
		code = bt_edit_set_source(e, c->o->source, err);
	return code;
}

/* The first word is the new tracker, unless the options say all that is to be done. */
static bool
wants_url(const struct announce_options *o, const char *first)
{
	if (o->add[0] != '\0' || o->remove[0] != '\0' || o->replace[0] != '\0')
		return false;
	return o->source[0] == '\0' || strstr(first, "://") != NULL;
}

static void
check(const struct cli *c, const struct announce_options *o, bool url)
{
	if ((o->replace[0] != '\0') != cli_given(c, "with"))
		cli_misuse(c, "--replace and --with go together");
	if (!url && strstr(c->args[0], "://") != NULL && access(c->args[0], F_OK) != 0)
		cli_misuse(c, "a new URL goes without --add, --remove and --replace");
	if (!url && o->announce_list[0] != '\0')
		cli_misuse(c, "--announce_list goes with a new URL, and without other changes");
	if (url && c->arg_count < 2)
		cli_misuse(c, "too few arguments: wanted %s", c->words);
}

int
main(int argc, char **argv)
{
	struct announce_options o;
	struct edit_options shared;
	const struct cli_part parts[] = { { &table, &o }, { &edit_option_table, &shared } };
	struct cli cli = { .program = "btreannounce", .words = "[URL] FILE...",
		.about = "Makes URL the tracker of each torrent FILE, or changes the trackers it "
		    "has: with --add, --remove or --replace there is no URL.",
		.parts = parts, .part_count = 2, .min_args = 1, .max_args = CLI_MANY,
		.torrents = true };
	struct change c = { .o = &o };
	const struct edit_each each = { &cli, &shared, edit, edit_say_old_trackers, &c };
	bool url, ok;

	cli_parse_short(&cli, shorts, argc, argv);
	url = wants_url(&o, cli.args[0]);
	check(&cli, &o, url);
	c.announce = url ? cli.args[0] : NULL;
	c.trackers = urls_tiers(o.announce_list, &c.tracker_count);
	c.added = urls_tiers(o.add, &c.added_count);
	if (c.trackers == NULL || c.added == NULL)
		abort();
	ok = edit_each(&each, cli.args + url, cli.arg_count - url);
	free(c.trackers);
	free(c.added);
	return cli_finish(&cli, !ok);
}

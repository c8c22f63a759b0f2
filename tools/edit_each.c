/* SPDX-License-Identifier: ISC */
#include "tools/edit_each.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/edit_text.h"
#include "tools/stop.h"
#include "tools/torrents.h"

#define AT(member) offsetof(struct edit_options, member)

static const struct bt_option rows[] = {
	{ "verbose", BT_OPT_FLAG, AT(verbose), "0", 0, 0, NULL, NULL,
	  "Say for each file what was there, and a new info-hash." },
	{ "recursive", BT_OPT_FLAG, AT(recursive), "0", 0, 0, "0|1", NULL,
	  "Go into directories, for all files in them that end in '.torrent'." },
	{ "dry_run", BT_OPT_FLAG, AT(dry_run), "0", 0, 0, "0|1", NULL,
	  "Print what would change, and change nothing." },
	{ "json", BT_OPT_FLAG, AT(json), "0", 0, 0, "0|1", NULL,
	  "Print one JSON object a line for each file." },
};

const struct bt_option_table edit_option_table = { rows, sizeof(rows) / sizeof(rows[0]) };

const struct cli_short edit_shorts[] = { { 'h', "help" }, { 'v', "verbose" }, { 0, NULL } };

/* What there is to say of a file; said when all before it has been said. */
struct report {
	struct report *next;
	char *path;
	char *text;
	bool waits;		/* until its file is on disk */
	bool aside;		/* on stderr: the original did not print it */
	bool changed;
};

struct run {
	const struct edit_each *each;
	struct bt_edit_batch *batch;
	struct report *first, **end;
	size_t changed, unchanged, failed;
};

static void *
need(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static void
say_reports(struct run *r)
{
	while (r->first != NULL && !r->first->waits) {
		struct report *said = r->first;

		r->first = said->next;
		if (r->first == NULL)
			r->end = &r->first;
		if (said->aside && said->text[0] != '\0')
			(void)fflush(stdout);
		(void)fputs(said->text, said->aside ? stderr : stdout);
		free(said->path);
		free(said->text);
		free(said);
	}
}

static struct report *
new_report(struct run *r, const char *path)
{
	struct report *report = need(calloc(1, sizeof(*report)));

	report->path = need(strdup(path));
	report->text = need(strdup(""));
	*r->end = report;
	r->end = &report->next;
	return report;
}

/* To be freed. e is NULL if why it could not be edited. */
static char *
text_of(const struct edit_each *each, const struct bt_edit *e, const char *path, const char *why)
{
	const struct edit_options *o = each->options;
	size_t size;
	char *text = NULL;
	FILE *out = need(open_memstream(&text, &size));

	if (o->json && e == NULL) {
		edit_json_error(out, path, why);
	} else if (o->json) {
		edit_json(out, e, path);
	} else if (e != NULL) {
		if (o->verbose)
			each->say(out, e, path);
		if (o->dry_run)
			edit_say_changes(out, e, path);
		else
			edit_say_info_hash(out, e, path);
	}
	if (fclose(out) != 0)
		abort();
	return text;
}

static void
failed(struct run *r, struct report *report, const char *why)
{
	r->failed++;
	report->waits = report->aside = false;
	cli_error(r->each->cli, "%s", why);
	free(report->text);
	report->text = text_of(r->each, NULL, report->path, why);
}

static void
on_replaced(void *arg, void *tag, const struct bt_error *err)
{
	struct report *report = tag;
	struct run *r = arg;

	report->waits = false;
	if (err != NULL)
		failed(r, report, err->text);
	else
		r->changed++;
}

static void
edit_opened(struct run *r, struct report *report, struct bt_edit *e)
{
	const struct edit_each *each = r->each;
	const struct edit_options *o = each->options;
	struct bt_error err;
	enum bt_code code = each->edit(each->arg, e, report->path, &err);

	if (code == BT_EARG) {
		bt_edit_batch_free(r->batch);
		cli_misuse(each->cli, "%s", err.text);
	}
	if (code != BT_OK) {
		char *why;

		if (asprintf(&why, "%s: %s", report->path, err.text) < 0)
			abort();
		failed(r, report, why);
		free(why);
		return;
	}
	report->aside = !o->verbose && !o->dry_run && !o->json;
	if (!report->aside || bt_edit_changed(e, "info")) {
		free(report->text);
		report->text = text_of(each, e, report->path, NULL);
	}
	if (!bt_edit_changed(e, NULL)) {
		r->unchanged++;
	} else if (o->dry_run) {
		r->changed++;
	} else {
		report->waits = true;
		if (bt_edit_batch_add(r->batch, e, report->path, report, &err) != BT_OK)
			failed(r, report, err.text);
	}
}

static void
edit_file(struct run *r, const char *path)
{
	struct report *report = new_report(r, path);
	struct bt_error err;
	struct bt_edit *e;

	if (strcmp(path, "-") == 0) {
		failed(r, report, "-: standard input cannot be edited in place");
	} else if (bt_edit_open(path, &e, &err) != BT_OK) {
		failed(r, report, err.text);
	} else {
		edit_opened(r, report, e);
		bt_edit_free(e);
	}
	say_reports(r);
}

static void
on_torrent(void *arg, const char *path)
{
	if (!stop_asked)
		edit_file(arg, path);
}

static void
on_unreadable(void *arg, const char *path)
{
	struct run *r = arg;
	char *why;

	if (asprintf(&why, "%s: %s", path, strerror(errno)) < 0)
		abort();
	failed(r, new_report(r, path), why);
	free(why);
}

static void
sum_up(const struct run *r)
{
	const struct edit_options *o = r->each->options;

	if (stop_asked)
		cli_error(r->each->cli, "stopped; the rest is as it was");
	if (r->changed + r->unchanged + r->failed > 1 &&
	    (r->failed > 0 || o->verbose || o->dry_run))
		cli_error(r->each->cli, "%zu %s, %zu unchanged, %zu failed", r->changed,
		    o->dry_run ? "would change" : "changed", r->unchanged, r->failed);
}

bool
edit_each(const struct edit_each *each, char **paths, size_t count)
{
	static const struct torrents_found found = { on_torrent, on_unreadable };
	struct run r = { .each = each };

	r.end = &r.first;
	r.batch = need(bt_edit_batch_new(on_replaced, &r));
	stop_on_signals();
	for (size_t i = 0; i < count && !stop_asked; i++) {
		if (each->options->recursive)
			torrents_in(paths[i], &found, &r);
		else
			edit_file(&r, paths[i]);
	}
	if (!stop_asked)
		bt_edit_batch_commit(r.batch);
	bt_edit_batch_free(r.batch);
	say_reports(&r);
	while (r.first != NULL) {
		/* Stopped before it came to that. */
		free(r.first->text);
		r.first->text = need(strdup(""));
		r.first->waits = false;
		say_reports(&r);
	}
	sum_up(&r);
	return r.failed == 0 && !stop_asked;
}

/* SPDX-License-Identifier: ISC */
/* The view of btlaunchmany: messages, and a line for each torrent. */
#include <stdio.h>

#include "tools/launch.h"
#include "tools/text.h"
#include "tools/view.h"

/* A complaint is shown for this long. */
#define WORDS_SECONDS 300

static void
many_round(size_t count)
{
	(void)putchar('\n');
	if (count == 0)
		(void)printf("###  no torrents\n");
	(void)fflush(stdout);
}

/* What it does, in the original's words. */
static void
activity(const struct bt_torrent_status *t, char *out, size_t size)
{
	uint64_t left = t->wanted - t->wanted_done;

	if (t->state == BT_TORRENT_CHECKING && t->pieces_checked == 0)
		(void)snprintf(out, size, "waiting for hash check");
	else if (t->state == BT_TORRENT_CHECKING)
		(void)snprintf(out, size, "checking existing file");
	else if (t->state != BT_TORRENT_DOWNLOADING)
		(void)snprintf(out, size, "%s", bt_torrent_state_name(t->state));
	else if (t->peers == 0)
		(void)snprintf(out, size, "connecting to peers");
	else if (t->download_rate == 0)
		(void)snprintf(out, size, "downloading");
	else {
		left /= t->download_rate;
		(void)snprintf(out, size, "%llu:%02u:%02u", (unsigned long long)(left / 3600),
		    (unsigned)(left / 60 % 60), (unsigned)(left % 60));
	}
}

static double
percent(const struct bt_torrent_status *t)
{
	if (t->state == BT_TORRENT_CHECKING)
		return t->piece_count == 0 ? 0 : 100.0 * t->pieces_checked / t->piece_count;
	/* Rounded down, for 100.0 is said of what is complete only. */
	return t->wanted == 0 ? 100 : (double)(t->wanted_done * 1000 / t->wanted) / 10;
}

static void
many_status(const struct item *it, const struct bt_torrent_status *t)
{
	const char *words = it->error_text != NULL ? it->error_text :
	    it->tracker_text != NULL ? it->tracker_text : "";
	char what[64];

	activity(t, what, sizeof(what));
	(void)putchar('"');
	if (it->by_name)
		text_print(stdout, it->name);
	else
		text_puts(stdout, it->torrent);
	(void)printf("\": \"%s\" (%.1f%%) - %uP%u%s%.3fD u%.1fK/s-d%.1fK/s u%lluK-d%lluK \"", what,
	    percent(t), t->peers - t->seeds, t->seeds, t->wanted_done == t->wanted ? "s" : "S",
	    t->distributed_copies, (double)t->upload_rate / 1000, (double)t->download_rate / 1000,
	    (unsigned long long)(t->uploaded / 1024), (unsigned long long)(t->downloaded / 1024));
	if (launch_now() - it->words_at < WORDS_SECONDS)
		text_puts(stdout, words);
	(void)printf("\"\n");
	(void)fflush(stdout);
}

static void
tell(const char *what, const struct item *it)
{
	(void)printf("###  %s \"", what);
	text_puts(stdout, it->torrent);
	(void)printf("\"\n");
	(void)fflush(stdout);
}

static void
many_event(const struct item *it, const struct bt_event *e)
{
	if (e->type == BT_EVENT_ERROR)
		tell("DIED:", it);
}

static void
many_added(const struct item *it)
{
	tell("added", it);
}

static void
many_dropped(const struct item *it)
{
	tell("dropped", it);
}

static void
many_message(const char *text)
{
	(void)printf("###  ");
	text_puts(stdout, text);
	(void)putchar('\n');
	(void)fflush(stdout);
}

static void
many_end(const struct item *it, const struct bt_torrent_status *t)
{
	(void)it;
	(void)t;
}

const struct view view_many = { many_round, many_status, many_event, many_added, many_dropped,
	many_message, many_end };

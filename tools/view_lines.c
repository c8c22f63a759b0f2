/* SPDX-License-Identifier: ISC */
/* The two views of one torrent, for people. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/text.h"
#include "tools/view.h"

#define KIB 1024.0
#define MIB (1024.0 * 1024.0)

static double
percent(const struct bt_torrent_status *t)
{
	if (t->state == BT_TORRENT_CHECKING)
		return t->piece_count == 0 ? 0 : 100.0 * t->pieces_checked / t->piece_count;
	/* Rounded down: 100 is said of what is complete only. */
	return t->wanted == 0 ? 100 :
	    floor(1000.0 * (double)t->wanted_done / (double)t->wanted) / 10;
}

static void
time_left(const struct bt_torrent_status *t, char *out, size_t size)
{
	uint64_t left = t->wanted - t->wanted_done;
	uint64_t s;

	if (t->state != BT_TORRENT_DOWNLOADING || t->download_rate == 0) {
		const char *activity = t->state == BT_TORRENT_CHECKING ? "checking existing file" :
		    t->state == BT_TORRENT_FAILED ? "Download Failed!" :
		    t->wanted_done == t->wanted ? "Download Succeeded!" :
		    t->state != BT_TORRENT_DOWNLOADING ? "shutting down" :
		    t->peers == 0 ? "connecting to peers" : "";

		(void)snprintf(out, size, "%s", activity);
		return;
	}
	s = left / t->download_rate;
	if (s >= 3600)
		(void)snprintf(out, size, "%u hour%s %02u min %02u sec", (unsigned)(s / 3600),
		    s / 3600 == 1 ? "" : "s", (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	else
		(void)snprintf(out, size, "%u min %02u sec", (unsigned)(s / 60),
		    (unsigned)(s % 60));
}

static void
share_rating(const struct bt_torrent_status *t, char *out, size_t size)
{
	if (t->downloaded == 0 && t->uploaded > 0)
		(void)snprintf(out, size, "oo");
	else
		(void)snprintf(out, size, "%.3f",
		    t->downloaded == 0 ? 0.0 : (double)t->uploaded / (double)t->downloaded);
}

static void
block_status(const struct item *it, const struct bt_torrent_status *t)
{
	char left[64], rating[32];

	time_left(t, left, sizeof(left));
	share_rating(t, rating, sizeof(rating));
	(void)printf("\n\n\n\n\n");
	if (it->error_text != NULL) {
		(void)printf("ERROR: ");
		text_puts(stdout, it->error_text);
		(void)putchar('\n');
	}
	(void)printf("saving:         ");
	text_print(stdout, it->name);
	(void)printf(" (%.1f MB)\n", (double)it->size / MIB);
	if (t->wanted_done == t->wanted && t->state != BT_TORRENT_CHECKING)
		(void)printf("percent done:   100\n");
	else
		(void)printf("percent done:   %.1f\n", percent(t));
	(void)printf("time left:      %s\n", left);
	(void)printf("download to:    ");
	text_puts(stdout, it->path);
	(void)putchar('\n');
	(void)printf("download rate:  %.1f kB/s\n", (double)t->download_rate / KIB);
	(void)printf("upload rate:    %.1f kB/s\n", (double)t->upload_rate / KIB);
	(void)printf("share rating:   %s   (%.1f MB up / %.1f MB down)\n", rating,
	    (double)t->uploaded / MIB, (double)t->downloaded / MIB);
	(void)printf("seed status:    %u seen %s, plus %.3f distributed copies\n", t->seeds,
	    t->wanted_done == t->wanted ? "recently" : "now", t->distributed_copies - t->seeds);
	(void)printf("peer status:    %u seen now, %.1f%% done at %.1f kB/s\n", t->peers - t->seeds,
	    percent(t), (double)t->download_rate / KIB);
	(void)fflush(stdout);
}

static void
block_event(const struct item *it, const struct bt_event *e)
{
	(void)it;
	if (e->type == BT_EVENT_TRACKER && e->as.tracker.code != BT_OK) {
		(void)fprintf(stderr, "tracker: ");
		text_puts(stderr, e->text);
		(void)fputc('\n', stderr);
	}
	if (e->type == BT_EVENT_PEER_BANNED)
		(void)fprintf(stderr, "banned %s: it sent bad data\n", e->text);
}

static void
no_round(size_t count)
{
	(void)count;
}

/* One torrent alone comes with the program and goes with it. */
static void
no_change(const struct item *it)
{
	(void)it;
}

static void
no_message(const char *text)
{
	(void)text;
}

const struct view view_block = { no_round, block_status, block_event, no_change, no_change,
	no_message, block_status };

static int
terminal_width(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

static void
line_status(const struct item *it, const struct bt_torrent_status *t)
{
	int width = terminal_width();
	char left[64], line[256];

	(void)it;
	time_left(t, left, sizeof(left));
	(void)snprintf(line, sizeof(line),
	    "%5.1f%%  %.1f of %.1f MB  down %.1f up %.1f kB/s  %u peers, %u seeds  %s", percent(t),
	    (double)t->done / MIB, (double)t->size / MIB, (double)t->download_rate / KIB,
	    (double)t->upload_rate / KIB, t->peers - t->seeds, t->seeds, left);
	if (strlen(line) >= (size_t)width && (size_t)width < sizeof(line))
		line[width - 1] = '\0';
	(void)printf("\r%s\033[K", line);
	(void)fflush(stdout);
}

static void
line_event(const struct item *it, const struct bt_event *e)
{
	if (e->type == BT_EVENT_TRACKER && e->as.tracker.code == BT_OK)
		return;
	if (e->type == BT_EVENT_TRACKER || e->type == BT_EVENT_PEER_BANNED) {
		(void)printf("\r\033[K");
		(void)fflush(stdout);
		block_event(it, e);
	}
}

static void
line_end(const struct item *it, const struct bt_torrent_status *t)
{
	line_status(it, t);
	(void)printf("\n");
	(void)fflush(stdout);
}

const struct view view_line = { no_round, line_status, line_event, no_change, no_change,
	no_message, line_end };

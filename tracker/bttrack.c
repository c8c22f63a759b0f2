/* SPDX-License-Identifier: ISC */
/* bttrack: a tracker. Everything that it does is in <btcore/tracker.h>. */
#include <signal.h>
#include <stdio.h>

#include <btcore/tracker.h>

#include "tools/cli.h"
#include "tools/descriptors.h"
#include "tools/notify.h"

static struct bt_tracker *tracker;	/* all for the signal handler */
static bool reopen_log;
static volatile sig_atomic_t asked_early;	/* by this signal, before there was a tracker */

static void
on_signal(int number)
{
	if (number != SIGHUP) {
		notify_tell("STOPPING=1");
		bt_tracker_stop(tracker);
		return;
	}
	bt_tracker_reload(tracker);
	if (reopen_log)
		bt_tracker_reopen_log(tracker);
}

static void
on_early_signal(int number)
{
	asked_early = number;
}

static void
hold_reloads(int how)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(how, &set, NULL);
}

/* While the tracker is made they wait: who sees it answer may end it in order. But the first one
 * ends an open that would last, as of a FIFO, and a second one ends the program. */
static void
hold_signals(void)
{
	struct sigaction sa = { .sa_handler = on_early_signal, .sa_flags = (int)SA_RESETHAND };

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	hold_reloads(SIG_BLOCK);
	(void)signal(SIGPIPE, SIG_IGN);
}

static void
handle_signals(const struct bt_tracker_settings *s)
{
	struct sigaction sa = { .sa_handler = on_signal };

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	reopen_log = s->hupmonitor != 0;
	(void)sigaction(SIGHUP, &sa, NULL);
	hold_reloads(SIG_UNBLOCK);
	if (asked_early != 0)
		on_signal(asked_early);
}

static void
on_log(void *arg, enum bt_log_level level, const char *topic, const char *text)
{
	(void)topic;
	if (level == BT_LOG_ERROR)
		cli_error(arg, "%s", text);
	else if (level == BT_LOG_WARN)
		cli_error(arg, "warning: %s", text);
}

static void
on_heartbeat(void *arg)
{
	(void)arg;
	notify_tell("WATCHDOG=1");
}

static void
on_reload(void *arg, bool done)
{
	(void)arg;
	if (done)
		notify_tell("READY=1");
	else
		notify_reloading();
}

static void
tell_manager_that_we_live(void)
{
	double seconds = notify_watchdog_interval();

	if (seconds > 0)
		bt_tracker_set_heartbeat(tracker, seconds < 1 ? seconds : 1, on_heartbeat, NULL);
	bt_tracker_watch_reloads(tracker, on_reload, NULL);
	notify_tell("READY=1");
}

int
main(int argc, char **argv)
{
	struct bt_tracker_settings settings;
	const struct cli_part part = { bt_tracker_options(), &settings };
	struct cli cli = { .program = "bttrack", .words = "",
	    .about = "Track BitTorrent peers over HTTP and UDP, IPv4 and IPv6.",
	    .parts = &part, .part_count = 1 };
	struct bt_error err;
	bool failed = true;

	cli_parse(&cli, argc, argv);
	notify_init();
	if (settings.listen_fds == 0)
		settings.listen_fds = notify_sockets();
	descriptors_raise();
	hold_signals();
	tracker = bt_tracker_new(&settings, on_log, &cli, &err);
	if (tracker == NULL && err.code == BT_EARG)
		cli_misuse(&cli, "%s", err.text);
	if (tracker != NULL) {
		handle_signals(&settings);
		if (settings.port == 0 && settings.listen_fds == 0)
			cli_error(&cli, "listening on port %u", bt_tracker_port(tracker));
		failed = settings.confine && bt_tracker_confine(tracker, &err) != BT_OK;
		if (!failed && notify_has_manager())
			tell_manager_that_we_live();
		failed = failed || bt_tracker_run(tracker, &err) != BT_OK;
		bt_tracker_free(tracker);
	}
	if (failed)
		cli_error(&cli, "%s", err.text);
	return cli_finish(&cli, failed);
}

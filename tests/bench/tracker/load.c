/* SPDX-License-Identifier: ISC */
/* tracker_load: what it is told to do one after the other, a line of JSON about each. */
#include "tests/bench/tracker/load.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/cdefs.h"
#include "tools/cli.h"

#define ROW(field, kind, def, min, max, arg, group, help) \
	{ #field, kind, offsetof(struct settings, field), def, min, max, arg, group, help }

static const struct bt_option rows[] = {
	ROW(server, BT_OPT_TEXT, NULL, 0, 0, "ADDRESS", "Where", "The tracker's IPv4 address."),
	ROW(port, BT_OPT_INT, "6969", 1, 65535, "port", "Where", "Its port."),
	ROW(pid, BT_OPT_INT, "0", 0, 0, "PID", "Where", "Its process, to count its CPU time."),
	ROW(proto, BT_OPT_TEXT, "udp", 0, 0, "udp|http|http-keep", "Where", "How to ask it."),
	ROW(swarms, BT_OPT_INT, "100000", 1, 1e8, "number", "Crowd", "How many torrents."),
	ROW(peers, BT_OPT_INT, "1000000", 1, 1e8, "number", "Crowd", "How many peers, in all."),
	ROW(callers, BT_OPT_INT, "200000", 1, 1e8, "number", "Crowd",
	    "How many of them ask, once all are there."),
	ROW(addresses, BT_OPT_INT, "1000000", 1, 8388608, "number", "Crowd",
	    "How many addresses they share; for http-keep, also how many connections there are."),
	ROW(seeds, BT_OPT_INT, "30", 0, 100, "percent", "Crowd", "How many of them are seeds."),
	ROW(numwant, BT_OPT_INT, "50", 0, 200, "peers", "Load", "Peers that are asked for."),
	ROW(scrapes, BT_OPT_INT, "5", 0, 100, "percent", "Load", "Scrapes among what is asked."),
	ROW(window, BT_OPT_INT, "128", 1, 65536, "number", "Load",
	    "Requests under way at once, but for latency."),
	ROW(rate, BT_OPT_INT, "10000", 1, 1e8, "number", "Load",
	    "Requests a second for latency, whatever the tracker does."),
	ROW(seconds, BT_OPT_FLOAT, "5", 0.1, 3600, "seconds", "Load", "How long to measure."),
	ROW(warmup, BT_OPT_FLOAT, "0.5", 0, 60, "seconds", "Load", "How long not to, before."),
};

static bool
do_one(const struct settings *s, const char *what)
{
	bool by_udp = strcmp(s->proto, "udp") == 0;

	if (strcmp(what, "fill") == 0)
		return load_udp(s, FEED_FILL);	/* a tracker does not care how it learned of them */
	if (strcmp(what, "run") == 0)
		return by_udp ? load_udp(s, FEED_RUN) : load_http(s, FEED_RUN);
	if (strcmp(what, "latency") == 0)
		return by_udp ? load_udp(s, FEED_LATENCY) : load_http(s, FEED_LATENCY);
	if (strcmp(what, "hashes") != 0) {
		fprintf(stderr, "tracker_load: what is '%s'?\n", what);
		return false;
	}
	for (uint32_t i = 0; i < (uint32_t)s->swarms; i++) {
		uint8_t hash[20];

		crowd_hash(i, hash);
		for (int j = 0; j < 20; j++)
			printf("%02x", hash[j]);
		(void)putchar('\n');
	}
	return true;
}

int
main(int argc, char **argv)
{
	static const struct bt_option_table table = { rows, COUNT_OF(rows) };
	static struct settings s;
	const struct cli_part part = { &table, &s };
	struct cli cli = { .program = "tracker_load", .words = "fill|run|latency|hashes...",
	    .about = "Put a load on a tracker and measure what it does.",
	    .parts = &part, .part_count = 1, .min_args = 1, .max_args = CLI_MANY };
	bool good = true;

	cli_parse(&cli, argc, argv);
	if (!addr_parse(s.server, (uint16_t)s.port, &s.at) || s.at.family != ADDR_V4)
		cli_misuse(&cli, "server: wants an IPv4 address");
	if (strcmp(s.proto, "http-keep") == 0 && s.addresses > s.peers)
		cli_misuse(&cli, "addresses: more of them than peers");
	if (s.callers > s.peers)
		s.callers = s.peers;
	for (size_t i = 0; good && i < cli.arg_count; i++)
		good = do_one(&s, cli.args[i]);
	return cli_finish(&cli, !good);
}

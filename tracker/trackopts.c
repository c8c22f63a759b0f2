/* SPDX-License-Identifier: ISC */
#include "tracker/trackopts.h"

#include "base/cdefs.h"
#include "base/error.h"

#define DAYS_45 3888000

static const char NETWORK[] = "Network";
static const char PEERS[] = "Peers";
static const char STATE[] = "State, pages and logs";
static const char LIMITS[] = "Limits";
static const char ACCESS[] = "Who and what is served";
static const char NAT[] = "Connecting back";

#define ROW(field, kind, def, min, max, arg, group, help) \
	{ #field, kind, offsetof(struct bt_tracker_settings, field), def, min, max, arg, group, \
	  help }
#define IGNORED(name, arg, help) { name, BT_OPT_IGNORED, 0, "", 0, 0, arg, NULL, help }

static const struct bt_option rows[] = {
	ROW(port, BT_OPT_INT, "80", 0, 65535, "port", NETWORK,
	    "Port for HTTP (TCP) and UDP; 0 lets the system choose and says which."),
	ROW(bind, BT_OPT_TEXT, "", 0, 0, "addresses", NETWORK,
	    "Comma separated local addresses, or names of such, to listen on; all if empty."),
	ROW(ipv6_enabled, BT_OPT_FLAG, "1", 0, 1, "0|1", NETWORK, "Listen on IPv6 too."),
	ROW(tls_port, BT_OPT_INT, "0", 0, 65535, "port", NETWORK, "Port for HTTPS; 0 is none."),
	ROW(tls_cert, BT_OPT_TEXT, "", 0, 0, "FILE", NETWORK,
	    "Its certificate, with the chain, as PEM."),
	ROW(tls_key, BT_OPT_TEXT, "", 0, 0, "FILE", NETWORK,
	    "The key, as PEM; empty if it is in the same file."),
	ROW(listen_fds, BT_OPT_INT, "0", 0, 64, "number", NETWORK,
	    "Use so many sockets that were handed over, from descriptor 3 on, and open none."),
	ROW(user, BT_OPT_TEXT, "", 0, 0, "NAME", NETWORK,
	    "Become this user when the ports are open."),
	ROW(confine, BT_OPT_FLAG, "1", 0, 1, "0|1", NETWORK,
	    "Give up access to all files but those that are named here."),
	ROW(threads, BT_OPT_INT, "0", 0, 1024, "number", NETWORK,
	    "Threads that serve; 0 is one for each processor."),
	ROW(socket_timeout, BT_OPT_INT, "15", 1, 3600, "seconds", NETWORK,
	    "Time for a client to send a request or to take a reply; then it is cut."),

	ROW(reannounce_interval, BT_OPT_INT, "1800", 1, DAYS_45, "seconds", PEERS,
	    "How often clients are told to announce."),
	ROW(timeout_downloaders_interval, BT_OPT_INT, "2700", 1, DAYS_45, "seconds", PEERS,
	    "Peers that have not announced for so long are dropped."),
	ROW(response_size, BT_OPT_INT, "50", 0, 1000, "peers", PEERS,
	    "Peers in a reply: at most, and if the client names no number."),
	ROW(compact_reqd, BT_OPT_FLAG, "1", 0, 1, "0|1", PEERS,
	    "Refuse clients that do not ask for compact replies; others need peer ids, 20 bytes "
	    "a peer."),
	ROW(only_local_override_ip, BT_OPT_INT, "2", 0, 2, "0|1|2", PEERS,
	    "Believe the address that a client names as its own: 0 of anyone, 1 only of clients on "
	    "local networks, 2 as 1, or as 0 with nat_check."),
	ROW(keep_dead, BT_OPT_FLAG, "0", 0, 1, "0|1", PEERS,
	    "Keep torrents without peers, on the page and in scrapes."),

	ROW(dfile, BT_OPT_TEXT, NULL, 0, 0, "FILE", STATE, "Where the state is kept."),
	ROW(save_dfile_interval, BT_OPT_INT, "300", 1, DAYS_45, "seconds", STATE,
	    "How often it is saved."),
	ROW(scrape_allowed, BT_OPT_TEXT, "full", 0, 0, "none|specific|full", STATE,
	    "Whether scrapes are answered: not at all, for torrents that are named, always."),
	ROW(show_infopage, BT_OPT_FLAG, "1", 0, 1, "0|1", STATE, "Show a page at /."),
	ROW(favicon, BT_OPT_TEXT, "", 0, 0, "FILE", STATE, "Served as /favicon.ico."),
	ROW(stats_json, BT_OPT_FLAG, "1", 0, 1, "0|1", STATE,
	    "Show what the page shows as JSON at /stats.json."),
	ROW(metrics, BT_OPT_FLAG, "1", 0, 1, "0|1", STATE,
	    "Show counters for Prometheus at /metrics."),
	ROW(pages_bind, BT_OPT_TEXT, "", 0, 0, "ADDRESS:PORT", STATE,
	    "Show page, JSON and metrics there only, not on the tracker's port."),
	ROW(infopage_redirect, BT_OPT_TEXT, "", 0, 0, "URL", STATE,
	    "Send browsers that ask for / there."),
	ROW(logfile, BT_OPT_TEXT, "", 0, 0, "FILE", STATE,
	    "Where requests are logged; standard output if empty or -."),
	ROW(log_format, BT_OPT_TEXT, "combined", 0, 0, "combined|json|none", STATE,
	    "Lines as of web servers, a JSON object each, or none."),
	ROW(log_udp, BT_OPT_FLAG, "0", 0, 1, "0|1", STATE, "Log requests by UDP too."),
	ROW(log_rate, BT_OPT_INT, "10000", 0, 1e9, "lines", STATE,
	    "So many a second at most, the rest is counted; 0 is no limit."),
	ROW(min_time_between_log_flushes, BT_OPT_FLOAT, "3.0", 0, 3600, "seconds", STATE,
	    "Log lines are gathered for so long."),
	ROW(hupmonitor, BT_OPT_FLAG, "0", 0, 1, "0|1", STATE, "Open the log file anew on SIGHUP."),

	ROW(max_connections, BT_OPT_INT, "10000", 1, 1000000, "number", LIMITS,
	    "HTTP connections at once; the open-file limit may lower it."),
	ROW(max_torrents, BT_OPT_INT, "1000000", 0, 1e9, "number", LIMITS,
	    "Torrents tracked; 0 is no limit. One with no peer or a single one makes room for "
	    "another."),
	ROW(max_peers_total, BT_OPT_INT, "20000000", 0, 1e12, "number", LIMITS,
	    "Peers remembered of all torrents together; 0 is no limit."),
	ROW(max_peers, BT_OPT_INT, "1000000", 0, 1e9, "number", LIMITS,
	    "Peers remembered of one torrent and address family; 0 is no limit."),
	ROW(max_peers_per_ip, BT_OPT_INT, "64", 0, 65535, "number", LIMITS,
	    "The same at one IPv4 address or IPv6 /64; those on local networks are not limited."),

	ROW(rate_limit, BT_OPT_INT, "100", 0, 1000000, "number", LIMITS,
	    "Announces, scrapes and pages a second for one IPv4 address or IPv6 /56 network; "
	    "0 is no limit. Clients on local networks are not limited."),
	ROW(rate_burst, BT_OPT_INT, "6000", 1, 1000000, "number", LIMITS,
	    "So many may come at once after a rest: a client that starts announces all its "
	    "torrents."),

	ROW(allowed_dir, BT_OPT_TEXT, "", 0, 0, "DIR", ACCESS,
	    "Track only the torrents whose files are in this directory, or, if there are none, in "
	    "its subdirectories."),
	ROW(allowed_list, BT_OPT_TEXT, "", 0, 0, "FILE", ACCESS,
	    "Track only the torrents whose info-hashes, in hex, stand on the lines of this file; "
	    "not together with allowed_dir."),
	ROW(allowed_controls, BT_OPT_FLAG, "0", 0, 1, "0|1", ACCESS,
	    "Send the keys 'failure reason' and 'warning message' of a torrent file in allowed_dir "
	    "to its clients."),
	ROW(allowed_ips, BT_OPT_TEXT, "", 0, 0, "FILE", ACCESS,
	    "Serve only the networks in this file, one on each line: ADDRESS, ADDRESS/LENGTH or "
	    "FIRST-LAST."),
	ROW(banned_ips, BT_OPT_TEXT, "", 0, 0, "FILE", ACCESS,
	    "Do not serve the addresses in this file; its lines are TEXT:FIRST-LAST."),
	ROW(parse_dir_interval, BT_OPT_INT, "60", 1, DAYS_45, "seconds", ACCESS,
	    "How often these lists are looked at; what has not changed is not read."),
	ROW(trusted_proxies, BT_OPT_TEXT, "", 0, 0, "NETWORKS", ACCESS,
	    "Comma separated: clients that connect from there are known by what X-Forwarded-For, "
	    "X-Real-IP or the PROXY protocol says."),
	ROW(show_names, BT_OPT_FLAG, "1", 0, 1, "0|1", ACCESS,
	    "Show names and sizes from allowed_dir on the page."),
	ROW(allow_get, BT_OPT_FLAG, "0", 0, 1, "0|1", ACCESS,
	    "Serve the torrent files of allowed_dir at /file?info_hash=."),
	ROW(dedicated_seed_id, BT_OPT_TEXT, "", 0, 0, "ID", ACCESS,
	    "A seed that sends this as seed_id marks its torrent; who sends check_seeded=1 is told "
	    "seeded 1 then."),

	ROW(nat_check, BT_OPT_INT, "0", 0, 1000000, "tries", NAT,
	    "Connect back to peers before they are handed out, so often at most; 0 hands out "
	    "all. Off by default: peers behind NAT are of use to those who are not, and to others "
	    "by uTP and hole punching."),
	ROW(log_nat_checks, BT_OPT_FLAG, "0", 0, 1, "0|1", NAT,
	    "Write a line for each such connection into the log of requests."),

	IGNORED("multitracker_enabled", "0|1",
	    "Clients ask all trackers of a torrent themselves (BEP 12), and one another (BEP 11)."),
	IGNORED("multitracker_allowed", "none|autodetect|all", "See multitracker_enabled."),
	IGNORED("multitracker_reannounce_interval", "seconds", "See multitracker_enabled."),
	IGNORED("multitracker_maxpeers", "peers", "See multitracker_enabled."),
	IGNORED("aggregate_forward", "URL[,PASSWORD]",
	    "Announces are not forwarded; collect the numbers at /metrics or /stats.json."),
	IGNORED("aggregator", "0|1|PASSWORD", "No tracker forwards its announces any more."),
	IGNORED("http_timeout", "seconds", "No other trackers are asked."),
	IGNORED("ipv6_binds_v4", "0|1", "Each family has its own socket."),
	IGNORED("timeout_check_interval", "seconds", "Silent peers are dropped as they come due."),
	IGNORED("min_time_between_cache_refreshes", "seconds", "There is no cache."),
};

const struct bt_option_table *
bt_tracker_options(void)
{
	static const struct bt_option_table table = { rows, COUNT_OF(rows) };

	return &table;
}

enum bt_code
trackopts_check(const struct bt_tracker_settings *s, struct bt_error *err)
{
	if (s->dfile[0] == '\0')
		return fail(err, BT_EARG, "dfile: names no file");
	if (s->allowed_dir[0] != '\0' && s->allowed_list[0] != '\0')
		return fail(err, BT_EARG, "allowed_dir and allowed_list exclude one another");
	if (s->tls_port != 0 && s->tls_cert[0] == '\0')
		return fail(err, BT_EARG, "tls_port: needs tls_cert");
	if (s->tls_port == 0 && s->tls_cert[0] != '\0')
		return fail(err, BT_EARG, "tls_cert: needs tls_port");
	return BT_OK;
}

/* A client on a local network may speak for an address that we cannot see. */
bool
trackopts_believes(const struct bt_tracker_settings *s, const struct addr *client)
{
	/* What is not true does not answer when it is called back. */
	bool checked = s->only_local_override_ip == 2 && s->nat_check > 0;

	return s->only_local_override_ip == 0 || checked || addr_is_local(client);
}

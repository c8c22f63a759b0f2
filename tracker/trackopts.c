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
	    "Local addresses or names to listen on, separated by commas; all if empty."),
	ROW(ipv6_enabled, BT_OPT_FLAG, "1", 0, 1, "0|1", NETWORK, "Listen on IPv6 too."),
	ROW(tls_port, BT_OPT_INT, "0", 0, 65535, "port", NETWORK, "Port for HTTPS; 0 is none."),
	ROW(tls_cert, BT_OPT_TEXT, "", 0, 0, "FILE", NETWORK,
	    "The certificate for it, with its chain, as PEM."),
	ROW(tls_key, BT_OPT_TEXT, "", 0, 0, "FILE", NETWORK,
	    "The key of the certificate, as PEM; empty if it is in the same file."),
	ROW(listen_fds, BT_OPT_INT, "0", 0, 64, "number", NETWORK,
	    "Open no sockets, but use this many that were handed over, from descriptor 3 on."),
	ROW(user, BT_OPT_TEXT, "", 0, 0, "NAME", NETWORK,
	    "Become this user once the ports are open."),
	ROW(confine, BT_OPT_FLAG, "1", 0, 1, "0|1", NETWORK,
	    "Give up access to all files but those named by these options."),
	ROW(threads, BT_OPT_INT, "0", 0, 1024, "number", NETWORK,
	    "Number of threads that serve; 0 is one for each processor."),
	ROW(socket_timeout, BT_OPT_INT, "15", 1, 3600, "seconds", NETWORK,
	    "How long a client may take to send a request or to receive a reply."),

	ROW(reannounce_interval, BT_OPT_INT, "1800", 1, DAYS_45, "seconds", PEERS,
	    "How often clients are told to announce."),
	ROW(timeout_downloaders_interval, BT_OPT_INT, "2700", 1, DAYS_45, "seconds", PEERS,
	    "Drop peers that have not announced for this long."),
	ROW(response_size, BT_OPT_INT, "50", 0, 1000, "peers", PEERS,
	    "Most peers in a reply; also how many there are if the client names no number."),
	ROW(compact_reqd, BT_OPT_FLAG, "1", 0, 1, "0|1", PEERS,
	    "Refuse clients that do not ask for compact replies; others need peer ids, 20 bytes "
	    "a peer."),
	ROW(only_local_override_ip, BT_OPT_INT, "2", 0, 2, "0|1|2", PEERS,
	    "Which clients may name their own address: 0: all, 1: only those on local networks, "
	    "2: as 1, or as 0 with nat_check."),
	ROW(keep_dead, BT_OPT_FLAG, "0", 0, 1, "0|1", PEERS,
	    "Keep torrents without peers, on the page and in scrapes."),

	ROW(dfile, BT_OPT_TEXT, NULL, 0, 0, "FILE", STATE, "File in which the state is kept."),
	ROW(save_dfile_interval, BT_OPT_INT, "300", 1, DAYS_45, "seconds", STATE,
	    "How often the state is saved."),
	ROW(scrape_allowed, BT_OPT_TEXT, "full", 0, 0, "none|specific|full", STATE,
	    "Which scrapes are answered: none, those that name torrents, or all."),
	ROW(show_infopage, BT_OPT_FLAG, "1", 0, 1, "0|1", STATE, "Show a page at /."),
	ROW(favicon, BT_OPT_TEXT, "", 0, 0, "FILE", STATE, "File that is served as /favicon.ico."),
	ROW(stats_json, BT_OPT_FLAG, "1", 0, 1, "0|1", STATE,
	    "Serve what the page shows as JSON at /stats.json."),
	ROW(metrics, BT_OPT_FLAG, "1", 0, 1, "0|1", STATE,
	    "Serve counters for Prometheus at /metrics."),
	ROW(pages_bind, BT_OPT_TEXT, "", 0, 0, "ADDRESS:PORT", STATE,
	    "Serve the page, JSON and metrics only there, not on the tracker's port."),
	ROW(infopage_redirect, BT_OPT_TEXT, "", 0, 0, "URL", STATE,
	    "Redirect browsers that ask for / to this URL."),
	ROW(logfile, BT_OPT_TEXT, "", 0, 0, "FILE", STATE,
	    "Where requests are logged; standard output if empty or -."),
	ROW(log_format, BT_OPT_TEXT, "combined", 0, 0, "combined|json|none", STATE,
	    "Form of the log: lines as web servers write them, one JSON object a line, or none."),
	ROW(log_udp, BT_OPT_FLAG, "0", 0, 1, "0|1", STATE, "Log requests by UDP too."),
	ROW(log_rate, BT_OPT_INT, "10000", 0, 1e9, "lines", STATE,
	    "Most lines a second; those above it are only counted; 0 is no limit."),
	ROW(min_time_between_log_flushes, BT_OPT_FLOAT, "3.0", 0, 3600, "seconds", STATE,
	    "How long log lines are gathered before they are written."),
	ROW(hupmonitor, BT_OPT_FLAG, "0", 0, 1, "0|1", STATE, "Reopen the log file on SIGHUP."),

	ROW(max_connections, BT_OPT_INT, "10000", 1, 1000000, "number", LIMITS,
	    "Most HTTP connections at once; the limit on open files may lower it."),
	ROW(max_torrents, BT_OPT_INT, "1000000", 0, 1e9, "number", LIMITS,
	    "Most torrents tracked; 0 is no limit. One with no peer or only one makes room for "
	    "another."),
	ROW(max_peers_total, BT_OPT_INT, "20000000", 0, 1e12, "number", LIMITS,
	    "Most peers remembered in all torrents together; 0 is no limit."),
	ROW(max_peers, BT_OPT_INT, "1000000", 0, 1e9, "number", LIMITS,
	    "Most peers remembered in one torrent and address family; 0 is no limit."),
	ROW(max_peers_per_ip, BT_OPT_INT, "64", 0, 65535, "number", LIMITS,
	    "The same for one IPv4 address or IPv6 /64; local networks are not limited."),

	ROW(rate_limit, BT_OPT_INT, "100", 0, 1000000, "number", LIMITS,
	    "Most announces, scrapes and pages a second for one IPv4 address or IPv6 /56; "
	    "0 is no limit. Clients on local networks are not limited."),
	ROW(rate_burst, BT_OPT_INT, "6000", 1, 1000000, "number", LIMITS,
	    "How many of these may come at once after a rest: a client that starts announces "
	    "all its torrents."),

	ROW(allowed_dir, BT_OPT_TEXT, "", 0, 0, "DIR", ACCESS,
	    "Track only the torrents whose files are in this directory, or, if there are none, in "
	    "its subdirectories."),
	ROW(allowed_list, BT_OPT_TEXT, "", 0, 0, "FILE", ACCESS,
	    "Track only the torrents whose info-hashes are in this file, one on each line, in "
	    "hex; not together with allowed_dir."),
	ROW(allowed_controls, BT_OPT_FLAG, "0", 0, 1, "0|1", ACCESS,
	    "Send clients the keys 'failure reason' and 'warning message' of the torrent file in "
	    "allowed_dir."),
	ROW(allowed_ips, BT_OPT_TEXT, "", 0, 0, "FILE", ACCESS,
	    "Serve only the networks in this file, one on each line: ADDRESS, ADDRESS/LENGTH or "
	    "FIRST-LAST."),
	ROW(banned_ips, BT_OPT_TEXT, "", 0, 0, "FILE", ACCESS,
	    "Do not serve the addresses in this file, whose lines are TEXT:FIRST-LAST."),
	ROW(parse_dir_interval, BT_OPT_INT, "60", 1, DAYS_45, "seconds", ACCESS,
	    "How often to check these files for changes; unchanged ones are not read again."),
	ROW(trusted_proxies, BT_OPT_TEXT, "", 0, 0, "NETWORKS", ACCESS,
	    "Networks of proxies, separated by commas: a client that comes through them has the "
	    "address that X-Forwarded-For, X-Real-IP or the PROXY protocol says."),
	ROW(show_names, BT_OPT_FLAG, "1", 0, 1, "0|1", ACCESS,
	    "Show the names and sizes of the torrents in allowed_dir on the page."),
	ROW(allow_get, BT_OPT_FLAG, "0", 0, 1, "0|1", ACCESS,
	    "Serve the torrent files in allowed_dir at /file?info_hash=."),
	ROW(dedicated_seed_id, BT_OPT_TEXT, "", 0, 0, "ID", ACCESS,
	    "A seed that sends this as seed_id marks its torrent as seeded; a client that sends "
	    "check_seeded=1 is told so."),

	ROW(nat_check, BT_OPT_INT, "0", 0, 1000000, "tries", NAT,
	    "Hand out only peers that can be connected to, which is tried up to this many times; "
	    "0 hands out all. Off by default: peers behind NAT are useful to those who are not, "
	    "and to others by uTP and hole punching."),
	ROW(log_nat_checks, BT_OPT_FLAG, "0", 0, 1, "0|1", NAT,
	    "Write a line for each such attempt to the log of requests."),

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

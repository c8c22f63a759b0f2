/* SPDX-License-Identifier: ISC */
#include <btcore/settings.h>

#define ROW(name_, kind_, def_, min_, max_, arg_, group_, help_) \
	{ .name = #name_, .kind = (kind_), .offset = offsetof(struct bt_settings, name_), \
	    .def = (def_), .min = (min_), .max = (max_), .arg = (arg_), .group = (group_), \
	    .help = (help_) }

#define GROUP_NET "Network"
#define GROUP_PEERS "Peers"
#define GROUP_DISK "Disk"

static const struct bt_option rows[] = {
	ROW(minport, BT_OPT_INT, "10000", 0, 65535, "PORT", GROUP_NET,
	    "Lowest port to listen on for peers."),
	ROW(maxport, BT_OPT_INT, "60000", 0, 65535, "PORT", GROUP_NET,
	    "Highest port to listen on for peers."),
	ROW(random_port, BT_OPT_FLAG, "1", 0, 0, "0|1", GROUP_NET,
	    "Choose the port at random in the range; 0: try them in order."),
	ROW(bind, BT_OPT_TEXT, "", 0, 0, "ADDRESSES", GROUP_NET,
	    "Local addresses to listen on and to connect from, joined by commas; empty: all."),
	ROW(interface, BT_OPT_TEXT, "", 0, 0, "NAME", GROUP_NET,
	    "Network interface to use alone; empty: any."),
	ROW(ipv6_enabled, BT_OPT_FLAG, "1", 0, 0, "0|1", GROUP_NET, "Use IPv6 as well."),
	ROW(max_upload_rate, BT_OPT_INT, "0", 0, 1e9, "KIB/S", GROUP_NET,
	    "Limit on the upload rate, in KiB a second; 0: no limit."),
	ROW(max_download_rate, BT_OPT_INT, "0", 0, 1e9, "KIB/S", GROUP_NET,
	    "Limit on the download rate, in KiB a second; 0: no limit."),
	ROW(http_timeout, BT_OPT_FLOAT, "60", 1, 3600, "SECONDS", GROUP_NET,
	    "How long to wait for a tracker."),
	ROW(max_uploads, BT_OPT_INT, "7", 1, 10000, "NUMBER", GROUP_PEERS,
	    "How many peers of a torrent are served at once."),
	ROW(max_connections, BT_OPT_INT, "0", 0, 65535, "NUMBER", GROUP_PEERS,
	    "Most connections of a torrent; 0: 200."),
	ROW(max_initiate, BT_OPT_INT, "40", 1, 65535, "NUMBER", GROUP_PEERS,
	    "Make no more outgoing connections once a torrent has this many peers."),
	ROW(min_peers, BT_OPT_INT, "20", 0, 65535, "NUMBER", GROUP_PEERS,
	    "Ask the trackers for more peers while a torrent has fewer than this."),
	ROW(request_backlog, BT_OPT_INT, "10", 1, 2000, "NUMBER", GROUP_PEERS,
	    "Fewest requests kept under way to a peer; more as its speed allows."),
	ROW(timeout, BT_OPT_FLOAT, "300", 30, 86400, "SECONDS", GROUP_PEERS,
	    "Drop a peer that has been silent for this long."),
	ROW(snub_time, BT_OPT_FLOAT, "30", 1, 86400, "SECONDS", GROUP_PEERS,
	    "How long to wait for a block before others are asked for it."),
	ROW(max_files_open, BT_OPT_INT, "50", 1, 100000, "NUMBER", GROUP_DISK,
	    "Most files open at once."),
	ROW(write_buffer_size, BT_OPT_FLOAT, "8", 0, 4096, "MIB", GROUP_DISK,
	    "How much of unfinished pieces is kept in memory, in MiB."),
};

const struct bt_option_table *
bt_settings_table(void)
{
	static const struct bt_option_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

	return &table;
}

/* SPDX-License-Identifier: ISC */
/* The values of a session's settings, for who obeys them; settings.c has a row for each. */
#ifndef SESSION_SETTINGS_H
#define SESSION_SETTINGS_H

#include <btcore/settings.h>

struct bt_settings {
	int64_t minport, maxport;	/* listening range, TCP */
	int64_t random_port;		/* 1: anywhere in the range; 0: counting up */
	char *ip;			/* told to trackers; "": nothing is */
	char *bind;			/* local addresses, joined by ','; "": all */
	char *interface;		/* the only one to use; "": any */
	int64_t ipv6_enabled;
	int64_t max_upload_rate;	/* KiB/s; 0: no limit */
	int64_t max_download_rate;	/* KiB/s; 0: no limit */
	int64_t max_uploads;		/* peers of a torrent served at once */
	int64_t max_connections;	/* of a torrent; 0: 200 */
	int64_t max_connections_total;	/* of the session; 0: as descriptors allow */
	int64_t max_initiate;		/* above this many peers we connect to no more */
	int64_t super_seeder;
	int64_t active_downloads;	/* torrents that download at once; 0: all */
	int64_t active_seeds;		/* torrents that seed at once; 0: all */
	int64_t min_peers;		/* below it the tracker is asked for more */
	int64_t request_backlog;	/* requests under way to a peer, at least */
	double timeout;			/* seconds of silence before a peer is dropped */
	double snub_time;		/* seconds without what we asked for */
	int64_t max_files_open;
	char *state;			/* folder of what is remembered; "": nothing is */
	double write_buffer_size;	/* MiB of unfinished pieces kept in memory */
	double http_timeout;		/* seconds */
};

/* What holds for one torrent beside the session's settings. */
struct torrent_wishes {
	int64_t upload_rate;		/* bytes/s; 0: no limit of its own, as below */
	int64_t download_rate;
	int64_t max_uploads;		/* 0: as the session's settings have it, as below */
	int64_t max_connections;
	int64_t super_seeder;		/* 0: as the session has it */
	int64_t sequential;		/* pieces in order */
	int64_t first_last;		/* the first and last piece of each file first */
};

#endif

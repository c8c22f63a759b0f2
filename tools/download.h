/* SPDX-License-Identifier: ISC */
/* Downloads or seeds one torrent while a view shows how it goes. */
#ifndef TOOLS_DOWNLOAD_H
#define TOOLS_DOWNLOAD_H

#include <stdbool.h>

#include <btcore/settings.h>

#include "tools/cli.h"
#include "tools/view.h"

struct download_options {
	char *saveas;
	double display_interval;	/* seconds */
	double seed_time;		/* seconds after which a seed ends; below 0: never */
	double seed_ratio;		/* uploaded / size at which a seed ends; 0: never */
	int64_t verbose;
	int64_t json;
};

extern const struct bt_option_table download_table;

/* True if the download is complete when it returns; problems were told. */
bool download(const struct cli *cli, const char *metafile, const struct bt_settings *settings,
    const struct download_options *o, const struct view *view);

#endif

/* SPDX-License-Identifier: ISC */
/* Options that each torrent can have for itself, in a file NAME.torrent.opts beside it. */
#ifndef TOOLS_ITEM_OPTIONS_H
#define TOOLS_ITEM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <btcore/option.h>

struct item_options {
	char *saveas;
	char *priority;		/* of files, see choose.h, as the next two */
	char *include, *exclude;
	int64_t sequential, first_last;
	double seed_time;	/* seconds after which a seed ends; below 0: never */
	double seed_ratio;	/* uploaded / size at which a seed ends; 0: never */
	int64_t torrent_upload_rate;	/* KiB/s; 0: no limit of its own, as below */
	int64_t torrent_download_rate;
	char *check;		/* "full", "fast" or "none" */
	int64_t check_hashes;
	int64_t paused;		/* only in a file */
};

/* For command lines: all but paused. */
extern const struct bt_option_table item_table;

/* Reads the file over what from has. NULL: it is not there, or it is wrong and err says why, with
 * the line (err->code is BT_OK if it is not there). To be freed by item_options_free. */
struct item_options *item_options_read(const char *path, const struct item_options *from,
    struct bt_error *err);
void item_options_free(struct item_options *o);

#endif

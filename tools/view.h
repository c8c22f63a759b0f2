/* SPDX-License-Identifier: ISC */
/* Ways to look at downloads: the original's text, one line on a terminal, or JSON. */
#ifndef TOOLS_VIEW_H
#define TOOLS_VIEW_H

#include <btcore/session.h>

#include "tools/item.h"

struct view {
	/* A look at all torrents begins, each display_interval; count: how many there are. */
	void (*round)(size_t count);
	/* How one of them stands. */
	void (*status)(const struct item *it, const struct bt_torrent_status *t);
	/* Something happened to it. */
	void (*event)(const struct item *it, const struct bt_event *e);
	/* It is there now, or is not any more. */
	void (*added)(const struct item *it);
	void (*dropped)(const struct item *it);
	/* A line for people that is about no torrent of the list. */
	void (*message)(const char *text);
	/* How one stands before the program ends. */
	void (*end)(const struct item *it, const struct bt_torrent_status *t);
};

extern const struct view view_block;	/* as BitTornado: blocks of labelled lines, for pipes */
extern const struct view view_line;	/* one line that is written over, for terminals */
extern const struct view view_many;	/* as btlaunchmany: a line for each torrent */
extern const struct view view_json;	/* one JSON object a line, for scripts */

#endif

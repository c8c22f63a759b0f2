/* SPDX-License-Identifier: ISC */
/* Ways to look at a download: the original's text, one line on a terminal, or JSON. */
#ifndef TOOLS_VIEW_H
#define TOOLS_VIEW_H

#include <btcore/session.h>

/* What does not change. */
struct view_subject {
	struct bt_slice name;	/* as in the torrent */
	uint64_t size;		/* bytes, without padding */
	const char *path;	/* absolute: where it goes */
};

/* What is said of it, lines or "". */
struct view_words {
	char error[232];	/* why it failed */
	char tracker[232];	/* the last failure or warning of the tracker that spoke last */
};

struct view {
	/* The state of affairs, each display_interval. */
	void (*status)(const struct view_subject *s, const struct bt_torrent_status *t,
	    const struct view_words *w);
	/* Something happened. */
	void (*event)(const struct view_subject *s, const struct bt_event *e);
	/* Before the program ends. */
	void (*end)(const struct view_subject *s, const struct bt_torrent_status *t,
	    const struct view_words *w);
};

extern const struct view view_lines;	/* as BitTornado: blocks of labelled lines, for pipes */
extern const struct view view_line;	/* one line that is written over, for terminals */
extern const struct view view_json;	/* one JSON object a line, for scripts */

#endif

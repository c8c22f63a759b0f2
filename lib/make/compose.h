/* SPDX-License-Identifier: ISC */
/* A torrent's bytes, from the files, their hashes and what else shall be said. */
#ifndef MAKE_COMPOSE_H
#define MAKE_COMPOSE_H

#include "base/buf.h"
#include "make/make.h"

struct compose {
	struct walk *walk;	/* placed */
	const struct bt_create_options *options;
	uint32_t piece_length;
	uint32_t piece_count;
	struct make_sums sums;
};

/* False: no memory, or more than the buffer takes. */
bool compose_torrent(struct buf *b, const struct compose *c);

#endif

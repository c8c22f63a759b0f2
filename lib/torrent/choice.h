/* SPDX-License-Identifier: ISC */
/* Which files of a torrent are wanted, and what of them first: turned into priorities of pieces. */
#ifndef TORRENT_CHOICE_H
#define TORRENT_CHOICE_H

#include <btcore/metainfo.h>

#include "torrent/picker.h"

struct choice {
	uint8_t *files;		/* priority of each as the picker has it; NULL: all are normal */
	uint32_t count;		/* of files */
	bool sequential;	/* pieces in order, the rarest not first */
	bool first_last;	/* the first and last piece of each wanted file before others */
};

void choice_fini(struct choice *c);

/* to is not initialised. False: no memory. */
bool choice_copy(struct choice *to, const struct choice *from) MUST_USE;

static inline bool
choice_wants(const struct choice *c, uint32_t file)
{
	return c == NULL || c->files == NULL || file >= c->count || c->files[file] > 0;
}

/* Sets the bits (initialised by the call, one a file) of what is wanted. False: no memory. */
bool choice_wanted_files(const struct choice *c, const struct bt_metainfo *m,
    struct bits *out) MUST_USE;

/* The picker obeys it from now on; a piece of several files has the highest of their priorities.
 * NULL: everything is wanted. False: no memory, nothing changed. */
bool choice_apply(const struct choice *c, const struct bt_metainfo *m,
    struct picker *p) MUST_USE;

#endif

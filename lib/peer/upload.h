/* SPDX-License-Identifier: ISC */
/* What one peer has asked of us and not got yet, oldest first. Pure. */
#ifndef PEER_UPLOAD_H
#define PEER_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cdefs.h"
#include "base/vec.h"

struct upload {
	uint32_t piece;
	uint32_t begin;
	uint32_t len;
};

struct uploads {
	struct vec list;	/* struct upload; the first `served` are gone */
	size_t served;
	size_t max;		/* waiting at once */
};

void uploads_init(struct uploads *u, size_t max);
void uploads_fini(struct uploads *u);

/* False: too many wait already, or no memory. */
bool uploads_add(struct uploads *u, struct upload what) MUST_USE;

/* False: it was not there. */
bool uploads_cancel(struct uploads *u, struct upload what);

/* The oldest, removed; false: none. */
bool uploads_next(struct uploads *u, struct upload *out);

static inline size_t
uploads_count(const struct uploads *u)
{
	return u->list.len - u->served;
}

#endif

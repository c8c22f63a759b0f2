/* SPDX-License-Identifier: ISC */
/* What stands behind the '?' of a URL, for trackers and magnets alike: name=value and %XX. */
#ifndef BASE_QUERY_H
#define BASE_QUERY_H

#include "base/buf.h"

/* A-Z a-z 0-9 - . _ ~ (RFC 3986). */
bool query_unreserved(uint8_t c);

/* Every other byte becomes %XX: one form only, since trackers compare it. */
void query_escape(struct buf *b, struct bt_slice s);

enum query_plus {
	QUERY_PLUS_IS_SPACE,	/* forms and queries written by browsers */
	QUERY_PLUS_STAYS	/* raw bytes: info_hash, peer_id */
};

/* Undoes %XX; a '%' without two hex digits stays. Writes at most size bytes and returns how many
 * there are in all: more than size means that it did not fit. out may be s.ptr. */
size_t query_unescape(struct bt_slice s, enum query_plus plus, uint8_t *out, size_t size);

/* As above for raw bytes, of which there must be size, and without a '%' that escapes nothing. */
bool query_unescape_exactly(struct bt_slice s, uint8_t *out, size_t size);

/* Takes the next name=value off the front of *query, both still escaped; false at the end. Empty
 * parameters are passed over; without '=' the value is empty. */
bool query_next(struct bt_slice *query, struct bt_slice *name, struct bt_slice *value);

/* The first parameter of this name. */
bool query_find(struct bt_slice query, const char *name, struct bt_slice *value);

#endif

/* SPDX-License-Identifier: ISC */
/* URLs of trackers, web seeds and magnets: split, escape, query parameters, masked for logs. */
#ifndef PROTO_URL_H
#define PROTO_URL_H

#include <stdbool.h>

#include "base/buf.h"

struct url {
	struct bt_slice scheme;		/* as written; compare with slice_eq_nocase */
	struct bt_slice user_info;	/* escaped, without '@'; empty if there is none */
	struct bt_slice host;		/* without the brackets of IPv6 */
	bool host_is_v6;		/* it stood in brackets */
	bool has_port;			/* written in the URL */
	uint16_t port;			/* else the scheme's (http 80, https 443), else 0 */
	struct bt_slice path;		/* "/announce"; may be empty */
	struct bt_slice query;		/* without '?'; empty if there is none */
	struct bt_slice path_query;	/* both as written, with '?' */
};

/* scheme://[user@]host[:port][/path][?query][#fragment]. Slices are borrowed; the fragment is
 * dropped. False: no scheme, no host, bad port, over URL_MAX, or a blank or control character. */
bool url_parse(struct bt_slice text, struct url *out);

/* Every byte outside A-Z a-z 0-9 - . _ ~ becomes %XX: one form only, since trackers compare it. */
void url_escape(struct buf *b, struct bt_slice s);

enum url_plus {
	URL_PLUS_IS_SPACE,	/* forms and queries written by browsers */
	URL_PLUS_STAYS		/* raw bytes: info_hash, peer_id */
};

/* Undoes %XX; a '%' without two hex digits stays. Writes at most size bytes and returns how many
 * there are in all: more than size means that it did not fit. */
size_t url_unescape(struct bt_slice s, enum url_plus plus, uint8_t *out, size_t size);

/* Takes the next name=value off the front of *query, both still escaped; false at the end. Empty
 * parameters are passed over; without '=' the value is empty. */
bool url_query_next(struct bt_slice *query, struct bt_slice *name, struct bt_slice *value);

/* The first parameter of this name. */
bool url_query_find(struct bt_slice query, const char *name, struct bt_slice *value);

/* Writes the URL without its fragment and the '?' or '&' that parameters can follow. */
void url_begin_query(struct buf *b, struct bt_slice url);

/* For logs and screens: passwords, values of the query and long elements of the path (passkeys)
 * become "***"; bytes that are not printable ASCII become %XX. Always terminates out (size > 0),
 * cuts what does not fit. Not a URL: "(bad URL)". */
const char *url_masked(struct bt_slice text, char *out, size_t size);

#endif

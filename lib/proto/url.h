/* SPDX-License-Identifier: ISC */
/* URLs of trackers and web seeds: split, made ready for parameters, masked for logs. */
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

/* Writes the URL without its fragment and the '?' or '&' that parameters can follow. */
void url_begin_query(struct buf *b, struct bt_slice url);

/* For logs and screens: passwords, values of the query and long elements of the path (passkeys)
 * become "***"; bytes that are not printable ASCII become %XX. Always terminates out (size > 0),
 * cuts what does not fit. Not a URL: "(bad URL)". */
const char *url_masked(struct bt_slice text, char *out, size_t size);

#endif

/* SPDX-License-Identifier: ISC */
#include "tracker/rules/forwarded.h"

#include "proto/limits.h"

/* Goes back from the last hop; false when a hop is the client, or nobody knows any more. */
static bool
go_back(const struct ipset *proxies, struct bt_slice hops, struct addr *client)
{
	while (hops.len > 0) {
		size_t at = hops.len;
		struct addr hop;

		while (at > 0 && hops.ptr[at - 1] != ',')
			at--;
		if (!addr_parse_with_port(slice_trim(slice_skip(hops, at)), &hop))
			return false;
		*client = hop;
		if (!ipset_has(proxies, &hop))
			return false;
		hops.len = at > 0 ? at - 1 : 0;
	}
	return true;
}

struct addr
forwarded_for(const struct ipset *proxies, const struct httpd_request *rq)
{
	struct bt_slice lines = rq->http.head.lines, name, value, hops[HTTP_HEADERS_MAX];
	struct addr client = rq->from;
	size_t n = 0;

	if (ipset_is_empty(proxies) || !ipset_has(proxies, &rq->from))
		return client;
	while (n < COUNT_OF(hops) && http_header_next(&lines, &name, &value)) {
		if (slice_eq_nocase(name, "x-forwarded-for"))
			hops[n++] = value;
	}
	if (n == 0 && http_header_find(rq->http.head.lines, "x-real-ip", &value))
		(void)addr_parse_with_port(slice_trim(value), &client);
	while (n > 0 && go_back(proxies, hops[n - 1], &client))
		n--;
	return client;
}

/* SPDX-License-Identifier: ISC */
/* Which client asks, if it asks through a proxy. */
#ifndef TRACKER_FORWARDED_H
#define TRACKER_FORWARDED_H

#include "net/httpd.h"
#include "tracker/rules/ipset.h"

/* The address that connected; but if it is one of the proxies, what they say: the last address in
 * X-Forwarded-For that is none of them, or X-Real-IP. Anybody else may write there what he
 * likes. */
struct addr forwarded_for(const struct ipset *proxies, const struct httpd_request *rq);

#endif

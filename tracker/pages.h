/* SPDX-License-Identifier: ISC */
/* What browsers and scrapers see: the page at / and the scrape. */
#ifndef TRACKER_PAGES_H
#define TRACKER_PAGES_H

#include "net/httpd.h"
#include "tracker/reply.h"

void pages_index(struct replier *r, struct httpd_reply *re);
void pages_scrape(struct replier *r, struct bt_slice query, struct httpd_reply *re);

#endif

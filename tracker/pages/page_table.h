/* SPDX-License-Identifier: ISC */
/* The torrents on the page, in the order that the query asks for. */
#ifndef TRACKER_PAGE_TABLE_H
#define TRACKER_PAGE_TABLE_H

#include "tracker/pages/pages.h"

void page_table_add(struct buf *b, const struct page *p);

#endif

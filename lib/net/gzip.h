/* SPDX-License-Identifier: ISC */
/* gzip as HTTP speaks of it. */
#ifndef NET_GZIP_H
#define NET_GZIP_H

#include "base/buf.h"
#include "base/cdefs.h"

/* Does the value of an Accept-Encoding header ask for it? Not if it only permits anything ("*"). */
bool gzip_wanted(struct bt_slice accept_encoding);

/* Appends all of in, packed quickly rather than tightly. False: no memory, or out's maximum. */
bool gzip_pack(struct bt_slice in, struct buf *out) MUST_USE;

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Lists of addresses as people keep them in files and options. Blank lines and those that begin
 * with '#' are passed over; anything else that makes no sense is an error that names the line, for
 * half a list would let in, or keep out, the wrong ones.
 */
#ifndef TRACKER_IPLIST_H
#define TRACKER_IPLIST_H

#include "base/error.h"
#include "base/slice.h"
#include "tracker/rules/ipset.h"

/* Each line: ADDRESS, ADDRESS/LENGTH or FIRST-LAST, then perhaps a blank and any text. What was
 * read is added to out, which the caller seals. */
enum bt_code iplist_networks(struct bt_slice text, struct ipset *out, struct bt_error *err);

/* Each line: any text, ':', and such a range (PeerGuardian's format). */
enum bt_code iplist_ranges(struct bt_slice text, struct ipset *out, struct bt_error *err);

/* Networks with commas between them, for options. */
enum bt_code iplist_option(struct bt_slice text, struct ipset *out, struct bt_error *err);

#endif

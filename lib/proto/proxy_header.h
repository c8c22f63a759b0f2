/* SPDX-License-Identifier: ISC */
/*
 * What a proxy says at the start of a connection about whom it speaks for: HAProxy's PROXY
 * protocol, version 1 (a line of text) and 2 (binary). Nothing in it proves anything: whether to
 * look for it is the caller's decision.
 */
#ifndef PROTO_PROXY_HEADER_H
#define PROTO_PROXY_HEADER_H

#include "base/addr.h"
#include "base/slice.h"
#include "base/step.h"

/* One shows all bytes that have arrived so far. STEP_DONE: *used bytes were the header, 0 if there
 * is none; *from is the client, or ADDR_NONE where the proxy speaks for itself or does not say an
 * address of TCP. STEP_MORE: every byte so far belongs to a header, or may. STEP_BAD: it begins
 * as a header does, but is none, or is longer than PROXY_HEADER_MAX. */
enum step proxy_header_parse(struct bt_slice in, struct addr *from, size_t *used);

#endif

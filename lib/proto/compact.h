/* SPDX-License-Identifier: ISC */
/* Peers as trackers, pex and the DHT pack them: address and port, 6 bytes (BEP 23), 18 (BEP 7). */
#ifndef PROTO_COMPACT_H
#define PROTO_COMPACT_H

#include "base/addr.h"
#include "base/buf.h"

#define COMPACT_V4_LEN 6
#define COMPACT_V6_LEN 18

/* Bytes of one peer; 0 for ADDR_NONE. */
size_t compact_len(enum addr_family family);

/* Returns the bytes written: compact_len of its family. */
size_t compact_write(uint8_t out[COMPACT_V6_LEN], const struct addr *a);
void compact_add(struct buf *b, const struct addr *a);

/* in has the bytes of one peer. An IPv4-mapped IPv6 address comes out as IPv4. */
struct addr compact_read(const uint8_t *in, enum addr_family family);

/* Takes the next peer off the front of *rest; false at the end. A ragged tail is dropped. */
bool compact_next(struct bt_slice *rest, enum addr_family family, struct addr *out);

#endif

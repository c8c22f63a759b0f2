/* SPDX-License-Identifier: ISC */
/* The stream over a connected TCP socket. */
#ifndef NET_STREAM_TCP_H
#define NET_STREAM_TCP_H

#include "net/loop.h"
#include "net/stream.h"

/* Owns fd from now on, also on failure (NULL: no memory). Reading begins with set_reading. */
struct stream *stream_tcp_new(struct loop *l, int fd, const struct addr *remote,
    struct block_store *blocks) MUST_USE;

#endif

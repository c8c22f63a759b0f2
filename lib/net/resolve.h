/* SPDX-License-Identifier: ISC */
/*
 * Names to addresses, without stopping the loop: getaddrinfo on workers of its own, so that a dead
 * name server does not hold up the disk. The workers come with the first name that needs them.
 * Answers arrive on the loop's thread, never before resolve_start returns.
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "base/addr.h"
#include "base/error.h"
#include "net/loop.h"
#include "net/way.h"

struct resolve;

/* count > 0 and error NULL, or 0 and one line why. What is passed is borrowed for the call. */
typedef void (*resolve_fn)(void *arg, uint64_t id, const struct addr *addrs, size_t count,
    const char *error);

/* A name has at most this many addresses; more are dropped. */
#define RESOLVE_MAX 16u

/* The way, which outlives it, says which families there are. */
struct resolve *resolve_new(struct loop *l, const struct net_way *way) MUST_USE;

/* Open questions get no answer. Does not wait for the name server. */
void resolve_free(struct resolve *r);

/* The addresses of a name or of a numeric address (without brackets), each with port; ADDR_NONE
 * asks for all families of the way. 0: no memory. Ids are never used again. */
uint64_t resolve_start(struct resolve *r, const char *name, uint16_t port,
    enum addr_family family, resolve_fn fn, void *arg);

/* Waits for the answer: for what starts. How many addresses there are, or 0 and err says why. */
size_t resolve_now(const char *name, uint16_t port, enum addr_family family,
    struct addr addrs[RESOLVE_MAX], struct bt_error *err);

/* No answer will come. An id that is not known (any more) is fine. */
void resolve_cancel(struct resolve *r, uint64_t id);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What is known of addresses that were connected to: reached, or how often not. A table of fixed
 * size that all loops share, behind some locks, so that they hardly meet; in a full one the address
 * that was silent longest makes room. An address not asked about for as long as a peer lives is
 * forgotten.
 */
#ifndef TRACKER_NAT_KNOWN_H
#define TRACKER_NAT_KNOWN_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/cdefs.h"
#include "base/time.h"

#define NAT_TRIES_MAX 254u

/* Numbers above are failures; as in the state file. */
enum { NAT_KNOWN_NOT = -1, NAT_KNOWN_REACHED = 0 };

struct nat_known;

/* forget: after which time without a question. */
struct nat_known *nat_known_new(usec forget) MUST_USE;
void nat_known_free(struct nat_known *k);

/* Asks for an address with its port: NAT_KNOWN_NOT, NAT_KNOWN_REACHED or how often it was not. */
int nat_known_ask(struct nat_known *k, const struct addr *a, usec now);

/* The same, but it does not keep what is known from being forgotten. */
int nat_known_look(struct nat_known *k, const struct addr *a);

void nat_known_tell(struct nat_known *k, const struct addr *a, bool reached, usec now);

/* As an answer said before, but NAT_KNOWN_NOT; who is known as reached stays so. */
void nat_known_restore(struct nat_known *k, const struct addr *a, int64_t nat, usec now);

#endif

/* SPDX-License-Identifier: ISC */
/* An address and port as a plain value, IPv4 and IPv6 alike. IPv4-mapped IPv6 becomes IPv4. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum addr_family { ADDR_NONE = 0, ADDR_V4 = 4, ADDR_V6 = 6 };

struct addr {
	uint8_t family;		/* enum addr_family */
	uint16_t port;		/* host order */
	uint8_t ip[16];		/* network order; the first 4 for IPv4, the rest 0 */
};

#define ADDR_TEXT_MAX 56	/* "[ip]:port" with its NUL */

struct addr addr_v4(const uint8_t ip[4], uint16_t port);
struct addr addr_v6(const uint8_t ip[16], uint16_t port);

static inline size_t
addr_ip_len(const struct addr *a)
{
	return a->family == ADDR_V4 ? 4 : a->family == ADDR_V6 ? 16 : 0;
}

/* A numeric address without port. False if text is none. */
bool addr_parse(const char *text, uint16_t port, struct addr *out);
bool addr_parse_slice(struct bt_slice text, uint16_t port, struct addr *out);

/* The same with its port, or with 0 if it names none: "1.2.3.4", "1.2.3.4:80", "::1", "[::1]",
 * "[::1]:80". */
bool addr_parse_with_port(struct bt_slice text, struct addr *out);

/* "1.2.3.4:80", "[::1]:80"; without the port "1.2.3.4", "::1". Give out. */
const char *addr_text(const struct addr *a, char out[ADDR_TEXT_MAX]);
const char *addr_ip_text(const struct addr *a, char out[ADDR_TEXT_MAX]);

bool addr_eq(const struct addr *a, const struct addr *b);
bool addr_same_ip(const struct addr *a, const struct addr *b);

/* Presumably one party: the same IPv4 address, or the same /64 of IPv6. */
bool addr_same_party(const struct addr *a, const struct addr *b);

/* The unspecified address: 0.0.0.0 or ::. */
bool addr_is_any(const struct addr *a);

/* Loopback, link-local and private networks (RFC 1918, RFC 4193). */
bool addr_is_local(const struct addr *a);

/* One can connect to it: a port, and neither unspecified nor multicast nor broadcast. */
bool addr_usable(const struct addr *a);

#endif

/* SPDX-License-Identifier: ISC */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

struct addr
addr_v4(const uint8_t ip[4], uint16_t port)
{
	struct addr a = { .family = ADDR_V4, .port = port };

	memcpy(a.ip, ip, 4);
	return a;
}

struct addr
addr_v6(const uint8_t ip[16], uint16_t port)
{
	struct addr a = { .family = ADDR_V6, .port = port };

	if (memcmp(ip, mapped_prefix, sizeof(mapped_prefix)) == 0)
		return addr_v4(ip + sizeof(mapped_prefix), port);
	memcpy(a.ip, ip, 16);
	return a;
}

bool
addr_parse(const char *text, uint16_t port, struct addr *out)
{
	uint8_t ip[16];

	if (inet_pton(AF_INET, text, ip) == 1)
		*out = addr_v4(ip, port);
	else if (inet_pton(AF_INET6, text, ip) == 1)
		*out = addr_v6(ip, port);
	else
		return false;
	return true;
}

bool
addr_parse_slice(struct bt_slice text, uint16_t port, struct addr *out)
{
	char copy[ADDR_TEXT_MAX];

	if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return addr_parse(copy, port, out);
}

bool
addr_parse_with_port(struct bt_slice text, struct addr *out)
{
	struct bt_slice ip = text, port;
	uint64_t number = 0;

	if (slice_starts(text, "[")) {
		ip = slice_skip(text, 1);
		ip.len = slice_index(ip, ']');
		port = slice_skip(text, ip.len + 1);
		if (port.len == 0)
			return false;
		port = slice_skip(port, 1);
	} else {
		ip.len = slice_index(text, ':');
		port = slice_skip(text, ip.len);
		/* A second one: no port, but all of it IPv6. */
		if (port.len > 0 && slice_index(slice_skip(port, 1), ':') < port.len - 1)
			return addr_parse_slice(text, 0, out);
	}
	if (port.len > 0 && (port.ptr[0] != ':' || !slice_u64(slice_skip(port, 1), &number)))
		return false;
	return number <= UINT16_MAX && addr_parse_slice(ip, (uint16_t)number, out);
}

/* inet_ntop would use printf, for each line of a tracker's log. */
static void
v4_text(const uint8_t ip[4], char *out)
{
	for (int i = 0; i < 4; i++) {
		if (ip[i] >= 100)
			*out++ = (char)('0' + ip[i] / 100);
		if (ip[i] >= 10)
			*out++ = (char)('0' + ip[i] / 10 % 10);
		*out++ = (char)('0' + ip[i] % 10);
		*out++ = i < 3 ? '.' : '\0';
	}
}

const char *
addr_ip_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	if (a->family == ADDR_V4)
		v4_text(a->ip, out);
	else if (a->family == ADDR_NONE ||
	    inet_ntop(AF_INET6, a->ip, out, ADDR_TEXT_MAX) == NULL)
		(void)snprintf(out, ADDR_TEXT_MAX, "-");
	return out;
}

const char *
addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	char ip[ADDR_TEXT_MAX];

	(void)snprintf(out, ADDR_TEXT_MAX, a->family == ADDR_V6 ? "[%.46s]:%u" : "%.46s:%u",
	    addr_ip_text(a, ip), a->port);
	return out;
}

bool
addr_same_ip(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return addr_same_ip(a, b) && a->port == b->port;
}

bool
addr_same_party(const struct addr *a, const struct addr *b)
{
	if (a->family == ADDR_V6 && b->family == ADDR_V6)
		return memcmp(a->ip, b->ip, 8) == 0;
	return addr_same_ip(a, b);
}

bool
addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof(zero)) == 0;
}

bool
addr_is_local(const struct addr *a)
{
	static const uint8_t loop6[16] = { [15] = 1 };
	const uint8_t *ip = a->ip;

	if (a->family == ADDR_V6)
		return memcmp(ip, loop6, 16) == 0 || (ip[0] & 0xfe) == 0xfc ||
		    (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);
	return ip[0] == 127 || ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
	    (ip[0] == 192 && ip[1] == 168) || (ip[0] == 169 && ip[1] == 254);
}

bool
addr_usable(const struct addr *a)
{
	if (a->family == ADDR_NONE || a->port == 0 || addr_is_any(a))
		return false;
	return a->family == ADDR_V6 ? a->ip[0] != 0xff : a->ip[0] != 0 && a->ip[0] < 224;
}

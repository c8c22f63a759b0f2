/* SPDX-License-Identifier: ISC */
#include "net/way.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "net/sock.h"

const struct net_way way_anywhere = {
	.at = { { .family = ADDR_V4 }, { .family = ADDR_V6 } },
	.count = 2,
	.may_lack_v6 = true,
	.families = WAY_V4 | WAY_V6,
};

static unsigned
bit_of(enum addr_family family)
{
	return family == ADDR_V6 ? WAY_V6 : WAY_V4;
}

/* -- making one -- */

static enum bt_code
add_address(struct net_way *w, struct bt_slice one, struct bt_error *err)
{
	struct addr a;
	struct addr *from;

	one = slice_trim(one);
	if (w->count == WAY_ADDRS_MAX || !addr_parse_slice(one, 0, &a))
		return fail(err, BT_EARG, "bind: '%.*s' is not an address",
		    (int)min_u64(one.len, 60), (const char *)one.ptr);
	w->at[w->count++] = a;
	w->families |= bit_of(a.family);
	from = a.family == ADDR_V6 ? &w->from6 : &w->from4;
	if (from->family == ADDR_NONE && !addr_is_any(&a))
		*from = a;
	return BT_OK;
}

static enum bt_code
add_addresses(struct net_way *w, const struct way_wish *wish, struct bt_error *err)
{
	struct bt_slice rest = slice_str(wish->bind == NULL ? "" : wish->bind);
	enum bt_code code = BT_OK;

	if (rest.len == 0) {
		*w = way_anywhere;
		w->count = wish->ipv6 ? 2 : 1;
		w->families = wish->ipv6 ? WAY_V4 | WAY_V6 : WAY_V4;
	}
	while (code == BT_OK && rest.len > 0) {
		size_t end = slice_index(rest, ',');

		code = add_address(w, slice_of(rest.ptr, end), err);
		rest = slice_skip(rest, end == rest.len ? end : end + 1);
	}
	return code;
}

/* A system that ties no socket to an interface must not be found out by the first peer. */
static enum bt_code
set_device(struct net_way *w, const char *name, struct bt_error *err)
{
	enum bt_code code = BT_OK;
	int fd;

	if (strlen(name) >= sizeof(w->device))
		return fail(err, BT_EARG, "interface: '%.60s' is too long a name", name);
	memcpy(w->device, name, strlen(name) + 1);
	fd = sock_open(w->families & WAY_V4 ? ADDR_V4 : ADDR_V6, SOCK_DGRAM, w->device);
	if (fd < 0)
		code = fail(err, BT_EARG, "cannot use interface '%.60s' alone: %s", name,
		    strerror(errno));
	else
		(void)close(fd);
	return code;
}

enum bt_code
way_init(struct net_way *w, const struct way_wish *wish, struct bt_error *err)
{
	enum bt_code code;

	*w = (struct net_way){ .count = 0 };
	if (wish->proxy != NULL && wish->proxy[0] != '\0')
		return fail(err, BT_EUNSUP, "proxy: peers cannot be reached through one yet");
	code = add_addresses(w, wish, err);
	if (code == BT_OK && wish->interface != NULL && wish->interface[0] != '\0')
		code = set_device(w, wish->interface, err);
	return code;
}

/* -- what it says -- */

bool
way_has(const struct net_way *w, enum addr_family family)
{
	return (w->families & bit_of(family)) != 0;
}

enum addr_family
way_only(const struct net_way *w)
{
	return w->families == WAY_V4 ? ADDR_V4 : w->families == WAY_V6 ? ADDR_V6 : ADDR_NONE;
}

unsigned
way_shown(const struct net_way *w)
{
	bool named = w->from4.family != ADDR_NONE && w->from6.family != ADDR_NONE;

	/* Who may use both shows itself by both (BEP 7), if both lead anywhere. */
	if (way_only(w) != ADDR_NONE || named ||
	    (sock_has_route(ADDR_V4, w->device) && sock_has_route(ADDR_V6, w->device)))
		return w->families;
	return 0;
}

/* -- sockets -- */

static bool
is_allowed(const struct net_way *w, enum addr_family family)
{
	if (!way_has(w, family))
		errno = EAFNOSUPPORT;
	return way_has(w, family);
}

static const struct addr *
from_of(const struct net_way *w, enum addr_family family)
{
	const struct addr *from = family == ADDR_V6 ? &w->from6 : &w->from4;

	return from->family == ADDR_NONE ? NULL : from;
}

static int
bound(const struct net_way *w, const struct addr *at, int type, struct bt_error *err)
{
	if (is_allowed(w, at->family))
		return sock_bound(at, type, w->device, err);
	(void)fail_errno(err, "this family is not to be used");
	return -1;
}

int
way_listen(const struct net_way *w, const struct addr *at, struct bt_error *err)
{
	return bound(w, at, SOCK_STREAM, err);
}

int
way_udp(const struct net_way *w, const struct addr *at, struct bt_error *err)
{
	return bound(w, at, SOCK_DGRAM, err);
}

int
way_connect(const struct net_way *w, const struct addr *to)
{
	if (!is_allowed(w, to->family))
		return -1;
	return sock_connect(to, from_of(w, to->family), w->device);
}

int
way_socket(const struct net_way *w, enum addr_family family, int type)
{
	if (!is_allowed(w, family))
		return -1;
	return sock_from(from_of(w, family), sock_open(family, type, w->device));
}

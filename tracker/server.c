/* SPDX-License-Identifier: ISC */
#include "tracker/server.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/httpd.h"
#include "net/resolve.h"
#include "net/sock.h"
#include "tracker/packets.h"
#include "tracker/reply.h"
#include "tracker/web.h"

#define REPLY_MAX (256u << 20)	/* a full scrape of some millions of torrents */
#define REPLY_TIME (2 * MINUTE)	/* for a full scrape to be taken; one is made each minute */
#define HTTP_MEMORY (128u << 20)	/* of what waits for clients; all loops */
#define NAT_TIMEOUT (15 * SECOND)	/* to be reached */
#define NAT_AT_ONCE 500u	/* of each loop */
#define FDS_KEPT 64		/* for what is neither a loop's nor a connection */
#define FDS_LOOP 16		/* a loop's own */
#define FIRST_HANDED_OVER 3		/* sd_listen_fds(3) */
#define PORT_TRIES 16		/* to find one that is free for TCP, UDP and both families */

struct server {
	struct loop *loop;
	struct server_shared shared;
	struct replier replier;
	struct web web;
	struct stat_counters *counters;
	struct packets packets;
	struct httpd *httpd;
	bool joins;		/* the addresses of a server that is there already */
};

/* -- descriptors: state and lists must find some, whatever strangers open -- */

static size_t
fd_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) != 0 || rl.rlim_cur == RLIM_INFINITY)
		return SIZE_MAX;
	return rl.rlim_cur;
}

static unsigned
nat_at_once(const struct server *s)
{
	size_t share = fd_limit() / 4 / s->shared.loops;

	if (s->shared.settings->nat_check == 0)
		return 0;
	return share < NAT_AT_ONCE ? (unsigned)share : NAT_AT_ONCE;
}

/* -- connecting back -- */

static bool
on_nat_told(void *arg, const uint8_t info_hash[20], const struct addr *at, bool reached)
{
	const struct server *s = arg;

	return shards_tried(s->shared.shards, info_hash, at, reached);
}

static void
on_nat_tried(void *arg, const struct announce_req *req, const struct addr *at,
    enum nat_result result)
{
	struct server *s = arg;

	if (s->shared.settings->log_nat_checks)
		reqlog_add_nat_check(s->shared.reqlog, req->peer_id, at, result);
}

static bool
add_nat_check(struct server *s)
{
	static const struct nat_check_ops ops = { on_nat_told, on_nat_tried };
	const struct bt_tracker_settings *o = s->shared.settings;
	struct nat_check_limits limits = { (unsigned)o->nat_check, NAT_TIMEOUT, nat_at_once(s) };

	if (o->nat_check > 0)
		s->replier.nat = nat_check_new(s->loop, s->shared.policy->nat_known, &limits, &ops,
		    s);
	return o->nat_check == 0 || s->replier.nat != NULL;
}

/* -- listening -- */

/* The first to come must find the address free, or a second tracker by mistake would get a part of
 * all requests. */
static int
open_socket(const struct server *s, const struct addr *at, int type, struct bt_error *err)
{
	int fd;

	if (s->joins)
		return sock_join(at, type, err);
	fd = type == SOCK_STREAM ? sock_listen(at, err) : sock_udp(at, err);
	if (fd >= 0 && s->shared.loops > 1 && !sock_share(fd)) {
		(void)fail_errno(err, "cannot share a port");
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* What is served at an address. */
struct way_in {
	struct tls *tls;	/* NULL: plain HTTP */
	enum web_door door;
	bool udp;		/* too */
};

static enum bt_code
serve_http(struct server *s, int fd, const struct way_in *way, struct bt_error *err)
{
	if (!httpd_add_listener(s->httpd, fd, way->tls, way->door))
		return fail(err, BT_ENOMEM, "out of memory");
	return BT_OK;
}

static enum bt_code
serve_udp(struct server *s, int fd, struct bt_error *err)
{
	if (!packets_add_socket(&s->packets, fd))
		return fail(err, BT_ENOMEM, "out of memory");
	return BT_OK;
}

static enum bt_code
listen_at(struct server *s, struct addr *at, const struct way_in *way, struct bt_error *err)
{
	enum bt_code code;
	int udp = -1, tcp = open_socket(s, at, SOCK_STREAM, err);

	if (tcp >= 0 && at->port == 0) {
		struct addr local;

		if (sock_local(tcp, &local))
			at->port = local.port;
	}
	if (tcp >= 0 && way->udp)
		udp = open_socket(s, at, SOCK_DGRAM, err);
	if (tcp >= 0 && way->udp && udp < 0)
		(void)close(tcp);
	if (tcp < 0 || (way->udp && udp < 0))
		return BT_EIO;
	code = serve_http(s, tcp, way, err);
	if (code != BT_OK && udp >= 0)
		(void)close(udp);
	return code == BT_OK && udp >= 0 ? serve_udp(s, udp, err) : code;
}

static bool
is_not_here(const struct bt_error *why)
{
	return why->sys_errno == EAFNOSUPPORT || why->sys_errno == EADDRNOTAVAIL;
}

/* Everywhere: a system without IPv6 is no fault. */
static enum bt_code
listen_everywhere(struct server *s, uint16_t *port, const struct way_in *way, struct bt_error *err)
{
	struct addr any4 = addr_v4((const uint8_t[4]){ 0 }, *port);
	struct addr any6 = addr_v6((const uint8_t[16]){ 0 }, 0);
	struct bt_error why;
	enum bt_code code = listen_at(s, &any4, way, err);

	if (code != BT_OK || !s->shared.settings->ipv6_enabled) {
		*port = any4.port;
		return code;
	}
	*port = any6.port = any4.port;
	code = listen_at(s, &any6, way, &why);
	if (code == BT_OK)
		return BT_OK;
	if (!is_not_here(&why)) {
		*err = why;
		return code;
	}
	if (!s->joins && way->udp)
		log_write(s->shared.log, BT_LOG_WARN, "tracker", "%s: IPv4 only", why.text);
	return BT_OK;
}

/* At all its addresses that this machine has. */
static enum bt_code
listen_named(struct server *s, struct bt_slice name, uint16_t *port, const struct way_in *way,
    struct bt_error *err)
{
	enum addr_family family = s->shared.settings->ipv6_enabled ? ADDR_NONE : ADDR_V4;
	struct addr at[RESOLVE_MAX];
	struct bt_error why;
	unsigned count = 0;
	char text[256];
	size_t n;

	(void)snprintf(text, sizeof(text), "%.*s", name.len < 255 ? (int)name.len : 255,
	    (const char *)name.ptr);
	n = resolve_now(text, *port, family, at, &why);
	if (n == 0)
		return fail(err, BT_EARG, "bind: %s", why.text);
	for (size_t i = 0; i < n; i++) {
		enum bt_code code;

		at[i].port = *port;
		code = listen_at(s, &at[i], way, err);
		if (code != BT_OK && (!is_not_here(err) || (count == 0 && i + 1 == n)))
			return code;
		if (code == BT_OK) {
			*port = at[i].port;
			count++;
		}
	}
	return BT_OK;
}

static enum bt_code
listen_one(struct server *s, struct bt_slice text, uint16_t *port, const struct way_in *way,
    struct bt_error *err)
{
	struct addr at;
	enum bt_code code;

	if (!addr_parse_with_port(text, &at) || at.port != 0)
		return listen_named(s, text, port, way, err);
	at.port = *port;
	code = listen_at(s, &at, way, err);
	*port = at.port;
	return code;
}

static enum bt_code
listen_bound(struct server *s, uint16_t *port, const struct way_in *way, struct bt_error *err)
{
	struct bt_slice rest = slice_str(s->shared.settings->bind);
	unsigned count = 0;

	while (rest.len > 0) {
		struct bt_slice one = slice_trim(slice_take_until(&rest, ','));
		enum bt_code code;

		if (one.len == 0)
			continue;
		code = listen_one(s, one, port, way, err);
		if (code != BT_OK)
			return code;
		count++;
	}
	return count > 0 ? BT_OK : fail(err, BT_EARG, "bind: names no address");
}

static enum bt_code
listen_way(struct server *s, uint16_t *port, const struct way_in *way, struct bt_error *err)
{
	if (s->shared.settings->bind[0] != '\0')
		return listen_bound(s, port, way, err);
	return listen_everywhere(s, port, way, err);
}

static bool
pages_address(const struct server *s, struct addr *at, struct bt_error *err)
{
	const char *text = s->shared.settings->pages_bind;

	if (addr_parse_with_port(slice_str(text), at) && at->port > 0)
		return true;
	(void)fail(err, BT_EARG, "pages_bind: '%.60s' is no address with a port", text);
	return false;
}

static enum bt_code
listen_all(struct server *s, uint16_t *port, struct bt_error *err)
{
	const struct bt_tracker_settings *o = s->shared.settings;
	const struct way_in main = { NULL, WEB_DOOR_PUBLIC, true };
	const struct way_in secure = { s->shared.tls, WEB_DOOR_SECURE, false };
	const struct way_in pages = { NULL, WEB_DOOR_PAGES, false };
	enum bt_code code = listen_way(s, port, &main, err);
	uint16_t tls_port = (uint16_t)o->tls_port;
	struct addr at;

	if (code == BT_OK && tls_port != 0)
		code = listen_way(s, &tls_port, &secure, err);
	if (code == BT_OK && o->pages_bind[0] != '\0')
		code = pages_address(s, &at, err) ? listen_at(s, &at, &pages, err) : BT_EARG;
	return code;
}

/* Which port it is tells what it is for. */
static enum bt_code
adopt(struct server *s, int fd, uint16_t *port, struct bt_error *err)
{
	const struct bt_tracker_settings *o = s->shared.settings;
	struct way_in way = { NULL, WEB_DOOR_PUBLIC, false };
	struct addr at, pages;
	int type, ours = sock_adopt(fd, &type, &at, err);

	if (ours < 0)
		return BT_EARG;
	if (type == SOCK_DGRAM)
		return serve_udp(s, ours, err);
	if (o->tls_port != 0 && at.port == o->tls_port)
		way = (struct way_in){ s->shared.tls, WEB_DOOR_SECURE, false };
	else if (o->pages_bind[0] != '\0' && pages_address(s, &pages, err) &&
	    at.port == pages.port)
		way.door = WEB_DOOR_PAGES;
	else
		*port = at.port;
	return serve_http(s, ours, &way, err);
}

static enum bt_code
adopt_all(struct server *s, uint16_t *port, struct bt_error *err)
{
	enum bt_code code = BT_OK;

	for (int i = 0; code == BT_OK && i < s->shared.settings->listen_fds; i++)
		code = adopt(s, FIRST_HANDED_OVER + i, port, err);
	return code;
}

static size_t
connection_limit(const struct server *s)
{
	size_t want = (size_t)s->shared.settings->max_connections, fds = fd_limit();
	size_t kept = FDS_KEPT + s->shared.loops * (FDS_LOOP + nat_at_once(s));

	if (fds > 2 * FDS_KEPT && (kept >= fds || want > fds - kept))
		want = kept < fds - fds / 4 ? fds - kept : fds / 4;
	return (want + s->shared.loops - 1) / s->shared.loops;
}

static enum bt_code
open_all(struct server *s, uint16_t *port, struct bt_error *err)
{
	struct httpd_limits limits = {
		.max_connections = connection_limit(s),
		.timeout = s->shared.settings->socket_timeout * SECOND,
		.reply_time = REPLY_TIME,
		.max_reply = REPLY_MAX,
		.max_memory = HTTP_MEMORY / s->shared.loops,
	};

	s->httpd = httpd_new(s->loop, &limits, &web_ops, &s->web);
	if (s->httpd == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	web_serve(&s->web, s->httpd);
	if (s->shared.settings->listen_fds > 0)
		return adopt_all(s, port, err);
	return listen_all(s, port, err);
}

struct server *
server_new(struct loop *l, const struct server_shared *shared, uint16_t *port, bool joins,
    struct bt_error *err)
{
	struct server *s = mem_zero(sizeof(*s));

	if (s == NULL) {
		(void)fail(err, BT_ENOMEM, "out of memory");
		return NULL;
	}
	s->loop = l;
	s->shared = *shared;
	s->joins = joins;
	s->counters = stats_counters(shared->stats);
	replier_init(&s->replier, shared->settings, shared->shards, s->counters);
	s->replier.gate = policy_gate(shared->policy);
	if (s->counters == NULL || !add_nat_check(s) ||
	    !packets_init(&s->packets, &s->shared, &s->replier, s->counters, l) ||
	    !web_init(&s->web, &s->shared, &s->replier, s->counters, l)) {
		(void)fail(err, BT_ENOMEM, "out of memory");
		server_free(s);
		return NULL;
	}
	for (int i = 0; i < PORT_TRIES; i++) {
		uint16_t wanted = *port;

		if (open_all(s, &wanted, err) == BT_OK) {
			*port = wanted;
			return s;
		}
		httpd_free(s->httpd);
		s->httpd = NULL;
		packets_close(&s->packets);
		/* What the system chose for TCP may be taken for UDP: choose again. */
		if (*port != 0)
			break;
	}
	server_free(s);
	return NULL;
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	packets_fini(&s->packets);
	httpd_free(s->httpd);
	web_fini(&s->web);
	nat_check_free(s->replier.nat);
	gate_fini(&s->replier.gate);
	mem_free(s);
}

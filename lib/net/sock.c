/* SPDX-License-Identifier: ISC */
#include "net/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

socklen_t
sock_from_addr(const struct addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (a->family == ADDR_V6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(a->port);
		memcpy(&in6->sin6_addr, a->ip, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(a->port);
	memcpy(&in->sin_addr, a->ip, 4);
	return sizeof(*in);
}

bool
sock_to_addr(const struct sockaddr_storage *ss, struct addr *out)
{
	const struct sockaddr_in *in = (const void *)ss;
	const struct sockaddr_in6 *in6 = (const void *)ss;

	if (ss->ss_family == AF_INET)
		*out = addr_v4((const uint8_t *)&in->sin_addr, ntohs(in->sin_port));
	else if (ss->ss_family == AF_INET6)
		*out = addr_v6((const uint8_t *)&in6->sin6_addr, ntohs(in6->sin6_port));
	else
		return false;
	return true;
}

static int
close_keeping_errno(int fd)
{
	int e = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = e;
	return -1;
}

int
sock_open(enum addr_family family, int type, const char *device)
{
	int fd = socket(family == ADDR_V6 ? AF_INET6 : AF_INET,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd >= 0 && family == ADDR_V6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (fd >= 0 && type == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fd >= 0 && device[0] != '\0' && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
	    (socklen_t)strlen(device)) != 0)
		return close_keeping_errno(fd);
	return fd;
}

bool
sock_share(int fd)
{
	int one = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0;
}

static int
bound(const struct addr *at, int type, const char *device, bool joins, struct bt_error *err)
{
	char text[ADDR_TEXT_MAX];
	struct sockaddr_storage ss;
	socklen_t len = sock_from_addr(at, &ss);
	int one = 1;
	int fd = sock_open(at->family, type, device);

	if (fd >= 0 && type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || (joins && !sock_share(fd)) || bind(fd, (struct sockaddr *)&ss, len) != 0 ||
	    (type == SOCK_STREAM && listen(fd, SOMAXCONN) != 0)) {
		fd = close_keeping_errno(fd);
		(void)fail_errno(err, "cannot listen on %s", addr_text(at, text));
	}
	return fd;
}

int
sock_bound(const struct addr *at, int type, const char *device, struct bt_error *err)
{
	return bound(at, type, device, false, err);
}

int
sock_listen(const struct addr *at, struct bt_error *err)
{
	return bound(at, SOCK_STREAM, "", false, err);
}

/* A file that was a socket once, and of a process that is gone. */
static bool
is_left_behind(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat st;
	bool left = fd >= 0 && lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)at, sizeof(*at)) != 0 && errno == ECONNREFUSED;

	if (fd >= 0)
		(void)close(fd);
	return left;
}

int
sock_listen_unix(const char *path, struct bt_error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if (len == 0 || len >= sizeof(at.sun_path)) {
		(void)fail(err, BT_EARG, "%s: a socket's path has 1 to %zu bytes", path,
		    sizeof(at.sun_path) - 1);
		return -1;
	}
	memcpy(at.sun_path, path, len);
	if (is_left_behind(&at))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* The mode of a socket before bind is that of its file from the first moment on. */
	if (fd < 0 || fchmod(fd, 0600) != 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, SOMAXCONN) != 0) {
		fd = close_keeping_errno(fd);
		(void)fail_errno(err, "cannot listen on %s", path);
	}
	return fd;
}

int
sock_udp(const struct addr *at, struct bt_error *err)
{
	return bound(at, SOCK_DGRAM, "", false, err);
}

int
sock_join(const struct addr *at, int type, struct bt_error *err)
{
	return bound(at, type, "", true, err);
}

static bool
option_of(int fd, int level, int name, int *out)
{
	socklen_t len = sizeof(*out);

	*out = 0;
	return getsockopt(fd, level, name, out, &len) == 0;
}

int
sock_adopt(int fd, int *type, struct addr *at, struct bt_error *err)
{
	int listens, one_family, ours, flags;

	if (!option_of(fd, SOL_SOCKET, SO_TYPE, type) || !sock_local(fd, at) ||
	    (*type != SOCK_STREAM && *type != SOCK_DGRAM)) {
		(void)fail(err, BT_EARG, "descriptor %d is no internet socket", fd);
		return -1;
	}
	(void)option_of(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens);
	if (*type == SOCK_STREAM && !listens) {
		(void)fail(err, BT_EARG, "descriptor %d does not listen", fd);
		return -1;
	}
	(void)option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one_family);
	if (at->family == ADDR_V6 && !one_family) {
		(void)fail(err, BT_EARG, "descriptor %d takes IPv4 and IPv6: each needs a socket "
		    "of its own (BindIPv6Only=ipv6-only)", fd);
		return -1;
	}
	ours = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	flags = ours >= 0 ? fcntl(ours, F_GETFL) : -1;
	if (flags < 0 || fcntl(ours, F_SETFL, flags | O_NONBLOCK) != 0) {
		(void)fail_errno(err, "cannot use descriptor %d", fd);
		return close_keeping_errno(ours);
	}
	return ours;
}

int
sock_from(const struct addr *from, int fd)
{
	struct addr local;
	struct sockaddr_storage ss;
	socklen_t len;

	if (fd < 0 || from == NULL)
		return fd;
	local = *from;
	local.port = 0;
	len = sock_from_addr(&local, &ss);
	return bind(fd, (struct sockaddr *)&ss, len) == 0 ? fd : close_keeping_errno(fd);
}

int
sock_connect(const struct addr *to, const struct addr *from, const char *device)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_from_addr(to, &ss);
	int fd = sock_from(from, sock_open(to->family, SOCK_STREAM, device));

	if (fd >= 0 && connect(fd, (struct sockaddr *)&ss, len) != 0 && errno != EINPROGRESS)
		return close_keeping_errno(fd);
	return fd;
}

bool
sock_has_route(enum addr_family family, const char *device)
{
	/* A root name server: as good as anybody far away. */
	static const uint8_t far6[16] = { 0x20, 0x01, 0x05, 0x03, 0xba, 0x3e,
	    [13] = 0x02, [15] = 0x30 };
	struct addr far = family == ADDR_V6 ? addr_v6(far6, 53) :
	    addr_v4((const uint8_t[4]){ 198, 41, 0, 4 }, 53);
	struct sockaddr_storage ss;
	socklen_t len = sock_from_addr(&far, &ss);
	int fd = sock_open(family, SOCK_DGRAM, device);
	bool has = fd >= 0 && connect(fd, (struct sockaddr *)&ss, len) == 0;

	if (fd >= 0)
		(void)close(fd);
	return has;
}

int
sock_error(int fd)
{
	int e = 0;
	socklen_t len = sizeof(e);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) != 0)
		return errno;
	return e;
}

void
sock_hold(int fd)
{
	int seconds = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
}

void
sock_limit_unsent(int fd, int bytes)
{
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}

int
sock_accept(int fd, struct addr *from)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int got = accept4(fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (got < 0)
		return -1;
	*from = (struct addr){ .family = ADDR_NONE };
	if (ss.ss_family != AF_UNIX && !sock_to_addr(&ss, from)) {
		(void)close(got);
		errno = EAFNOSUPPORT;
		return -1;
	}
	return got;
}

bool
sock_local(int fd, struct addr *out)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	return getsockname(fd, (struct sockaddr *)&ss, &len) == 0 && sock_to_addr(&ss, out);
}

bool
sock_remote(int fd, struct addr *out)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	return getpeername(fd, (struct sockaddr *)&ss, &len) == 0 && sock_to_addr(&ss, out);
}

/* SPDX-License-Identifier: ISC */
/* Sockets made ready for the loop: non-blocking, close-on-exec, addresses as struct addr. */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include <sys/socket.h>

#include "base/addr.h"
#include "base/error.h"

/* Fills ss and returns its length. */
socklen_t sock_from_addr(const struct addr *a, struct sockaddr_storage *ss);

/* False if ss is of no internet family. */
bool sock_to_addr(const struct sockaddr_storage *ss, struct addr *out);

/* A socket of type SOCK_STREAM or SOCK_DGRAM, which speaks through this interface alone, or "" for
 * any. -1: errno. IPv6 sockets take IPv6 only. */
int sock_open(enum addr_family family, int type, const char *device);

/* A listening TCP socket or a bound UDP socket; -1 on failure. IPv6 sockets take IPv6 only, so that
 * both families can be bound to one port. Port 0: the system chooses; see sock_local. */
int sock_listen(const struct addr *at, struct bt_error *err);
int sock_udp(const struct addr *at, struct bt_error *err);

/* The same, by type and for one interface. */
int sock_bound(const struct addr *at, int type, const char *device, struct bt_error *err);

/* A listening Unix socket, a file that its owner alone may use and has to remove. What a socket
 * that nobody listens on left there is replaced. */
int sock_listen_unix(const char *path, struct bt_error *err);

/* From now on others may join a bound socket's address and port; the system deals out what comes in
 * (SO_REUSEPORT). sock_join makes such a one, type SOCK_STREAM or SOCK_DGRAM. */
bool sock_share(int fd);
int sock_join(const struct addr *at, int type, struct bt_error *err);

/* A socket that somebody else made, of either kind: ours is a copy of the descriptor. -1: it is no
 * such thing, or one that takes both families. */
int sock_adopt(int fd, int *type, struct addr *at, struct bt_error *err);

/* Binds fd to an address of ours, if from is not NULL (its port is not used), and returns it.
 * -1: fd was that, or it cannot be bound and is closed; errno set. */
int sock_from(const struct addr *from, int fd);

/* Begins to connect, from an address of ours if from is not NULL. The result shows when the socket
 * becomes writable: sock_error. -1: it cannot even begin, errno set. */
int sock_connect(const struct addr *to, const struct addr *from, const char *device);

/* Whether there is a way to the rest of the world over this family. Nothing is sent. */
bool sock_has_route(enum addr_family family, const char *device);

/* The pending error of a socket: 0 or an errno. */
int sock_error(int fd);

/* From now on a listening socket offers a connection when its first bytes are there, or after a
 * second. For protocols where the client speaks first. */
void sock_hold(int fd);

/* At most this many bytes wait unsent in the system for each connection that a listening socket
 * accepts from now on. */
void sock_limit_unsent(int fd, int bytes);

/* One waiting connection, or -1 with errno. It has the listening socket's TCP_NODELAY. By a Unix
 * socket it comes from ADDR_NONE. */
int sock_accept(int fd, struct addr *from);

bool sock_local(int fd, struct addr *out);
bool sock_remote(int fd, struct addr *out);

#endif

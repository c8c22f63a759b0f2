/* SPDX-License-Identifier: ISC */
/*
 * The server's side of TLS (1.2 and up) by OpenSSL, over a socket of the loop's. A struct tls is
 * one certificate with its key; all loops may share it, and it can be read anew at any time:
 * connections that are open go on with the one that they began with.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cdefs.h"
#include "base/error.h"

struct tls;
struct tls_conn;

/* Names of PEM files: the certificate with its chain, its key (may be the same file). */
struct tls *tls_new(const char *cert, const char *key, struct bt_error *err) MUST_USE;
void tls_free(struct tls *t);

/* Reads the files anew. On failure what was read before stays in force. */
enum bt_code tls_reload(struct tls *t, struct bt_error *err);

/* A connection that was accepted; the socket stays the caller's. NULL: no memory. The handshake is
 * made by the first reads. */
struct tls_conn *tls_accept(struct tls *t, int fd) MUST_USE;

/* Tells the other side that nothing more comes, if that can be done at once. */
void tls_bye(struct tls_conn *c);
void tls_conn_free(struct tls_conn *c);

/* As recv(2) and send(2), with errno; EAGAIN: try again when tls_wants_write() says. */
ssize_t tls_read(struct tls_conn *c, void *p, size_t n);
ssize_t tls_write(struct tls_conn *c, const void *p, size_t n);

/* What stopped the last call was that the socket did not take bytes. */
bool tls_wants_write(const struct tls_conn *c);

#endif

/* SPDX-License-Identifier: ISC */
#include "net/tls.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "base/slice.h"

struct tls {
	pthread_mutex_t lock;		/* of ctx */
	SSL_CTX *ctx;
	BIO_METHOD *socket;
	char *cert, *key;
};

struct tls_conn {
	SSL *ssl;
	int fd;
	bool dead;			/* after a fatal error not even goodbye may be sent */
};

/* -- OpenSSL's own socket BIO writes without MSG_NOSIGNAL, and a signal would end the host -- */

static int
bio_write(BIO *b, const char *p, int n)
{
	const struct tls_conn *c = BIO_get_data(b);
	ssize_t sent = send(c->fd, p, (size_t)n, MSG_NOSIGNAL);

	BIO_clear_retry_flags(b);
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_write(b);
	return (int)sent;
}

static int
bio_read(BIO *b, char *p, int n)
{
	const struct tls_conn *c = BIO_get_data(b);
	ssize_t got = recv(c->fd, p, (size_t)n, 0);

	BIO_clear_retry_flags(b);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_read(b);
	return (int)got;
}

static long
bio_ctrl(BIO *b, int what, long num, void *ptr)
{
	(void)b;
	(void)num;
	(void)ptr;
	return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *
make_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loop socket");

	if (m != NULL && (BIO_meth_set_write(m, bio_write) != 1 ||
	    BIO_meth_set_read(m, bio_read) != 1 || BIO_meth_set_ctrl(m, bio_ctrl) != 1)) {
		BIO_meth_free(m);
		m = NULL;
	}
	return m;
}

/* -- certificates -- */

/* A daemon has nobody to ask. */
static int
no_password(char *p, int size, int writing, void *arg)
{
	(void)p;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static enum bt_code
fail_ssl(struct bt_error *err, const char *what, const char *path)
{
	unsigned long e = ERR_peek_error();
	const char *why = ERR_reason_error_string(e);

	/* Errors of the system carry no reason in OpenSSL 3. */
	if (ERR_SYSTEM_ERROR(e))
		why = strerror(ERR_GET_REASON(e));
	return fail(err, BT_EIO, "%s %s: %s", what, path, why != NULL ? why : "cannot be used");
}

static SSL_CTX *
load(const char *cert, const char *key, struct bt_error *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	ERR_clear_error();
	if (ctx == NULL) {
		(void)fail(err, BT_ENOMEM, "out of memory");
		return NULL;
	}
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
	    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	/* Clients resume by tickets; what a stranger can fill we do not keep. */
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		(void)fail_ssl(err, "the certificate", cert);
	else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		(void)fail_ssl(err, "the key", key);
	else
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

struct tls *
tls_new(const char *cert, const char *key, struct bt_error *err)
{
	struct tls *t = mem_zero(sizeof(*t));

	if (t == NULL) {
		(void)fail(err, BT_ENOMEM, "out of memory");
		return NULL;
	}
	(void)pthread_mutex_init(&t->lock, NULL);
	t->cert = slice_dup(slice_str(cert));
	t->key = slice_dup(slice_str(key));
	t->socket = make_method();
	if (t->cert == NULL || t->key == NULL || t->socket == NULL)
		(void)fail(err, BT_ENOMEM, "out of memory");
	else
		t->ctx = load(cert, key, err);
	if (t->ctx == NULL) {
		tls_free(t);
		return NULL;
	}
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	BIO_meth_free(t->socket);
	mem_free(t->cert);
	mem_free(t->key);
	(void)pthread_mutex_destroy(&t->lock);
	mem_free(t);
}

enum bt_code
tls_reload(struct tls *t, struct bt_error *err)
{
	struct bt_error why = { .code = BT_OK };
	SSL_CTX *old, *ctx = load(t->cert, t->key, &why);

	if (ctx == NULL) {
		if (err != NULL)
			*err = why;
		return why.code;
	}
	(void)pthread_mutex_lock(&t->lock);
	old = t->ctx;
	t->ctx = ctx;
	(void)pthread_mutex_unlock(&t->lock);
	SSL_CTX_free(old);		/* each connection holds it, too */
	return BT_OK;
}

/* -- connections -- */

struct tls_conn *
tls_accept(struct tls *t, int fd)
{
	struct tls_conn *c = mem_zero(sizeof(*c));
	BIO *bio = BIO_new(t->socket);

	if (c != NULL && bio != NULL) {
		(void)pthread_mutex_lock(&t->lock);
		c->ssl = SSL_new(t->ctx);
		(void)pthread_mutex_unlock(&t->lock);
	}
	if (c == NULL || c->ssl == NULL) {
		(void)BIO_free(bio);
		mem_free(c);
		return NULL;
	}
	c->fd = fd;
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	SSL_set_bio(c->ssl, bio, bio);
	SSL_set_accept_state(c->ssl);
	return c;
}

void
tls_bye(struct tls_conn *c)
{
	if (!c->dead && SSL_is_init_finished(c->ssl))
		(void)SSL_shutdown(c->ssl);
	ERR_clear_error();
}

void
tls_conn_free(struct tls_conn *c)
{
	if (c == NULL)
		return;
	SSL_free(c->ssl);
	mem_free(c);
}

/* OpenSSL's answer as the system would have given it. */
static ssize_t
result(struct tls_conn *c, int n)
{
	if (n > 0)
		return n;
	switch (SSL_get_error(c->ssl, n)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		c->dead = true;
		errno = EPROTO;
		return -1;
	}
}

ssize_t
tls_read(struct tls_conn *c, void *p, size_t n)
{
	ERR_clear_error();
	return result(c, SSL_read(c->ssl, p, n > INT_MAX ? INT_MAX : (int)n));
}

ssize_t
tls_write(struct tls_conn *c, const void *p, size_t n)
{
	ERR_clear_error();
	return result(c, SSL_write(c->ssl, p, n > INT_MAX ? INT_MAX : (int)n));
}

bool
tls_wants_write(const struct tls_conn *c)
{
	return SSL_want_write(c->ssl);
}

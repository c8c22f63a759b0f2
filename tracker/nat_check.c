/* SPDX-License-Identifier: ISC */
#include "tracker/nat_check.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/vec.h"
#include "net/sock.h"
#include "proto/handshake.h"

#define WAITING_MAX 256u	/* torrents of one address, while it is tried */
#define KEY_LEN 19		/* family, address, port */
#define HASH_LEN 20

struct check {
	TAILQ_ENTRY(check) link;	/* nat_check.checks */
	struct nat_check *owner;
	struct addr at;
	struct announce_req first;	/* what the handshake is about */
	struct vec waiting;		/* info-hashes of all of them */
	int fd;
	bool connected;
	struct loop_fd watch;
	struct loop_timer timer;
	uint8_t got[HANDSHAKE_HEAD_LEN];
	size_t got_len;
};

struct nat_check {
	struct loop *loop;
	struct nat_check_limits limits;
	const struct nat_check_ops *ops;
	void *arg;
	struct nat_known *known;
	TAILQ_HEAD(, check) checks;
	struct map by_addr;		/* struct check */
	uint8_t peer_id[20];
};

static void
write_key(uint8_t key[KEY_LEN], const struct addr *a)
{
	key[0] = a->family;
	memcpy(key + 1, a->ip, 16);
	put_be16(key + 17, a->port);
}

static struct check *
find_check(const struct nat_check *n, const struct addr *at)
{
	uint8_t key[KEY_LEN];

	write_key(key, at);
	return map_find(&n->by_addr, key);
}

static void
free_check(struct check *c)
{
	uint8_t key[KEY_LEN];

	write_key(key, &c->at);
	(void)map_remove(&c->owner->by_addr, key);
	TAILQ_REMOVE(&c->owner->checks, c, link);
	loop_fd_fini(&c->watch);
	loop_timer_fini(&c->timer);
	if (c->fd >= 0)
		(void)close(c->fd);
	vec_fini(&c->waiting);
	mem_free(c);
}

static void
end_check(struct check *c, bool reached, usec now)
{
	struct nat_check *n = c->owner;
	bool there = false;

	nat_known_tell(n->known, &c->at, reached, now);
	for (size_t i = 0; i < c->waiting.len; i++)
		there |= n->ops->tell(n->arg, vec_at(&c->waiting, i), &c->at, reached);
	n->ops->tried(n->arg, &c->first, &c->at,
	    !there ? NAT_GONE : reached ? NAT_REACHED : NAT_UNREACHABLE);
	free_check(c);
}

static void
say_hello(struct check *c)
{
	struct handshake h = { .reserved = { 0 } };
	uint8_t bytes[HANDSHAKE_LEN];

	memcpy(h.info_hash, c->first.info_hash, sizeof(h.info_hash));
	memcpy(h.peer_id, c->owner->peer_id, sizeof(h.peer_id));
	handshake_write(bytes, &h);
	/* They fit into any fresh socket; if not, no answer will come. */
	(void)send(c->fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
}

/* False: nothing more will come. */
static bool
listen_to(struct check *c)
{
	ssize_t n = recv(c->fd, c->got + c->got_len, sizeof(c->got) - c->got_len, 0);

	if (n > 0)
		c->got_len += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void
on_ready(void *arg, unsigned ready)
{
	struct check *c = arg;
	usec now = loop_now(c->owner->loop);
	struct handshake h;
	enum step step;

	if (!c->connected && (ready & LOOP_WRITE) != 0) {
		if (sock_error(c->fd) != 0) {
			end_check(c, false, now);
			return;
		}
		/* A client that wants encryption would not understand the rest. */
		if (c->first.requirecrypto) {
			end_check(c, true, now);
			return;
		}
		c->connected = true;
		loop_fd_want(&c->watch, LOOP_READ);
		say_hello(c);
		return;
	}
	if ((ready & LOOP_READ) == 0)
		return;
	if (!listen_to(c)) {
		end_check(c, false, now);
		return;
	}
	step = handshake_parse_head(slice_of(c->got, c->got_len), &h);
	if (step != STEP_MORE)
		end_check(c, step == STEP_DONE &&
		    memcmp(h.info_hash, c->first.info_hash, sizeof(h.info_hash)) == 0, now);
}

static void
on_timeout(void *arg, usec now)
{
	end_check(arg, false, now);
}

static void
wait_for(struct check *c, const struct announce_req *req)
{
	for (size_t i = 0; i < c->waiting.len; i++) {
		if (memcmp(vec_at(&c->waiting, i), req->info_hash, HASH_LEN) == 0)
			return;
	}
	/* One that is left out is handed out after its next announce. */
	if (c->waiting.len < WAITING_MAX)
		(void)vec_add(&c->waiting, req->info_hash);
}

static void
begin_check(struct nat_check *n, const struct announce_req *req, const struct addr *at)
{
	struct check *c = n->by_addr.count < n->limits.at_once ? mem_zero(sizeof(*c)) : NULL;
	uint8_t key[KEY_LEN];

	if (c == NULL)
		return;
	write_key(key, at);
	if (!map_set(&n->by_addr, key, c)) {
		mem_free(c);
		return;
	}
	TAILQ_INSERT_TAIL(&n->checks, c, link);
	c->owner = n;
	c->at = *at;
	c->first = *req;
	vec_init(&c->waiting, HASH_LEN);
	c->fd = sock_connect(at, NULL, "");
	if (c->fd < 0 || !loop_fd_init(&c->watch, n->loop, c->fd, on_ready, c) ||
	    !loop_timer_init(&c->timer, n->loop, on_timeout, c)) {
		free_check(c);
		return;
	}
	wait_for(c, req);
	loop_fd_want(&c->watch, LOOP_WRITE);
	loop_timer_set(&c->timer, n->limits.timeout);
}

bool
nat_check_passed(struct nat_check *n, const struct announce_req *req, const struct addr *at,
    const struct addr *from, usec now)
{
	struct check *c;
	int nat = nat_known_ask(n->known, at, now);

	if (nat == NAT_KNOWN_REACHED)
		return true;
	c = find_check(n, at);
	if (c != NULL)
		wait_for(c, req);
	else if (nat < (int)n->limits.tries && addr_usable(at) &&
	    (!addr_is_local(at) || addr_is_local(from)))
		begin_check(n, req, at);
	return false;
}

struct nat_check *
nat_check_new(struct loop *l, struct nat_known *known, const struct nat_check_limits *limits,
    const struct nat_check_ops *ops, void *arg)
{
	struct nat_check *n = mem_zero(sizeof(*n));
	uint64_t seed[2];

	if (n == NULL)
		return NULL;
	n->known = known;
	n->loop = l;
	n->limits = *limits;
	if (n->limits.tries > NAT_TRIES_MAX)
		n->limits.tries = NAT_TRIES_MAX;
	n->ops = ops;
	n->arg = arg;
	TAILQ_INIT(&n->checks);
	rng_secret(seed, sizeof(seed));
	map_init(&n->by_addr, KEY_LEN, seed);
	rng_secret(n->peer_id, sizeof(n->peer_id));
	memcpy(n->peer_id, "-BT0000-", 8);
	return n;
}

void
nat_check_free(struct nat_check *n)
{
	struct check *c;

	if (n == NULL)
		return;
	while ((c = TAILQ_FIRST(&n->checks)) != NULL)
		free_check(c);
	map_fini(&n->by_addr);
	mem_free(n);
}

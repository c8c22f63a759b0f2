/* SPDX-License-Identifier: ISC */
#include "net/resolve.h"

#include <netdb.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/pool.h"
#include "net/sock.h"

/* A dead name server holds a worker for some ten seconds. */
#define WORKERS 4

struct question {
	struct job job;
	TAILQ_ENTRY(question) link;	/* in the resolver's list until answered or cancelled */
	struct resolve *resolve;
	uint64_t id;
	resolve_fn fn;			/* NULL: cancelled while a worker had it */
	void *arg;
	char *name;
	uint16_t port;
	enum addr_family family;
	bool at_once;			/* no worker is needed */
	size_t count;
	struct addr addrs[RESOLVE_MAX];
	char error[160];
};

struct resolve {
	struct loop *loop;
	const struct net_way *way;
	struct pool *pool;		/* NULL: no name has needed it yet */
	struct loop_fd pool_ready;
	struct loop_later later;	/* answers those that are at once */
	TAILQ_HEAD(, question) open;
	uint64_t last_id;
};

static void
question_free(struct question *q)
{
	mem_free(q->name);
	mem_free(q);
}

static void
answer(struct question *q)
{
	struct resolve *r = q->resolve;

	TAILQ_REMOVE(&r->open, q, link);
	q->fn(q->arg, q->id, q->addrs, q->count, q->count > 0 ? NULL : q->error);
	question_free(q);
}

static void
answer_at_once(void *arg)
{
	struct resolve *r = arg;
	uint64_t newest = r->last_id;
	struct question *q;

	/* From the start each time: an answer may cancel others. */
again:
	TAILQ_FOREACH(q, &r->open, link) {
		if (q->at_once && q->id <= newest) {
			answer(q);
			goto again;
		}
	}
}

/* What a blocked domain resolves to is not an address to talk to. */
static void
add_addr(struct question *q, const struct addr *a)
{
	if (q->count == RESOLVE_MAX || addr_is_any(a) ||
	    (q->family != ADDR_NONE && q->family != a->family))
		return;
	for (size_t i = 0; i < q->count; i++) {
		if (addr_same_ip(&q->addrs[i], a))
			return;
	}
	q->addrs[q->count] = *a;
	q->addrs[q->count++].port = q->port;
}

static void
say_none(struct question *q, const char *why)
{
	const char *kind = q->family == ADDR_V4 ? "IPv4 " : q->family == ADDR_V6 ? "IPv6 " : "";

	(void)snprintf(q->error, sizeof(q->error), "no %saddress of %.80s%s%s", kind, q->name,
	    *why != '\0' ? ": " : "", why);
}

/* On a worker: touches nothing but the question. */
static void
look_up(struct job *j)
{
	struct question *q = (struct question *)j;
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;
	int e;

	hints.ai_family = q->family == ADDR_V4 ? AF_INET :
	    q->family == ADDR_V6 ? AF_INET6 : AF_UNSPEC;
	e = getaddrinfo(q->name, NULL, &hints, &found);
	for (struct addrinfo *ai = found; e == 0 && ai != NULL; ai = ai->ai_next) {
		struct sockaddr_storage ss = { 0 };
		struct addr a;

		if (ai->ai_addrlen > sizeof(ss))
			continue;
		memcpy(&ss, ai->ai_addr, ai->ai_addrlen);
		if (sock_to_addr(&ss, &a))
			add_addr(q, &a);
	}
	if (found != NULL)
		freeaddrinfo(found);
	if (q->count == 0)
		say_none(q, e != 0 ? gai_strerror(e) : "");
}

static void
looked_up(struct job *j)
{
	struct question *q = (struct question *)j;

	if (q->fn == NULL)
		question_free(q);
	else
		answer(q);
}

static void
pool_is_ready(void *arg, unsigned ready)
{
	struct resolve *r = arg;

	(void)ready;
	pool_deliver(r->pool);
}

static bool
need_pool(struct resolve *r)
{
	if (r->pool != NULL)
		return true;
	r->pool = pool_new(WORKERS);
	if (r->pool == NULL)
		return false;
	if (!loop_fd_init(&r->pool_ready, r->loop, pool_fd(r->pool), pool_is_ready, r)) {
		pool_free(r->pool);
		r->pool = NULL;
		return false;
	}
	loop_fd_want(&r->pool_ready, LOOP_READ);
	return true;
}

struct resolve *
resolve_new(struct loop *l, const struct net_way *way)
{
	struct resolve *r = mem_zero(sizeof(*r));

	if (r == NULL)
		return NULL;
	r->loop = l;
	r->way = way;
	r->later.fn = answer_at_once;
	r->later.arg = r;
	TAILQ_INIT(&r->open);
	return r;
}

void
resolve_free(struct resolve *r)
{
	struct question *q;

	if (r == NULL)
		return;
	while ((q = TAILQ_FIRST(&r->open)) != NULL)
		resolve_cancel(r, q->id);
	loop_later_cancel(r->loop, &r->later);
	loop_fd_fini(&r->pool_ready);
	/* Workers that wait for a dead name server keep their pool: waiting for them would hold up
	 * the end of the program. They touch nothing else. */
	if (r->pool != NULL && pool_under_way(r->pool) > 0)
		pool_deliver(r->pool);
	if (r->pool != NULL && pool_under_way(r->pool) == 0)
		pool_free(r->pool);
	mem_free(r);
}

uint64_t
resolve_start(struct resolve *r, const char *name, uint16_t port, enum addr_family family,
    resolve_fn fn, void *arg)
{
	struct question *q = mem_zero(sizeof(*q));
	struct addr numeric;

	if (q == NULL || (q->name = mem_strdup(name)) == NULL) {
		mem_free(q);
		return 0;
	}
	q->job = (struct job){ .work = look_up, .done = looked_up };
	q->resolve = r;
	q->id = ++r->last_id;
	q->fn = fn;
	q->arg = arg;
	q->port = port;
	q->family = family != ADDR_NONE ? family : way_only(r->way);
	TAILQ_INSERT_TAIL(&r->open, q, link);
	if (addr_parse(name, port, &numeric)) {
		q->at_once = true;
		add_addr(q, &numeric);
		if (q->count == 0)
			say_none(q, "");
	} else if (!need_pool(r)) {
		q->at_once = true;
		say_none(q, "no threads to look for it");
	}
	if (q->at_once)
		loop_later(r->loop, &r->later);
	else
		pool_send(r->pool, &q->job);
	return q->id;
}

size_t
resolve_now(const char *name, uint16_t port, enum addr_family family,
    struct addr addrs[RESOLVE_MAX], struct bt_error *err)
{
	struct question q = { .name = mem_strdup(name), .port = port, .family = family };

	if (q.name == NULL) {
		(void)fail(err, BT_ENOMEM, "out of memory");
		return 0;
	}
	look_up(&q.job);
	if (q.count == 0)
		(void)fail(err, BT_ENOENT, "%s", q.error);
	memcpy(addrs, q.addrs, q.count * sizeof(q.addrs[0]));
	mem_free(q.name);
	return q.count;
}

void
resolve_cancel(struct resolve *r, uint64_t id)
{
	struct question *q;

	TAILQ_FOREACH(q, &r->open, link) {
		if (q->id == id) {
			TAILQ_REMOVE(&r->open, q, link);
			q->fn = NULL;
			if (q->at_once)
				question_free(q);
			return;
		}
	}
}

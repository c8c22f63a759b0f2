/* SPDX-License-Identifier: ISC */
#include "net/stream_tcp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

/* Sent to one peer in one turn at most, so that a fast one does not hold the others up. */
#define TURN_MAX (1u << 20)
#define IOV_MAX_SEND 64

struct stream_tcp {
	struct stream base;
	struct loop *loop;
	struct loop_fd watch;
	struct loop_later flush;
	int fd;
	int failed;		/* errno to be told; 0: none */
	bool reading;
	bool blocked;		/* the socket's buffer is full */
};

static struct stream_tcp *
tcp_of(struct stream *s)
{
	return CONTAINER_OF(s, struct stream_tcp, base);
}

static void
update_interest(struct stream_tcp *t)
{
	unsigned want = 0;

	if (t->reading && !t->base.in_starved)
		want |= LOOP_READ;
	if (t->blocked)
		want |= LOOP_WRITE;
	if (want != t->watch.interest)
		loop_fd_want(&t->watch, want);
}

static void
tell_broken(struct stream_tcp *t, const char *why)
{
	t->reading = t->blocked = false;
	update_interest(t);
	loop_later_cancel(t->loop, &t->flush);
	if (t->base.user != NULL)
		t->base.user->broken(t->base.arg, loop_now(t->loop), why);
}

/* The failure is told at the end of the turn, never from inside a call of the user's. */
static void
note_failure(struct stream_tcp *t, int e)
{
	t->failed = e;
	loop_later(t->loop, &t->flush);
}

static ssize_t
send_memory(struct stream_tcp *t, size_t max)
{
	struct iovec iov[IOV_MAX_SEND];
	struct msghdr m = { .msg_iov = iov };
	bool more;

	m.msg_iovlen = (size_t)sendq_memory(&t->base.out, iov, IOV_MAX_SEND, max, &more);
	return sendmsg(t->fd, &m, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static ssize_t
send_file(struct stream_tcp *t, const struct sendq_item *item, size_t max)
{
	off_t offset = (off_t)item->file.offset;
	ssize_t n = sendfile(t->fd, item->file.fd, &offset, item->len < max ? item->len : max);

	/* The file ended before the range did: someone cut it while we serve it. */
	if (n == 0) {
		errno = ENODATA;
		return -1;
	}
	return n;
}

/* One system call's worth. Bytes sent; 0: no more now. */
static size_t
send_some(struct stream_tcp *t, size_t max)
{
	struct sendq_item *item = sendq_first(&t->base.out);
	ssize_t n;

	if (item == NULL || max == 0)
		return 0;
	do
		n = item->kind == SENDQ_FILE ? send_file(t, item, max) : send_memory(t, max);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			t->blocked = true;
		else
			note_failure(t, errno);
		return 0;
	}
	rate_spend(&t->base.out_rate, (size_t)n);
	sendq_sent(&t->base.out, (size_t)n);
	return (size_t)n;
}

static void
send_pending(struct stream_tcp *t)
{
	struct stream *s = &t->base;
	size_t want = s->out.pending < TURN_MAX ? s->out.pending : TURN_MAX;
	usec now = loop_now(t->loop);
	size_t allowed = rate_allow(&s->out_rate, want, now);
	size_t sent = 0, n;

	t->blocked = false;
	while (sent < allowed && (n = send_some(t, allowed - sent)) > 0)
		sent += n;
	s->out_starved = allowed < want && !t->blocked;
	if (s->out.pending > 0 && !s->out_starved && !t->blocked && t->failed == 0)
		loop_later(t->loop, &t->flush);
	update_interest(t);
	if (sent > 0 && s->user != NULL)
		s->user->sent(s->arg, now, sent);
}

static void
flush_due(void *arg)
{
	struct stream_tcp *t = arg;

	if (t->failed != 0)
		tell_broken(t, t->failed == ENODATA ? "file shrank" : strerror(t->failed));
	else if (t->base.out.failed)
		tell_broken(t, "too much waits to be sent");
	else
		send_pending(t);
}

static void
tcp_flush(struct stream *s)
{
	struct stream_tcp *t = tcp_of(s);

	if (!t->blocked && !s->out_starved)
		loop_later(t->loop, &t->flush);
}

static void
ready(void *arg, unsigned what)
{
	struct stream_tcp *t = arg;

	if (what & LOOP_WRITE) {
		t->blocked = false;
		loop_later(t->loop, &t->flush);
		update_interest(t);
	}
	if ((what & LOOP_READ) && t->base.user != NULL)
		t->base.user->readable(t->base.arg, loop_now(t->loop));
}

/* Cuts iov to allowed bytes; returns how many of it are left. */
static int
cut_iov(struct iovec *to, const struct iovec *iov, int n, size_t allowed)
{
	int used = 0;

	for (; used < n && allowed > 0; used++) {
		to[used] = iov[used];
		if (to[used].iov_len > allowed)
			to[used].iov_len = allowed;
		allowed -= to[used].iov_len;
	}
	return used;
}

static ssize_t
tcp_readv(struct stream *s, const struct iovec *iov, int n)
{
	struct stream_tcp *t = tcp_of(s);
	struct iovec cut[IOV_MAX_SEND];
	size_t allowed = rate_allow(&s->in_rate, SIZE_MAX, loop_now(t->loop));
	ssize_t got;

	if (t->failed != 0)
		return -1;
	if (allowed == 0) {
		s->in_starved = true;
		update_interest(t);
		return -1;
	}
	n = cut_iov(cut, iov, n < IOV_MAX_SEND ? n : IOV_MAX_SEND, allowed);
	do
		got = readv(t->fd, cut, n);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		rate_spend(&s->in_rate, (size_t)got);
	if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		note_failure(t, errno);
	return got;
}

static void
tcp_set_reading(struct stream *s, bool on)
{
	struct stream_tcp *t = tcp_of(s);

	t->reading = on;
	update_interest(t);
}

static void
tcp_resume(struct stream *s, usec now)
{
	struct stream_tcp *t = tcp_of(s);

	if (s->in_starved && rate_allow(&s->in_rate, 1, now) > 0)
		s->in_starved = false;
	if (s->out_starved && rate_allow(&s->out_rate, 1, now) > 0) {
		s->out_starved = false;
		loop_later(t->loop, &t->flush);
	}
	update_interest(t);
}

static void
tcp_free(struct stream *s)
{
	struct stream_tcp *t = tcp_of(s);

	loop_later_cancel(t->loop, &t->flush);
	loop_fd_fini(&t->watch);
	(void)close(t->fd);
	mem_free(t);
}

static const struct stream_ops tcp_ops = {
	.readv = tcp_readv,
	.set_reading = tcp_set_reading,
	.flush = tcp_flush,
	.resume = tcp_resume,
	.free = tcp_free,
};

struct stream *
stream_tcp_new(struct loop *l, int fd, const struct addr *remote, struct block_store *blocks)
{
	struct stream_tcp *t = mem_zero(sizeof(*t));

	if (t == NULL) {
		(void)close(fd);
		return NULL;
	}
	stream_init(&t->base, &tcp_ops, remote, blocks);
	t->loop = l;
	t->fd = fd;
	t->flush = (struct loop_later){ .fn = flush_due, .arg = t };
	if (!loop_fd_init(&t->watch, l, fd, ready, t)) {
		stream_free(&t->base);
		return NULL;
	}
	return &t->base;
}

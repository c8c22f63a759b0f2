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

	if (t->reading && !t->base.reader.waits)
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
	rate_leave(&t->base.reader);
	rate_leave(&t->base.sender);
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

/* What is to be encrypted comes through our memory, as sendfile would have it out of the cache. */
static bool
load_file(struct stream_tcp *t, struct sendq_item *item)
{
	struct sendq *q = &t->base.out;
	struct block *b = block_new(q->blocks);
	size_t got = 0;
	ssize_t n = 1;

	if (b == NULL)
		return false;
	while (got < item->len && (n > 0 || (n < 0 && errno == EINTR))) {
		n = pread(item->file.fd, b->data + got, item->len - got,
		    (off_t)(item->file.offset + got));
		got += n > 0 ? (size_t)n : 0;
	}
	if (got < item->len) {
		if (n == 0)
			errno = ENODATA;
		block_free(q->blocks, b);
		return false;
	}
	sendq_load(q, item, b);
	return true;
}

/* One system call's worth: of memory, or of a file. */
static ssize_t
send_once(struct stream_tcp *t, size_t max)
{
	struct sendq_item *file = sendq_file_first(&t->base.out);

	if (file == NULL)
		return send_memory(t, max);
	if (t->base.out.cipher == NULL)
		return send_file(t, file, max);
	return load_file(t, file) ? send_memory(t, max) : -1;
}

/* Bytes sent; 0: no more now. */
static size_t
send_some(struct stream_tcp *t, size_t max, size_t *content)
{
	struct stream *s = &t->base;
	ssize_t n;

	do
		n = send_once(t, max);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			t->blocked = true;
		else
			note_failure(t, errno);
		return 0;
	}
	loop_stats(t->loop)->tcp_out += (size_t)n;
	rate_spend(&s->sender, (size_t)n);
	*content += sendq_sent(&s->out, (size_t)n);
	return (size_t)n;
}

static void
send_pending(struct stream_tcp *t, usec now)
{
	struct stream *s = &t->base;
	size_t want = s->out.pending < TURN_MAX ? s->out.pending : TURN_MAX;
	size_t allowed = stream_may_send(s, want, now);
	size_t sent = 0, content = 0, n;

	t->blocked = false;
	while (sent < allowed && (n = send_some(t, allowed - sent, &content)) > 0)
		sent += n;
	if (s->out.pending == 0 || t->blocked || t->failed != 0)
		rate_leave(&s->sender);
	else if (!s->sender.waits)
		loop_later(t->loop, &t->flush);
	update_interest(t);
	if (sent > 0 && s->user != NULL)
		s->user->sent(s->arg, now, content);
}

static void
tcp_send_turn(struct stream *s, usec now)
{
	struct stream_tcp *t = tcp_of(s);

	if (s->out.pending > 0 && !s->out.failed && t->failed == 0)
		send_pending(t, now);
}

static void
flush_due(void *arg)
{
	struct stream_tcp *t = arg;

	if (t->failed != 0)
		tell_broken(t, t->failed == ENODATA ? "file shrank" : strerror(t->failed));
	else if (t->base.out.failed)
		tell_broken(t, "too much waits to be sent");
	else if (t->base.out.pending > 0)
		send_pending(t, loop_now(t->loop));
}

static void
tcp_flush(struct stream *s)
{
	struct stream_tcp *t = tcp_of(s);

	if (!t->blocked && (!s->sender.waits || sendq_urgent(&s->out) > 0))
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

static size_t
iov_len(const struct iovec *iov, int n)
{
	size_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += iov[i].iov_len;
	return sum;
}

static ssize_t
read_some(struct stream_tcp *t, const struct iovec *iov, int n)
{
	ssize_t got;

	do
		got = readv(t->fd, iov, n);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		note_failure(t, errno);
	if (got > 0)
		loop_stats(t->loop)->tcp_in += (size_t)got;
	return got;
}

static ssize_t
read_limited(struct stream_tcp *t, const struct iovec *iov, int n)
{
	struct rate_user *u = &t->base.reader;
	struct iovec cut[IOV_MAX_SEND];
	size_t allowed = rate_ask(u, iov_len(iov, n), loop_now(t->loop));
	ssize_t got = -1;

	if (allowed > 0)
		got = read_some(t, cut, cut_iov(cut, iov, n, allowed));
	if (got > 0)
		rate_spend(u, (size_t)got);
	/* What was not there will be told by the loop. */
	if (allowed > 0 && got < (ssize_t)allowed)
		rate_leave(u);
	update_interest(t);
	return got;
}

static ssize_t
tcp_readv(struct stream *s, const struct iovec *iov, int n)
{
	struct stream_tcp *t = tcp_of(s);

	if (t->failed != 0)
		return -1;
	if (n > IOV_MAX_SEND)
		n = IOV_MAX_SEND;
	return rate_is_limited(&s->reader) ? read_limited(t, iov, n) : read_some(t, iov, n);
}

static void
tcp_set_reading(struct stream *s, bool on)
{
	struct stream_tcp *t = tcp_of(s);

	t->reading = on;
	if (!on)
		rate_leave(&s->reader);
	update_interest(t);
}

/* Read at once, for the next to have its turn is told only then. */
static void
tcp_read_turn(struct stream *s, usec now)
{
	struct stream_tcp *t = tcp_of(s);

	update_interest(t);
	if (t->reading && t->failed == 0 && s->user != NULL)
		s->user->readable(s->arg, now);
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
	.read_turn = tcp_read_turn,
	.send_turn = tcp_send_turn,
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

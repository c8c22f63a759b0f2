/* SPDX-License-Identifier: ISC */
#include "net/dgram.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "net/sock.h"

#define WAITING_MAX (4 << 20)	/* bytes of memory: some thousand requests */
#define CONTROL_LEN (CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo)))

struct slot {
	struct sockaddr_storage from;
	struct iovec in_iov, out_iov;
	struct buf reply;
	union {
		size_t align;		/* as struct cmsghdr */
		uint8_t bytes[CONTROL_LEN];
	} control;
	uint8_t *bytes;			/* where it is received: a part of the batch's */
};

struct dgram_batch {
	unsigned count;
	size_t max;
	uint8_t *bytes;
	struct mmsghdr in[DGRAM_BATCH], out[DGRAM_BATCH];
	struct slot slot[DGRAM_BATCH];
};

struct dgram_batch *
dgram_batch_new(size_t max)
{
	struct dgram_batch *b = mem_zero(sizeof(*b));

	if (b == NULL || (b->bytes = mem_alloc(DGRAM_BATCH * max)) == NULL) {
		mem_free(b);
		return NULL;
	}
	b->max = max;
	for (unsigned i = 0; i < DGRAM_BATCH; i++) {
		b->slot[i].bytes = b->bytes + i * max;
		buf_init(&b->slot[i].reply, DGRAM_MAX);
	}
	return b;
}

void
dgram_batch_free(struct dgram_batch *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; i < DGRAM_BATCH; i++)
		buf_fini(&b->slot[i].reply);
	mem_free(b->bytes);
	mem_free(b);
}

void
dgram_prepare(int fd)
{
	struct addr at;
	int one = 1, whole = IP_PMTUDISC_DO, waiting = WAITING_MAX;

	/* A request that finds no room is sent again after 15 seconds only. Root may have more than
	 * the system's limit. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &waiting, sizeof(waiting)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &waiting, sizeof(waiting));

	/* What is never split needs no number to be put together by, and finding one costs time.
	 * Where the packets of QUIC go, ours go too. */
	(void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof(whole));
	/* Bound to one address there is no other to answer from, and asking costs time. */
	if (sock_local(fd, &at) && !addr_is_any(&at))
		return;
	/* The wrong family is refused, which does no harm. */
	(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
}

unsigned
dgram_receive(struct dgram_batch *b, int fd)
{
	int n;

	for (unsigned i = 0; i < DGRAM_BATCH; i++) {
		struct slot *s = &b->slot[i];

		s->in_iov = (struct iovec){ s->bytes, b->max };
		b->in[i].msg_hdr = (struct msghdr){
			.msg_name = &s->from, .msg_namelen = sizeof(s->from),
			.msg_iov = &s->in_iov, .msg_iovlen = 1,
			.msg_control = s->control.bytes, .msg_controllen = sizeof(s->control.bytes),
		};
		buf_clear(&s->reply);
	}
	do
		n = recvmmsg(fd, b->in, DGRAM_BATCH, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	b->count = n > 0 ? (unsigned)n : 0;
	return b->count;
}

struct bt_slice
dgram_bytes(const struct dgram_batch *b, unsigned i)
{
	return slice_of(b->slot[i].bytes, b->in[i].msg_len);
}

struct addr
dgram_from(const struct dgram_batch *b, unsigned i)
{
	struct addr from;

	if (!sock_to_addr(&b->slot[i].from, &from))
		from = (struct addr){ .family = ADDR_NONE };
	return from;
}

struct buf *
dgram_reply(struct dgram_batch *b, unsigned i)
{
	return &b->slot[i].reply;
}

/* What came with the request says from where to answer. The interface is the routes' choice. */
static void
answer_from(const struct msghdr *in, struct msghdr *out)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(in);

	if (c == NULL)
		return;
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		info.ipi_ifindex = 0;
		info.ipi_spec_dst = info.ipi_addr;
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	} else if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO) {
		return;
	}
	out->msg_control = in->msg_control;
	out->msg_controllen = in->msg_controllen;
}

static unsigned
gather(struct dgram_batch *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->count; i++) {
		struct slot *s = &b->slot[i];

		if (s->reply.len == 0 || buf_failed(&s->reply))
			continue;
		s->out_iov = (struct iovec){ s->reply.ptr, s->reply.len };
		b->out[n].msg_hdr = (struct msghdr){
			.msg_name = &s->from, .msg_namelen = b->in[i].msg_hdr.msg_namelen,
			.msg_iov = &s->out_iov, .msg_iovlen = 1,
		};
		answer_from(&b->in[i].msg_hdr, &b->out[n].msg_hdr);
		n++;
	}
	return n;
}

/* What the system has no room for is lost, as datagrams may be. */
static void
send_all(struct mmsghdr *m, unsigned n, int fd)
{
	unsigned done = 0;

	while (done < n) {
		int sent = sendmmsg(fd, m + done, n - done, MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		/* One that cannot be sent is passed over, the others still go. */
		done += sent > 0 ? (unsigned)sent : 1;
	}
}

void
dgram_send(struct dgram_batch *b, int fd)
{
	send_all(b->out, gather(b), fd);
	b->count = 0;
}

/* -- datagrams of one's own -- */

void
dgram_queue_init(struct dgram_queue *q)
{
	q->count = 0;
	buf_init(&q->bytes, DGRAM_BATCH * DGRAM_MAX);
}

void
dgram_queue_fini(struct dgram_queue *q)
{
	buf_fini(&q->bytes);
}

bool
dgram_add(struct dgram_queue *q, const struct addr *to, struct bt_slice datagram)
{
	if (q->count == DGRAM_BATCH || datagram.len > DGRAM_MAX)
		return false;
	buf_add_slice(&q->bytes, datagram);
	if (buf_failed(&q->bytes))
		return false;
	q->to[q->count] = *to;
	q->len[q->count++] = (uint16_t)datagram.len;
	return true;
}

void
dgram_flush(struct dgram_queue *q, int fd)
{
	struct mmsghdr m[DGRAM_BATCH];
	struct sockaddr_storage to[DGRAM_BATCH];
	struct iovec iov[DGRAM_BATCH];
	size_t at = 0;

	for (unsigned i = 0; i < q->count; i++) {
		iov[i] = (struct iovec){ q->bytes.ptr + at, q->len[i] };
		m[i].msg_hdr = (struct msghdr){ .msg_name = &to[i],
			.msg_namelen = sock_from_addr(&q->to[i], &to[i]),
			.msg_iov = &iov[i], .msg_iovlen = 1 };
		at += q->len[i];
	}
	send_all(m, q->count, fd);
	q->count = 0;
	buf_clear(&q->bytes);
}

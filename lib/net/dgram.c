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
	uint8_t bytes[DGRAM_MAX];
};

struct dgram_batch {
	unsigned count;
	struct mmsghdr in[DGRAM_BATCH], out[DGRAM_BATCH];
	struct slot slot[DGRAM_BATCH];
};

struct dgram_batch *
dgram_batch_new(void)
{
	struct dgram_batch *b = mem_zero(sizeof(*b));

	if (b == NULL)
		return NULL;
	for (unsigned i = 0; i < DGRAM_BATCH; i++)
		buf_init(&b->slot[i].reply, DGRAM_MAX);
	return b;
}

void
dgram_batch_free(struct dgram_batch *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; i < DGRAM_BATCH; i++)
		buf_fini(&b->slot[i].reply);
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

		s->in_iov = (struct iovec){ s->bytes, sizeof(s->bytes) };
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

void
dgram_send(struct dgram_batch *b, int fd)
{
	unsigned n = gather(b);
	unsigned done = 0;

	while (done < n) {
		int sent = sendmmsg(fd, b->out + done, n - done, MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		/* One that cannot be sent is passed over, the others still go. */
		done += sent > 0 ? (unsigned)sent : 1;
	}
	b->count = 0;
}

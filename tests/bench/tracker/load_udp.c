/* SPDX-License-Identifier: ISC */
/*
 * One socket for the whole crowd: each datagram names the address that it comes from. Answers are
 * told apart by their transaction: the number of a slot, and how often it was used.
 */
#include "tests/bench/tracker/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"

#define SLOTS 65536u
#define BATCH 64u
#define SEND_MAX 128u
#define RECEIVE_MAX 2048u
#define BUFFER_SIZE (64 << 20)
#define GOOD_FOR (50ull * SECOND_NS)	/* BEP 15: a connection id for a minute */
#define SWEEP_EVERY (SECOND_NS / 10)
#define MAGIC 0x41727101980u

struct slot {
	struct task task;
	uint64_t sent;
	uint16_t uses;
	bool busy;
	enum task_kind asked;		/* connect before what the task is */
};

struct ticket {
	uint64_t id, got;		/* got 0: none */
};

struct out {
	uint8_t bytes[BATCH][SEND_MAX];
	uint8_t control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct iovec iov[BATCH];
	struct mmsghdr msg[BATCH];
	unsigned count;
};

struct in {
	uint8_t bytes[BATCH][RECEIVE_MAX];
	struct iovec iov[BATCH];
	struct mmsghdr msg[BATCH];
};

struct udp {
	const struct settings *s;
	struct sockaddr_in server;
	int fd;
	struct slot slots[SLOTS];
	uint16_t free[SLOTS];
	unsigned free_count, window;
	struct ticket *tickets;		/* of each peer; live from one phase to the next */
	struct feed feed;
	struct tally tally;
	struct out out;
	struct in in;
};

static struct udp u;

static void
flush(void)
{
	unsigned done = 0;

	while (done < u.out.count) {
		int n = sendmmsg(u.fd, u.out.msg + done, u.out.count - done, 0);

		if (n < 0 && errno != EINTR && errno != EAGAIN && errno != ENOBUFS) {
			perror("tracker_load: sendmmsg");
			break;
		}
		if (n > 0)
			done += (unsigned)n;
	}
	u.out.count = 0;
}

static size_t
put_announce(uint8_t *p, const struct task *task, const struct member *m)
{
	put_be32(p + 8, 1);
	crowd_hash(m->swarm, p + 16);
	crowd_peer_id(task->peer, p + 36);
	put_be64(p + 56, 0);
	put_be64(p + 64, m->is_seed ? 0 : 123456789);
	put_be64(p + 72, 0);
	put_be32(p + 80, task->first ? 2 : 0);
	put_be32(p + 84, 0);
	put_be32(p + 88, task->peer);
	put_be32(p + 92, (uint32_t)u.s->numwant);
	put_be16(p + 96, m->port);
	return 98;
}

static size_t
put_request(uint8_t *p, const struct slot *slot, const struct member *m)
{
	put_be32(p + 12, (uint32_t)slot->uses << 16 | (uint32_t)(slot - u.slots));
	if (slot->asked == TASK_CONNECT) {
		put_be64(p, MAGIC);
		put_be32(p + 8, 0);
		return 16;
	}
	put_be64(p, u.tickets[slot->task.peer].id);
	if (slot->asked == TASK_ANNOUNCE)
		return put_announce(p, &slot->task, m);
	put_be32(p + 8, 2);
	crowd_hash(m->swarm, p + 16);
	return 36;
}

static void
ask(struct slot *slot, uint64_t now)
{
	const struct ticket *ticket = &u.tickets[slot->task.peer];
	struct member m = crowd_member(u.s, slot->task.peer);
	struct in_pktinfo from = { .ipi_spec_dst.s_addr = htonl(m.ip) };
	unsigned i = u.out.count++;

	slot->asked = slot->task.kind;
	if (ticket->got == 0 || now - ticket->got > GOOD_FOR)
		slot->asked = TASK_CONNECT;
	slot->uses++;
	slot->sent = now;
	u.out.iov[i].iov_len = put_request(u.out.bytes[i], slot, &m);
	memcpy(CMSG_DATA((struct cmsghdr *)u.out.control[i]), &from, sizeof(from));
	if (u.out.count == BATCH)
		flush();
}

static void
release(struct slot *slot)
{
	slot->busy = false;
	u.free[u.free_count++] = (uint16_t)(slot - u.slots);
}

static bool
announce_is_good(const uint8_t *p, size_t len)
{
	return len >= 20 && get_be32(p + 8) > 0 && get_be32(p + 12) + get_be32(p + 16) > 0 &&
	    len - 20 <= 6 * (size_t)u.s->numwant && crowd_knows(p + 20, len - 20);
}

static void
answered(const uint8_t *p, size_t len, uint64_t now)
{
	struct slot *slot = &u.slots[get_be32(p + 4) & 0xffff];
	uint32_t action = get_be32(p);
	size_t peers = 0;

	if (!slot->busy || slot->uses != get_be32(p + 4) >> 16)
		return;		/* it was given up as lost */
	if (action == 3) {
		u.tickets[slot->task.peer].got = 0;
		tally_error(&u.tally, p + 8, len - 8);
		release(slot);
		return;
	}
	if (action == 0 && slot->asked == TASK_CONNECT && len == 16) {
		u.tickets[slot->task.peer] = (struct ticket){ get_be64(p + 8), now };
		if (slot->task.kind != TASK_CONNECT) {
			ask(slot, now);
			return;
		}
	} else if (action == 1 && slot->asked == TASK_ANNOUNCE && announce_is_good(p, len)) {
		peers = (len - 20) / 6;
	} else if (action != 2 || slot->asked != TASK_SCRAPE || len != 20) {
		tally_bad(&u.tally, "an answer that does not fit");
	}
	tally_answer(&u.tally, &slot->task, now, peers);
	release(slot);
}

static void
receive(void)
{
	int n = recvmmsg(u.fd, u.in.msg, BATCH, MSG_DONTWAIT, NULL);
	uint64_t now = now_ns();

	for (int i = 0; i < n; i++) {
		if (u.in.msg[i].msg_len >= 8)
			answered(u.in.bytes[i], u.in.msg[i].msg_len, now);
		else
			tally_bad(&u.tally, "a short answer");
	}
}

static void
give_up_the_lost(uint64_t now)
{
	for (unsigned i = 0; i < u.window; i++) {
		if (u.slots[i].busy && now > u.slots[i].sent + LOST_AFTER) {
			tally_lost(&u.tally, &u.slots[i].task);
			/* Who must be there is asked again. */
			if (u.feed.kind == FEED_FILL || u.feed.kind == FEED_CONNECT)
				ask(&u.slots[i], now);
			else
				release(&u.slots[i]);
		}
	}
}

static void
phase(enum feed_kind kind, const char *name)
{
	uint64_t now = now_ns(), sweep = now;

	u.window = kind == FEED_LATENCY ? SLOTS : (unsigned)u.s->window;
	u.free_count = 0;
	for (unsigned i = u.window; i-- > 0;)
		u.free[u.free_count++] = (uint16_t)i;
	feed_init(&u.feed, u.s, kind);
	tally_init(&u.tally, &u.feed);
	/* It spins: a sleeper would have to be woken by the tracker, in the tracker's time. */
	while (!feed_over(&u.feed, now) || u.free_count < u.window) {
		struct task task;

		feed_turn(&u.feed, now);
		tally_tick(&u.tally, now);
		receive();
		now = now_ns();
		while (u.free_count > 0 && feed_next(&u.feed, now, &task)) {
			struct slot *slot = &u.slots[u.free[--u.free_count]];

			slot->task = task;
			slot->busy = true;
			ask(slot, now);
		}
		flush();
		if (now - sweep > SWEEP_EVERY) {
			give_up_the_lost(now);
			flush();
			sweep = now;
		}
	}
	if (name != NULL)
		tally_print(&u.tally, name);
}

static void
prepare_batches(void)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct msghdr *h = &u.out.msg[i].msg_hdr;
		struct cmsghdr *c = (struct cmsghdr *)u.out.control[i];

		u.out.iov[i].iov_base = u.out.bytes[i];
		h->msg_name = &u.server;
		h->msg_namelen = sizeof(u.server);
		h->msg_iov = &u.out.iov[i];
		h->msg_iovlen = 1;
		h->msg_control = c;
		h->msg_controllen = sizeof(u.out.control[i]);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
		u.in.iov[i] = (struct iovec){ u.in.bytes[i], RECEIVE_MAX };
		u.in.msg[i].msg_hdr.msg_iov = &u.in.iov[i];
		u.in.msg[i].msg_hdr.msg_iovlen = 1;
	}
}

static bool
prepare(const struct settings *s)
{
	int size = BUFFER_SIZE;

	if (u.s != NULL)
		return true;
	u.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	u.tickets = mem_zero((size_t)s->peers * sizeof(*u.tickets));
	if (u.fd < 0 || u.tickets == NULL) {
		perror("tracker_load");
		return false;
	}
	(void)setsockopt(u.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	u.s = s;
	u.server.sin_family = AF_INET;
	u.server.sin_port = htons(s->at.port);
	memcpy(&u.server.sin_addr, s->at.ip, 4);
	prepare_batches();
	return true;
}

bool
load_udp(const struct settings *s, enum feed_kind kind)
{
	if (!prepare(s))
		return false;
	if (kind == FEED_FILL) {
		phase(kind, "fill");
		return true;
	}
	phase(FEED_CONNECT, NULL);	/* so that no connection id ends meanwhile */
	phase(kind, kind == FEED_RUN ? "run" : "latency");
	return true;
}

/* SPDX-License-Identifier: ISC */
/* Two sessions over loopback, used from several threads at once. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "proto/handshake.h"
#include "rig.h"

Suite *session_suite(void);

static struct bt_session *seed, *leech;
static uint32_t seed_id[TORRENTS], leech_id[TORRENTS];
static atomic_bool over;

static bool
is_complete(uint32_t id)
{
	struct bt_torrent_status st;

	return bt_session_status(leech, id, &st, sizeof(st)) == BT_OK &&
	    st.state == BT_TORRENT_SEEDING && st.done == SIZE;
}

static bool
all_complete(void)
{
	for (int i = 0; i < TORRENTS; i++) {
		if (!is_complete(leech_id[i]))
			return false;
	}
	return true;
}

/* Asks for everything all the time, as a screen would. */
static void *
look_on(void *arg)
{
	struct bt_torrent_status st;
	struct bt_error err;
	unsigned n = 0;

	while (!over) {
		for (uint32_t id = 0; id < 12; id++) {
			(void)bt_session_status(leech, id, &st, sizeof(st));
			(void)bt_session_status(seed, id, &st, sizeof(st));
			(void)bt_session_add_peer(leech, id, "127.0.0.1", 1, &err);
		}
		n++;
	}
	return n > 0 ? arg : NULL;
}

/* Takes the leech's events. */
static unsigned
completions(void)
{
	struct bt_event *e;
	unsigned n = 0;

	while ((e = bt_session_next_event(leech)) != NULL) {
		n += e->type == BT_EVENT_COMPLETE;
		bt_event_free(e);
	}
	return n;
}

START_TEST(used_from_two_threads)
{
	struct bt_error err;
	pthread_t looker;
	unsigned whole = 0;

	write_content();
	seed = must_open();
	leech = must_open();
	over = false;
	ck_assert_int_eq(pthread_create(&looker, NULL, look_on, folder), 0);
	for (int i = 0; i < TORRENTS; i++) {
		seed_id[i] = add(seed, "seed", i);
		leech_id[i] = add(leech, "leech", i);
		ck_assert_int_eq(bt_session_add_peer(leech, leech_id[i], "127.0.0.1",
		    bt_session_port(seed), &err), BT_OK);
	}
	/* Removed in the middle, and added anew. */
	ck_assert_int_eq(bt_session_remove(leech, leech_id[1]), BT_OK);
	ck_assert_int_eq(bt_session_remove(leech, leech_id[1]), BT_ENOENT);
	leech_id[1] = add(leech, "leech", 1);
	ck_assert_int_eq(bt_session_add_peer(leech, leech_id[1], "127.0.0.1",
	    bt_session_port(seed), &err), BT_OK);
	for (int i = 0; i < 600 && !all_complete(); i++) {
		struct pollfd p = { .fd = bt_session_fd(leech), .events = POLLIN };

		(void)poll(&p, 1, 100);
		whole += completions();
	}
	over = true;
	(void)pthread_join(looker, NULL);
	ck_assert(all_complete());
	whole += completions();
	ck_assert_uint_ge(whole, TORRENTS);
	for (int i = 0; i < TORRENTS; i++) {
		char command[300];

		(void)snprintf(command, sizeof(command), "cmp '%s/seed%d' '%s/leech%d'", folder, i,
		    folder, i);
		ck_assert_int_eq(system(command), 0);
	}
	bt_session_free(leech);
	bt_session_free(seed);
	remove_content();
}
END_TEST

/* -- what can be read of a torrent -- */

START_TEST(status_of_any_size)
{
	struct { struct bt_torrent_status st; uint64_t newer[4]; } large;
	struct bt_torrent_status st;
	uint32_t id;

	write_content();
	seed = must_open();
	id = add(seed, "seed", 0);
	wait_for_state(seed, id, BT_TORRENT_SEEDING);
	memset(&large, 0xff, sizeof(large));
	ck_assert_int_eq(bt_session_status(seed, id, &large.st, sizeof(large)), BT_OK);
	ck_assert_uint_eq(large.st.torrent, id);
	ck_assert_uint_eq(large.st.done, SIZE);
	ck_assert_uint_eq(large.newer[0] | large.newer[3], 0);
	memset(&st, 0xff, sizeof(st));
	ck_assert_int_eq(bt_session_status(seed, id, &st, offsetof(struct bt_torrent_status,
	    uploaded)), BT_OK);
	ck_assert_uint_eq(st.downloaded, 0);
	ck_assert_uint_eq(st.uploaded, UINT64_MAX);
	bt_session_free(seed);
	remove_content();
}
END_TEST

static struct bt_list *
list_of(enum bt_code (*fn)(struct bt_session *, uint32_t, struct bt_list **, struct bt_error *),
    struct bt_session *s, uint32_t id)
{
	struct bt_list *l = NULL;
	struct bt_error err;

	ck_assert_msg(fn(s, id, &l, &err) == BT_OK, "%s", err.text);
	ck_assert_ptr_null(bt_list_at(l, bt_list_count(l)));
	return l;
}

START_TEST(lists_of_one_torrent)
{
	const struct bt_peer_info *p;
	const struct bt_file_progress *f;
	struct bt_list *list;
	struct bt_error err;

	write_content();
	seed = must_open();
	leech = must_open();
	seed_id[0] = add(seed, "seed", 0);
	leech_id[0] = add(leech, "leech", 0);
	list = list_of(bt_session_peers, leech, leech_id[0]);
	ck_assert_uint_eq(bt_list_count(list), 0);
	bt_list_free(list);
	ck_assert_int_eq(bt_session_set_limit(leech, leech_id[0], "download_rate", 300000, &err),
	    BT_OK);
	ck_assert_int_eq(bt_session_add_peer(leech, leech_id[0], "127.0.0.1",
	    bt_session_port(seed), &err), BT_OK);
	for (int i = 0; i < 1000; i++) {
		list = list_of(bt_session_peers, leech, leech_id[0]);
		p = bt_list_at(list, 0);
		if (p != NULL && p->downloaded > 0)
			break;
		bt_list_free(list);
		(void)usleep(10000);
	}
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p->ip, "127.0.0.1");
	ck_assert_uint_eq(p->port, bt_session_port(seed));
	ck_assert_uint_eq(p->flags & (BT_PEER_SEED | BT_PEER_INCOMING | BT_PEER_GREETING |
	    BT_PEER_INTERESTED), BT_PEER_SEED);
	ck_assert_uint_eq(p->pieces, (SIZE + 65535) / 65536);
	ck_assert_mem_eq(p->peer_id, "-cB", 3);
	ck_assert_ptr_nonnull(strstr(p->client, "btcore"));
	bt_list_free(list);
	list = list_of(bt_session_peers, seed, seed_id[0]);
	p = bt_list_at(list, 0);
	ck_assert(p != NULL && (p->flags & BT_PEER_INCOMING) != 0);
	bt_list_free(list);
	list = list_of(bt_session_files, leech, leech_id[0]);
	ck_assert_uint_eq(bt_list_count(list), 1);
	f = bt_list_at(list, 0);
	ck_assert_uint_eq(f->size, SIZE);
	ck_assert_uint_lt(f->done, SIZE);
	ck_assert(f->done % 65536 == 0 || f->done % 65536 == SIZE % 65536);
	bt_list_free(list);
	list = list_of(bt_session_files, seed, seed_id[0]);
	f = bt_list_at(list, 0);
	ck_assert_uint_eq(f->done, SIZE);
	bt_list_free(list);
	ck_assert_int_eq(bt_session_peers(seed, 999, &list, &err), BT_ENOENT);
	ck_assert_int_eq(bt_session_files(seed, 999, &list, &err), BT_ENOENT);
	ck_assert_int_eq(bt_session_trackers(seed, 999, &list, &err), BT_ENOENT);
	bt_list_free(NULL);
	bt_session_free(leech);
	bt_session_free(seed);
	remove_content();
}
END_TEST

/* The next event of this type, within some seconds; to be freed. */
static struct bt_event *
wait_for_event(struct bt_session *s, enum bt_event_type want)
{
	struct bt_event *e;

	for (int i = 0; i < 300; i++) {
		struct pollfd p = { .fd = bt_session_fd(s), .events = POLLIN };

		(void)poll(&p, 1, 100);
		while ((e = bt_session_next_event(s)) != NULL) {
			if (e->type == want)
				return e;
			bt_event_free(e);
		}
	}
	ck_abort_msg("no event of type %d", (int)want);
	return NULL;
}

START_TEST(trackers_tell_in_numbers)
{
	/* Nobody runs the first, and the second is of a kind that we do not speak. */
	static const struct bt_create_tracker trackers[] = {
		{ "http://127.0.0.1:1/announce?passkey=0123456789abcdef", 0 },
		{ "gopher://127.0.0.1/", 1 },
	};
	const struct bt_create_options o = { .piece_length = 65536, .workers = 1,
		.announce = trackers[0].url, .trackers = trackers, .tracker_count = 2 };
	const struct bt_tracker_info *t;
	struct bt_metainfo *meta;
	struct bt_list *list;
	struct bt_event *e;
	struct bt_error err;
	char path[128];
	uint32_t id;

	write_content();
	seed = must_open();
	path_of(path, "seed", 0);
	ck_assert_msg(bt_create(path, &o, &meta, &err) == BT_OK, "%s", err.text);
	ck_assert_int_eq(add_as(seed, meta, path, &id, &err), BT_OK);
	bt_metainfo_free(meta);
	e = wait_for_event(seed, BT_EVENT_TRACKER);
	ck_assert_uint_eq(e->torrent, id);
	ck_assert_int_ne(e->as.tracker.code, BT_OK);
	ck_assert_int_eq(e->as.tracker.seeds, -1);
	ck_assert_ptr_nonnull(strstr(e->as.tracker.url, "127.0.0.1:1/"));
	ck_assert_ptr_null(strstr(e->as.tracker.url, "0123456789abcdef"));
	bt_event_free(e);
	list = list_of(bt_session_trackers, seed, id);
	ck_assert_uint_eq(bt_list_count(list), 2);
	t = bt_list_at(list, 0);
	ck_assert_int_eq(t->state, BT_TRACKER_FAILED);
	ck_assert_int_ne(t->code, BT_OK);
	ck_assert_uint_ge(t->fails, 1);
	ck_assert_int_ge(t->last, 0);
	ck_assert_int_ge(t->next, 0);
	ck_assert_str_ne(t->text, "");
	t = bt_list_at(list, 1);
	ck_assert_str_eq(bt_tracker_state_name(t->state), "given up");
	ck_assert_uint_eq(t->tier, 1);
	ck_assert_int_eq(t->last, -1);
	ck_assert_int_eq(t->next, -1);
	bt_list_free(list);
	bt_session_free(seed);
	remove_content();
}
END_TEST

START_TEST(failures_tell_in_numbers)
{
	struct bt_torrent_status st;
	struct bt_metainfo *meta;
	struct bt_error err;
	struct bt_event *e;
	char path[128];
	uint32_t id;

	write_content();
	seed = must_open();
	id = add(seed, "seed", 0);
	ck_assert_int_eq(bt_session_error(seed, id, &err), BT_OK);
	ck_assert_int_eq(err.code, BT_OK);
	ck_assert_str_eq(err.text, "");
	bt_event_free(wait_for_event(seed, BT_EVENT_COMPLETE));
	/* No folder can be made below a file, which is seen when there is something to write. */
	leech = must_open();
	(void)add(seed, "seed", 1);
	(void)snprintf(path, sizeof(path), "%s/seed0/x", folder);
	meta = meta_of(1);
	ck_assert_int_eq(add_as(leech, meta, path, &id, &err), BT_OK);
	bt_metainfo_free(meta);
	ck_assert_int_eq(bt_session_add_peer(leech, id, "127.0.0.1", bt_session_port(seed), &err),
	    BT_OK);
	e = wait_for_event(leech, BT_EVENT_STATE);
	ck_assert_uint_eq(e->torrent, id);
	ck_assert_int_eq(e->as.state.from, BT_TORRENT_STOPPED);
	ck_assert_int_eq(e->as.state.to, BT_TORRENT_CHECKING);
	bt_event_free(e);
	e = wait_for_event(leech, BT_EVENT_STATE);
	ck_assert_int_eq(e->as.state.from, BT_TORRENT_CHECKING);
	ck_assert_int_eq(e->as.state.to, BT_TORRENT_DOWNLOADING);
	bt_event_free(e);
	e = wait_for_event(leech, BT_EVENT_ERROR);
	ck_assert_int_eq(e->as.error.code, BT_EIO);
	ck_assert_int_eq(e->as.error.sys_errno, ENOTDIR);
	ck_assert_int_eq(bt_session_error(leech, id, &err), BT_OK);
	ck_assert_int_eq(err.code, BT_EIO);
	ck_assert_int_eq(err.sys_errno, ENOTDIR);
	ck_assert_str_eq(err.text, e->text);
	bt_event_free(e);
	ck_assert_int_eq(bt_session_status(leech, id, &st, sizeof(st)), BT_OK);
	ck_assert_int_eq(st.error, BT_EIO);
	bt_session_free(leech);
	ck_assert_int_eq(bt_session_error(seed, 999, &err), BT_ENOENT);
	bt_session_free(seed);
	remove_content();
}
END_TEST

START_TEST(freed_while_transferring)
{
	struct bt_error err;

	write_content();
	for (int round = 0; round < 4; round++) {
		seed = must_open();
		leech = must_open();
		for (int i = 0; i < TORRENTS; i++) {
			(void)add(seed, "seed", i);
			leech_id[i] = add(leech, "x", i);
			ck_assert_int_eq(bt_session_add_peer(leech, leech_id[i], "127.0.0.1",
			    bt_session_port(seed), &err), BT_OK);
		}
		(void)usleep((useconds_t)round * 30000);
		bt_session_free(round % 2 ? seed : leech);
		bt_session_free(round % 2 ? leech : seed);
	}
	remove_content();
}
END_TEST

START_TEST(says_what_is_wrong)
{
	struct bt_torrent_status st;
	struct bt_session *other = NULL;
	struct bt_metainfo *meta;
	struct bt_error err = { 0 };
	char port[16], path[128];
	uint32_t id;

	write_content();
	seed = must_open();
	id = add(seed, "seed", 0);
	path_of(path, "seed", 0);
	meta = meta_of(0);
	ck_assert_int_eq(add_as(seed, meta, path, &id, &err), BT_EEXIST);
	bt_metainfo_free(meta);
	ck_assert_int_eq(bt_session_status(seed, 999, &st, sizeof(st)), BT_ENOENT);
	ck_assert_int_eq(bt_session_stop(seed, 999), BT_ENOENT);
	ck_assert_int_eq(bt_session_add_peer(seed, 999, "1.2.3.4", 5, &err), BT_ENOENT);
	ck_assert_int_eq(bt_session_add_peer(seed, id, "example.org", 5, &err), BT_EARG);
	(void)snprintf(port, sizeof(port), "%u", bt_session_port(seed));
	ck_assert_int_eq(new_session(port, &other, &err), BT_EIO);
	ck_assert(err.text[0] != '\0');
	ck_assert_int_eq(bt_session_stop(seed, id), BT_OK);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(bt_session_status(seed, id, &st, sizeof(st)), BT_OK);
		if (st.state == BT_TORRENT_STOPPED)
			break;
		(void)usleep(50000);
	}
	ck_assert_int_eq(st.state, BT_TORRENT_STOPPED);
	bt_session_free(seed);
	bt_session_free(NULL);
	remove_content();
}
END_TEST

/* -- calls from inside the log -- */

struct teller {
	struct bt_session *session;
	uint32_t id;
	atomic_bool ready;		/* these two are there: asks */
	atomic_uint lines;
	atomic_bool removed;
	enum bt_code late;		/* what a call got at the end */
	const struct bt_metainfo *meta;	/* it is added then, in vain */
	unsigned silent;		/* calls at the end that failed without a word */
};

/* Whatever may still be called when the session ends fails, and says so. */
static void
call_late(struct teller *t)
{
	struct bt_settings *set = bt_settings_new();
	struct bt_error err[4] = { { .text = "" } };
	int64_t limit;

	ck_assert_int_eq(bt_session_add_metainfo(t->session, t->meta, folder, NULL, &err[0]),
	    BT_ECANCEL);
	ck_assert_int_eq(bt_session_apply(t->session, set, &err[1]), BT_ECANCEL);
	ck_assert_int_eq(bt_session_get_limit(t->session, t->id, "upload_rate", &limit, &err[2]),
	    BT_ECANCEL);
	ck_assert_int_eq(bt_session_add_peer(t->session, t->id, "127.0.0.1", 1, &err[3]),
	    BT_ECANCEL);
	for (size_t i = 0; i < COUNT_OF(err); i++)
		t->silent += err[i].text[0] == '\0';
	ck_assert_ptr_null(bt_session_settings(t->session));
	ck_assert_ptr_null(bt_session_metainfo(t->session, t->id));
	bt_settings_free(set);
}

/* Does to the torrent all that may be done, in the very lines that tell of it. */
static void
meddle(void *arg, enum bt_log_level level, const char *topic, const char *text)
{
	struct teller *t = arg;
	struct bt_torrent_status st;
	struct bt_error err;
	uint32_t id;

	(void)level;
	atomic_fetch_add(&t->lines, 1);
	ck_assert(topic[0] != '\0' && text[0] != '\0');
	if (!atomic_load(&t->ready))
		return;
	if (atomic_load(&t->removed)) {
		t->late = bt_session_status(t->session, t->id, &st,
		    sizeof(st));
		if (t->late == BT_ECANCEL)
			call_late(t);
		return;
	}
	ck_assert_int_eq(bt_session_status(t->session, t->id, &st,
		    sizeof(st)), BT_OK);
	ck_assert_int_eq(bt_session_add_peer(t->session, t->id, "127.0.0.1", 1, &err), BT_OK);
	ck_assert_int_eq(bt_session_stop(t->session, t->id), BT_OK);
	ck_assert_int_eq(bt_session_remove(t->session, t->id), BT_OK);
	id = add(t->session, "seed", 1);
	ck_assert_int_eq(bt_session_stop(t->session, id), BT_OK);
	atomic_store(&t->removed, true);
}

START_TEST(called_from_its_log)
{
	struct bt_settings *set = bt_settings_new();
	struct teller t = { .session = NULL };
	struct bt_metainfo *meta;
	struct bt_error err;
	char state[128];

	write_content();
	t.meta = meta = meta_of(2);
	(void)snprintf(state, sizeof(state), "%s/state", folder);
	ck_assert_int_eq(bt_settings_set(set, "bind", "127.0.0.1", NULL), BT_OK);
	ck_assert_int_eq(bt_settings_set(set, "state", state, NULL), BT_OK);
	ck_assert_int_eq(bt_session_new(set, meddle, &t, &seed, &err), BT_OK);
	bt_settings_free(set);
	t.id = add(seed, "seed", 0);
	t.session = seed;
	atomic_store(&t.ready, true);
	/* The first may be told of already. */
	(void)add(seed, "seed", 3);
	for (int i = 0; i < 600 && !atomic_load(&t.removed); i++)
		(void)usleep(20000);
	ck_assert(atomic_load(&t.removed));
	/* The last lines are told when there is no session to ask any more. */
	(void)add(seed, "seed", 2);
	bt_session_free(seed);
	ck_assert_uint_ge(atomic_load(&t.lines), 2);
	ck_assert_int_ne(t.late, BT_OK);
	ck_assert_uint_eq(t.silent, 0);
	bt_metainfo_free(meta);
	remove_content();
}
END_TEST

/* A log that waits for a line. */
struct awaited {
	const char *text;
	pthread_mutex_t lock;
	bool seen;
};

static void
look_at_line(void *arg, enum bt_log_level level, const char *topic, const char *text)
{
	struct awaited *a = arg;

	(void)level;
	(void)topic;
	(void)pthread_mutex_lock(&a->lock);
	a->seen |= a->text != NULL && strstr(text, a->text) != NULL;
	(void)pthread_mutex_unlock(&a->lock);
}

static void
await_line(struct awaited *a, const char *text)
{
	(void)pthread_mutex_lock(&a->lock);
	a->text = text;
	a->seen = false;
	(void)pthread_mutex_unlock(&a->lock);
}

static bool
has_come(struct awaited *a)
{
	bool seen;

	(void)pthread_mutex_lock(&a->lock);
	seen = a->seen;
	(void)pthread_mutex_unlock(&a->lock);
	return seen;
}

/* A peer that asks for this torrent; it stays connected. */
static int
knock(const struct bt_session *s, const uint8_t info_hash[20])
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(bt_session_port(s)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct handshake h = { .reserved = { 0 } };
	uint8_t bytes[HANDSHAKE_LEN];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memcpy(h.info_hash, info_hash, sizeof(h.info_hash));
	handshake_write(bytes, &h);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), HANDSHAKE_LEN);
	return fd;
}

static void
knock_in_vain(struct bt_session *s, struct awaited *a, const uint8_t info_hash[20],
    const char *why)
{
	int fd;

	await_line(a, why);
	fd = knock(s, info_hash);
	for (unsigned i = 0; i < 1000 && !has_come(a); i++)
		(void)usleep(10000);
	ck_assert_msg(has_come(a), "not told: %s", why);
	(void)close(fd);
}

/* Each for its own reason: it is the first thing that somebody asks of a log. */
START_TEST(guests_are_refused_for_a_reason)
{
	struct awaited a = { .lock = PTHREAD_MUTEX_INITIALIZER };
	static const uint8_t unknown[20] = { 1 };
	struct bt_torrent_status st = { 0 };
	struct bt_metainfo *meta;
	struct bt_error err;
	uint32_t id;
	int first;

	write_content();
	meta = meta_of(0);
	ck_assert_int_eq(new_logging("0", look_at_line, &a, &seed, &err), BT_OK);
	id = add(seed, "seed", 0);
	wait_for_state(seed, id, BT_TORRENT_SEEDING);
	ck_assert_int_eq(bt_session_set_limit(seed, id, "max_connections", 1, &err), BT_OK);
	knock_in_vain(seed, &a, unknown, "asks for a torrent that we do not have");
	first = knock(seed, bt_metainfo_info_hash(meta));
	for (unsigned i = 0; i < 1000 && st.peers == 0; i++) {
		ck_assert_int_eq(bt_session_status(seed, id, &st, sizeof(st)), BT_OK);
		(void)usleep(10000);
	}
	knock_in_vain(seed, &a, bt_metainfo_info_hash(meta), "the torrent has all its peers");
	(void)close(first);
	ck_assert_int_eq(bt_session_stop(seed, id), BT_OK);
	wait_for_state(seed, id, BT_TORRENT_STOPPED);
	knock_in_vain(seed, &a, bt_metainfo_info_hash(meta), "a torrent that is not running");
	bt_session_free(seed);
	bt_metainfo_free(meta);
	remove_content();
}
END_TEST

/* Sockets of this process that wait for an answer to their connecting. */
static unsigned
connecting(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 200; fd++) {
		struct tcp_info info;
		socklen_t len = sizeof(info);

		n += getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
		    info.tcpi_state == TCP_SYN_SENT;
	}
	return n;
}

static void
wait_until_connecting(unsigned want)
{
	for (int i = 0; i < 1000 && connecting() != want; i++)
		(void)usleep(10000);
	ck_assert_uint_eq(connecting(), want);
}

/* Where nobody answers: a socket whose queue is full. */
START_TEST(dials_of_a_removed_torrent_are_closed)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int deaf = socket(AF_INET, SOCK_STREAM, 0), fill[8];
	unsigned n = 0;
	struct bt_error err;
	uint32_t id;

	ck_assert(bind(deaf, (struct sockaddr *)&at, len) == 0 && listen(deaf, 0) == 0 &&
	    getsockname(deaf, (struct sockaddr *)&at, &len) == 0);
	do {
		fill[n] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fill[n], (struct sockaddr *)&at, len);
	} while (connecting() == 0 && ++n < 8);
	ck_assert_uint_lt(n, 8);
	(void)close(fill[n]);
	write_content();
	leech = must_open();
	id = add(leech, "leech", 0);
	ck_assert_int_eq(bt_session_add_peer(leech, id, "127.0.0.1", ntohs(at.sin_port), &err),
	    BT_OK);
	wait_until_connecting(1);
	ck_assert_int_eq(bt_session_remove(leech, id), BT_OK);
	wait_until_connecting(0);
	/* Also when the session ends. */
	id = add(leech, "leech", 0);
	ck_assert_int_eq(bt_session_add_peer(leech, id, "127.0.0.1", ntohs(at.sin_port), &err),
	    BT_OK);
	wait_until_connecting(1);
	bt_session_free(leech);
	ck_assert_uint_eq(connecting(), 0);
	while (n > 0)
		(void)close(fill[--n]);
	(void)close(deaf);
	remove_content();
}
END_TEST

#ifndef __SANITIZE_THREAD__
/* The counter of the saboteur is shared by the session's threads, which a race does no harm to. */
START_TEST(begins_without_memory)
{
	unsigned refused = 0, opened = 0;

	for (size_t n = 1; n < 120; n++) {
		struct bt_session *s = NULL;
		struct bt_error err;

		mem_fail_at(n);
		if (bt_session_new(NULL, NULL, NULL, &s, &err) == BT_OK)
			opened++;
		else
			refused++;
		mem_fail_at(0);
		bt_session_free(s);
	}
	ck_assert_uint_gt(refused, 5);
	ck_assert_uint_gt(opened, 5);
}
END_TEST

START_TEST(adds_without_memory)
{
	write_content();
	seed = must_open();
	for (size_t n = 1; n < 150; n++) {
		struct bt_metainfo *meta = meta_of(0);
		struct bt_error err = { 0 };
		uint32_t id;
		char path[128];

		path_of(path, "seed", 0);
		mem_fail_at(n);
		if (add_as(seed, meta, path, &id, &err) == BT_OK)
			ck_assert_int_eq(bt_session_remove(seed, id), BT_OK);
		else
			ck_assert_int_eq(err.code, BT_ENOMEM);
		mem_fail_at(0);
		bt_metainfo_free(meta);
	}
	bt_session_free(seed);
	remove_content();
}
END_TEST
#endif

Suite *
session_suite(void)
{
	Suite *s = suite_create("session/session");
	TCase *c = tcase_create("session");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, used_from_two_threads);
	tcase_add_test(c, status_of_any_size);
	tcase_add_test(c, lists_of_one_torrent);
	tcase_add_test(c, trackers_tell_in_numbers);
	tcase_add_test(c, failures_tell_in_numbers);
	tcase_add_test(c, freed_while_transferring);
	tcase_add_test(c, says_what_is_wrong);
	tcase_add_test(c, called_from_its_log);
	tcase_add_test(c, guests_are_refused_for_a_reason);
	tcase_add_test(c, dials_of_a_removed_torrent_are_closed);
#ifndef __SANITIZE_THREAD__
	tcase_add_test(c, begins_without_memory);
	tcase_add_test(c, adds_without_memory);
#endif
	suite_add_tcase(s, c);
	return s;
}

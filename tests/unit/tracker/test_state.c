/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/state.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "bencode/scan.h"
#include "fault/fault.h"
#include "tracker/swarm/state_read.h"
#include "tracker/swarm/state_write.h"
#include "swarm_help.h"
#include "tracker_test.h"

static const struct swarm_limits usual = { .timeout = 2700 * SECOND };
static const struct swarm_limits with_ids = { .timeout = 2700 * SECOND, .keep_ids = true };

/* Believes what anybody says of his address. */
static const struct bt_tracker_settings usual_settings;

static void
fill(struct shards *s)
{
	struct bench *b = bench_new(&usual);

	for (uint32_t i = 0; i < 3000; i++) {
		struct announce_req r = peer_req(i % 300, i / 2, i % 5 ? LEFT : 0);
		struct swarm_ask ask = { &r, peer_addr(i / 2, i % 2 ? ADDR_V4 : ADDR_V6), 0, true,
		    i % 7 == 0 ? PEERS_CLAIMED : 0 };

		r.supportcrypto = i % 2;
		r.requirecrypto = i % 4 == 3;
		r.left = LEFT;
		ck_assert_int_eq(shards_announce(s, &ask, SECOND, &b->rng, &b->got), BT_OK);
		r.left = i % 5 ? LEFT : 0;
		r.event = i % 5 == 0 ? ANNOUNCE_COMPLETED : i % 5 == 1 ? ANNOUNCE_PAUSED :
		    ANNOUNCE_NONE;
		ck_assert_int_eq(shards_announce(s, &ask, SECOND, &b->rng, &b->got), BT_OK);
	}
	bench_free(b);
}

static enum bt_code
read_state(struct shards *s, struct bt_slice bytes, usec now)
{
	struct state to = { &usual_settings, s, NULL };
	struct bt_error err;

	return state_read(&to, bytes, now, &err);
}

/* What was in out is replaced. fail_at: the allocation that fails, or 0. */
static enum bt_code
write_state(struct shards *s, size_t fail_at, struct buf *out)
{
	struct state from = { .shards = s };
	int fd = memfd_create("state", MFD_CLOEXEC);
	enum bt_code code;
	off_t n;

	mem_fail_at(fail_at);
	code = state_write(&from, fd);
	mem_fail_at(0);
	n = lseek(fd, 0, SEEK_END);
	buf_clear(out);
	ck_assert_int_eq(pread(fd, buf_add_space(out, (size_t)n), (size_t)n, 0), n);
	(void)close(fd);
	return code;
}

START_TEST(round_trip)
{
	const struct swarm_limits *limits = _i ? &with_ids : &usual;
	struct shards *one = shards_new(limits), *two = shards_new(limits);
	struct buf first, second;
	struct swarm_counts a, b;

	buf_init(&first, 16 << 20);
	buf_init(&second, 16 << 20);
	fill(one);
	ck_assert_int_eq(write_state(one, 0, &first), BT_OK);
	ck_assert_int_eq(read_state(two, buf_slice(&first), 5 * SECOND), BT_OK);
	ck_assert_int_eq(write_state(two, 0, &second), BT_OK);
	ck_assert(slice_eq(buf_slice(&first), buf_slice(&second)));
	ck_assert_uint_eq(shards_totals(two).peers4, shards_totals(one).peers4);
	ck_assert_uint_eq(shards_totals(two).peers6, shards_totals(one).peers6);
	ck_assert_uint_eq(shards_totals(two).seeds, shards_totals(one).seeds);
	for (uint32_t t = 0; t < 300; t++) {
		struct announce_req r = peer_req(t, 0, 0);

		ck_assert(shards_scrape(one, r.info_hash, &a));
		ck_assert(shards_scrape(two, r.info_hash, &b));
		ck_assert_mem_eq(&a, &b, sizeof(a));
	}
	buf_fini(&first);
	buf_fini(&second);
	shards_free(one);
	shards_free(two);
}
END_TEST

#define HASH "abcdefghijklmnopqrst"

/* As BitTornado wrote it, with keys that are none of ours. */
static const char original[] =
	"d7:allowedde17:allowed_dir_filesde9:completedd20:" HASH "i7ee"
	"5:peersd20:" HASH "d"
	"20:-TO0001-aaaaaaaaaaaad2:ip8:10.1.2.33:key3:xyz4:lefti0e3:nati0e4:porti6881e"
	"13:requirecryptoi0e13:supportcryptoi1ee"
	"20:-TO0001-bbbbbbbbbbbbd8:given ip8:10.9.9.92:ip8:10.1.2.44:lefti12345678901e3:nati2e"
	"4:porti6882e13:requirecryptoi1e13:supportcryptoi1ee"
	"20:-TO0001-ccccccccccccd2:ip11:2001:db8::14:lefti5e4:porti6883ee"
	/* These make no sense and are passed over: a name, a port, a short id, no left. */
	"20:-TO0001-ddddddddddddd2:ip9:localhost4:lefti5e4:porti6883ee"
	"20:-TO0001-eeeeeeeeeeeed2:ip8:10.1.2.54:lefti5e4:porti70000ee"
	"3:fffd2:ip8:10.1.2.64:lefti5e4:porti6883ee"
	"20:-TO0001-ggggggggggggd2:ip8:10.1.2.74:porti6883ee"
	"eee";

static void
see_torrent(void *arg, const struct swarms *s)
{
	const struct swarm *w = swarms_find(s, (const uint8_t *)HASH);
	struct peers_entry p;

	(void)arg;
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->downloaded, 7);
	ck_assert_uint_eq(peers_count(w->v4), 2);
	ck_assert_uint_eq(peers_shown_leeches(w->v4), 1);
	ck_assert_uint_eq(peers_count(w->v6), 1);
	p = peers_at(&s->kind4, w->v4, 0);
	ck_assert_mem_eq(p.addr.ip, "\x0a\x09\x09\x09", 4);
	ck_assert_uint_eq(p.addr.port, 6882);
	ck_assert_uint_eq(p.flags, PEERS_CRYPTO | PEERS_CRYPTO_ONLY | PEERS_CLAIMED);
	p = peers_at(&s->kind4, w->v4, 1);
	ck_assert(p.seed);
	ck_assert_mem_eq(p.id, "-TO0001-aaaaaaaaaaaa", 20);
}

START_TEST(reads_the_original)
{
	struct shards *s = shards_new(&with_ids);

	ck_assert_int_eq(read_state(s, slice_str(original), 0), BT_OK);
	shards_visit(s, HASH[0], see_torrent, NULL);
	shards_free(s);
}
END_TEST

struct there {
	struct addr at;
	bool found;
	struct peers_entry entry;
};

static void
look(void *arg, const struct swarms *s)
{
	const struct swarm *w = swarms_find(s, (const uint8_t *)HASH);
	struct there *t = arg;

	for (uint32_t i = 0; w != NULL && i < peers_count(w->v4); i++) {
		struct peers_entry e = peers_at(&s->kind4, w->v4, i);

		if (addr_eq(&e.addr, &t->at)) {
			t->found = true;
			t->entry = e;
		}
	}
}

static struct there
peer_at(struct shards *s, const char *ip, uint16_t port)
{
	struct there t = { .found = false };

	ck_assert(addr_parse(ip, port, &t.at));
	shards_visit(s, HASH[0], look, &t);
	return t;
}

/* The original noted what clients said of their address whether it believed them or not. */
static const char with_claims[] = "d5:peersd20:" HASH "d"
	"20:-TO0001-aaaaaaaaaaaad8:given ip7:8.1.1.12:ip8:10.1.2.34:lefti5e3:nati0e4:porti1ee"
	"20:-TO0001-bbbbbbbbbbbbd8:given ip7:8.1.1.22:ip7:8.9.9.94:lefti5e3:nati0e4:porti2ee"
	"20:-TO0001-ccccccccccccd8:given ip7:8.1.1.32:ip7:8.1.1.34:lefti5e3:nati0e4:porti3ee"
	"20:-TO0001-ddddddddddddd2:ip7:8.9.9.94:lefti5e3:nati2e4:porti4ee"
	"20:-TO0001-eeeeeeeeeeeed2:ip7:8.9.9.94:lefti5e4:porti5ee"
	"eee";

START_TEST(claims_count_as_the_settings_say)
{
	static const struct bt_tracker_settings all = { .only_local_override_ip = 0 },
	    local = { .only_local_override_ip = 2 },
	    checked = { .only_local_override_ip = 2, .nat_check = 3 };
	struct state to = { _i == 0 ? &all : _i == 1 ? &local : &checked, shards_new(&usual),
	    _i == 2 ? nat_known_new(SECOND) : NULL };
	uint8_t unreached = _i == 2 ? PEERS_UNREACHED : 0;
	struct shards *s = to.shards;
	struct bt_error err;

	ck_assert_int_eq(state_read(&to, slice_str(with_claims), 0, &err), BT_OK);
	ck_assert_uint_eq(peer_at(s, "8.1.1.1", 1).entry.flags, PEERS_CLAIMED);
	ck_assert_uint_eq(peer_at(s, "8.1.1.3", 3).entry.flags, PEERS_CLAIMED);
	ck_assert_int_eq(peer_at(s, "8.1.1.2", 2).found, _i != 1);
	ck_assert_int_eq(peer_at(s, "8.9.9.9", 2).found, _i == 1);
	ck_assert_uint_eq(peer_at(s, "8.9.9.9", 2).entry.flags, 0);
	/* Who was not reached, or never tried, matters to nat_check only. */
	ck_assert(peer_at(s, "8.9.9.9", 4).found && peer_at(s, "8.9.9.9", 5).found);
	ck_assert_uint_eq(peer_at(s, "8.9.9.9", 4).entry.flags, unreached);
	ck_assert_uint_eq(peer_at(s, "8.9.9.9", 5).entry.flags, unreached);
	nat_known_free(to.nat);
	shards_free(s);
}
END_TEST

static bool
is_known(struct bt_slice key)
{
	static const char *const known[] = { "given ip", "ip", "key", "left", "nat", "port",
	    "requirecrypto", "supportcrypto" };

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (slice_eq_str(key, known[i]))
			return true;
	}
	return false;
}

static void
look_at_keys_of_peers(struct scan *s)
{
	struct bt_slice key, id;

	scan_dict(s);
	while (scan_key(s, &id)) {
		scan_dict(s);
		for (; scan_key(s, &key); (void)scan_skip(s))
			ck_assert(is_known(key));
	}
}

/* It does not start with a file that has another one. */
START_TEST(the_original_knows_all_keys)
{
	struct shards *s = shards_new(_i ? &with_ids : &usual);
	struct bt_slice key, hash;
	struct scan scan;
	struct buf b;

	fill(s);
	buf_init(&b, 16 << 20);
	ck_assert_int_eq(write_state(s, 0, &b), BT_OK);
	scan_init(&scan, buf_slice(&b), SCAN_STRICT);
	scan_dict(&scan);
	ck_assert(scan_key(&scan, &key) && slice_eq_str(key, "completed"));
	(void)scan_skip(&scan);
	ck_assert(scan_key(&scan, &key) && slice_eq_str(key, "peers"));
	scan_dict(&scan);
	while (scan_key(&scan, &hash))
		look_at_keys_of_peers(&scan);
	ck_assert(!scan_key(&scan, &key));
	ck_assert(scan_finish(&scan));
	buf_fini(&b);
	shards_free(s);
}
END_TEST

/* The original shows what it finds among the peers. */
START_TEST(dead_torrents_are_kept)
{
	static const struct swarm_limits keep = { .timeout = 2700 * SECOND, .keep_dead = true };
	static const char dead[] = "d9:completedd20:" HASH "i0ee5:peersd20:" HASH "deee";
	struct shards *s = shards_new(&keep);
	struct buf b;

	buf_init(&b, 1000);
	ck_assert_int_eq(read_state(s, slice_str(dead), 0), BT_OK);
	ck_assert_int_eq(write_state(s, 0, &b), BT_OK);
	ck_assert(slice_eq_str(buf_slice(&b), dead));
	buf_fini(&b);
	shards_free(s);
}
END_TEST

/* Cut anywhere it is an error, and never more than that. */
START_TEST(every_cut_is_refused)
{

	for (size_t n = 1; n < strlen(original); n++) {
		struct shards *s = shards_new(&usual);
		uint8_t *exact = malloc(n);

		memcpy(exact, original, n);
		ck_assert_int_ne(read_state(s, slice_of(exact, n), 0), BT_OK);
		free(exact);
		shards_free(s);
	}
}
END_TEST

static void
count_warning(void *arg, enum bt_log_level level, const char *topic, const char *text)
{
	(void)topic;
	if (level == BT_LOG_WARN && strstr(text, ".bad") != NULL)
		++*(int *)arg;
}

START_TEST(bad_files_are_set_aside)
{
	char folder[] = "/tmp/test_state.XXXXXX", path[64], bad[64], bad1[64];
	struct bt_tracker_settings settings = { .dfile = path };
	struct shards *s = shards_new(&usual);
	struct state state = { &settings, s, NULL };
	int warnings = 0;
	struct log log = { count_warning, &warnings, BT_LOG_DEBUG };
	struct bt_error err;
	struct buf kept;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/d", folder);
	(void)snprintf(bad, sizeof(bad), "%s/d.bad", folder);
	(void)snprintf(bad1, sizeof(bad1), "%s/d.bad.1", folder);
	ck_assert_int_eq(state_load(&state, 0, &log, &err), BT_OK);
	for (int i = 1; i <= 2; i++) {
		ck_assert_int_eq(file_replace(path, slice_str("d5:peers"), &err), BT_OK);
		ck_assert_int_eq(state_load(&state, 0, &log, &err), BT_OK);
		ck_assert_int_eq(warnings, i);
		ck_assert_int_ne(access(path, F_OK), 0);
	}
	buf_init(&kept, 100);
	ck_assert_int_eq(file_read(bad1, &kept, &err), BT_OK);
	ck_assert(slice_eq_str(buf_slice(&kept), "d5:peers"));
	buf_fini(&kept);
	ck_assert_int_eq(unlink(bad) | unlink(bad1), 0);
	/* A folder is no state file, and nothing that we may move. */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(state_load(&state, 0, &log, &err), BT_EIO);
	ck_assert_int_eq(rmdir(path) | rmdir(folder), 0);
	shards_free(s);
}
END_TEST

/* It stands where the next state will be saved: better no tracker than no state. */
START_TEST(bad_files_that_cannot_be_set_aside_stay)
{
	char folder[] = "/tmp/test_state.XXXXXX", path[64], bad[64];
	struct bt_tracker_settings settings = { .dfile = path };
	struct shards *s = shards_new(&usual);
	struct state state = { &settings, s, NULL };
	int warnings = 0;
	struct log log = { count_warning, &warnings, BT_LOG_DEBUG };
	struct bt_error err;
	struct buf kept;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/d", folder);
	ck_assert_int_eq(file_replace(path, slice_str("d5:peers"), &err), BT_OK);
	fault_set("link EACCES /d");
	ck_assert_int_eq(state_load(&state, 0, &log, &err), BT_EIO);
	ck_assert_uint_eq(fault_met(0), 1);
	fault_set(NULL);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot set the bad /tmp/test_state."));
	/* So many bad ones, and nobody has looked. */
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(bad, sizeof(bad), i == 0 ? "%s.bad" : "%s.bad.%d", path, i);
		ck_assert_int_eq(symlink("nowhere", bad), 0);
	}
	ck_assert_int_eq(state_load(&state, 0, &log, &err), BT_EEXIST);
	ck_assert_int_eq(unlink(bad), 0);
	ck_assert_int_eq(warnings, 0);
	buf_init(&kept, 100);
	ck_assert_int_eq(file_read(path, &kept, &err), BT_OK);
	ck_assert(slice_eq_str(buf_slice(&kept), "d5:peers"));
	ck_assert_int_eq(state_load(&state, 0, &log, &err), BT_OK);
	ck_assert_int_eq(warnings, 1);
	buf_clear(&kept);
	ck_assert_int_eq(file_read(bad, &kept, &err), BT_OK);
	ck_assert(slice_eq_str(buf_slice(&kept), "d5:peers"));
	buf_fini(&kept);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(bad, sizeof(bad), i == 0 ? "%s.bad" : "%s.bad.%d", path, i);
		ck_assert_int_eq(unlink(bad), 0);
	}
	ck_assert_int_eq(rmdir(folder), 0);
	shards_free(s);
}
END_TEST

/* No room on the disk: it is said, the old file stays, and nothing is left beside it. */
START_TEST(a_full_disk_is_said)
{
	char folder[] = "/tmp/test_state.XXXXXX", path[64];
	struct bt_tracker_settings settings = { .dfile = path };
	struct shards *s = shards_new(&usual);
	struct state state = { &settings, s, NULL };
	struct rlimit usually, few;
	struct bt_error err;
	enum bt_code code;
	struct buf kept;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/d", folder);
	ck_assert_int_eq(file_replace(path, slice_str("de"), &err), BT_OK);
	fill(s);
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &usually), 0);
	few = usually;
	few.rlim_cur = 20000;
	/* No assertion meanwhile: Check writes a file, too. */
	(void)setrlimit(RLIMIT_FSIZE, &few);
	code = state_save(&state, &err);
	(void)setrlimit(RLIMIT_FSIZE, &usually);
	ck_assert_int_eq(code, BT_EIO);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	buf_init(&kept, 100);
	ck_assert_int_eq(file_read(path, &kept, &err), BT_OK);
	ck_assert(slice_eq_str(buf_slice(&kept), "de"));
	buf_fini(&kept);
	ck_assert_int_eq(unlink(path) | rmdir(folder), 0);
	shards_free(s);
}
END_TEST

/* Whichever allocation fails, writing says so or is right. */
START_TEST(no_memory_is_said)
{
	struct shards *s = shards_new(&usual);
	struct buf whole, b;
	enum bt_code code = BT_ENOMEM;

	fill(s);
	buf_init(&whole, 16 << 20);
	buf_init(&b, 16 << 20);
	ck_assert_int_eq(write_state(s, 0, &whole), BT_OK);
	for (size_t n = 1; code != BT_OK && n < 10000; n++)
		code = write_state(s, n, &b);
	ck_assert_int_eq(code, BT_OK);
	ck_assert(slice_eq(buf_slice(&b), buf_slice(&whole)));
	buf_fini(&b);
	buf_fini(&whole);
	shards_free(s);
}
END_TEST

Suite *
state_suite(void)
{
	Suite *s = suite_create("tracker/state");
	TCase *t = tcase_create("state");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, round_trip, 0, 2);
	tcase_add_test(t, reads_the_original);
	tcase_add_loop_test(t, claims_count_as_the_settings_say, 0, 3);
	tcase_add_loop_test(t, the_original_knows_all_keys, 0, 2);
	tcase_add_test(t, dead_torrents_are_kept);
	tcase_add_test(t, every_cut_is_refused);
	tcase_add_test(t, bad_files_are_set_aside);
	tcase_add_test(t, bad_files_that_cannot_be_set_aside_stay);
	tcase_add_test(t, a_full_disk_is_said);
	tcase_add_test(t, no_memory_is_said);
	suite_add_tcase(s, t);
	return s;
}

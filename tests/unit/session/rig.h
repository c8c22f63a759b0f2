/* SPDX-License-Identifier: ISC */
/* Sessions on loopback, and content for some torrents, for the tests of this folder. */
#ifndef UNIT_SESSION_RIG_H
#define UNIT_SESSION_RIG_H

#include <btcore/create.h>
#include <btcore/session.h>

#include <unistd.h>

#include "base/rng.h"
#include "helper.h"

#define TORRENTS 4
#define SIZE 3000000

static char folder[64];

static inline enum bt_code
new_logging(const char *port, bt_log_fn log, void *arg, struct bt_session **out,
    struct bt_error *err)
{
	struct bt_settings *set = bt_settings_new();
	enum bt_code code;

	ck_assert_ptr_nonnull(set);
	ck_assert_int_eq(bt_settings_set(set, "minport", port, NULL), BT_OK);
	ck_assert_int_eq(bt_settings_set(set, "maxport", port, NULL), BT_OK);
	ck_assert_int_eq(bt_settings_set(set, "bind", "127.0.0.1", NULL), BT_OK);
	code = bt_session_new(set, log, arg, out, err);
	bt_settings_free(set);
	return code;
}

static inline enum bt_code
new_session(const char *port, struct bt_session **out, struct bt_error *err)
{
	return new_logging(port, NULL, NULL, out, err);
}

static inline struct bt_session *
must_open(void)
{
	struct bt_session *s = NULL;
	struct bt_error err;

	ck_assert_msg(new_session("0", &s, &err) == BT_OK, "%s", err.text);
	return s;
}

static inline void
path_of(char out[128], const char *who, int i)
{
	(void)snprintf(out, 128, "%s/%s%d", folder, who, i);
}

static inline struct bt_metainfo *
meta_of(int i)
{
	const struct bt_create_options o = { .piece_length = 65536, .workers = 1 };
	struct bt_metainfo *meta;
	struct bt_error err;
	char path[128];

	path_of(path, "seed", i);
	ck_assert_msg(bt_create(path, &o, &meta, &err) == BT_OK, "%s", err.text);
	return meta;
}

static inline void
write_content(void)
{
	static uint8_t bytes[SIZE];
	struct rng rng;

	(void)snprintf(folder, sizeof(folder), "/tmp/test_session.XXXXXX");
	ck_assert(mkdtemp(folder) != NULL);
	for (int i = 0; i < TORRENTS; i++) {
		char path[128];
		FILE *f;

		rng_seed(&rng, (uint64_t)i);
		rng_bytes(&rng, bytes, SIZE);
		path_of(path, "seed", i);
		f = fopen(path, "wb");
		ck_assert(f != NULL && fwrite(bytes, 1, SIZE, f) == SIZE);
		(void)fclose(f);
	}
}

static inline void
remove_content(void)
{
	char command[160];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

/* As path itself; the metainfo stays the caller's. */
static inline enum bt_code
add_as(struct bt_session *s, const struct bt_metainfo *meta, const char *path, uint32_t *id,
    struct bt_error *err)
{
	struct bt_add_params *p = bt_add_params_new();
	enum bt_code code;

	if (p == NULL)
		return err->code = BT_ENOMEM;
	bt_add_params_set_metainfo(p, meta);
	code = bt_add_params_set(p, "save_as", path, err);
	if (code == BT_OK)
		code = bt_session_add(s, p, id, err);
	bt_add_params_free(p);
	return code;
}

static inline uint32_t
add(struct bt_session *s, const char *who, int i)
{
	struct bt_metainfo *meta = meta_of(i);
	struct bt_error err;
	char path[128];
	uint32_t id;

	path_of(path, who, i);
	ck_assert_msg(add_as(s, meta, path, &id, &err) == BT_OK, "%s", err.text);
	bt_metainfo_free(meta);
	return id;
}

static inline void
wait_for_state(struct bt_session *s, uint32_t id, enum bt_torrent_state want)
{
	struct bt_torrent_status st = { 0 };

	for (int i = 0; i < 1500 && st.state != want; i++) {
		ck_assert_int_eq(bt_session_status(s, id, &st, sizeof(st)), BT_OK);
		(void)usleep(10000);
	}
	ck_assert_int_eq(st.state, want);
}

#endif

/* SPDX-License-Identifier: ISC */
/* How a session is given a torrent. */
#include <btcore/add.h>
#include <btcore/session.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cdefs.h"
#include "base/mem.h"
#include "session/model.h"

struct bt_add_params {
	char *save_path;
	char *save_as;
	char *torrent_file;
	int64_t check_hashes;
	char *check;
	int64_t paused;
	struct torrent_wishes wishes;
	struct bt_metainfo *meta;
	struct choice choice;
	struct vec peers;		/* struct addr */
};

const struct bt_option_table *
bt_add_table(void)
{
	static const struct bt_option rows[] = {
		{ .name = "save_path", .kind = BT_OPT_TEXT, .def = "", .arg = "FOLDER",
		  .offset = offsetof(struct bt_add_params, save_path),
		  .help = "Save the torrent in this folder, by its own name; empty: the current "
		    "one." },
		{ .name = "save_as", .kind = BT_OPT_TEXT, .def = "", .arg = "PATH",
		  .offset = offsetof(struct bt_add_params, save_as),
		  .help = "Save it as this file or folder instead, in save_path or absolute." },
		{ .name = "torrent_file", .kind = BT_OPT_TEXT, .def = "", .arg = "FILE",
		  .offset = offsetof(struct bt_add_params, torrent_file),
		  .help = "Where the metainfo can be read again: a complete torrent that nobody "
		    "is connected to is then not kept in memory." },
		{ .name = "check_hashes", .kind = BT_OPT_FLAG, .def = "1", .arg = "0|1",
		  .offset = offsetof(struct bt_add_params, check_hashes),
		  .help = "Check what is on the disk; 0: believe that all of it is there." },
		{ .name = "check", .kind = BT_OPT_TEXT, .def = "fast", .arg = "full|fast|none",
		  .offset = offsetof(struct bt_add_params, check),
		  .help = "Check all of what is on the disk (full), or only what is not known to "
		    "be as it was (fast); none: believe that all of it is there." },
		{ .name = "paused", .kind = BT_OPT_FLAG, .def = "0", .arg = "0|1",
		  .offset = offsetof(struct bt_add_params, paused),
		  .help = "Begin paused." },
	};
	static const struct bt_option_table table = { rows, COUNT_OF(rows) };

	return &table;
}

struct bt_add_params *
bt_add_params_new(void)
{
	struct bt_add_params *p = mem_zero(sizeof(*p));

	if (p == NULL)
		return NULL;
	vec_init(&p->peers, sizeof(struct addr));
	if (bt_options_init(bt_add_table(), p) != BT_OK ||
	    bt_options_init(bt_limits_table(), &p->wishes) != BT_OK) {
		bt_add_params_free(p);
		return NULL;
	}
	return p;
}

void
bt_add_params_free(struct bt_add_params *p)
{
	if (p == NULL)
		return;
	bt_options_fini(bt_add_table(), p);
	bt_metainfo_free(p->meta);
	choice_fini(&p->choice);
	vec_fini(&p->peers);
	mem_free(p);
}

void
bt_add_params_set_metainfo(struct bt_add_params *p, const struct bt_metainfo *m)
{
	struct bt_metainfo *shared = bt_metainfo_share(m);

	bt_metainfo_free(p->meta);
	p->meta = shared;
}

enum bt_code
bt_add_params_set(struct bt_add_params *p, const char *name, const char *text,
    struct bt_error *err)
{
	if (bt_options_find(bt_limits_table(), name) != NULL)
		return bt_options_set(bt_limits_table(), &p->wishes, name, text, err);
	return bt_options_set(bt_add_table(), p, name, text, err);
}

enum bt_code
bt_add_params_set_int(struct bt_add_params *p, const char *name, int64_t value,
    struct bt_error *err)
{
	if (bt_options_find(bt_limits_table(), name) != NULL)
		return bt_options_set_int(bt_limits_table(), &p->wishes, name, value, err);
	return bt_options_set_int(bt_add_table(), p, name, value, err);
}

enum bt_code
bt_add_params_set_priorities(struct bt_add_params *p, const int *priorities, size_t count,
    struct bt_error *err)
{
	struct choice choice;
	enum bt_code code = choose_make(priorities, count, &choice, err);

	if (code != BT_OK)
		return code;
	choice_fini(&p->choice);
	p->choice = choice;
	return BT_OK;
}

static enum bt_code
parse_peer(const char *ip, uint16_t port, struct addr *out, struct bt_error *err)
{
	if (!addr_parse(ip, port, out) || !addr_usable(out))
		return fail(err, BT_EARG, "'%.60s' port %u is not a peer's address", ip, port);
	return BT_OK;
}

enum bt_code
bt_add_params_add_peer(struct bt_add_params *p, const char *ip, uint16_t port,
    struct bt_error *err)
{
	struct addr a;
	enum bt_code code = parse_peer(ip, port, &a, err);

	if (code == BT_OK && vec_add(&p->peers, &a) == NULL)
		code = fail(err, BT_ENOMEM, "out of memory");
	return code;
}

/* -- where it goes -- */

/* To be freed; NULL: no memory. */
static char *
join(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = mem_alloc(size);

	if (path != NULL)
		(void)snprintf(path, size, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", name);
	return path;
}

/* A link that the user names is the user's wish, one that happens to have the torrent's name may
 * lead anywhere. *out is to be freed in any case. */
static enum bt_code
choose_place(const struct bt_add_params *p, char **out, struct bt_error *err)
{
	bool own_name = p->save_as[0] == '\0';
	struct stat st;

	*out = join(p->save_as[0] == '/' ? "" : p->save_path,
	    own_name ? bt_metainfo_safe_name(p->meta) : p->save_as);
	if (*out == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	if (!own_name || lstat(*out, &st) != 0 || !S_ISLNK(st.st_mode))
		return BT_OK;
	return fail(err, BT_EARG, "%s: a symbolic link; to follow it, name it", *out);
}

/* -- on the session's thread -- */

struct addition {
	struct bt_session *session;
	const struct bt_add_params *params;
	char *place;
	char *torrent_file;		/* NULL: none */
	struct buf *recalled;		/* what is remembered of it, or NULL */
	uint32_t id;
	struct bt_error *err;
	enum bt_code code;
};

static bool
is_known(const struct bt_session *s, const struct bt_metainfo *m)
{
	struct torrent_hashes hashes;
	bool known = false;

	torrent_hashes_of(m, &hashes);
	for (unsigned i = 0; i < hashes.count; i++)
		known = known || map_find(&s->by_hash, hashes.v[i]) != NULL;
	return known;
}

/* The entry has it from now on. */
static struct buf *
take_recalled(struct addition *a)
{
	struct buf *recalled = a->recalled;

	a->recalled = NULL;
	return recalled;
}

static void
do_add(void *arg)
{
	struct addition *a = arg;
	const struct bt_add_params *p = a->params;
	struct bt_session *s = a->session;
	struct choice choice = p->choice;
	struct entry *e;

	choice.sequential = p->wishes.sequential != 0;
	choice.first_last = p->wishes.first_last != 0;
	if (is_known(s, p->meta)) {
		a->code = fail(a->err, BT_EEXIST, "this torrent is here already");
		return;
	}
	a->code = entry_new(s, &(struct entry_opts){
		.meta = p->meta,
		.path = a->place,
		.torrent_file = a->torrent_file,
		.complete = !p->check_hashes || strcmp(p->check, "none") == 0,
		.recalled = take_recalled(a),
		.trust = strcmp(p->check, "fast") == 0,
		.paused = p->paused,
		.wishes = p->wishes,
		.choice = &choice,
	    }, &e, a->err);
	if (a->code != BT_OK)
		return;
	a->id = e->id;
	for (size_t i = 0; i < p->peers.len; i++)
		torrent_add_address(e->torrent, vec_at(&p->peers, i), KNOWN_USER,
		    loop_now(s->loop));
}

/* Relative names are of the folder that the program is in now. */
static enum bt_code
choose_torrent_file(const struct bt_add_params *p, char **out, struct bt_error *err)
{
	*out = NULL;
	if (p->torrent_file[0] == '\0')
		return BT_OK;
	*out = realpath(p->torrent_file, NULL);
	return *out != NULL ? BT_OK : fail_errno(err, "%.200s", p->torrent_file);
}

static void
free_recalled(struct buf *recalled)
{
	if (recalled != NULL)
		buf_fini(recalled);
	mem_free(recalled);
}

/* Here, where waiting for the disk holds up nobody else. NULL: nothing, or no memory. */
static struct buf *
recall(struct bt_session *s, const struct bt_metainfo *m)
{
	struct buf *out = mem_zero(sizeof(*out));

	if (out == NULL || save_recall(&s->saver, bt_metainfo_info_hash(m), out))
		return out;
	free_recalled(out);
	return NULL;
}

enum bt_code
bt_session_add(struct bt_session *s, const struct bt_add_params *params, uint32_t *id,
    struct bt_error *err)
{
	struct addition a = { .session = s, .params = params, .err = err };
	enum bt_code code;

	if (params->meta == NULL)
		return fail(err, BT_EARG, "nothing says which torrent to add");
	if (bt_metainfo_info_hash(params->meta) == NULL)
		return fail(err, BT_EUNSUP, "torrents of version 2 alone are not supported yet");
	code = choose_check(&params->choice, bt_metainfo_file_count(params->meta), err);
	if (code == BT_OK)
		code = choose_place(params, &a.place, err);
	if (code == BT_OK)
		code = choose_torrent_file(params, &a.torrent_file, err);
	if (code == BT_OK) {
		a.recalled = recall(s, params->meta);
		code = mailbox_call(s->mailbox, do_add, &a) ? a.code :
		    fail(err, BT_ECANCEL, "the session ends");
	}
	free_recalled(a.recalled);
	mem_free(a.place);
	free(a.torrent_file);
	if (code == BT_OK && id != NULL)
		*id = a.id;
	return code;
}

enum bt_code
bt_session_add_metainfo(struct bt_session *s, const struct bt_metainfo *m, const char *save_path,
    uint32_t *id, struct bt_error *err)
{
	struct bt_add_params *p = bt_add_params_new();
	enum bt_code code;

	if (p == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	bt_add_params_set_metainfo(p, m);
	code = bt_add_params_set(p, "save_path", save_path, err);
	if (code == BT_OK)
		code = bt_session_add(s, p, id, err);
	bt_add_params_free(p);
	return code;
}

/* -- peers of the user's, later on -- */

struct peer_wish {
	struct bt_session *session;
	uint32_t id;
	struct addr addr;
	enum bt_code code;
};

static void
do_add_peer(void *arg)
{
	struct peer_wish *w = arg;
	struct entry *e = entry_find(w->session, w->id);

	w->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		torrent_add_address(e->torrent, &w->addr, KNOWN_USER,
		    loop_now(w->session->loop));
}

enum bt_code
bt_session_add_peer(struct bt_session *s, uint32_t id, const char *ip, uint16_t port,
    struct bt_error *err)
{
	struct peer_wish w = { .session = s, .id = id };
	enum bt_code code = parse_peer(ip, port, &w.addr, err);

	if (code != BT_OK)
		return code;
	if (!mailbox_call(s->mailbox, do_add_peer, &w))
		return fail(err, BT_ECANCEL, "the session ends");
	return w.code == BT_OK ? BT_OK :
	    fail(err, w.code, "no torrent has the number %u", (unsigned)id);
}

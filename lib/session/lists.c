/* SPDX-License-Identifier: ISC */
/* Lists of what belongs to one torrent, which the host frees. */
#include <btcore/session.h>

#include <string.h>

#include "base/mem.h"
#include "meta/layout.h"
#include "session/model.h"

/* Texts of one item, at most. */
#define TEXTS_MAX 2

struct bt_list {
	struct vec items;
	size_t texts[TEXTS_MAX];	/* where items have a const char *, each its own */
	unsigned text_count;
	bool failed;			/* no memory */
};

size_t
bt_list_count(const struct bt_list *l)
{
	return l->items.len;
}

const void *
bt_list_at(const struct bt_list *l, size_t i)
{
	return i < l->items.len ? vec_at(&l->items, i) : NULL;
}

static char **
text_at(const struct bt_list *l, size_t i, unsigned text)
{
	return (char **)(void *)((char *)vec_at(&l->items, i) + l->texts[text]);
}

void
bt_list_free(struct bt_list *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->items.len; i++) {
		for (unsigned k = 0; k < l->text_count; k++)
			mem_free(*text_at(l, i, k));
	}
	vec_fini(&l->items);
	mem_free(l);
}

static struct bt_list *
list_new(size_t item_size, unsigned text_count, size_t text1, size_t text2)
{
	struct bt_list *l = mem_zero(sizeof(*l));

	if (l == NULL)
		return NULL;
	vec_init(&l->items, item_size);
	l->text_count = text_count;
	l->texts[0] = text1;
	l->texts[1] = text2;
	return l;
}

static void
list_add(struct bt_list *l, const void *item)
{
	if (vec_add(&l->items, item) == NULL) {
		l->failed = true;
		return;
	}
	for (unsigned k = 0; k < l->text_count; k++) {
		char **text = text_at(l, l->items.len - 1, k);

		*text = mem_strdup(*text);
		l->failed |= *text == NULL;
	}
}

/* -- on the session's thread -- */

struct look {
	struct bt_session *session;
	uint32_t id;
	struct bt_list *list;
	struct bt_metainfo *meta;
	char *torrent_file;	/* where to load it from if it is not here */
	struct bits have;
	struct choice choice;
	enum bt_code code;
};

static void
add_peer(void *list, const struct bt_peer_info *p)
{
	list_add(list, p);
}

static void
look_at_peers(void *arg)
{
	struct look *l = arg;
	const struct entry *e = entry_find(l->session, l->id);

	l->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		torrent_each_peer(e->torrent, add_peer, l->list);
}

static void
add_tracker(void *list, const struct bt_tracker_info *t)
{
	list_add(list, t);
}

static void
look_at_trackers(void *arg)
{
	struct look *l = arg;
	const struct entry *e = entry_find(l->session, l->id);

	l->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e != NULL)
		torrent_each_tracker(e->torrent, add_tracker, l->list,
		    loop_now(l->session->loop));
}

/* What it takes to count files elsewhere: there may be a million. */
static void
look_at_pieces(void *arg)
{
	struct look *l = arg;
	const struct entry *e = entry_find(l->session, l->id);
	const struct bits *have = e == NULL ? NULL : torrent_have(e->torrent);

	l->code = e == NULL ? BT_ENOENT : BT_OK;
	if (e == NULL)
		return;
	if (e->meta != NULL)
		l->meta = bt_metainfo_share(e->meta);
	else if ((l->torrent_file = mem_strdup(e->torrent_file)) == NULL)
		l->code = BT_ENOMEM;
	if (!choice_copy(&l->choice, entry_choice(e)))
		l->code = BT_ENOMEM;
	/* While it is not known what is there it is nothing; of one that sleeps it is all. */
	if (have == NULL && e->meta != NULL && torrent_state(e->torrent) == BT_TORRENT_CHECKING &&
	    !bits_init(&l->have, bt_metainfo_piece_count(e->meta)))
		l->code = BT_ENOMEM;
	if (have == NULL)
		return;
	if (!bits_init(&l->have, have->len))
		l->code = BT_ENOMEM;
	else
		(void)bits_load(&l->have, bits_slice(have));
}

/* -- on the caller's -- */

static enum bt_code
say(enum bt_code code, uint32_t id, struct bt_error *err)
{
	if (code == BT_ENOENT)
		return fail(err, code, "no torrent has the number %u", (unsigned)id);
	return code == BT_OK ? code : fail(err, code, "%s", bt_strerror(code));
}

static enum bt_code
finish(struct look *l, bool asked, struct bt_list **out, struct bt_error *err)
{
	enum bt_code code = !asked ? BT_ECANCEL : l->list->failed ? BT_ENOMEM : l->code;

	if (code != BT_OK)
		bt_list_free(l->list);
	else
		*out = l->list;
	return say(code, l->id, err);
}

enum bt_code
bt_session_peers(struct bt_session *s, uint32_t id, struct bt_list **out, struct bt_error *err)
{
	struct look l = { .session = s, .id = id };

	l.list = list_new(sizeof(struct bt_peer_info), 2, offsetof(struct bt_peer_info, ip),
	    offsetof(struct bt_peer_info, client));
	if (l.list == NULL)
		return say(BT_ENOMEM, id, err);
	return finish(&l, mailbox_call(s->mailbox, look_at_peers, &l), out, err);
}

enum bt_code
bt_session_trackers(struct bt_session *s, uint32_t id, struct bt_list **out, struct bt_error *err)
{
	struct look l = { .session = s, .id = id };

	l.list = list_new(sizeof(struct bt_tracker_info), 2,
	    offsetof(struct bt_tracker_info, url), offsetof(struct bt_tracker_info, text));
	if (l.list == NULL)
		return say(BT_ENOMEM, id, err);
	return finish(&l, mailbox_call(s->mailbox, look_at_trackers, &l), out, err);
}

/* A torrent that sleeps is complete, and what it was made of may have to be loaded. */
static void
wake_look(struct look *l)
{
	if (l->code == BT_OK && l->meta == NULL)
		l->code = bt_metainfo_open(l->torrent_file, &l->meta, NULL);
	if (l->code != BT_OK || l->have.len > 0)
		return;
	if (bits_init(&l->have, bt_metainfo_piece_count(l->meta)))
		bits_set_all(&l->have);
	else
		l->code = BT_ENOMEM;
}

static void
add_files(struct bt_list *list, const struct bt_metainfo *m, const struct choice *choice)
{
	for (uint32_t i = 0; i < bt_metainfo_file_count(m); i++) {
		struct bt_file_progress p = { .file = i, .size = bt_metainfo_file(m, i).size,
			.priority = choose_priority(choice, i) };

		list_add(list, &p);
		if (list->failed)
			return;
	}
}

static void
count_piece(struct bt_list *list, const struct bt_metainfo *m, uint32_t piece)
{
	struct layout_iter it;
	struct layout_span span;

	layout_start(&it, m, layout_piece_offset(m, piece), bt_metainfo_piece_size(m, piece));
	while (layout_next(&it, &span)) {
		struct bt_file_progress *p = vec_at(&list->items, span.file);

		/* The gap behind a file of v2 is not of it. */
		if (span.offset < p->size)
			p->done += span.len;
	}
}

enum bt_code
bt_session_files(struct bt_session *s, uint32_t id, struct bt_list **out, struct bt_error *err)
{
	struct look l = { .session = s, .id = id };
	bool asked;

	l.list = list_new(sizeof(struct bt_file_progress), 0, 0, 0);
	if (l.list == NULL)
		return say(BT_ENOMEM, id, err);
	asked = mailbox_call(s->mailbox, look_at_pieces, &l);
	if (asked)
		wake_look(&l);
	if (asked && l.code == BT_OK)
		add_files(l.list, l.meta, &l.choice);
	for (uint32_t i = 0; i < l.have.len && l.code == BT_OK && !l.list->failed; i++) {
		if (bits_has(&l.have, i))
			count_piece(l.list, l.meta, i);
	}
	bits_fini(&l.have);
	choice_fini(&l.choice);
	bt_metainfo_free(l.meta);
	mem_free(l.torrent_file);
	return finish(&l, asked, out, err);
}

struct bt_metainfo *
bt_session_metainfo(struct bt_session *s, uint32_t id)
{
	struct look l = { .session = s, .id = id };

	if (mailbox_call(s->mailbox, look_at_pieces, &l))
		wake_look(&l);
	bits_fini(&l.have);
	choice_fini(&l.choice);
	mem_free(l.torrent_file);
	return l.meta;
}

/* SPDX-License-Identifier: ISC */
#include "tracker/pages/page_table.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/query.h"
#include "tracker/pages/markup.h"

#define NAME_MAX_SHOWN 256u		/* bytes */

/* -- the order -- */

enum key { KEY_NAME, KEY_SIZE, KEY_SEEDS, KEY_LEECHES, KEY_COMPLETED, KEY_COUNT };

static const struct {
	const char *word;	/* in ?sort= */
	const char *title;
} keys[KEY_COUNT] = {
	[KEY_NAME] = { "name", "Torrent" },
	[KEY_SIZE] = { "size", "Size" },
	[KEY_SEEDS] = { "seeds", "Seeds" },
	[KEY_LEECHES] = { "leeches", "Leeches" },
	[KEY_COMPLETED] = { "completed", "Completed" },
};

struct row {
	const struct census_row *r;
	struct bt_slice name;		/* in page_table_add's names */
	uint64_t size;
	bool named;
};

struct order {
	unsigned key;		/* KEY_COUNT: by peers, as they come */
	bool reversed;		/* numbers usually begin with the greatest, names with A */
};

static struct order
order_of(struct bt_slice query)
{
	struct order o = { KEY_COUNT, false };
	struct bt_slice value;

	if (!query_find(query, "sort", &value))
		return o;
	o.reversed = slice_starts(value, "-");
	value = slice_skip(value, o.reversed);
	for (o.key = 0; o.key < KEY_COUNT && !slice_eq_str(value, keys[o.key].word);)
		o.key++;
	return o;
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? 1 : -1;
}

/* What has no name comes last. */
static int
compare_names(const struct row *x, const struct row *y)
{
	if (x->named != y->named)
		return x->named ? -1 : 1;
	if (!x->named)
		return memcmp(x->r->info_hash, y->r->info_hash, 20);
	return slice_cmp(x->name, y->name);
}

static int
compare(const void *a, const void *b, void *arg)
{
	const struct row *x = a, *y = b;
	const struct order *o = arg;
	int c = 0;

	switch (o->key) {
	case KEY_NAME:
		c = compare_names(x, y);
		break;
	case KEY_SIZE:
		c = compare_numbers(x->size, y->size);
		break;
	case KEY_SEEDS:
		c = compare_numbers(x->r->complete, y->r->complete);
		break;
	case KEY_LEECHES:
		c = compare_numbers(x->r->incomplete, y->r->incomplete);
		break;
	case KEY_COMPLETED:
		c = compare_numbers(x->r->downloaded, y->r->downloaded);
		break;
	default:
		break;
	}
	if (o->reversed)
		c = -c;
	/* Where that says nothing, as they came: by peers. */
	return c != 0 ? c : x->r < y->r ? -1 : x->r > y->r;
}

/* -- the cells -- */

static void
add_column(struct buf *b, unsigned key, struct order o)
{
	bool here = o.key == key;
	/* Names go up from A, numbers down from the greatest. */
	bool up = (key == KEY_NAME) != o.reversed;

	buf_add_str(b, "<th scope=\"col\"");
	if (here)
		buf_addf(b, " aria-sort=\"%s\"", up ? "ascending" : "descending");
	buf_addf(b, "><a href=\"?sort=%s%s\">%s", here && !o.reversed ? "-" : "", keys[key].word,
	    keys[key].title);
	if (here)
		buf_add_str(b, up ? " \xe2\x96\xb4" : " \xe2\x96\xbe");
	buf_add_str(b, "</a></th>");
}

static void
add_number(struct buf *b, unsigned key, uint64_t n)
{
	buf_addf(b, "<td data-n=\"%s\">", keys[key].title);
	add_grouped(b, n);
	buf_add_str(b, "</td>");
}

/* With the torrent behind it, if that is served. */
static void
add_name(struct buf *b, const struct row *row, bool link)
{
	if (link) {
		buf_add_str(b, "<a href=\"/file?info_hash=");
		query_escape(b, slice_of(row->r->info_hash, 20));
		buf_add_str(b, "\">");
	}
	html_text(b, row->name);
	if (link)
		buf_add_str(b, "</a>");
}

static void
add_row(struct buf *b, const struct row *row, const struct page *p)
{
	buf_add_str(b, "<tr><td>");
	if (row->named) {
		buf_add_str(b, "<b>");
		add_name(b, row, p->has_files);
		buf_add_str(b, "</b>");
	}
	buf_add_str(b, "<code>");
	hex_add(b, row->r->info_hash, 20);
	buf_add_str(b, "</code></td>");
	if (p->names != NULL) {
		buf_addf(b, "<td data-n=\"%s\">", keys[KEY_SIZE].title);
		if (row->named)
			add_size(b, row->size);
		buf_add_str(b, "</td>");
	}
	add_number(b, KEY_SEEDS, row->r->complete);
	add_number(b, KEY_LEECHES, row->r->incomplete);
	add_number(b, KEY_COMPLETED, row->r->downloaded);
	buf_add_str(b, "</tr>\n");
}

static void
add_caption(struct buf *b, const struct census *c)
{
	buf_add_str(b, "<table>\n<caption>");
	if (c->torrents > c->rows.len) {
		buf_addf(b, "The %zu torrents with most peers, of ", c->rows.len);
		add_grouped(b, c->torrents);
	} else if (c->torrents == 0) {
		buf_add_str(b, "No torrents yet");
	} else {
		buf_addf(b, "%zu torrent%s", c->rows.len, c->rows.len == 1 ? "" : "s");
	}
	buf_add_str(b, "</caption>\n<thead><tr>");
}

/* Copies the names: at the next look-up the list may be another one. */
static void
find_names(struct row *rows, const struct census *c, const struct torrent_names *names,
    struct buf *texts)
{
	struct torrent_name name;
	const uint8_t *at;

	for (size_t i = 0; i < c->rows.len; i++) {
		struct row *r = &rows[i];

		*r = (struct row){ .r = vec_at(&c->rows, i) };
		r->named = names != NULL && names->find(names->arg, r->r->info_hash, &name);
		if (!r->named)
			continue;
		r->size = name.size;
		r->name.len = name.text.len < NAME_MAX_SHOWN ? name.text.len : NAME_MAX_SHOWN;
		buf_add(texts, name.text.ptr, r->name.len);
	}
	/* Only now they do not move any more. */
	at = texts->ptr;
	for (size_t i = 0; i < c->rows.len; i++) {
		if (buf_failed(texts))
			rows[i].name.len = 0;
		rows[i].name.ptr = at;
		at += rows[i].name.len;
	}
}

void
page_table_add(struct buf *b, const struct page *p)
{
	const struct census *c = p->census;
	struct order o = order_of(p->query);
	struct buf names;
	struct vec rows;

	buf_init(&names, CENSUS_ROWS_MAX * NAME_MAX_SHOWN);
	vec_init(&rows, sizeof(struct row));
	if (!vec_reserve(&rows, c->rows.len))
		return;
	find_names(rows.items, c, p->names, &names);
	if (o.key != KEY_COUNT && c->rows.len > 0)
		qsort_r(rows.items, c->rows.len, sizeof(struct row), compare, &o);
	add_caption(b, c);
	for (unsigned key = 0; key < KEY_COUNT; key++) {
		if (key != KEY_SIZE || p->names != NULL)
			add_column(b, key, o);
	}
	buf_add_str(b, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < c->rows.len; i++)
		add_row(b, vec_at(&rows, i), p);
	buf_add_str(b, "</tbody>\n</table>\n");
	vec_fini(&rows);
	buf_fini(&names);
}

/* SPDX-License-Identifier: ISC */
/* The page, of numbers that a test cannot wait for. */
#include "tracker/pages/pages.h"

#include "base/cdefs.h"
#include "helper.h"
#include "tracker_test.h"

enum { TORRENTS = 4 };

/* By peers, as a census has them; 0xcc has no name. */
static const struct {
	struct census_row row;
	const char *name;
	uint64_t size;
} torrents[TORRENTS] = {
	{ { { 0xaa }, 5, 50, 1 }, "beta", 1000 },
	{ { { 0xbb }, 9, 30, 0 }, "alpha", 3000 },
	{ { { 0xcc }, 7, 20, 9 }, NULL, 0 },
	{ { { 0xdd }, 1, 10, 5 }, "gamma", 2000 },
};

static bool
find_name(void *arg, const uint8_t info_hash[20], struct torrent_name *out)
{
	(void)arg;
	for (size_t i = 0; i < TORRENTS; i++) {
		if (torrents[i].row.info_hash[0] == info_hash[0] && torrents[i].name != NULL) {
			*out = (struct torrent_name){ slice_str(torrents[i].name),
			    torrents[i].size };
			return true;
		}
	}
	return false;
}

struct scene {
	struct stats_view stats;
	struct census census;
	struct buf out;
};

static struct scene *
scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	vec_init(&s->census.rows, sizeof(struct census_row));
	for (size_t i = 0; i < TORRENTS; i++)
		ck_assert_ptr_nonnull(vec_add(&s->census.rows, &torrents[i].row));
	s->census.torrents = TORRENTS;
	buf_init(&s->out, 1 << 20);
	return s;
}

static void
scene_free(struct scene *s)
{
	vec_fini(&s->census.rows);
	buf_fini(&s->out);
	free(s);
}

static const char *
page_of(struct scene *s, const char *query)
{
	static const struct torrent_names names = { find_name, NULL };
	struct page page = { .stats = &s->stats, .census = &s->census, .names = &names,
	    .query = slice_str(query) };

	buf_clear(&s->out);
	page_write(&s->out, &page);
	ck_assert(!buf_failed(&s->out));
	return buf_cstr(&s->out);
}

START_TEST(rows_come_in_the_order_asked_for)
{
	static const struct { const char *query, *order; } cases[] = {
		{ "", "abcd" }, { "sort=junk", "abcd" }, { "sort=", "abcd" },
		{ "sort=name", "badc" }, { "sort=-name", "cdab" },
		{ "sort=size", "bdac" }, { "sort=-size", "cadb" },
		{ "sort=seeds", "bcad" }, { "sort=-seeds", "dacb" },
		{ "sort=leeches", "abcd" }, { "sort=-leeches", "dcba" },
		{ "x=y&sort=completed", "cdab" }, { "sort=-completed", "badc" },
	};
	struct scene *s = scene_new();

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *at = page_of(s, cases[i].query);
		char order[TORRENTS + 1] = "";

		for (size_t n = 0; n < TORRENTS; n++) {
			at = strstr(at, "<code>");
			ck_assert_ptr_nonnull(at);
			at += strlen("<code>");
			order[n] = *at;
		}
		ck_assert_msg(strcmp(order, cases[i].order) == 0, "%s: %s", cases[i].query, order);
	}
	scene_free(s);
}
END_TEST

/* Whether all points of all drawings lie in them; counts the points. */
static unsigned
points_in(const char *page)
{
	unsigned x, count = 0, width = 0;
	double y;

	for (const char *at = page; *at != '\0'; at++) {
		(void)sscanf(at, "viewBox=\"0 0 %u 100\"", &width);
		if (sscanf(at, "L%u %lf", &x, &y) != 2)
			continue;
		ck_assert_uint_le(x, width);
		ck_assert(y >= 0 && y <= 100);
		count++;
	}
	return count;
}

/* Five areas in three charts: of an hour by the minute, of six by two, of a day by five. */
START_TEST(charts_fit_whatever_happened)
{
	static const struct { unsigned samples, points; const char *span; } cases[] = {
		{ 0, 0, NULL }, { 1, 0, NULL }, { 2, 2, "1 hour" }, { 60, 60, "1 hour" },
		{ 61, 30, "6 hours" }, { 360, 180, "6 hours" }, { 361, 72, "24 hours" },
		{ STATS_DAY, 288, "24 hours" },
	};
	static const double heights[] = { 0, 0.003, 1, 99, 1e3, 123456, 5e9 };
	struct scene *s = scene_new();

	for (size_t i = 0; i < COUNT_OF(cases) * COUNT_OF(heights); i++) {
		unsigned n = cases[i / COUNT_OF(heights)].samples;
		const char *span = cases[i / COUNT_OF(heights)].span, *page;

		s->stats.sample_count = n;
		for (unsigned k = 0; k < n; k++) {
			for (unsigned what = 0; what < SAMPLE_COUNT; what++)
				s->stats.samples[k].v[what] =
				    heights[i % COUNT_OF(heights)] * (k % 7) / 6;
		}
		page = page_of(s, "");
		ck_assert_uint_eq(points_in(page), 5 * cases[i / COUNT_OF(heights)].points);
		ck_assert_int_eq(strstr(page, "Nothing yet") != NULL, span == NULL);
		if (span != NULL)
			ck_assert_ptr_nonnull(strstr(page, span));
	}
	scene_free(s);
}
END_TEST

Suite *
pages_suite(void)
{
	Suite *s = suite_create("tracker/pages");
	TCase *t = tcase_create("pages");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, rows_come_in_the_order_asked_for);
	tcase_add_test(t, charts_fit_whatever_happened);
	suite_add_tcase(s, t);
	return s;
}

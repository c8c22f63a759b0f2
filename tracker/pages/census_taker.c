/* SPDX-License-Identifier: ISC */
#include "tracker/pages/census_taker.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/thread.h"

#define ROWS_FRESH (5 * SECOND)
#define SCRAPE_FRESH (60 * SECOND)
#define SCRAPE_REFUSED (10 * MINUTE)	/* when it was too large: not tried for this long */

/* What can be wanted: bits. */
enum { WANT_ROWS = 1, WANT_SCRAPE = 2, WANT_PACKED = 4 };

struct census_taker {
	struct census_source source;
	uint64_t at_once_max;
	pthread_mutex_t lock;		/* of all that follows */
	pthread_cond_t wake;
	pthread_t thread;
	bool started, ending;
	unsigned wanted;
	usec wanted_at;
	struct census *rows;
	struct httpd_shared *scrape, *packed;
	usec rows_at, scrape_at, packed_at;
	usec refused_until;		/* scrapes of everything */
};

/* -- the thread -- */

static void
put_rows(struct census_taker *t, struct census *c, usec at)
{
	census_drop(t->rows);
	t->rows = c;
	t->rows_at = at;
}

static void
put_scrape(struct httpd_shared **place, struct httpd_shared *s)
{
	httpd_shared_drop(*place);
	*place = s;
}

/* Unlocked while it works. */
static void
work(struct census_taker *t)
{
	unsigned wanted = t->wanted;
	usec at = t->wanted_at;
	struct census *rows = NULL;
	struct httpd_shared *scrape = NULL, *packed = NULL;

	(void)pthread_mutex_unlock(&t->lock);
	if (wanted & WANT_ROWS)
		rows = census_count(&t->source);
	if (wanted & (WANT_SCRAPE | WANT_PACKED))
		scrape = census_scrape(&t->source);
	if (wanted & WANT_PACKED)
		packed = census_pack(scrape);
	(void)pthread_mutex_lock(&t->lock);
	if (rows != NULL)
		put_rows(t, rows, at);
	if (scrape != NULL) {
		put_scrape(&t->scrape, scrape);
		t->scrape_at = at;
	}
	if (packed != NULL) {
		put_scrape(&t->packed, packed);
		t->packed_at = at;
	}
	if (((wanted & (WANT_SCRAPE | WANT_PACKED)) && scrape == NULL) ||
	    ((wanted & WANT_PACKED) && packed == NULL))
		t->refused_until = at + SCRAPE_REFUSED;
	t->wanted &= ~wanted;
}

static void *
run(void *arg)
{
	struct census_taker *t = arg;

	thread_make_way();
	(void)pthread_mutex_lock(&t->lock);
	while (!t->ending) {
		if (t->wanted != 0)
			work(t);
		else
			(void)pthread_cond_wait(&t->wake, &t->lock);
	}
	(void)pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* Locked. */
static void
want(struct census_taker *t, unsigned what, usec now)
{
	if (!t->started)
		t->started = thread_start(&t->thread, run, t) == 0;
	if (t->wanted & what)
		return;
	t->wanted |= what;
	t->wanted_at = now;
	(void)pthread_cond_signal(&t->wake);
}

/* -- what others see -- */

struct census_taker *
census_taker_new(const struct census_source *source, uint64_t at_once_max)
{
	struct census_taker *t = mem_zero(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->source = *source;
	t->at_once_max = at_once_max;
	(void)pthread_mutex_init(&t->lock, NULL);
	(void)pthread_cond_init(&t->wake, NULL);
	return t;
}

void
census_taker_free(struct census_taker *t)
{
	if (t == NULL)
		return;
	(void)pthread_mutex_lock(&t->lock);
	t->ending = true;
	(void)pthread_cond_signal(&t->wake);
	(void)pthread_mutex_unlock(&t->lock);
	if (t->started)
		(void)pthread_join(t->thread, NULL);
	census_drop(t->rows);
	httpd_shared_drop(t->scrape);
	httpd_shared_drop(t->packed);
	(void)pthread_mutex_destroy(&t->lock);
	(void)pthread_cond_destroy(&t->wake);
	mem_free(t);
}

static bool
is_small(const struct census_taker *t)
{
	return census_size(&t->source) <= t->at_once_max;
}

struct census *
census_taker_get(struct census_taker *t, usec now)
{
	struct census *c = NULL;

	if (is_small(t))
		return census_count(&t->source);
	(void)pthread_mutex_lock(&t->lock);
	if (t->rows != NULL && now - t->rows_at < ROWS_FRESH) {
		c = t->rows;
		snapshot_keep(&c->snapshot);
	} else {
		want(t, WANT_ROWS, now);
	}
	(void)pthread_mutex_unlock(&t->lock);
	return c;
}

static struct httpd_shared *
scrape_at_once(struct census_taker *t, bool packed)
{
	struct httpd_shared *plain = census_scrape(&t->source), *out;

	if (!packed)
		return plain;
	out = census_pack(plain);
	httpd_shared_drop(plain);
	return out;
}

/* Locked. */
static enum bt_code
scrape_of_thread(struct census_taker *t, bool packed, usec now, struct httpd_shared **out)
{
	struct httpd_shared *s = packed ? t->packed : t->scrape;

	if (s != NULL && now - (packed ? t->packed_at : t->scrape_at) < SCRAPE_FRESH) {
		httpd_shared_hold(s);
		*out = s;
		return BT_OK;
	}
	if (now < t->refused_until)
		return BT_ELIMIT;
	want(t, packed ? WANT_PACKED : WANT_SCRAPE, now);
	return BT_EBUSY;
}

enum bt_code
census_taker_scrape(struct census_taker *t, bool packed, usec now, struct httpd_shared **out)
{
	enum bt_code code;

	*out = NULL;
	if (is_small(t)) {
		*out = scrape_at_once(t, packed);
		return *out != NULL ? BT_OK : BT_ELIMIT;
	}
	(void)pthread_mutex_lock(&t->lock);
	code = scrape_of_thread(t, packed, now, out);
	(void)pthread_mutex_unlock(&t->lock);
	return code;
}

void
census_taker_tick(struct census_taker *t, usec now)
{
	(void)pthread_mutex_lock(&t->lock);
	if (t->rows != NULL && now - t->rows_at >= ROWS_FRESH)
		put_rows(t, NULL, now);
	if (t->scrape != NULL && now - t->scrape_at >= SCRAPE_FRESH)
		put_scrape(&t->scrape, NULL);
	if (t->packed != NULL && now - t->packed_at >= SCRAPE_FRESH)
		put_scrape(&t->packed, NULL);
	(void)pthread_mutex_unlock(&t->lock);
}

/* SPDX-License-Identifier: ISC */
#include "tests/bench/tracker/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINE 6u		/* bits of a delay that are kept: within 1.6 % */

/* Of all threads of the tracker. */
static double
cpu_seconds(int64_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (pid == 0 || clock_getcpuclockid((pid_t)pid, &clock) != 0 ||
	    clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static unsigned
bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < (1u << FINE))
		return (unsigned)ns;
	shift = 63 - (unsigned)__builtin_clzll(ns) - FINE;
	return ((shift + 1) << FINE) + (unsigned)((ns >> shift) & ((1u << FINE) - 1));
}

static double
bucket_us(unsigned bucket)
{
	uint64_t low = bucket & ((1u << FINE) - 1);

	if (bucket >= 1u << FINE)
		low = (low | (1u << FINE)) << ((bucket >> FINE) - 1);
	return (double)low / 1000;
}

static double
percentile(const struct delays *d, double of)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < TALLY_BUCKETS; i++) {
		seen += d->by_size[i];
		if (d->all > 0 && (double)seen >= of * (double)d->all)
			return bucket_us(i);
	}
	return 0;
}

static void
add_delay(struct tally *t, uint64_t ns, uint64_t now)
{
	unsigned bucket = bucket_of(ns);

	if (now >= t->slice_end) {
		if (t->slice.all > 0 && t->slices < SLICES_MAX)
			t->slice_p99[t->slices++] = percentile(&t->slice, 0.99);
		memset(&t->slice, 0, sizeof(t->slice));
		t->slice_end = now + SLICE_NS;
	}
	t->delays.all++;
	t->delays.by_size[bucket]++;
	t->slice.all++;
	t->slice.by_size[bucket]++;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What disturbs the whole machine for some milliseconds, now and then, is in less than half of the
 * slices. */
static double
calm_p99(struct tally *t)
{
	qsort(t->slice_p99, t->slices, sizeof(t->slice_p99[0]), by_value);
	return t->slices > 0 ? t->slice_p99[t->slices / 2] : 0;
}

void
tally_init(struct tally *t, const struct feed *f)
{
	memset(t, 0, sizeof(*t));
	t->feed = f;
	t->pid = f->s->pid;
}

static void
end(struct tally *t, uint64_t now)
{
	t->ended = now;
	t->cpu = cpu_seconds(t->pid) - t->cpu_began;
}

void
tally_tick(struct tally *t, uint64_t now)
{
	if (t->began == 0 && now >= t->feed->measure) {
		t->began = now;
		t->cpu_began = cpu_seconds(t->pid);
	}
	if (t->ended == 0 && now >= t->feed->end)
		end(t, now);
}

static bool
counts(const struct tally *t, const struct task *task)
{
	/* At a rate all that was asked in time counts, or what is late would be left out. */
	if (t->feed->kind == FEED_LATENCY)
		return task->due >= t->feed->measure && task->due >= t->feed->awake;
	return t->began != 0 && t->ended == 0;
}

void
tally_lost(struct tally *t, const struct task *task)
{
	t->lost++;
	if (counts(t, task))
		add_delay(t, LOST_AFTER, task->due + LOST_AFTER);
}

void
tally_answer(struct tally *t, const struct task *task, uint64_t now, size_t peers)
{
	if (!counts(t, task))
		return;
	add_delay(t, now > task->due ? now - task->due : 0, now);
	t->peers += peers;
	if (task->kind == TASK_CONNECT)
		t->connects++;
	else if (task->kind == TASK_ANNOUNCE)
		t->announces++;
	else
		t->scrapes++;
}

void
tally_error(struct tally *t, const uint8_t *text, size_t len)
{
	if (t->errors++ == 0 && t->complaint[0] == '\0')
		(void)snprintf(t->complaint, sizeof(t->complaint), "%.*s", (int)len,
		    (const char *)text);
}

void
tally_bad(struct tally *t, const char *what)
{
	if (t->bad++ == 0 && t->complaint[0] == '\0')
		(void)snprintf(t->complaint, sizeof(t->complaint), "%s", what);
}

void
tally_print(struct tally *t, const char *name)
{
	uint64_t answers = t->connects + t->announces + t->scrapes;

	if (t->ended == 0)
		end(t, now_ns());
	for (char *c = t->complaint; *c != '\0'; c++) {
		if (*c < ' ' || *c == '"' || *c == '\\' || *c == 127)
			*c = '?';
	}
	printf("{\"do\":\"%s\",\"seconds\":%.3f,\"cpu\":%.3f,\"answers\":%" PRIu64
	    ",\"connects\":%" PRIu64 ",\"announces\":%" PRIu64 ",\"scrapes\":%" PRIu64
	    ",\"errors\":%" PRIu64 ",\"bad\":%" PRIu64 ",\"lost\":%" PRIu64
	    ",\"peers\":%.2f,\"p50\":%.0f,\"calm\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f"
	    ",\"stalled\":%.3f,\"complaint\":\"%s\"}\n",
	    name, (double)(t->ended - t->began) / SECOND_NS, t->cpu, answers, t->connects,
	    t->announces, t->scrapes, t->errors, t->bad, t->lost,
	    t->announces > 0 ? (double)t->peers / (double)t->announces : 0,
	    percentile(&t->delays, 0.5), calm_p99(t), percentile(&t->delays, 0.99),
	    percentile(&t->delays, 0.999), percentile(&t->delays, 1),
	    (double)t->feed->stalled / SECOND_NS, t->complaint);
	(void)fflush(stdout);
}

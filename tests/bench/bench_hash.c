/* SPDX-License-Identifier: ISC */
/*
 * Prints name, ns an operation and MB/s, separated by tabs: OpenSSL with one stream, then
 * hash_many with 1 to 16 of them, for both kinds. An operation is one buffer of one stream. The
 * median of several turns in CPU time; all take turns, so that a busy machine is busy for each.
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cdefs.h"
#include "base/hash_many.h"

#define MOST 16u
#define BUFFER (64u << 10)	/* all of them stay in the second cache */
#define TURNS 31u
#define TURN_BYTES (32u << 20)

static uint8_t buffers[MOST][BUFFER];

static double
cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Seconds a buffer; 0 streams: OpenSSL. */
static double
measure(enum hash_kind kind, unsigned count, size_t size)
{
	unsigned rounds = (unsigned)(TURN_BYTES / size / (count > 0 ? count : 1));
	struct hash_stream streams[MOST];
	struct iovec iov[MOST];
	double begin;

	memset(streams, 0, sizeof(streams));
	for (unsigned i = 0; i < MOST; i++) {
		iov[i] = (struct iovec){ buffers[i], size };
		streams[i].iov = &iov[i];
		streams[i].iov_count = 1;
	}
	begin = cpu_seconds();
	for (unsigned i = 0; i < rounds; i++) {
		if (count > 0)
			hash_many(kind, streams, count);
		else if (kind == HASH_SHA1)
			(void)SHA1(buffers[0], size, streams[0].out);
		else
			(void)SHA256(buffers[0], size, streams[0].out);
	}
	return (cpu_seconds() - begin) / rounds / (count > 0 ? count : 1);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
bench(enum hash_kind kind, size_t size)
{
	static const unsigned counts[] = { 0, 1, 2, 3, 4, 8, 12, 16 };
	double seconds[COUNT_OF(counts)][TURNS];

	for (unsigned turn = 0; turn < TURNS; turn++) {
		for (unsigned i = 0; i < COUNT_OF(counts); i++)
			seconds[i][turn] = measure(kind, counts[i], size);
	}
	for (unsigned i = 0; i < COUNT_OF(counts); i++) {
		char name[32];

		qsort(seconds[i], TURNS, sizeof(seconds[i][0]), compare);
		(void)snprintf(name, sizeof(name), counts[i] > 0 ? "x%u" : "openssl", counts[i]);
		printf("%s/%zu/%s\t%.0f\t%.0f\n", kind == HASH_SHA1 ? "sha1" : "sha256", size, name,
		    seconds[i][TURNS / 2] * 1e9, (double)size / seconds[i][TURNS / 2] / 1e6);
	}
}

int
main(void)
{
	static const size_t sizes[] = { BUFFER, 16384, 64 };

	for (size_t i = 0; i < sizeof(buffers); i++)
		((uint8_t *)buffers)[i] = (uint8_t)(i * 131 >> 3);
	printf("lanes: %u\n", hash_many_lanes());
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		bench(HASH_SHA1, sizes[i]);
		bench(HASH_SHA256, sizes[i]);
	}
	return 0;
}

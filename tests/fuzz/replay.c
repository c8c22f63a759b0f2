/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target without a fuzzer: every seed, its prefixes, and single bytes changed with a
 * fixed seed, so that past crashes stay tests for any compiler. Arguments: files to run instead.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

#define PREFIXES_MAX 1024	/* of one seed; evenly spread if it is longer */
#define CHANGES 1024		/* of one seed */
#define SEED_MAX (1u << 20)	/* bytes */

static uint64_t chance = 0x9e3779b97f4a7c15u;

static uint64_t
next_chance(void)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return chance;
}

/* A copy of exactly this length, so that the address sanitizer sees one byte too far. */
static void
run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	MUST(copy != NULL);
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void
run_variants(uint8_t *data, size_t size)
{
	size_t step = size / PREFIXES_MAX + 1;

	for (size_t n = 0; n < size; n += step)
		run(data, n);
	for (unsigned i = 0; i < CHANGES && size > 0; i++) {
		size_t at = next_chance() % size;
		uint8_t old = data[at];

		data[at] = i % 2 == 0 ? (uint8_t)next_chance() :
		    (uint8_t)"0123456789:eldi-\0\377./"[next_chance() % 20];
		run(data, size);
		data[at] = old;
	}
}

static int
run_file(const char *path, int variants)
{
	static uint8_t data[SEED_MAX];
	FILE *f = fopen(path, "rb");
	size_t size;

	if (f == NULL) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof(data), f);
	(void)fclose(f);
	run(data, size);
	if (variants)
		run_variants(data, size);
	return 0;
}

static int
run_seeds(const char *program)
{
	const char *module = strstr(program, "fuzz_");
	const char *srcdir = getenv("srcdir");
	char folder[2048], path[4096];
	const struct dirent *e;
	unsigned count = 0;
	int failed = 0;
	DIR *d;

	while (module != NULL && strstr(module + 1, "fuzz_") != NULL)
		module = strstr(module + 1, "fuzz_");
	(void)snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s",
	    srcdir == NULL ? "." : srcdir, module == NULL ? "" : module + strlen("fuzz_"));
	d = opendir(folder);
	if (d == NULL) {
		perror(folder);
		return 1;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		failed |= run_file(path, 1);
		count++;
	}
	(void)closedir(d);
	(void)printf("%s: %u seeds\n", module == NULL ? program : module, count);
	return failed || count == 0;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 2)
		return run_seeds(argv[0]);
	for (int i = 1; i < argc; i++)
		failed |= run_file(argv[i], 0);
	return failed;
}

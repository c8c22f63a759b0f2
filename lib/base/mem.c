/* SPDX-License-Identifier: ISC */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/num.h"

#define HUGE_PAGE (2u << 20)	/* bytes */

static atomic_size_t fail_in;

static bool
sabotaged(void)
{
	if (atomic_load_explicit(&fail_in, memory_order_relaxed) == 0)
		return false;
	return atomic_fetch_sub(&fail_in, 1) == 1;
}

void
mem_fail_at(size_t n)
{
	atomic_store(&fail_in, n);
}

void *
mem_alloc(size_t size)
{
	return sabotaged() ? NULL : malloc(size == 0 ? 1 : size);
}

void *
mem_zero(size_t size)
{
	return mem_array(1, size);
}

void *
mem_large(size_t size)
{
	void *p;

	if (size < 2 * HUGE_PAGE)
		return mem_alloc(size);
	if (sabotaged() || posix_memalign(&p, HUGE_PAGE, size) != 0)
		return NULL;
#ifdef MADV_HUGEPAGE
	/* Whole ones only: no memory is taken that was not asked for. */
	(void)madvise(p, size - size % HUGE_PAGE, MADV_HUGEPAGE);
#endif
	return p;
}

void *
mem_array(size_t n, size_t size)
{
	return sabotaged() ? NULL : calloc(n == 0 ? 1 : n, size == 0 ? 1 : size);
}

void *
mem_grow(void *old, size_t n, size_t size)
{
	size_t bytes;

	if (sabotaged() || !mul_size(n, size, &bytes))
		return NULL;
	return realloc(old, bytes == 0 ? 1 : bytes);
}

char *
mem_strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = mem_alloc(size);

	if (copy != NULL)
		memcpy(copy, s, size);
	return copy;
}

void
mem_free(void *p)
{
	free(p);
}

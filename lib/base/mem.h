/* SPDX-License-Identifier: ISC */
/*
 * Allocation. NULL means no memory; the library passes that on as BT_ENOMEM and never aborts.
 * Tests can make the n-th allocation fail.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/cdefs.h"

void *mem_alloc(size_t size) MUST_USE;
void *mem_zero(size_t size) MUST_USE;

/* For megabytes that will all be written: in huge pages where the system has them, which saves a
 * fault for each small one. */
void *mem_large(size_t size) MUST_USE;

/* n elements of size bytes, zeroed; NULL also if the product does not fit. */
void *mem_array(size_t n, size_t size) MUST_USE;

/* As realloc for n elements of size bytes: on NULL the old block is still there. */
void *mem_grow(void *old, size_t n, size_t size) MUST_USE;

char *mem_strdup(const char *s) MUST_USE;
void mem_free(void *p);

/* The saboteur: the n-th allocation from now fails (1 = the next); 0 = none. */
void mem_fail_at(size_t n);

#endif

/* SPDX-License-Identifier: ISC */
#include "base/block.h"

#include "base/mem.h"

/* 2 MiB: what a fast transfer turns over between two visits of the workers. */
#define SPARE_MAX 128

struct block *
block_new(struct block_store *s)
{
	struct block *b = s->spare;

	if (b != NULL) {
		s->spare = b->next;
		s->spare_count--;
	} else {
		b = mem_alloc(sizeof(*b));
		if (b == NULL)
			return NULL;
	}
	b->next = NULL;
	s->in_use++;
	return b;
}

void
block_free(struct block_store *s, struct block *b)
{
	if (b == NULL)
		return;
	s->in_use--;
	if (s->spare_count >= SPARE_MAX) {
		mem_free(b);
		return;
	}
	b->next = s->spare;
	s->spare = b;
	s->spare_count++;
}

void
block_store_fini(struct block_store *s)
{
	while (s->spare != NULL) {
		struct block *b = s->spare;

		s->spare = b->next;
		mem_free(b);
	}
	s->spare_count = 0;
}

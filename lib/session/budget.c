/* SPDX-License-Identifier: ISC */
#include "session/budget.h"

#include "base/num.h"
#include "net/fetch.h"
#include "session/greet.h"

/* Ours that are always open, and some of the host's. */
#define OTHERS 32u

#define CONNECTIONS_LEAST 8u
#define CONNECTIONS_MOST 65535u
#define GUESTS_LEAST 8u
#define FILES_LEAST 4u

static unsigned
within(uint64_t n, unsigned least, unsigned most)
{
	return n < least ? least : n > most ? most : (unsigned)n;
}

struct budget
budget_deal(uint64_t limit, unsigned connections, unsigned files)
{
	struct budget b = {
		.guests = within(limit / 8, GUESTS_LEAST, GREET_GUESTS_MAX),
		.files = within(limit / 4, FILES_LEAST, files < FILES_LEAST ? FILES_LEAST : files),
	};
	uint64_t used = OTHERS + min_u64(limit / 16, FETCH_RUNNING_MAX) + b.guests + b.files;
	unsigned most = within(limit > used ? limit - used : 0, CONNECTIONS_LEAST,
	    CONNECTIONS_MOST);

	b.connections = connections == 0 || connections > most ? most : connections;
	return b;
}

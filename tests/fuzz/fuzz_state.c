/* SPDX-License-Identifier: ISC */
/* Any bytes as the tracker's state file; what was understood survives being saved and read. */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tracker/swarm/state_read.h"
#include "tracker/swarm/state_write.h"

static void
check_shard(void *arg, const struct swarms *s)
{
	(void)arg;
	swarms_check(s);
}

/* How the tracker keeps peers. */
struct ways {
	bool ids, nat;
};

static struct state
read_state(struct bt_slice in, struct ways ways)
{
	static const struct bt_tracker_settings settings;
	struct swarm_limits limits = { .timeout = 2700 * SECOND, .keep_ids = ways.ids };
	struct state to = { &settings, shards_new(&limits),
	    ways.nat ? nat_known_new(2700 * SECOND) : NULL };
	struct bt_error err;

	MUST(to.shards != NULL && (to.nat != NULL) == ways.nat);
	(void)state_read(&to, in, SECOND, &err);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_visit(to.shards, i, check_shard, NULL);
	return to;
}

/* Frees the state; what is returned is to be freed. */
static struct bt_slice
write_state(struct state from)
{
	int fd = memfd_create("state", MFD_CLOEXEC);
	uint8_t *bytes;
	off_t n;

	MUST(fd >= 0 && state_write(&from, fd) == BT_OK);
	shards_free(from.shards);
	nat_known_free(from.nat);
	n = lseek(fd, 0, SEEK_END);
	bytes = malloc((size_t)n);
	MUST(bytes != NULL && pread(fd, bytes, (size_t)n, 0) == n);
	(void)close(fd);
	return slice_of(bytes, (size_t)n);
}

/* Most inputs tell of nothing, and making shards is dear. */
static bool
is_empty(struct bt_slice state)
{
	return slice_eq_str(state, "d9:completedde5:peersdee");
}

static void
check_again(struct bt_slice first, struct ways ways)
{
	struct bt_slice second = write_state(read_state(first, ways));

	MUST(slice_eq(first, second));
	free((void *)(uintptr_t)second.ptr);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Each way gets its share of the inputs. */
	struct ways ways = { size % 2 != 0, size % 4 >= 2 };
	struct bt_slice first = write_state(read_state(slice_of(data, size), ways));

	if (!is_empty(first))
		check_again(first, ways);
	free((void *)(uintptr_t)first.ptr);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* Any bytes as the tracker's state file; what was understood survives being saved and read. */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tracker/state_read.h"
#include "tracker/state_write.h"

static void
check_shard(void *arg, const struct swarms *s)
{
	(void)arg;
	swarms_check(s);
}

static struct shards *
read_state(struct bt_slice in, bool ids)
{
	static const struct bt_tracker_settings settings;
	struct swarm_limits limits = { .timeout = 2700 * SECOND, .keep_ids = ids };
	struct shards *s = shards_new(&limits);
	struct bt_error err;

	MUST(s != NULL);
	(void)state_read(s, &settings, in, SECOND, &err);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_visit(s, i, check_shard, NULL);
	return s;
}

/* To be freed. */
static struct bt_slice
write_state(struct shards *s)
{
	int fd = memfd_create("state", MFD_CLOEXEC);
	uint8_t *bytes;
	off_t n;

	MUST(fd >= 0 && state_write(s, fd) == BT_OK);
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
check_again(struct bt_slice first, bool ids)
{
	struct shards *s = read_state(first, ids);
	struct bt_slice second = write_state(s);

	MUST(slice_eq(first, second));
	shards_free(s);
	free((void *)(uintptr_t)second.ptr);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Either way to keep peers gets its half of the inputs. */
	bool ids = size % 2 != 0;
	struct shards *s = read_state(slice_of(data, size), ids);
	struct bt_slice first = write_state(s);

	shards_free(s);
	if (!is_empty(first))
		check_again(first, ids);
	free((void *)(uintptr_t)first.ptr);
	return 0;
}

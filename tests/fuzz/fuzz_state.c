/* SPDX-License-Identifier: ISC */
/* Any bytes as the tracker's state file; what was understood survives being saved and read. */
#include "fuzz.h"

#include "tracker/state.h"

static void
check_shard(void *arg, const struct swarms *s)
{
	(void)arg;
	swarms_check(s);
}

static struct shards *
read_state(struct bt_slice in, bool ids)
{
	struct swarm_limits limits = { .timeout = 2700 * SECOND, .keep_ids = ids };
	struct shards *s = shards_new(&limits);
	struct bt_error err;

	MUST(s != NULL);
	(void)state_read(s, in, SECOND, &err);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_visit(s, i, check_shard, NULL);
	return s;
}

static void
check_with(struct bt_slice in, bool ids)
{
	struct shards *one = read_state(in, ids), *two;
	struct buf first, second;

	buf_init(&first, 64u << 20);
	buf_init(&second, 64u << 20);
	MUST(state_write(one, &first) == BT_OK);
	two = read_state(buf_slice(&first), ids);
	MUST(state_write(two, &second) == BT_OK);
	MUST(slice_eq(buf_slice(&first), buf_slice(&second)));
	shards_free(one);
	shards_free(two);
	buf_fini(&first);
	buf_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_with(slice_of(data, size), false);
	check_with(slice_of(data, size), true);
	return 0;
}

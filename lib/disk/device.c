/* SPDX-License-Identifier: ISC */
#include "disk/device.h"

#include <assert.h>
#include <unistd.h>

#include "base/mem.h"
#include "disk/model.h"

static void
work_close(struct job *j)
{
	struct device *dev = CONTAINER_OF(j, struct device, close);
	struct open_file *file;

	TAILQ_FOREACH(file, &dev->closing, link)
		(void)close(file->fd);
}

/* One job at a time closes all that has gathered. */
static void
send_close(struct device *dev)
{
	if (TAILQ_EMPTY(&dev->to_close) || !TAILQ_EMPTY(&dev->closing))
		return;
	TAILQ_CONCAT(&dev->closing, &dev->to_close, link);
	pool_send_by(dev->disk->pool, &dev->close, &dev->lane, JOB_URGENT);
}

static void
closed(struct job *j)
{
	struct device *dev = CONTAINER_OF(j, struct device, close);
	struct disk *d = dev->disk;
	struct open_file *file;
	unsigned count = 0;

	while ((file = TAILQ_FIRST(&dev->closing)) != NULL) {
		TAILQ_REMOVE(&dev->closing, file, link);
		mem_free(file);
		count++;
	}
	send_close(dev);
	while (count-- > 0)
		device_release(dev);
	job_feed_starved(d);
}

struct device *
device_use(struct disk *d, struct device_key key)
{
	struct device *dev = map_find(&d->devices, &key);
	unsigned most = key.dev == 0 ? 1 : pool_workers(d->pool);

	if (dev == NULL) {
		dev = mem_zero(sizeof(*dev));
		if (dev == NULL || !map_set(&d->devices, &key, dev)) {
			mem_free(dev);
			return NULL;
		}
		dev->key = key;
		dev->disk = d;
		dev->close.work = work_close;
		dev->close.done = closed;
		lane_init(&dev->lane, most, most);
		TAILQ_INIT(&dev->checks);
		TAILQ_INIT(&dev->to_close);
		TAILQ_INIT(&dev->closing);
	}
	dev->users++;
	return dev;
}

void
device_release(struct device *dev)
{
	assert(dev->users > 0);
	if (--dev->users > 0)
		return;
	assert(TAILQ_EMPTY(&dev->checks));
	(void)map_remove(&dev->disk->devices, &dev->key);
	mem_free(dev);
}

void
device_close(struct open_file *file)
{
	struct device *dev = file->device;

	TAILQ_INSERT_TAIL(&dev->to_close, file, link);
	send_close(dev);
}

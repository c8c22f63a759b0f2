/* SPDX-License-Identifier: ISC */
/*
 * A file system on which content lies, and what it can keep waiting: its jobs have workers of
 * their own, so that one that is slow or dead holds up nobody else; what is open on it is closed by
 * them; and one store at a time is checked. Until it is known where a folder is, its name stands
 * for its device. Lives on the loop's thread, as long as somebody uses it.
 */
#ifndef DISK_DEVICE_H
#define DISK_DEVICE_H

#include <stdint.h>

#include "base/pool.h"
#include "disk/fds.h"

struct disk;

struct device_key {
	uint64_t dev;		/* st_dev, or 0 */
	uint64_t name;		/* a hash of a folder's name, if dev is not known */
};

struct device {
	struct device_key key;
	struct disk *disk;
	unsigned users;
	struct lane lane;
	TAILQ_HEAD(, store) checks;	/* the first is being checked, others wait for it */
	struct file_list to_close;
	struct file_list closing;	/* with a worker */
	struct job close;
};

/* The device with that key, used once more; NULL: no memory. */
struct device *device_use(struct disk *d, struct device_key key) MUST_USE;

/* Used once less. */
void device_release(struct device *dev);

/* Has a worker close it; ends its use of its device. This is fds.close. */
void device_close(struct open_file *file);

#endif

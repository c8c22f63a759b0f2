/* SPDX-License-Identifier: ISC */
/* Whether reading a range of a file would wait for its disk. */
#ifndef DISK_CACHED_H
#define DISK_CACHED_H

#include <stdbool.h>
#include <stdint.h>

/* True: all of it lies in the page cache and can be read at once. False also where the system does
 * not say. len is at least 1. */
bool cached_range(int fd, uint64_t offset, uint32_t len);

#endif

/* SPDX-License-Identifier: ISC */
#include "disk/cached.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Linux 6.5, and the same number on all machines; older headers do not name it. */
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

/* No page is smaller. */
#define SMALLEST_PAGE 4096u

static bool
answers_at_once(int fd, uint64_t at)
{
	uint8_t byte;
	struct iovec iov = { &byte, 1 };

	return preadv2(fd, &iov, 1, (off_t)at, RWF_NOWAIT) == 1;
}

/* How many of the range's pages are cached; -1: the system does not say (it is older, or the file
 * is somebody else's). */
static int64_t
count_cached(int fd, uint64_t offset, uint32_t len)
{
	struct {
		uint64_t offset, len;
	} range = { offset, len };
	struct {
		uint64_t cached, dirty, writeback, evicted, recently_evicted;
	} stat;

	return syscall(SYS_cachestat, fd, &range, &stat, 0) == 0 ? (int64_t)stat.cached : -1;
}

/* Each page is asked, by a byte of it: that is cheaper than to copy them all. */
static bool
each_page_answers(int fd, uint64_t offset, uint32_t len)
{
	uint64_t at = offset, end = offset + len;

	for (; at < end; at = (at | (SMALLEST_PAGE - 1)) + 1) {
		if (!answers_at_once(fd, at))
			return false;
	}
	return true;
}

bool
cached_range(int fd, uint64_t offset, uint32_t len)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), last = offset + len - 1;
	int64_t cached = count_cached(fd, offset, len);

	if (cached < 0)
		return each_page_answers(fd, offset, len);
	/* A page that is being read counts as well: they come in order, so the last one tells. */
	return (uint64_t)cached == last / page - offset / page + 1 && answers_at_once(fd, last);
}

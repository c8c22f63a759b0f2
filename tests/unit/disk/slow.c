/* SPDX-License-Identifier: ISC */
#include "slow.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool holding, watching;
static dev_t held_dev;
static size_t held_least;
static unsigned held, seen, well_fed, starving, reads_begun;
static int read_error, write_error, copy_error;
static unsigned copies_left;
static pthread_t watched;

void
slow_hold(dev_t dev, size_t least)
{
	(void)pthread_mutex_lock(&lock);
	holding = true;
	held_dev = dev;
	held_least = least;
	(void)pthread_mutex_unlock(&lock);
}

void
slow_let_go(void)
{
	(void)pthread_mutex_lock(&lock);
	holding = false;
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&lock);
}

void
slow_wait_for(unsigned calls)
{
	(void)pthread_mutex_lock(&lock);
	while (held < calls)
		(void)pthread_cond_wait(&changed, &lock);
	(void)pthread_mutex_unlock(&lock);
}

void
slow_watch(void)
{
	watched = pthread_self();
	seen = 0;
	watching = true;
}

unsigned
slow_reads(void)
{
	return __atomic_exchange_n(&reads_begun, 0, __ATOMIC_RELAXED);
}

unsigned
slow_seen(void)
{
	watching = false;
	return seen;
}

void
slow_starve(unsigned after, unsigned names)
{
	(void)pthread_mutex_lock(&lock);
	well_fed = after;
	starving = names;
	(void)pthread_mutex_unlock(&lock);
}

static bool
starves(void)
{
	bool fed;

	(void)pthread_mutex_lock(&lock);
	fed = well_fed > 0 || starving == 0;
	if (well_fed > 0)
		well_fed--;
	else if (starving > 0)
		starving--;
	(void)pthread_mutex_unlock(&lock);
	return !fed;
}

void
slow_fail_read(int error)
{
	__atomic_store_n(&read_error, error, __ATOMIC_RELAXED);
}

void
slow_fail_write(int error)
{
	__atomic_store_n(&write_error, error, __ATOMIC_RELAXED);
}

void
slow_fail_copy(unsigned after, int error)
{
	copies_left = after;
	copy_error = error;
}

/* Stands still if it should. */
static void
meet(int fd, size_t len)
{
	struct stat st;

	if (watching && pthread_equal(watched, pthread_self()) != 0 &&
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		seen++;
	(void)pthread_mutex_lock(&lock);
	if (holding && len >= held_least && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_dev == held_dev) {
		held++;
		(void)pthread_cond_broadcast(&changed);
		while (holding)
			(void)pthread_cond_wait(&changed, &lock);
		held--;
	}
	(void)pthread_mutex_unlock(&lock);
}

/* -- instead of the system's -- */

int
close(int fd)
{
	meet(fd, SIZE_MAX);
	return (int)syscall(SYS_close, fd);
}

int
fstatfs(int fd, struct statfs *out)
{
	meet(fd, 0);
	return (int)syscall(SYS_fstatfs, fd, out);
}

ssize_t
pread(int fd, void *to, size_t len, off_t offset)
{
	int error = __atomic_exchange_n(&read_error, 0, __ATOMIC_RELAXED);

	(void)__atomic_add_fetch(&reads_begun, 1, __ATOMIC_RELAXED);
	meet(fd, len);
	if (error == 0)
		return syscall(SYS_pread64, fd, to, len, offset);
	errno = error;
	return -1;
}

/* Of a move, which is alone. */
ssize_t
sendfile(int to, int from, off_t *offset, size_t len)
{
	if (copy_error != 0 && copies_left-- == 0) {
		errno = copy_error;
		copy_error = 0;
		return -1;
	}
	return syscall(SYS_sendfile, to, from, offset, len);
}

ssize_t
pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	int error = __atomic_exchange_n(&write_error, 0, __ATOMIC_RELAXED);
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += iov[i].iov_len;
	meet(fd, len);
	if (error != 0) {
		errno = error;
		return -1;
	}
	return syscall(SYS_pwritev, fd, iov, count, offset, 0);
}

int
openat(int at, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (watching && pthread_equal(watched, pthread_self()) != 0)
		seen++;
	if (starves()) {
		errno = EMFILE;
		return -1;
	}
	return (int)syscall(SYS_openat, at, name, flags, mode);
}

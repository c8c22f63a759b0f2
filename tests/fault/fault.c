/* SPDX-License-Identifier: ISC */
#include "fault/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define RULES_MAX 4

/* In the place of an error. */
#define HANG (-1)
#define DIE (-2)
#define TEAR (-3)

static struct rule {
	char call[16];
	int error;
	char text[64];		/* of the path */
	unsigned times;
	unsigned met;
} rules[RULES_MAX];
static unsigned rule_count;

static int
error_of(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {
		{ "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EACCES", EACCES }, { "END", 0 },
		{ "HANG", HANG }, { "DIE", DIE }, { "TEAR", TEAR },
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].error;
	}
	(void)fprintf(stderr, "fault: no error is called %s\n", name);
	abort();
}

void
fault_set(const char *text)
{
	const char *end = NULL;

	rule_count = 0;
	for (; text != NULL; text = end == NULL ? NULL : end + 1) {
		struct rule *r = &rules[rule_count];
		char name[16];

		end = strchr(text, ';');
		r->times = 0;
		r->met = 0;
		if (rule_count == RULES_MAX || sscanf(text, "%15s %15s %63[^; ] %u", r->call, name,
		    r->text, &r->times) < 3) {
			(void)fprintf(stderr, "fault: not understood: %s\n", text);
			abort();
		}
		r->error = error_of(name);
		rule_count++;
	}
}

unsigned
fault_met(unsigned rule)
{
	return __atomic_load_n(&rules[rule].met, __ATOMIC_RELAXED);
}

__attribute__((constructor)) static void
take_environment(void)
{
	fault_set(getenv("FAULT"));
}

/* True, with errno set: this call is to fail. */
static bool
fails(const char *call, const char *path)
{
	for (unsigned i = 0; i < rule_count; i++) {
		struct rule *r = &rules[i];

		if (strcmp(r->call, call) != 0 || strstr(path, r->text) == NULL)
			continue;
		if (__atomic_add_fetch(&r->met, 1, __ATOMIC_RELAXED) > r->times && r->times > 0)
			continue;
		while (r->error == HANG)
			(void)pause();
		errno = r->error;
		return true;
	}
	return false;
}

static void
path_of(int fd, char path[4096])
{
	char link[32];
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, 4095);
	path[len < 0 ? 0 : len] = '\0';
}

static bool
fails_on(const char *call, int fd)
{
	char path[4096];

	if (rule_count == 0)
		return false;
	path_of(fd, path);
	return fails(call, path);
}

/* A call that changes the disk. The process may end here; true: in the middle of it. */
static bool
tears(const char *path)
{
	for (unsigned i = 0; i < rule_count; i++) {
		struct rule *r = &rules[i];

		if (strcmp(r->call, "change") != 0 || strstr(path, r->text) == NULL ||
		    __atomic_add_fetch(&r->met, 1, __ATOMIC_RELAXED) != r->times)
			continue;
		if (r->error == DIE)
			(void)raise(SIGKILL);
		return r->error == TEAR;
	}
	return false;
}

static bool
tears_on(int fd)
{
	char path[4096];

	if (rule_count == 0)
		return false;
	path_of(fd, path);
	return tears(path);
}

/* What is no write is done, and the process gone before it knows. */
static long
done(long result, bool torn)
{
	if (torn)
		(void)raise(SIGKILL);
	return result;
}

/* -- the calls, in the place of the C library's -- */

ssize_t
write(int fd, const void *bytes, size_t len)
{
	bool torn;

	if (fails_on("write", fd))
		return -1;
	torn = tears_on(fd);
	return done(syscall(SYS_write, fd, bytes, torn ? len / 2 : len), torn);
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	bool torn = tears_on(fd);

	return done(syscall(SYS_pwrite64, fd, bytes, torn ? len / 2 : len, offset), torn);
}

/* Torn: half of the first part only. */
ssize_t
pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	if (tears_on(fd))
		return done(syscall(SYS_pwrite64, fd, iov->iov_base, iov->iov_len / 2, offset),
		    true);
	return syscall(SYS_pwritev, fd, iov, count, offset, 0L);
}

ssize_t
pread(int fd, void *bytes, size_t len, off_t offset)
{
	if (fails_on("pread", fd))
		return errno == 0 ? 0 : -1;
	return syscall(SYS_pread64, fd, bytes, len, offset);
}

int
fsync(int fd)
{
	bool torn;

	if (fails_on("fsync", fd))
		return -1;
	torn = tears_on(fd);
	return (int)done(syscall(SYS_fsync, fd), torn);
}

int
fdatasync(int fd)
{
	bool torn = tears_on(fd);

	return (int)done(syscall(SYS_fdatasync, fd), torn);
}

int
ftruncate(int fd, off_t len)
{
	bool torn = tears_on(fd);

	return (int)done(syscall(SYS_ftruncate, fd, len), torn);
}

int
rename(const char *from, const char *to)
{
	bool torn = tears(to);

	return (int)done(syscall(SYS_renameat, -100, from, -100, to), torn);
}

int
syncfs(int fd)
{
	return fails_on("syncfs", fd) ? -1 : (int)syscall(SYS_syncfs, fd);
}

int
link(const char *from, const char *to)
{
	return fails("link", from) ? -1 : (int)syscall(SYS_linkat, -100, from, -100, to, 0);
}

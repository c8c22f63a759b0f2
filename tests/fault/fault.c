/* SPDX-License-Identifier: ISC */
#include "fault/fault.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RULES_MAX 4

#define HANG (-1)	/* in the place of an error */

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
		{ "HANG", HANG },
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

static bool
fails_on(const char *call, int fd)
{
	char link[32], path[4096];
	ssize_t len;

	if (rule_count == 0)
		return false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	path[len < 0 ? 0 : len] = '\0';
	return fails(call, path);
}

/* -- the calls, in the place of the C library's -- */

ssize_t
write(int fd, const void *bytes, size_t len)
{
	return fails_on("write", fd) ? -1 : syscall(SYS_write, fd, bytes, len);
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
	return fails_on("fsync", fd) ? -1 : (int)syscall(SYS_fsync, fd);
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

/* SPDX-License-Identifier: ISC */
#include "tools/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS_MAX 64u

static int manager = -1;
static struct sockaddr_un manager_at;
static socklen_t manager_len;
static double watchdog;
static unsigned sockets;

/* 0: not there, or no number. */
static unsigned long
number_of(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long n;

	if (text == NULL || *text < '0' || *text > '9')
		return 0;
	n = strtoul(text, &end, 10);
	return *end == '\0' ? n : 0;
}

static bool
for_us(const char *name, bool must)
{
	unsigned long pid = number_of(name);

	return pid == (unsigned long)getpid() || (pid == 0 && !must);
}

/* A path, or '@' and a name without a file. */
static void
find_manager(void)
{
	const char *at = getenv("NOTIFY_SOCKET");
	size_t len = at != NULL ? strlen(at) : 0;

	if (len < 2 || len >= sizeof(manager_at.sun_path) || (*at != '/' && *at != '@'))
		return;
	manager_at.sun_family = AF_UNIX;
	memcpy(manager_at.sun_path, at, len);
	if (*at == '@')
		manager_at.sun_path[0] = '\0';
	manager_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void
notify_init(void)
{
	unsigned long n = number_of("LISTEN_FDS");

	find_manager();
	if (for_us("WATCHDOG_PID", false))
		watchdog = (double)number_of("WATCHDOG_USEC") / 2e6;
	if (for_us("LISTEN_PID", true))
		sockets = n > SOCKETS_MAX ? SOCKETS_MAX : (unsigned)n;
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDNAMES");
}

bool
notify_has_manager(void)
{
	return manager >= 0;
}

void
notify_tell(const char *state)
{
	if (manager >= 0)
		(void)sendto(manager, state, strlen(state), MSG_NOSIGNAL,
		    (struct sockaddr *)&manager_at, manager_len);
}

void
notify_reloading(void)
{
	char text[64];
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
	notify_tell(text);
}

double
notify_watchdog_interval(void)
{
	return watchdog;
}

unsigned
notify_sockets(void)
{
	return sockets;
}

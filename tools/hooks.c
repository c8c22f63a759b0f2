/* SPDX-License-Identifier: ISC */
#include "tools/hooks.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FINI_TRIES 50		/* of a tenth of a second */

extern char **environ;

void
hooks_init(struct hooks *h, const struct cli *cli)
{
	*h = (struct hooks){ .cli = cli };
}

/* -- what it is told -- */

struct env {
	char **v;
	size_t count;
};

static void
add(struct env *e, char *text)
{
	e->v = reallocarray(e->v, e->count + 2, sizeof(*e->v));
	if (e->v == NULL || text == NULL)
		abort();
	e->v[e->count++] = text;
	e->v[e->count] = NULL;
}

static void
say(struct env *e, const char *name, const char *value)
{
	char *text;

	if (asprintf(&text, "%s=%s", name, value) < 0)
		abort();
	add(e, text);
}

static struct env
make_env(const char *event, const struct item *it, const char *error)
{
	char size[24], *name = strndup((const char *)it->name.ptr, it->name.len);
	struct env e = { 0 };

	for (char **v = environ; *v != NULL; v++) {
		if (strncmp(*v, "BT_", 3) != 0)
			add(&e, strdup(*v));
	}
	if (name == NULL)
		abort();
	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)it->size);
	say(&e, "BT_EVENT", event);
	say(&e, "BT_NAME", name);
	say(&e, "BT_INFO_HASH", it->hash);
	say(&e, "BT_INFO_HASH_V2", it->hash_v2 != NULL ? it->hash_v2 : "");
	say(&e, "BT_PATH", it->path);
	say(&e, "BT_TORRENT", it->torrent);
	say(&e, "BT_SIZE", size);
	say(&e, "BT_ERROR", error);
	free(name);
	return e;
}

static void
free_env(struct env *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->v[i]);
	free(e->v);
}

/* -- running it -- */

static void
keep(struct hooks *h, pid_t pid, const char *program)
{
	if (h->count == h->room) {
		h->room = h->room == 0 ? 4 : h->room * 2;
		h->running = reallocarray(h->running, h->room, sizeof(*h->running));
		if (h->running == NULL)
			abort();
	}
	h->running[h->count++] = (struct hook){ pid, program };
}

/* Signals are for it as they were for us when we were started. */
static int
spawn(const struct hooks *h, const char *program, char **env, pid_t *pid)
{
	char *argv[] = { strdup(program), NULL };
	posix_spawnattr_t attr;
	sigset_t ours;
	int e;

	if (argv[0] == NULL || posix_spawnattr_init(&attr) != 0)
		abort();
	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGPIPE);
	(void)sigaddset(&ours, SIGINT);
	(void)sigaddset(&ours, SIGTERM);
	(void)posix_spawnattr_setsigdefault(&attr, &ours);
	if (h->signals != NULL)
		(void)posix_spawnattr_setsigmask(&attr, h->signals);
	(void)posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGDEF |
	    (h->signals != NULL ? POSIX_SPAWN_SETSIGMASK : 0)));
	e = posix_spawnp(pid, program, NULL, &attr, argv, env);
	(void)posix_spawnattr_destroy(&attr);
	free(argv[0]);
	return e;
}

void
hooks_run(struct hooks *h, const char *program, const char *event, const struct item *it,
    const char *error)
{
	struct env env;
	pid_t pid;
	int e;

	if (program[0] == '\0')
		return;
	env = make_env(event, it, error);
	e = spawn(h, program, env.v, &pid);
	free_env(&env);
	if (e == 0)
		keep(h, pid, program);
	else
		cli_error(h->cli, "%s: %s", program, strerror(e));
}

static void
tell_end(const struct hooks *h, const struct hook *hook, int status)
{
	if (WIFSIGNALED(status))
		cli_error(h->cli, "%s: killed by signal %d", hook->program, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		cli_error(h->cli, "%s: ended with %d", hook->program, WEXITSTATUS(status));
}

void
hooks_reap(struct hooks *h)
{
	for (size_t i = h->count; i-- > 0;) {
		int status;

		if (waitpid(h->running[i].pid, &status, WNOHANG) != h->running[i].pid)
			continue;
		tell_end(h, &h->running[i], status);
		h->running[i] = h->running[--h->count];
	}
}

void
hooks_fini(struct hooks *h)
{
	const struct timespec pause = { .tv_nsec = 100000000 };

	hooks_reap(h);
	for (int i = 0; h->count > 0 && i < FINI_TRIES; i++) {
		(void)nanosleep(&pause, NULL);
		hooks_reap(h);
	}
	free(h->running);
}

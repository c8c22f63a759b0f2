/* SPDX-License-Identifier: ISC */
#include "tools/make_one.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/make_lists.h"
#include "tools/progress.h"
#include "tools/stop.h"

bool
make_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Without slashes at the end; "." and ".." by their real names. To be freed. */
static char *
plain_path(const char *path)
{
	const char *last;
	char *plain;
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	plain = make_need(strndup(path, len));
	last = strrchr(plain, '/') == NULL ? plain : strrchr(plain, '/') + 1;
	if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
		char *real = realpath(plain, NULL);

		if (real != NULL) {
			free(plain);
			plain = real;
		}
	}
	return plain;
}

char *
make_output_path(const struct make *m, const char *path)
{
	const char *target = m->options.target;
	char *plain = plain_path(path);
	const char *last = strrchr(plain, '/') == NULL ? plain : strrchr(plain, '/') + 1;
	size_t size = strlen(plain) + strlen(target) + sizeof("/.torrent");
	char *out = make_need(malloc(size));

	if (target[0] == '\0')
		(void)snprintf(out, size, "%s.torrent", plain);
	else if (make_is_directory(target))
		(void)snprintf(out, size, "%s/%s.torrent", target, last);
	else
		(void)snprintf(out, size, "%s", target);
	free(plain);
	return out;
}

/* Asked before the long work, and after it, for others are at work too. */
static bool
may_write(const struct make *m, const char *out)
{
	if (m->options.overwrite || access(out, F_OK) != 0)
		return true;
	cli_error(m->cli, "%s: is there already", out);
	return false;
}

/* Another one for each torrent, in hex. */
static bool
roll_entropy(const struct make *m, char out[65])
{
	uint8_t random[32];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		cli_error(m->cli, "no random numbers: %s", strerror(errno));
		return false;
	}
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(out + 2 * i, 3, "%02x", random[i]);
	return true;
}

static bool
save(const struct make *m, const struct bt_metainfo *made, const char *out)
{
	struct bt_error err;

	if (!may_write(m, out))
		return false;
	if (bt_metainfo_save(made, out, &err) == BT_OK)
		return true;
	cli_error(m->cli, "%s", err.text);
	return false;
}

/* name: for people, and for where it goes. */
static void
make_of(struct make *m, const char *name, char *const *paths, size_t count, bool join)
{
	char *out = make_output_path(m, name), entropy[65];
	struct bt_create_options create = m->create;
	struct bt_metainfo *made = NULL;
	struct progress progress;
	struct bt_error err;
	enum bt_code code;
	bool empty = false;
	bool ok = may_write(m, out) && (!m->options.entropy || roll_entropy(m, entropy));

	if (ok) {
		create.entropy = m->options.entropy ? entropy : NULL;
		create.progress = progress_show;
		create.arg = &progress;
		progress_begin(&progress, name);
		code = join ? bt_create_join((const char *const *)paths, count, &create, &made,
		    &err) : bt_create(paths[0], &create, &made, &err);
		ok = code == BT_OK;
		empty = m->may_be_empty && code == BT_ENOENT && err.sys_errno == 0;
		progress_end(&progress, ok);
		if (!ok && !empty)
			cli_error(m->cli, "%s", err.text);
	}
	ok = ok && save(m, made, out);
	/* Content stays where it is, but under such a name nobody looks for it. */
	if (ok && bt_metainfo_tolerated(made) != NULL)
		cli_error(m->cli, "%s: %s: others have them spelled otherwise, see "
		    "btshowmetainfo --lint", out, bt_metainfo_tolerated(made));
	m->made += ok;
	m->failed += !ok && !empty;
	bt_metainfo_free(made);
	free(out);
}

void
make_one(struct make *m, const char *path)
{
	char *one = (char *)path;

	make_of(m, path, &one, 1, false);
}

void
make_joined(struct make *m, char *const *paths, size_t count)
{
	make_of(m, m->options.name, paths, count, true);
}

bool
make_sum_up(const struct make *m)
{
	if (m->failed > 0 && m->made + m->failed > 1)
		cli_error(m->cli, "%zu made, %zu failed", m->made, m->failed);
	return m->failed == 0 && !stop_asked;
}

/* SPDX-License-Identifier: ISC */
#include "tracker/confined.h"

#include <sys/stat.h>
#include <time.h>

#include "base/confine.h"
#include "base/hash.h"

static void
read_place(struct confine *c, const char *path)
{
	if (path[0] != '\0')
		confine_allow_place(c, path, CONFINE_READ);
}

/* Links in allowed_dir may lead anywhere; where they lead now, others may lead later. */
static void
read_links(struct confine *c, const struct vec *files)
{
	const char *last = NULL;

	for (size_t i = 0; i < files->len; i++) {
		const struct torrent_file *file = vec_at(files, i);
		size_t folder = (size_t)(strrchr(file->path, '/') - file->path);
		bool same = last != NULL && strncmp(last, file->path, folder + 1) == 0;
		struct stat st;

		if (!same || (lstat(file->path, &st) == 0 && S_ISLNK(st.st_mode)))
			confine_allow_place(c, file->path, CONFINE_READ);
		last = file->path;
	}
}

static void
allow_reading(struct confine *c, const struct bt_tracker_settings *s, const struct lists *l)
{
	read_place(c, s->allowed_list);
	read_place(c, s->allowed_ips);
	read_place(c, s->banned_ips);
	read_place(c, s->favicon);
	read_place(c, s->allowed_dir);
	if (s->allowed_dir[0] != '\0') {
		confine_allow(c, s->allowed_dir, CONFINE_READ);
		read_links(c, &l->dir.files);
	}
	if (s->tls_port != 0) {
		read_place(c, s->tls_cert);
		read_place(c, s->tls_key);
	}
	/* Of its own memory and threads: sanitizers look there. */
	confine_allow(c, "/proc/self", CONFINE_READ);
}

/* What libraries would read when they are first used. */
static void
wake_libraries(void)
{
	uint8_t digest[SHA1_LEN];

	tzset();
	hash_sha1(SLICE_NONE, digest);
}

enum bt_code
confined_enter(const struct bt_tracker_settings *s, const struct lists *l, struct bt_error *err)
{
	struct bt_error why;
	struct confine c;

	wake_libraries();
	confine_init(&c, s->nat_check > 0);
	allow_reading(&c, s, l);
	confine_allow_place(&c, s->dfile, CONFINE_REPLACE);
	if (s->logfile[0] != '\0' && strcmp(s->logfile, "-") != 0)
		confine_allow_place(&c, s->logfile, CONFINE_WRITE);
	if (confine_enter(&c, &why) == BT_OK)
		return BT_OK;
	return fail(err, why.code, "%s; --confine 0 keeps it", why.text);
}

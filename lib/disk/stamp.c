/* SPDX-License-Identifier: ISC */
#include "disk/stamp.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "disk/model.h"
#include "state/resume.h"

/* Of more files than this the whole file system is synced instead. */
#define SYNC_EACH_MOST 100u

struct store_stamps {
	bool sync;
	bool synced;
	struct buf stamps;
	store_stamped_fn done;
	void *arg;
};

/* The folder of the file before, for most files lie beside one another. */
struct walk {
	struct place *place;
	char folder[PATH_MAX];
	int fd;			/* of it; -1: there is none */
	bool any;		/* folder and fd are of a file before */
};

/* The name in the folder that walk->fd is of; NULL: there is no such folder. */
static const char *
go_to(struct walk *w, uint32_t file, char rel[PATH_MAX])
{
	const char *slash, *name;
	size_t len;

	place_path_of(w->place, file, rel, PATH_MAX);
	slash = strrchr(rel, '/');
	len = slash == NULL ? 0 : (size_t)(slash - rel);
	if (w->any && strncmp(w->folder, rel, len) == 0 && w->folder[len] == '\0')
		return w->fd < 0 ? NULL : rel + len + (len > 0);
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = path_open_folder(&w->place->root, rel, PATH_READ, &name);
	memcpy(w->folder, rel, len);
	w->folder[len] = '\0';
	w->any = true;
	return w->fd < 0 ? NULL : name;
}

static bool
sync_file(const struct walk *w, const char *name)
{
	int fd = openat(w->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool good = fd >= 0 && fdatasync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	return good;
}

static void
stamp_file(struct walk *w, uint32_t file, bool each, struct store_stamps *s)
{
	struct resume_stamp stamp = { .size = UINT64_MAX };
	unsigned flags = bt_metainfo_file(w->place->meta, file).flags;
	char rel[PATH_MAX];
	uint32_t in = place_is_aside(w->place, file) ? place_parts(w->place) : file;
	const char *name = (flags & (BT_FILE_PAD | BT_FILE_SYMLINK)) != 0 ? NULL :
	    go_to(w, in, rel);
	struct stat st;

	if (name != NULL && fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode)) {
		if (each && !sync_file(w, name))
			s->synced = false;
		stamp.size = (uint64_t)st.st_size;
		stamp.mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	}
	resume_add_stamp(&s->stamps, &stamp);
}

static bool
sync_all(struct place *p)
{
	const char *name;
	int fd = path_open_folder(&p->root, "x", PATH_READ, &name);
	bool good = fd >= 0 && syncfs(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	return good;
}

static void
work_stamp(struct job *j)
{
	struct store_job *job = CONTAINER_OF(j, struct store_job, job);
	struct store_stamps *s = job->stamps;
	struct walk w = { .place = &job->store->place, .fd = -1 };
	uint32_t count = bt_metainfo_file_count(w.place->meta);
	bool each = s->sync && count <= SYNC_EACH_MOST;

	if (job_is_orphan(job))
		return;
	s->synced = s->sync && (each || sync_all(w.place));
	for (uint32_t i = 0; i < count && !job_is_orphan(job); i++)
		stamp_file(&w, i, each, s);
	if (w.fd >= 0)
		(void)close(w.fd);
}

static void
answer_stamp(struct store_job *job)
{
	struct store_stamps *s = job->stamps;

	if (!job->store->freed)
		s->done(s->arg, buf_failed(&s->stamps) ? slice_of(NULL, 0) :
		    buf_slice(&s->stamps), s->synced);
	buf_fini(&s->stamps);
	mem_free(s);
}

void
store_stamp(struct content *c, bool sync, store_stamped_fn done, void *arg)
{
	struct store *s = CONTAINER_OF(c, struct store, base);
	struct store_job *job = job_new(s, work_stamp, answer_stamp);
	struct store_stamps *stamps = mem_zero(sizeof(*stamps));

	if (job == NULL || stamps == NULL) {
		mem_free(job);
		mem_free(stamps);
		done(arg, slice_of(NULL, 0), false);
		return;
	}
	*stamps = (struct store_stamps){ .sync = sync, .done = done, .arg = arg };
	buf_init(&stamps->stamps, SIZE_MAX);
	job->stamps = stamps;
	job->class = sync ? JOB_LAZY : JOB_URGENT;
	job_send(job);
}

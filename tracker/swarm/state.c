/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/state.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "tracker/swarm/state_read.h"
#include "tracker/swarm/state_write.h"

#define ASIDE_MAX 1000			/* bad files kept beside the good one */

enum bt_code
state_save(const struct state *s, struct bt_error *err)
{
	const char *path = s->settings->dfile;
	struct file_staged staged;
	enum bt_code code = file_stage_sole(path, &staged, err);

	if (code != BT_OK)
		return code;
	code = state_write(s, staged.fd);
	if (code == BT_ENOMEM)
		(void)fail(err, code, "%s: no memory to save", path);
	else if (code != BT_OK || fsync(staged.fd) != 0)
		code = fail_errno(err, "%s", path);
	if (code == BT_OK)
		code = file_commit(&staged, err);
	if (code == BT_OK)
		file_sync_folder_of(staged.real);
	file_staged_fini(&staged);
	return code;
}

/* Gives it the first free name of path.bad, path.bad.1 ... */
static enum bt_code
set_aside(const char *path, struct buf *name, struct bt_error *err)
{
	for (unsigned i = 0; i < ASIDE_MAX; i++) {
		buf_clear(name);
		buf_addf(name, i == 0 ? "%s.bad" : "%s.bad.%u", path, i);
		/* link refuses a name that is taken, where rename would replace it. */
		if (link(path, buf_cstr(name)) == 0) {
			(void)unlink(path);
			return BT_OK;
		}
		if (errno != EEXIST)
			break;
	}
	return fail_errno(err, "cannot set the bad %s aside", path);
}

static enum bt_code
handle_bad(const char *path, const struct bt_error *why, const struct log *log,
    struct bt_error *err)
{
	struct buf name;
	enum bt_code code;

	buf_init(&name, 8192);
	code = set_aside(path, &name, err);
	if (code == BT_OK)
		log_write(log, BT_LOG_WARN, "state", "%s is corrupt (%s): kept as %s", path,
		    why->text, buf_cstr(&name));
	buf_fini(&name);
	return code;
}

enum bt_code
state_load(const struct state *s, usec now, const struct log *log, struct bt_error *err)
{
	const char *path = s->settings->dfile;
	struct bt_error why = { .code = BT_OK };
	enum bt_code code;
	struct stat st;
	struct buf b;

	if (stat(path, &st) != 0)
		return errno == ENOENT ? BT_OK : fail_errno(err, "%s", path);
	/* Saving would put a file in the place of a device, and reading a FIFO might never end. */
	if (!S_ISREG(st.st_mode))
		return fail(err, BT_EIO, "%s: not a regular file", path);
	buf_init(&b, STATE_MAX);
	code = file_read(path, &b, err);
	if (code == BT_OK && b.len > 0 && state_read(s, buf_slice(&b), now, &why) != BT_OK)
		code = handle_bad(path, &why, log, err);
	buf_fini(&b);
	return code;
}

/* SPDX-License-Identifier: ISC */
#include "tracker/drop.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define ENTRY_MAX 65536u	/* of the user database */

static enum bt_code
find_user(const char *name, uid_t *uid, gid_t *gid, struct bt_error *err)
{
	struct passwd pw, *found = NULL;
	char *text = mem_alloc(ENTRY_MAX);
	int e;

	if (text == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	e = getpwnam_r(name, &pw, text, ENTRY_MAX, &found);
	if (found != NULL) {
		*uid = found->pw_uid;
		*gid = found->pw_gid;
	}
	mem_free(text);
	if (found != NULL)
		return BT_OK;
	errno = e;
	return e != 0 ? fail_errno(err, "user: cannot look up %s", name) :
	    fail(err, BT_EARG, "user: there is no user %s", name);
}

/* In this order: without root the groups cannot be changed any more. */
static bool
become(const char *name, uid_t uid, gid_t gid)
{
	return initgroups(name, gid) == 0 && setresgid(gid, gid, gid) == 0 &&
	    setresuid(uid, uid, uid) == 0;
}

static bool
is_for_good(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	if (getresuid(&r, &e, &s) != 0 || getresgid(&gr, &ge, &gs) != 0)
		return false;
	if (r != uid || e != uid || s != uid || gr != gid || ge != gid || gs != gid)
		return false;
	return setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0;
}

enum bt_code
drop_to_user(const char *name, struct bt_error *err)
{
	enum bt_code code;
	uid_t uid = 0;
	gid_t gid = 0;

	code = find_user(name, &uid, &gid, err);
	if (code != BT_OK || (geteuid() == uid && getuid() == uid && uid != 0))
		return code;
	if (uid == 0 || gid == 0)
		return fail(err, BT_EARG, "user: %s is root, or of its group", name);
	if (!become(name, uid, gid))
		return fail_errno(err, "user: cannot become %s", name);
	if (!is_for_good(uid, gid))
		return fail(err, BT_EIO, "user: as %s one could become root again", name);
	/* Nor by a program that is set-user-id. */
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return BT_OK;
}

enum bt_code
drop_check_folder_of(const char *option, const char *path, struct bt_error *err)
{
	char *folder = file_folder_of(path);
	enum bt_code code = BT_OK;

	if (folder == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	if (access(folder, W_OK | X_OK) != 0)
		code = fail_errno(err, "%s: cannot write in the folder %s", option, folder);
	mem_free(folder);
	return code;
}

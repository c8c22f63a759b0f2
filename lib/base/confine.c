/* SPDX-License-Identifier: ISC */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

#if defined(LANDLOCK_CREATE_RULESET_VERSION) && defined(SYS_landlock_create_ruleset)

/* What the kernel's header may be too old to name. */
#define FS_REFER (UINT64_C(1) << 13)
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define TCP_BIND (UINT64_C(1) << 0)
#define TCP_CONNECT (UINT64_C(1) << 1)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

/* All that version 1 knows: bits 0 to 12. */
#define FS_FIRST ((UINT64_C(1) << 13) - 1)

#define FS_OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

struct rules_attr {
	uint64_t files, tcp, scoped;
};

static uint64_t
rights_of(enum confine_use use)
{
	static const uint64_t rights[] = {
		[CONFINE_READ] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		[CONFINE_WRITE] = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG,
		/* mkstemp opens for reading too, and a folder is synced through such a one. */
		[CONFINE_REPLACE] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
		    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
		    LANDLOCK_ACCESS_FS_REMOVE_FILE,
	};

	return rights[use];
}

void
confine_init(struct confine *c, bool connects)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	struct rules_attr attr = { .files = FS_FIRST };

	*c = (struct confine){ .rules = -1 };
	if (version < 1)
		return;
	attr.files |= version >= 2 ? FS_REFER : 0;
	attr.files |= version >= 3 ? FS_TRUNCATE : 0;
	attr.files |= version >= 5 ? FS_IOCTL_DEV : 0;
	if (version >= 4)
		attr.tcp = connects ? TCP_BIND : TCP_BIND | TCP_CONNECT;
	if (version >= 6)
		attr.scoped = SCOPE_SIGNAL;
	c->tcp = attr.tcp;
	c->rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	c->failed = c->rules < 0 ? errno : 0;
}

void
confine_allow(struct confine *c, const char *path, enum confine_use use)
{
	int fd = c->rules < 0 ? -1 : open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { rights_of(use), fd };
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILES;
	/* EBADFD: a pipe and the like, which nobody is kept from. */
	if (syscall(SYS_landlock_add_rule, c->rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0 &&
	    errno != EBADFD)
		c->failed = errno;
	(void)close(fd);
}

static enum bt_code
restrict_to(int rules, struct bt_error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		return fail_errno(err, "cannot give up access to other files");
	return BT_OK;
}

#else

void
confine_init(struct confine *c, bool connects)
{
	(void)connects;
	*c = (struct confine){ .rules = -1 };
}

void
confine_allow(struct confine *c, const char *path, enum confine_use use)
{
	(void)c;
	(void)path;
	(void)use;
}

static enum bt_code
restrict_to(int rules, struct bt_error *err)
{
	(void)rules;
	(void)err;
	return BT_OK;
}

#endif

static void
allow_folder_of(struct confine *c, const char *path, enum confine_use use)
{
	char *folder = file_folder_of(path);

	if (folder != NULL)
		confine_allow(c, folder, use);
	else
		c->failed = ENOMEM;
	mem_free(folder);
}

void
confine_allow_place(struct confine *c, const char *path, enum confine_use use)
{
	struct stat st;
	char *real;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		confine_allow(c, path, use);
		return;
	}
	real = realpath(path, NULL);
	if (real != NULL)
		allow_folder_of(c, real, use);
	if (real == NULL || use == CONFINE_READ)
		allow_folder_of(c, path, use);
	free(real);
}

enum bt_code
confine_enter(struct confine *c, struct bt_error *err)
{
	enum bt_code code = BT_OK;

	errno = c->failed;
	if (c->failed != 0)
		code = fail_errno(err, "cannot give up access to other files");
	else if (c->rules >= 0)
		code = restrict_to(c->rules, err);
	if (c->rules >= 0)
		(void)close(c->rules);
	c->rules = -1;
	return code;
}

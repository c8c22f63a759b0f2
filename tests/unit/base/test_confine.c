/* SPDX-License-Identifier: ISC */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "folder.h"

Suite *confine_suite(void);

static int
errno_of(int result)
{
	return result < 0 ? errno : 0;
}

static int
try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0666), e = errno_of(fd);

	if (fd >= 0)
		(void)close(fd);
	return e;
}

/* At any port of loopback; the other end need not be there. */
static int
try_tcp(int (*call)(int, const struct sockaddr *, socklen_t), uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int e = errno_of(call(fd, (struct sockaddr *)&to, sizeof(to)));

	(void)close(fd);
	return e;
}

/* In the child: what is wrong, as a line number. */
#define EXPECT(condition) \
	do { \
		if (!(condition)) \
			return __LINE__; \
	} while (0)

static int
files_are_kept_from(void)
{
	struct confine c;

	confine_init(&c, true);
	confine_allow(&c, "read", CONFINE_READ);
	confine_allow(&c, "nothing", CONFINE_READ);
	confine_allow_place(&c, "write/log", CONFINE_WRITE);
	confine_allow_place(&c, "link", CONFINE_REPLACE);
	confine_allow_place(&c, "fifo", CONFINE_WRITE);
	EXPECT(confine_enter(&c, NULL) == BT_OK);
	EXPECT(try_open("read/file", O_RDONLY) == 0);
	EXPECT(try_open("read", O_RDONLY | O_DIRECTORY) == 0);
	EXPECT(try_open("read/file", O_WRONLY) == EACCES);
	EXPECT(try_open("read/new", O_WRONLY | O_CREAT) == EACCES);
	EXPECT(try_open("write/log", O_WRONLY | O_CREAT | O_APPEND) == 0);
	EXPECT(try_open("write/log", O_RDONLY) == EACCES);
	EXPECT(errno_of(unlink("write/log")) == EACCES);
	EXPECT(file_replace("replace/state", slice_str("new"), NULL) == BT_OK);
	EXPECT(file_replace("link", slice_str("newer"), NULL) == BT_OK);
	EXPECT(file_replace("read/file", slice_str("new"), NULL) != BT_OK);
	EXPECT(try_open("/etc/passwd", O_RDONLY) == EACCES);
	EXPECT(try_open("elsewhere", O_WRONLY | O_CREAT) == EACCES);
	EXPECT(try_open("fifo", O_RDWR) == EACCES);
	EXPECT(try_open("fifo", O_WRONLY | O_NONBLOCK) == ENXIO);
	EXPECT(execl("/bin/true", "true", (char *)NULL) == -1 && errno == EACCES);
	return 0;
}

static int
ports_are_kept_from(void)
{
	struct confine c;
	bool knows_tcp;

	confine_init(&c, true);
	knows_tcp = c.tcp != 0;
	EXPECT(confine_enter(&c, NULL) == BT_OK);
	EXPECT(try_tcp(connect, 1) == ECONNREFUSED);
	EXPECT(try_tcp(bind, 0) == (knows_tcp ? EACCES : 0));
	/* Less still is possible, more never again. */
	confine_init(&c, false);
	EXPECT(confine_enter(&c, NULL) == BT_OK);
	EXPECT(try_tcp(connect, 1) == (knows_tcp ? EACCES : ECONNREFUSED));
	return 0;
}

static bool
has_landlock(void)
{
	struct confine c;
	bool has;

	confine_init(&c, true);
	has = c.rules >= 0;
	if (has)
		(void)close(c.rules);
	else
		(void)printf("SKIP: this kernel has no Landlock\n");
	return has;
}

/* This process keeps what it has. */
static void
check_in_child(int (*fn)(void))
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		int line = fn();

		if (line != 0)
			(void)fprintf(stderr, "line %d, errno %d\n", line, errno);
		_exit(line != 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

START_TEST(only_files_that_are_allowed_can_be_opened)
{
	if (!has_landlock())
		return;
	make_folder();
	ck_assert_int_eq(mkdir("read", 0777), 0);
	ck_assert_int_eq(mkdir("write", 0777), 0);
	ck_assert_int_eq(mkdir("replace", 0777), 0);
	ck_assert_int_eq(file_replace("read/file", slice_str("text"), NULL), BT_OK);
	ck_assert_int_eq(file_replace("replace/state", slice_str("text"), NULL), BT_OK);
	ck_assert_int_eq(symlink("replace/state", "link"), 0);
	ck_assert_int_eq(mkfifo("fifo", 0666), 0);
	check_in_child(files_are_kept_from);
	check_in_child(ports_are_kept_from);
	drop_folder();
}
END_TEST

Suite *
confine_suite(void)
{
	Suite *s = suite_create("base/confine");
	TCase *t = tcase_create("confine");

	tcase_add_test(t, only_files_that_are_allowed_can_be_opened);
	suite_add_tcase(s, t);
	return s;
}

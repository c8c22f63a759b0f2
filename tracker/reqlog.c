/* SPDX-License-Identifier: ISC */
#include "tracker/reqlog.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/query.h"

#define GATHER (64u << 10)	/* lines are written before they are more than that */
#define FIELD_MAX 2048u		/* of one field; longer ones are cut */

static bool
is_stdout(const struct reqlog *l)
{
	return l->path[0] == '\0' || (l->path[0] == '-' && l->path[1] == '\0');
}

static int
open_log(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

enum bt_code
reqlog_open(struct reqlog *l, const char *path, struct bt_error *err)
{
	*l = (struct reqlog){ .path = path, .stamp_of = -1 };
	(void)pthread_mutex_init(&l->lock, NULL);
	l->fd = is_stdout(l) ? STDOUT_FILENO : open_log(path);
	if (l->fd < 0)
		return fail_errno(err, "cannot write the log %s", path);
	buf_init(&l->lines, 4 * GATHER);
	return BT_OK;
}

void
reqlog_close(struct reqlog *l)
{
	if (l->path == NULL)
		return;
	reqlog_flush(l);
	if (!is_stdout(l))
		(void)close(l->fd);
	buf_fini(&l->lines);
	(void)pthread_mutex_destroy(&l->lock);
	*l = (struct reqlog){ .fd = -1 };
}

static void
write_lines(struct reqlog *l)
{
	/* A log that cannot be written must not stop the tracker: the lines are lost. */
	if (l->lines.len > 0)
		(void)file_write_all(l->fd, buf_slice(&l->lines));
	buf_clear(&l->lines);
}

enum bt_code
reqlog_reopen(struct reqlog *l, struct bt_error *err)
{
	int fd;

	reqlog_flush(l);
	if (is_stdout(l))
		return BT_OK;
	fd = open_log(l->path);
	if (fd < 0)
		return fail_errno(err, "cannot open the log %s anew", l->path);
	(void)pthread_mutex_lock(&l->lock);
	(void)close(l->fd);
	l->fd = fd;
	(void)pthread_mutex_unlock(&l->lock);
	return BT_OK;
}

static const char *
stamp_now(struct reqlog *l)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now != l->stamp_of && localtime_r(&now, &tm) != NULL) {
		l->stamp_of = now;
		(void)strftime(l->stamp, sizeof(l->stamp), "%d/%b/%Y:%H:%M:%S", &tm);
	}
	return l->stamp;
}

static size_t
special_index(struct bt_slice s)
{
	size_t quote = slice_index(s, '"'), backslash = slice_index(s, '\\');

	return quote < backslash ? quote : backslash;
}

/* As log_escape; besides, a quote cannot end the field, nor a backslash keep it from ending. */
static void
add_field(struct buf *b, struct bt_slice s)
{
	char text[FIELD_MAX + 1];

	if (s.len == 0)
		buf_add_u8(b, '-');
	if (s.len > FIELD_MAX)
		s.len = FIELD_MAX;
	while (s.len > 0) {
		size_t n = special_index(s);

		buf_add_str(b, log_escape(slice_of(s.ptr, n), text, sizeof(text)));
		s = slice_skip(s, n);
		if (s.len > 0)
			buf_addf(b, "\\x%02x", s.ptr[0]);
		s = slice_skip(s, s.len > 0);
	}
}

static void
add_header(struct buf *b, const struct httpd_request *rq, const char *name)
{
	buf_add_str(b, " \"");
	add_field(b, httpd_header(rq, name));
	buf_add_u8(b, '"');
}

void
reqlog_add(struct reqlog *l, const struct httpd_request *rq, unsigned status, size_t body_len)
{
	char ip[ADDR_TEXT_MAX];
	struct buf *b = &l->lines;

	(void)pthread_mutex_lock(&l->lock);
	buf_addf(b, "%s - - [%s] \"", addr_ip_text(&rq->from, ip), stamp_now(l));
	if (rq->http.target.len > 0) {
		add_field(b, rq->http.method);
		buf_add_u8(b, ' ');
		add_field(b, rq->http.target);
		buf_addf(b, " HTTP/1.%u", rq->http.head.minor);
	} else {
		buf_add_u8(b, '-');
	}
	buf_addf(b, "\" %u %zu", status, body_len);
	add_header(b, rq, "referer");
	add_header(b, rq, "user-agent");
	buf_add_u8(b, '\n');
	if (b->len > GATHER)
		write_lines(l);
	(void)pthread_mutex_unlock(&l->lock);
}

void
reqlog_add_nat_check(struct reqlog *l, const uint8_t peer_id[20], const struct addr *at,
    unsigned status)
{
	char ip[ADDR_TEXT_MAX];
	struct buf *b = &l->lines;

	addr_ip_text(at, ip);
	(void)pthread_mutex_lock(&l->lock);
	buf_addf(b, "%s - ", ip);
	query_escape(b, slice_of(peer_id, 20));
	buf_addf(b, " [%s] \"!natcheck-%s:%u\" %u 0 - -\n", stamp_now(l), ip, at->port, status);
	(void)pthread_mutex_unlock(&l->lock);
}

void
reqlog_flush(struct reqlog *l)
{
	(void)pthread_mutex_lock(&l->lock);
	write_lines(l);
	(void)pthread_mutex_unlock(&l->lock);
}

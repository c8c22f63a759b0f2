/* SPDX-License-Identifier: ISC */
#include "tracker/reqlog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/query.h"

#define GATHER (64u << 10)	/* lines are written before they are more than that */
#define FULL (2 * GATHER)	/* of what nobody reads; further lines are only counted */
#define LAST_WAIT 1000		/* ms for who reads, at the end */
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

static void
take_file(struct reqlog *l, int fd)
{
	struct stat st;

	l->fd = fd;
	l->may_block = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode);
}

enum bt_code
reqlog_open(struct reqlog *l, const struct bt_tracker_settings *o, struct bt_error *err)
{
	const char *path = o->logfile;

	*l = (struct reqlog){ .path = path, .stamp_of = -1, .rate = (uint64_t)o->log_rate };
	if (strcmp(o->log_format, "json") == 0)
		l->format = REQLOG_JSON;
	else if (strcmp(o->log_format, "none") == 0)
		l->format = REQLOG_NONE;
	(void)pthread_mutex_init(&l->lock, NULL);
	take_file(l, is_stdout(l) ? STDOUT_FILENO : open_log(path));
	if (l->fd < 0)
		return fail_errno(err, "cannot write the log %s", path);
	buf_init(&l->lines, 4 * GATHER);
	return BT_OK;
}

/* The lines as far as they are taken: a pipe or a terminal may have nobody who reads. Without
 * O_NONBLOCK, which would hold for all who share standard output. */
static void
write_what_goes(struct reqlog *l, int wait)
{
	struct pollfd p = { .fd = l->fd, .events = POLLOUT };
	struct bt_slice left = buf_slice(&l->lines);

	while (left.len > 0 && poll(&p, 1, wait) > 0) {
		/* A descriptor that is ready takes this many at once. */
		ssize_t n = write(l->fd, left.ptr, left.len < PIPE_BUF ? left.len : PIPE_BUF);

		if (n >= 0)
			left = slice_skip(left, (size_t)n);
		else if (errno != EINTR && errno != EAGAIN)
			left = SLICE_NONE;
	}
	buf_drop(&l->lines, l->lines.len - left.len);
}

/* Locked. A log that cannot be written must not stop the tracker: the lines are lost. */
static void
write_lines(struct reqlog *l, int wait)
{
	if (l->may_block) {
		write_what_goes(l, wait);
		return;
	}
	if (l->lines.len > 0)
		(void)file_write_all(l->fd, buf_slice(&l->lines));
	buf_clear(&l->lines);
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

/* -- one line, in either form -- */

struct entry {
	const struct addr *from;
	struct bt_slice method, target;	/* no target: it could not be read */
	const char *protocol;
	unsigned status;
	size_t bytes;
	struct bt_slice referer, agent;
};

/* Without printf: there is a line for each request by HTTP. */
static void
add_combined(struct reqlog *l, const struct entry *e)
{
	char ip[ADDR_TEXT_MAX];
	struct buf *b = &l->lines;

	buf_add_str(b, addr_ip_text(e->from, ip));
	buf_add_str(b, " - - [");
	buf_add_str(b, stamp_now(l));
	buf_add_str(b, "] \"");
	if (e->target.len > 0) {
		add_field(b, e->method);
		buf_add_u8(b, ' ');
		add_field(b, e->target);
		buf_add_u8(b, ' ');
		buf_add_str(b, e->protocol);
	} else {
		buf_add_u8(b, '-');
	}
	buf_add_str(b, "\" ");
	buf_add_decimal(b, e->status);
	buf_add_u8(b, ' ');
	buf_add_decimal(b, (int64_t)e->bytes);
	buf_add_str(b, " \"");
	add_field(b, e->referer);
	buf_add_str(b, "\" \"");
	add_field(b, e->agent);
	buf_add_str(b, "\"\n");
}

static void
add_json_field(struct bt_json *j, const char *name, struct bt_slice value)
{
	if (value.len > FIELD_MAX)
		value.len = FIELD_MAX;
	bt_json_slice(j, name, value);
}

static void
begin_json(struct reqlog *l, struct bt_json *j)
{
	time_t now = time(NULL);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_into(j, &l->lines);
	bt_json_object(j, NULL);
	bt_json_string(j, "time", text);
}

static void
add_json(struct reqlog *l, const struct entry *e)
{
	char ip[ADDR_TEXT_MAX];
	struct bt_json j;

	begin_json(l, &j);
	bt_json_string(&j, "ip", addr_ip_text(e->from, ip));
	if (e->target.len > 0) {
		add_json_field(&j, "method", e->method);
		add_json_field(&j, "target", e->target);
		bt_json_string(&j, "protocol", e->protocol);
	}
	bt_json_uint(&j, "status", e->status);
	bt_json_uint(&j, "bytes", e->bytes);
	if (e->referer.len > 0)
		add_json_field(&j, "referer", e->referer);
	if (e->agent.len > 0)
		add_json_field(&j, "user_agent", e->agent);
	bt_json_end(&j);
}

/* How many were left out in the second that is over. */
static void
add_omitted(struct reqlog *l)
{
	if (l->format == REQLOG_JSON) {
		struct bt_json j;

		begin_json(l, &j);
		bt_json_uint(&j, "omitted", l->omitted);
		bt_json_end(&j);
	} else {
		buf_addf(&l->lines, "- - - [%s] \"!omitted\" 0 %" PRIu64 " - -\n", stamp_now(l),
		    l->omitted);
	}
	l->omitted = 0;
}

/* Locked. */
static bool
has_room(struct reqlog *l)
{
	time_t now = time(NULL);

	if (now != l->second) {
		l->second = now;
		l->in_second = 0;
		if (l->omitted > 0 && l->lines.len < FULL)
			add_omitted(l);
	}
	if (l->lines.len >= FULL || (l->rate > 0 && l->in_second >= l->rate)) {
		l->omitted++;
		return false;
	}
	l->in_second++;
	return true;
}

/* Locks. True: a line may be added. */
static bool
begin_line(struct reqlog *l)
{
	(void)pthread_mutex_lock(&l->lock);
	return has_room(l);
}

static void
end_line(struct reqlog *l)
{
	if (l->lines.len > GATHER)
		write_lines(l, 0);
	(void)pthread_mutex_unlock(&l->lock);
}

static void
add(struct reqlog *l, const struct entry *e)
{
	if (begin_line(l)) {
		if (l->format == REQLOG_JSON)
			add_json(l, e);
		else
			add_combined(l, e);
	}
	end_line(l);
}

void
reqlog_add(struct reqlog *l, const struct httpd_request *rq, unsigned status, size_t body_len)
{
	struct entry e = { .from = &rq->from, .method = rq->http.method,
	    .target = rq->http.target, .protocol = rq->http.head.minor == 0 ? "HTTP/1.0" :
	    "HTTP/1.1", .status = status, .bytes = body_len };

	if (l->format == REQLOG_NONE)
		return;
	e.referer = httpd_header(rq, "referer");
	e.agent = httpd_header(rq, "user-agent");
	add(l, &e);
}

static const char *
event_text(enum announce_event event)
{
	switch (event) {
	case ANNOUNCE_STARTED: return "&event=started";
	case ANNOUNCE_STOPPED: return "&event=stopped";
	case ANNOUNCE_COMPLETED: return "&event=completed";
	default: return "";
	}
}

static void
add_hashes(struct buf *b, struct bt_slice hashes)
{
	for (size_t i = 0; i + 20 <= hashes.len; i += 20) {
		buf_add_str(b, i == 0 ? "/scrape?info_hash=" : "&info_hash=");
		query_escape(b, slice_of(hashes.ptr + i, 20));
	}
}

static void
add_announce(struct buf *b, const struct announce_req *rq)
{
	buf_add_str(b, "/announce?info_hash=");
	query_escape(b, slice_of(rq->info_hash, 20));
	buf_add_str(b, "&peer_id=");
	query_escape(b, slice_of(rq->peer_id, 20));
	buf_addf(b, "&port=%u&uploaded=%" PRIu64 "&downloaded=%" PRIu64 "&left=%" PRIu64 "%s",
	    rq->port, (uint64_t)rq->uploaded, (uint64_t)rq->downloaded, (uint64_t)rq->left,
	    event_text(rq->event));
}

void
reqlog_add_udp(struct reqlog *l, const struct udp_request *rq, const struct addr *from,
    size_t bytes)
{
	struct entry e = { .from = from, .method = slice_str("GET"), .protocol = "UDP",
	    .status = 200, .bytes = bytes };
	struct buf target;

	if (l->format == REQLOG_NONE)
		return;
	buf_init(&target, 8192);
	if (rq->action == UDP_ANNOUNCE)
		add_announce(&target, &rq->announce);
	else
		add_hashes(&target, rq->hashes);
	e.target = buf_slice(&target);
	add(l, &e);
	buf_fini(&target);
}

static void
add_nat_check(struct reqlog *l, const uint8_t peer_id[20], const struct addr *at, unsigned status)
{
	char ip[ADDR_TEXT_MAX];

	addr_ip_text(at, ip);
	if (l->format == REQLOG_JSON) {
		struct bt_json j;

		begin_json(l, &j);
		bt_json_string(&j, "ip", ip);
		bt_json_uint(&j, "natcheck", at->port);
		bt_json_uint(&j, "status", status);
		bt_json_end(&j);
	} else {
		struct buf *b = &l->lines;

		buf_addf(b, "%s - ", ip);
		query_escape(b, slice_of(peer_id, 20));
		buf_addf(b, " [%s] \"!natcheck-%s:%u\" %u 0 - -\n", stamp_now(l), ip, at->port,
		    status);
	}
}

void
reqlog_add_nat_check(struct reqlog *l, const uint8_t peer_id[20], const struct addr *at,
    unsigned status)
{
	if (l->format == REQLOG_NONE)
		return;
	if (begin_line(l))
		add_nat_check(l, peer_id, at, status);
	end_line(l);
}

static void
flush(struct reqlog *l, int wait)
{
	(void)pthread_mutex_lock(&l->lock);
	write_lines(l, wait);
	if (l->omitted > 0 && l->lines.len < FULL && time(NULL) != l->second) {
		add_omitted(l);
		write_lines(l, wait);
	}
	(void)pthread_mutex_unlock(&l->lock);
}

void
reqlog_flush(struct reqlog *l)
{
	flush(l, 0);
}

void
reqlog_close(struct reqlog *l)
{
	if (l->path == NULL)
		return;
	flush(l, LAST_WAIT);
	if (!is_stdout(l))
		(void)close(l->fd);
	buf_fini(&l->lines);
	(void)pthread_mutex_destroy(&l->lock);
	*l = (struct reqlog){ .fd = -1 };
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
	take_file(l, fd);
	(void)pthread_mutex_unlock(&l->lock);
	return BT_OK;
}

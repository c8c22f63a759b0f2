/* SPDX-License-Identifier: ISC */
#include "net/fetch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"
#include "proto/limits.h"

#define TIMEOUT_DEFAULT (60 * SECOND)
#define BODY_DEFAULT ((size_t)1 << 20)

/* Open connections and certificates are worth memory only while they are in use. */
#define IDLE_RELEASE (60 * SECOND)
#define IDLE_CONNECTIONS 32L

enum transfer_state { WAITING, RUNNING, BROKEN, TRANSFER_STATES };

struct transfer {
	TAILQ_ENTRY(transfer) link;	/* in the fetch's list of its state, birth to answer */
	struct fetch *fetch;
	uint64_t id;
	fetch_fn fn;
	void *arg;
	enum transfer_state state;
	CURL *easy;			/* only while RUNNING */
	char *url;
	char *user_agent;
	enum addr_family family;
	int refused;			/* errno: our way has no socket for it; 0: it had */
	usec timeout;
	usec deadline;
	struct loop_timer timer;	/* not curl's, which ignores waiting for a connection */
	struct buf body;
	bool too_big;
	char curl_error[CURL_ERROR_SIZE];
};

struct fetch {
	struct loop *loop;
	const struct net_way *way;
	CURLM *multi;			/* NULL: not set up, or released */
	struct loop_timer curl_timer;
	struct loop_timer idle_timer;
	struct loop_later later;	/* starts those that wait, answers the broken */
	TAILQ_HEAD(, transfer) lists[TRANSFER_STATES];
	struct map by_id;		/* those that are not answered yet */
	size_t running;
	uint64_t last_id;
};

/* curl's interest in one socket; curl keeps the pointer. */
struct watch {
	struct loop_fd fd;
	struct fetch *fetch;
	curl_socket_t sock;
};

/* Several sessions may live in one process, each on its own thread. */
static void
init_curl(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool
is_idle(const struct fetch *f)
{
	return TAILQ_EMPTY(&f->lists[WAITING]) && TAILQ_EMPTY(&f->lists[RUNNING]) &&
	    TAILQ_EMPTY(&f->lists[BROKEN]);
}

static void
become(struct transfer *t, enum transfer_state state)
{
	TAILQ_REMOVE(&t->fetch->lists[t->state], t, link);
	t->state = state;
	TAILQ_INSERT_TAIL(&t->fetch->lists[state], t, link);
}

/* One that is in no list and no map. */
static void
drop(struct transfer *t)
{
	loop_timer_fini(&t->timer);
	buf_fini(&t->body);
	mem_free(t->url);
	mem_free(t->user_agent);
	mem_free(t);
}

static void
transfer_free(struct transfer *t)
{
	struct fetch *f = t->fetch;

	if (t->easy != NULL) {
		(void)curl_multi_remove_handle(f->multi, t->easy);
		curl_easy_cleanup(t->easy);
		f->running--;
	}
	TAILQ_REMOVE(&f->lists[t->state], t, link);
	(void)map_remove(&f->by_id, &t->id);
	drop(t);
	if (!TAILQ_EMPTY(&f->lists[WAITING]))
		loop_later(f->loop, &f->later);
	else if (f->multi != NULL && is_idle(f))
		loop_timer_set(&f->idle_timer, IDLE_RELEASE);
}

static void
give(struct transfer *t, enum bt_code code, unsigned status, const char *text)
{
	char line[232];
	struct fetch_reply reply = { .code = code, .status = status };

	reply.text = log_escape(slice_str(text), line, sizeof(line));
	if (code == BT_OK)
		reply.body = buf_slice(&t->body);
	/* The answered one may cancel it, or fetch again, meanwhile. */
	(void)map_remove(&t->fetch->by_id, &t->id);
	t->fn(t->arg, t->id, &reply);
	transfer_free(t);
}

static void
write_timeout(const struct transfer *t, char *text, size_t size)
{
	(void)snprintf(text, size, "no full answer in %.3g s", (double)t->timeout / (double)SECOND);
}

static void
too_late(void *arg, usec now)
{
	char text[64];

	(void)now;
	write_timeout(arg, text, sizeof(text));
	give(arg, BT_ETIMEOUT, 0, text);
}

/* In words of ours as far as possible: curl's may repeat the URL, and it may hold a passkey. */
static enum bt_code
explain(const struct transfer *t, CURLcode e, char *text, size_t size)
{
	switch (e) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		(void)snprintf(text, size, "%s", t->curl_error[0] != '\0' ? t->curl_error :
		    "the host's name is not known");
		return BT_EUNREACH;
	case CURLE_COULDNT_CONNECT:
		if (t->refused != 0)
			(void)snprintf(text, size, "cannot connect: %s", strerror(t->refused));
		else
			(void)snprintf(text, size, "%s", t->curl_error[0] != '\0' ?
			    t->curl_error : "cannot connect");
		return BT_EUNREACH;
	case CURLE_OPERATION_TIMEDOUT:
		write_timeout(t, text, size);
		return BT_ETIMEOUT;
	case CURLE_TOO_MANY_REDIRECTS:
		(void)snprintf(text, size, "more than %u redirects", HTTP_REDIRECTS_MAX);
		return BT_EPROTO;
	case CURLE_UNSUPPORTED_PROTOCOL:
		/* curl takes an answer without a head for one of HTTP/0.9. */
		(void)snprintf(text, size, strstr(t->curl_error, "HTTP/0.9") != NULL ?
		    "the answer is not HTTP" : "neither http nor https");
		return BT_EPROTO;
	case CURLE_WRITE_ERROR:
	case CURLE_FILESIZE_EXCEEDED:
		if (!t->too_big && e == CURLE_WRITE_ERROR)
			break;
		(void)snprintf(text, size, "the answer is larger than %zu bytes", t->body.max);
		return BT_ELIMIT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
		(void)snprintf(text, size, "no safe connection: %s",
		    t->curl_error[0] != '\0' ? t->curl_error : curl_easy_strerror(e));
		return BT_EUNREACH;
	case CURLE_OUT_OF_MEMORY:
		(void)snprintf(text, size, "no memory");
		return BT_ENOMEM;
	default:
		break;
	}
	(void)snprintf(text, size, "%s", curl_easy_strerror(e));
	return BT_EPROTO;
}

static void
finished(struct transfer *t, CURLcode e)
{
	char text[400] = "";
	enum bt_code code = BT_OK;
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (e != CURLE_OK)
		code = explain(t, e, text, sizeof(text));
	else if (status < 200 || status > 299)
		(void)snprintf(text, sizeof(text), "HTTP status %ld", status);
	give(t, code, (unsigned)status, text);
}

static void
take_finished(struct fetch *f)
{
	CURLMsg *m;
	int left;

	while (f->multi != NULL && (m = curl_multi_info_read(f->multi, &left)) != NULL) {
		struct transfer *t = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		finished(t, m->data.result);
	}
}

static void
sock_ready(void *arg, unsigned ready)
{
	struct watch *w = arg;
	struct fetch *f = w->fetch;
	int running;
	int what = (ready & LOOP_READ ? CURL_CSELECT_IN : 0) |
	    (ready & LOOP_WRITE ? CURL_CSELECT_OUT : 0);

	(void)curl_multi_socket_action(f->multi, w->sock, what, &running);
	take_finished(f);
}

static void
curl_timer_due(void *arg, usec now)
{
	struct fetch *f = arg;
	int running;

	(void)now;
	(void)curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_finished(f);
}

static int
on_curl_socket(CURL *easy, curl_socket_t sock, int what, void *arg, void *sock_arg)
{
	struct fetch *f = arg;
	struct watch *w = sock_arg;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			loop_fd_fini(&w->fd);
		mem_free(w);
		return 0;
	}
	if (w == NULL) {
		w = mem_zero(sizeof(*w));
		if (w == NULL || !loop_fd_init(&w->fd, f->loop, sock, sock_ready, w)) {
			/* -1 would end all transfers: let this one run into its timeout. */
			mem_free(w);
			return 0;
		}
		w->fetch = f;
		w->sock = sock;
		(void)curl_multi_assign(f->multi, sock, w);
	}
	loop_fd_want(&w->fd, (what & CURL_POLL_IN ? LOOP_READ : 0u) |
	    (what & CURL_POLL_OUT ? LOOP_WRITE : 0u));
	return 0;
}

static int
on_curl_timer(CURLM *multi, long ms, void *arg)
{
	struct fetch *f = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(&f->curl_timer);
	else
		loop_timer_set(&f->curl_timer, ms * MSEC);
	return 0;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	if (n > t->body.max - t->body.len) {
		t->too_big = true;
		return 0;
	}
	buf_add(&t->body, bytes, n);
	return buf_failed(&t->body) ? 0 : n;
}

static bool
need_multi(struct fetch *f)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	loop_timer_stop(&f->idle_timer);
	if (f->multi != NULL)
		return true;
	(void)pthread_once(&once, init_curl);
	f->multi = curl_multi_init();
	if (f->multi == NULL)
		return false;
	(void)curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	(void)curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	(void)curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	(void)curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	(void)curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
	(void)curl_multi_setopt(f->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)FETCH_HOST_MAX);
	return true;
}

static void
release(void *arg, usec now)
{
	struct fetch *f = arg;

	(void)now;
	if (f->multi == NULL || !is_idle(f))
		return;
	(void)curl_multi_cleanup(f->multi);
	f->multi = NULL;
	loop_timer_stop(&f->curl_timer);
}

/* All of curl's sockets are made here, so that it keeps to the way. */
static curl_socket_t
on_curl_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN || a->socktype != SOCK_STREAM ||
	    (a->family != AF_INET && a->family != AF_INET6)) {
		t->refused = EAFNOSUPPORT;
		return CURL_SOCKET_BAD;
	}
	fd = way_socket(t->fetch->way, a->family == AF_INET6 ? ADDR_V6 : ADDR_V4, SOCK_STREAM);
	t->refused = fd < 0 ? errno : 0;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static bool
set_way(struct transfer *t)
{
	enum addr_family family = t->family != ADDR_NONE ? t->family : way_only(t->fetch->way);
	long resolve = family == ADDR_V4 ? CURL_IPRESOLVE_V4 :
	    family == ADDR_V6 ? CURL_IPRESOLVE_V6 : CURL_IPRESOLVE_WHATEVER;

	return curl_easy_setopt(t->easy, CURLOPT_IPRESOLVE, resolve) == CURLE_OK &&
	    curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_curl_open) == CURLE_OK &&
	    curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK;
}

static bool
set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK;
#else
	long http = CURLPROTO_HTTP | CURLPROTO_HTTPS;

	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, http) == CURLE_OK &&
	    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, http) == CURLE_OK;
#endif
}

/* Whatever a stranger could use against us must have been accepted by curl. */
static bool
set_limits(struct transfer *t)
{
	CURL *e = t->easy;
	/* curl deals it out among a host's addresses; 0 would be no limit. */
	long ms = (long)((t->deadline - loop_now(t->fetch->loop)) / MSEC);

	return set_protocols(e) && set_way(t) &&
	    curl_easy_setopt(e, CURLOPT_URL, t->url) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEDATA, t) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, ms > 0 ? ms : 1) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_MAXREDIRS, (long)HTTP_REDIRECTS_MAX) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->body.max) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
}

static bool
start(struct transfer *t)
{
	struct fetch *f = t->fetch;

	if (!need_multi(f) || (t->easy = curl_easy_init()) == NULL)
		return false;
	(void)curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	(void)curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->curl_error);
	(void)curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "");
	(void)curl_easy_setopt(t->easy, CURLOPT_USERAGENT, t->user_agent);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A dead name server does not hold up a cancel or the end. */
	(void)curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	if (!set_limits(t) || curl_multi_add_handle(f->multi, t->easy) != CURLM_OK) {
		curl_easy_cleanup(t->easy);
		t->easy = NULL;
		return false;
	}
	become(t, RUNNING);
	f->running++;
	return true;
}

/* Starts as many as may run, then answers those that could not be started. */
static void
go_on(void *arg)
{
	struct fetch *f = arg;
	struct transfer *t;

	while (f->running < FETCH_RUNNING_MAX && (t = TAILQ_FIRST(&f->lists[WAITING])) != NULL) {
		if (!start(t))
			become(t, BROKEN);
	}
	while ((t = TAILQ_FIRST(&f->lists[BROKEN])) != NULL)
		give(t, BT_ENOMEM, 0, "the transfer cannot be set up");
}

struct fetch *
fetch_new(struct loop *l, const struct net_way *way)
{
	struct fetch *f = mem_zero(sizeof(*f));
	uint64_t seed[2];

	if (f == NULL)
		return NULL;
	f->loop = l;
	f->way = way;
	rng_secret(seed, sizeof(seed));
	map_init(&f->by_id, sizeof(uint64_t), seed);
	f->later.fn = go_on;
	f->later.arg = f;
	for (unsigned i = 0; i < TRANSFER_STATES; i++)
		TAILQ_INIT(&f->lists[i]);
	if (!loop_timer_init(&f->curl_timer, l, curl_timer_due, f) ||
	    !loop_timer_init(&f->idle_timer, l, release, f)) {
		loop_timer_fini(&f->curl_timer);
		mem_free(f);
		return NULL;
	}
	return f;
}

void
fetch_free(struct fetch *f)
{
	struct transfer *t;

	if (f == NULL)
		return;
	for (unsigned i = 0; i < TRANSFER_STATES; i++) {
		while ((t = TAILQ_FIRST(&f->lists[i])) != NULL)
			transfer_free(t);
	}
	map_fini(&f->by_id);
	if (f->multi != NULL)
		(void)curl_multi_cleanup(f->multi);
	loop_later_cancel(f->loop, &f->later);
	loop_timer_fini(&f->curl_timer);
	loop_timer_fini(&f->idle_timer);
	mem_free(f);
}

/* NULL: no memory. */
static struct transfer *
transfer_new(struct fetch *f, const struct fetch_req *req, fetch_fn fn, void *arg)
{
	struct transfer *t = mem_zero(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->fetch = f;
	t->id = ++f->last_id;
	t->fn = fn;
	t->arg = arg;
	t->state = WAITING;
	t->family = req->family;
	t->timeout = req->timeout > 0 ? req->timeout : TIMEOUT_DEFAULT;
	t->deadline = loop_now(f->loop) + t->timeout;
	buf_init(&t->body, req->max_bytes > 0 ? req->max_bytes : BODY_DEFAULT);
	t->url = mem_strdup(req->url);
	t->user_agent = req->user_agent != NULL ? mem_strdup(req->user_agent) : NULL;
	if (t->url == NULL || (req->user_agent != NULL && t->user_agent == NULL) ||
	    !loop_timer_init(&t->timer, f->loop, too_late, t) ||
	    !map_set(&f->by_id, &t->id, t)) {
		drop(t);
		return NULL;
	}
	return t;
}

uint64_t
fetch_start(struct fetch *f, const struct fetch_req *req, fetch_fn fn, void *arg)
{
	struct transfer *t = transfer_new(f, req, fn, arg);

	if (t == NULL)
		return 0;
	TAILQ_INSERT_TAIL(&f->lists[WAITING], t, link);
	loop_timer_set(&t->timer, t->timeout);
	loop_later(f->loop, &f->later);
	return t->id;
}

void
fetch_cancel(struct fetch *f, uint64_t id)
{
	struct transfer *t = map_find(&f->by_id, &id);

	if (t != NULL)
		transfer_free(t);
}

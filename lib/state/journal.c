/* SPDX-License-Identifier: ISC */
#include "state/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"

/*
 * The file: this line, then records of
 *
 *     4 bytes   MAGIC
 *     4         CRC-32C of all that follows
 *     4         length of the body
 *     20        key
 *     ...       body
 *
 * numbers big-endian. After damage the next MAGIC with a good checksum is looked for.
 */
#define HEADER "btcore journal 1\n"
#define HEADER_SIZE (sizeof(HEADER) - 1)
#define MAGIC "\xb7" "Rec"
#define HEAD_SIZE (12 + JOURNAL_KEY)

/* It is written anew when more than half of it is of no use, and that is worth the trouble. */
#define DEAD_WORTH (1u << 20)

/* Bytes in which the next record is looked for at once. */
#define SEARCH_SIZE (64u << 10)

struct place_of_record {
	uint64_t offset;
	uint32_t len;		/* of the body */
	bool lost;		/* it is damaged, and known as little as one that is not there */
};

struct journal {
	pthread_mutex_t lock;	/* guards what follows */
	const struct log *log;
	char *path;		/* of the journal */
	char *aside;		/* where damaged bytes go */
	int lock_fd;
	int fd;
	struct map index;	/* key to struct place_of_record */
	uint64_t end;		/* of the last good record */
	uint64_t live;		/* bytes of records that count */
	bool damaged;		/* some of the file is */
	bool aside_failed;	/* not all of that could be kept beside it */
};

static uint64_t
size_of(uint32_t body)
{
	return HEAD_SIZE + (uint64_t)body;
}

/* -- the index -- */

static void
forget(struct journal *j, const uint8_t *key)
{
	struct place_of_record *old = map_remove(&j->index, key);

	if (old == NULL)
		return;
	j->live -= old->lost ? 0 : size_of(old->len);
	mem_free(old);
}

static bool
remember(struct journal *j, const uint8_t *key, uint64_t offset, uint32_t len)
{
	struct place_of_record *r;

	if (len == 0) {
		forget(j, key);
		return true;
	}
	r = map_find(&j->index, key);
	if (r != NULL) {
		j->live -= r->lost ? 0 : size_of(r->len);
	} else {
		r = mem_zero(sizeof(*r));
		if (r == NULL || !map_set(&j->index, key, r)) {
			mem_free(r);
			return false;
		}
	}
	*r = (struct place_of_record){ offset, len, false };
	j->live += size_of(len);
	return true;
}

/* -- records -- */

static void
add_record(struct buf *out, const struct journal_record *r)
{
	size_t at = out->len;

	buf_add(out, MAGIC, 4);
	buf_add_be32(out, 0);
	buf_add_be32(out, (uint32_t)r->body.len);
	buf_add(out, r->key, JOURNAL_KEY);
	buf_add_slice(out, r->body);
	if (!buf_failed(out))
		put_be32(out->ptr + at + 4, crc32c(slice_of(out->ptr + at + 8, out->len - at - 8)));
}

static bool
read_at(int fd, void *to, size_t len, uint64_t offset)
{
	uint8_t *p = to;

	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return false;
		}
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

enum verdict {
	GOOD,
	BAD,		/* damaged, or none */
	CUT,		/* it goes on behind the end of the file */
	UNREADABLE	/* by the system; errno */
};

/* The record at offset, whole, in buf. */
static enum verdict
read_record(const struct journal *j, uint64_t offset, uint64_t size, struct buf *buf)
{
	uint8_t head[HEAD_SIZE];
	uint8_t *p;
	uint32_t len;

	if (size - offset < HEAD_SIZE)
		return CUT;
	if (!read_at(j->fd, head, HEAD_SIZE, offset))
		return UNREADABLE;
	len = get_be32(head + 8);
	if (memcmp(head, MAGIC, 4) != 0 || len > JOURNAL_BODY_MAX)
		return BAD;
	if (size_of(len) > size - offset)
		return CUT;
	buf_clear(buf);
	buf_add(buf, head, HEAD_SIZE);
	p = buf_add_space(buf, len);
	if (p == NULL && len > 0) {
		errno = ENOMEM;
		return UNREADABLE;
	}
	if (len > 0 && !read_at(j->fd, p, len, offset + HEAD_SIZE))
		return UNREADABLE;
	return crc32c(slice_of(buf->ptr + 8, buf->len - 8)) == get_be32(head + 4) ? GOOD : BAD;
}

/* Where the next MAGIC stands from offset on; size: nowhere. False: it cannot be read. */
static bool
next_magic(const struct journal *j, uint64_t offset, uint64_t size, uint64_t *at)
{
	uint8_t part[SEARCH_SIZE];

	*at = size;
	while (size - offset >= 4) {
		size_t len = size - offset < sizeof(part) ? (size_t)(size - offset) : sizeof(part);
		const uint8_t *found;

		if (!read_at(j->fd, part, len, offset))
			return false;
		found = memmem(part, len, MAGIC, 4);
		if (found != NULL) {
			*at = offset + (uint64_t)(found - part);
			return true;
		}
		offset += len - 3;
	}
	return true;
}

/* -- damage -- */

/* Whether it is nothing but zeros: what a file system leaves that knew of the size only. */
static bool
is_blank(const struct journal *j, uint64_t from, uint64_t to)
{
	uint8_t part[4096];

	for (; from < to; from += sizeof(part)) {
		size_t len = to - from < sizeof(part) ? (size_t)(to - from) : sizeof(part);

		if (!read_at(j->fd, part, len, from))
			return false;
		for (size_t i = 0; i < len; i++) {
			if (part[i] != 0)
				return false;
		}
	}
	return true;
}

/* Copies it to the file beside, so that nothing is lost that somebody could still read. */
static bool
set_aside(const struct journal *j, uint64_t from, uint64_t to)
{
	int fd = open(j->aside, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	uint8_t part[4096], head[HEAD_SIZE];
	char name[2 * JOURNAL_KEY + 1] = "";
	bool kept = fd >= 0;

	if (to - from >= HEAD_SIZE && read_at(j->fd, head, HEAD_SIZE, from) &&
	    memcmp(head, MAGIC, 4) == 0)
		hex_write((uint8_t *)name, head + 12, JOURNAL_KEY);
	log_write(j->log, BT_LOG_WARN, "state",
	    "%.150s: damaged at byte %llu, %llu bytes%s%s; they are kept in %.150s", j->path,
	    (unsigned long long)from, (unsigned long long)(to - from),
	    name[0] != '\0' ? ", perhaps of " : "", name, j->aside);
	for (; kept && from < to; from += sizeof(part)) {
		size_t len = to - from < sizeof(part) ? (size_t)(to - from) : sizeof(part);

		kept = read_at(j->fd, part, len, from) && file_write_all(fd, slice_of(part, len));
	}
	if (fd >= 0)
		(void)close(fd);
	return kept;
}

/* What begins at from is no record, up to to. At the end of the file it may be what a crash left
 * of one. */
static void
judge_damage(struct journal *j, uint64_t from, uint64_t to, uint64_t size, enum verdict why)
{
	if (to == size && (why == CUT || is_blank(j, from, to)))
		return;
	j->damaged = true;
	if (!set_aside(j, from, to))
		j->aside_failed = true;
}

/* -- opening -- */

static enum bt_code
fail_file(const struct journal *j, struct bt_error *err)
{
	return fail_errno(err, "%.200s", j->path);
}

/* Where the next good record begins behind damage; its bytes are in buf. */
static enum verdict
find_next(const struct journal *j, uint64_t *at, uint64_t size, struct buf *buf)
{
	enum verdict v = BAD;

	while (v != GOOD && v != UNREADABLE && *at < size) {
		if (!next_magic(j, *at + 1, size, at))
			return UNREADABLE;
		if (*at < size)
			v = read_record(j, *at, size, buf);
	}
	return v;
}

static enum bt_code
read_records(struct journal *j, uint64_t size, struct bt_error *err)
{
	enum verdict v = GOOD;
	uint64_t at = HEADER_SIZE;
	struct buf buf;

	buf_init(&buf, size_of(JOURNAL_BODY_MAX));
	j->end = at;
	while (at < size && v == GOOD) {
		v = read_record(j, at, size, &buf);
		if (v == BAD || v == CUT) {
			uint64_t from = at;
			enum verdict why = v;

			v = find_next(j, &at, size, &buf);
			if (v != UNREADABLE)
				judge_damage(j, from, at, size, why);
		}
		if (v != GOOD)
			break;
		if (!remember(j, buf.ptr + 12, at, (uint32_t)(buf.len - HEAD_SIZE))) {
			errno = ENOMEM;
			v = UNREADABLE;
		}
		at += buf.len;
		j->end = at;
	}
	buf_fini(&buf);
	return v == UNREADABLE ? fail_file(j, err) : BT_OK;
}

/* Of another version, or no journal at all: it is kept under another name. */
static enum bt_code
set_file_aside(struct journal *j, struct bt_error *err)
{
	char name[4096];

	(void)snprintf(name, sizeof(name), "%s.old", j->path);
	if (rename(j->path, name) != 0)
		return fail_file(j, err);
	log_write(j->log, BT_LOG_WARN, "state", "%.200s is no journal that this version reads; it "
	    "is kept as %.200s", j->path, name);
	(void)close(j->fd);
	j->fd = open(j->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return j->fd < 0 ? fail_file(j, err) : BT_OK;
}

static bool
write_at(int fd, struct bt_slice bytes, uint64_t offset)
{
	while (bytes.len > 0) {
		ssize_t n = pwrite(fd, bytes.ptr, bytes.len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes = slice_of(bytes.ptr + n, bytes.len - (size_t)n);
		offset += (uint64_t)n;
	}
	return true;
}

static enum bt_code
begin_file(struct journal *j, struct bt_error *err)
{
	j->end = HEADER_SIZE;
	if (ftruncate(j->fd, 0) != 0 ||
	    !write_at(j->fd, slice_of(HEADER, HEADER_SIZE), 0) || fdatasync(j->fd) != 0)
		return fail_file(j, err);
	file_sync_folder_of(j->path);
	return BT_OK;
}

/* It was damaged since it was read or written. */
static void
lose(struct journal *j, struct place_of_record *r)
{
	(void)set_aside(j, r->offset, r->offset + size_of(r->len));
	j->live -= size_of(r->len);
	r->lost = true;
}

/* Writes what counts into a new file, and puts that in the place of the old one. */
static enum bt_code
compact(struct journal *j, struct bt_error *err)
{
	struct place_of_record *r;
	struct file_staged staged;
	uint64_t at = HEADER_SIZE;
	size_t pos = 0;
	struct buf buf;
	enum bt_code code = file_stage_sole(j->path, &staged, err);
	int fd;

	if (code != BT_OK)
		return code;
	buf_init(&buf, size_of(JOURNAL_BODY_MAX));
	if (!write_at(staged.fd, slice_of(HEADER, HEADER_SIZE), 0))
		code = fail_file(j, err);
	/* The places change only when it is in force. */
	while (code == BT_OK && (r = map_next(&j->index, &pos)) != NULL) {
		enum verdict v = r->lost ? BAD : read_record(j, r->offset, j->end, &buf);

		if (v == UNREADABLE || (v == GOOD && !write_at(staged.fd, buf_slice(&buf), at)))
			code = fail_file(j, err);
		else if (v == GOOD)
			at += buf.len;
		else if (!r->lost)
			lose(j, r);
	}
	buf_fini(&buf);
	fd = code != BT_OK ? -1 : open(staged.temp, O_RDWR | O_CLOEXEC);
	if (code == BT_OK && (fd < 0 || fsync(fd) != 0))
		code = fail_file(j, err);
	if (code == BT_OK)
		code = file_commit(&staged, err);
	file_staged_fini(&staged);
	if (code != BT_OK) {
		if (fd >= 0)
			(void)close(fd);
		return code;
	}
	file_sync_folder_of(j->path);
	(void)close(j->fd);
	j->fd = fd;
	at = HEADER_SIZE;
	pos = 0;
	while ((r = map_next(&j->index, &pos)) != NULL) {
		r->offset = at;
		at += r->lost ? 0 : size_of(r->len);
	}
	j->end = at;
	return BT_OK;
}

static enum bt_code
read_file(struct journal *j, struct bt_error *err)
{
	char header[HEADER_SIZE];
	enum bt_code code = BT_OK;
	struct stat st;

	j->fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->fd < 0 || fstat(j->fd, &st) != 0)
		return fail_file(j, err);
	/* A crash may have come while it was begun. */
	if ((uint64_t)st.st_size < HEADER_SIZE)
		return begin_file(j, err);
	if (!read_at(j->fd, header, HEADER_SIZE, 0))
		return fail_file(j, err);
	if (memcmp(header, HEADER, HEADER_SIZE) != 0) {
		code = set_file_aside(j, err);
		return code == BT_OK ? begin_file(j, err) : code;
	}
	code = read_records(j, (uint64_t)st.st_size, err);
	/* What is no record must not stand behind the next one. */
	if (code == BT_OK && ftruncate(j->fd, (off_t)j->end) != 0)
		code = fail_file(j, err);
	/* What is kept elsewhere is not to be told of and kept at each opening. */
	if (code == BT_OK && j->damaged && !j->aside_failed)
		(void)compact(j, NULL);
	return code;
}

static enum bt_code
take_folder(struct journal *j, const char *folder, struct bt_error *err)
{
	char path[4096];

	if (mkdir(folder, 0700) != 0 && errno == ENOENT) {
		char *above = file_folder_of(folder);
		enum bt_code code = above == NULL ? fail(err, BT_ENOMEM, "out of memory") :
		    file_make_dirs(above, err);

		mem_free(above);
		if (code != BT_OK)
			return code;
		if (mkdir(folder, 0700) != 0)
			return fail_errno(err, "%.200s", folder);
	}
	(void)snprintf(path, sizeof(path), "%s/lock", folder);
	j->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock_fd < 0)
		return fail_errno(err, "%.200s", path);
	if (flock(j->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return BT_OK;
	return errno == EWOULDBLOCK ? fail(err, BT_EBUSY, "%.180s: another program has its state "
	    "there", folder) : fail_errno(err, "%.200s", path);
}

static char *
path_in(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = mem_alloc(size);

	if (path != NULL)
		(void)snprintf(path, size, "%s/%s", folder, name);
	return path;
}

enum bt_code
journal_open(const char *folder, const struct log *log, struct journal **out,
    struct bt_error *err)
{
	struct journal *j = mem_zero(sizeof(*j));
	uint64_t seed[2];
	enum bt_code code;

	if (j == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	(void)pthread_mutex_init(&j->lock, NULL);
	rng_secret(seed, sizeof(seed));
	map_init(&j->index, JOURNAL_KEY, seed);
	j->log = log;
	j->fd = j->lock_fd = -1;
	j->path = path_in(folder, "torrents");
	j->aside = path_in(folder, "torrents.damaged");
	code = j->path == NULL || j->aside == NULL ? fail(err, BT_ENOMEM, "out of memory") :
	    take_folder(j, folder, err);
	if (code == BT_OK)
		code = read_file(j, err);
	if (code == BT_OK)
		*out = j;
	else
		journal_close(j);
	return code;
}

void
journal_close(struct journal *j)
{
	struct place_of_record *r;
	size_t pos = 0;

	if (j == NULL)
		return;
	while ((r = map_next(&j->index, &pos)) != NULL)
		mem_free(r);
	map_fini(&j->index);
	if (j->fd >= 0)
		(void)close(j->fd);
	if (j->lock_fd >= 0)
		(void)close(j->lock_fd);
	(void)pthread_mutex_destroy(&j->lock);
	mem_free(j->path);
	mem_free(j->aside);
	mem_free(j);
}

size_t
journal_count(struct journal *j)
{
	size_t count;

	(void)pthread_mutex_lock(&j->lock);
	count = j->index.count;
	(void)pthread_mutex_unlock(&j->lock);
	return count;
}

/* -- reading and writing -- */

static enum bt_code
get(struct journal *j, const uint8_t *key, struct buf *out, struct bt_error *err)
{
	const struct place_of_record *r = map_find(&j->index, key);
	uint8_t *p;

	if (r == NULL || r->lost)
		return fail(err, BT_ENOENT, "nothing is known of it");
	p = buf_add_space(out, r->len);
	if (p == NULL)
		return fail(err, BT_ENOMEM, "out of memory");
	return read_at(j->fd, p, r->len, r->offset + HEAD_SIZE) ? BT_OK : fail_file(j, err);
}

enum bt_code
journal_get(struct journal *j, const uint8_t key[JOURNAL_KEY], struct buf *out,
    struct bt_error *err)
{
	enum bt_code code;

	(void)pthread_mutex_lock(&j->lock);
	code = get(j, key, out, err);
	(void)pthread_mutex_unlock(&j->lock);
	return code;
}

static enum bt_code
put(struct journal *j, const struct journal_record *records, size_t count, struct bt_error *err)
{
	enum bt_code code = BT_OK;
	uint64_t at = j->end;
	struct buf out;

	buf_init(&out, SIZE_MAX);
	for (size_t i = 0; i < count; i++)
		add_record(&out, &records[i]);
	if (buf_failed(&out))
		code = fail(err, BT_ENOMEM, "out of memory");
	else if (!write_at(j->fd, buf_slice(&out), at) || fdatasync(j->fd) != 0)
		code = fail_file(j, err);
	if (code == BT_OK)
		j->end = at + out.len;
	else
		/* What was written of it would stand between later records. */
		(void)!ftruncate(j->fd, (off_t)j->end);
	for (size_t i = 0; code == BT_OK && i < count; i++) {
		uint32_t len = (uint32_t)records[i].body.len;

		if (!remember(j, records[i].key, at, len))
			code = fail(err, BT_ENOMEM, "out of memory");
		at += size_of(len);
	}
	buf_fini(&out);
	return code;
}

enum bt_code
journal_put(struct journal *j, const struct journal_record *records, size_t count,
    struct bt_error *err)
{
	enum bt_code code;

	(void)pthread_mutex_lock(&j->lock);
	code = put(j, records, count, err);
	if (code == BT_OK && j->end - j->live > DEAD_WORTH && j->end / 2 > j->live)
		code = compact(j, err);
	(void)pthread_mutex_unlock(&j->lock);
	return code;
}

/* SPDX-License-Identifier: ISC */
#include "state/resume.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/rng.h"
#include "bencode/scan.h"
#include "bencode/write.h"

#define STAMP_SIZE 16u

static void
write_number(struct write *w, const char *key, uint64_t v)
{
	write_key(w, key);
	write_int(w, (int64_t)(v > INT64_MAX ? INT64_MAX : v));
}

void
resume_write(const struct resume *r, struct buf *out)
{
	const struct resume_totals *t = &r->totals;
	struct write w;

	write_init(&w, out);
	write_dict(&w);
	write_number(&w, "active", t->active);
	write_key(&w, "added");
	write_int(&w, t->added);
	write_key(&w, "boot");
	write_slice(&w, slice_of(r->boot, RESUME_BOOT));
	write_key(&w, "completed");
	write_int(&w, t->completed);
	write_number(&w, "downloaded", t->downloaded);
	write_key(&w, "files");
	write_slice(&w, r->stamps);
	if (!r->complete) {
		write_key(&w, "have");
		write_slice(&w, r->have);
	}
	write_key(&w, "path");
	write_slice(&w, r->path);
	write_number(&w, "pieces", r->pieces);
	write_number(&w, "seeding", t->seeding);
	write_number(&w, "synced", r->synced);
	write_number(&w, "uploaded", t->uploaded);
	write_end(&w);
	(void)write_finish(&w);
}

static uint64_t
read_number(struct scan *s)
{
	int64_t v = scan_int(s);

	if (v < 0)
		scan_fail(s, "a negative number");
	return v < 0 ? 0 : (uint64_t)v;
}

static void
read_pieces(struct scan *s, struct resume *r)
{
	uint64_t v = read_number(s);

	if (v > UINT32_MAX)
		scan_fail(s, "too many pieces");
	r->pieces = (uint32_t)v;
}

static void
read_boot(struct scan *s, struct resume *r)
{
	struct bt_slice boot = scan_string(s);

	if (boot.len == RESUME_BOOT)
		memcpy(r->boot, boot.ptr, RESUME_BOOT);
	else
		scan_fail(s, "not 16 bytes");
}

static void
read_value(struct scan *s, struct bt_slice key, struct resume *r)
{
	struct resume_totals *t = &r->totals;

	if (slice_eq_str(key, "active"))
		t->active = read_number(s);
	else if (slice_eq_str(key, "added"))
		t->added = scan_int(s);
	else if (slice_eq_str(key, "boot"))
		read_boot(s, r);
	else if (slice_eq_str(key, "completed"))
		t->completed = scan_int(s);
	else if (slice_eq_str(key, "downloaded"))
		t->downloaded = read_number(s);
	else if (slice_eq_str(key, "files"))
		r->stamps = scan_string(s);
	else if (slice_eq_str(key, "have"))
		r->have = scan_string(s);
	else if (slice_eq_str(key, "path"))
		r->path = scan_string(s);
	else if (slice_eq_str(key, "pieces"))
		read_pieces(s, r);
	else if (slice_eq_str(key, "seeding"))
		t->seeding = read_number(s);
	else if (slice_eq_str(key, "synced"))
		r->synced = read_number(s) != 0;
	else if (slice_eq_str(key, "uploaded"))
		t->uploaded = read_number(s);
	else
		(void)scan_skip(s);
}

enum bt_code
resume_parse(struct bt_slice body, struct resume *out, struct bt_error *err)
{
	struct resume r = { .have = { NULL, 0 } };
	struct bt_slice key;
	struct scan s;

	scan_init(&s, body, SCAN_STRICT);
	scan_dict(&s);
	while (scan_key(&s, &key))
		read_value(&s, key, &r);
	if (!scan_finish(&s))
		return scan_fail_as(&s, "a record of a torrent", err);
	r.complete = r.have.ptr == NULL;
	if (r.stamps.len % STAMP_SIZE != 0 ||
	    (!r.complete && r.have.len != bits_bytes(r.pieces)))
		return fail(err, BT_EFORMAT, "a record of a torrent: parts that do not fit");
	*out = r;
	return BT_OK;
}

uint32_t
resume_stamp_count(const struct resume *r)
{
	return (uint32_t)(r->stamps.len / STAMP_SIZE);
}

struct resume_stamp
resume_stamp_at(const struct resume *r, uint32_t file)
{
	const uint8_t *p = r->stamps.ptr + (size_t)file * STAMP_SIZE;

	return (struct resume_stamp){ get_be64(p), (int64_t)get_be64(p + 8) };
}

void
resume_add_stamp(struct buf *stamps, const struct resume_stamp *stamp)
{
	buf_add_be64(stamps, stamp->size);
	buf_add_be64(stamps, (uint64_t)stamp->mtime);
}

void
resume_this_boot(uint8_t out[RESUME_BOOT])
{
	char text[37] = "", digits[2 * RESUME_BOOT];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	size_t n = 0;

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1) {
		for (const char *p = text; *p != '\0' && n < sizeof(digits); p++) {
			if (*p != '-')
				digits[n++] = *p;
		}
	}
	if (fd >= 0)
		(void)close(fd);
	if (!hex_decode(slice_of(digits, n), out, RESUME_BOOT))
		rng_secret(out, RESUME_BOOT);
}

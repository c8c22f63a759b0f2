/* SPDX-License-Identifier: ISC */
/*
 * Bencode (BEP 3): reading without copies, and writing.
 *
 * A value that was read is its bytes, checked: it borrows them, is passed by value and needs no
 * freeing. A question that does not fit (a key that is not there, the number of a list) gives
 * "none", and every question to none gives none again, so one asks down in one breath:
 *
 *	struct bt_bencode torrent, info;
 *	int64_t length = 0;
 *
 *	if (bt_bencode_parse(bytes, BT_BENCODE_STRICT, &torrent, &err) != BT_OK)
 *		return say(err.text);
 *	info = bt_bencode_find(torrent, "info");
 *	if (bt_bencode_int(bt_bencode_find(info, "piece length"), &length))
 *		...
 *	bt_bencode_start(&it, info);
 *	while (bt_bencode_next(&it, &key, &value))
 *		...
 *
 * doc/example_bencode.c is a whole program.
 */
#ifndef BTCORE_BENCODE_H
#define BTCORE_BENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/error.h>
#include <btcore/slice.h>

enum bt_bencode_kind {
	BT_BENCODE_NONE = 0,
	BT_BENCODE_INT,
	BT_BENCODE_STRING,
	BT_BENCODE_LIST,
	BT_BENCODE_DICT
};

/* A value; its first byte to its last in raw, where it stands. Comes from these functions only:
 * they rely on its having been checked. */
struct bt_bencode {
	struct bt_slice raw;	/* empty: none */
};

/* How strictly to read; or'ed. */
enum bt_bencode_mode {
	BT_BENCODE_STRICT = 0,	/* one canonical value and nothing behind it */
	/* keys may be unsorted or repeated, bytes may follow */
	BT_BENCODE_LENIENT = 1,
	BT_BENCODE_PREFIX = 2	/* bytes may follow: they begin at out->raw.ptr + out->raw.len */
};

/* Checks bytes, which must outlive what is taken from *out. One pass, nothing is allocated, nothing
 * recurses. BT_EFORMAT: says what is wrong at which byte; never canonical in any mode are leading
 * zeros, minus zero and numbers beyond 64 bits. BT_ELIMIT: more than 64 MiB, 16 million values or
 * 128 containers in each other. *out is none on failure. */
enum bt_code bt_bencode_parse(struct bt_slice bytes, unsigned mode, struct bt_bencode *out,
    struct bt_error *err);

enum bt_bencode_kind bt_bencode_kind(struct bt_bencode v);

/* Sets *out, and true, if v is a number. */
bool bt_bencode_int(struct bt_bencode v, int64_t *out);

/* The bytes of a string, not terminated; ptr is NULL if v is none. */
struct bt_slice bt_bencode_string(struct bt_bencode v);

/* The value of a key; if it is there twice, the first. Takes time as the dictionary is long: for
 * many keys walk once. */
struct bt_bencode bt_bencode_find(struct bt_bencode dict, const char *key);
struct bt_bencode bt_bencode_find_slice(struct bt_bencode dict, struct bt_slice key);

/* Element i of a list; takes time as i is large. */
struct bt_bencode bt_bencode_at(struct bt_bencode list, size_t i);

/* Elements of a list, or keys of a dictionary. */
size_t bt_bencode_count(struct bt_bencode v);

/* A walk over a list or a dictionary. */
struct bt_bencode_iter {
	struct bt_slice left;
	bool dict;
};

void bt_bencode_start(struct bt_bencode_iter *it, struct bt_bencode v);

/* The next element; false at the end, at once for what is no container. key (may be NULL) is
 * empty in lists. What was read leniently may have a key twice: both come. */
bool bt_bencode_next(struct bt_bencode_iter *it, struct bt_slice *key, struct bt_bencode *value);

/*
 * Writing. The result is canonical or there is none: keys must come in the order of their bytes,
 * each once and followed by one value, and all that was opened be ended. The first mistake is
 * remembered, later calls do nothing, and bt_bencode_writer_finish says what it was:
 *
 *	w = bt_bencode_writer_new();
 *	bt_bencode_put_dict(w);
 *	bt_bencode_put_key(w, "interval");
 *	bt_bencode_put_int(w, 1800);
 *	bt_bencode_put_end(w);
 *	if (bt_bencode_writer_finish(w, &bytes, &len, &err) != BT_OK)
 *		...
 *	free(bytes);
 */
struct bt_bencode_writer;

/* NULL if there is no memory; all calls take that, finish tells. */
struct bt_bencode_writer *bt_bencode_writer_new(void);

void bt_bencode_put_int(struct bt_bencode_writer *w, int64_t v);
void bt_bencode_put_string(struct bt_bencode_writer *w, const char *text);
void bt_bencode_put_bytes(struct bt_bencode_writer *w, struct bt_slice bytes);
void bt_bencode_put_list(struct bt_bencode_writer *w);
void bt_bencode_put_dict(struct bt_bencode_writer *w);
void bt_bencode_put_key(struct bt_bencode_writer *w, const char *key);
void bt_bencode_put_key_slice(struct bt_bencode_writer *w, struct bt_slice key);

/* Ends the list or dictionary that was opened last. */
void bt_bencode_put_end(struct bt_bencode_writer *w);

/* A value that was read, byte for byte. If it is not canonical, that is a mistake. */
void bt_bencode_put_value(struct bt_bencode_writer *w, struct bt_bencode v);

/* Frees the writer. BT_OK: *bytes is the caller's, for free(3). Otherwise *bytes is NULL;
 * BT_EARG: what was put was no bencode; BT_ENOMEM; BT_ELIMIT: more than 64 MiB. */
enum bt_code bt_bencode_writer_finish(struct bt_bencode_writer *w, uint8_t **bytes, size_t *len,
    struct bt_error *err);

#endif

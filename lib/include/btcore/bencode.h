/* SPDX-License-Identifier: ISC */
/*
 * Bencode (BEP 3): reading without copies, and writing.
 *
 * A value that was read is its bytes, checked: it borrows them, is passed by value and needs no
 * freeing. A question that does not fit (a key that is not there, the number of a list) returns
 * "none", and every question to none returns none again, so questions can be chained:
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

/* A value: raw is its bytes, from the first to the last, where they stand. It must come from these
 * functions, which rely on its having been checked. */
struct bt_bencode {
	struct bt_slice raw;	/* empty: none */
};

/* How strictly to read; the values can be or'ed. */
enum bt_bencode_mode {
	BT_BENCODE_STRICT = 0,	/* one canonical value and nothing behind it */
	/* keys may be unsorted or repeated, bytes may follow */
	BT_BENCODE_LENIENT = 1,
	BT_BENCODE_PREFIX = 2	/* bytes may follow: they begin at out->raw.ptr + out->raw.len */
};

/* Checks bytes, which must outlive what is taken from *out, in one pass and without allocating or
 * recursing. Returns BT_EFORMAT if they are malformed, and err says what is wrong at which byte:
 * in every mode that includes leading zeros, minus zero and numbers beyond 64 bits. Returns
 * BT_ELIMIT if there are more than 64 MiB, 16 million values or 128 nested containers. On failure
 * *out is none. */
enum bt_code bt_bencode_parse(struct bt_slice bytes, unsigned mode, struct bt_bencode *out,
    struct bt_error *err);

enum bt_bencode_kind bt_bencode_kind(struct bt_bencode v);

/* Sets *out and returns true if v is a number. */
bool bt_bencode_int(struct bt_bencode v, int64_t *out);

/* Returns the bytes of a string, not NUL-terminated; ptr is NULL if v is not a string. */
struct bt_slice bt_bencode_string(struct bt_bencode v);

/* Returns the value of a key, the first one if it is there twice. Each call walks the dictionary:
 * to look for many keys, walk it once with bt_bencode_next. */
struct bt_bencode bt_bencode_find(struct bt_bencode dict, const char *key);
struct bt_bencode bt_bencode_find_slice(struct bt_bencode dict, struct bt_slice key);

/* Returns element i of a list, which takes i steps. */
struct bt_bencode bt_bencode_at(struct bt_bencode list, size_t i);

/* Returns how many elements a list has, or keys a dictionary. */
size_t bt_bencode_count(struct bt_bencode v);

/* A walk over a list or a dictionary. */
struct bt_bencode_iter {
	struct bt_slice left;
	bool dict;
};

void bt_bencode_start(struct bt_bencode_iter *it, struct bt_bencode v);

/* Gives the next element, or returns false at the end, which is at once if v was no container. key
 * may be NULL; it is empty in lists. A dictionary that was read leniently may have a key twice:
 * both are given. */
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

/* Returns NULL if there is no memory. All calls accept that, and finish reports it. */
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

/* Writes a value that was read, byte for byte. It is a mistake if that is not canonical. */
void bt_bencode_put_value(struct bt_bencode_writer *w, struct bt_bencode v);

/* Frees the writer. On success *bytes is the caller's, to be freed with free(3). Otherwise *bytes
 * is NULL, and the code is BT_EARG if what was put is no bencode, BT_ENOMEM, or BT_ELIMIT if it is
 * more than 64 MiB. */
enum bt_code bt_bencode_writer_finish(struct bt_bencode_writer *w, uint8_t **bytes, size_t *len,
    struct bt_error *err);

#endif

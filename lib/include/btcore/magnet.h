/* SPDX-License-Identifier: ISC */
/*
 * Magnet URIs (BEP 9, 52, 53): read, changed and written.
 *
 *	bt_magnet_from_metainfo(meta, &m, &err);
 *	bt_magnet_add(m, BT_MAGNET_PEER, peer, &err);
 *	puts(bt_magnet_text(m));
 *	bt_magnet_free(m);
 *
 * What it gives is borrowed from it, until it is changed or freed.
 */
#ifndef BTCORE_MAGNET_H
#define BTCORE_MAGNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <btcore/error.h>
#include <btcore/metainfo.h>
#include <btcore/slice.h>

struct bt_magnet;

enum bt_magnet_list {
	BT_MAGNET_TRACKER,	/* tr: URLs */
	BT_MAGNET_WEB_SEED,	/* ws: URLs */
	BT_MAGNET_PEER		/* x.pe: "host:port", "[IPv6]:port" */
};

/* Files of a selection, by their index in the torrent. */
struct bt_magnet_range {
	uint32_t first, last;
};

/* Reads a URI, which must name an info-hash in hex, in base32 or as a SHA-256 multihash. Anything
 * else in it that is broken or unknown is ignored. *out is the caller's, to be freed. */
enum bt_code bt_magnet_parse(struct bt_slice uri, struct bt_magnet **out, struct bt_error *err);

/* Makes one of a torrent's info-hashes, name, trackers and web seeds. */
enum bt_code bt_magnet_from_metainfo(const struct bt_metainfo *meta, struct bt_magnet **out,
    struct bt_error *err);

/* Makes one of the 20 bytes of a v1 info-hash, the 32 of v2, or both; the other one is NULL. */
enum bt_code bt_magnet_new(const uint8_t *info_hash, const uint8_t *info_hash_v2,
    struct bt_magnet **out, struct bt_error *err);

void bt_magnet_free(struct bt_magnet *m);

/* They return 20 and 32 bytes, or NULL if it has no such info-hash. */
const uint8_t *bt_magnet_info_hash(const struct bt_magnet *m);
const uint8_t *bt_magnet_info_hash_v2(const struct bt_magnet *m);

/* Returns the display name (dn), raw bytes of a stranger; ptr is NULL if there is none. */
struct bt_slice bt_magnet_name(const struct bt_magnet *m);
enum bt_code bt_magnet_set_name(struct bt_magnet *m, struct bt_slice name, struct bt_error *err);

/* No list holds an entry twice, or one that is not of its form. */
size_t bt_magnet_count(const struct bt_magnet *m, enum bt_magnet_list list);
struct bt_slice bt_magnet_get(const struct bt_magnet *m, enum bt_magnet_list list, size_t i);

/* Adds an entry. Returns BT_EARG if it is not of the list's form, BT_EEXIST if it is there already,
 * BT_ELIMIT if the list is full. */
enum bt_code bt_magnet_add(struct bt_magnet *m, enum bt_magnet_list list, struct bt_slice entry,
    struct bt_error *err);

/* The files to be had, in ascending ranges with gaps between them; none: all files (so, BEP 53). */
size_t bt_magnet_range_count(const struct bt_magnet *m);
struct bt_magnet_range bt_magnet_range(const struct bt_magnet *m, size_t i);
bool bt_magnet_selects(const struct bt_magnet *m, uint32_t file);
enum bt_code bt_magnet_select(struct bt_magnet *m, struct bt_magnet_range range,
    struct bt_error *err);

/* Returns the URI, or NULL if there is no memory. */
const char *bt_magnet_text(struct bt_magnet *m);

#endif

/* SPDX-License-Identifier: ISC */
/* A torrent of one file whose hashes nobody asks for. */
#ifndef UNIT_SMALL_META_H
#define UNIT_SMALL_META_H

#include <btcore/metainfo.h>

#include "base/buf.h"
#include "helper.h"

static inline struct bt_metainfo *
small_meta(uint64_t size, uint32_t piece_length)
{
	unsigned pieces = (unsigned)((size + piece_length - 1) / piece_length);
	struct bt_metainfo *meta;
	struct bt_error err;
	struct buf b;

	buf_init(&b, 1u << 20);
	buf_addf(&b, "d4:infod6:lengthi%llue4:name1:f12:piece lengthi%ue6:pieces%u:",
	    (unsigned long long)size, piece_length, pieces * 20);
	memset(buf_add_space(&b, pieces * 20), 'x', pieces * 20);
	buf_add_str(&b, "ee");
	ck_assert_msg(bt_metainfo_parse(buf_slice(&b), &meta, &err) == BT_OK, "%s", err.text);
	buf_fini(&b);
	return meta;
}

#endif

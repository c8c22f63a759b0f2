/* SPDX-License-Identifier: ISC */
/* CRC-32C (Castagnoli), which BEP 40 and BEP 42 take for a hash of addresses: a few bytes at a
 * time, so it goes bit by bit and needs no table. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include "base/slice.h"

uint32_t crc32c(struct bt_slice data);

#endif

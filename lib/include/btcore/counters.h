/* SPDX-License-Identifier: ISC */
/*
 * What a session has counted since it began, and what it holds now, by name: "net.tcp_in",
 * "disk.pieces_bad" ... A counter keeps its name and its place; later versions of the library have
 * more.
 */
#ifndef BTCORE_COUNTERS_H
#define BTCORE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_session;

size_t bt_counter_count(void);

/* Of counter i, which must exist: its name, a sentence about it, and whether it tells what is now
 * (a gauge) or only ever grows. */
const char *bt_counter_name(size_t i);
const char *bt_counter_help(size_t i);
bool bt_counter_is_gauge(size_t i);

/* The place of the counter with this name; bt_counter_count(): there is none. */
size_t bt_counter_find(const char *name);

/* Their values, of one moment and in that order, as many as there is room for. It returns how many
 * counters there are. */
size_t bt_session_counters(struct bt_session *s, uint64_t *values, size_t room);

#endif

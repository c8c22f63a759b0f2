/* SPDX-License-Identifier: ISC */
/* Monotonic time in microseconds. Nobody below net/loop reads a clock: `now` is an argument. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdint.h>

typedef int64_t usec;

#define MSEC ((usec)1000)
#define SECOND ((usec)1000000)
#define MINUTE (60 * SECOND)
#define NEVER INT64_MAX

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A disk that does not answer, or says no: system calls of this runner go through here, and those
 * that meet a file of the device named stand still until it is let go. It also sees who asks: a
 * thread that must not wait for a disk is watched.
 */
#ifndef UNIT_DISK_SLOW_H
#define UNIT_DISK_SLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* From now on reads and writes of at least so many bytes, and closing, stand still. */
void slow_hold(dev_t dev, size_t least);
void slow_let_go(void);

/* Waits until so many calls stand still. */
void slow_wait_for(unsigned calls);

/* Counts the calls of this thread that may wait for a disk, until told how many there were. */
void slow_watch(void);
unsigned slow_seen(void);

/* How many reads any thread began since it was asked last. */
unsigned slow_reads(void);

/* After so many more, so many names cannot be opened below a folder, for want of descriptors. */
void slow_starve(unsigned after, unsigned names);

/* The next reading, or writing, fails with this error. */
void slow_fail_read(int error);
void slow_fail_write(int error);

/* After so many more, copying from file to file fails with this error, once. */
void slow_fail_copy(unsigned after, int error);

#endif

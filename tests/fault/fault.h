/* SPDX-License-Identifier: ISC */
/*
 * System calls that fail when a test says so: a bad day of the disk that nobody has at hand.
 *
 *	fault_set("syncfs EIO /; write ENOSPC /a.torrent 2");
 *
 * makes syncfs fail on all that has a '/' in its path, and the first two calls of write on a
 * file whose path has "/a.torrent" in it; "pread END /a" is a file that ends too early, and
 * "pread HANG /a" one on a disk that never answers. "change DIE /a 7" kills the process before the
 * seventh call that changes or syncs a file with "/a" in its path, "change TEAR /a 7" when it has
 * done it, or half of it if that is a write. fault.c lists the calls and the errors.
 * Programs get rules by the environment, with the library of the build directory preloaded:
 *
 *	FAULT='fsync EIO .torrent' LD_PRELOAD=.libs/fault.so btrename ...
 */
#ifndef FAULT_H
#define FAULT_H

/* From now on these rules hold and no others; NULL: none. Not while another thread works. */
void fault_set(const char *rules);

/* Returns how many calls the rule at this place has met, counting from 0. */
unsigned fault_met(unsigned rule);

#endif

#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Our programs against hostile torrents, trackers, peers and disks, all on loopback.

run.py [--bin BUILD] [--only PATTERN]... [--jobs N] [--list]

A pattern takes cases (wire/dropped-*), or else single behaviours of theirs (wire/choke-flips-*).
"""
import argparse
import concurrent.futures
import fnmatch
import os
import socket
import sys
import threading
import time
import traceback

# The source may be read-only, and stays as it is in any case.
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases_announces  # noqa: E402,F401
import cases_bttrack  # noqa: E402,F401
import cases_disk  # noqa: E402,F401
import cases_peers  # noqa: E402,F401
import cases_rates  # noqa: E402,F401
import cases_requests  # noqa: E402,F401
import cases_torrents  # noqa: E402,F401
import cases_trackers  # noqa: E402,F401
import cases_wire  # noqa: E402,F401
from case import CASES, SINGLES, Env, Skip  # noqa: E402
from wire import Closed  # noqa: E402

TOOLS = ["btdownloadheadless", "btmakemetafile", "btshowmetainfo", "bttrack"]


def has_sanitizer(bin_dir):
    """libtool's wrapper hides the program itself."""
    for path in (os.path.join(bin_dir, ".libs", TOOLS[0]), os.path.join(bin_dir, TOOLS[0])):
        if os.path.exists(path):
            with open(path, "rb") as f:
                return b"__asan_init" in f.read()
    return False


def where_in_cases(error):
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "cases_" in f.filename]
    if not frames:
        return ""
    return " [%s:%d]" % (os.path.basename(frames[-1].filename), frames[-1].lineno)


def run_case(name, fn, bin_dir, number, asan):
    """"ok", "FAIL" or "SKIP", what to say, and the seconds it took."""
    started = time.monotonic()
    env = Env(bin_dir, number, asan)
    result, text = "ok", ""
    try:
        fn(env)
    except Skip as why:
        result, text = "SKIP", str(why)
    except (AssertionError, Closed, OSError, socket.timeout, ValueError, KeyError) as error:
        result = "FAIL"
        text = "%s%s" % (error if str(error) else type(error).__name__, where_in_cases(error))
    except Exception:
        result, text = "FAIL", traceback.format_exc()
    crash = env.close()
    if crash:
        result, text = "FAIL", crash + "\n" + text
    return result, text, time.monotonic() - started


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--bin", default=".", help="directory of the built programs")
    parser.add_argument("--only", action="append", help="pattern of case names; may be repeated")
    parser.add_argument("--jobs", type=int, default=6, help="cases at once")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    return parser.parse_args()


def choose(patterns):
    """What each pattern takes of the cases; one that takes none of them, of the singles."""

    def taken(pattern, cases):
        return [c for c in cases if fnmatch.fnmatch(c[0], pattern)]

    chosen = CASES if not patterns else []
    for pattern in patterns or []:
        found = taken(pattern, CASES) or taken(pattern, SINGLES)
        if not found:
            sys.exit("no case is called %s" % pattern)
        chosen += [c for c in found if c not in chosen]
    return chosen


def main():
    args = arguments()
    chosen = choose(args.only)
    if args.list:
        for name, _ in chosen if args.only else CASES + SINGLES:
            print(name)
        return 0
    missing = [t for t in TOOLS if not os.access(os.path.join(args.bin, t), os.X_OK)]
    if missing:
        print("not in %s: %s" % (args.bin, ", ".join(missing)), file=sys.stderr)
        return 2
    counts = {"ok": 0, "FAIL": 0, "SKIP": 0}
    lock = threading.Lock()
    bin_dir = os.path.abspath(args.bin)
    asan = has_sanitizer(bin_dir)

    def one(numbered):
        number, (name, fn) = numbered
        result, text, seconds = run_case(name, fn, bin_dir, number, asan)
        with lock:
            counts[result] += 1
            print("%-4s %-45s %5.1f s  %s" % (result, name, seconds, text), flush=True)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(one, enumerate(chosen)))
    print("%d passed, %d failed, %d skipped" % (counts["ok"], counts["FAIL"], counts["SKIP"]))
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())

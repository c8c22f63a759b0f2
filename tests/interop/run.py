#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Transfers between btcore and BitTorrent clients that others wrote, each in a network of its own.

Every scenario runs in a child of this program with its own network namespace: the same addresses
and ports in each, nothing to be seen from outside, several at once. What is transferred is compared
byte by byte.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

# The source may be read-only, and stays as it is in any case.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import npm  # noqa: E402
from content import Content, info_hash, make_torrent, write_torrent  # noqa: E402
from peers import KINDS  # noqa: E402
from process import Died, describe, die_with_parent, wait_for  # noqa: E402
from scenarios import NETWORKS, all_scenarios  # noqa: E402
from trackers import TRACKERS  # noqa: E402

TAIL = 25
GRACE = 60  # seconds beyond its own timeout that a scenario gets to end cleanly

# Also its own process ids, where allowed: then nothing can outlive a scenario, whatever happens.
PIDS = ["--pid", "--fork", "--kill-child", "--mount-proc"]
UNSHARE = [
    ["unshare", "--net"] + PIDS,
    ["unshare", "--net"],
    ["unshare", "--map-root-user", "--net"] + PIDS,
    ["unshare", "--map-root-user", "--net"],
]


class Settings:
    def __init__(self, bin_dir, subject):
        self.bin = bin_dir
        self.subject = subject
        # Debian's modules belong to Debian's interpreter.
        self.python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
        with open("/proc/self/uid_map") as f:
            self.only_root_is_mapped = f.read().split()[2] == "1"

    def tool(self, name):
        """Path of one of our programs, or None."""
        for where in (self.bin, os.path.join(self.bin, "tools"), os.path.join(self.bin, "tracker")):
            path = os.path.join(where, name)
            if os.access(path, os.X_OK) and os.path.isfile(path):
                return path
        return None


def set_up_network(network):
    commands = [["ip", "link", "set", "lo", "up"]]
    # IPv4 always: without an address of its own libevent, and so Transmission, does not even
    # find 127.0.0.1.
    for address in NETWORKS["ipv4"][1]:
        commands.append(["ip", "addr", "add", address + "/32", "dev", "lo"])
    if NETWORKS[network][0] == 6:
        for address in NETWORKS["ipv6"][1]:
            commands.append(["ip", "addr", "add", address + "/128", "dev", "lo", "nodad"])
    for command in commands:
        subprocess.run(command, check=True)


class Run:
    """One scenario from the first process to the last comparison."""

    def __init__(self, scenario, home, settings):
        self.scenario = scenario
        self.home = home
        self.settings = settings
        self.content = Content(scenario.content)
        self.torrent = os.path.join(home, "it.torrent")
        self.deadline = time.monotonic() + scenario.timeout
        self.peers = []
        self.tracker = None
        self.had = 0  # bytes that the leech had when it was broken off
        self.found = []  # faults so far

    def new_peer(self, kind):
        number = len(self.peers) + 1
        address = NETWORKS[self.scenario.network][1][number]
        name = "%d-%s" % (number, kind)
        peer = KINDS[kind](
            name, os.path.join(self.home, name), address, 7000 + 10 * number, self.settings
        )
        self.peers.append(peer)
        return peer

    def check(self):
        self.tracker.process.check_alive()
        for peer in self.peers:
            peer.check()

    def wait(self, what, condition):
        def asked():
            self.check()
            return condition()

        wait_for(what, asked, self.deadline)

    def start_tracker(self):
        address = NETWORKS[self.scenario.network][1][0]
        self.tracker = TRACKERS[self.scenario.tracker](
            os.path.join(self.home, "tracker"), address, self.settings
        )
        if self.scenario.piece_length:
            write_torrent(
                self.tracker.announce_url, self.content, self.torrent, self.scenario.piece_length
            )
        else:
            self.make_torrent()
        self.hash = info_hash(self.torrent)
        self.tracker.start(self.hash)
        wait_for("the tracker answers", self.tracker.answers, self.deadline, [self.tracker.process])

    def make_torrent(self):
        source = os.path.join(self.home, "source")
        self.content.make(source)
        maker = self.settings.tool("btmakemetafile") if self.settings.subject == "us" else None
        make_torrent(self.tracker.announce_url, self.content.path(source, ""), self.torrent, maker)
        shutil.rmtree(source)

    def start_seed(self):
        seed = self.new_peer(self.scenario.seed)
        self.content.make(seed.where)
        seed.start_seed(self.torrent, self.content, self.scenario.limit)
        # A leech that asks before the tracker knows the seed may not ask again for half an hour.
        self.wait(
            "the tracker knows the seed", lambda: self.tracker.count(self.hash, b"complete") > 0
        )

    def start_leeches(self):
        pair = len(self.scenario.leeches) == 1
        # Those that take their time go first.
        for kind in sorted(self.scenario.leeches, key=lambda k: -KINDS[k].start_time):
            leech = self.new_peer(kind)
            if self.scenario.damaged:
                self.content.make(leech.where)
                self.content.damage(leech.where)
            leech.start_leech(self.torrent, self.content, leave=pair)
            if self.scenario.broken_off:
                self.break_off(leech)
                leech.start_leech(self.torrent, self.content, leave=pair)

    def break_off(self, leech):
        self.wait(
            "%s has some of it" % leech.name,
            lambda: leech.told("done") and leech.told("done") > 0.4 * self.content.size,
        )
        self.had, fault = leech.break_off(getattr(signal, self.scenario.broken_off))
        self.found += [fault] if fault else []

    def faults_of_waste(self):
        """Of our own leeches, once they have ended: who fetched anything twice?"""
        faults = []
        for leech in self.peers[1:]:
            if not isinstance(leech, KINDS["us"]):
                continue
            fetched, wasted = leech.told("downloaded"), leech.told("wasted")
            # With several sources the last blocks are asked of more than one.
            most = self.content.size // 10 if len(self.peers) > 2 else 0
            if wasted > most:
                faults.append("%s wasted %d bytes" % (leech.name, wasted))
            if fetched - wasted > self.content.size - self.had:
                faults.append(
                    "%s had %d of %d bytes, and fetched %d"
                    % (leech.name, self.had, self.content.size, fetched)
                )
        return faults

    def faults_of_trade(self):
        if len(self.scenario.leeches) == 1 or not self.scenario.limit:
            return []
        sent = self.peers[0].uploaded()
        all_of_it = self.content.size * len(self.scenario.leeches)
        if sent is None:
            return []
        print(
            "# the seed sent %.2f copies to %d leeches"
            % (sent / self.content.size, len(self.scenario.leeches))
        )
        if sent > 0.75 * all_of_it:
            return ["the leeches hardly traded: the seed sent %d of %d bytes" % (sent, all_of_it)]
        return []

    def faults_of_stopping(self):
        """Those that take leave of the tracker go first; then it must not know them any more."""
        faults = []
        polite = [p for p in self.peers if p.says_goodbye]
        others = [p for p in self.peers if not p.says_goodbye]
        # Who was killed came back under another peer id.
        left = len(others) + (self.scenario.broken_off == "SIGKILL")
        for peer in polite:
            faults.append(peer.stop())

        def known():
            return self.tracker.count(self.hash, b"complete") + self.tracker.count(
                self.hash, b"incomplete"
            )

        if polite:
            try:
                wait_for("", lambda: known() <= left, time.monotonic() + 3)
            except TimeoutError:
                faults.append(
                    "the tracker still knows %d peers where %d are left (no `stopped` from %s?)"
                    % (known(), left, ", ".join(p.name for p in polite))
                )
        for peer in others:
            faults.append(peer.stop())
        status = self.tracker.process.stop()
        if self.tracker.ends_well and status != 0:
            faults.append("the tracker at SIGTERM: " + describe(status))
        return [f for f in faults if f]

    def stop_everything(self):
        for peer in self.peers:
            if peer.process:
                peer.process.kill()
        if self.tracker and self.tracker.process:
            self.tracker.process.kill()

    def faults(self):
        """What went wrong, one line each."""
        try:
            set_up_network(self.scenario.network)
            self.start_tracker()
            self.start_seed()
            self.start_leeches()
            leeches = self.peers[1:]
            for leech in leeches:
                self.wait("%s is complete" % leech.name, leech.is_done)
            self.found += self.faults_of_trade()
            self.found += self.faults_of_stopping()
            self.found += self.faults_of_waste()
            for peer in self.peers:
                self.found += [
                    "%s: %s" % (peer.name, f)
                    for f in self.content.compare(peer.where, peer.litter, peer.empty_files)
                ]
            return self.found
        except (
            Died,
            TimeoutError,
            RuntimeError,
            OSError,
            subprocess.SubprocessError,
            ValueError,
        ) as error:
            return [
                "%s" % error
                if isinstance(error, (Died, TimeoutError, RuntimeError))
                else "%s: %s" % (type(error).__name__, error)
            ] + self.state()
        finally:
            self.stop_everything()

    def state(self):
        lines = []
        for peer in self.peers[1:]:
            try:
                lines.append(
                    "%s %s" % (peer.name, "was complete" if peer.is_done() else "was not complete")
                )
            except (OSError, ValueError, AttributeError):
                pass
        return lines


def inside(args):
    """In the namespace: run the one scenario, say on stdout what is wrong."""
    scenario = next(s for s in scenarios(args) if s.name == args.inside)
    settings = Settings(args.bin, args.subject)
    if isinstance(scenario, npm.Scenario):
        set_up_network(scenario.network)
        faults = npm.Run(scenario, args.dir, settings).faults(NETWORKS[scenario.network][1][0])
    else:
        faults = Run(scenario, args.dir, settings).faults()
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def isolation():
    for argv in UNSHARE:
        try:
            if (
                subprocess.run(
                    argv + ["ip", "link", "set", "lo", "up"],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=10,
                ).returncode
                == 0
            ):
                return argv
        except (OSError, subprocess.SubprocessError):
            pass
    return None


class Suite:
    def __init__(self, args, settings):
        self.args = args
        self.settings = settings
        self.isolation = isolation()
        self.has_ipv6 = os.path.exists("/proc/net/if_inet6")
        self.missing = {}
        self.lock = threading.Lock()
        self.running = set()
        self.stopping = False
        self.home = tempfile.mkdtemp(prefix="btcore-interop-")
        self.npm = npm.Package(self.home)
        os.environ["BTCORE_NPM"] = self.npm.modules

    def why_not(self, scenario):
        """The reason to skip it, or None."""
        if not self.isolation:
            return "no network namespace (needs unshare and ip, and root or user namespaces)"
        if NETWORKS[scenario.network][0] == 6 and not self.has_ipv6:
            return "no IPv6 here"
        missing = []
        for kind in scenario.kinds:
            missing += self.missing_for(KINDS[kind])
        missing += self.missing_for(TRACKERS[scenario.tracker])
        if isinstance(scenario, npm.Scenario):
            missing += self.npm.missing()
        return "not installed: " + ", ".join(sorted(set(missing))) if missing else None

    def missing_for(self, kind):
        if kind not in self.missing:
            self.missing[kind] = kind.missing(self.settings)
        return self.missing[kind]

    def run_one(self, number, scenario):
        """Returns (verdict, seconds, text to show)."""
        if self.stopping:
            return "SKIP", 0, "interrupted"
        home = os.path.join(self.home, "%02d" % number)
        os.mkdir(home)
        argv = self.isolation + [
            sys.executable,
            os.path.abspath(__file__),
            "--inside",
            scenario.name,
            "--dir",
            home,
            "--bin",
            self.args.bin,
            "--subject",
            self.args.subject,
        ]
        argv += ["--plain-tracker"] if self.args.plain_tracker else []
        began = time.monotonic()
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        with self.lock:
            self.running.add(child)
        try:
            output, _ = child.communicate(timeout=scenario.timeout + GRACE)
            text = output.decode(errors="replace")
        except subprocess.TimeoutExpired:
            self.end(child)
            text = "the scenario itself hung\n" + child.communicate()[0].decode(errors="replace")
        with self.lock:
            self.running.discard(child)
        seconds = time.monotonic() - began
        good = child.returncode == 0
        if not good:
            text += self.tails(home)
        if self.args.keep:
            text += "kept: %s\n" % home
        else:
            shutil.rmtree(home, ignore_errors=True)
        return "ok" if good else "FAIL", seconds, text

    @staticmethod
    def end(child):
        # unshare keeps signals from itself while it waits, and takes its child with it when killed.
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()

    def tails(self, home):
        text = ""
        for name in sorted(os.listdir(home)):
            if not name.endswith(".log"):
                continue
            with open(os.path.join(home, name), "rb") as f:
                lines = f.read().decode(errors="replace").replace("\r", "\n").splitlines()
            # Our own questions to the tracker.
            lines = [line for line in lines if "GET /scrape?" not in line]
            text += "---- %s (last of %d lines)\n" % (name, len(lines))
            text += "".join("     %s\n" % line[:300] for line in lines[-TAIL:])
        return text

    def report(self, verdict, scenario, seconds, text):
        # Remarks of a good run are for --keep and --verbose.
        print("%-4s  %-52s  %5.1f" % (verdict, scenario.name, seconds), flush=True)
        if text and (verdict != "ok" or self.args.keep or self.args.verbose):
            print("".join("      %s\n" % line for line in text.splitlines()), end="", flush=True)

    def run(self, chosen):
        counts = {"ok": 0, "FAIL": 0, "SKIP": 0}

        def note(verdict, scenario, seconds, text):
            counts[verdict] += 1
            self.report(verdict, scenario, seconds, text)

        todo = []
        for scenario in chosen:
            why = self.why_not(scenario)
            if why:
                note("SKIP", scenario, 0, why)
            else:
                todo.append(scenario)
        todo.sort(key=lambda s: s.weight())
        with concurrent.futures.ThreadPoolExecutor(self.args.jobs) as pool:
            try:
                futures = {pool.submit(self.run_one, i, s): s for i, s in enumerate(todo)}
                for future in concurrent.futures.as_completed(futures):
                    verdict, seconds, text = future.result()
                    note(verdict, futures[future], seconds, text)
            except BaseException:
                self.stopping = True
                with self.lock:
                    children = list(self.running)
                for child in children:
                    self.end(child)
                raise
        return counts

    def close(self):
        if not self.args.keep:
            shutil.rmtree(self.home, ignore_errors=True)


def scenarios(args):
    # To prove the harness without our tools, a plain tracker stands in for ours.
    ours = args.subject == "us" or Settings(args.bin, args.subject).tool("bttrack")
    if args.plain_tracker or not ours:
        return all_scenarios(args.subject, "plain")
    return all_scenarios(args.subject, "bttrack") + npm.all_scenarios()


def matches(name, patterns):
    return not patterns or any(p in name or fnmatch.fnmatch(name, p) for p in patterns)


def options():
    here = os.path.dirname(os.path.abspath(__file__))
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument(
        "--bin",
        default=os.environ.get("BTCORE_BIN", os.path.dirname(os.path.dirname(here))),
        metavar="DIR",
        help="where our programs are (default: $BTCORE_BIN, else the top of the source)",
    )
    p.add_argument(
        "--only",
        action="append",
        metavar="PATTERN",
        help="only scenarios whose name contains or matches PATTERN; may be repeated",
    )
    p.add_argument(
        "--subject",
        default="us",
        choices=sorted(KINDS),
        help="the client to try against all others; anything but `us` tries the harness itself",
    )
    p.add_argument("--jobs", type=int, default=3, metavar="N", help="scenarios at once (default 3)")
    p.add_argument("--keep", action="store_true", help="keep the directories with data and logs")
    p.add_argument(
        "--verbose", action="store_true", help="also the remarks of scenarios that passed"
    )
    p.add_argument("--list", action="store_true", help="only print the names")
    p.add_argument(
        "--plain-tracker", action="store_true", help="a logging tracker in the place of bttrack"
    )
    p.add_argument("--inside", help=argparse.SUPPRESS)
    p.add_argument("--dir", help=argparse.SUPPRESS)
    args = p.parse_args()
    args.bin = os.path.abspath(args.bin)
    return args


def main():
    args = options()
    if args.inside:
        return inside(args)
    chosen = [s for s in scenarios(args) if matches(s.name, args.only)]
    if args.list:
        print("".join(s.name + "\n" for s in chosen), end="")
        return 0
    if not chosen:
        print("run.py: no scenario matches", file=sys.stderr)
        return 2
    settings = Settings(args.bin, args.subject)
    if args.subject == "us":
        for tool in ("btmakemetafile", "bttrack", "btdownloadheadless"):
            if not settings.tool(tool):
                print("run.py: no %s in %s (see --bin)" % (tool, args.bin), file=sys.stderr)
                return 2
    suite = Suite(args, settings)
    try:
        counts = suite.run(chosen)
    except KeyboardInterrupt:
        print("run.py: interrupted", file=sys.stderr)
        return 130
    finally:
        suite.close()
    print("%d passed, %d failed, %d skipped" % (counts["ok"], counts["FAIL"], counts["SKIP"]))
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())

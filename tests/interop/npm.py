# SPDX-License-Identifier: ISC
"""The tracker client of the web, npm's bittorrent-tracker, asks our tracker for peers.

It is fetched from npm's registry for the time of the run, and nothing else needs it: without npm,
node or the network these scenarios are skipped, and say so.
"""
import os
import shutil
import subprocess
import time
from dataclasses import dataclass

from process import Died, describe, wait_for
from trackers import PORT, TRACKERS, host

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "bittorrent-tracker@10"  # the last that needs no compiled code
OLDEST_NODE = 18
INSTALL_TIME = 90


@dataclass
class Scenario:
    scheme: str
    network: str
    tracker: str = "bttrack"
    kinds: tuple = ()
    timeout: int = 40

    @property
    def name(self):
        return "npm-client/%s/%s" % (self.scheme, self.network)

    def weight(self):
        return -self.timeout


def all_scenarios():
    # Its UDP is IPv4 alone.
    return [Scenario("http", "ipv4"), Scenario("http", "ipv6"), Scenario("udp", "ipv4")]


class Package:
    """Installed when first asked for, into a directory that the caller removes."""

    def __init__(self, home):
        self.home = os.path.join(home, "npm")
        self.why_not = None
        self.tried = False

    @property
    def modules(self):
        return os.path.join(self.home, "node_modules")

    def missing(self):
        if not self.tried:
            self.tried = True
            self.why_not = self.install()
        return [self.why_not] if self.why_not else []

    def install(self):
        """What is missing, or None."""
        for program in "node", "npm":
            if not shutil.which(program):
                return program
        os.mkdir(self.home)
        env = dict(os.environ, HOME=self.home, npm_config_cache=os.path.join(self.home, "cache"))
        quiet = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT,
                 "stdout": subprocess.PIPE, "text": True, "env": env, "cwd": self.home}
        try:
            version = subprocess.run(["node", "--version"], timeout=10, **quiet).stdout
            if int(version.strip().lstrip("v").split(".")[0]) < OLDEST_NODE:
                return "a node as new as %d" % OLDEST_NODE
            options = ["--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund",
                       "--fetch-retries=0", "--fetch-timeout=20000"]
            done = subprocess.run(["npm", "install"] + options + [PACKAGE], timeout=INSTALL_TIME,
                                  **quiet)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return "%s (%s)" % (PACKAGE, error)
        if done.returncode != 0:
            lines = [line for line in done.stdout.splitlines() if "ERR!" in line or "error" in line]
            return "%s (%s)" % (PACKAGE, lines[0] if lines else "npm failed")
        return None


class Run:
    """One scenario; the network is there."""

    def __init__(self, scenario, home, settings):
        self.scenario = scenario
        self.home = home
        self.settings = settings

    def faults(self, address):
        tracker = TRACKERS[self.scenario.tracker](
            os.path.join(self.home, "tracker"), address, self.settings
        )
        try:
            tracker.start(bytes(20))
            wait_for("the tracker answers", tracker.answers, time.monotonic() + 15,
                     [tracker.process])
            faults = self.ask("%s://%s:%d/announce" % (self.scenario.scheme, host(address), PORT))
            status = tracker.process.stop()
            if status != 0:
                faults.append("the tracker at SIGTERM: " + describe(status))
            return faults
        except (Died, TimeoutError, OSError, subprocess.SubprocessError) as error:
            return [str(error)]
        finally:
            if tracker.process:
                tracker.process.kill()

    def ask(self, url):
        done = subprocess.run(
            ["node", os.path.join(HERE, "npm_client.mjs"), os.environ["BTCORE_NPM"], url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
        )
        return [] if done.returncode == 0 else [done.stdout]

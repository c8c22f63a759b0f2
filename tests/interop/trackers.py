# SPDX-License-Identifier: ISC
"""The trackers: ours, opentracker, and a plain one that logs every announce."""
import os
import sys
import shutil
import urllib.error
import urllib.parse
import urllib.request

from content import bdecode
from process import Process

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 6969


def host(address):
    return "[%s]" % address if ":" in address else address


class Tracker:
    needs = ()
    scheme = "http"
    families = (4, 6)
    ends_well = False  # whether a signal must end it with success

    def __init__(self, home, address, settings):
        self.home = home
        self.address = address
        self.settings = settings
        self.process = None
        os.makedirs(home)

    @classmethod
    def missing(cls, settings):
        return [n for n in cls.needs if not shutil.which(n)]

    @property
    def announce_url(self):
        return "%s://%s:%d/announce" % (self.scheme, host(self.address), PORT)

    def launch(self, argv, **more):
        self.process = Process(
            argv, os.path.join(os.path.dirname(self.home), "tracker.log"), **more
        )

    def answers(self):
        try:
            self.fetch("/scrape?info_hash=" + "%00" * 20)
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def fetch(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open("http://%s:%d%s" % (host(self.address), PORT, path), timeout=3) as reply:
            return reply.read()

    def count(self, info_hash, key):
        """`complete` or `incomplete` as the tracker's scrape tells it; 0 if it knows nothing."""
        try:
            reply, _ = bdecode(
                self.fetch("/scrape?info_hash=" + urllib.parse.quote(info_hash, safe=""))
            )
        except (OSError, ValueError):
            return 0
        if not isinstance(reply, dict):
            return 0
        return reply.get(b"files", {}).get(info_hash, {}).get(key, 0)


class Bttrack(Tracker):
    ends_well = True

    def start(self, info_hash):
        # A short interval, so that whoever asked too early asks again within the scenario's time.
        self.launch(
            [
                self.settings.tool("bttrack"),
                "--port",
                str(PORT),
                "--dfile",
                os.path.join(self.home, "dfile"),
                "--bind",
                self.address,
                "--reannounce_interval",
                "15",
                "--nat_check",
                "0",
            ],
            cwd=self.home,
        )

    @classmethod
    def missing(cls, settings):
        return [] if settings.tool("bttrack") else ["bttrack"]


class BttrackUdp(Bttrack):
    scheme = "udp"


class Opentracker(Tracker):
    needs = ("opentracker",)
    families = (4,)  # Debian's build

    def start(self, info_hash):
        whitelist = os.path.join(self.home, "whitelist")
        with open(whitelist, "w") as f:
            f.write(info_hash.hex() + "\n")
        os.chmod(self.home, 0o755)
        argv = [
            "opentracker",
            "-i",
            self.address,
            "-p",
            str(PORT),
            "-P",
            str(PORT),
            "-d",
            self.home,
        ]
        if self.settings.only_root_is_mapped:
            # It refuses to stay root, and there is no nobody to become: so be somebody else before.
            self.launch(
                ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
                + argv
                + ["-w", whitelist]
            )
        else:
            # As root it changes its root to the directory and reads the list there as user nobody.
            self.launch(argv + ["-u", "nobody", "-w", "/whitelist"])


class OpentrackerUdp(Opentracker):
    scheme = "udp"


class Plain(Tracker):
    """Stands in for bttrack to prove the harness itself, and shows what a client announces."""

    def start(self, info_hash):
        self.launch(
            [sys.executable, os.path.join(HERE, "plain_tracker.py"), self.address, str(PORT)]
        )


TRACKERS = {
    "bttrack": Bttrack,
    "bttrack-udp": BttrackUdp,
    "opentracker": Opentracker,
    "opentracker-udp": OpentrackerUdp,
    "plain": Plain,
}

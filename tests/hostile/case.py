# SPDX-License-Identifier: ISC
"""What a case gets: addresses and a directory of its own, and our programs; the list of cases."""
import functools
import os
import shutil
import subprocess
import tempfile
import threading
import time

from content import Content
from listener import Listener
from tool import Client, Tool
from wire import Closed, Wire, dial

CASES = []
SINGLES = []  # behaviours that a case runs together with others: run alone when asked for by name
CLIENT_PORT = 6881

# Whom permissions hold for: root starts such programs as nobody.
PLAIN_USER = 65534 if os.getuid() == 0 else None


class Skip(Exception):
    """The case cannot run here; says why."""


def case(group, name, *args, into=CASES):
    """Puts a function into the list; args are handed to it after the Env."""

    def add(fn):
        into.append(("%s/%s" % (group, name), functools.partial(_call, fn, args)))
        return fn

    return add


def batches(group, name, listed, size, run):
    """Cases of `size` behaviours each, dialled and incoming, and each behaviour as a single."""
    for way in ("dialled", "incoming"):
        for start in range(0, len(listed), size):
            batch = listed[start : start + size]
            case(group, "%s-%s-%d" % (name, way, start // size), batch, way)(run)
        for one in listed:
            case(group, "%s-%s" % (one[0], way), [one], way, into=SINGLES)(run)


def _call(fn, args, env):
    fn(env, *args)


class Env:
    def __init__(self, bin_dir, number, asan):
        self.bin = bin_dir
        self.asan = asan
        self.home = tempfile.mkdtemp(prefix="btcore-hostile.")
        os.chmod(self.home, 0o755)
        # Every case has its own part of 127.0.0.0/8: bans and limits go by address.
        self.net = "127.%d.%d." % (64 + os.getpid() % 128, number)
        self.tools = []
        self.things = []
        self.closed = False
        self.content = Content()

    def ip(self, n):
        return self.net + str(n)

    def path(self, *names):
        return os.path.join(self.home, *names)

    def keep(self, thing):
        """To be closed at the end."""
        self.things.append(thing)
        return thing

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    # -- programs --

    def tool(self, name, *args, kind=Tool, **more):
        home = tempfile.mkdtemp(prefix=name + ".", dir=self.home)
        os.chmod(home, 0o755)
        more.setdefault("cwd", self.home)
        tool = kind(self.bin, name, args, home, **more)
        self.tools.append(tool)
        return tool

    def refused(self, name, *args, seconds=20, **more):
        """The program ends with one clear line, and says by its status what is bad; gives the
        line."""
        status = 5 if name == "btdownloadheadless" else 1
        tool = self.tool(name, *args, **more)
        got = tool.wait(seconds)
        assert tool.crash() is None, tool.crash()
        assert got == status, "%s: exit status %s: %r" % (name, got, tool.err()[:300])
        return tool.one_line()

    def client(self, torrent, *options, saveas="data", address=1, **more):
        """A running btdownloadheadless at ip(address):6881."""
        if isinstance(torrent, bytes):
            torrent = self.write("it.torrent", torrent)
        where = ["--saveas", self.path(saveas)] if saveas else []
        return self.tool(
            "btdownloadheadless",
            torrent,
            *where,
            *("--json 1 --verbose 1 --display_interval 0.1".split()),
            "--bind",
            self.ip(address),
            "--minport",
            str(CLIENT_PORT),
            "--maxport",
            str(CLIENT_PORT),
            *options,
            kind=Client,
            **more,
        )

    def bound(self, tool, mib):
        """Memory stays below; a sanitizer needs more of it."""
        limit = mib * 3 + 100 if self.asan else mib
        peak = tool.peak()
        assert peak <= limit, "%s used %.0f MiB, more than %d" % (tool.name, peak, limit)

    def ends_well(self, client, status=0, where="data"):
        """SIGTERM ends it in time with that status; what was downloaded is right."""
        got = client.stop()
        assert client.crash() is None, client.crash()
        assert got == status, "exit status %s for %s: %s" % (got, status, client.log()[-300:])
        if status == 0 and where:
            self.content.check(self.path(where))

    # -- peers --

    def dial(self, n, peer_id=None, address=1):
        """A connection from ip(n) to the client."""
        wire = dial(
            (self.ip(address), CLIENT_PORT),
            self.content,
            peer_id or b"-XX0001-%012d" % n,
            self.ip(n),
        )
        return self.keep(wire)

    def listen(self, n, handle, peer_id=None):
        """A peer at ip(n) that waits to be dialled; handle gets the Wire of each connection."""

        def run(sock):
            handle(Wire(sock, self.content, peer_id or b"-XX0001-%012d" % n))

        return self.keep(Listener(self.ip(n), CLIENT_PORT, run))

    def good_seed(self, n=20, delay=0):
        """Dials the client until it answers and serves it all there is, in a thread."""

        def run():
            end = time.monotonic() + 10
            time.sleep(delay)
            while time.monotonic() < end and not self.closed:
                try:
                    wire = self.dial(n, b"-GOOD01-%012d" % n)
                    wire.pretend_to_seed()
                    wire.serve()
                    return
                except (OSError, Closed):  # what matters is seen at the client
                    time.sleep(0.1)

        threading.Thread(target=run, daemon=True).start()

    def listening_seed(self, n=20, before=None):
        def run(wire):
            if before:
                before()
            wire.pretend_to_seed()
            wire.serve()

        return self.listen(n, run, b"-GOOD01-%012d" % n).address

    # -- the end --

    def close(self):
        """Gives what crashed, or None."""
        crash = None
        self.closed = True
        for thing in self.things:
            try:
                thing.close()
            except OSError:
                pass
        for tool in self.tools:
            tool.kill()
            crash = crash or tool.crash()
        subprocess.run(["chmod", "-R", "u+rwX", self.home], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.home, ignore_errors=True)
        return crash

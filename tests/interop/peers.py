# SPDX-License-Identifier: ISC
"""One class a kind of client. All are driven alike: start, ask, stop.

`where` is the directory of the torrent's top entry. A seed has its content there already;
nothing else differs, for in BitTorrent a seed is a client that finds everything in place.
"""
import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

from process import Process, describe

HERE = os.path.dirname(os.path.abspath(__file__))
KIB = 1024


class Peer:
    needs = ()  # programs on the PATH
    families = (4, 6)
    udp_families = (4, 6)  # of trackers that it reaches by UDP
    loopback = True  # whether it talks to 127.0.0.1 and ::1
    litter = ()  # endings of files that it leaves beside the content
    empty_files = True  # whether it makes them
    start_time = 10  # seconds it may take until the first data
    says_goodbye = False  # whether it has told the tracker by the time that it ends
    stop_signal = signal.SIGTERM
    stop_time = 10

    def __init__(self, name, home, address, port, settings):
        self.name = name
        self.home = home
        self.address = address
        self.port = port
        self.settings = settings
        self.where = os.path.join(home, "data")
        self.process = None
        self.leaves = False
        os.makedirs(self.where)

    @classmethod
    def missing(cls, settings):
        return [n for n in cls.needs if not shutil.which(n)]

    def start_seed(self, torrent, content, limit=0):
        """`limit` in KiB/s, 0 for none."""
        self.start(torrent, content, limit)

    def start_leech(self, torrent, content, leave=False):
        """`leave`: end by itself as soon as it is complete, where the client can."""
        self.leaves = leave
        self.start(torrent, content, 0)

    def start(self, torrent, content, limit):
        raise NotImplementedError

    def launch(self, argv, **more):
        env = {
            "HOME": self.home,
            "XDG_CONFIG_HOME": self.home + "/config",
            "XDG_CACHE_HOME": self.home + "/cache",
            "XDG_DATA_HOME": self.home + "/share",
            "XDG_STATE_HOME": self.home + "/state",
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
        }
        env.update(more.pop("env", {}))
        log = os.path.join(os.path.dirname(self.home), self.name + ".log")
        self.process = Process(argv, log, env=env, cwd=self.home, **more)

    def is_done(self):
        raise NotImplementedError

    def uploaded(self):
        """Bytes of content sent; None if this client does not tell."""
        return None

    def check(self):
        """While it should run: raises Died if it does not."""
        if not (self.leaves and self.process.status() == 0):
            self.process.check_alive()

    def stop(self):
        """Returns what is wrong with the way it ended, or None."""
        if self.process is None:
            return None
        status = self.process.stop(self.stop_signal, self.stop_time)
        if status is None:
            return "%s did not end within %d s of a signal" % (self.name, self.stop_time)
        return self.judge(status)

    def judge(self, status):
        # What others mean by their exit status is not our business; a crash is.
        if status < 0 and status != -self.stop_signal:
            return "%s: %s" % (self.name, describe(status))
        return None

    def last_json(self, key):
        """The newest line of JSON that has the key."""
        for line in reversed(self.process.lines()):
            if line.startswith("{"):
                try:
                    told = json.loads(line)
                except ValueError:
                    continue  # still being written
                if key in told:
                    return told
        return {}


class Us(Peer):
    says_goodbye = True

    @classmethod
    def missing(cls, settings):
        return [] if settings.tool("btdownloadheadless") else ["btdownloadheadless"]

    def start(self, torrent, content, limit):
        argv = [
            self.settings.tool("btdownloadheadless"),
            torrent,
            "--saveas",
            content.path(self.where, ""),
            "--bind",
            self.address,
            "--minport",
            str(self.port),
            "--maxport",
            str(self.port),
            "--display_interval",
            "0.5",
            "--seed_time",
            "0" if self.leaves else "-1",
            "--json",
            "1",
            "--verbose",
            "1",
        ]
        if limit:
            argv += ["--max_upload_rate", str(limit)]
        self.launch(argv)

    def told(self, key):
        """From the newest line that tells the state; others tell of single events."""
        return self.last_json(key).get(key)

    def is_done(self):
        if self.leaves:
            return self.process.status() == 0
        return self.told("complete") is True

    def uploaded(self):
        return self.told("uploaded")

    def judge(self, status):
        # Every scenario lets us complete first, so that a signal too must end in success.
        return None if status == 0 else "%s: %s" % (self.name, describe(status))

    def break_off(self, sig):
        """Half-way. Returns the bytes that it had, and what is wrong with the way it ended."""
        wanted = -sig if sig == signal.SIGKILL else 1
        status = self.process.stop(sig, self.stop_time)
        if status == wanted:
            return self.told("done"), None
        return self.told("done"), "%s, broken off: %s" % (self.name, describe(status))


class Libtorrent(Peer):
    says_goodbye = True

    @classmethod
    def missing(cls, settings):
        found = subprocess.run(
            [settings.python, "-c", "import libtorrent"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return [] if found.returncode == 0 else ["python3-libtorrent"]

    def start(self, torrent, content, limit):
        self.launch(
            [
                self.settings.python,
                os.path.join(HERE, "libtorrent_peer.py"),
                torrent,
                self.where,
                self.address,
                str(self.port),
                str(limit * KIB),
                "leave" if self.leaves else "stay",
            ]
        )

    def is_done(self):
        return self.last_json("seeding").get("seeding") is True

    def uploaded(self):
        return self.last_json("up").get("up")


class Transmission(Peer):
    udp_families = (4,)
    needs = ("transmission-daemon",)
    loopback = False
    empty_files = False
    start_time = 70
    stop_time = 20

    def start(self, torrent, content, limit):
        v6 = ":" in self.address
        settings = {
            "peer-port": self.port,
            "rpc-bind-address": "127.0.0.1",
            "rpc-port": self.rpc_port,
            "rpc-whitelist-enabled": False,
            "rpc-host-whitelist-enabled": False,
            "rpc-authentication-required": False,
            "dht-enabled": False,
            "lpd-enabled": False,
            "pex-enabled": False,
            "port-forwarding-enabled": False,
            "utp-enabled": False,
            "encryption": 0,
            "download-dir": self.where,
            "incomplete-dir-enabled": False,
            "rename-partial-files": False,
            "download-queue-enabled": False,
            "seed-queue-enabled": False,
            "speed-limit-up-enabled": limit > 0,
            "speed-limit-up": limit,
            "bind-address-ipv6" if v6 else "bind-address-ipv4": self.address,
        }
        config = os.path.join(self.home, "transmission")
        os.makedirs(config)
        with open(os.path.join(config, "settings.json"), "w") as f:
            json.dump(settings, f)
        self.torrent = torrent
        self.session_id = ""
        self.added = False
        self.launch(["transmission-daemon", "-f", "-g", config, "--log-info"])

    @property
    def rpc_port(self):
        return self.port + 1

    def rpc(self, method, arguments):
        """None as long as it does not answer."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(2):
            request = urllib.request.Request(
                "http://127.0.0.1:%d/transmission/rpc" % self.rpc_port,
                json.dumps({"method": method, "arguments": arguments}).encode(),
                {"X-Transmission-Session-Id": self.session_id},
            )
            try:
                with opener.open(request, timeout=5) as reply:
                    return json.load(reply)["arguments"]
            except urllib.error.HTTPError as error:
                if error.code != 409:
                    raise
                self.session_id = error.headers["X-Transmission-Session-Id"]
            except OSError:
                return None
        return None

    def check(self):
        # It takes the torrent once it listens; whoever waits for it calls this again and again.
        super().check()
        if not self.added:
            self.added = (
                self.rpc("torrent-add", {"filename": self.torrent, "download-dir": self.where})
                is not None
            )

    def told(self, key):
        reply = self.rpc("torrent-get", {"fields": [key]}) if self.added else None
        return reply["torrents"][0][key] if reply and reply["torrents"] else None

    def is_done(self):
        # 6 is "seeding": nothing left before the check of the files says little.
        return self.told("leftUntilDone") == 0 and self.told("status") == 6

    def uploaded(self):
        return self.told("uploadedEver")


class Aria2(Peer):
    udp_families = (4,)
    needs = ("aria2c",)
    stop_signal = signal.SIGINT  # at SIGTERM it drops everything
    litter = (".aria2",)

    def start(self, torrent, content, limit):
        # It tells of its state only to people: so a hook leaves a mark.
        self.mark = os.path.join(self.home, "complete")
        hook = os.path.join(self.home, "hook.sh")
        with open(hook, "w") as f:
            f.write("#!/bin/sh\n: >'%s'\n" % self.mark)
        os.chmod(hook, 0o755)
        v6 = ":" in self.address
        with open(torrent, "rb") as f:
            # It has its UDP socket, and so UDP trackers, only together with the DHT,
            # which finds nobody here.
            udp = "true" if b"udp://" in f.read() else "false"
        argv = [
            "aria2c",
            "--no-conf",
            "--dir=" + self.where,
            "--interface=" + self.address,
            "--listen-port=%d" % self.port,
            "--enable-dht=" + udp,
            "--enable-dht6=false",
            "--dht-listen-port=%d" % self.port,
            "--dht-file-path=" + os.path.join(self.home, "dht.dat"),
            "--bt-enable-lpd=false",
            "--enable-peer-exchange=false",
            "--file-allocation=none",
            "--disable-ipv6=" + ("false" if v6 else "true"),
            "--bt-stop-timeout=120",
            "--summary-interval=5",
            "--console-log-level=notice",
            "--enable-color=false",
            "--show-console-readout=false",
            "--on-bt-download-complete=" + hook,
        ]
        if self.leaves:
            argv += ["--seed-time=0"]
        else:
            argv += ["--seed-ratio=0.0"]
        if os.path.exists(content.path(self.where, "")):
            argv += ["--check-integrity=true"]
        if limit:
            argv += ["--max-upload-limit=%dK" % limit]
        self.launch(argv + [torrent])

    def is_done(self):
        return os.path.exists(self.mark)


class Rtorrent(Peer):
    needs = ("rtorrent",)
    loopback = False  # as a leech on 127.0.0.1 it connects to nobody
    stop_signal = signal.SIGINT
    families = (4,)

    def start(self, torrent, content, limit):
        self.mark = os.path.join(self.home, "complete")
        session = os.path.join(self.home, "session")
        os.makedirs(session)
        lines = [
            "system.daemon.set = true",
            'log.open_file = "log", "%s-inner.log"'
            % os.path.join(os.path.dirname(self.home), self.name),
            'log.add_output = "info", "log"',
            'log.add_output = "tracker_info", "log"',
            'log.add_output = "connection_info", "log"',
            "network.bind_address.set = " + self.address,
            "network.local_address.set = " + self.address,
            "network.port_range.set = %d-%d" % (self.port, self.port),
            "directory.default.set = " + self.where,
            "session.path.set = " + session,
            "dht.mode.set = disable",
            "protocol.pex.set = no",
            "trackers.use_udp.set = yes",
            "protocol.encryption.set = none",
            "throttle.global_up.max_rate.set_kb = %d" % limit,
            'method.insert = load_it, simple, "load.start=%s"' % torrent,
            "schedule2 = l,1,0,load_it=",
            'method.set_key = event.download.finished,mark,"execute.nothrow=touch,%s"' % self.mark,
        ]
        rc = os.path.join(self.home, "rtorrent.rc")
        with open(rc, "w") as f:
            f.write("\n".join(lines) + "\n")
        self.launch(["rtorrent", "-n", "-o", "import=" + rc], env={"TERM": "xterm"})

    def is_done(self):
        return os.path.exists(self.mark)


KINDS = {
    "us": Us,
    "libtorrent": Libtorrent,
    "transmission": Transmission,
    "aria2": Aria2,
    "rtorrent": Rtorrent,
}

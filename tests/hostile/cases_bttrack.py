# SPDX-License-Identifier: ISC
"""Our tracker and those who come to it for something else than peers."""
import os
import random
import socket
import struct
import threading
import time

from bencode import decode, encode
from case import case
from tool import until

PORT = 6969
MAGIC = 0x41727101980
HASH = bytes(range(100, 120))


def start(env, *options, **more):
    """A running bttrack at ip(1):6969."""
    where = ("--bind", env.ip(1), "--port", str(PORT), "--dfile", env.path("dfile"))
    tracker = env.tool("bttrack", *where, *options, **more)
    until(lambda: not tracker.alive() or connects(env), 8, "the tracker listens")
    assert tracker.alive(), tracker.err()
    return tracker


def connects(env):
    try:
        socket.create_connection((env.ip(1), PORT), timeout=1).close()
        return True
    except OSError:
        return False


def http(env, request, seconds=5, half=False):
    """What comes back, all of it."""
    with socket.create_connection((env.ip(1), PORT), timeout=seconds) as sock:
        got = b""
        try:
            sock.sendall(request)
            if half:
                sock.shutdown(socket.SHUT_WR)
            while True:
                some = sock.recv(65536)
                if not some:
                    return got
                got += some
        except (ConnectionResetError, BrokenPipeError):
            return got


def percent(data):
    return "".join("%%%02x" % b for b in data)


def announce(env, query="", port=7001, seconds=5):
    """An honest announce; gives the reply."""
    path = "/announce?info_hash=%s&peer_id=%s&port=%d&left=5&compact=1%s" % (
        percent(HASH),
        percent(b"-XX0001-%012d" % port),
        port,
        query,
    )
    request = "GET %s HTTP/1.0\r\nHost: t\r\n\r\n" % path
    head, _, body = http(env, request.encode(), seconds).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.") and b" 200 " in head.split(b"\r\n")[0], head[:100]
    return decode(body)


def answers(env, seconds=3):
    """The good client still gets its answer, in time."""
    started = time.monotonic()
    reply = announce(env, seconds=seconds)
    assert "failure reason".encode() not in reply, reply
    assert time.monotonic() - started < seconds


def ends_well(env, tracker):
    answers(env)
    env.bound(tracker, 32)
    status = tracker.stop()
    assert not tracker.crash(), tracker.crash()
    assert status == 0, "exit status %d: %s" % (status, tracker.err())
    for raw in (b"\x1b", b"\x07"):
        assert raw not in tracker.out() + tracker.err(), "%r reaches the log" % raw


# -- HTTP --

MALFORMED = [
    b"\r\n\r\n",
    b"\n\n",
    b"GET\r\n\r\n",
    b"GET /announce\r\n\r\n",
    b"GET  /announce  HTTP/1.1\r\n\r\n",
    b"BREW /coffee HTTP/1.1\r\n\r\n",
    b"POST /announce HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n",
    b"GET /announce HTTP/9.9\r\n\r\n",
    b"GET /announce? HTTP/1.0\r\n\r\n",
    b"GET /announce?info_hash=%zz&peer_id=%1 HTTP/1.0\r\n\r\n",
    b"GET /announce?info_hash=%00&info_hash=%00 HTTP/1.0\r\n\r\n",
    b"GET /announce?" + b"a=b&" * 3000 + b" HTTP/1.0\r\n\r\n",
    b"GET /announce?port=-1&left=-1&info_hash=x HTTP/1.0\r\n\r\n",
    b"GET /announce?port=99999999999999999999 HTTP/1.0\r\n\r\n",
    b"GET /announce?numwant=99999999999999999999&left=1e9 HTTP/1.0\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.0\r\n\r\n",
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.0\r\n\r\n",
    b"GET /\x1b[31m\x07 HTTP/1.0\r\nUser-Agent: \x1b[2J\r\n\r\n",
    b"GET /announce?info_hash=%1b%5b HTTP/1.0\r\nUser-Agent: \x1b]0;owned\x07\r\n\r\n",
    b"GET http://elsewhere/announce HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n folded: y\r\n\r\n",
    b"GET /scrape?" + b"info_hash=" + b"%41" * 20 + b" HTTP/1.0\r\n\r\n",
    b"GET /scrape?" + b"info_hash=aaaaaaaaaaaaaaaaaaaa&" * 400 + b" HTTP/1.0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    b"\x13BitTorrent protocol" + bytes(100),
    b"\0" * 20000,
    b"\xff" * 100000,
]


@case("bttrack", "malformed-requests")
def malformed(env):
    tracker = start(env, "--socket_timeout", "2")
    for request in MALFORMED:
        got = http(env, request, half=True)
        assert got == b"" or got.startswith(b"HTTP/1."), (request[:60], got[:60])
        assert b"root:" not in got
        assert tracker.alive(), "ended by %r" % request[:100]
    ends_well(env, tracker)


@case("bttrack", "truncated-requests")
def cut(env):
    tracker = start(env, "--socket_timeout", "2")
    path = b"/announce?port=1&info_hash=" + percent(HASH).encode()
    whole = b"GET " + path + b" HTTP/1.1\r\nHost: t\r\n\r\n"
    for n in range(0, len(whole), 3):
        http(env, whole[:n], half=True)
    ends_well(env, tracker)


@case("bttrack", "random-bytes")
def random_bytes(env):
    tracker = start(env, "--socket_timeout", "2")
    rng = random.Random(7)
    for _ in range(150):
        http(env, rng.randbytes(rng.randrange(1, 3000)), half=True)
    ends_well(env, tracker)


@case("bttrack", "huge-head")
def huge_head(env):
    """A head that never ends is cut off, not gathered."""
    tracker = start(env)
    with socket.create_connection((env.ip(1), PORT), timeout=5) as sock:
        sent = 0
        try:
            sock.sendall(b"GET / HTTP/1.1\r\n")
            while sent < 50 << 20:
                sock.sendall(b"X: " + b"y" * 65000 + b"\r\n")
                sent += 65000
        except OSError:
            pass
        assert sent < 20 << 20, "it took %d MB of head" % (sent >> 20)
    ends_well(env, tracker)


@case("bttrack", "pipelined-without-reading")
def never_reads(env):
    """Requests without end from one who reads no answer."""
    tracker = start(env)
    with socket.create_connection((env.ip(1), PORT), timeout=0.5) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            for _ in range(2000):
                sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        except OSError:
            pass
        answers(env)
        env.bound(tracker, 32)
    ends_well(env, tracker)


@case("bttrack", "full-scrapes-at-once")
def full_scrapes(env):
    """Many wait until it is made; each gets it."""
    peer = {"ip": "192.0.2.1", "port": 7000, "left": 1}
    hashes = [struct.pack(">I", 2654435761 * i % 2**32) + bytes(16) for i in range(60000)]
    env.write("dfile", encode({"peers": {h: {b"-XX0001-000000000000": peer} for h in hashes}}))
    tracker = start(env, "--threads", "1")
    socks = [env.keep(socket.create_connection((env.ip(1), PORT), timeout=20)) for _ in range(600)]
    for sock in socks:
        sock.sendall(b"HEAD /scrape HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
    for sock in socks:
        head = sock.makefile("rb").read()
        assert b" 200 OK" in head and b"Content-Encoding: gzip" in head, head
    answers(env)
    assert tracker.stop() == 0 and not tracker.crash(), tracker.crash() or tracker.err()


def slow_ones(env, count):
    """Connections that send a byte now and then; gives how to end it."""
    socks = []
    for _ in range(count):
        try:
            sock = socket.create_connection(
                (env.ip(1), PORT), timeout=2, source_address=(env.ip(30), 0)
            )
            sock.sendall(b"GET /announce?")
            socks.append(env.keep(sock))
        except OSError:
            break
    ended = threading.Event()

    def drip():
        while not ended.wait(0.2):
            for sock in socks:
                try:
                    sock.send(b"a")
                except OSError:
                    pass

    threading.Thread(target=drip, daemon=True).start()
    return ended


@case("bttrack", "slowloris")
def slowloris(env):
    tracker = start(env)
    ended = slow_ones(env, 500)
    for _ in range(10):
        answers(env, 2)
    ended.set()
    ends_well(env, tracker)


@case("bttrack", "slowloris-at-the-limit")
def slowloris_full(env):
    """All places taken: an honest client still gets in, since the slow ones make room."""
    # Each loop has places of its own: with one of them, who was served once will be again.
    tracker = start(env, "--max_connections", "50", "--socket_timeout", "2", "--threads", "1")
    ended = slow_ones(env, 200)

    def served():
        try:
            answers(env, 2)
            return True
        except (AssertionError, OSError):
            return False

    until(served, 8, "the honest client is served")
    ended.set()
    ends_well(env, tracker)


@case("bttrack", "connects-and-leaves")
def comes_and_goes(env):
    tracker = start(env)
    for i in range(1500):
        sock = socket.create_connection((env.ip(1), PORT), timeout=5)
        if i % 2:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if i % 3:
            sock.sendall(b"GET /")
        sock.close()
    ends_well(env, tracker)


@case("bttrack", "many-torrents-and-peers")
def many(env):
    """Limits hold for who makes up hashes and peers."""
    tracker = start(env, "--max_torrents", "1000", "--max_peers", "100")
    with socket.create_connection((env.ip(1), PORT), timeout=10) as sock:
        reader = sock.makefile("rb")
        for start_ in range(0, 6000, 100):
            batch = b""
            for i in range(start_, start_ + 100):
                made_up = percent(struct.pack(">I", i % 5000) + bytes(16))
                batch += (
                    "GET /announce?info_hash=%s&peer_id=%020d&port=%d&left=5&compact=1 HTTP/1.1"
                    "\r\nHost: t\r\n\r\n" % (made_up, i, i % 60000 + 1)
                ).encode()
            sock.sendall(batch)
            for _ in range(100):
                length = 0
                while True:
                    line = reader.readline()
                    assert line, "the tracker closed the connection"
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                    if line == b"\r\n":
                        break
                reader.read(length)
    env.bound(tracker, 32)
    assert tracker.alive()
    status = tracker.stop()
    assert status == 0 and not tracker.crash(), tracker.crash() or tracker.err()


@case("bttrack", "no-descriptors-left")
def no_descriptors(env):
    """Peers to be connected back to and clients take all they get: the state is still saved."""
    silent = env.keep(socket.create_server(("", 7777), backlog=1000))
    options = ("--threads", "1", "--nat_check", "1", "--save_dfile_interval", "1")
    tracker = start(env, *options, wrapper=("prlimit", "--nofile=200"))
    for i in range(300):
        announce(env, "&ip=127.77.%d.%d" % (i // 200, i % 200 + 1), silent.getsockname()[1])
    for _ in range(200):
        sock = env.keep(socket.create_connection((env.ip(1), PORT), timeout=5))
        sock.sendall(b"GET /")
    saved = os.stat(env.path("dfile")).st_ino
    until(
        lambda: os.stat(env.path("dfile")).st_ino != saved or tracker.err(), 10, "the state is saved"
    )
    assert not tracker.err(), tracker.err()
    assert tracker.stop() == 0 and not tracker.crash(), tracker.crash() or tracker.err()


# -- UDP --


class Udp:
    def __init__(self, env, n=40):
        self.sock = env.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.sock.bind((env.ip(n), 0))
        self.sock.connect((env.ip(1), PORT))

    def ask(self, packet, seconds=0.5):
        """The reply, or None."""
        self.sock.settimeout(seconds)
        self.sock.send(packet)
        try:
            return self.sock.recv(65536)
        except socket.timeout:
            return None

    def drain(self):
        self.sock.setblocking(False)
        got = []
        try:
            while True:
                got.append(self.sock.recv(65536))
        except OSError:
            return got

    def connect(self):
        reply = self.ask(struct.pack(">QII", MAGIC, 0, 7), 3)
        assert reply and len(reply) == 16 and reply[:8] == struct.pack(">II", 0, 7), reply
        return struct.unpack(">Q", reply[8:])[0]


def udp_announce(connection, port=7002, numwant=-1):
    return struct.pack(
        ">QII20s20sQQQIIIiH", connection, 1, 9, HASH, b"-XX0002-000000000000", 0, 5, 0, 2, 0, 1,
        numwant, port
    )


@case("bttrack", "udp-packets-of-every-length")
def udp_lengths(env):
    """Whatever comes from who has proved nothing is not answered with more than it sent."""
    tracker = start(env)
    udp = Udp(env)
    rng = random.Random(3)
    for action in (0, 1, 2, 3, 99):
        for length in list(range(0, 300)) + [1000, 1472, 4000, 9000, 30000]:
            packet = struct.pack(">QII", MAGIC, action, length) + rng.randbytes(length)
            udp.sock.send(packet[:length])
            if length % 16 == 0:
                for reply in udp.drain():
                    number = struct.unpack(">I", reply[4:8])[0]
                    assert len(reply) <= max(number, 16), "%d bytes for %d" % (len(reply), number)
    time.sleep(0.3)
    for reply in udp.drain():
        number = struct.unpack(">I", reply[4:8])[0]
        assert len(reply) <= max(number, 16), "%d bytes for %d" % (len(reply), number)
    assert tracker.alive()
    assert udp.ask(udp_announce(udp.connect()), 3)[:8] == struct.pack(">II", 1, 9)
    ends_well(env, tracker)


@case("bttrack", "udp-forged-connection-ids")
def udp_forged(env):
    """Made-up ids, and the id of another address: an error, shorter than the request."""
    tracker = start(env)
    udp, other = Udp(env), Udp(env, 41)
    mine = udp.connect()
    forged = [mine ^ (1 << bit) for bit in range(64)] + [0, MAGIC, (1 << 64) - 1, other.connect()]
    for connection in forged:
        request = udp_announce(connection)
        reply = udp.ask(request)
        assert reply is None or (reply[:4] == struct.pack(">I", 3) and len(reply) <= len(request))
    # None of them has entered the swarm.
    reply = announce(env)
    assert reply[b"peers"] == b"", reply
    assert udp.ask(udp_announce(mine), 3)[:4] == struct.pack(">I", 1)
    ends_well(env, tracker)


@case("bttrack", "udp-strange-announces")
def udp_strange(env):
    tracker = start(env)
    udp = Udp(env)
    mine = udp.connect()
    for numwant in (-(1 << 31), -1, 0, (1 << 31) - 1):
        for port in (0, 65535):
            udp.ask(udp_announce(mine, port, numwant), 0.3)
    # BEP 41 options: all types, lengths beyond the end.
    for kind in range(256):
        udp.sock.send(udp_announce(mine) + bytes([kind, 255]) + b"x" * (kind % 20))
    # Scrapes: none, one, too many, half a hash.
    for n in (0, 1, 19, 20, 21, 74 * 20, 75 * 20, 400 * 20):
        udp.sock.send(struct.pack(">QII", mine, 2, 5) + bytes(n))
    time.sleep(0.3)
    udp.drain()
    assert tracker.alive() and not tracker.crash(), tracker.crash()
    ends_well(env, tracker)


@case("bttrack", "udp-flood")
def udp_flood(env):
    """HTTP is served while datagrams pour in."""
    tracker = start(env)
    ended = threading.Event()

    def flood(n):
        udp = Udp(env, n)
        rng = random.Random(n)
        packets = [struct.pack(">QII", MAGIC, 0, i) for i in range(100)]
        packets += [rng.randbytes(98) for _ in range(100)]
        while not ended.is_set():
            for packet in packets:
                try:
                    udp.sock.send(packet)
                except OSError:
                    pass

    threading.Thread(target=flood, args=(40,), daemon=True).start()
    for _ in range(10):
        answers(env, 3)
    ended.set()
    ends_well(env, tracker)


# -- the state --

BAD_STATE = {
    "garbage": b"\x00\xff this is no state\n",
    "empty": b"",
    "deep": b"l" * 5000 + b"e" * 5000,
    "huge-string": b"d5:peers4294967295:xe",
    "wrong-types": encode({"completed": 5, "peers": [1, 2, 3]}),
    "wrong-hashes": encode({"completed": {"short": 1}, "peers": {"short": {"x": 1}}}),
    "wrong-peers": encode({"peers": {HASH: {b"p" * 20: {"ip": 5, "port": -1, "left": "x"}}}}),
    "negative": encode({"completed": {HASH: -5}, "peers": {HASH: {}}}),
}


def bad_state(env, data):
    """It starts, or says in a line why not; the file's bytes are not lost."""
    env.write("dfile", data)
    tracker = start(env)
    kept = [n for n in os.listdir(env.home) if n.startswith("dfile")]
    warned = b"dfile" in tracker.err()
    if warned:
        assert any(open(env.path(n), "rb").read() == data for n in kept), "the old state is gone"
        tracker.one_line()
    ends_well(env, tracker)


for name, data in BAD_STATE.items():
    case("bttrack", "state-" + name, data)(bad_state)


@case("bttrack", "state-truncated")
def truncated_state(env):
    """A state of ours, cut off in places: never a crash, never an end."""
    tracker = start(env)
    for port in range(7001, 7030):
        announce(env, port=port)
    assert tracker.stop() == 0
    with open(env.path("dfile"), "rb") as f:
        whole = f.read()
    assert len(whole) > 500
    for n in range(1, 9):
        env.write("dfile", whole[: n * len(whole) // 9])
        tracker = start(env)
        answers(env)
        assert tracker.stop() == 0 and not tracker.crash(), tracker.crash() or tracker.err()


@case("bttrack", "state-a-directory")
def state_directory(env):
    os.mkdir(env.path("state"))
    line = env.refused("bttrack", "--bind", env.ip(1), "--port", "6969", "--dfile",
                       env.path("state"))
    assert "state" in line


@case("bttrack", "state-in-no-directory")
def state_nowhere(env):
    env.refused("bttrack", "--bind", env.ip(1), "--port", "6969", "--dfile", env.path("no", "way"))


@case("bttrack", "port-taken")
def port_taken(env):
    tracker = start(env)
    line = env.refused("bttrack", "--bind", env.ip(1), "--port", str(PORT), "--dfile",
                       env.path("other"))
    assert "Address already in use" in line
    assert not os.path.exists(env.path("other")), "it touched a state"
    ends_well(env, tracker)

# SPDX-License-Identifier: ISC
"""Trackers that lie, hang, flood or talk nonsense; the second tier has a good one."""
import struct
import threading
import time

from bencode import encode
from case import CLIENT_PORT, case
from tool import until
from trackers import HttpTracker, UdpTracker, compact, http_reply, peers_reply

MAGIC = 0x41727101980


def outlive(env, url, *options, seconds=15, says=None):
    """The bad tracker first, a good one behind it: downloads, stays small, ends in time."""
    seed = env.listening_seed()
    good = env.keep(HttpTracker(env.ip(3), peers_reply([seed])))
    torrent = env.content.torrent([url], [good.url])
    client = env.client(torrent, "--http_timeout", "2", *options)
    client.wait_complete(seconds)
    env.bound(client, 48)
    if says:
        texts = [e["text"] for e in client.events("tracker") if e["failed"]]
        assert any(says in t for t in texts), "no tracker event says '%s': %s" % (says, texts)
    no_raw_bytes(client)
    env.ends_well(client)
    return client


def no_raw_bytes(client):
    for raw in (b"\x1b", b"\x07", b"\r", b"\x7f"):
        assert raw not in client.out() + client.err(), "%r reaches the terminal" % raw


# -- HTTP answers that fail: what is sent after the request's head, and what is said of it --


def send(data):
    return lambda sock, head: sock.sendall(data)


def hang(sock, head):
    time.sleep(30)


def drip(sock, head):
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        sock.sendall(b"d")
        time.sleep(0.1)


def drip_head(sock, head):
    for byte in b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000:
        sock.sendall(bytes([byte]))
        time.sleep(0.05)


def large_body(sock, head):
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
    for _ in range(100):
        sock.sendall(b"d" * (1 << 20))


def large_body_of_no_length(sock, head):
    sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    for _ in range(100):
        sock.sendall(b"8:abcdefgh" * 100000)


def chunks_without_end(sock, head):
    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        sock.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def large_head(sock, head):
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    for i in range(100000):
        sock.sendall(b"X-%d: %s\r\n" % (i, b"y" * 1000))


def redirect_to_itself(sock, head):
    sock.sendall(http_reply(b"", "302 Found", "Location: /announce\r\n"))


def redirect_to_file(sock, head):
    sock.sendall(http_reply(b"", "302 Found", "Location: file:///etc/passwd\r\n"))


def gzip_bomb():
    import gzip

    body = gzip.compress(b"\0" * (200 << 20), 9)
    return send(http_reply(body, extra="Content-Encoding: gzip\r\n"))


def ok(body):
    return send(http_reply(body))


HTTP = [
    ("garbage", ok(b"\0\xff\x80 this is no bencode"), "no value at byte 0"),
    ("html", ok(b"<html>parked domain</html>"), None),
    ("no-http", send(b"\x13BitTorrent protocol" + b"x" * 500), None),
    ("http-0.9", send(peers_reply([])), None),
    ("status-500", send(http_reply(b"oops", "500 Oops")), "500"),
    ("status-404-escapes", send(http_reply(b"x", "404 \x1b[31mred\x07")), "404"),
    ("redirect-loop", redirect_to_itself, "redirects"),
    ("redirect-to-file", redirect_to_file, None),
    ("hang", hang, "2 s"),
    ("closed-connection", lambda sock, head: None, None),
    ("half-a-reply", send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nd8:interval"), None),
    ("slow-drip", drip, "2 s"),
    ("slow-drip-of-the-head", drip_head, "2 s"),
    ("100-MB", large_body, "larger than"),
    ("100-MB-of-no-length", large_body_of_no_length, "larger than"),
    ("chunks-without-end", chunks_without_end, "larger than"),
    ("100-MB-of-head", large_head, None),
    ("gzip-bomb", gzip_bomb(), "larger than"),
    ("empty", ok(b""), None),
    ("bencode-bomb-lists", ok(b"l" * 900000), None),
    ("bencode-bomb-dicts", ok(b"d1:a" * 200000), None),
    ("bencode-bomb-items", ok(b"d5:peersl" + b"le" * 400000 + b"ee"), None),
    ("string-of-4-GiB", ok(b"d5:peers4294967295:xe"), None),
    ("a-list", ok(b"le"), None),
    (
        "failure-with-escapes",
        ok(encode({"failure reason": "\x1b]0;owned\x07\x1b[2J\r\nfake \x7f\u202e" + "x" * 5000})),
        "fake",
    ),
    ("failure-no-string", ok(b"d14:failure reasonli1eee"), None),
]


def http_case(env, answer, says):
    tracker = env.keep(HttpTracker(env.ip(2), answer))
    outlive(env, tracker.url, says=says)


for name, answer, says in HTTP:
    case("trackers", "http-" + name, answer, says)(http_case)


# -- answers that are strange but none the less answers: another peer comes from outside --

NONSENSE = compact(
    [("0.0.0.0", 1), ("255.255.255.255", 80), ("224.0.0.1", 6881), ("127.0.0.1", 0)]
) + compact([("240.1.2.3", 5)])

STRANGE = [
    ("nothing", {}),
    ("peers-nonsense", {"interval": 5, "peers": NONSENSE}),
    ("peers-cut", {"interval": 5, "peers": NONSENSE[:-1]}),
    ("peers-a-number", {"interval": 5, "peers": 7}),
    ("peers-of-dicts", {"interval": 5, "peers": [{"ip": "x" * 1000, "port": 1}, {"port": -1}, 5]}),
    (
        "peers-hostnames",
        {"interval": 5, "peers": [{"ip": "localhost; rm -rf /", "port": 99999, "peer id": b""}]},
    ),
    ("peers6-nonsense", {"interval": 5, "peers6": b"\xff" * 18 * 100, "peers": b""}),
    ("interval-huge", {"interval": (1 << 63) - 1, "min interval": (1 << 63) - 1, "peers": b""}),
    ("interval-negative", {"interval": -(1 << 63), "min interval": -5, "peers": b""}),
    ("interval-0", {"interval": 0, "min interval": 0, "peers": b""}),
    ("interval-a-string", {"interval": "soon", "peers": b""}),
    ("counts-negative", {"interval": 5, "complete": -5, "incomplete": -(1 << 63), "peers": b""}),
    ("counts-huge", {"interval": 5, "complete": (1 << 63) - 1, "incomplete": 1 << 62}),
    ("warning-with-escapes", {"interval": 5, "warning message": "\x1b[31m\x07", "peers": b""}),
    ("trackerid-huge", {"interval": 5, "tracker id": b"\x00&=?" * 50000, "peers": b""}),
    ("external-ip-nonsense", {"interval": 5, "external ip": b"abc", "peers": b""}),
]


def strange_case(env, reply):
    tracker = env.keep(HttpTracker(env.ip(2), encode(reply)))
    client = env.client(env.content.torrent([tracker.url]), "--http_timeout", "2")
    client.wait_state("downloading")
    time.sleep(1.2)
    asked = len(tracker.heads)
    assert asked <= 2, "asked %d times in a second" % asked
    env.good_seed()
    client.wait_complete()
    env.bound(client, 48)
    no_raw_bytes(client)
    env.ends_well(client)


for name, reply in STRANGE:
    case("trackers", "strange-" + name, reply)(strange_case)


@case("trackers", "thousands-of-dead-peers")
def dead_peers(env):
    """Addresses where nobody listens do not drown the one where somebody does."""
    dead = [("127.%d.%d.%d" % (200, i // 250, i % 250 + 1), 9) for i in range(4090)]
    seed = env.listening_seed()
    tracker = env.keep(HttpTracker(env.ip(2), peers_reply(dead + [seed])))
    client = env.client(env.content.torrent([tracker.url]))
    client.wait_state("downloading")
    time.sleep(2)
    env.good_seed(21)
    client.wait_complete()
    env.bound(client, 48)
    env.ends_well(client)


@case("trackers", "dead-ones-of-all-kinds")
def dead_trackers(env):
    """Nothing but trackers that cannot work: no spinning, and a peer from outside still serves."""
    tiers = [
        ["http://%s:1/announce" % env.ip(2)],
        ["udp://%s:1/announce" % env.ip(2), "http://no.such.host.invalid/announce"],
        ["wss://x/announce", "ftp://x/announce", "http://", "udp://x", "http://[::1"],
        ["http://%s:99999/announce" % env.ip(2), "http://user:pass@%s:1/" % env.ip(2)],
    ]
    client = env.client(env.content.torrent(*tiers), "--http_timeout", "2")
    client.wait_state("downloading")
    time.sleep(1.5)
    assert len(client.events("tracker")) < 40, "it goes round and round"
    env.good_seed()
    client.wait_complete()
    env.ends_well(client)


@case("trackers", "hang-at-stopped")
def hang_at_stopped(env):
    """Who does not answer the goodbye does not hold us up."""

    def answer(sock, head):
        if b"event=started" in head:
            sock.sendall(http_reply(peers_reply([])))
        else:
            time.sleep(30)

    tracker = env.keep(HttpTracker(env.ip(2), answer))
    client = env.client(env.content.torrent([tracker.url]))
    client.wait_state("downloading")
    until(lambda: client.events("tracker"), 5, "the tracker answered")
    started = time.monotonic()
    env.ends_well(client, status=1)
    assert time.monotonic() - started < 6
    assert "stopped" in tracker.events(), tracker.events()


# -- UDP --


def connect_reply(packet, transaction=None):
    given = struct.unpack(">I", packet[12:16])[0] if transaction is None else transaction
    return struct.pack(">IIQ", 0, given, 42)


def is_connect(packet):
    return len(packet) >= 16 and struct.unpack(">QI", packet[:12]) == (MAGIC, 0)


def udp_reply(packet, peers=b"", action=1):
    return struct.pack(">I", action) + packet[12:16] + struct.pack(">III", 60, 1, 1) + peers


def udp_silence(packet, count):
    return []


def udp_wrong_transaction(packet, count):
    return [connect_reply(packet, 7)] * 5


def udp_short(packet, count):
    whole = connect_reply(packet) if is_connect(packet) else udp_reply(packet)
    return [whole[:n] for n in range(len(whole))]


def udp_garbage(packet, count):
    return [b"\xff" * n for n in (0, 1, 8, 16, 20, 1000, 9000)]


def udp_error_with_escapes(packet, count):
    return [struct.pack(">I", 3) + packet[12:16] + b"\x1b[2J\x07 fake\r\n" + b"x" * 2000]


def udp_error_at_announce(packet, count):
    if is_connect(packet):
        return [connect_reply(packet)]
    return [struct.pack(">I", 3) + packet[12:16] + b"\x1b]0;owned\x07"]


def udp_wrong_action(packet, count):
    return [struct.pack(">I", 99) + packet[12:16] + bytes(100)]


def udp_cut_announce(packet, count):
    if is_connect(packet):
        return [connect_reply(packet)]
    return [udp_reply(packet)[:n] for n in range(8, 20)]


UDP = [
    ("silence", udp_silence),
    ("wrong-transaction", udp_wrong_transaction),
    ("short-packets", udp_short),
    ("garbage", udp_garbage),
    ("error-with-escapes", udp_error_with_escapes),
    ("error-at-announce", udp_error_at_announce),
    ("wrong-action", udp_wrong_action),
    ("cut-announce-reply", udp_cut_announce),
]


def udp_case(env, answer):
    tracker = env.keep(UdpTracker(env.ip(2), answer))
    outlive(env, tracker.url, seconds=30)


for name, answer in UDP:
    case("trackers", "udp-" + name, answer)(udp_case)


@case("trackers", "udp-nonsense-peers")
def udp_nonsense(env):
    def answer(packet, count):
        if is_connect(packet):
            return [connect_reply(packet)]
        return [udp_reply(packet, NONSENSE * 200 + b"abc")]

    tracker = env.keep(UdpTracker(env.ip(2), answer))
    client = env.client(env.content.torrent([tracker.url]))
    until(lambda: client.events("tracker"), 8, "the tracker answered")
    env.good_seed()
    client.wait_complete()
    env.ends_well(client)


@case("trackers", "udp-flood")
def udp_flood(env):
    """Packets of all kinds to the port that the client asks from, while it downloads."""
    tracker = env.keep(UdpTracker(env.ip(2), udp_silence))
    seed = env.listening_seed()
    good = env.keep(HttpTracker(env.ip(3), peers_reply([seed])))
    client = env.client(env.content.torrent([tracker.url], [good.url]), "--http_timeout", "2")
    until(lambda: tracker.client, 5, "the client asks")

    def flood():
        packets = [bytes([n % 4]) * (n % 64) for n in range(256)] + [bytes(1400)]
        end = time.monotonic() + 4
        try:
            while time.monotonic() < end:
                for packet in packets:
                    tracker.sock.sendto(packet, tracker.client)
        except OSError:
            pass

    threading.Thread(target=flood, daemon=True).start()
    client.wait_complete(25)
    env.bound(client, 48)
    env.ends_well(client)


@case("trackers", "udp-spoofed-answer")
def udp_spoofed(env):
    """The right bytes from the wrong address are no answer."""
    import socket

    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind((env.ip(4), 6969))
    env.keep(other)
    evil = []
    trap = env.listen(66, lambda wire: evil.append(1))

    def answer(packet, count):
        peers = compact([trap.address])
        reply = connect_reply(packet) if is_connect(packet) else udp_reply(packet, peers)
        other.sendto(reply, tracker.client)
        return []

    tracker = UdpTracker(env.ip(2), lambda packet, count: answer(packet, count))
    env.keep(tracker)
    outlive(env, tracker.url, seconds=30)
    assert not evil and trap.address[1] == CLIENT_PORT

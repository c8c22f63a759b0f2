# SPDX-License-Identifier: ISC
"""What peers get of a limit when one of them would take all of it, and what is told of it."""
import re
import struct
import threading
import time

import wire as w
from case import case
from content import BLOCK, Content
from tool import until
from trackers import HttpTracker, peers_reply

LIMIT = 200  # KiB a second
SETTLE = 2
WATCH = 5


def large(size=8 << 20):
    return Content({"a": size}, piece=1 << 18)


def in_thread(fn, *args):
    def run():
        try:
            fn(*args)
        except (w.Closed, OSError):  # the test is over
            pass

    threading.Thread(target=run, daemon=True).start()


def watch(counts, part):
    """What each counted in some seconds, which is the same for all but this part."""
    time.sleep(SETTLE)
    before = list(counts)
    time.sleep(WATCH)
    got = [n - b for n, b in zip(counts, before)]
    assert min(got) >= (1 - part) * max(got), "not shared equally: %s" % got
    return sum(got)


@case("rates", "upload-is-shared")
def upload_is_shared(env):
    """Four leeches that ask for everything, again and again."""
    env.content = large()
    env.content.make(env.path("data"))
    client = env.client(env.content.torrent(), "--max_upload_rate", str(LIMIT))
    client.wait_state("seeding")
    counts = [0] * 4

    def take(i, wire):
        wire.shake()
        wire.say(w.INTERESTED)
        wire.wait_for(w.UNCHOKE)
        for n in range(32):
            wire.say(w.REQUEST, n, i * BLOCK, BLOCK)
        while True:
            data = wire.sock.recv(65536)
            counts[i] += len(data)
            while counts[i] > (wire.asked - 20) * BLOCK:
                wire.say(w.REQUEST, wire.asked % 32, i * BLOCK, BLOCK)
                wire.asked += 1

    for i in range(4):
        wire = env.dial(30 + i)
        wire.asked = 32
        in_thread(take, i, wire)
    total = watch(counts, 0.2)
    assert 0.9 * LIMIT < total / 1024 / WATCH < 1.1 * LIMIT, "%d bytes in all" % total
    env.ends_well(client)


@case("rates", "download-is-shared")
def download_is_shared(env):
    """Four seeds that send whatever they are asked for."""
    env.content = large()
    client = env.client(env.content.torrent(), "--max_download_rate", str(LIMIT))
    client.wait_state("downloading")
    counts = [0] * 4

    def give(i, wire):
        def count(index, begin, data):
            counts[i] += len(data)
            return data

        wire.pretend_to_seed()
        wire.serve(count)

    for i in range(4):
        in_thread(give, i, env.dial(30 + i))
    total = watch(counts, 0.3)
    assert 0.8 * LIMIT < total / 1024 / WATCH < 1.2 * LIMIT, "%d bytes in all" % total
    env.ends_well(client, status=1)


@case("rates", "requests-do-not-wait")
def requests_do_not_wait(env):
    """A peer that takes all that may be uploaded is still asked for what it has."""
    env.content = large()
    half = env.content.count // 2
    data = dict(env.content.files)
    env.content.files["a"] = data["a"][: len(data["a"]) // 2] + bytes(len(data["a"]) // 2)
    env.content.make(env.path("data"))
    env.content.files = data
    client = env.client(env.content.torrent(), "--max_upload_rate", "10")
    client.wait_state("downloading")
    wire = env.dial(30)
    wire.shake()
    bits = bytearray(w.full_bitfield(env.content.count))
    bits[0] = 0x7F
    wire.say(w.BITFIELD, data=bytes(bits))
    wire.say(w.INTERESTED)
    wire.say(w.UNCHOKE)
    wire.wait_for(w.UNCHOKE)
    for n in range(200):
        wire.say(w.REQUEST, n % half, 0, BLOCK)
    asked = []

    def listen():
        while True:
            kind, payload = wire.next()
            if kind == w.REQUEST:
                asked.append((time.monotonic(), struct.unpack(">III", payload)))

    in_thread(listen)
    start = time.monotonic()
    served = 0
    while time.monotonic() < start + WATCH:
        # Some forty blocks a second, so that there is something to ask for all that time.
        time.sleep(0.025)
        if served < len(asked):
            index, begin, length = asked[served][1]
            wire.say(w.PIECE, index, begin, data=env.content.block(index, begin, length))
            served += 1
    times = [start] + [when for when, _ in asked] + [time.monotonic()]
    longest = max(b - a for a, b in zip(times, times[1:]))
    assert longest < 1, "it asked for nothing for %.1f s" % longest
    env.ends_well(client, status=1)


def content_in(data):
    """Bytes of content after the handshake, of the last message as many as are there."""
    at, total = 68, 0
    while at + 5 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if length > 9 and data[at + 4] == w.PIECE:
            total += max(0, min(length - 9, len(data) - at - 13))
        at += 4 + length
    return total


@case("rates", "uploaded-is-what-was-sent")
def uploaded(env):
    """What waits in our queues when peers go is not told to the tracker."""
    env.content = large()
    env.content.make(env.path("data"))
    tracker = env.keep(HttpTracker(env.ip(2), peers_reply([])))
    client = env.client(env.content.torrent([tracker.url]), "--max_upload_rate", "500")
    client.wait_state("seeding")
    got = [b""] * 7

    def take(i, wire):
        wire.send(w.handshake(env.content.info_hash, wire.peer_id))
        wire.say(w.INTERESTED)
        while b"\0\0\0\1\1" not in got[i]:
            got[i] += wire.sock.recv(65536)
        for n in range(200):
            wire.say(w.REQUEST, n % 32, i * BLOCK, BLOCK)
        while data := wire.sock.recv(65536):
            got[i] += data

    for i in range(7):
        in_thread(take, i, env.dial(30 + i))
    until(lambda: min(map(content_in, got)) > 10 * BLOCK, 10, "all are served")
    env.ends_well(client)
    until(lambda: "stopped" in tracker.events(), 5, "the tracker is told")
    told = int(re.findall(rb"uploaded=(\d+)", tracker.heads[-1])[-1])
    sent = sum(map(content_in, got))
    assert 0.9 * sent <= told <= sent, "told %d bytes, sent %d" % (told, sent)

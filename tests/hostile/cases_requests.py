# SPDX-License-Identifier: ISC
"""What hostile peers ask of a seed, and how they take it."""
import socket
import struct
import threading
import time

import wire as w
from case import case
from content import BLOCK, Content

COUNT = Content().count


def seed(env, *options, content=None):
    env.content = content or env.content
    env.content.make(env.path("data"))
    client = env.client(env.content.torrent(), *options)
    client.wait_state("seeding")
    return client


def still_serves(env, client):
    wire = env.dial(20)
    wire.shake()
    wire.say(w.INTERESTED)
    wire.wait_for(w.UNCHOKE)
    wire.fetch(0)
    wire.fetch(env.content.count - 1)
    env.ends_well(client)


@case("requests", "flood-of-100000-requests", w.EXTENSIONS)
@case("requests", "flood-of-100000-requests-fast", w.EXTENSIONS | w.FAST)
def request_flood(env, reserved):
    client = seed(env)
    wire = env.dial(30)
    wire.shake(reserved)
    wire.say(w.INTERESTED)
    wire.wait_for(w.UNCHOKE)
    requests = b"".join(w.message(w.REQUEST, 0, 0, BLOCK) for _ in range(1000))
    try:
        wire.sock.settimeout(0.5)
        for _ in range(100):
            wire.sock.sendall(requests)
    except OSError:
        pass
    time.sleep(0.5)
    assert client.alive()
    env.bound(client, 48)
    still_serves(env, client)


@case("requests", "flood-while-choked")
def flood_while_choked(env):
    client = seed(env)
    wire = env.dial(30)
    wire.shake(w.EXTENSIONS | w.FAST)
    threading.Thread(target=lambda: wire.wait_closed(10), daemon=True).start()
    try:
        for i in range(100):
            wire.send(w.message(w.REQUEST, i % COUNT, 0, BLOCK) * 1000)
    except (w.Closed, OSError):
        pass
    env.bound(client, 48)
    still_serves(env, client)


@case("requests", "requests-and-never-reads")
def never_reads(env):
    """Thirty of them: what waits for them stays bounded."""
    client = seed(env, "--max_uploads", "40", content=Content({"a": 8 << 20}, piece=1 << 18))
    for n in range(30, 60):
        wire = env.dial(n)
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.shake(w.EXTENSIONS | w.FAST)
        wire.say(w.INTERESTED)
        wire.sock.settimeout(0.2)
        try:
            for i in range(1000):
                wire.sock.sendall(w.message(w.REQUEST, i % 32, (i % 16) * BLOCK, BLOCK))
        except OSError:
            pass
    time.sleep(1)
    env.bound(client, 64)
    still_serves(env, client)


@case("requests", "requests-of-what-is-not-there")
def not_there(env):
    """A leech asks a leech for pieces that it has not got."""
    client = env.client(env.content.torrent())
    client.wait_state("downloading")
    wire = env.dial(30)
    wire.shake(w.EXTENSIONS | w.FAST)
    wire.say(w.HAVE_NONE)
    wire.say(w.INTERESTED)
    wire.wait_for(w.UNCHOKE)
    wire.say(w.REQUEST, 1, 0, BLOCK)
    assert wire.wait_for(w.REJECT) == struct.pack(">III", 1, 0, BLOCK)
    env.good_seed()
    client.wait_complete()
    env.ends_well(client)


@case("requests", "cancels-while-served")
def cancels(env):
    client = seed(env)
    wire = env.dial(30)
    wire.shake(w.EXTENSIONS | w.FAST)
    wire.say(w.INTERESTED)
    wire.wait_for(w.UNCHOKE)
    for i in range(2000):
        wire.say(w.REQUEST, i % COUNT, 0, 1000)
        wire.say(w.CANCEL, i % COUNT, 0, 1000)
    answers = 0
    while answers < 2000:
        kind, _ = wire.next()
        answers += kind in (w.PIECE, w.REJECT)
    still_serves(env, client)


@case("requests", "takes-one-byte-at-a-time")
def slow_reader(env):
    """A reader that hardly reads does not hold up another."""
    client = seed(env)
    wire = env.dial(30)
    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    wire.shake()
    wire.say(w.INTERESTED)
    for i in range(COUNT):
        wire.say(w.REQUEST, i, 0, 7)

    def sip():
        try:
            for _ in range(300):
                wire.sock.recv(1)
                time.sleep(0.01)
        except OSError:
            pass

    threading.Thread(target=sip, daemon=True).start()
    still_serves(env, client)

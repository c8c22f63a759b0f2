# SPDX-License-Identifier: ISC
"""Peers that are slow, silent, poisonous or many, each beside a good one."""
import os
import socket
import threading
import time

import wire as w
from case import CLIENT_PORT, case
from content import BLOCK, Content
from tool import until
from trackers import HttpTracker, peers_reply


def leech(env, *options, tiers=None):
    client = env.client(env.content.torrent(*(tiers or [])), *options)
    client.wait_state("downloading")
    return client


@case("peers", "handshake-byte-by-byte")
def byte_by_byte_handshake(env):
    client = leech(env)
    wire = env.dial(30)
    wire.send_slowly(w.handshake(env.content.info_hash, wire.peer_id), 0.005)
    wire.read_handshake()
    wire.say(w.BITFIELD, data=w.full_bitfield(env.content.count))
    wire.say(w.UNCHOKE)
    threading.Thread(target=wire.serve, daemon=True).start()
    client.wait_complete()
    env.ends_well(client)


@case("peers", "everything-byte-by-byte")
def everything_byte_by_byte(env):
    env.content = Content({"a": 20000, "b": 13000}, piece=BLOCK)
    client = leech(env)
    wire = env.dial(30)
    wire.send = lambda data: [wire.sock.sendall(data[i : i + 1]) for i in range(len(data))]
    wire.pretend_to_seed()
    threading.Thread(target=wire.serve, daemon=True).start()
    client.wait_complete(30)
    env.ends_well(client)


@case("peers", "no-handshake-in-time")
def no_handshake(env):
    """Silence costs the connection, in both directions."""
    heard = []
    address = env.listen(31, lambda wire: (wire.wait_closed(30), heard.append(1))).address
    tracker = env.keep(HttpTracker(env.ip(2), peers_reply([address])))
    client = leech(env, tiers=[[tracker.url]])
    wire = env.dial(30)
    wire.wait_closed(30)
    until(lambda: heard, 10, "the dialled silent peer is dropped")
    client.wait_log("no handshake in time")
    env.good_seed()
    client.wait_complete()
    env.ends_well(client)


@case("peers", "unchokes-and-never-sends")
def snub(env):
    """Another peer completes what this one keeps to itself."""
    client = leech(env, "--snub_time", "1")
    wire = env.dial(30)
    wire.pretend_to_seed()
    wire.wait_request()
    env.good_seed(delay=0.3)
    client.wait_complete()
    env.ends_well(client)


@case("peers", "many-that-never-send")
def many_snubs(env):
    client = leech(env, "--snub_time", "1")
    for n in range(30, 60):
        env.dial(n).pretend_to_seed(w.EXTENSIONS)
    env.good_seed(delay=0.5)
    client.wait_complete()
    env.ends_well(client)


@case("peers", "one-block-then-silence")
def drip(env):
    """A block every half second is not worth waiting for at the end."""

    def trickle(wire):
        try:
            wire.pretend_to_seed()
            for _ in range(40):
                index, begin, length = wire.wait_request()
                time.sleep(0.5)
                wire.say(w.PIECE, index, begin, data=env.content.block(index, begin, length))
        except (w.Closed, OSError, AssertionError):
            pass

    client = leech(env, "--snub_time", "1")
    threading.Thread(target=trickle, args=(env.dial(30),), daemon=True).start()
    env.good_seed(delay=0.3)
    client.wait_complete(10)
    env.ends_well(client)


@case("peers", "chokes-with-requests-open")
def chokes_and_keeps(env):
    """With the fast extension requests survive a choke, but not for ever."""
    client = leech(env, "--snub_time", "1")
    wire = env.dial(30)
    wire.pretend_to_seed(w.EXTENSIONS | w.FAST)
    wire.wait_request()
    wire.say(w.CHOKE)
    env.good_seed(delay=0.3)
    client.wait_complete()
    env.ends_well(client)


def poison(fraction):
    """Every so many blocks is a lie."""
    count = [0]

    def alter(index, begin, data):
        count[0] += 1
        return b"\xbb" * len(data) if count[0] % fraction == 0 else data

    return alter


@case("peers", "corrupt-data-beside-a-good-peer", 1, 32768)
@case("peers", "corrupt-data-now-and-then", 3, 32768)
@case("peers", "corrupt-data-in-large-pieces", 8, 262144)
def corrupt(env, fraction, piece):
    """The liar is banned, the good one never, nothing bad is written."""
    env.content = Content({"a": 4500000, "b": 500000}, piece=piece)
    client = leech(env)

    def lie():
        wire = env.dial(30)
        try:
            wire.pretend_to_seed()
            wire.serve(poison(fraction))
        except (w.Closed, OSError):
            pass

    def truth(index, begin, data):
        time.sleep(0.003)
        return data

    threading.Thread(target=lie, daemon=True).start()
    good = env.dial(20, b"-GOOD01-%012d" % 20)
    good.pretend_to_seed()
    threading.Thread(target=good.serve, args=(truth,), daemon=True).start()
    client.wait_complete(20)
    banned = [e["text"] for e in client.events("peer_banned")]
    assert not any(t.startswith(env.ip(20) + ":") for t in banned), "the good peer was banned"
    if fraction == 1:
        assert any(t.startswith(env.ip(30) + ":") for t in banned), "the liar was not banned"
    env.ends_well(client)


@case("peers", "poisons-one-block-and-runs")
def poison_and_run(env):
    """One bad block, then gone, again and again: whoever ends the piece is not to blame."""
    env.content = Content({"a": 3000000})
    client = leech(env)
    ended = threading.Event()

    def hit_and_run():
        while client.alive() and not ended.is_set():
            try:
                wire = env.dial(30, os.urandom(20))
                wire.pretend_to_seed()
                index, begin, length = wire.wait_request(1)
                wire.say(w.PIECE, index, begin, data=b"\xdd" * length)
                wire.wait_request(0.05)
            except (w.Closed, OSError, AssertionError):
                pass
            wire.close()

    def truth(index, begin, data):
        time.sleep(0.005)
        return data

    threading.Thread(target=hit_and_run, daemon=True).start()
    good = env.dial(20, b"-GOOD01-%012d" % 20)
    good.pretend_to_seed()
    threading.Thread(target=good.serve, args=(truth,), daemon=True).start()
    try:
        client.wait_complete(20)
    finally:
        ended.set()
    banned = [e["text"] for e in client.events("peer_banned")]
    assert not any(t.startswith(env.ip(20) + ":") for t in banned), "the good peer was banned"
    env.ends_well(client)


@case("peers", "poisons-half-a-piece-then-keeps-it")
def poison_and_keep(env):
    """A piece that failed is asked of one alone: one that then sends nothing must not block it."""
    env.content = Content({"a": 65536})  # two pieces of two blocks
    client = leech(env, "--snub_time", "2")
    liar, helper = env.dial(30), env.dial(31)
    state = {"lied": False}

    def lie():
        try:
            liar.pretend_to_seed()
            while True:
                index, begin, length = liar.wait_request(30)
                if not state["lied"]:
                    # The first block wrong, nothing more: others do the rest of the piece.
                    state["lied"] = True
                    liar.say(w.PIECE, index, begin, data=b"\xdd" * length)
        except (w.Closed, OSError, AssertionError):
            pass

    def help_out():
        helper.pretend_to_seed()
        helper.serve()

    threading.Thread(target=lie, daemon=True).start()
    until(lambda: state["lied"], 5, "the liar has sent its block")
    threading.Thread(target=help_out, daemon=True).start()
    client.wait_complete(12)
    env.ends_well(client)


def keep_alone(env, stop):
    """A piece that failed is asked of one peer alone; stop is what this one then does with it."""
    client = leech(env, "--snub_time", "3")
    first, liar = env.dial(30), env.dial(31)

    def answer(wire, request, lie=False):
        index, begin, length = request
        data = env.content.block(index, begin, length)
        wire.say(w.PIECE, index, begin, data=b"\xdd" * length if lie else data)

    def keepalives():
        try:
            while True:
                liar.send(bytes(4))
                time.sleep(1)
        except (w.Closed, OSError):
            pass

    blocks = env.content.size // BLOCK
    first.pretend_to_seed(w.EXTENSIONS | w.FAST)
    for n in range(blocks):
        request = first.wait_request()
        if n < blocks - 1:
            answer(first, request)
    first.say(w.CHOKE)
    first.say(w.REJECT, *request)
    liar.pretend_to_seed(w.EXTENSIONS | w.FAST)
    answer(liar, liar.wait_request(), lie=True)
    stop(liar, answer)
    threading.Thread(target=keepalives, daemon=True).start()
    env.good_seed()
    client.wait_complete(12)
    env.ends_well(client)


def reject_one_and_say(*last):
    """Rejects the first block, sends the others, and says that."""

    def stop(wire, answer):
        wire.say(w.REJECT, *wire.wait_request())
        for _ in range(3):
            answer(wire, wire.wait_request())
        for message in last:
            wire.send(message)

    return stop


@case("peers", "keeps-a-failed-piece-and-chokes", w.message(w.CHOKE))
@case("peers", "keeps-a-failed-piece-and-has-none", w.message(w.HAVE_NONE))
@case("peers", "keeps-a-failed-piece-and-sends-a-bitfield", w.message(w.BITFIELD, data=b"\0"))
@case("peers", "keeps-a-failed-piece-and-says-no-more", b"")
def keeps_a_failed_piece(env, last):
    env.content = Content({"a": 4 * BLOCK}, piece=4 * BLOCK)
    keep_alone(env, reject_one_and_say(last))


@case("peers", "keeps-a-failed-piece-and-is-slow")
def sips_a_failed_piece(env):
    """A block now and then is no silence, but each of the others waits too long."""
    env.content = Content({"a": 64 * BLOCK}, piece=64 * BLOCK)

    def sip(wire, answer):
        def run(request):
            try:
                while True:
                    answer(wire, request)
                    time.sleep(1)
                    request = wire.wait_request()
            except (w.Closed, OSError, AssertionError):
                pass

        threading.Thread(target=run, args=(wire.wait_request(),), daemon=True).start()

    keep_alone(env, sip)


@case("peers", "banned-peer-comes-back")
def banned_comes_back(env):
    client = leech(env)
    wire = env.dial(30)
    wire.pretend_to_seed()
    threading.Thread(
        target=wire.serve, args=(lambda i, b, d: b"\xcc" * len(d),), daemon=True
    ).start()
    client.wait_log("sent bad data")
    for _ in range(5):
        again = env.dial(30, os.urandom(20))
        again.send(w.handshake(env.content.info_hash, again.peer_id))
        again.wait_closed()
    env.good_seed()
    client.wait_complete()
    env.ends_well(client)


@case("peers", "neighbour-file-in-a-shared-piece")
def neighbour(env):
    """Bad data never gets into a file that is right already."""
    env.content = Content({"mine": 20000, "other": 30000}, piece=65536)
    os.makedirs(env.path("data"))
    mine = env.path("data", "mine")
    with open(mine, "wb") as f:
        f.write(env.content.files["mine"])
    client = leech(env)
    wire = env.dial(30)
    wire.pretend_to_seed()
    threading.Thread(
        target=wire.serve, args=(lambda i, b, d: b"\xcc" * len(d),), daemon=True
    ).start()
    client.wait_log("sent bad data")
    with open(mine, "rb") as f:
        assert f.read() == env.content.files["mine"], "the right file was spoilt"
    env.good_seed()
    client.wait_complete()
    env.ends_well(client)


# -- many of them --


@case("peers", "connects-1000-times")
def thousand(env):
    """One address cannot take all the places; a real peer gets through, also from outside."""
    client = leech(env)
    held = []
    for i in range(1000):
        try:
            sock = socket.create_connection(
                (env.ip(1), CLIENT_PORT), timeout=5, source_address=(env.ip(30), 0)
            )
        except OSError:
            continue
        held.append(env.keep(sock))
        if i % 2:
            try:
                sock.sendall(w.handshake(env.content.info_hash, os.urandom(20)))
            except OSError:
                pass
    env.good_seed()
    client.wait_complete(15)
    env.bound(client, 64)
    env.ends_well(client)


@case("peers", "connects-and-leaves-1000-times")
def comes_and_goes(env):
    client = leech(env)
    for i in range(1000):
        sock = socket.create_connection((env.ip(1), CLIENT_PORT), source_address=(env.ip(30), 0))
        if i % 3:
            sock.sendall(w.handshake(env.content.info_hash, os.urandom(20))[: 20 * (i % 4)])
        sock.close()
    env.good_seed()
    client.wait_complete()
    env.bound(client, 48)
    env.ends_well(client)


@case("peers", "itself")
def itself(env):
    """The tracker names the client to itself."""
    tracker = env.keep(HttpTracker(env.ip(2), peers_reply([(env.ip(1), CLIENT_PORT)])))
    client = leech(env, tiers=[[tracker.url]])
    client.wait_log("it is ourselves")
    time.sleep(1)
    assert client.log().count("it is ourselves") <= 4, "it dials itself again and again"
    env.good_seed()
    client.wait_complete()
    env.ends_well(client)


@case("peers", "duplicate-peer-ids")
def duplicates(env):
    """A hundred with one id from everywhere."""
    client = leech(env)
    for i in range(100):
        wire = env.dial(30 + i % 50, b"-SAME01-000000000000")
        wire.send(w.handshake(env.content.info_hash, wire.peer_id))
    env.good_seed()
    client.wait_complete()
    env.ends_well(client)


@case("peers", "steals-the-good-peers-id-lower", b"-AA0001")
@case("peers", "steals-the-good-peers-id-higher", b"-zz0001")
def thief(env, prefix):
    """Who uses a good peer's id does not get it thrown out."""
    same = prefix + b"-%012d" % 20

    def slow(index, begin, data):
        time.sleep(0.05)
        return data

    def serve(wire):
        wire.pretend_to_seed()
        wire.serve(slow)

    address = env.listen(20, serve, same).address
    tracker = env.keep(HttpTracker(env.ip(2), peers_reply([address])))
    client = leech(env, tiers=[[tracker.url]])
    until(lambda: client.status()["peers"], 5, "the good peer is there")
    until(lambda: client.status()["downloaded"] > 0, 5, "it sends")

    def steal():
        while client.alive():
            try:
                wire = env.dial(30, same)
                wire.send(w.handshake(env.content.info_hash, same))
                wire.wait_closed(0.3)
            except (OSError, AssertionError, w.Closed):
                pass
            time.sleep(0.05)

    threading.Thread(target=steal, daemon=True).start()
    client.wait_complete(6)
    env.ends_well(client)

# SPDX-License-Identifier: ISC
"""Messages that break the protocol: they cost the connection, or nothing; never the download."""
import socket
import struct
import threading
import time

import wire as w
from bencode import encode
from case import batches
from content import BLOCK, Content
from tool import until
from trackers import HttpTracker, peers_reply

COUNT = Content().count


# -- misbehaviour that must cost the connection: name, what the log says, what the peer does --


def before_handshake(data):
    def behave(wire):
        wire.send(data)

    return behave


def after_handshake(data, reserved=w.EXTENSIONS | w.FAST):
    """The peer is welcome and then says data."""

    def behave(wire):
        wire.shake(reserved)
        wire.send(data)

    return behave


def in_a_loop(data, times):
    def behave(wire):
        wire.shake(w.EXTENSIONS | w.FAST)
        for _ in range(times):
            wire.send(data)

    return behave


def corrupt_alone(wire):
    wire.pretend_to_seed()
    wire.serve(lambda index, begin, data: b"\xee" * len(data))


def block_outside(wire):
    wire.pretend_to_seed()
    wire.wait_request()
    wire.say(w.PIECE, COUNT + 5, 0, data=b"x" * BLOCK)


def wrong_hash(wire):
    wire.send(w.handshake(b"z" * 20, wire.peer_id))


MALFORMED = "malformed message"
NO_HANDSHAKE = "not a BitTorrent handshake"

FATAL = [
    ("garbage", NO_HANDSHAKE, before_handshake(bytes(range(256)) * 100)),
    ("http-request", NO_HANDSHAKE, before_handshake(b"GET / HTTP/1.0\r\n" + b"A: b\r\n" * 20)),
    ("zeros", NO_HANDSHAKE, before_handshake(bytes(1000))),
    ("wrong-info-hash", "torrent", wrong_hash),
    ("oversized-message", MALFORMED, after_handshake(w.raw_message(0xFFFFFFFF, w.PIECE))),
    ("oversized-extended", MALFORMED, after_handshake(w.raw_message(1 << 20, w.EXTENDED))),
    ("oversized-piece", MALFORMED, after_handshake(w.raw_message(9 + BLOCK + 1, w.PIECE))),
    ("negative-length", MALFORMED, after_handshake(w.raw_message(0x80000001, w.HAVE))),
    ("unknown-id", MALFORMED, after_handshake(w.raw_message(5, 99, bytes(4)))),
    ("hash-request-on-v1", "hash message", after_handshake(w.raw_message(49, 21, bytes(48)))),
    ("bitfield-short", MALFORMED, after_handshake(w.message(w.BITFIELD))),
    ("bitfield-long", MALFORMED, after_handshake(w.message(w.BITFIELD, data=bytes(100)))),
    ("have-out-of-range", "does not exist", after_handshake(w.message(w.HAVE, COUNT))),
    ("have-huge", "does not exist", after_handshake(w.message(w.HAVE, 0xFFFFFFFF))),
    ("block-outside-torrent", "content outside", block_outside),
    ("corrupt-data-alone", "sent bad data", corrupt_alone),
    (
        "requests-out-of-range",
        "too many improper",
        in_a_loop(w.message(w.REQUEST, COUNT, 0, BLOCK), 400),
    ),
    (
        "requests-too-long",
        "too many improper",
        in_a_loop(w.message(w.REQUEST, 0, 0, BLOCK + 1), 400),
    ),
    (
        "requests-over-the-end",
        "too many improper",
        in_a_loop(w.message(w.REQUEST, 0, 0xFFFFF000, BLOCK), 400),
    ),
    ("empty-piece", MALFORMED, after_handshake(w.message(w.PIECE, 0, 0))),
    (
        "bitfield-flood",
        "too many improper",
        in_a_loop(w.message(w.HAVE_NONE) + w.message(w.HAVE_ALL), 400),
    ),
    (
        "extended-garbage-flood",
        "too many improper",
        in_a_loop(w.message(w.EXTENDED, data=b"\0" + b"garbage"), 400),
    ),
    (
        "extended-unknown-flood",
        "too many improper",
        in_a_loop(w.message(w.EXTENDED, data=b"\x07" + encode({"a": 1})), 400),
    ),
]

# Every kind of message with one byte too many and one too few.
for kind, length in [
    (w.CHOKE, 1),
    (w.UNCHOKE, 1),
    (w.INTERESTED, 1),
    (w.NOT_INTERESTED, 1),
    (w.HAVE, 5),
    (w.REQUEST, 13),
    (w.CANCEL, 13),
    (w.PORT, 3),
    (w.SUGGEST, 5),
    (w.HAVE_ALL, 1),
    (w.HAVE_NONE, 1),
    (w.REJECT, 13),
    (w.ALLOWED_FAST, 5),
]:
    FATAL.append(
        (
            "message-%d-long" % kind,
            MALFORMED,
            after_handshake(w.raw_message(length + 1, kind, bytes(length))),
        )
    )
    if length > 1:
        FATAL.append(
            (
                "message-%d-short" % kind,
                MALFORMED,
                after_handshake(w.raw_message(length - 1, kind, bytes(length - 2))),
            )
        )
FATAL.append(("piece-short", MALFORMED, after_handshake(w.raw_message(8, w.PIECE, bytes(7)))))
FATAL.append(("extended-short", MALFORMED, after_handshake(w.raw_message(1, w.EXTENDED))))
for kind in (w.SUGGEST, w.HAVE_ALL, w.HAVE_NONE, w.REJECT, w.ALLOWED_FAST):
    numbers = {w.REJECT: [0, 0, BLOCK], w.HAVE_ALL: [], w.HAVE_NONE: []}.get(kind, [0])
    FATAL.append(
        (
            "fast-%d-without-the-bit" % kind,
            "without the fast extension",
            after_handshake(w.message(kind, *numbers), w.EXTENSIONS),
        )
    )


def run_fatal(env, listed, direction):
    """One client for a batch: each peer is dropped for its reason, then the download completes."""
    number = {name: 30 + i for i, (name, _, _) in enumerate(listed)}
    failures = []

    def meet(name, behave, wire):
        try:
            behave(wire)
        except w.Closed:
            return
        except AssertionError as error:
            failures.append("%s: %s" % (name, error))
            return
        try:
            wire.wait_closed()
        except AssertionError as error:
            failures.append("%s: %s" % (name, error))

    addresses = []
    if direction == "dialled":
        for name, _, behave in listed:
            handle = lambda wire, name=name, behave=behave: meet(name, behave, wire)  # noqa: E731
            addresses.append(env.listen(number[name], handle).address)
    tracker = env.keep(HttpTracker(env.ip(2), peers_reply(addresses)))
    client = env.client(env.content.torrent([tracker.url]))
    client.wait_state("downloading")
    threads = []
    if direction == "incoming":
        for name, _, behave in listed:
            wire = env.dial(number[name])
            threads.append(threading.Thread(target=meet, args=(name, behave, wire), daemon=True))
            threads[-1].start()

    def missing():
        log = client.log()
        return [
            "%s: no 'peer %s...: closed: ...%s...'" % (name, env.ip(number[name]), reason)
            for name, reason, _ in listed
            if not any(
                "peer %s:" % env.ip(number[name]) in line and reason in line
                for line in log.splitlines()
            )
        ]

    end = time.monotonic() + 12
    while missing() and time.monotonic() < end and client.alive():
        time.sleep(0.1)
    assert not missing(), missing()
    for thread in threads:
        thread.join(6)
    assert not failures, failures
    env.good_seed()
    client.wait_complete()
    env.bound(client, 48)
    env.ends_well(client)


batches("wire", "dropped", FATAL, 12, run_fatal)


# -- misbehaviour that must not harm: the connection may stand, the download completes --


def improper_but_kept(data, reserved=w.EXTENSIONS | w.FAST):
    def behave(wire):
        wire.shake(reserved)
        wire.send(data)
        wire.wait_kept(0.6)

    return behave


def spare_bits(wire):
    wire.shake()
    wire.say(w.BITFIELD, data=b"\xff" * -(-COUNT // 8))
    wire.wait_kept(0.4)


def bitfields_again_and_again(wire):
    wire.shake(w.EXTENSIONS | w.FAST)
    for i in range(100):
        wire.say(*[(w.HAVE_ALL,), (w.HAVE_NONE,)][i % 2])
        wire.say(w.BITFIELD, data=w.full_bitfield(COUNT))
    wire.wait_kept(0.4)


def pieces_lost_and_found(wire):
    wire.shake(w.EXTENSIONS | w.FAST)
    wire.say(w.HAVE_ALL)
    for i in range(3000):
        piece = i % COUNT
        wire.send(w.message(w.EXTENDED, data=bytes([w.DONTHAVE_ID]) + piece.to_bytes(4, "big")))
        if i % 3:
            wire.say(w.HAVE, piece)
    wire.wait_kept(0.4)


def haves_after_all(wire):
    wire.shake(w.EXTENSIONS | w.FAST)
    wire.say(w.HAVE_NONE)
    for _ in range(200):
        for i in range(COUNT):
            wire.say(w.HAVE, i)
    wire.say(w.HAVE_NONE)
    wire.wait_kept(0.4)


def choke_flips(wire):
    wire.pretend_to_seed()
    wire.send((w.message(w.UNCHOKE) + w.message(w.CHOKE)) * 5000)


def interest_flips(wire):
    wire.shake()
    wire.send((w.message(w.INTERESTED) + w.message(w.NOT_INTERESTED)) * 20000)


def pieces_never_asked(wire):
    wire.shake()
    wire.say(w.BITFIELD, data=w.full_bitfield(COUNT))
    for i in range(60):
        wire.say(w.PIECE, i % COUNT, 0, data=b"\x66" * BLOCK)
    wire.wait_kept(0.3)


def wrong_lengths_of_blocks(wire):
    wire.pretend_to_seed()
    for _ in range(10):
        index, begin, length = wire.wait_request()
        wire.say(w.PIECE, index, begin, data=b"\x66" * (length - 1))
        wire.say(w.PIECE, index, begin + 1, data=b"\x66" * (length - 1))


def extended(payload):
    return improper_but_kept(w.message(w.EXTENDED, data=b"\0" + payload))


def silent(wire):
    time.sleep(3)


def rejects_of_everything(wire):
    wire.pretend_to_seed(w.EXTENSIONS | w.FAST)
    for i in range(3000):
        wire.say(w.REJECT, i % (COUNT + 3), (i * BLOCK) & 0xFFFFFFFF, BLOCK)


def cancels_of_everything(wire):
    wire.shake(w.EXTENSIONS | w.FAST)
    for i in range(3000):
        wire.say(w.CANCEL, i, i, i)
    wire.wait_kept(0.3)


def allowed_fast_flood(wire):
    wire.shake(w.EXTENSIONS | w.FAST)
    wire.say(w.HAVE_ALL)
    for i in range(5000):
        wire.say(w.ALLOWED_FAST, i % (COUNT * 2))
        wire.say(w.SUGGEST, i)


def closes_at_once(wire):
    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


def half_handshake(wire):
    wire.send(w.handshake(wire.content.info_hash, wire.peer_id)[:50])
    wire.close()


def half_message(wire):
    wire.pretend_to_seed()
    index, begin, _ = wire.wait_request()
    wire.send(w.message(w.PIECE, index, begin, data=b"x" * BLOCK)[:5000])
    wire.close()


def ends_writing(wire):
    wire.pretend_to_seed()
    wire.sock.shutdown(socket.SHUT_WR)


HARMLESS = [
    ("never-a-handshake", silent),
    ("spare-bits", spare_bits),
    ("bitfields-again-and-again", bitfields_again_and_again),
    ("haves-again-and-again", haves_after_all),
    ("pieces-lost-and-found", pieces_lost_and_found),
    ("choke-flips", choke_flips),
    ("interest-flips", interest_flips),
    ("pieces-never-asked", pieces_never_asked),
    ("wrong-lengths-of-blocks", wrong_lengths_of_blocks),
    ("keepalive-flood", improper_but_kept(bytes(4) * 50000)),
    ("port-flood", improper_but_kept(w.message(w.PORT, data=b"\0\1") * 5000)),
    ("extended-garbage", extended(b"not bencode")),
    ("extended-list", extended(b"le")),
    ("extended-nested", extended(b"d1:a" + b"l" * 5000 + b"e" * 5000 + b"e")),
    ("extended-huge-string", extended(b"d1:v4294967295:x")),
    ("extended-64-KiB", extended(encode({"v": b"v" * 60000, "m": {"ut_pex": 1}}))),
    ("extended-many-keys", extended(encode({"m": {"k%05d" % i: i for i in range(3000)}}))),
    ("extended-numbers", extended(encode({"reqq": -1, "p": 1 << 40, "metadata_size": -5}))),
    ("extended-reqq-huge", extended(encode({"reqq": 1 << 62, "v": "\x1b[31m\x07\n"}))),
    ("extended-empty", extended(b"")),
    ("rejects-of-everything", rejects_of_everything),
    ("cancels-of-everything", cancels_of_everything),
    ("allowed-fast-flood", allowed_fast_flood),
    ("closes-at-once", closes_at_once),
    ("half-a-handshake", half_handshake),
    ("half-a-message", half_message),
    ("ends-writing", ends_writing),
]


def run_harmless(env, listed, direction):
    """All of a batch at once on one client, which completes from a good peer meanwhile."""
    failures = []
    done = []

    def meet(name, behave, wire):
        try:
            behave(wire)
        except (w.Closed, OSError):
            pass  # being dropped for it is right as well
        except AssertionError as error:
            failures.append("%s: %s" % (name, error))
        done.append(name)

    addresses = []
    if direction == "dialled":
        for i, (name, behave) in enumerate(listed):
            handle = lambda wire, name=name, behave=behave: meet(name, behave, wire)  # noqa: E731
            addresses.append(env.listen(30 + i, handle).address)
    tracker = env.keep(HttpTracker(env.ip(2), peers_reply(addresses)))
    client = env.client(env.content.torrent([tracker.url]), "--snub_time", "1")
    client.wait_state("downloading")
    if direction == "incoming":
        for i, (name, behave) in enumerate(listed):
            args = (name, behave, env.dial(30 + i))
            threading.Thread(target=meet, args=args, daemon=True).start()
    until(lambda: len(set(done)) == len(listed) or not client.alive(), 15, "all have done it")
    # Whoever seems to have something and does not give it is passed over after a second.
    env.good_seed()
    client.wait_complete(20)
    assert not failures, failures
    assert b"\x1b" not in client.out() + client.err(), "escape sequences reach the terminal"
    env.bound(client, 48)
    env.ends_well(client)


batches("wire", "endured", HARMLESS, 9, run_harmless)

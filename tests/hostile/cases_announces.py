# SPDX-License-Identifier: ISC
"""Announces and scrapes that lie, to our tracker: what is in the swarm afterwards, and in the log."""
import re
import socket
import struct
import time

from bencode import decode
from case import case
from cases_bttrack import HASH, MAGIC, PORT, Udp, ends_well, http, percent, start, udp_announce
from tool import until

ID = percent(b"-XX0009-000000000000")


def ask(env, target, extra=b""):
    """Status and body."""
    target = target if isinstance(target, bytes) else target.encode()
    got = http(env, b"GET " + target + b" HTTP/1.0\r\nHost: t\r\n" + extra + b"\r\n")
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1."), (target[:80], got[:80])
    return int(head.split()[1]), body


def swarm(env):
    """Seeds and leeches of HASH, by scrape."""
    _, body = ask(env, "/scrape?info_hash=" + percent(HASH))
    entry = decode(body).get(b"files", {}).get(HASH, {})
    return entry.get(b"complete", 0), entry.get(b"incomplete", 0)


def is_refusal(status, body):
    """What a client shows its user, or plainly no announce."""
    if status == 200:
        return b"failure reason" in decode(body)
    return 400 <= status < 500


def announce_with(**changed):
    fields = {"info_hash": percent(HASH), "peer_id": ID, "port": "7001", "uploaded": "0",
              "downloaded": "0", "left": "5", "compact": "1"}
    fields.update(changed)
    return "/announce?" + "&".join("%s=%s" % f for f in fields.items() if f[1] is not None)


NUMBERS = ["", "-1", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
           "9" * 400, "1e3", "0x10", "%31%30", "+5", "5 ", "5%00", "5,0", "NaN", "%D9%A5"]


@case("announces", "absurd-numbers")
def absurd_numbers(env):
    """Refused, or taken for what they could mean; never an end."""
    tracker = start(env)
    for field in ("port", "left", "uploaded", "downloaded", "numwant", "compact", "cryptoport",
                  "no_peer_id", "supportcrypto", "key"):
        for number in NUMBERS:
            status, body = ask(env, announce_with(**{field: number.replace(" ", "%20")}))
            assert status in (200, 400), (field, number, status)
            if status == 200:
                reply = decode(body)
                assert b"failure reason" in reply or reply[b"interval"] > 0, (field, number, body)
            assert tracker.alive(), "ended by %s=%s" % (field, number)
    for field in "port", "left":
        for number in ("-1", "9" * 400, "0x10", "NaN"):
            assert is_refusal(*ask(env, announce_with(**{field: number}))), (field, number)
    ends_well(env, tracker)


@case("announces", "numwant-without-end")
def much_wanted(env):
    """No more than response_size, whatever is asked for; a negative number is no number."""
    tracker = start(env, "--response_size", "10", "--max_peers_per_ip", "0")
    for port in range(1001, 1101):
        ask(env, announce_with(port=str(port), peer_id=percent(b"-XX0009-%012d" % port)))
    assert swarm(env) == (0, 100), swarm(env)
    for wanted in ("1000", "2147483648", "18446744073709551615"):
        status, body = ask(env, announce_with(numwant=wanted))
        assert status == 200 and len(body) < 250, (wanted, len(body))
    udp = Udp(env)
    mine = udp.connect()
    for wanted in (1000, (1 << 31) - 1, -(1 << 31), -1):
        reply = udp.ask(udp_announce(mine, numwant=wanted), 3)
        assert len(reply) <= 20 + 6 * 10, (wanted, len(reply))
    ends_well(env, tracker)


@case("announces", "port-0")
def port_0(env):
    """Nobody can be reached there: no peer of that kind is handed out."""
    tracker = start(env)
    status, body = ask(env, announce_with(port="0"))
    assert is_refusal(status, body) or decode(body)[b"interval"] > 0
    udp = Udp(env)
    mine = udp.connect()
    udp.ask(udp_announce(mine, port=0), 0.5)
    status, body = ask(env, announce_with(port="7009", peer_id=percent(b"-XX0009-000000000009")))
    assert decode(body)[b"peers"] == b"", body
    ends_well(env, tracker)


ESCAPES = ["%", "%1", "%zz", "%%", "%%%", "%u0041", "%-1", "%+1", "%0x", "%1%", "%G0" * 20,
           "%00" * 19, "%00" * 21, "%00" * 19 + "%", "%00" * 19 + "%0", "a" * 19 + "%", "+" * 19,
           "%25" * 20 + "%", "\xff" * 21]


@case("announces", "malformed-escapes")
def escapes(env):
    """A hash or id that is not 20 bytes enters nothing."""
    tracker = start(env, "--keep_dead", "1")
    for text in ESCAPES:
        raw = text.encode("latin-1")
        for field in (b"info_hash", b"peer_id"):
            whole = announce_with(**{field.decode(): "MARK"}).encode().replace(b"MARK", raw)
            assert is_refusal(*ask(env, whole)), whole
        status, _ = ask(env, b"/scrape?info_hash=" + raw)
        assert status in (200, 400), (text, status)
        for more in (b"&event=" + raw, b"&key=" + raw, b"&trackerid=" + raw, b"&" + raw + b"=1",
                     b"&" + raw, b"&ip=" + raw):
            status, _ = ask(env, announce_with().encode() + more)
            assert status in (200, 400), (text, more, status)
    _, body = ask(env, "/scrape")
    assert set(decode(body)[b"files"]) <= {HASH}, body
    ends_well(env, tracker)


@case("announces", "addresses-that-cannot-be")
def addresses(env):
    """ip= is believed of those on local networks, but not that a peer is everybody or nobody."""
    tracker = start(env, "--max_peers_per_ip", "0")
    lies = ["0.0.0.0", "255.255.255.255", "224.0.0.1", "239.255.255.250", "::", "ff02::1",
            "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.02.03.04", "1.2.3.4%00", "localhost",
            "example.com", "[::1]", "fe80::1%25lo", "-1", "9" * 300, "%0d%0aX: y"]
    for number, lie in enumerate(lies):
        status, body = ask(env, announce_with(ip=lie, port=str(8000 + number),
                                              peer_id=percent(b"-XX0009-%012d" % number)))
        assert status in (200, 400), (lie, status)
    _, body = ask(env, announce_with(port="7009", numwant="50"))
    reply = decode(body)
    for i in range(0, len(reply[b"peers"]), 6):
        first = reply[b"peers"][i]
        assert 0 < first < 224, "handed out: " + socket.inet_ntoa(reply[b"peers"][i:i + 4])
    for i in range(0, len(reply.get(b"peers6", b"")), 18):
        first = reply[b"peers6"][i:i + 16]
        assert first[0] != 255 and any(first), first
    ends_well(env, tracker)


@case("announces", "udp-every-length-to-2048")
def every_length(env):
    """With a proven id and without: to the unproven never more than they sent."""
    tracker = start(env)
    udp, other = Udp(env, 41), Udp(env, 42)
    mine = udp.connect()
    for action in (0, 1, 2, 3, 1 << 31):
        for length in range(2049):
            # The transaction tells the length.
            proven = struct.pack(">QII", mine, action, length) + bytes([length & 255]) * 2048
            other.sock.send((struct.pack(">Q", MAGIC) + proven[8:])[:length])
            udp.sock.send(proven[:length])
            if length % 32 == 0:
                check_replies(udp, other)
    time.sleep(0.3)
    check_replies(udp, other)
    assert tracker.alive()
    assert udp.ask(udp_announce(udp.connect()), 3)[:8] == struct.pack(">II", 1, 9)
    ends_well(env, tracker)


def check_replies(proven, other):
    for reply in proven.drain():
        assert len(reply) <= 1500, len(reply)
    for reply in other.drain():
        asked = struct.unpack(">I", reply[4:8])[0]
        assert len(reply) <= asked, "%d bytes for %d" % (len(reply), asked)


LINE = re.compile(
    rb'[0-9.]+ - - \[\d\d/\w{3}/\d{4}:[0-9:]{8}\] "(\\.|[^"\\])*" \d{3} \d+ '
    rb'"(\\.|[^"\\])*" "(\\.|[^"\\])*"'
)
FORGERIES = [
    b'x" 200 0 "-" "y',
    b"x\r127.0.0.1 - - [forged]",
    b"x\x0b\x0c\x1b[2J\x07\x00\x7f\x85\xe2\x80\xa8",
    b"%0d%0a127.0.0.1 - - [forged]",
    b"back\\slash\\",
    b'\\"',
    b"a" * 4000,
]


@case("announces", "forged-log-lines")
def log_forging(env):
    """Each request is a line of the log's form, without a byte that a terminal would act on."""
    tracker = start(env, "--logfile", env.path("log"), "--min_time_between_log_flushes", "0",
                    "--trusted_proxies", "127.0.0.0/8")
    count = 0
    for text in FORGERIES:
        for extra in (b"User-Agent: ", b"Referer: ", b"X-Forwarded-For: ", b"X-Real-IP: "):
            http(env, b"GET / HTTP/1.0\r\n" + extra + text + b"\r\n\r\n", half=True)
            count += 1
        for target in (b"/" + text, b"/announce?info_hash=" + text, b"/scrape?" + text):
            http(env, b"GET " + target.replace(b" ", b"+") + b" HTTP/1.0\r\n\r\n", half=True)
            count += 1
        http(env, text + b" / HTTP/1.0\r\n\r\n", half=True)
        count += 1

    def log():
        with open(env.path("log"), "rb") as f:
            return f.read()

    ends_well(env, tracker)
    until(lambda: log().endswith(b"\n"), 5, "the log is written")
    lines = log().split(b"\n")[:-1]
    assert count // 2 < len(lines) <= count + 5, "%d lines for %d requests" % (len(lines), count)
    for line in lines:
        assert LINE.fullmatch(line), line[:200]
        assert all(32 <= byte < 127 for byte in line), line[:200]


@case("announces", "slow-to-read")
def slow_to_read(env):
    """Who asks for much and takes it a byte at a time is cut; others do not wait for him."""
    tracker = start(env, "--socket_timeout", "2")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.settimeout(5)
    env.keep(sock).connect((env.ip(1), PORT))
    sock.setblocking(False)
    requests = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n" * 50

    def cut():
        try:
            sock.send(requests)
        except BlockingIOError:
            pass
        except OSError:
            return True
        try:
            return sock.recv(1) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    until(cut, 15, "the slow reader is cut")
    ends_well(env, tracker)

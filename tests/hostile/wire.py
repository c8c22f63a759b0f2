# SPDX-License-Identifier: ISC
"""The peer wire as a tester needs it: nothing is checked, everything can be sent."""
import socket
import struct
import time

CHOKE, UNCHOKE, INTERESTED, NOT_INTERESTED, HAVE, BITFIELD, REQUEST, PIECE, CANCEL = range(9)
PORT, SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST, EXTENDED = 9, 13, 14, 15, 16, 17, 20

DONTHAVE_ID = 4  # that we give lt_donthave (BEP 54)

FAST = 1 << 2
EXTENSIONS = 1 << 20


class Closed(Exception):
    """The other side ended the connection."""


def message(kind, *numbers, data=b""):
    body = bytes([kind]) + b"".join(struct.pack(">I", n & 0xFFFFFFFF) for n in numbers) + data
    return struct.pack(">I", len(body)) + body


def raw_message(length, kind, data=b""):
    """A message whose length field says what it likes."""
    return struct.pack(">IB", length, kind) + data


def handshake(info_hash, peer_id, reserved=EXTENSIONS):
    return b"\x13BitTorrent protocol" + struct.pack(">Q", reserved) + info_hash + peer_id


def full_bitfield(count):
    bits = bytearray(-(-count // 8))
    for i in range(count):
        bits[i // 8] |= 0x80 >> (i % 8)
    return bytes(bits)


class Wire:
    def __init__(self, sock, content, peer_id):
        self.sock = sock
        self.content = content
        self.peer_id = peer_id
        self.buffer = b""
        sock.settimeout(10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        self.sock.close()

    def send(self, data):
        try:
            self.sock.sendall(data)
        except socket.timeout:
            raise
        except OSError as error:
            raise Closed(str(error)) from None

    def send_slowly(self, data, pause=0.0005):
        for i in range(len(data)):
            self.send(data[i : i + 1])
            if pause:
                time.sleep(pause)

    def say(self, kind, *numbers, data=b""):
        self.send(message(kind, *numbers, data=data))

    def read(self, n):
        while len(self.buffer) < n:
            try:
                got = self.sock.recv(65536)
            except socket.timeout:
                raise
            except OSError as error:
                raise Closed(str(error)) from None
            if not got:
                raise Closed("closed")
            self.buffer += got
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def shake(self, reserved=EXTENSIONS, info_hash=None):
        """Both handshakes; gives the other's peer id."""
        self.send(handshake(info_hash or self.content.info_hash, self.peer_id, reserved))
        return self.read_handshake()

    def read_handshake(self):
        theirs = self.read(68)
        assert theirs.startswith(b"\x13BitTorrent protocol")
        return theirs[48:]

    def next(self):
        """The next message: kind (None: keepalive) and payload."""
        (length,) = struct.unpack(">I", self.read(4))
        if length == 0:
            return None, b""
        body = self.read(length)
        return body[0], body[1:]

    def wait_for(self, kind, seconds=8):
        end = time.monotonic() + seconds
        while True:
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                got, payload = self.next()
            except socket.timeout:
                raise AssertionError("no message %d within %g s" % (kind, seconds)) from None
            if got == kind:
                self.sock.settimeout(10)
                return payload

    def wait_request(self, seconds=8):
        return struct.unpack(">III", self.wait_for(REQUEST, seconds))

    def wait_closed(self, seconds=5):
        """Reads on until the other side ends it."""
        end = time.monotonic() + seconds
        try:
            while True:
                left = end - time.monotonic()
                assert left > 0, "the client kept the connection for %g s" % seconds
                self.sock.settimeout(left)
                if not self.sock.recv(65536):
                    return
        except socket.timeout:
            raise AssertionError("the client kept the connection for %g s" % seconds) from None
        except OSError:
            return

    def wait_kept(self, seconds=0.5):
        """The connection stands all that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                if not self.sock.recv(65536):
                    raise AssertionError("the client closed the connection")
            except socket.timeout:
                return
            except OSError as error:
                raise AssertionError("the client closed the connection: %s" % error) from None

    def pretend_to_seed(self, reserved=EXTENSIONS):
        """Up to the unchoke, as a seed does it."""
        self.shake(reserved)
        self.say(BITFIELD, data=full_bitfield(self.content.count))
        self.say(UNCHOKE)

    def serve(self, alter=None):
        """Answers requests until the other side goes; alter(index, begin, data) may change them."""
        try:
            while True:
                kind, payload = self.next()
                if kind == INTERESTED:
                    self.say(UNCHOKE)
                if kind == REQUEST:
                    index, begin, length = struct.unpack(">III", payload)
                    data = self.content.block(index, begin, length)
                    if alter:
                        data = alter(index, begin, data)
                    if data is not None:
                        self.say(PIECE, index, begin, data=data)
        except (Closed, OSError):
            pass

    def fetch(self, index=0):
        """One piece as a leech that is unchoked gets it, and whether it is right."""
        size = self.content.piece_size(index)
        got = b""
        for begin in range(0, size, 16384):
            self.say(REQUEST, index, begin, min(16384, size - begin))
            got += self.wait_for(PIECE)[8:]
        assert got == self.content.block(index, 0, size), "piece %d is not what it is" % index


def dial(to, content, peer_id, source):
    sock = socket.create_connection(to, timeout=10, source_address=(source, 0))
    return Wire(sock, content, peer_id)

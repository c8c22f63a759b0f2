# SPDX-License-Identifier: ISC
"""Trackers that say what a test tells them to: HTTP and UDP."""
import re
import socket
import threading
import urllib.parse

from bencode import encode
from listener import Listener


def compact(peers):
    return b"".join(socket.inet_aton(ip) + port.to_bytes(2, "big") for ip, port in peers)


def peers_reply(peers, **more):
    return encode({"interval": 60, "peers": compact(peers), **more})


def http_reply(body, status="200 OK", extra=""):
    head = "HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n" % (
        status,
        len(body),
        extra,
    )
    return head.encode() + body


def read_head(sock):
    head = b""
    while b"\r\n\r\n" not in head:
        got = sock.recv(4096)
        if not got:
            break
        head += got
    return head


class HttpTracker:
    """answer: bytes of a bencoded reply, or a function of (socket, head) that sends anything."""

    def __init__(self, address, answer):
        self.answer = answer
        self.heads = []
        self.listener = Listener(address, 6969, self._handle)
        self.url = "http://%s:6969/announce" % address

    def _handle(self, sock):
        head = read_head(sock)
        self.heads.append(head)
        if callable(self.answer):
            self.answer(sock, head)
        else:
            sock.sendall(http_reply(self.answer))

    def events(self):
        return [e.decode() for h in self.heads for e in re.findall(rb"[?&]event=(\w+)", h)]

    def close(self):
        self.listener.close()


class UdpTracker:
    """answer(packet, count): packets to send back."""

    def __init__(self, address, answer):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, 6969))
        self.url = "udp://%s:6969/announce" % address
        self.packets = []
        self.client = None
        self.answer = answer
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                packet, client = self.sock.recvfrom(4096)
                if client is None:
                    return
                self.client = client
                self.packets.append(packet)
                for reply in self.answer(packet, len(self.packets)):
                    self.sock.sendto(reply, self.client)
            except OSError:
                return

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


def query_of(head):
    """The parameters of an announce, as bytes."""
    pairs = head.split(b" ")[1].partition(b"?")[2].split(b"&")
    return {
        k.decode(): urllib.parse.unquote_to_bytes(v.decode())
        for k, _, v in (p.partition(b"=") for p in pairs)
    }

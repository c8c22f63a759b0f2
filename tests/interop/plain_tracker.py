#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""plain_tracker.py ADDRESS PORT: the smallest HTTP tracker that clients accept, and its log."""
import http.server
import socket
import sys
import urllib.parse

from content import bencode

swarms = {}


def query_of(path):
    # Not parse_qs: info_hash and peer_id are bytes.
    pairs = (p.partition("=") for p in path.partition("?")[2].split("&"))
    return {k: urllib.parse.unquote_to_bytes(v) for k, _, v in pairs}


def packed(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address) + port.to_bytes(2, "big")


def announce(query, address):
    peers = swarms.setdefault(query["info_hash"], {})
    peer_id = query["peer_id"]
    if query.get("event") == b"stopped":
        peers.pop(peer_id, None)
    else:
        peers[peer_id] = (address, int(query["port"]), int(query.get("left", b"0")))
    others = [p for i, p in peers.items() if i != peer_id]
    reply = {
        "interval": 15,
        "complete": sum(p[2] == 0 for p in peers.values()),
        "incomplete": sum(p[2] != 0 for p in peers.values()),
        "peers": b"".join(packed(a, p) for a, p, _ in others if ":" not in a),
    }
    v6 = b"".join(packed(a, p) for a, p, _ in others if ":" in a)
    if v6:
        reply["peers6"] = v6
    return reply


def scrape(query):
    peers = swarms.get(query.get("info_hash"), {})
    return {
        "files": {
            query.get("info_hash", b""): {
                "complete": sum(p[2] == 0 for p in peers.values()),
                "downloaded": 0,
                "incomplete": sum(p[2] != 0 for p in peers.values()),
            }
        }
    }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        try:
            query = query_of(self.path)
            if self.path.startswith("/announce"):
                reply = announce(query, self.client_address[0])
            else:
                reply = scrape(query)
        except (KeyError, ValueError) as error:
            reply = {"failure reason": "bad request: %r" % error}
        body = bencode(reply)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True
        if self.path.startswith("/announce"):
            print(
                "%s %s %s\n    %r"
                % (self.client_address[0], self.headers.get("User-Agent"), self.path, body),
                flush=True,
            )

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


if __name__ == "__main__":
    if ":" in sys.argv[1]:
        Server.address_family = socket.AF_INET6
    Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()

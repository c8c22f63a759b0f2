# SPDX-License-Identifier: ISC
# Peers that come, say who they are, and want nothing.
# usage: idle_peers.py PORT INFO_HASH COUNT     ends when its standard input does
import socket
import sys
import time

port, info_hash, count = int(sys.argv[1]), bytes.fromhex(sys.argv[2]), int(sys.argv[3])
peers = []
for i in range(count):
    s = socket.socket()
    s.bind(("127.1.%d.%d" % (i // 200, i % 200 + 1), 0))
    s.connect(("127.0.0.1", port))
    s.sendall(b"\x13BitTorrent protocol" + bytes(8) + info_hash + b"-XX0001-%012d" % i)
    peers.append(s)
    time.sleep(0.005)


def is_open(s):
    s.settimeout(0.05)
    try:
        while s.recv(4096):
            pass
    except socket.timeout:
        return True
    except OSError:
        pass
    return False


print("open: %d" % sum(is_open(s) for s in peers), flush=True)
sys.stdin.read()

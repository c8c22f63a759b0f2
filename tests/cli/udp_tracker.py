# SPDX-License-Identifier: ISC
"""A UDP tracker client (BEP 15) for the tests: udp_tracker.py HOST PORT announce|scrape|garbage ..."""
import random
import socket
import struct
import sys

MAGIC = 0x41727101980


def main():
    host, port, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect((host, port))
    if what == "garbage":
        for n in list(range(0, 200)) + [576, 1400, 9000]:
            s.send(random.Random(n).randbytes(n))
        return
    s.send(struct.pack(">QII", MAGIC, 0, 7))
    action, tid, conn = struct.unpack(">IIQ", s.recv(2048))
    assert (action, tid) == (0, 7)
    if what == "forged":
        conn ^= 1
    info_hash = bytes.fromhex(sys.argv[4])
    if what == "scrape":
        s.send(struct.pack(">QII", conn, 2, 8) + info_hash)
        r = s.recv(2048)
        action, tid = struct.unpack(">II", r[:8])
        print("seeds %d completed %d leeches %d" % struct.unpack(">III", r[8:20]))
        return
    peer_id, peer_port, left = sys.argv[5].encode(), int(sys.argv[6]), int(sys.argv[7])
    event = {"none": 0, "completed": 1, "started": 2, "stopped": 3}[sys.argv[8]]
    request = struct.pack(">QII20s20sQQQIIIiH", conn, 1, 9, info_hash, peer_id, 0, left, 0,
                          event, 0, 42, -1, peer_port)
    s.send(request)
    r = s.recv(2048)
    action, tid = struct.unpack(">II", r[:8])
    assert tid == 9
    if action == 3:
        assert len(r) <= len(request)
        print("error: " + r[8:].decode())
        return
    interval, leeches, seeds = struct.unpack(">III", r[8:20])
    size = 18 if family == socket.AF_INET6 else 6
    assert (len(r) - 20) % size == 0
    peers = sorted("%s:%d" % (socket.inet_ntop(family, r[i:i + size - 2]),
                              struct.unpack(">H", r[i + size - 2:i + size])[0])
                   for i in range(20, len(r), size))
    print("interval %d seeds %d leeches %d peers %s" % (interval, seeds, leeches, " ".join(peers)))


main()

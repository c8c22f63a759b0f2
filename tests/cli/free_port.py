# SPDX-License-Identifier: ISC
"""Prints a port that is free for TCP and UDP, below those of outgoing connections."""
import random
import socket

while True:
    port = random.randrange(20000, 32000)
    try:
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
            with socket.socket(socket.AF_INET, kind) as s:
                s.bind(("", port))
        break
    except OSError:
        pass
print(port)

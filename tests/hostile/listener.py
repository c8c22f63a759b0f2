# SPDX-License-Identifier: ISC
"""A TCP server that gives each connection to a function, each in a thread of its own."""
import socket
import threading


class Listener:
    def __init__(self, address, port, handle, backlog=128):
        self.sock = socket.create_server((address, port), backlog=backlog)
        self.address = self.sock.getsockname()[:2]
        self.handle = handle
        self.open = []
        self.count = 0
        self.closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            self.count += 1
            self.open.append(sock)
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock):
        try:
            self.handle(sock)
        except (OSError, ValueError, EOFError):
            pass
        except Exception as error:
            if not self.closing and type(error).__name__ != "Closed":
                print("# in a server: %s: %s" % (type(error).__name__, error), flush=True)
        finally:
            sock.close()

    def close(self):
        self.closing = True
        for sock in [self.sock] + self.open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

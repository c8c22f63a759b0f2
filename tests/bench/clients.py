# SPDX-License-Identifier: ISC
"""The clients of tests/interop at their fastest sane settings; all tell at once when complete."""
import json
import os

import peers


class Us(peers.Us):
    def launch(self, argv, **more):
        self.read = 0
        self.done = False
        at = argv.index("--verbose")
        super().launch(argv[:at] + argv[at + 2 :], **more)

    def is_done(self):
        # There is a line a piece: look at the new ones only.
        if not self.done:
            with open(self.process.log, "rb") as f:
                f.seek(self.read)
                new = f.read()
            whole = new.rfind(b"\n") + 1
            self.read += whole
            self.done = any(
                json.loads(line).get("event") == "complete"
                for line in new[:whole].splitlines()
                if line.startswith(b"{")
            )
        return self.done


class Libtorrent(peers.Libtorrent):
    """Over TCP only: uTP is an order of magnitude slower here. With its own preset for fast
    machines, which takes a third off the seed's CPU time."""

    def launch(self, argv, **more):
        super().launch(argv + ["fast"], **more)


class Aria2(peers.Aria2):
    def launch(self, argv, **more):
        super().launch(argv + ["--bt-request-peer-speed-limit=0"], **more)


class Transmission(peers.Transmission):
    def launch(self, argv, **more):
        # To ask over RPC every few milliseconds would be work for the one that is measured.
        self.mark = os.path.join(self.home, "complete")
        hook = os.path.join(self.home, "hook.sh")
        with open(hook, "w") as f:
            f.write("#!/bin/sh\n: >'%s'\n" % self.mark)
        os.chmod(hook, 0o755)
        path = os.path.join(self.home, "transmission", "settings.json")
        with open(path) as f:
            settings = json.load(f)
        settings.update({"script-torrent-done-enabled": True, "script-torrent-done-filename": hook})
        with open(path, "w") as f:
            json.dump(settings, f)
        super().launch([a for a in argv if a != "--log-info"], **more)

    def is_done(self):
        return os.path.exists(self.mark)


CLIENTS = {"us": Us, "libtorrent": Libtorrent, "aria2": Aria2, "transmission": Transmission}

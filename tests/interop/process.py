# SPDX-License-Identifier: ISC
"""One child process with its log. It dies with us whatever becomes of us."""
import ctypes
import os
import signal
import subprocess
import time

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Died(Exception):
    """A process ended that should not have."""


def describe(status):
    if status is None:
        return "still running"
    if status < 0:
        return "killed by %s" % signal.Signals(-status).name
    return "exit status %d" % status


class Process:
    def __init__(self, argv, log, env=None, cwd=None):
        self.name = os.path.basename(log)
        self.log = log
        full = dict(os.environ)
        full.update(env or {})
        with open(log, "ab") as out:
            out.write(("$ %s\n" % " ".join(argv)).encode())
            out.flush()
            self.child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=full,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def status(self):
        return self.child.poll()

    def check_alive(self):
        if self.status() is not None:
            raise Died("%s ended too early: %s" % (self.name, describe(self.status())))

    def stop(self, sig=signal.SIGTERM, wait=10):
        """Returns the exit status; None if it had to be killed."""
        if self.child.poll() is None:
            self.child.send_signal(sig)
            try:
                self.child.wait(wait)
            except subprocess.TimeoutExpired:
                self.kill()
                return None
        return self.child.returncode

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def lines(self):
        with open(self.log, "rb") as f:
            return f.read().decode(errors="replace").splitlines()


def wait_for(what, condition, deadline, processes=()):
    """Polls; a process that ends meanwhile is the better message than a timeout."""
    while True:
        if condition():
            return
        for process in processes:
            process.check_alive()
        if time.monotonic() > deadline:
            raise TimeoutError("timed out waiting until " + what)
        time.sleep(0.1)

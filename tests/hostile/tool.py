# SPDX-License-Identifier: ISC
"""One of our programs as a child: bounded in time, watched for crashes, measured."""
import ctypes
import json
import os
import re
import resource
import signal
import subprocess
import time

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1

CRASH = re.compile(
    rb"AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:|Assertion .* failed"
    rb"|double free|corrupted|stack smashing"
)

SANITIZER_ENV = {
    # Freed memory is kept aside only a little, so that a bound on memory means something.
    "ASAN_OPTIONS": "quarantine_size_mb=4:detect_leaks=1:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


def until(condition, seconds, what):
    """Polls; gives the first true value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "not within %g s: %s" % (seconds, what)
        time.sleep(0.02)


def program(bin_dir, name):
    """Its path, and what the environment must have for it. What libtool leaves in the build
    directory may be a script that starts the program, and loses a SIGINT that comes first."""
    libs = os.path.join(bin_dir, ".libs")
    path = os.path.join(libs, name)
    if os.access(path, os.X_OK):
        return path, {"LD_LIBRARY_PATH": libs}
    return os.path.join(bin_dir, name), {}


class Tool:
    def __init__(self, bin_dir, name, args, home, cwd=None, user=None, file_size=None, wrapper=()):
        self.name = name
        self.out_path = os.path.join(home, self.name + ".out")
        self.err_path = os.path.join(home, self.name + ".err")
        path, libraries = program(bin_dir, name)

        def prepare():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            # A shell that starts us in the background has it ignored.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if file_size is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)

        env = dict(os.environ, LC_ALL="C", COLUMNS="80", XDG_STATE_HOME=home,
                   **SANITIZER_ENV, **libraries)
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.child = subprocess.Popen(
                [*wrapper, path, *args],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=cwd or home,
                env=env,
                preexec_fn=prepare,
                start_new_session=True,
            )

    def out(self):
        with open(self.out_path, "rb") as f:
            return f.read()

    def err(self):
        with open(self.err_path, "rb") as f:
            return f.read()

    def alive(self):
        return self.child.poll() is None

    def wait(self, seconds):
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s does not end within %g s" % (self.name, seconds)) from None

    def stop(self, sig=signal.SIGTERM, seconds=8):
        """Exit status after a signal."""
        if self.alive():
            self.child.send_signal(sig)
        return self.wait(seconds)

    def kill(self):
        if self.alive():
            self.child.kill()
            self.child.wait()

    def peak(self):
        """MiB of memory at most so far."""
        with open("/proc/%d/status" % self.child.pid) as f:
            return int(re.search(r"VmHWM:\s*(\d+)", f.read()).group(1)) / 1024

    def crash(self):
        """What went wrong inside, or None."""
        found = CRASH.search(self.err())
        if found:
            return self.err()[max(0, found.start() - 100) :].decode(errors="replace")[:3000]
        status = self.child.poll()
        if status is not None and -status in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS,
                                              signal.SIGFPE, signal.SIGILL, signal.SIGPIPE):
            return "%s: killed by %s" % (self.name, signal.Signals(-status).name)
        return None

    def one_line(self):
        """The one clear line it should have on stderr."""
        lines = self.err().split(b"\n")
        assert len(lines) == 2 and lines[1] == b"", "not one line on stderr: %r" % self.err()[:500]
        line = lines[0]
        assert all(c >= 0x20 and c != 0x7F for c in line), "raw control characters: %r" % line
        name = self.name.encode()
        assert line.startswith(name + b": ") and len(line) > len(name) + 6, "unclear: %r" % line
        return line.decode(errors="replace")


class Client(Tool):
    """btdownloadheadless --json 1 --verbose 1"""

    def events(self, kind=None):
        found = []
        for line in self.out().split(b"\n")[:-1]:
            event = json.loads(line)
            if kind is None or event["event"] == kind:
                found.append(event)
        return found

    def status(self):
        found = self.events("status")
        return found[-1] if found else {"state": "", "complete": False, "peers": 0, "done": 0}

    def log(self):
        return self.err().decode(errors="replace")

    def _until(self, condition, seconds, what):
        def check():
            if condition():
                return True
            assert self.alive(), "the client ended, status %s: %s" % (
                self.child.poll(),
                self.log()[-500:],
            )
            return False

        until(check, seconds, what)

    def wait_state(self, state, seconds=10):
        self._until(lambda: self.status()["state"] == state, seconds, "it is " + state)

    def wait_log(self, text, seconds=10):
        self._until(lambda: text in self.log(), seconds, "its log says '%s'" % text)

    def wait_complete(self, seconds=15):
        self._until(lambda: self.events("complete"), seconds, "the download is complete")

# SPDX-License-Identifier: ISC
"""What a process has used and what has happened on the network, seen from outside."""
import os
import time

KIB = 1024
MIB = 1024 * KIB
TICK = os.sysconf("SC_CLK_TCK")
ESTABLISHED = "01"


def cpu_seconds(pid):
    """User and system time of all threads, also those that have ended, not of children.

    The sum of utime and stime in /proc/PID/stat, from the process's CPU clock
    (clock_getcpuclockid(3)), which counts nanoseconds and not ticks of 10 ms.
    """
    return time.clock_gettime((~pid << 3) | 2)


def memory(pid):
    """(highest resident size so far, anonymous resident size now), in bytes."""
    wanted = {"VmHWM:": 0, "RssAnon:": 0}
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            words = line.split()
            if words[0] in wanted:
                wanted[words[0]] = int(words[1]) * KIB
    return wanted["VmHWM:"], wanted["RssAnon:"]


def machine_seconds():
    """CPU seconds that the whole machine has been busy, stolen ones included."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def connections():
    """How many TCP sockets in our network namespace are connected; cheap."""
    with open("/proc/net/snmp") as f:
        names, values = [line.split() for line in f if line.startswith("Tcp:")]
    return int(values[names.index("CurrEstab")])


def is_connected(port):
    """Whether there is a TCP connection to or from this port in our network namespace."""
    # The kernel goes through the hash table of the whole machine, 10 ms or more of CPU time.
    if connections() == 0:
        return False
    end = ":%04X" % port
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as f:
            next(f)
            for line in f:
                _, local, remote, state = line.split()[:4]
                if state == ESTABLISHED and (local.endswith(end) or remote.endswith(end)):
                    return True
    return False


class Usage:
    """One process between two moments."""

    def __init__(self, pid):
        self.pid = pid
        self.began = cpu_seconds(pid)
        self.cpu = 0
        self.peak = 0
        self.anonymous = 0

    def begin(self):
        self.began = cpu_seconds(self.pid)

    def look(self):
        self.cpu = cpu_seconds(self.pid) - self.began
        self.peak, anonymous = memory(self.pid)
        self.anonymous = max(self.anonymous, anonymous)

# SPDX-License-Identifier: ISC
"""Which transfers are tried: those of one kind of client, the subject, with all others."""
from dataclasses import dataclass

from peers import KINDS

OTHERS = ["libtorrent", "transmission", "aria2", "rtorrent"]

# The first address is the tracker's. On loopback all share one address.
NETWORKS = {
    "ipv4": (4, ["10.99.0.%d" % i for i in range(1, 9)]),
    "ipv6": (6, ["fd99::%d" % i for i in range(1, 9)]),
    "127.0.0.1": (4, ["127.0.0.1"] * 8),
    "::1": (6, ["::1"] * 8),
}


@dataclass
class Scenario:
    seed: str
    leeches: list
    content: str  # of content.FILES
    tracker: str  # of trackers.TRACKERS
    network: str  # of NETWORKS
    limit: int = 0  # KiB/s, of the seed
    damaged: bool = False  # the first leech has a spoilt copy to begin with
    piece_length: int = 0  # 0: the maker's choice
    broken_off: str = ""  # by this signal the leech is ended half-way, then started again

    @property
    def name(self):
        if len(self.leeches) > 1:
            who = "swarm-of-" + self.seed
        else:
            who = "%s-to-%s" % (self.seed, self.leeches[0])
        parts = [who, self.content, self.tracker, self.network]
        parts += ["repair"] if self.damaged else []
        parts += ["pieces-of-%d" % self.piece_length] if self.piece_length else []
        parts += ["resume-after-" + self.broken_off] if self.broken_off else []
        return "/".join(parts)

    @property
    def kinds(self):
        return [self.seed] + self.leeches

    @property
    def timeout(self):
        slowest = max(KINDS[k].start_time for k in self.kinds)
        return slowest + 30 + 15 * len(self.leeches)

    def weight(self):
        """The long ones are begun first, so that none of them is left over at the end."""
        return -(len(self.leeches) * 20 + self.timeout)


# Pairs, seed first, that fail among themselves and so prove nothing about anybody else.
UNABLE = {
    # aria2 tells of new pieces by a second bitfield when that is shorter; rtorrent drops it
    # for that.
    ("rtorrent", "aria2"),
}


def possible(scenario):
    if len(scenario.leeches) == 1 and tuple(scenario.kinds) in UNABLE:
        return False
    family, addresses = NETWORKS[scenario.network]
    for kind in scenario.kinds:
        if family not in KINDS[kind].families:
            return False
        if scenario.tracker.endswith("-udp") and family not in KINDS[kind].udp_families:
            return False
        if addresses[0] == addresses[1] and not KINDS[kind].loopback:
            return False
    return True


def all_scenarios(subject, http_tracker):
    s, out = subject, []
    others = [o for o in OTHERS if o != s]

    def add(*args, **more):
        out.append(Scenario(*args, **more))

    for o in others:
        for content, tracker in (("file", http_tracker), ("tree", "opentracker")):
            add(s, [o], content, tracker, "ipv4")
            add(o, [s], content, tracker, "ipv4")
        add(o, [s], "file", "opentracker-udp", "ipv4")
        add(s, [o], "tree", http_tracker, "ipv6")
        add(o, [s], "file", http_tracker, "ipv6")
        add(s, [o], "tree", "opentracker", "127.0.0.1")
        add(o, [s], "file", http_tracker, "127.0.0.1")
        add(s, [o], "file", http_tracker, "::1")
        add(o, [s], "tree", http_tracker, "::1")
        # With the plain tracker the harness itself is tried, and that knows no UDP.
        if http_tracker == "bttrack":
            add(s, [o], "file", "bttrack-udp", "ipv4")
            add(o, [s], "tree", "bttrack-udp", "ipv6")
    add(s, [s], "file", "opentracker-udp", "127.0.0.1")
    add(s, [s], "tree", http_tracker, "::1")
    add("libtorrent", [s], "file", http_tracker, "127.0.0.1", damaged=True)
    add("libtorrent", [s], "tree", "opentracker", "127.0.0.1", damaged=True)

    # Pieces that end in the middle of a block, and smaller than one.
    for length in (40000, 16384 + 1, 10000):
        add(s, ["libtorrent"], "file", http_tracker, "127.0.0.1", piece_length=length)
        add("libtorrent", [s], "tree", http_tracker, "127.0.0.1", piece_length=length)

    # Only we tell how much we had, and how much of it was fetched again.
    if s == "us":
        for content, tracker, signal in (
            ("file", "opentracker", "SIGKILL"),
            ("tree", http_tracker, "SIGTERM"),
        ):
            add("libtorrent", [s], content, tracker, "ipv4", limit=1500, broken_off=signal)
        add(s, [s], "tree", http_tracker, "ipv6", limit=1500, broken_off="SIGKILL")

    # Five clients each; the seed is slow, so that the leeches have to get most of it from one
    # another.
    add(s, (others + [s])[:4], "file", http_tracker, "ipv4", limit=400)
    add(s, (others + [s])[:4], "tree", "opentracker", "ipv4", limit=400)
    for o, content, tracker in (
        ("libtorrent", "file", "opentracker-udp"),
        ("transmission", "tree", http_tracker),
        ("aria2", "file", "opentracker"),
        ("rtorrent", "tree", http_tracker),
    ):
        if o != s:
            add(
                o,
                ([s] + [x for x in others if x != o] + [s])[:4],
                content,
                tracker,
                "ipv4",
                limit=400,
            )
    six = [o for o in others if 6 in KINDS[o].families]
    add(s, (six + [s, s])[:4], "tree", http_tracker, "ipv6", limit=400)
    near = [o for o in others if KINDS[o].loopback]
    add(s, (near + [s, s])[:4], "file", http_tracker, "127.0.0.1", limit=400)

    return [x for x in out if possible(x)]

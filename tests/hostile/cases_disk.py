# SPDX-License-Identifier: ISC
"""Disks and directories that do not do what is expected of them."""
import contextlib
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import wire as w
from bencode import encode
from case import PLAIN_USER, Skip, case
from content import BLOCK, Content
from tool import until


def leech_fails(env, *options, says, client_options=None, **more):
    """The download cannot be kept: one clear line, exit 4, no peer is blamed."""
    client = env.client(env.content.torrent(), *options, **(client_options or {}), **more)
    env.good_seed()
    until(lambda: "-> failed" in client.log() or not client.alive(), 10, "it fails")
    failed_at = time.monotonic()
    status = client.wait(10)
    assert not client.crash(), client.crash()
    assert status == 4, "exit status %d" % status
    lines = [x for x in client.log().splitlines() if x.startswith("btdownloadheadless: ")]
    assert len(lines) == 1 and says in lines[0], "not one line with '%s': %s" % (says, lines)
    assert time.monotonic() - failed_at < 3, "it took its time to end"
    return client


@case("disk", "read-only-directory")
def read_only(env):
    os.mkdir(env.path("data"))
    os.chmod(env.path("data"), 0o555)
    leech_fails(env, says="Permission denied", user=PLAIN_USER)


@case("disk", "directory-that-cannot-be-made")
def no_parent(env):
    os.mkdir(env.path("closed"))
    os.chmod(env.path("closed"), 0o555)
    options = {"saveas": "closed/data"}
    leech_fails(env, says="Permission denied", client_options=options, user=PLAIN_USER)


@case("disk", "parent-is-a-file")
def parent_is_file(env):
    env.write("data", b"in the way")
    leech_fails(env, says="Not a directory")
    with open(env.path("data"), "rb") as f:
        assert f.read() == b"in the way"


@case("disk", "directory-where-a-file-should-be")
def directory_in_the_way(env):
    os.makedirs(env.path("data", "a.bin", "x"))
    leech_fails(env, says="a.bin")


@case("disk", "file-where-a-directory-should-be")
def file_in_the_way(env):
    os.makedirs(env.path("data"))
    env.write("data/dir", b"in the way")
    leech_fails(env, says="dir/")
    with open(env.path("data", "dir"), "rb") as f:
        assert f.read() == b"in the way"


@case("disk", "fifo-in-the-way")
def fifo(env):
    os.makedirs(env.path("data"))
    os.mkfifo(env.path("data", "a.bin"))
    leech_fails(env, says="a.bin")


@case("disk", "device-in-the-way")
def device(env):
    """A character device is no content, and is not written to."""
    os.makedirs(env.path("data"))
    try:
        os.mknod(env.path("data", "a.bin"), 0o020666, os.makedev(1, 3))
    except OSError as error:
        raise Skip("no device can be made: %s" % error) from None
    leech_fails(env, says="a.bin")


# -- symbolic links --


def outside_unchanged(env, before):
    with open(env.path("outside", "secret"), "rb") as f:
        assert f.read() == before, "a file outside was written"
    assert os.listdir(env.path("outside")) == ["secret"], "litter outside"


def make_outside(env):
    os.makedirs(env.path("outside"))
    env.write("outside/secret", b"precious")
    return b"precious"


@case("disk", "link-instead-of-a-file")
def link_file(env):
    before = make_outside(env)
    os.makedirs(env.path("data"))
    os.symlink(env.path("outside", "secret"), env.path("data", "a.bin"))
    leech_fails(env, says="a.bin")
    outside_unchanged(env, before)


@case("disk", "link-to-nowhere-instead-of-a-file")
def link_nowhere(env):
    before = make_outside(env)
    os.makedirs(env.path("data"))
    os.symlink(env.path("outside", "made"), env.path("data", "a.bin"))
    leech_fails(env, says="a.bin")
    outside_unchanged(env, before)


@case("disk", "link-instead-of-a-directory")
def link_directory(env):
    before = make_outside(env)
    os.makedirs(env.path("data"))
    os.symlink(env.path("outside"), env.path("data", "dir"))
    leech_fails(env, says="dir/")
    outside_unchanged(env, before)


@case("disk", "link-instead-of-an-empty-file")
def link_empty(env):
    before = make_outside(env)
    os.makedirs(env.path("data"))
    os.symlink(env.path("outside", "secret"), env.path("data", "empty"))
    leech_fails(env, says="empty")
    outside_unchanged(env, before)


@case("disk", "link-of-the-torrents-name")
def link_name(env):
    """Without --saveas the name is the torrent's: no link of that name is followed."""
    before = make_outside(env)
    env.content = Content({"secret": 50000})
    os.symlink(env.path("outside"), env.path("content"))
    leech_fails(env, says="content", client_options={"saveas": None})
    outside_unchanged(env, before)


@case("disk", "link-of-a-single-files-name")
def link_single(env):
    before = make_outside(env)
    env.content = Content(50000)
    os.symlink(env.path("outside", "secret"), env.path("content"))
    leech_fails(env, says="content", client_options={"saveas": None})
    outside_unchanged(env, before)


@case("disk", "link-of-a-single-files-name-in-saveas")
def link_single_inside(env):
    before = make_outside(env)
    env.content = Content(50000)
    os.makedirs(env.path("data"))
    os.symlink(env.path("outside", "secret"), env.path("data", "content"))
    leech_fails(env, says="content")
    outside_unchanged(env, before)


@case("disk", "link-that-the-user-names")
def link_named(env):
    """What --saveas names itself may be a link: it is the user's own."""
    os.makedirs(env.path("real"))
    os.symlink(env.path("real"), env.path("data"))
    client = env.client(env.content.torrent())
    client.wait_state("downloading")
    env.good_seed()
    client.wait_complete()
    env.ends_well(client, where="real")


@case("disk", "link-swapped-in-while-downloading")
def link_swapped(env):
    """A directory becomes a link outside in the middle of it."""
    before = make_outside(env)
    env.content = Content({"dir/%02d" % i: 40000 for i in range(20)})
    client = env.client(env.content.torrent(), "--max_files_open", "1")
    client.wait_state("downloading")

    def slowly(index, begin, data):
        time.sleep(0.02)
        return data

    def serve():
        with contextlib.suppress(Exception):
            wire = env.dial(20)
            wire.pretend_to_seed()
            wire.serve(slowly)

    threading.Thread(target=serve, daemon=True).start()
    until(lambda: os.path.isdir(env.path("data", "dir")), 5, "the directory is made")
    os.rename(env.path("data", "dir"), env.path("data", "moved"))
    os.symlink(env.path("outside"), env.path("data", "dir"))
    status = client.wait(10)
    assert status == 4 and not client.crash(), client.crash() or status
    outside_unchanged(env, before)


# -- full disks --


@contextlib.contextmanager
def small_disk(env, size):
    os.makedirs(env.path("data"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=%d" % size, "tmpfs", env.path("data")]
    probe = subprocess.run(["unshare", "-m", "--"] + mount, stderr=subprocess.PIPE)
    if probe.returncode != 0:
        raise Skip("no small disk can be mounted: %s" % probe.stderr.decode().strip())
    # In a name space of its own, from which the program starts.
    yield ["unshare", "-m", "--", "sh", "-c", " ".join(mount) + ' && exec "$@"', "sh"]


@case("disk", "full")
def full(env):
    """It waits, for as long as it may, and says by its status what for."""
    with small_disk(env, 100000) as wrapper:
        client = env.client(env.content.torrent(), "--deadline", "3", wrapper=wrapper)
        env.good_seed()
        assert client.wait(15) == 4, "exit status"
        lines = [x for x in client.log().splitlines() if x.startswith("btdownloadheadless: ")]
        assert "waits: " in lines[0] and "No space left" in lines[0], lines
        assert "given up: not complete in time" in lines[-1], lines


@case("disk", "full-for-a-while")
def full_for_a_while(env):
    """When there is room it goes on by itself, and is right."""
    with small_disk(env, 8 << 20) as wrapper:
        wrapper[-2] = wrapper[-2].replace(
            "&& exec", "&& head -c 8300000 /dev/zero >%s/ballast; "
            "(sleep 3; rm %s/ballast) & exec" % (env.path("data"), env.path("data")))
        env.content.make(env.path("whole"))
        env.client(env.content.torrent(), saveas="whole", address=2)
        client = env.client(env.content.torrent(), "--peer", env.ip(2) + ":6881", wrapper=wrapper)
        until(lambda: "-> waiting" in client.log(), 10, "it waits")
        client.wait_complete(30)
        assert client.stop() == 0 and not client.crash()


@case("disk", "file-size-limit")
def file_size(env):
    """The limit takes away the end of the largest file, not the program."""
    leech_fails(env, says="File too large", file_size=90000)


# -- while seeding --


def seed(env, *options):
    env.content.make(env.path("data"))
    client = env.client(env.content.torrent(), *options)
    client.wait_state("seeding")
    return client


@case("disk", "file-truncated-while-seeding")
def truncated(env):
    """Who asks for what is gone is told or left; others are served what is there."""
    client = seed(env)
    os.truncate(env.path("data", "dir", "b.bin"), 10)
    wire = env.dial(30)
    wire.shake(w.EXTENSIONS | w.FAST)
    wire.say(w.INTERESTED)
    wire.wait_for(w.UNCHOKE)
    got = 0
    try:
        for i in range(env.content.count):
            for begin in range(0, env.content.piece_size(i), BLOCK):
                wire.say(w.REQUEST, i, begin, min(BLOCK, env.content.piece_size(i) - begin))
        while True:
            wire.sock.settimeout(1)
            kind, payload = wire.next()
            if kind == w.PIECE:
                index, begin = (int.from_bytes(payload[n : n + 4], "big") for n in (0, 4))
                got += 1
                right = env.content.block(index, begin, len(payload) - 8)
                assert payload[8:] == right, "wrong bytes were sent as piece %d" % index
    except (w.Closed, OSError):
        pass
    again = env.dial(31)
    again.shake()
    again.say(w.INTERESTED)
    again.wait_for(w.UNCHOKE)
    again.fetch(0)
    env.ends_well(client, where=None)


@case("disk", "directory-removed-while-seeding")
def removed(env):
    client = seed(env, "--max_files_open", "1")
    shutil.rmtree(env.path("data"))
    for n in (30, 31):
        wire = env.dial(n)
        wire.shake(w.EXTENSIONS | w.FAST)
        wire.say(w.INTERESTED)
        wire.wait_for(w.UNCHOKE)
        for i in range(env.content.count):
            wire.say(w.REQUEST, i, 0, 100)
        with contextlib.suppress(AssertionError, w.Closed):
            wire.wait_closed(0.5)
    assert client.alive()
    client.stop()
    assert not client.crash(), client.crash()
    assert not os.path.exists(env.path("data")), "the seed made the directory anew"


@case("disk", "contents-changed-while-seeding")
def changed(env):
    """Other bytes of the same length: at the next start they are found out."""
    env.content.make(env.path("data"))
    with open(env.path("data", "a.bin"), "r+b") as f:
        f.write(b"not what was there")
    client = env.client(env.content.torrent())
    client.wait_state("downloading")
    env.good_seed()
    client.wait_complete()
    assert client.status()["downloaded"] <= 2 * env.content.piece
    env.ends_well(client)


# -- interrupted --


def slow_seed(env, n, pause):
    def slowly(index, begin, data):
        time.sleep(pause)
        return data

    def serve():
        with contextlib.suppress(Exception):
            wire = env.dial(n)
            wire.pretend_to_seed()
            wire.serve(slowly)

    threading.Thread(target=serve, daemon=True).start()


@case("disk", "kill-9-and-resume")
def kill_resume(env):
    """Nothing that was complete is fetched again, nothing wrong stays."""
    env.content = Content({"a": 2700000, "b/c": 3800000, "d": 100, "e": 0})
    had = 0
    for round_ in range(3):
        client = env.client(env.content.torrent())
        client.wait_state("downloading")
        done = client.status()["done"]
        assert done >= had, "%d bytes were there, %d are left" % (had, done)
        slow_seed(env, 20 + round_, 0.005)
        want = done + 300000
        until(lambda: client.status()["done"] > want, 8, "some more is here")
        had = client.status()["done"]
        client.kill()
        assert not client.crash()
    client = env.client(env.content.torrent())
    client.wait_state("downloading")
    before = client.status()["done"]
    assert before >= had
    env.good_seed(29)
    client.wait_complete()
    until(lambda: client.status()["complete"], 3, "it says so")
    fetched = client.status()["downloaded"]
    assert fetched <= env.content.size - before + 2 * BLOCK, "%d bytes fetched" % fetched
    env.ends_well(client)


@case("disk", "sigterm-while-checking")
def term_checking(env):
    env.content = Content(1000)
    size = 2 << 30
    # Large and hollow: checking takes a while, making it does not.
    with open(env.path("data"), "wb") as f:
        f.truncate(size)
    hashes = b"h" * 20 * (size >> 20)
    info = {"name": "x", "piece length": 1 << 20, "pieces": hashes, "length": size}
    client = env.client(encode({"info": info}))
    until(lambda: client.status()["state"] == "checking", 5, "it checks")
    started = time.monotonic()
    status = client.stop()
    took = time.monotonic() - started
    assert not client.crash(), client.crash()
    assert status == 1 and took < 4, "status %s after %.1f s" % (status, took)
    assert os.path.getsize(env.path("data")) == size


@case("disk", "sigterm-at-any-time")
def term_any(env):
    """Twelve ends at odd moments, then a download that is right."""
    rng = random.Random(5)
    for i in range(12):
        client = env.client(env.content.torrent())
        slow_seed(env, 20 + i, 0.002)
        time.sleep(rng.random() * 0.5)
        status = client.stop(rng.choice([signal.SIGTERM, signal.SIGINT]))
        assert not client.crash(), client.crash()
        assert status in (0, 1, -signal.SIGTERM, -signal.SIGINT), status
    client = env.client(env.content.torrent())
    env.good_seed(60, delay=0.4)
    client.wait_complete()
    env.ends_well(client)


@case("disk", "sigint-while-starting")
def int_starting(env):
    """However early it comes, it is not lost."""
    torrent = env.content.torrent()
    for i in range(60):
        client = env.client(torrent)
        time.sleep(i * 0.0005)
        status = client.stop(signal.SIGINT)
        assert not client.crash(), client.crash()
        assert status in (1, -signal.SIGINT), "status %s after %.1f ms" % (status, i * 0.5)


@case("disk", "exit-codes")
def exit_codes(env):
    torrent = env.content.torrent()
    client = env.client(torrent)
    client.wait_state("downloading")
    assert client.stop() == 1, "0 without the download being complete"
    env.content.make(env.path("whole"))
    assert env.client(torrent, "--seed_time", "0", saveas="whole").wait(10) == 0
    client = env.client(torrent, saveas="whole")
    client.wait_state("seeding")
    assert client.stop() == 0
    path = env.write("it.torrent", torrent)
    for words in ([path, "--metafile", path], [path, "--nonsense", "1"], [path, "--minport", "x"]):
        tool = env.tool("btdownloadheadless", *words)
        assert tool.wait(5) == 2, words
        assert tool.err().startswith(b"btdownloadheadless: ") and not tool.crash()


@case("disk", "port-taken")
def port_taken(env):
    first = env.client(env.content.torrent(), saveas="one")
    first.wait_state("downloading")
    second = env.client(env.content.torrent(), saveas="two")
    assert second.wait(10) == 1 and not second.crash()
    assert b"Address already in use" in second.err(), second.err()
    env.ends_well(first, status=1)


@case("disk", "two-clients-in-one-directory")
def two_in_one(env):
    """Both write the same bytes: in the end they are right."""
    one, two = env.client(env.content.torrent()), env.client(env.content.torrent(), address=5)
    one.wait_state("downloading")
    two.wait_state("downloading")
    env.good_seed(20)
    wire = env.dial(21, address=5)
    wire.pretend_to_seed()
    threading.Thread(target=wire.serve, daemon=True).start()
    one.wait_complete()
    two.wait_complete()
    env.ends_well(one)
    env.ends_well(two)

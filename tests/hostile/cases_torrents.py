# SPDX-License-Identifier: ISC
"""Torrents that no honest program wrote, and files that are none."""
import os
import sys
import time

from bencode import encode
from case import PLAIN_USER, case
from content import Content

GOOD = Content()


def info(**changes):
    """The info of a fine torrent of one file with something else in it."""
    base = {"name": "x", "piece length": 32768, "pieces": b"h" * 20, "length": 1000}
    base.update(changes)
    return encode({"info": {k: v for k, v in base.items() if v is not None}})


def files(*paths, **changes):
    listed = [{"length": 10, "path": p} for p in paths]
    return info(length=None, files=listed, **changes)


def raw_info(key, value):
    """Like info, but the value is bencode as it stands."""
    fine = [(b"length", b"i1000e"), (b"name", b"1:x"), (b"piece length", b"i32768e")]
    fine += [(b"pieces", encode(b"h" * 20))]
    body = b"".join(encode(k) + (value if k == key else v) for k, v in fine)
    return b"d4:infod" + body + b"ee"


BAD = {
    "empty-file": b"",
    "text": b"this is not a torrent\n",
    "html": b"<!DOCTYPE html><html><body>404</body></html>",
    "escape-sequences": b"\x1b]0;owned\x07\x1b[2J\r\n",
    "no-info": b"d8:announce3:urle",
    "info-is-a-list": b"d4:infolee",
    "a-list": b"le",
    "an-integer": b"i5e",
    "deep-lists": b"d4:info" + b"l" * 5000 + b"e" * 5000 + b"e",
    "deep-lists-open": b"l" * 5000,
    "deep-dicts": b"d1:a" * 5000 + b"i1e" + b"e" * 5000,
    "garbage-of-50-MB": b"\x00\xff\x31:d" * (10 << 20),
    "lists-of-50-MB": b"d4:info" + b"l" * (50 << 20),
    "digits-of-50-MB": b"d4:infoi" + b"1" * (50 << 20) + b"ee",
    "string-of-4-GiB": b"d4:info4294967296:abce",
    "string-of-2-to-the-64": b"d4:info18446744073709551616:abce",
    "string-of-negative-length": b"d4:info-1:abce",
    "piece-length-0": info(**{"piece length": 0}),
    "piece-length-negative": info(**{"piece length": -32768}),
    "piece-length-huge": info(**{"piece length": 1 << 62}),
    "piece-length-beyond-64-bits": raw_info(b"piece length", b"i9223372036854775808e"),
    "piece-length-not-a-number": raw_info(b"piece length", b"i12x4e"),
    "piece-length-string": info(**{"piece length": "32768"}),
    "length-negative": info(length=-1),
    "length-huge": info(length=(1 << 63) - 1),
    "length-beyond-64-bits": raw_info(b"length", b"i18446744073709551616e"),
    "length-missing": info(length=None),
    "lengths-overflow": encode(
        {
            "info": {
                "name": "x",
                "piece length": 32768,
                "pieces": b"h" * 20,
                "files": [{"length": (1 << 63) - 1, "path": [c]} for c in "abc"],
            }
        }
    ),
    "pieces-missing": info(pieces=None),
    "pieces-of-19-bytes": info(pieces=b"h" * 19),
    "pieces-too-few": info(length=100000),
    "pieces-too-many": info(pieces=b"h" * 200),
    "pieces-a-number": info(pieces=5),
    "name-missing": info(name=None),
    "name-a-number": info(name=5),
    "path-empty": files([]),
    "path-no-list": files("abc"),
    "path-of-numbers": files([1, 2]),
    "path-of-1000-directories": files(["d"] * 1000 + ["f"]),
    "files-empty": info(length=None, files=[]),
    "files-a-string": info(length=None, files="abc"),
    "files-of-strings": info(length=None, files=["abc"]),
    "v2-without-tree": info(**{"meta version": 2}),
    "version-99": info(**{"meta version": 99}),
}


def refuse(env, data):
    path = env.write("bad.torrent", data)
    before = set(os.listdir(env.home))
    env.refused("btshowmetainfo", path)
    env.refused("btdownloadheadless", path, "--saveas", env.path("out"))
    left = {n for n in set(os.listdir(env.home)) - before if not n.startswith("bt")}
    assert not left, "a refused torrent left %s" % sorted(left)


for name, data in BAD.items():
    case("torrents", name, data)(refuse)


def empty(*paths, name="x"):
    """Files without content: nothing is missing, so they are made at once."""
    listed = [{"length": 0, "path": p} for p in paths]
    return encode({"info": {"name": name, "piece length": 32768, "pieces": b"", "files": listed}})


# Names that cannot be on disk as they are, and what is there instead, below the directory.
SPELLED = {
    "path-dot-dot": (empty(["..", "evil"]), ["_/evil"]),
    "path-dot-dot-inside": (empty(["a", "..", "..", "..", "evil"]), ["a/_/_/_/evil"]),
    "path-absolute": (empty(["/tmp/evil"]), ["tmpevil"]),
    "path-with-slash": (empty(["a/../../evil"]), ["a....evil"]),
    "path-with-nul": (empty(["a\0b"]), ["ab"]),
    "path-with-controls": (empty(["a\n\x1b[2J", "b\x7f"]), ["a__[2J/b_"]),
    "path-not-utf8": (empty([b"caf\xe9"]), ["caf_"]),
    "path-empty-name": (empty(["a", "", "b"]), ["a/_/b"]),
    "path-too-long": (empty(["a" * 1000 + ".mp3"]), ["a" * 240 + ".mp3"]),
    "path-duplicate": (empty(["a", "b"], ["a", "b"]), ["a/b", "a/b.1"]),
    "path-duplicate-by-spelling": (empty(["a\0b"], ["ab"]), ["ab", "ab.1"]),
    "path-file-and-directory": (empty(["a"], ["a", "b"]), ["a.1", "a/b"]),
    "path-directory-and-file": (empty(["a", "b"], ["a"]), ["a.1", "a/b"]),
    "path-of-120-long-directories": (empty(["d" * 255] * 120 + ["f"]), ["/".join(["d" * 255] * 9 + ["f"])]),
}
NAMES = {"empty": "", "dot": ".", "dot-dot": "..", "with-slash": "a/b", "absolute": "/etc/passwd",
         "with-nul": "a\0b"}


def lint(env, path):
    tool = env.tool("btshowmetainfo", "--lint", path)
    assert tool.wait(20) == 1 and not tool.crash(), tool.crash()
    return tool.out()


def made(top):
    return sorted(os.path.relpath(os.path.join(at, name), top)
                  for at, _, names in os.walk(top) for name in names)


def spell(env, torrent):
    """Nothing is anywhere but in the directory."""
    data, want = torrent
    path = env.write("odd.torrent", data)
    around = env.path("around")
    os.mkdir(around)
    tool = env.tool("btdownloadheadless", path, "--saveas", os.path.join(around, "in"),
                    "--seed_time", "0", "--bind", env.ip(1))
    assert tool.wait(20) == 0 and not tool.crash(), tool.crash() or tool.err()[:300]
    assert b"unsafe names" in tool.err(), tool.err()[:300]
    assert made(around) == sorted("in/" + name for name in want), made(around)
    assert b"is saved as" in lint(env, path) or b"paths of more than" in lint(env, path)


for name, torrent in SPELLED.items():
    case("torrents", name, torrent)(spell)


def spell_name(env, name):
    """The torrent's directory is in the one for downloads."""
    path = env.write("odd.torrent", empty(["f"], name=name))
    around = env.path("around")
    os.makedirs(os.path.join(around, "in"))
    open(os.path.join(around, "in", "other"), "wb").close()
    tool = env.tool("btdownloadheadless", path, "--saveas", os.path.join(around, "in"),
                    "--seed_time", "0", "--bind", env.ip(1))
    assert tool.wait(20) == 0 and not tool.crash(), tool.crash() or tool.err()[:300]
    there = made(around)
    assert there[0].startswith("in/") and there[0].endswith("/f") and len(there) == 2, there
    assert there[1] == "in/other", there
    assert b"'name'" in lint(env, path)


for name, text in NAMES.items():
    case("torrents", "name-" + name, text)(spell_name)


@case("torrents", "truncated")
def truncated(env):
    """All prefixes at once for one program; some of them for the other."""
    whole = GOOD.torrent(["http://127.0.0.1:1/announce"])
    cuts = sorted({i * len(whole) // 60 for i in range(60)} | set(range(1, 12)) | {len(whole) - 1})
    paths = [env.write("cut%d" % n, whole[:n]) for n in cuts]
    tool = env.tool("btshowmetainfo", *paths)
    assert tool.wait(20) == 1 and not tool.crash()
    lines = tool.err().split(b"\n")[:-1]
    assert len(lines) == len(cuts), "%d lines for %d torrents" % (len(lines), len(cuts))
    for path in paths[:: len(paths) // 4]:
        env.refused("btdownloadheadless", path)


@case("torrents", "flipped-bytes")
def flipped(env):
    """Whatever byte is wrong: an end in order, with or without an error."""
    whole = GOOD.torrent(["http://127.0.0.1:1/announce"])
    paths = []
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        changed = bytearray(whole)
        changed[at] ^= 0x55
        paths.append(env.write("flip%d" % at, bytes(changed)))
    tool = env.tool("btshowmetainfo", *paths)
    assert tool.wait(20) in (0, 1) and not tool.crash(), tool.crash()


@case("torrents", "a-million-files")
def million_files(env):
    """58 MB that are right: read within bounds, and shown."""
    one = b"d6:lengthi1e4:pathl1:d7:f%06dee"
    listed = b"".join(one % i for i in range(10**6))
    pieces = -(-(10**6) // 32768)
    data = b"d4:infod5:filesl" + listed + b"e4:name1:x12:piece lengthi32768e6:pieces"
    data += encode(b"h" * 20 * pieces) + b"ee"
    assert len(data) < 64 << 20
    path = env.write("million.torrent", data)
    peak = env.path("peak")
    # The peak of a child that has ended, as its parent sees it.
    script = (
        "import resource,subprocess,sys;"
        "s=subprocess.call(sys.argv[2:],stdout=subprocess.DEVNULL);"
        "open(sys.argv[1],'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss));"
        "sys.exit(s)"
    )
    tool = env.tool(
        "btshowmetainfo", path, "--json", "1", wrapper=[sys.executable, "-c", script, peak]
    )
    status = tool.wait(40)
    assert status == 0 and not tool.crash(), tool.crash() or tool.err()[:300]
    with open(peak) as f:
        used = int(f.read()) / 1024
    assert used < (900 if env.asan else 250), "used %.0f MiB" % used


@case("torrents", "deep-but-legal-values")
def unknown_keys(env):
    """What is not understood but well formed is passed over."""
    meta = {"info": dict(GOOD.info, strange={"a": [[[{"b": "c"}]]]}), "zzz": "\x1b[31m"}
    tool = env.tool("btshowmetainfo", env.write("it.torrent", encode(meta)))
    assert tool.wait(10) == 0 and b"\x1b" not in tool.out() + tool.err()


@case("torrents", "escape-sequences-in-texts")
def texts(env):
    """Names and comments cannot drive the terminal."""
    evil = "a\x1b]0;owned\x07\x1b[31m\u202e\r\nfake: line\x7f"
    meta = {
        "announce": "http://127.0.0.1:1/" + evil,
        "comment": evil,
        "created by": evil,
        "info": {
            "name": evil.replace("/", ""),
            "piece length": 32768,
            "pieces": b"h" * 20,
            "files": [{"length": 10, "path": [evil]}],
        },
    }
    path = env.write("it.torrent", encode(meta))
    for options in ([], ["--json", "1"]):
        tool = env.tool("btshowmetainfo", path, *options)
        tool.wait(10)
        for raw in (b"\x1b", b"\x07", b"\r", b"\x7f", b"\nfake"):
            assert raw not in tool.out() + tool.err(), "%r reaches the terminal" % raw
    tool = env.tool("btdownloadheadless", path, "--bind", env.ip(1), "--display_interval", "0.1")
    time.sleep(0.8)
    tool.stop()
    for raw in (b"\x1b", b"\x07", b"\x7f", b"\nfake"):
        assert raw not in tool.out() + tool.err(), "%r reaches the terminal" % raw


@case("torrents", "endless-file")
def endless(env):
    line = env.refused("btshowmetainfo", "/dev/zero")
    assert "/dev/zero" in line
    env.refused("btdownloadheadless", "/dev/zero")


@case("torrents", "no-such-file")
def no_such_file(env):
    for name in ("btshowmetainfo", "btdownloadheadless"):
        assert "nowhere" in env.refused(name, env.path("nowhere"))
    assert "nowhere" in env.refused("btmakemetafile", "http://x/announce", env.path("nowhere"))


@case("torrents", "a-directory")
def directory(env):
    for name in ("btshowmetainfo", "btdownloadheadless"):
        env.refused(name, env.home)


@case("torrents", "unreadable-file")
def unreadable(env):
    path = env.write("secret", b"x" * 1000)
    os.chmod(path, 0)
    for words in (["btshowmetainfo", path], ["btdownloadheadless", path]):
        assert "Permission denied" in env.refused(*words, user=PLAIN_USER)
    target = env.path("open")
    os.mkdir(target)
    os.chmod(target, 0o777)
    words = ["btmakemetafile", "http://x/announce", path, "--target", target]
    assert "Permission denied" in env.refused(*words, user=PLAIN_USER)
    assert os.listdir(target) == []


@case("torrents", "make-of-strange-things")
def make(env):
    os.mkdir(env.path("hollow"))
    os.mkfifo(env.path("fifo"))
    os.makedirs(env.path("loop", "inner"))
    os.symlink("..", env.path("loop", "inner", "up"))
    for what in ("hollow", "fifo", "loop"):
        env.refused("btmakemetafile", "http://x/announce", env.path(what))
    env.write("fine", b"x")
    env.refused("btmakemetafile", "http://x/announce", env.path("fine"), "--target",
                env.path("no", "such", "place"))
    env.refused("btmakemetafile", "http://x/announce", "/dev/zero")

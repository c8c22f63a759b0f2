# SPDX-License-Identifier: ISC
"""What is shared in the scenarios: two contents, always the same bytes, and how to compare them.

A content is laid down below a directory as one entry, DIR/NAME, as every client does it.
"""
import hashlib
import os
import shutil
import subprocess

MIB = 1 << 20

# Lengths beside and on the borders of pieces and blocks; names that a careless client mangles.
TREE = {
    "a.txt": 1,
    "empty": 0,
    "big.bin": 3 * MIB + 1,
    "on the border": 2 * 65536,
    "deep/er/and/deeper/still.bin": 70001,
    "deep/empty too": 0,
    "deep/er/1": 16384,
    "deep/er/2": 16383,
    "deep/er/3": 16385,
    "Übergröße – naïve.txt": 12345,
    "日本語/ファイル 名.bin": 262145,
    "日本語/空.bin": 0,
    "it's 100% & [more] {of} $that;.dat": 54321,
    "emoji 🦊.bin": 33333,
    "two dots..txt": 7,
    "zz/last.bin": 40000,
    "zz/zero": 0,
}
TREE.update({"tiny/%03d" % i: i for i in range(1, 60)})

FILES = {
    "file": ("one file.bin", {"": 5 * MIB + 12345}),
    "tree": ("Wurzel 根 dir", TREE),
}


def pseudo_random(seed, length):
    """Bytes that do not compress and differ everywhere, without keeping them anywhere."""
    return hashlib.shake_128(seed.encode()).digest(length)


class Content:
    def __init__(self, kind):
        self.kind = kind
        self.name, self.files = FILES[kind]
        self.size = sum(self.files.values())

    def path(self, where, inner):
        return os.path.join(where, self.name, inner) if inner else os.path.join(where, self.name)

    def make(self, where):
        for inner, length in self.files.items():
            path = self.path(where, inner)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(pseudo_random(self.kind + "/" + inner, length))

    def damage(self, where):
        """Leave what a torn download leaves: wrong bytes, a short file, no file."""
        sized = sorted(self.files, key=self.files.get, reverse=True)
        with open(self.path(where, sized[0]), "r+b") as f:
            f.seek(MIB)
            f.write(b"not what was there" * 5000)
        if len(sized) > 2:
            os.truncate(self.path(where, sized[1]), 1000)
            os.unlink(self.path(where, sized[2]))
        else:
            os.truncate(self.path(where, sized[0]), 4 * MIB + 77)

    def compare(self, where, litter=(), empty_files=True):
        """One line a difference; what ends in one of `litter` is the client's own business."""
        faults = []
        expected = {os.path.normpath(os.path.join(self.name, i)): i for i in self.files}
        found = set()
        for base, _, names in os.walk(where):
            for name in names:
                found.add(os.path.relpath(os.path.join(base, name), where))
        for path in sorted(found - set(expected)):
            if not path.endswith(tuple(litter)):
                faults.append("unexpected file %r" % path)
        for path, inner in sorted(expected.items()):
            if path not in found:
                if self.files[inner] == 0 and not empty_files:
                    continue
                faults.append("missing file %r" % path)
                continue
            with open(os.path.join(where, path), "rb") as f:
                got = f.read()
            want = pseudo_random(self.kind + "/" + inner, self.files[inner])
            if len(got) != len(want):
                faults.append("%r has %d bytes instead of %d" % (path, len(got), len(want)))
            elif hashlib.sha256(got).digest() != hashlib.sha256(want).digest():
                first = next(i for i in range(len(want)) if got[i] != want[i])
                faults.append("%r differs from byte %d on" % (path, first))
        return faults


def bdecode(data, at=0):
    """Returns the value and the position behind it; enough for files that we made ourselves."""
    c = data[at : at + 1]
    if c == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if c in (b"l", b"d"):
        at += 1
        items = []
        while data[at : at + 1] != b"e":
            item, at = bdecode(data, at)
            items.append(item)
        return (items if c == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1 : end], end


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(k) + bencode(value[k]) for k in sorted(value)) + b"e"


def info_hash(torrent):
    """Of the info dictionary as it stands in the file: a sloppy writer is not mended here."""
    with open(torrent, "rb") as f:
        data = f.read()
    at = 1
    while data[at : at + 1] != b"e":
        key, at = bdecode(data, at)
        start = at
        _, at = bdecode(data, at)
        if key == b"info":
            return hashlib.sha1(data[start:at]).digest()
    raise ValueError("%s has no info dictionary" % torrent)


def write_torrent(announce, content, out, piece_length):
    """One that no maker here would make: any piece length."""
    data = b"".join(pseudo_random(content.kind + "/" + i, n) for i, n in content.files.items())
    info = {
        "name": content.name,
        "piece length": piece_length,
        "pieces": b"".join(
            hashlib.sha1(data[i : i + piece_length]).digest()
            for i in range(0, len(data), piece_length)
        ),
    }
    if list(content.files) == [""]:
        info["length"] = content.size
    else:
        info["files"] = [{"length": n, "path": i.split("/")} for i, n in content.files.items()]
    with open(out, "wb") as f:
        f.write(bencode({"announce": announce, "info": info}))


def make_torrent(announce, source, out, btmakemetafile=None):
    """With our tool if it is given, otherwise with whichever maker is installed."""
    if btmakemetafile:
        argv = [btmakemetafile, announce, source, "--target", out]
    elif shutil.which("mktorrent"):
        argv = ["mktorrent", "-a", announce, "-l", "16", "-o", out, source]
    elif shutil.which("transmission-create"):
        argv = ["transmission-create", "-t", announce, "-s", "64", "-o", out, source]
    else:
        raise FileNotFoundError("nothing here makes torrents (mktorrent, transmission-create)")
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
    )
    if done.returncode != 0 or not os.path.exists(out):
        raise RuntimeError(
            "%s: exit status %d: %s"
            % (
                os.path.basename(argv[0]),
                done.returncode,
                done.stdout.decode(errors="replace")[-2000:],
            )
        )

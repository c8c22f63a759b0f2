# SPDX-License-Identifier: ISC
"""A content that is always the same bytes, its torrent, and a look whether it lies somewhere."""
import hashlib
import os

from bencode import encode

PIECE = 32768
BLOCK = 16384

# Pieces of two blocks, with borders inside files and files inside pieces.
FILES = {"a.bin": 100001, "dir/b.bin": 150000, "dir/c.txt": 7, "d.bin": 75000, "empty": 0}


def pseudo_random(seed, length):
    return hashlib.shake_128(seed.encode()).digest(length)


class Content:
    def __init__(self, files=None, name="content", piece=PIECE, seed="hostile"):
        """files: path to length, or a length alone for a single file called `name`."""
        self.name = name
        self.piece = piece
        self.single = isinstance(files, int)
        lengths = {"": files} if self.single else (FILES if files is None else files)
        self.files = {path: pseudo_random(seed + path, n) for path, n in lengths.items()}
        self.bytes = b"".join(self.files.values())
        self.info = {"name": name, "piece length": piece, "pieces": self.hashes()}
        if self.single:
            self.info["length"] = files
        else:
            self.info["files"] = [
                {"length": len(b), "path": path.split("/")} for path, b in self.files.items()
            ]
        self.info_hash = hashlib.sha1(encode(self.info)).digest()

    def hashes(self):
        return b"".join(hashlib.sha1(p).digest() for p in self.pieces())

    def pieces(self):
        return [self.bytes[i : i + self.piece] for i in range(0, len(self.bytes), self.piece)]

    @property
    def size(self):
        return len(self.bytes)

    @property
    def count(self):
        return -(-self.size // self.piece)

    def piece_size(self, index):
        return min(self.piece, self.size - index * self.piece)

    def block(self, index, begin, length):
        at = index * self.piece + begin
        return self.bytes[at : at + length]

    def torrent(self, *tiers):
        """tiers: lists of URLs."""
        meta = {"info": self.info}
        if tiers:
            meta["announce"] = tiers[0][0]
            meta["announce-list"] = [list(t) for t in tiers]
        return encode(meta)

    def path(self, where, inner):
        return os.path.join(where, inner) if inner else where

    def make(self, where):
        """where: the directory, or the single file itself."""
        for inner, data in self.files.items():
            path = self.path(where, inner)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)

    def check(self, where):
        for inner, data in self.files.items():
            path = self.path(where, inner)
            with open(path, "rb") as f:
                got = f.read()
            assert got == data, "%s is not what it should be (%d bytes for %d)" % (
                path,
                len(got),
                len(data),
            )
        if not self.single:
            found = {
                os.path.relpath(os.path.join(base, n), where)
                for base, _, names in os.walk(where)
                for n in names
            }
            assert found == set(self.files), "litter: %s" % sorted(found - set(self.files))

#!/usr/bin/env python3
"""A document as a tree of blobs, and the frames that move it, made from docs/protocol.md alone: prints blob.txt.

It shares no code with hop; BLAKE2b is hashlib's, ChaCha20-Poly1305 that of the package cryptography. All inputs are
fixed: tests/vectors/sync/blob.py | diff - tests/vectors/sync/blob.txt
"""
import struct
from hashlib import blake2b
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

CHUNK, FANOUT = 65536, 1024


def H(label, n, m):
    return blake2b(m, key=label.encode()).digest()[:n]


def name_of(blob):
    return H("hop/blob/name/v1", 32, blob)


def u(n, v):
    return v.to_bytes(n, "big")


def rotl(v, n):
    return (v << n & 0xffffffff) | v >> (32 - n)


def hchacha20(key, nonce):
    s = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[x] = (s[x] + s[y]) & 0xffffffff
                s[z] = rotl(s[z] ^ s[x], n)
    return struct.pack("<8I", *(s[0:4] + s[12:16]))


def seal(key, index, text):
    nonce = u(8, index) + bytes(16)
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(bytes(4) + nonce[16:], text, b"")


def chunks(key, document):
    return [b"\0" + seal(key, i, document[at:at + CHUNK]) for i, at in enumerate(range(0, len(document), CHUNK))]


def nodes_above(level, names, size):
    """The nodes of a level, over the names of all blobs of the level below."""
    span = CHUNK * FANOUT ** level
    return [u(1, level) + u(8, min(span, size - i * span)) + b"".join(names[i * FANOUT:(i + 1) * FANOUT])
            for i in range((len(names) + FANOUT - 1) // FANOUT)]


def tree(names, size):
    """All nodes from below, and the root's name."""
    nodes, level = [], 0
    while len(names) > 1:
        level += 1
        above = nodes_above(level, names, size)
        nodes += above
        names = [name_of(n) for n in above]
    return nodes, names[0]


def put(name, value):
    print(name, "=", value if isinstance(value, str) else value.hex())


print("# Made by blob.py, a second implementation of docs/protocol.md on documents; see there.")
key = blake2b(b"blob key").digest()[:32]
document = bytes((7 * i + i // 251) & 0xff for i in range(2 * CHUNK + 5))
sealed = chunks(key, document)
nodes, root = tree([name_of(b) for b in sealed], len(document))
put("key", key)
put("size", str(len(document)))
put("names", b"".join(name_of(b) for b in sealed))
put("last_chunk", sealed[2])
put("node", nodes[0])
put("root", root)
# a short one is its only chunk
small = chunks(key, "Dự thảo".encode())
put("small_chunk", small[0])
put("small_root", name_of(small[0]))
# 1,025 chunks: two nodes of level 1 under one of level 2; chunk i has the name H("hop/blob/name/v1", 32, u32 i)
size = 1024 * CHUNK + 1
nodes, root = tree([name_of(u(4, i)) for i in range(1025)], size)
assert [n[0] for n in nodes] == [1, 1, 2]
put("large_size", str(size))
put("large_second", nodes[1])
put("large_top", nodes[2])
put("large_root", root)
# ask 258: the last chunk, its first 20 bytes, then the rest; an answer; and that it is not there
put("want", u(1, 7) + u(2, 258) + u(4, 0) + u(4, 20) + name_of(sealed[2]))
put("want_more", u(1, 7) + u(2, 258) + u(4, 20) + u(4, 2))
put("piece", u(1, 8) + u(2, 258) + u(4, 20) + u(4, len(sealed[2])) + sealed[2][20:22])
put("noblob", u(1, 9) + u(2, 258))

#!/usr/bin/env python3
"""A second implementation of exchanges of frontiers (docs/protocol.md §6.5), written from that page: prints
sketch.txt. It shares no code with hop; products in the field are made bit by bit, SipHash is spelled out.

    tests/vectors/sync/sketch.py | diff - tests/vectors/sync/sketch.txt
"""
from hashlib import blake2b

M = (1 << 64) - 1


def D(key, label, n, c=b""):
    return blake2b(label.encode() + b"\0" + c, key=key).digest()[:n]


def siphash(key, m):
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]
    rot = lambda x, b: (x << b | x >> (64 - b)) & M

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & M; v[1] = rot(v[1], 13) ^ v[0]; v[0] = rot(v[0], 32)
            v[2] = (v[2] + v[3]) & M; v[3] = rot(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & M; v[3] = rot(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & M; v[1] = rot(v[1], 17) ^ v[2]; v[2] = rot(v[2], 32)
    whole = len(m) // 8
    for w in [int.from_bytes(m[8 * i:8 * i + 8], "little") for i in range(whole)] + \
             [len(m) << 56 | int.from_bytes(m[8 * whole:], "little")]:
        v[3] ^= w; rounds(2); v[0] ^= w
    v[2] ^= 0xff; rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def times(a, b):
    p = 0
    while b:
        p ^= a if b & 1 else 0
        a = a << 1 ^ (0x1100b if a & 0x8000 else 0)
        b >>= 1
    return p


def to_the(n):  # x^n
    r, b = 1, 2
    while n:
        r = times(r, b) if n & 1 else r
        b = times(b, b)
        n >>= 1
    return r


def small(v):
    out = b""
    while v >= 0x80:
        out += bytes([v & 0x7f | 0x80])
        v >>= 7
    return out + bytes([v])


def golomb(v, shift):
    high = (v >> shift) + 1
    n = high.bit_length() - 1
    return "1" * n + "0" + (format(high, "b")[1:]) + (format(v & (1 << shift) - 1, "0%db" % shift) if shift else "")


def frame_list(number, all_, eager, entries):
    shift = min(range(21), key=lambda s: (sum(len(golomb(e[1], s)) for e in entries), s))
    gap = 65535 // len(entries) if entries else 1
    gap = gap.bit_length() - 1
    bits, before = "", 0
    for position, seq, mark, check in entries:
        d = position - before
        before = position
        bits += "1" * (d >> gap) + "0" + (format(d & (1 << gap) - 1, "0%db" % gap) if gap else "") + golomb(seq, shift)
        bits += format(mark, "06b") + format(check, "06b") if all_ else ""
    bits += "0" * (-len(bits) % 8)
    head = bytes([LIST, (0x80 if eager else 0) | (0x40 if all_ else 0) | shift])
    head += small(number) if all_ else bytes([number & 0xff])
    return head + small(len(entries)) + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def put(name, value):
    print(name, "=", value.hex() if isinstance(value, bytes) else value)


SKETCH, NEXT, MORE, LIST = 14, 15, 16, 17
sync_key, binding, number = bytes(range(32)), bytes(range(100, 132)), 0x2a17
root = bytes.fromhex("0102030405060708")  # of a frontier that is not given here
logs = [(blake2b(b"log %d" % i, digest_size=32).digest(), seq, blake2b(b"head %d" % i, digest_size=32).digest())
        for i, seq in enumerate([1, 2, 77, 1022, 1023, 1024, 100000])]

print("# Made by sketch.py, a second implementation of docs/protocol.md §6.5; see there.")
put("sync_key", sync_key)
put("binding", binding)
salt = D(sync_key, "hop/sync/sketch/v1", 24, binding + bytes([1]) + number.to_bytes(2, "big"))  # opened by the listener
put("salt", salt)
points = []
for i, (log, seq, head) in enumerate(logs):
    h, c = siphash(salt[:16], log), siphash(salt[:16], head) >> 58
    point = (h % 65535, seq, h >> 58, c, (seq % 1023 + 1) << 6 | c)
    put("log%d" % i, log)
    put("seq%d" % i, seq.to_bytes(8, "big"))
    put("head%d" % i, head)
    put("point%d" % i, point[0].to_bytes(2, "big") + bytes([point[2], point[3]]) + point[4].to_bytes(2, "big"))
    points.append(point)
points.sort()
syndromes = b""
for j in range(12):
    s = 0
    for position, _, _, _, tag in points:
        s ^= times(tag, to_the(j * position))
    syndromes += s.to_bytes(2, "big")
put("syndromes", syndromes)
put("sketch", bytes([SKETCH]) + (number | 0xc000).to_bytes(2, "big") + small(300) + root + syndromes[:12])
put("sketch_bare", bytes([SKETCH]) + number.to_bytes(2, "big") + small(7) + syndromes[:16])
put("next", bytes([NEXT, number & 0xff]) + small(6) + syndromes[12:])
put("more", bytes([MORE, number & 0xff]) + small(1026))
put("list_all", frame_list(number, True, True, [p[:4] for p in points]))
put("list_answer", frame_list(number, False, False, [(p[0], p[1], 0, 0) for p in points[2:5]]))
put("list_none", frame_list(number, False, False, []))

#!/usr/bin/env python3
"""A second reader of dossiers, written from docs/protocol.md §2, §3, §9 and §11: check.py FILE...

It shares no code with hop: BLAKE2b is hashlib's, Ed25519 and ChaCha20-Poly1305 those of the package cryptography,
HChaCha20 and CBOR are spelled out. It checks all that needs no fold: the seal of the list, the page, every item, ids,
signatures and chains, that each key opens its record, that everything a record of the meeting names is there. Exit 0
only if all of it holds.  tests/vectors/dossier/check.py tests/vectors/dossier/meeting.html | diff - tests/vectors/dossier/check.txt
"""
import struct
import sys
from base64 import b64decode
from hashlib import blake2b
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

START, END = b'<script type="application/x-hop-dossier">\n', b"</script>\n"
RECORD, STUB, CHUNK = 1, 2, 3


class Bad(Exception):
    pass


def H(label, n, m):
    return blake2b(m, key=label.encode()).digest()[:n]


def D(key, label, n, c=b""):
    return blake2b(label.encode() + b"\0" + c, key=key).digest()[:n]


def hchacha20(key, nonce):
    s = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[x] = (s[x] + s[y]) & 0xffffffff
                v = s[z] ^ s[x]
                s[z] = (v << n & 0xffffffff) | v >> (32 - n)
    return struct.pack("<8I", *(s[0:4] + s[12:16]))


def verified(key, label, sig, m):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(sig, H(label, 32, m))
        return True
    except (InvalidSignature, ValueError):
        return False


class Reader:
    def __init__(self, b):
        self.b = b

    def take(self, n):
        if n > len(self.b):
            raise Bad("cut short")
        ret, self.b = self.b[:n], self.b[n:]
        return ret

    def number(self, n):
        return int.from_bytes(self.take(n), "big")


def first_key(body):
    """The value of key 1 of a CBOR map, if it is 32 bytes: the meeting that an act is of."""
    return body[4:36] if body[1:4] == b"\x01\x58\x20" and body[0] >> 5 == 5 else None


class Record:
    def __init__(self, kind, r):
        self.kind, self.inner, self.deps = kind, b"", []
        if kind == RECORD:
            r.take(4)
            self.key = r.take(32)
        self.header = r.take(160)
        size = int.from_bytes(self.header[144:148], "big")
        if self.header[:5] != b"HOP1\x01":
            raise Bad("not a record")
        if kind == RECORD:
            self.text = r.take(size)
            text_hash = H("hop/rec/text/v1", 32, self.text)
        else:
            text_hash = r.take(32)
            r.take(4)
            self.deps = [r.take(32) for _ in range(r.number(2))]
        self.sig = r.b
        if len(self.sig) not in (0, 64):
            raise Bad("bytes are left over")
        self.log, self.seq, self.prev = self.header[24:56], self.header[56:64], self.header[64:96]
        self.id = H("hop/rec/id/v1", 32, self.header + text_hash)

    def open(self):
        if self.header[6] != 0:
            return self.key == bytes(32)
        if D(self.key, "hop/rec/kc/v1", 16) != self.header[128:144]:
            return False
        nonce = self.header[104:128]
        try:
            self.inner = ChaCha20Poly1305(hchacha20(self.key, nonce[:16])).decrypt(
                bytes(4) + nonce[16:], self.text, self.header)
        except InvalidTag:
            return False
        count = int.from_bytes(self.inner[16:18], "big")
        self.deps = [self.inner[20 + 32 * i:52 + 32 * i] for i in range(count)]
        return True

    def type(self):
        return int.from_bytes(self.inner[:2], "big")

    def body(self):
        at = 20 + 32 * len(self.deps)
        return self.inner[at:at + int.from_bytes(self.inner[12:16], "big")]


def check(file):
    start = file.find(START)
    end = file.find(END, start)
    if start < 0 or end < 0:
        raise Bad("not a dossier")
    lines = file[start + len(START):end].split(b"\n")
    if lines.pop() != b"":
        raise Bad("the last line is cut off")
    bytes_of = [b64decode(line, validate=True) for line in lines]
    listed = bytes_of.pop(0)
    r = Reader(listed)
    if r.number(1) != 2:
        raise Bad("another version")
    cell, meeting, _, page, count, sealer = (r.take(32), r.take(32), r.take(8), r.take(32), r.number(4), r.take(32))
    entries = [(r.number(1), r.number(2), r.take(32), r.take(32)) for _ in range(count)]
    if len(r.b) != 64 or not verified(sealer, "hop/dossier/sig/v1", r.b, listed[:-64]):
        raise Bad("the seal of the list does not hold")
    if page != H("hop/dossier/item/v1", 32, b"\0" + file[:start] + file[end + len(END):]):
        raise Bad("the page was altered")
    if len(bytes_of) != count:
        raise Bad("items and list differ in number")
    records, chunks = [], 0
    for number, ((kind, kind_of_act, _, digest), item) in enumerate(zip(entries, bytes_of), 1):
        if H("hop/dossier/item/v1", 32, bytes([kind]) + item) != digest:
            raise Bad(f"item {number} was altered")
        if kind == CHUNK:
            chunks += 1
            if H("hop/blob/name/v1", 32, item[32:]) != item[:32]:
                raise Bad(f"item {number} does not bear its name")
            continue
        record = Record(kind, Reader(item))
        record.number = number
        if kind == STUB and kind_of_act != 0:
            raise Bad(f"item {number} says what it withholds")
        if kind == RECORD and not record.open():
            raise Bad(f"item {number} does not open under its key")
        if kind == RECORD and record.header[6] == 0 and record.type() != kind_of_act:
            raise Bad(f"item {number} is not what the list says")
        records.append(record)
    return cell, meeting, records, chunks


def check_chains(records):
    proven = {}
    for record in reversed(records):
        following = proven.get((record.log, int.from_bytes(record.seq, "big") + 1))
        if record.sig:
            good = verified(record.log, "hop/rec/sig/v1", record.sig, record.id)
        else:
            good = following is not None and following.prev == record.id
        if not good:
            raise Bad(f"item {record.number} is not signed")
        proven[record.log, int.from_bytes(record.seq, "big")] = record
    seen, last = set(), {}
    there = {record.id for record in records}
    for record in records:
        if record.seq <= last.get(record.log, bytes(8)) or any(d in there and d not in seen for d in record.deps):
            raise Bad(f"item {record.number} stands before what it follows")
        seen.add(record.id)
        last[record.log] = record.seq


def check_complete(meeting, records):
    there = {record.id for record in records}
    own = 0
    for record in records:
        if record.kind != RECORD or record.header[6] != 0 or record.type() < 32:
            continue
        if record.id != meeting and first_key(record.body()) != meeting:
            continue
        own += 1
        wanted = record.deps + ([record.prev] if record.prev != bytes(32) else [])
        for one in wanted:
            if one not in there:
                raise Bad(f"item {record.number} had seen {one[:8].hex()}, which is not there")
    return own


def main():
    good = True
    for path in sys.argv[1:]:
        with open(path, "rb") as f:
            file = f.read()
        try:
            cell, meeting, records, chunks = check(file)
            check_chains(records)
            own = check_complete(meeting, records)
            withheld = sum(record.kind == STUB for record in records)
            print(f"holds: cell {cell.hex()[:16]}, meeting {meeting.hex()[:16]}, {len(records)} records, {own} of the "
                  f"meeting, {withheld} withheld, {chunks} chunks")
        except (Bad, ValueError) as why:
            print(f"fails: {why}")
            good = False
    sys.exit(0 if good else 1)


main()

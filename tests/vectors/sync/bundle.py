#!/usr/bin/env python3
"""A bundle made from docs/protocol.md alone: prints bundle.txt.

It shares no code with hop; BLAKE2b is hashlib's. The segment is that of protocol/hop.txt. All inputs are fixed:
tests/vectors/sync/bundle.py | diff - tests/vectors/sync/bundle.txt
"""
import os
from hashlib import blake2b

here = os.path.dirname(os.path.abspath(__file__))
hop = dict(line.rstrip("\n").split(" = ", 1) for line in open(os.path.join(here, "../protocol/hop.txt"))
           if " = " in line)
MARK = bytes.fromhex("f5686f70b10d0ae7")
LIST, SEGMENT, BLOB = 1, 2, 3
RUN, CHUNK = 1, 2


def H(label, n, m):
    return blake2b(m, key=label.encode()).digest()[:n]


def u(n, v):
    return v.to_bytes(n, "big")


def block(kind, payload):
    covered = u(1, kind) + bytes(3) + u(4, len(payload))
    return MARK + covered + H("hop/bundle/block/v1", 16, covered + payload) + payload


def entries(items):
    out = u(1, 1) + u(4, len(items))
    for kind, name, first, last in sorted(items):
        out += u(1, kind) + name + (u(8, first) + u(8, last) if kind == RUN else b"")
    return out


def put(name, value):
    print(name, "=", value if isinstance(value, str) else value.hex())


print("# Made by bundle.py, a second implementation of docs/protocol.md on bundles; see there.")
segment = bytes.fromhex(hop["segment"])
log = segment[2:34]
first, count = int.from_bytes(bytes.fromhex(hop["record1"])[56:64], "big"), 3
chunk = b"a sealed chunk, as far as a carrier can tell"
name = H("hop/blob/name/v1", 32, chunk)
listed = block(LIST, entries([(CHUNK, name, 0, 0), (RUN, log, first, first + count - 1)]))
run = block(SEGMENT, bytes(32) + segment)
blob = block(BLOB, name + chunk)
whole = listed + run + blob + listed
put("log", log)
put("blob_name", name)
put("list", listed)
put("run", run)
put("blob", blob)
put("section", whole)
# 256 bytes were lost in it: what is left and must be found is the first LIST, the blob and the last LIST
at = 512
assert len(listed) < at < at + 256 <= len(listed) + len(run)
put("damaged", whole[:at] + bytes(256) + whole[at + 256:])

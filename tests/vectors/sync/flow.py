#!/usr/bin/env python3
"""Segments in all their abbreviations, the search for a fork and its proof, made from docs/protocol.md alone:
prints flow.txt.

It shares no code with hop; BLAKE2b is hashlib's, Ed25519 that of the package cryptography. Records and the key of their
log are those of protocol/hop.txt. All inputs are fixed: tests/vectors/sync/flow.py | diff - tests/vectors/sync/flow.txt
"""
import os
from hashlib import blake2b
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

here = os.path.dirname(os.path.abspath(__file__))
hop = dict(line.rstrip("\n").split(" = ", 1) for line in open(os.path.join(here, "../protocol/hop.txt"))
           if " = " in line)
records = [bytes.fromhex(hop[f"record{n}"]) for n in (1, 2, 3)]
ids = [bytes.fromhex(hop[f"record{n}_id"]) for n in (1, 2, 3)]
key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(hop["log0_seed"]))
LANE, BRIEF_LOG, BRIEF_TAGS, MANY, UNSIGNED = 0, 4, 8, 16, 32
RECORD_LONG, RECORD_SIG, RECORD_TAGS = 0x20, 0x40, 0x80


def H(label, m):
    return blake2b(m, key=label.encode()).digest()[:32]


def u(n, v):
    return v.to_bytes(n, "big")


def number(v):
    return bytes([v]) if v < 128 else bytes([128 | v & 127]) + number(v >> 7)


def head(size, bits):
    steps = size // 32 * 2 if size % 32 == 16 else size * 2 + 1
    return number(steps * 2 + (1 if bits else 0)) + (u(1, bits) if bits else b"")


def text_of(r):
    return r[160:160 + int.from_bytes(r[144:148], "big")]


def tags(r):
    return r[8:24] + r[96:104]


def segment(first, run, bits, each=False, signed=True):
    """run: whole records, number `first` the first of them."""
    log = run[0][24:56]
    bits |= (MANY if len(run) > 1 else 0) | (0 if signed else UNSIGNED)
    out = u(1, 3) + u(1, bits) + (log[:3] if bits & BRIEF_LOG else log) + number(first)
    out += u(1, len(run)) if len(run) > 1 else b""
    last = None if not bits & BRIEF_TAGS else tags(run[0])
    for i, r in enumerate(run):
        says = tags(r) != last
        inner = each and i + 1 < len(run)
        long = any(r[112:128])
        bits = r[6] | (RECORD_TAGS if says else 0) | (RECORD_SIG if inner else 0) | (RECORD_LONG if long else 0)
        out += head(len(text_of(r)), bits) + (tags(r) if says else b"") + r[104:128 if long else 112] + r[128:144]
        out += text_of(r) + (r[-64:] if inner else b"")
        last = tags(r)
    return out + (run[-1][-64:] if signed else b"")


def branch(run):
    """run: whole records, of which only the last must be signed."""
    out = u(1, len(run)) + run[0][:160] + H("hop/rec/text/v1", text_of(run[0]))
    for before, r in zip(run, run[1:]):
        says = tags(r) != tags(before)
        out += u(1, r[6] | (RECORD_TAGS if says else 0)) + (tags(r) if says else b"") + r[104:148]
        out += H("hop/rec/text/v1", text_of(r))
    return out + run[-1][-64:]


def other(seq, prev, like):
    """Another record under this number: the header of one that there is, and other bytes for its text."""
    text = bytes(b ^ 0x55 for b in text_of(like))
    head = like[:56] + u(8, seq) + prev + like[96:160]
    rid = H("hop/rec/id/v1", head + H("hop/rec/text/v1", text))
    return head + text + key.sign(H("hop/rec/sig/v1", rid)), rid


def put(name, value):
    print(name, "=", value.hex())


print("# Made by flow.py, a second implementation of docs/protocol.md on segments and forks; see there.")
put("segment_brief", segment(2, records[1:], LANE | BRIEF_LOG | BRIEF_TAGS))
put("segment_alone", segment(3, records[2:], LANE | BRIEF_LOG | BRIEF_TAGS))
put("segment_each", segment(1, records, LANE, each=True))
put("segment_trunk", segment(1, records[:1], LANE, signed=False))
heads = b"".join(u(8, n) + rid[:8] for n, rid in zip((1, 2, 3), ids))
put("probe", u(1, 11) + records[0][24:56] + u(1, 3) + heads)
put("probe_answer", u(1, 11) + records[0][24:56] + u(1, 0x82) + heads[:32])
void2, void2_id = other(2, ids[0], records[1])
void3, _ = other(3, void2_id, records[2])
one, two = branch([records[1]]), branch([void2, void3])
put("branch", u(1, 12) + two)
put("trunk", ids[0])
put("proof", u(1, 13) + (one + two if ids[1] < void2_id else two + one))
put("ack", u(1, 4) + u(1, 0x81) + records[0][24:27] + number(300))

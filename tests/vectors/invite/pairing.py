#!/usr/bin/python3
"""Checks pairing.txt from docs/protocol.md §7.4 alone: CPace over a ristretto255 of its own (RFC 9496),
X25519, proofs, and the sealed invitation. Shares no code with hop. Needs python3-cryptography.

    tests/vectors/invite/pairing.py     from the top of the tree; says "holds" or fails"""
import hashlib, os, runpy, sys
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

P = 2**255 - 19
D_ = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
neg = lambda x: x % P & 1
absolute = lambda x: P - x % P if neg(x) else x % P


def sqrt_ratio(u, v):
    r = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    check = v * r * r % P
    good, flipped, flipped_i = check == u % P, check == -u % P, check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return good or flipped, absolute(r)


INVSQRT_A_MINUS_D = sqrt_ratio(1, -1 - D_)[1]
SQRT_AD_MINUS_ONE = sqrt_ratio(-D_ - 1, 1)[1]  # its sign is that of RFC 9496 §4.1: see below
if SQRT_AD_MINUS_ONE != 25063068953384623474111414158702152701244531502492656460079210482610430750235:
    SQRT_AD_MINUS_ONE = P - SQRT_AD_MINUS_ONE


def add(p, q):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = p, q
    a, b = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    c, d = 2 * D_ * t1 * t2, 2 * z1 * z2
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def mul(s, p):
    r = (0, 1, 1, 0)
    while s:
        r, p, s = add(r, p) if s & 1 else r, add(p, p), s >> 1
    return r


def decode(b):
    s = int.from_bytes(b, "little")
    assert s < P and not s & 1
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D_ * u1 * u1 - u2 * u2) % P
    ok, i = sqrt_ratio(1, v * u2 * u2 % P)
    dx = i * u2 % P
    dy = i * dx * v % P
    x, y = absolute(2 * s * dx), u1 * dy % P
    assert ok and not neg(x * y) and y != 0
    return x, y, 1, x * y % P


def encode(p):
    x, y, z, t = p
    u1, u2 = (z + y) * (z - y) % P, x * y % P
    _, i = sqrt_ratio(1, u1 * u2 * u2 % P)
    d1, d2 = i * u1 % P, i * u2 % P
    zinv = d1 * d2 * t % P
    rotate = neg(t * zinv)
    if rotate:
        x, y, den = y * SQRT_M1 % P, x * SQRT_M1 % P, d1 * INVSQRT_A_MINUS_D % P
    else:
        den = d2
    if neg(x * zinv):
        y = -y
    return absolute(den * (z - y)).to_bytes(32, "little")


def elligator(t):
    r = SQRT_M1 * t * t % P
    u, c = (r + 1) * (1 - D_ * D_) % P, P - 1
    v = (-1 - r * D_) * (r + D_) % P
    ok, s = sqrt_ratio(u, v)
    if not ok:
        s, c = -absolute(s * t) % P, r
    n = (c * (r - 1) * (D_ - 1) ** 2 - v) % P
    w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def from_hash(h):
    half = lambda b: elligator(int.from_bytes(b, "little") % 2**255 % P)
    return add(half(h[:32]), half(h[32:]))


lv = lambda *parts: b"".join(bytes([len(x)]) + x for x in parts)
DSI = b"CPaceRistretto255"


def cpace_key(secret, code, session, calls, reply):
    prs, ci = code[3:9], code[:3]
    pad = 128 - len(lv(DSI, prs)) - 1
    g = from_hash(hashlib.sha512(lv(DSI, prs, bytes(pad), ci, session)).digest())
    assert encode(mul(secret, g)) == calls, "the guest's share"
    k = encode(mul(secret, decode(reply)))
    return hashlib.sha512(lv(DSI + b"_ISK", session, k) + lv(calls, b"guest", reply, b"host")).digest()[:32]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.stdout, out = open(os.devnull, "w"), sys.stdout
    other = runpy.run_path(os.path.join(here, "../protocol/make.py"))
    sys.stdout = out
    H, D, hchacha20 = other["H"], other["D"], other["hchacha20"]
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    v = dict(line.strip().split(" = ") for line in open(os.path.join(here, "pairing.txt")))
    digits = v["code"].replace("-", "")
    p = 10
    for d in digits[:9]:
        p = ((p + int(d)) % 10 or 10) * 2 % 11
    assert (11 - p) % 10 == int(digits[9]), "check digit"
    label = lambda name: "hop/pair/%s/v1" % name
    for way in ("code", "face"):
        m = {k: bytes.fromhex(v[way + "_" + k]) for k in ("meet", "guest_secret", "call", "reply", "prove", "give")}
        session, guest, host = m["call"][2:18], m["call"][18:50], m["reply"][18:50]
        commit = lambda share: H(label("commit"), 16, share)
        if way == "code":
            meet = b"code" + digits[:3].encode()
            key = cpace_key(int.from_bytes(m["guest_secret"], "little"), digits.encode(), session, guest, host)
        else:
            meet = b"face" + commit(host) + commit(guest)
            key = X25519PrivateKey.from_private_bytes(m["guest_secret"]).exchange(X25519PublicKey.from_public_bytes(host))
        assert H(label("meet"), 32, meet) == m["meet"], "meeting place"
        seen = H(label("seen"), 32, bytes([1 if way == "code" else 2]) + m["meet"] + session + guest + host)
        assert m["prove"] == b"\2\3" + session + D(key, label("guest"), 16, seen) + bytes(134), "guest's proof"
        tag = D(key, label("host"), 16, seen)
        assert m["give"][:34] == b"\2\4" + session + tag, "host's proof"
        text = ChaCha20Poly1305(hchacha20(D(key, label("seal"), 32, seen), bytes(16))).decrypt(bytes(12), m["give"][34:], tag)
        alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        bits = "".join(format(alphabet.index(c), "05b") for c in v["invitation"][5:].replace("-", ""))
        want = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8))
        assert text == bytes([len(want)]) + want + bytes(117 - len(want)), "the invitation"
    print("holds")


main()

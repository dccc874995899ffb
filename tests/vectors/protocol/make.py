#!/usr/bin/env python3
"""A second implementation of the layouts of docs/protocol.md, written from that page: prints hop.txt.

It shares no code with hop. BLAKE2b is hashlib's; Ed25519, X25519, ChaCha20-Poly1305 and Argon2id are those of the
package cryptography (44 or newer); HChaCha20 and Crockford base32 are spelled out below. All inputs are fixed, so the
output is always the same:  tests/vectors/protocol/make.py | diff - tests/vectors/protocol/hop.txt
"""
import struct
from hashlib import blake2b
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


# ---- §2 ----

def H(label, n, m):
    return blake2b(m, key=label.encode()).digest()[:n]


def D(key, label, n, c=b""):
    return blake2b(label.encode() + b"\0" + c, key=key).digest()[:n]


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


def xseal(key, nonce, ad, text):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(b"\0\0\0\0" + nonce[16:], text, ad)


class Sign:
    def __init__(self, seed):
        self.seed = seed
        self.key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, label, m):
        return self.key.sign(H(label, 32, m))


class Box:
    def __init__(self, secret):
        self.secret = secret
        self.key = X25519PrivateKey.from_private_bytes(secret)
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def shared(self, public):
        return self.key.exchange(X25519PublicKey.from_public_bytes(public))


def fixed(name, n):
    """Bytes that stand for random ones."""
    return blake2b(name.encode()).digest()[:n]


def u(n, v):
    return v.to_bytes(n, "big")


def blob(b):
    return u(2, len(b)) + b


def base32(b):
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    bits = "".join(f"{x:08b}" for x in b)
    bits += "0" * (-len(bits) % 5)
    return "".join(digits[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5))


def number(v):
    return bytes([v]) if v < 128 else bytes([128 | v & 127]) + number(v >> 7)


def cbor(v):
    def head(major, n):
        if n < 24:
            return bytes([major << 5 | n])
        size, low = next((s, l) for s, l in ((1, 24), (2, 25), (4, 26), (8, 27)) if n < 1 << 8 * s)
        return bytes([major << 5 | low]) + u(size, n)
    if isinstance(v, int):
        return head(0, v)
    if isinstance(v, bytes):
        return head(2, len(v)) + v
    if isinstance(v, str):
        return head(3, len(v.encode())) + v.encode()
    if isinstance(v, list):
        return head(4, len(v)) + b"".join(map(cbor, v))
    return head(5, len(v)) + b"".join(cbor(k) + cbor(v[k]) for k in sorted(v))


def put(name, value):
    print(name, "=", value if isinstance(value, str) else value.hex())


# ---- keys and the cell ----

print("# Made by make.py, a second implementation of docs/protocol.md; see there.")
ik, lk, kem = Sign(fixed("ik", 32)), Box(fixed("lk", 32)), Box(fixed("kem", 32))
log = [Sign(fixed(f"log {n}", 32)) for n in range(3)]
put("ik_seed", ik.seed)
put("lk_secret", lk.secret)
put("kem_secret", kem.secret)
for n in range(3):
    put(f"log{n}_seed", log[n].seed)

procedure = b'name = "assembly";\n'
genesis = (fixed("salt", 32) + H("hop/meeting/procedure/v1", 32, procedure) +
           blob("Chi bộ Bản Mù".encode()) + blob(b"assembly") + blob("Trần Thị Lan".encode()) + u(1, 3) +
           ik.public + lk.public + kem.public)
cell_id = H("hop/cell/id/v1", 32, genesis)
put("procedure", procedure)
put("genesis", genesis)
put("cell_id", cell_id)
cert = ik.public + lk.public + kem.public
cert += ik.sign("hop/cell/cert/v1", cell_id + bytes(16) + cert)
member_id = H("hop/cell/member/v1", 16, cell_id + bytes(16) + ik.public)
admit = bytes(16) + member_id + blob("Trần Thị Lan".encode()) + u(1, 3) + u(1, 0) + u(1, 3) + cert + bytes(64)
put("admit", admit)
log_open = cell_id + ik.public + u(4, 1) + u(1, 0)
log_open += ik.sign("hop/log/open/v1", cell_id + log[0].public + u(4, 1) + u(1, 0))
put("log_open", log_open)

# ---- §4.2 ----

secret = fixed("epoch", 32)
auth, body_key, route, meet, commit = (D(secret, f"hop/ep/{k}/v1", 32) for k in ("auth", "body", "route", "meet", "commit"))
tag = D(route, "hop/ep/tag/v1", 16)
put("epoch_secret", secret)
for k, v in (("auth", auth), ("body", body_key), ("route", route), ("meet", meet), ("commit", commit), ("tag", tag)):
    put(f"epoch_{k}", v)


def hint(log_key):
    return D(route, "hop/ep/hint/v1", 8, log_key.public)


def seal_slot(ephemeral, text):
    k = D(ephemeral.shared(kem.public), "hop/ep/kem/v1", 40, cell_id + ephemeral.public + kem.public + log[0].public)
    return k[:8] + ChaCha20Poly1305(k[8:]).encrypt(bytes(12), text, ephemeral.public + commit)


def sealed(ephemeral, key, label, plain):
    where = ephemeral.public + commit + cell_id + log[0].public
    text = xseal(D(key, label, 32, ephemeral.public), bytes(24), where, plain)
    return u(4, len(text)) + text


HISTORY = 4
history = fixed("history", 32)
put("epoch_history", history)
mark = D(auth, "hop/ep/mark/v1", 6, ik.public + u(1, HISTORY))
ephemeral = Box(fixed("ephemeral", 32))
grant = (ephemeral.public + commit + u(2, 1) + seal_slot(ephemeral, secret + history) +
         sealed(ephemeral, auth, "hop/ep/meta/v1", mark + kem.public) + u(4, 0))
put("grant", grant)

parent = fixed("parent", 32)
parent_auth, parent_route, parent_commit = (D(parent, f"hop/ep/{k}/v1", 32) for k in ("auth", "route", "commit"))
put("parent_secret", parent)
put("parent_history", fixed("parent history", 32))
maker = Box(fixed("ephemeral of the epoch", 32))
meta = (bytes(16) + u(1, 1) + u(4, 2) + u(8, 1796412600000000) + u(2, 1) + mark + u(1, 1) + parent_commit + parent_auth +
        parent_route + bytes(15 * 6))
back = parent + fixed("parent history", 32)
dummies = b"".join(fixed(f"dummy {n}", 64) + fixed(f"dummy {n} too", 24) for n in range(15))
put("epoch_text", maker.public + commit + u(2, 16) + seal_slot(maker, secret + history) + dummies +
    sealed(maker, auth, "hop/ep/meta/v1", meta) + sealed(maker, history, "hop/ep/back/v1", back))


# ---- §3 ----

def padded(n):
    if n <= 1024:
        return (n + 31) // 32 * 32
    e = n.bit_length() - 1
    s = e.bit_length()
    return (n + (1 << e - s) - 1) >> e - s << e - s


def header(lane, outer, seq, prev, nonce, kc, size):
    h = (b"HOP1" + u(1, 1) + u(1, lane) + u(1, outer) + u(1, 0) + tag + log[lane].public + u(8, seq) + prev +
         hint(log[lane]) + nonce + kc + u(4, size) + bytes(12))
    assert len(h) == 160
    return h


def finish(lane, h, text):
    rid = H("hop/rec/id/v1", 32, h + H("hop/rec/text/v1", 32, text))
    return h + text + log[lane].sign("hop/rec/sig/v1", rid), rid


def record(name, lane, seq, prev, kind, deps, body, wall):
    """Prints it; returns the whole of it and its id."""
    inner = u(2, kind) + u(1, 0) + u(1, 1) + u(8, wall) + u(4, len(body)) + u(2, len(deps)) + u(2, 0) + b"".join(deps) + body
    inner += bytes(padded(len(inner)) - len(inner))
    nonce = fixed("nonce " + name, 24 if name == "record2" else 8)  # one as long as the layout allows
    nonce += bytes(24 - len(nonce))
    h = header(lane, 0, seq, prev, nonce, bytes(16), len(inner) + 16)
    key = D(auth if lane == 0 else body_key, "hop/rec/key/v1", 32, h[:128])
    h = header(lane, 0, seq, prev, nonce, D(key, "hop/rec/kc/v1", 16), len(inner) + 16)
    whole, rid = finish(lane, h, xseal(key, nonce, h, inner))
    put(name, whole)
    put(name + "_key", key)
    put(name + "_id", rid)
    return whole, rid


wall = 1796412600000000
whole1, first = record("record1", 0, 1, bytes(32), 1, [], log_open, wall)
whole2, second = record("record2", 0, 2, first, 2, [], genesis, wall + 1)
clear = header(0, 2, 3, second, fixed("nonce grant", 8) + bytes(16), bytes(16), len(grant))
clear, third = finish(0, clear, grant)
put("record3", clear)
put("record3_id", third)

# ---- §9 ----

meeting = cbor({5: "Họp thường kỳ", 7: "regular", 8: "04/12/2026 19:30", 12: member_id, 14: ["Báo cáo", "Biểu quyết"]})
put("act_meeting", meeting)
motion = fixed("motion", 32)
vote = cbor({1: fixed("meeting", 32), 2: motion, 4: 1})
put("act_vote", vote)
long = cbor({1: fixed("meeting", 32), 6: "dài " * 400})
put("act_opinion", long)
_, meeting_id = record("record4", 1, 1, bytes(32), 32, [third], meeting, wall + 2)
record("record5", 1, 2, meeting_id, 35, [], long, wall + 3)

# ---- §5 ----

disc = D(route, "hop/disc/v1", 32)
put("disc_key", disc)
device_tag = D(route, "hop/cell/devtag/v1", 16, ik.public)
put("device_tag", device_tag)
server = Box(fixed("server", 32))
text = (u(1, 1) + u(1, 2) + u(2, 49152) + u(2, 0) + device_tag + server.public + fixed("boot", 8) + u(4, 7) +
        fixed("root salt", 8) + fixed("root", 8) + bytes(16) + bytes(6))
text += ik.sign("hop/beacon/sig/v1", text)
nonce = fixed("nonce beacon", 24)
put("beacon_nonce", nonce)
put("beacon", nonce + xseal(disc, nonce, b"", text))

# ---- §6 ----

binding = H("hop/link/binding/v1", 32, server.public + lk.public)
put("server_secret", server.secret)
put("binding", binding)
put("hello", u(1, 1) + u(1, 1) + u(1, 0) + ik.public +
    ik.sign("hop/link/hello/v1", binding + u(1, 0) + cell_id + u(1, 1) + u(1, 0)))

# ours dialled; the other's keys, and the key of all who sync
other, other_kem = Sign(fixed("other ik", 32)), Box(fixed("other kem", 32))
sync_key = D(parent_route, "hop/sync/key/v1", 32, cell_id)  # of the first epoch, for good
pair = D(kem.shared(other_kem.public), "hop/link/pair/v1", 32, cell_id + b"".join(sorted((ik.public, other.public))))
put("other_ik_seed", other.seed)
put("other_kem_secret", other_kem.secret)
put("sync_key", sync_key)
put("pair", pair)


def greet_hint(role, identity):
    return D(sync_key, "hop/link/hint/v1", 16, binding + u(1, role) + identity)


def greet_mac(role, said):
    return D(pair, "hop/link/greet/v1", 8, u(1, role) + binding + said)


said = greet_hint(0, ik.public)[:2] + u(1, 7)
opening = bytes.fromhex("11c0170100")  # a LIST of nothing: what it says is not looked at here
opening += bytes(65)  # and so long that a second block of the stream is used
known_hint = greet_hint(1, other.public)[:1]
known_mac = greet_mac(1, said + known_hint + opening)
stream = b"".join(D(pair, "hop/link/cover/v1", 64, binding + known_mac + u(1, n)) for n in range(2))
put("greet", u(1, 18) + said)
put("known_body", opening)
put("known", u(1, 19) + known_hint + known_mac + bytes(a ^ b for a, b in zip(opening, stream)))
put("vouch", u(1, 20) + greet_mac(0, known_mac))
put("tell", u(1, 10) + u(8, 5) + blob(b"hello") + ik.sign("hop/link/tell/v1", binding + u(8, 5) + b"hello"))
head = lambda rid: rid[:8]
put("frontier", u(1, 2) + u(1, 0) + u(2, 1) + u(1, 0) + log[0].public + u(8, 3) + head(third))
put("ack", u(1, 4) + u(1, 0x81) + log[0].public[:3] + number(3))


def part(whole, with_tag):
    n = int.from_bytes(whole[144:148], "big")
    long = any(whole[112:128])
    bits = whole[6] | (0x80 if with_tag else 0) | (0x20 if long else 0)
    steps = n // 32 * 2 if n % 32 == 16 else n * 2 + 1
    return (number(steps * 2 + (1 if bits else 0)) + (u(1, bits) if bits else b"") +
            (whole[8:24] + whole[96:104] if with_tag else b"") + whole[104:128 if long else 112] + whole[128:144] +
            whole[160:160 + n])


put("segment", u(1, 3) + u(1, 0x10) + log[0].public + number(1) + u(1, 3) + part(whole1, True) + part(whole2, False) +
    part(clear, False) + clear[-64:])
salt = fixed("root salt", 8)
put("root_salt", salt)
put("root", H("hop/sync/root/v1", 16, salt + log[0].public + u(8, 3) + u(8, 0) + third)[:8])
put("blob_name", H("hop/blob/name/v1", 32, b"a sealed chunk"))

# ---- §7 ----

seed = fixed("seed", 16)
both = seed + cell_id
inv_sign, inv_link = Sign(H("hop/invite/key/v1", 32, both)), Box(H("hop/invite/link/v1", 32, both))
inv_disc, inv_id = H("hop/invite/disc/v1", 32, both), H("hop/invite/id/v1", 16, both)
plain = u(1, 1) + seed + cell_id + u(1, 11) + b"192.168.1.5"
plain += H("hop/invite/sum/v1", 4, plain)
digits = base32(plain)
put("invitation", "HOP1-" + "-".join(digits[i:i + 5] for i in range(0, len(digits), 5)))
put("invite", inv_id + inv_sign.public + inv_link.public + inv_disc + blob("Lê Minh Đức".encode()) + u(1, 0) + u(1, 0) +
    bytes(16) + bytes(32))
join = cell_id + inv_id + ik.public + lk.public + kem.public
keys = ik.public + lk.public + kem.public
joiner = keys + ik.sign("hop/cell/cert/v1", cell_id + inv_id + keys)
put("join_request", u(1, 0x4a) + u(1, 2) + cell_id + inv_id + joiner + inv_sign.sign("hop/invite/join/v1", join))
sync = xseal(D(route, "hop/invite/reply/v1", 32, grant[:32]), bytes(24), grant + log[0].public, sync_key)
put("join_answer", u(1, 0x57) + u(1, 2) + u(1, 0) + blob(genesis) + log[0].public + blob(grant) + sync +
    blob("Lê Minh Đức".encode()))

# ---- §8 ----

media = D(meet, "hop/media/key/v1", 32, fixed("meeting", 32))
stream = D(media, "hop/media/stream/v1", 46, ik.public + fixed("stream", 8))
counter = 0x01020304
voice = u(1, 0x11) + u(1, 0xa1) + stream[44:] + u(2, 9) + u(4, counter)
voice_nonce = stream[32:40] + bytes(a ^ b for a, b in zip(stream[40:44], u(4, counter)))
voice_text = u(1, 0x80 | 23) + u(1, 1) + u(1, 2) + u(1, 3) + b"opus frame" + b"old"
put("media_key", media)
put("voice", voice + ChaCha20Poly1305(stream[:32]).encrypt(voice_nonce, voice_text, voice[:1] + u(1, voice[1] & 31) + voice[2:]))
put("announcement", u(1, 1) + u(1, 1) + fixed("meeting", 32) + fixed("stream", 8) + u(2, 9) + u(2, 40000) + u(1, 2))

# ---- §10 ----

old_kem = Box(fixed("kem before", 32))
payload = (u(1, 2) + u(1, 1) + ik.seed + lk.secret + kem.secret + u(1, 1) + old_kem.secret + tag + cell_id + sync_key +
           u(4, 1) + log[0].seed + log[1].seed + log[2].seed + tag + u(4, 0) + u(4, 3) + fixed("config", 32) + bytes(16) +
           bytes(24) + u(2, 1) + u(1, HISTORY) + u(1, 0) + secret + history)
payload += bytes(-len(payload) % 1024)
passphrase = "mười hai con giáp".encode()
prefix = b"HOPK" + u(1, 2) + bytes(3) + u(4, 3) + u(8, 64 << 20) + fixed("salt of the key file", 16)
word = Argon2id(salt=prefix[20:36], length=32, iterations=3, lanes=1, memory_cost=64 << 10).derive(passphrase)
data_key, slot_nonce = fixed("data key", 32), fixed("nonce slot", 24)
slots = slot_nonce + xseal(D(word, "hop/keyfile/v1", 32, b"slot"), slot_nonce, prefix, data_key)
slots += b"".join(fixed(f"unused {n}", 64) + fixed(f"slot {n}", 8) for n in range(3))
bound = prefix + bytes(16) + bytes(12) + slots
file_nonce = fixed("nonce file", 24)
rest = file_nonce + xseal(data_key, file_nonce, bound, payload)
put("passphrase", passphrase)
put("keyfile", prefix + H("hop/keyfile/v1", 16, prefix + bytes(12) + slots + rest) + bytes(12) + slots + rest)

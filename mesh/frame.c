#include "mesh/frame.h"

#include <assert.h>

/* ---- numbers ---- */

size_t frame_number_size(uint64_t v)
{
    size_t size = 1;
    while ((v >>= 7) != 0)
        size++;
    return size;
}

void frame_number_put(struct wire_writer *w, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        wire_put_u8(w, (uint8_t)(0x80 | (v & 0x7f)));
    wire_put_u8(w, (uint8_t)v);
}

uint64_t frame_number_get(struct wire_reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        unsigned byte = wire_get_u8(r);
        v |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) != 0)
            continue;
        if (byte == 0 && shift > 0)
            r->bad = true; /* one spelling only */
        return v;
    }
    r->bad = true;
    return 0;
}

/* ---- HELLO ---- */

#define HELLO_SCOPE_BYTES (32 + 1 + 32 + 2)

static void hello_scope_put(uint8_t ret[static HELLO_SCOPE_BYTES], const struct hello_scope *scope)
{
    struct wire_writer w = wire_writer(ret, HELLO_SCOPE_BYTES);
    wire_put_bytes(&w, scope->binding, 32);
    wire_put_u8(&w, scope->listener ? 1 : 0);
    wire_put_bytes(&w, scope->cell_id, 32);
    wire_put_u8(&w, FRAME_VERSION);
    wire_put_u8(&w, scope->news);
    assert(!w.bad && w.used == HELLO_SCOPE_BYTES);
}

void frame_hello_put(struct wire_writer *w, const struct hello_scope *scope,
                     const struct hop_sign_key *key)
{
    uint8_t covered[HELLO_SCOPE_BYTES], sig[64];
    hello_scope_put(covered, scope);
    hop_sign(sig, key, LABEL_HELLO_SIG, SPAN(covered, sizeof covered));
    wire_put_u8(w, FRAME_HELLO);
    wire_put_u8(w, FRAME_VERSION);
    wire_put_u8(w, scope->news);
    wire_put_bytes(w, key->public_key, 32);
    wire_put_bytes(w, sig, sizeof sig);
}

int frame_hello_parse(struct frame_hello *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    struct frame_hello h;
    unsigned type = wire_get_u8(&r);
    unsigned version = wire_get_u8(&r);
    if (!r.bad && type == FRAME_HELLO && version != FRAME_VERSION)
        return HOP_EVERSION;
    h.news = wire_get_u8(&r);
    wire_get_into(&r, h.identity, sizeof h.identity);
    wire_get_into(&r, h.sig, sizeof h.sig);
    if (!wire_end(&r) || type != FRAME_HELLO)
        return HOP_EMALFORMED;
    *ret = h;
    return HOP_OK;
}

int frame_hello_verify(const struct frame_hello *h, const struct hello_scope *scope)
{
    uint8_t covered[HELLO_SCOPE_BYTES];
    struct hello_scope full = *scope;
    full.news = h->news;
    hello_scope_put(covered, &full);
    return hop_verify(h->sig, h->identity, LABEL_HELLO_SIG, SPAN(covered, sizeof covered));
}

/* ---- GREET, KNOWN, VOUCH ---- */

void frame_greet_put(struct wire_writer *w, const struct frame_greet *f)
{
    wire_put_u8(w, FRAME_GREET);
    wire_put_bytes(w, f->hint, sizeof f->hint);
    wire_put_u8(w, f->news);
}

int frame_greet_parse(struct frame_greet *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    wire_get_into(&r, ret->hint, sizeof ret->hint);
    ret->news = wire_get_u8(&r);
    return wire_end(&r) && type == FRAME_GREET ? HOP_OK : HOP_EMALFORMED;
}

void frame_known_put(struct wire_writer *w, const struct frame_known *f)
{
    assert(f->size <= KNOWN_BODY_MAX);
    wire_put_u8(w, FRAME_KNOWN);
    wire_put_u8(w, f->hint);
    wire_put_bytes(w, f->mac, sizeof f->mac);
    wire_put_bytes(w, f->body, f->size);
}

int frame_known_parse(struct frame_known *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    ret->hint = wire_get_u8(&r);
    wire_get_into(&r, ret->mac, sizeof ret->mac);
    ret->size = r.left;
    if (r.bad || ret->size > KNOWN_BODY_MAX)
        return HOP_EMALFORMED;
    wire_get_into(&r, ret->body, ret->size);
    return wire_end(&r) && type == FRAME_KNOWN ? HOP_OK : HOP_EMALFORMED;
}

void frame_vouch_put(struct wire_writer *w, const struct frame_vouch *f)
{
    wire_put_u8(w, FRAME_VOUCH);
    wire_put_bytes(w, f->mac, sizeof f->mac);
}

int frame_vouch_parse(struct frame_vouch *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    wire_get_into(&r, ret->mac, sizeof ret->mac);
    return wire_end(&r) && type == FRAME_VOUCH ? HOP_OK : HOP_EMALFORMED;
}

void greet_hint(uint8_t ret[static GREET_HINT_BYTES], const uint8_t sync_key[static 32],
                const uint8_t binding[static 32], bool listener, const uint8_t identity[static 32])
{
    uint8_t context[32 + 1 + 32], whole[16];
    struct wire_writer w = wire_writer(context, sizeof context);
    wire_put_bytes(&w, binding, 32);
    wire_put_u8(&w, listener ? 1 : 0);
    wire_put_bytes(&w, identity, 32);
    hop_derive(whole, sizeof whole, sync_key, LABEL_HINT, wire_written(&w));
    memcpy(ret, whole, GREET_HINT_BYTES);
}

/* What a MAC of either end begins with, so that none is good for the other. */
static void greet_mac_begin(struct wire_writer *w, const struct greet_scope *scope, bool listener)
{
    wire_put_u8(w, listener ? 1 : 0);
    wire_put_bytes(w, scope->binding, 32);
}

static void greet_mac_end(uint8_t ret[static GREET_MAC_BYTES], const struct greet_scope *scope,
                          const struct wire_writer *w)
{
    uint8_t whole[16];
    assert(!w->bad);
    hop_derive(whole, sizeof whole, scope->pair, LABEL_GREET, wire_written(w));
    memcpy(ret, whole, GREET_MAC_BYTES);
}

static void known_mac(uint8_t ret[static GREET_MAC_BYTES], const struct frame_known *f,
                      const struct greet_scope *scope)
{
    uint8_t context[1 + 32 + GREET_HINT_BYTES + 1 + 1 + KNOWN_BODY_MAX];
    struct wire_writer w = wire_writer(context, sizeof context);
    greet_mac_begin(&w, scope, true);
    wire_put_bytes(&w, scope->greet.hint, GREET_HINT_BYTES);
    wire_put_u8(&w, scope->greet.news);
    wire_put_u8(&w, f->hint);
    wire_put_bytes(&w, f->body, f->size);
    greet_mac_end(ret, scope, &w);
}

/* A stream that depends on the MAC, and through it on the body: it is never used for two. */
static void known_cover(struct frame_known *f, const struct greet_scope *scope)
{
    uint8_t context[32 + GREET_MAC_BYTES + 1], stream[64];
    for (size_t at = 0; at < f->size; at += sizeof stream) {
        struct wire_writer w = wire_writer(context, sizeof context);
        wire_put_bytes(&w, scope->binding, 32);
        wire_put_bytes(&w, f->mac, sizeof f->mac);
        wire_put_u8(&w, (uint8_t)(at / sizeof stream));
        hop_derive(stream, sizeof stream, scope->pair, LABEL_COVER, wire_written(&w));
        for (size_t i = at; i < f->size && i < at + sizeof stream; i++)
            f->body[i] ^= stream[i - at];
    }
}

void greet_known_seal(struct frame_known *f, const struct greet_scope *scope)
{
    known_mac(f->mac, f, scope);
    known_cover(f, scope);
}

int greet_known_open(struct frame_known *f, const struct greet_scope *scope)
{
    uint8_t mac[GREET_MAC_BYTES];
    known_cover(f, scope);
    known_mac(mac, f, scope);
    return hop_equal(mac, f->mac, sizeof mac) ? HOP_OK : HOP_EAUTH;
}

void greet_vouch(struct frame_vouch *ret, const struct greet_scope *scope,
                 const uint8_t mac[static GREET_MAC_BYTES])
{
    uint8_t context[1 + 32 + GREET_MAC_BYTES];
    struct wire_writer w = wire_writer(context, sizeof context);
    greet_mac_begin(&w, scope, false);
    wire_put_bytes(&w, mac, GREET_MAC_BYTES);
    greet_mac_end(ret->mac, scope, &w);
}

/* ---- FRONTIER ---- */

#define ENTRY_ASK   0x80
#define ENTRY_GRAFT 0x40
#define ENTRY_LANE  0x03

void frame_frontier_put(struct wire_writer *w, const struct frame_frontier *f)
{
    assert(f->count <= FRONTIER_ENTRIES_MAX);
    wire_put_u8(w, FRAME_FRONTIER);
    wire_put_u8(w, f->flags);
    wire_put_u16(w, (uint16_t)f->count);
    for (size_t i = 0; i < f->count; i++) {
        const struct frontier_entry *e = &f->entries[i];
        wire_put_u8(w,
                    (uint8_t)(e->lane | (e->ask ? ENTRY_ASK : 0) | (e->graft ? ENTRY_GRAFT : 0)));
        wire_put_bytes(w, e->log, sizeof e->log);
        wire_put_u64(w, e->seq);
        wire_put_bytes(w, e->head, sizeof e->head);
    }
}

static void frontier_entry_get(struct wire_reader *r, struct frontier_entry *ret)
{
    static const uint8_t zeros[8];
    unsigned bits = wire_get_u8(r);
    wire_get_into(r, ret->log, sizeof ret->log);
    ret->seq = wire_get_u64(r);
    wire_get_into(r, ret->head, sizeof ret->head);
    ret->ask = (bits & ENTRY_ASK) != 0;
    ret->graft = (bits & ENTRY_GRAFT) != 0;
    unsigned lane = bits & ENTRY_LANE;
    if ((bits & ~(unsigned)(ENTRY_ASK | ENTRY_GRAFT | ENTRY_LANE)) != 0 ||
        (ret->graft && !ret->ask) || lane >= LANES_COUNT || ret->seq > FRAME_SEQ_MAX)
        r->bad = true;
    if (ret->seq == 0 && (!ret->ask || memcmp(ret->head, zeros, sizeof zeros) != 0))
        r->bad = true;
    ret->lane = r->bad ? LANE_CONTROL : (enum record_lane)lane;
}

int frame_frontier_parse(struct frame_frontier *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    ret->flags = wire_get_u8(&r);
    ret->count = wire_get_u16(&r);
    if (r.bad || type != FRAME_FRONTIER || ret->count > FRONTIER_ENTRIES_MAX ||
        (ret->flags & ~FRONTIER_STRANGER) != 0)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < ret->count && !r.bad; i++)
        frontier_entry_get(&r, &ret->entries[i]);
    return wire_end(&r) ? HOP_OK : HOP_EMALFORMED;
}

/* ---- ACK, STOP ---- */

#define ACK_BRIEF 0x80

void frame_ack_put(struct wire_writer *w, const struct frame_marks *f)
{
    assert(f->count >= 1 && f->count <= MARKS_MAX);
    wire_put_u8(w, FRAME_ACK);
    wire_put_u8(w, (uint8_t)(f->count | (f->brief ? ACK_BRIEF : 0)));
    for (size_t i = 0; i < f->count; i++) {
        wire_put_bytes(w, f->items[i].log, f->brief ? FRAME_BRIEF_BYTES : 32);
        frame_number_put(w, f->items[i].seq);
    }
}

int frame_ack_parse(struct frame_marks *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    unsigned count = wire_get_u8(&r);
    ret->brief = (count & ACK_BRIEF) != 0;
    ret->count = count & ~(unsigned)ACK_BRIEF;
    if (r.bad || type != FRAME_ACK || ret->count < 1 || ret->count > MARKS_MAX)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < ret->count; i++) {
        ret->items[i] = (struct frame_mark){0};
        wire_get_into(&r, ret->items[i].log, ret->brief ? FRAME_BRIEF_BYTES : 32);
        ret->items[i].seq = frame_number_get(&r);
        if (ret->items[i].seq == 0 || ret->items[i].seq > FRAME_SEQ_MAX)
            r.bad = true;
    }
    return wire_end(&r) ? HOP_OK : HOP_EMALFORMED;
}

void frame_stop_put(struct wire_writer *w, const struct frame_marks *f)
{
    assert(f->count >= 1 && f->count <= MARKS_MAX);
    wire_put_u8(w, FRAME_STOP);
    wire_put_u8(w, (uint8_t)f->count);
    for (size_t i = 0; i < f->count; i++) {
        wire_put_bytes(w, f->items[i].log, 32);
        wire_put_u8(w, (uint8_t)f->items[i].reason);
    }
}

int frame_stop_parse(struct frame_marks *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    ret->count = wire_get_u8(&r);
    if (r.bad || type != FRAME_STOP || ret->count < 1 || ret->count > MARKS_MAX)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < ret->count; i++) {
        ret->items[i] = (struct frame_mark){.reason = STOP_DISPUTED};
        wire_get_into(&r, ret->items[i].log, 32);
        unsigned reason = wire_get_u8(&r);
        if (reason < STOP_DISPUTED || reason >= STOPS_END)
            r.bad = true;
        else
            ret->items[i].reason = (enum stop_reason)reason;
    }
    return wire_end(&r) ? HOP_OK : HOP_EMALFORMED;
}

/* ---- KEEPALIVE ---- */

void frame_keepalive_put(struct wire_writer *w, const struct frame_keepalive *f)
{
    wire_put_u8(w, FRAME_KEEPALIVE);
    wire_put_bytes(w, f->salt, sizeof f->salt);
    wire_put_bytes(w, f->root, sizeof f->root);
}

int frame_keepalive_parse(struct frame_keepalive *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    wire_get_into(&r, ret->salt, sizeof ret->salt);
    wire_get_into(&r, ret->root, sizeof ret->root);
    return wire_end(&r) && type == FRAME_KEEPALIVE ? HOP_OK : HOP_EMALFORMED;
}

/* ---- WANT, BLOB, NOBLOB ---- */

void frame_want_put(struct wire_writer *w, const struct frame_want *f)
{
    wire_put_u8(w, FRAME_WANT);
    wire_put_u16(w, f->ask);
    wire_put_u32(w, f->offset);
    wire_put_u32(w, f->length);
    if (f->name != NULL)
        wire_put_bytes(w, f->name, 32);
}

int frame_want_parse(struct frame_want *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    ret->ask = wire_get_u16(&r);
    ret->offset = wire_get_u32(&r);
    ret->length = wire_get_u32(&r);
    ret->name = !r.bad && r.left > 0 ? wire_get_bytes(&r, 32).data : NULL;
    return wire_end(&r) && type == FRAME_WANT && ret->length > 0 ? HOP_OK : HOP_EMALFORMED;
}

void frame_piece_put(struct wire_writer *w, const struct frame_piece *f)
{
    wire_put_u8(w, FRAME_BLOB);
    wire_put_u16(w, f->ask);
    wire_put_u32(w, f->offset);
    wire_put_u32(w, f->total);
    wire_put_bytes(w, f->bytes.data, f->bytes.size);
}

int frame_piece_parse(struct frame_piece *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    ret->ask = wire_get_u16(&r);
    ret->offset = wire_get_u32(&r);
    ret->total = wire_get_u32(&r);
    ret->bytes = wire_get_bytes(&r, r.left);
    if (!wire_end(&r) || type != FRAME_BLOB || ret->bytes.size == 0 || ret->offset > ret->total ||
        ret->bytes.size > ret->total - ret->offset)
        return HOP_EMALFORMED;
    return HOP_OK;
}

void frame_noblob_put(struct wire_writer *w, uint16_t ask)
{
    wire_put_u8(w, FRAME_NOBLOB);
    wire_put_u16(w, ask);
}

int frame_noblob_parse(uint16_t *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    *ret = wire_get_u16(&r);
    return wire_end(&r) && type == FRAME_NOBLOB ? HOP_OK : HOP_EMALFORMED;
}

/* ---- PROBE ---- */

#define PROBE_ANSWER 0x80

void frame_probe_put(struct wire_writer *w, const struct frame_probe *f)
{
    assert(f->count >= 1 && f->count <= PROBE_HEADS_MAX);
    wire_put_u8(w, FRAME_PROBE);
    wire_put_bytes(w, f->log, sizeof f->log);
    wire_put_u8(w, (uint8_t)(f->count | (f->answer ? PROBE_ANSWER : 0)));
    for (size_t i = 0; i < f->count; i++) {
        wire_put_u64(w, f->heads[i].seq);
        wire_put_bytes(w, f->heads[i].head, sizeof f->heads[i].head);
    }
}

int frame_probe_parse(struct frame_probe *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    uint64_t last = 0;
    wire_get_into(&r, ret->log, sizeof ret->log);
    unsigned count = wire_get_u8(&r);
    ret->answer = (count & PROBE_ANSWER) != 0;
    ret->count = count & ~(unsigned)PROBE_ANSWER;
    if (r.bad || type != FRAME_PROBE || ret->count < 1 || ret->count > PROBE_HEADS_MAX)
        return HOP_EMALFORMED;
    for (size_t i = 0; i < ret->count; i++) {
        ret->heads[i].seq = wire_get_u64(&r);
        wire_get_into(&r, ret->heads[i].head, sizeof ret->heads[i].head);
        if (ret->heads[i].seq <= last || ret->heads[i].seq > FRAME_SEQ_MAX)
            r.bad = true;
        last = ret->heads[i].seq;
    }
    return wire_end(&r) ? HOP_OK : HOP_EMALFORMED;
}

/* ---- TELL ---- */

#define TELL_COVERED_BYTES_MAX (32 + 8 + MESH_TELL_BYTES_MAX)

static size_t tell_covered(uint8_t ret[static TELL_COVERED_BYTES_MAX], const struct frame_tell *f,
                           const uint8_t binding[static 32])
{
    struct wire_writer w = wire_writer(ret, TELL_COVERED_BYTES_MAX);
    wire_put_bytes(&w, binding, 32);
    wire_put_u64(&w, f->counter);
    wire_put_bytes(&w, f->bytes.data, f->bytes.size);
    assert(!w.bad); /* parse and MESH_IN_TELL both bound the size */
    return w.used;
}

void frame_tell_put(struct wire_writer *w, const struct frame_tell *f,
                    const uint8_t binding[static 32], const struct hop_sign_key *key)
{
    uint8_t covered[TELL_COVERED_BYTES_MAX], sig[64];
    size_t size = tell_covered(covered, f, binding);
    hop_sign(sig, key, LABEL_TELL_SIG, SPAN(covered, size));
    wire_put_u8(w, FRAME_TELL);
    wire_put_u64(w, f->counter);
    wire_put_blob(w, f->bytes);
    wire_put_bytes(w, sig, sizeof sig);
}

int frame_tell_parse(struct frame_tell *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    ret->counter = wire_get_u64(&r);
    ret->bytes = wire_get_blob(&r, MESH_TELL_BYTES_MAX);
    wire_get_into(&r, ret->sig, sizeof ret->sig);
    return wire_end(&r) && type == FRAME_TELL ? HOP_OK : HOP_EMALFORMED;
}

int frame_tell_verify(const struct frame_tell *f, const uint8_t binding[static 32],
                      const uint8_t identity[static 32])
{
    uint8_t covered[TELL_COVERED_BYTES_MAX];
    size_t size = tell_covered(covered, f, binding);
    return hop_verify(f->sig, identity, LABEL_TELL_SIG, SPAN(covered, size));
}

#include "mesh/fork.h"

#include <assert.h>

/* Where fields stand in a header of docs/protocol.md §3. */
#define AT_LANE  5
#define AT_OUTER 6
#define AT_TAG   8
#define AT_LOG   24
#define AT_SEQ   56
#define AT_PREV  64
#define AT_HINT  96
#define AT_NONCE 104
#define AT_KC    128
#define AT_SIZE  144

#define LINK_TAGS 0x80 /* cell tag and hint follow, because they differ from the last ones */

/* ---- writing ---- */

static bool same_tags(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a + AT_TAG, b + AT_TAG, 16) == 0 && memcmp(a + AT_HINT, b + AT_HINT, 8) == 0;
}

/* A record that follows another one says only what its place does not. */
static void link_put(struct wire_writer *w, const uint8_t *header, const uint8_t *before)
{
    bool tags = !same_tags(header, before);
    wire_put_u8(w, (uint8_t)(header[AT_OUTER] | (tags ? LINK_TAGS : 0)));
    if (tags) {
        wire_put_bytes(w, header + AT_TAG, 16);
        wire_put_bytes(w, header + AT_HINT, 8);
    }
    wire_put_bytes(w, header + AT_NONCE, 24);
    wire_put_bytes(w, header + AT_KC, 16);
    wire_put_bytes(w, header + AT_SIZE, 4);
}

int fork_branch_put(struct wire_writer *w, struct store *store, const uint8_t log[static 32],
                    uint64_t seq)
{
    uint8_t before[RECORD_HEADER_BYTES], text_hash[32];
    uint8_t *count = wire_take(w, 1);
    for (unsigned n = 1; n <= SEGMENT_RECORDS_MAX; n++, seq++) {
        struct span stored;
        struct record r;
        if (store_get(store, log, seq, &stored) != HOP_OK || record_parse(&r, stored) != HOP_OK)
            return HOP_ENOTFOUND;
        if (n == 1)
            wire_put_bytes(w, r.header.data, RECORD_HEADER_BYTES);
        else
            link_put(w, r.header.data, before);
        record_text_hash(text_hash, r.text);
        wire_put_bytes(w, text_hash, sizeof text_hash);
        memcpy(before, r.header.data, sizeof before);
        if (r.sig == NULL)
            continue;
        wire_put_bytes(w, r.sig, CRYPTO_SIG_BYTES);
        if (w->bad)
            return HOP_EFULL;
        *count = (uint8_t)n;
        return HOP_OK;
    }
    return HOP_ENOTFOUND;
}

/* ---- reading ---- */

/* The fields of a header whose text is withheld; false unless it is spelled as all are. */
static bool header_get(struct record *ret, const uint8_t *header)
{
    uint8_t again[RECORD_HEADER_BYTES];
    static const uint8_t zeros[32];
    struct wire_reader seq = wire_reader(header + AT_SEQ, 8);
    struct wire_reader size = wire_reader(header + AT_SIZE, 4);
    *ret = (struct record){.seq = wire_get_u64(&seq)};
    ret->text.size = wire_get_u32(&size);
    if (header[AT_LANE] >= LANES_COUNT || header[AT_OUTER] >= OUTERS_COUNT || ret->seq == 0 ||
        ret->seq > FRAME_SEQ_MAX || ret->text.size > RECORD_TEXT_BYTES_MAX)
        return false;
    ret->lane = (enum record_lane)header[AT_LANE];
    ret->outer = (enum record_outer)header[AT_OUTER];
    memcpy(ret->cell_tag, header + AT_TAG, sizeof ret->cell_tag);
    memcpy(ret->log, header + AT_LOG, sizeof ret->log);
    memcpy(ret->prev, header + AT_PREV, sizeof ret->prev);
    memcpy(ret->hint, header + AT_HINT, sizeof ret->hint);
    memcpy(ret->nonce, header + AT_NONCE, sizeof ret->nonce);
    memcpy(ret->kc, header + AT_KC, sizeof ret->kc);
    record_header_put(again, ret);
    return memcmp(again, header, sizeof again) == 0 &&
           (ret->seq == 1) == (memcmp(ret->prev, zeros, sizeof zeros) == 0);
}

/* The record after `rec`, whose id is given, as far as the branch tells. */
static bool link_get(struct wire_reader *r, struct record *rec, const uint8_t id[static 32])
{
    const struct record last = *rec;
    unsigned bits = wire_get_u8(r);
    unsigned outer = bits & ~(unsigned)LINK_TAGS;
    if ((bits & LINK_TAGS) != 0) {
        wire_get_into(r, rec->cell_tag, sizeof rec->cell_tag);
        wire_get_into(r, rec->hint, sizeof rec->hint);
        if (memcmp(rec->cell_tag, last.cell_tag, 16) == 0 && memcmp(rec->hint, last.hint, 8) == 0)
            return false; /* one spelling only */
    }
    wire_get_into(r, rec->nonce, sizeof rec->nonce);
    wire_get_into(r, rec->kc, sizeof rec->kc);
    rec->text.size = wire_get_u32(r);
    rec->seq++;
    memcpy(rec->prev, id, sizeof rec->prev);
    if (r->bad || outer >= OUTERS_COUNT || rec->text.size > RECORD_TEXT_BYTES_MAX)
        return false;
    rec->outer = (enum record_outer)outer;
    return true;
}

int fork_branch_get(struct fork_point *ret, struct wire_reader *r)
{
    struct record rec;
    uint8_t header[RECORD_HEADER_BYTES], text_hash[32], id[32];
    unsigned count = wire_get_u8(r);
    wire_get_into(r, header, sizeof header);
    wire_get_into(r, text_hash, sizeof text_hash);
    if (r->bad || count < 1 || count > SEGMENT_RECORDS_MAX || !header_get(&rec, header))
        return HOP_EMALFORMED;
    record_id_withheld(id, SPAN(header, sizeof header), text_hash);
    *ret = (struct fork_point){.seq = rec.seq, .lane = rec.lane};
    memcpy(ret->log, rec.log, sizeof ret->log);
    memcpy(ret->prev, rec.prev, sizeof ret->prev);
    memcpy(ret->id, id, sizeof ret->id);
    for (unsigned n = 1; n < count; n++) {
        if (!link_get(r, &rec, id))
            return HOP_EMALFORMED;
        wire_get_into(r, text_hash, sizeof text_hash);
        record_header_put(header, &rec);
        record_id_withheld(id, SPAN(header, sizeof header), text_hash);
    }
    const uint8_t *sig = wire_get_bytes(r, CRYPTO_SIG_BYTES).data;
    return r->bad ? HOP_EMALFORMED : record_verify(id, sig, ret->log);
}

int fork_proof_parse(struct fork_proof *ret, struct span bytes)
{
    struct wire_reader r = wire_reader(bytes.data, bytes.size);
    struct fork_point a, b;
    int err = fork_branch_get(&a, &r);
    if (err == HOP_OK)
        err = fork_branch_get(&b, &r);
    if (err != HOP_OK)
        return err;
    if (!wire_end(&r) || a.seq != b.seq || memcmp(a.log, b.log, 32) != 0 ||
        memcmp(a.prev, b.prev, 32) != 0 || memcmp(a.id, b.id, 32) >= 0)
        return HOP_EMALFORMED;
    *ret = (struct fork_proof){.seq = a.seq, .lane = a.lane};
    memcpy(ret->log, a.log, sizeof ret->log);
    memcpy(ret->prev, a.prev, sizeof ret->prev);
    return HOP_OK;
}

void fork_proof_put(struct wire_writer *w, struct span a, const struct fork_point *at_a,
                    struct span b, const struct fork_point *at_b)
{
    bool turned = memcmp(at_a->id, at_b->id, 32) > 0;
    assert(at_a->seq == at_b->seq && memcmp(at_a->id, at_b->id, 32) != 0);
    wire_put_bytes(w, turned ? b.data : a.data, turned ? b.size : a.size);
    wire_put_bytes(w, turned ? a.data : b.data, turned ? a.size : b.size);
}

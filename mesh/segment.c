#include "mesh/segment.h"

#include <assert.h>

#define RECORD_TAGS 0x80 /* cell tag and hint follow, because they differ from the last ones */

/* Where the layout of a stored header keeps what a segment repeats. */
#define HEADER_TAG_AT   8
#define HEADER_HINT_AT  96
#define HEADER_NONCE_AT 104
#define HEADER_KC_AT    128

static bool tags_differ(const struct segment *s, size_t index)
{
    const struct segment_record *r = &s->records[index];
    if (index == 0)
        return true;
    return memcmp(r->cell_tag, r[-1].cell_tag, 16) != 0 || memcmp(r->hint, r[-1].hint, 8) != 0;
}

size_t segment_size(const struct segment *s)
{
    size_t size = SEGMENT_FIXED_BYTES;
    for (size_t i = 0; i < s->count; i++)
        size +=
            SEGMENT_RECORD_BYTES - (size_t)(tags_differ(s, i) ? 0 : 24) + s->records[i].text.size;
    return size;
}

void segment_put(struct wire_writer *w, const struct segment *s)
{
    assert(s->count >= 1 && s->count <= SEGMENT_RECORDS_MAX);
    wire_put_u8(w, FRAME_SEGMENT);
    wire_put_bytes(w, s->log, sizeof s->log);
    wire_put_u64(w, s->first);
    wire_put_u8(w, (uint8_t)s->count);
    wire_put_u8(w, (uint8_t)s->lane);
    for (size_t i = 0; i < s->count; i++) {
        const struct segment_record *r = &s->records[i];
        bool tags = tags_differ(s, i);
        wire_put_u8(w, (uint8_t)(r->outer | (tags ? RECORD_TAGS : 0)));
        if (tags) {
            wire_put_bytes(w, r->cell_tag, 16);
            wire_put_bytes(w, r->hint, 8);
        }
        wire_put_bytes(w, r->nonce, 24);
        wire_put_bytes(w, r->kc, 16);
        wire_put_u32(w, (uint32_t)r->text.size);
        wire_put_bytes(w, r->text.data, r->text.size);
    }
    wire_put_bytes(w, s->sig, CRYPTO_SIG_BYTES);
}

static void segment_record_get(struct wire_reader *r, struct segment *s, size_t index)
{
    struct segment_record *rec = &s->records[index];
    unsigned bits = wire_get_u8(r);
    bool tags = (bits & RECORD_TAGS) != 0;
    unsigned outer = bits & ~(unsigned)RECORD_TAGS;
    if (outer >= OUTERS_COUNT || (index == 0 && !tags)) {
        r->bad = true;
        return;
    }
    rec->outer = (enum record_outer)outer;
    rec->cell_tag = tags ? wire_get_bytes(r, 16).data : rec[-1].cell_tag;
    rec->hint = tags ? wire_get_bytes(r, 8).data : rec[-1].hint;
    rec->nonce = wire_get_bytes(r, 24).data;
    rec->kc = wire_get_bytes(r, 16).data;
    size_t size = wire_get_u32(r);
    if (size > RECORD_TEXT_BYTES_MAX)
        r->bad = true;
    rec->text = wire_get_bytes(r, size);
    if (!r->bad && tags && !tags_differ(s, index))
        r->bad = true; /* one spelling only */
}

int segment_parse(struct segment *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    wire_get_into(&r, ret->log, sizeof ret->log);
    ret->first = wire_get_u64(&r);
    ret->count = wire_get_u8(&r);
    unsigned lane = wire_get_u8(&r);
    if (r.bad || type != FRAME_SEGMENT || ret->first < 1 ||
        ret->first > FRAME_SEQ_MAX - SEGMENT_RECORDS_MAX || ret->count < 1 ||
        ret->count > SEGMENT_RECORDS_MAX || lane >= LANES_COUNT)
        return HOP_EMALFORMED;
    ret->lane = (enum record_lane)lane;
    for (size_t i = 0; i < ret->count && !r.bad; i++)
        segment_record_get(&r, ret, i);
    ret->sig = wire_get_bytes(&r, CRYPTO_SIG_BYTES).data;
    return wire_end(&r) ? HOP_OK : HOP_EMALFORMED;
}

void segment_add(struct segment *s, const struct record *r)
{
    assert(s->count < SEGMENT_RECORDS_MAX);
    if (s->count == 0) {
        memcpy(s->log, r->log, sizeof s->log);
        s->lane = r->lane;
        s->first = r->seq;
    }
    assert(r->seq == s->first + s->count && r->lane == s->lane);
    s->records[s->count++] = (struct segment_record){
        .outer = r->outer,
        .cell_tag = r->header.data + HEADER_TAG_AT,
        .hint = r->header.data + HEADER_HINT_AT,
        .nonce = r->header.data + HEADER_NONCE_AT,
        .kc = r->header.data + HEADER_KC_AT,
        .text = r->text,
    };
    s->sig = r->sig;
}

size_t segment_stored_size(const struct segment *s, size_t index)
{
    size_t size = RECORD_HEADER_BYTES + s->records[index].text.size;
    return index + 1 == s->count ? size + CRYPTO_SIG_BYTES : size;
}

void segment_store_form(uint8_t *ret, const struct segment *s, size_t index,
                        struct segment_tip *tip)
{
    const struct segment_record *in = &s->records[index];
    assert(s->first + index == tip->seq + 1);
    struct record r = {.lane = s->lane, .outer = in->outer, .seq = tip->seq + 1, .text = in->text};
    memcpy(r.cell_tag, in->cell_tag, sizeof r.cell_tag);
    memcpy(r.log, s->log, sizeof r.log);
    memcpy(r.prev, tip->head, sizeof r.prev); /* zeros before the first */
    memcpy(r.hint, in->hint, sizeof r.hint);
    memcpy(r.nonce, in->nonce, sizeof r.nonce);
    memcpy(r.kc, in->kc, sizeof r.kc);
    record_header_put(ret, &r);
    if (in->text.size > 0)
        memcpy(ret + RECORD_HEADER_BYTES, in->text.data, in->text.size);
    if (index + 1 == s->count)
        memcpy(ret + RECORD_HEADER_BYTES + in->text.size, s->sig, CRYPTO_SIG_BYTES);
    record_id(tip->head, SPAN(ret, RECORD_HEADER_BYTES), in->text);
    tip->seq++;
}

int segment_rebuild(struct segment_rebuilt *ret, const struct segment *s, struct segment_tip *tip,
                    struct arena *scratch)
{
    struct arena before = *scratch;
    int err = HOP_OK;
    assert(tip->seq + 1 >= s->first && tip->seq + 1 < s->first + s->count);
    ret->count = 0;
    for (size_t i = tip->seq + 1 - s->first; i < s->count; i++) {
        size_t size = segment_stored_size(s, i);
        uint8_t *bytes = arena_take(scratch, size, 1);
        if (bytes == NULL) {
            err = HOP_EFULL;
            break;
        }
        segment_store_form(bytes, s, i, tip);
        ret->bytes[ret->count] = SPAN(bytes, size);
        memcpy(ret->ids[ret->count++], tip->head, 32);
    }
    if (err == HOP_OK)
        err = record_verify(tip->head, s->sig, s->log);
    if (err != HOP_OK)
        *scratch = before;
    return err;
}

bool segment_read(struct segment *s, struct store *store, const uint8_t log[static 32],
                  uint64_t after, uint64_t last, size_t bytes_aim)
{
    size_t signed_count = 0, bytes = SEGMENT_FIXED_BYTES;
    const uint8_t *sig = NULL;
    s->count = 0;
    for (uint64_t seq = after + 1; seq <= last; seq++) {
        struct span stored;
        struct record r;
        if (s->count == SEGMENT_RECORDS_MAX || store_get(store, log, seq, &stored) != HOP_OK ||
            record_parse(&r, stored) != HOP_OK)
            break;
        bytes += SEGMENT_RECORD_BYTES + r.text.size;
        if (bytes > (signed_count > 0 ? bytes_aim : MESH_FRAME_BYTES_MAX))
            break;
        segment_add(s, &r);
        if (r.sig != NULL) {
            signed_count = s->count;
            sig = r.sig;
        }
    }
    s->count = signed_count;
    s->sig = sig;
    return signed_count > 0;
}

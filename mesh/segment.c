#include "mesh/segment.h"

#include <assert.h>

#define BITS_LANE       0x03u
#define BITS_LOG_BRIEF  0x04u
#define BITS_TAGS_BRIEF 0x08u
#define BITS_MANY       0x10u /* a count follows; else it is one record */
#define BITS_UNSIGNED   0x20u
#define BITS_ALL        0x3fu

/* what it mostly comes to on a slow link: a brief name, tags that do not change */
#define BARE_FIXED_BYTES  (1 + 1 + FRAME_BRIEF_BYTES + 3 + 1 + 64)
#define BARE_RECORD_BYTES (2 + RECORD_NONCE_BYTES + 16)

#define RECORD_LONG 0x20 /* the nonce is said to its end, because that is not zeros */
#define RECORD_SIG  0x40 /* its own signature follows; never of the last */
#define RECORD_TAGS 0x80 /* cell tag and hint follow, because they differ from the last ones */
#define RECORD_BITS (RECORD_LONG | RECORD_SIG | RECORD_TAGS)

/* Where the layout of a stored header keeps what a segment repeats. */
#define HEADER_TAG_AT   8
#define HEADER_HINT_AT  96
#define HEADER_NONCE_AT 104
#define HEADER_KC_AT    128

/* Does record `index` say its tags? */
static bool says_tags(const struct segment *s, size_t index)
{
    const struct segment_record *r = &s->records[index];
    if (index == 0)
        return !s->tags_brief;
    if (r->cell_tag == NULL || r[-1].cell_tag == NULL)
        return r->cell_tag != r[-1].cell_tag;
    return memcmp(r->cell_tag, r[-1].cell_tag, 16) != 0 || memcmp(r->hint, r[-1].hint, 8) != 0;
}

static const uint8_t *inner_sig(const struct segment *s, size_t index)
{
    return index + 1 == s->count ? NULL : s->records[index].sig;
}

static unsigned record_bits(const struct segment *s, size_t index)
{
    const struct segment_record *r = &s->records[index];
    return (unsigned)r->outer | (r->long_nonce ? RECORD_LONG : 0u) |
           (inner_sig(s, index) != NULL ? RECORD_SIG : 0u) |
           (says_tags(s, index) ? RECORD_TAGS : 0u);
}

static bool nonce_is_long(const uint8_t nonce[static 24])
{
    static const uint8_t zeros[24 - RECORD_NONCE_BYTES];
    return memcmp(nonce + RECORD_NONCE_BYTES, zeros, sizeof zeros) != 0;
}

static size_t nonce_size(const struct segment_record *r)
{
    return r->long_nonce ? 24 : RECORD_NONCE_BYTES;
}

/* The size of the text, and whether there are bits, as one number: sealed texts are 16 bytes above
 * a multiple of 32, and the bits of most records are all zero, so it is one byte up to 1,008. */
static uint64_t head_of(size_t size, bool bits)
{
    uint64_t steps = size % 32 == 16 ? (uint64_t)size / 32 << 1 : (uint64_t)size << 1 | 1;
    return steps << 1 | (bits ? 1 : 0);
}

static size_t head_get(struct wire_reader *r, bool *ret_bits)
{
    uint64_t head = frame_number_get(r), steps = head >> 1;
    *ret_bits = (head & 1) != 0;
    uint64_t size = (steps & 1) != 0 ? steps >> 1 : (steps >> 1) * 32 + 16;
    if (((steps & 1) != 0 && size % 32 == 16) || size > RECORD_TEXT_BYTES_MAX)
        r->bad = true; /* one spelling only */
    return r->bad ? 0 : (size_t)size;
}

/* ---- the frame ---- */

size_t segment_size(const struct segment *s)
{
    size_t size = 2 + (s->log_brief ? FRAME_BRIEF_BYTES : sizeof s->log) +
                  frame_number_size(s->first) + (s->count > 1 ? 1u : 0u) +
                  (s->sig == NULL ? 0u : (size_t)CRYPTO_SIG_BYTES);
    for (size_t i = 0; i < s->count; i++) {
        const struct segment_record *r = &s->records[i];
        unsigned bits = record_bits(s, i);
        size += frame_number_size(head_of(r->text.size, bits != 0)) + (bits != 0 ? 1u : 0u);
        size += ((bits & RECORD_TAGS) != 0 ? 24u : 0u) + nonce_size(r) + 16 + r->text.size;
        size += (bits & RECORD_SIG) != 0 ? (size_t)CRYPTO_SIG_BYTES : 0u;
    }
    return size;
}

void segment_put(struct wire_writer *w, const struct segment *s)
{
    assert(s->count >= 1 && s->count <= SEGMENT_RECORDS_MAX);
    wire_put_u8(w, FRAME_SEGMENT);
    wire_put_u8(w,
                (uint8_t)((unsigned)s->lane | (s->log_brief ? BITS_LOG_BRIEF : 0u) |
                          (s->tags_brief ? BITS_TAGS_BRIEF : 0u) | (s->count > 1 ? BITS_MANY : 0u) |
                          (s->sig == NULL ? BITS_UNSIGNED : 0u)));
    wire_put_bytes(w, s->log, s->log_brief ? FRAME_BRIEF_BYTES : sizeof s->log);
    frame_number_put(w, s->first);
    if (s->count > 1)
        wire_put_u8(w, (uint8_t)s->count);
    for (size_t i = 0; i < s->count; i++) {
        const struct segment_record *r = &s->records[i];
        unsigned bits = record_bits(s, i);
        frame_number_put(w, head_of(r->text.size, bits != 0));
        if (bits != 0)
            wire_put_u8(w, (uint8_t)bits);
        if ((bits & RECORD_TAGS) != 0) {
            wire_put_bytes(w, r->cell_tag, 16);
            wire_put_bytes(w, r->hint, 8);
        }
        wire_put_bytes(w, r->nonce, nonce_size(r));
        wire_put_bytes(w, r->kc, 16);
        wire_put_bytes(w, r->text.data, r->text.size);
        if ((bits & RECORD_SIG) != 0)
            wire_put_bytes(w, r->sig, CRYPTO_SIG_BYTES);
    }
    if (s->sig != NULL)
        wire_put_bytes(w, s->sig, CRYPTO_SIG_BYTES);
}

static void segment_record_get(struct wire_reader *r, struct segment *s, size_t index)
{
    struct segment_record *rec = &s->records[index];
    bool said;
    size_t size = head_get(r, &said);
    unsigned bits = said ? wire_get_u8(r) : 0;
    bool tags = (bits & RECORD_TAGS) != 0;
    bool sig = (bits & RECORD_SIG) != 0;
    unsigned outer = bits & ~(unsigned)RECORD_BITS;
    if (r->bad || said != (bits != 0) || outer >= OUTERS_COUNT ||
        (index == 0 && tags == s->tags_brief) || (sig && index + 1 == s->count)) {
        r->bad = true;
        return;
    }
    rec->outer = (enum record_outer)outer;
    rec->cell_tag = rec->hint = NULL;
    if (tags) {
        rec->cell_tag = wire_get_bytes(r, 16).data;
        rec->hint = wire_get_bytes(r, 8).data;
    } else if (index > 0) {
        rec->cell_tag = rec[-1].cell_tag;
        rec->hint = rec[-1].hint;
    }
    rec->long_nonce = (bits & RECORD_LONG) != 0;
    rec->nonce = wire_get_bytes(r, nonce_size(rec)).data;
    rec->kc = wire_get_bytes(r, 16).data;
    rec->text = wire_get_bytes(r, size);
    rec->sig = sig ? wire_get_bytes(r, CRYPTO_SIG_BYTES).data : NULL;
    if (!r->bad &&
        ((tags && !says_tags(s, index)) || (rec->long_nonce && !nonce_is_long(rec->nonce))))
        r->bad = true; /* one spelling only */
}

int segment_parse(struct segment *ret, struct span frame)
{
    struct wire_reader r = wire_reader(frame.data, frame.size);
    unsigned type = wire_get_u8(&r);
    unsigned bits = wire_get_u8(&r);
    ret->log_brief = (bits & BITS_LOG_BRIEF) != 0;
    ret->tags_brief = (bits & BITS_TAGS_BRIEF) != 0;
    memset(ret->log, 0, sizeof ret->log);
    wire_get_into(&r, ret->log, ret->log_brief ? FRAME_BRIEF_BYTES : sizeof ret->log);
    ret->first = frame_number_get(&r);
    ret->count = (bits & BITS_MANY) != 0 ? wire_get_u8(&r) : 1;
    unsigned lane = bits & BITS_LANE;
    if (r.bad || type != FRAME_SEGMENT || ret->first < 1 ||
        ret->first > FRAME_SEQ_MAX - SEGMENT_RECORDS_MAX || ret->count < 1 ||
        ret->count > SEGMENT_RECORDS_MAX || lane >= LANES_COUNT || (bits & ~BITS_ALL) != 0 ||
        ((bits & BITS_MANY) != 0 && ret->count == 1) || (ret->tags_brief && ret->first == 1))
        return HOP_EMALFORMED;
    ret->lane = (enum record_lane)lane;
    for (size_t i = 0; i < ret->count && !r.bad; i++)
        segment_record_get(&r, ret, i);
    ret->sig = NULL;
    ret->end = NULL;
    if ((bits & BITS_UNSIGNED) == 0)
        ret->sig = wire_get_bytes(&r, CRYPTO_SIG_BYTES).data;
    ret->records[ret->count - 1].sig = ret->sig;
    return wire_end(&r) ? HOP_OK : HOP_EMALFORMED;
}

void segment_take_tags(struct segment *s, const uint8_t *header)
{
    for (size_t i = 0; i < s->count && s->records[i].cell_tag == NULL; i++) {
        s->records[i].cell_tag = header + HEADER_TAG_AT;
        s->records[i].hint = header + HEADER_HINT_AT;
    }
}

bool segment_same_tags(const struct segment *s, const uint8_t *header)
{
    const struct segment_record *r = &s->records[0];
    return memcmp(r->cell_tag, header + HEADER_TAG_AT, 16) == 0 &&
           memcmp(r->hint, header + HEADER_HINT_AT, 8) == 0;
}

void segment_add(struct segment *s, const struct record *r)
{
    assert(s->count < SEGMENT_RECORDS_MAX);
    if (s->count == 0) {
        s->log_brief = s->tags_brief = false;
        s->end = NULL;
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
        .long_nonce = nonce_is_long(r->header.data + HEADER_NONCE_AT),
        .kc = r->header.data + HEADER_KC_AT,
        .sig = r->sig,
        .text = r->text,
    };
    s->sig = r->sig;
}

size_t segment_stored_size(const struct segment *s, size_t index)
{
    const struct segment_record *r = &s->records[index];
    const uint8_t *sig = index + 1 == s->count ? s->sig : r->sig;
    return RECORD_HEADER_BYTES + r->text.size + (sig == NULL ? 0u : (size_t)CRYPTO_SIG_BYTES);
}

void segment_store_form(uint8_t *ret, const struct segment *s, size_t index,
                        struct segment_tip *tip)
{
    const struct segment_record *in = &s->records[index];
    assert(s->first + index == tip->seq + 1 && in->cell_tag != NULL && !s->log_brief);
    struct record r = {.lane = s->lane, .outer = in->outer, .seq = tip->seq + 1, .text = in->text};
    memcpy(r.cell_tag, in->cell_tag, sizeof r.cell_tag);
    memcpy(r.log, s->log, sizeof r.log);
    memcpy(r.prev, tip->head, sizeof r.prev); /* zeros before the first */
    memcpy(r.hint, in->hint, sizeof r.hint);
    memcpy(r.nonce, in->nonce, nonce_size(in)); /* and zeros */
    memcpy(r.kc, in->kc, sizeof r.kc);
    record_header_put(ret, &r);
    if (in->text.size > 0)
        memcpy(ret + RECORD_HEADER_BYTES, in->text.data, in->text.size);
    const uint8_t *sig = index + 1 == s->count ? s->sig : in->sig;
    if (sig != NULL)
        memcpy(ret + RECORD_HEADER_BYTES + in->text.size, sig, CRYPTO_SIG_BYTES);
    record_id(tip->head, SPAN(ret, RECORD_HEADER_BYTES), in->text);
    tip->seq++;
}

static int prove_last(const struct segment *s, const struct segment_tip *tip)
{
    if (s->sig != NULL)
        return record_verify(tip->head, s->sig, s->log);
    return s->end != NULL && memcmp(tip->head, s->end, 32) == 0 ? HOP_OK : HOP_EAUTH;
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
        err = prove_last(s, tip);
    if (err != HOP_OK)
        *scratch = before;
    return err;
}

/* Gather records up to the limits, at least to the first that is signed. */
static void gather(struct segment *s, struct store *store, const uint8_t log[static 32],
                   uint64_t after, const struct segment_limits *limits, uint8_t (*ids)[32])
{
    size_t bytes = limits->bare ? BARE_FIXED_BYTES : SEGMENT_FIXED_BYTES;
    size_t each = limits->bare ? BARE_RECORD_BYTES : SEGMENT_RECORD_BYTES;
    bool whole = false;
    s->count = 0;
    for (uint64_t seq = after + 1; seq <= limits->last && s->count < SEGMENT_RECORDS_MAX; seq++) {
        struct span stored;
        struct record r;
        if ((whole && s->count >= limits->records) ||
            store_get(store, log, seq, &stored) != HOP_OK || record_parse(&r, stored) != HOP_OK)
            return;
        bytes += each + r.text.size;
        if (bytes > (whole ? limits->bytes : MESH_FRAME_BYTES_MAX))
            return;
        segment_add(s, &r);
        if (s->count > 1) /* its prev is the id of the one before: no hashing */
            memcpy(ids[s->count - 2], r.prev, 32);
        if (!limits->own && r.sig != NULL)
            record_id(ids[s->count - 1], r.header, r.text);
        whole = whole || r.sig != NULL;
    }
}

/* Cut at the last record that is proven; what came inside a run was not checked then. */
static bool cut_at_proof(struct segment *s, const uint8_t log[static 32], bool own, bool open,
                         uint8_t (*ids)[32])
{
    for (; s->count > 0; s->count--, open = false) {
        s->sig = s->records[s->count - 1].sig;
        if (open && s->sig == NULL)
            return true;
        if (s->sig != NULL && (own || record_verify(ids[s->count - 1], s->sig, log) == HOP_OK))
            return true;
    }
    return false;
}

bool segment_read_within(struct segment *s, struct store *store, const uint8_t log[static 32],
                         uint64_t after, const struct segment_limits *limits)
{
    uint8_t ids[SEGMENT_RECORDS_MAX][32];
    struct segment_limits wide = *limits;
    gather(s, store, log, after, limits, ids);
    if (cut_at_proof(s, log, limits->own, limits->open_end && after + s->count == limits->last,
                     ids))
        return true;
    wide.records = SEGMENT_RECORDS_MAX; /* somebody put false signatures inside: a whole run */
    wide.bytes = MESH_FRAME_BYTES_MAX;
    gather(s, store, log, after, &wide, ids);
    return cut_at_proof(s, log, limits->own, limits->open_end && after + s->count == limits->last,
                        ids);
}

bool segment_read(struct segment *s, struct store *store, const uint8_t log[static 32],
                  uint64_t after, uint64_t last, size_t bytes_aim)
{
    struct segment_limits limits = {
        .last = last, .records = SEGMENT_RECORDS_MAX, .bytes = bytes_aim};
    return segment_read_within(s, store, log, after, &limits);
}

#include "mesh/bundle.h"

#include <assert.h>
#include <stdlib.h>

static const uint8_t mark[8] = {0xf5, 'h', 'o', 'p', 0xb1, '\r', '\n', 0xe7};

#define CHECK_AT    16
#define CHECK_BYTES 16
#define VAIN_SLACK  (2 * (uint64_t)BUNDLE_PAYLOAD_BYTES_MAX)

#define RUN_BYTES   (1 + 32 + 8 + 8)
#define CHUNK_BYTES (1 + 32)

/* ---- blocks ---- */

static void block_check(uint8_t ret[static CHECK_BYTES], const uint8_t *head, struct span payload)
{
    struct hop_hash h;
    hop_hash_init(&h, LABEL_BUNDLE_BLOCK);
    hop_hash_add(&h, SPAN(head + sizeof mark, CHECK_AT - sizeof mark));
    hop_hash_add(&h, payload);
    hop_hash_end(&h, ret, CHECK_BYTES);
}

void bundle_block_put(struct buf *b, enum bundle_kind kind, struct span payload)
{
    uint8_t head[BUNDLE_HEAD_BYTES];
    struct wire_writer w = wire_writer(head, sizeof head);
    assert(payload.size <= BUNDLE_PAYLOAD_BYTES_MAX);
    wire_put_bytes(&w, mark, sizeof mark);
    wire_put_u8(&w, (uint8_t)kind);
    wire_put_zeros(&w, 3);
    wire_put_u32(&w, (uint32_t)payload.size);
    block_check(head + CHECK_AT, head, payload);
    buf_bytes(b, head, sizeof head);
    buf_span(b, payload);
}

/* ---- finding them ---- */

/* Bytes before the next mark, or before what may be the beginning of one. */
static size_t before_mark(struct span s)
{
    size_t at = 0;
    while (at < s.size) {
        const uint8_t *p = memchr(s.data + at, mark[0], s.size - at);
        if (p == NULL)
            return s.size;
        at = (size_t)(p - s.data);
        size_t n = s.size - at < sizeof mark ? s.size - at : sizeof mark;
        if (memcmp(p, mark, n) == 0)
            return at;
        at++;
    }
    return s.size;
}

static void skip(struct bundle_scan *s, size_t size)
{
    if (size == 0)
        return;
    if (!s->skipping)
        s->holes++;
    s->skipping = true;
    s->used += size;
    s->passed += size;
    s->skipped += size;
}

/* What stands at a mark: MORE if it is cut off by the window, END if it is no block. */
static enum bundle_found look(struct bundle_scan *s, struct span at, struct bundle_block *ret)
{
    uint8_t check[CHECK_BYTES];
    if (at.size < BUNDLE_HEAD_BYTES)
        return BUNDLE_MORE;
    struct wire_reader r = wire_reader(at.data + sizeof mark, BUNDLE_HEAD_BYTES - sizeof mark);
    unsigned kind = wire_get_u8(&r);
    wire_get_zeros(&r, 3);
    size_t size = wire_get_u32(&r);
    if (r.bad || kind < BUNDLE_LIST || kind >= BUNDLE_KINDS_END || size > BUNDLE_PAYLOAD_BYTES_MAX)
        return BUNDLE_END;
    if (at.size - BUNDLE_HEAD_BYTES < size)
        return BUNDLE_MORE;
    *ret = (struct bundle_block){.kind = (enum bundle_kind)kind,
                                 .payload = SPAN(at.data + BUNDLE_HEAD_BYTES, size)};
    block_check(check, at.data, ret->payload);
    if (memcmp(check, at.data + CHECK_AT, CHECK_BYTES) == 0)
        return BUNDLE_FOUND;
    s->in_vain += size;
    return BUNDLE_END;
}

enum bundle_found bundle_scan(struct bundle_scan *s, struct span window, bool last,
                              struct bundle_block *ret)
{
    assert(s->used <= window.size);
    while (!s->hopeless) {
        if (s->used == window.size)
            return last ? BUNDLE_END : BUNDLE_MORE;
        struct span rest = SPAN(window.data + s->used, window.size - s->used);
        size_t before = before_mark(rest);
        skip(s, before);
        if (before > 0)
            continue;
        enum bundle_found found = look(s, rest, ret);
        if (found == BUNDLE_FOUND) {
            s->used += BUNDLE_HEAD_BYTES + ret->payload.size;
            s->passed += BUNDLE_HEAD_BYTES + ret->payload.size;
            s->skipping = false;
            return found;
        }
        if (found == BUNDLE_MORE && !last && window.size - s->used < BUNDLE_BLOCK_BYTES_MAX)
            return BUNDLE_MORE;
        skip(s, 1); /* not a block, whatever it looked like: perhaps one begins inside it */
        s->hopeless = s->in_vain > 2 * s->passed + VAIN_SLACK;
    }
    skip(s, window.size - s->used);
    return last ? BUNDLE_END : BUNDLE_MORE;
}

/* ---- LIST ---- */

static bool is_run(enum bundle_entry_type type)
{
    return type == BUNDLE_RUN || type == BUNDLE_LOST || type == BUNDLE_FORK;
}

void bundle_list_put(struct buf *payload, const struct bundle_entry *entries, size_t count)
{
    uint8_t bytes[RUN_BYTES];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    assert(count <= BUNDLE_ENTRIES_MAX);
    wire_put_u8(&w, BUNDLE_VERSION);
    wire_put_u32(&w, (uint32_t)count);
    buf_span(payload, wire_written(&w));
    for (size_t i = 0; i < count; i++) {
        w = wire_writer(bytes, sizeof bytes);
        wire_put_u8(&w, (uint8_t)entries[i].type);
        wire_put_bytes(&w, entries[i].id, 32);
        if (is_run(entries[i].type)) {
            wire_put_u64(&w, entries[i].first);
            wire_put_u64(&w, entries[i].last);
        }
        buf_span(payload, wire_written(&w));
    }
}

int bundle_list_begin(struct bundle_list *l, struct span payload)
{
    l->r = wire_reader(payload.data, payload.size);
    unsigned version = wire_get_u8(&l->r);
    l->left = wire_get_u32(&l->r);
    if (l->r.bad || l->left > BUNDLE_ENTRIES_MAX)
        return HOP_EMALFORMED;
    return version == BUNDLE_VERSION ? HOP_OK : HOP_EVERSION;
}

bool bundle_list_next(struct bundle_list *l, struct bundle_entry *ret)
{
    if (l->r.bad || l->left == 0)
        return false;
    l->left--;
    unsigned type = wire_get_u8(&l->r);
    *ret = (struct bundle_entry){.type = (enum bundle_entry_type)type};
    wire_get_into(&l->r, ret->id, sizeof ret->id);
    if (type < BUNDLE_RUN || type >= BUNDLE_ENTRIES_END)
        l->r.bad = true;
    else if (is_run(ret->type)) {
        ret->first = wire_get_u64(&l->r);
        ret->last = wire_get_u64(&l->r);
        if (ret->first < 1 || ret->last < ret->first || ret->last > FRAME_SEQ_MAX)
            l->r.bad = true;
    }
    return !l->r.bad;
}

int bundle_list_end(const struct bundle_list *l)
{
    return l->left == 0 && wire_end(&l->r) ? HOP_OK : HOP_EMALFORMED;
}

/* ---- SEGMENT and BLOB ---- */

void bundle_segment_put(struct buf *b, const uint8_t prev[static 32], const struct segment *s)
{
    size_t size = 32 + segment_size(s);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        b->bad = true;
        return;
    }
    struct wire_writer w = wire_writer(bytes, size);
    wire_put_bytes(&w, prev, 32);
    segment_put(&w, s);
    assert(!w.bad);
    buf_span(b, wire_written(&w));
    free(bytes);
}

int bundle_segment_parse(struct segment *ret, const uint8_t **ret_prev, struct span payload)
{
    static const uint8_t zeros[32];
    if (payload.size < 32)
        return HOP_EMALFORMED;
    int err = segment_parse(ret, SPAN(payload.data + 32, payload.size - 32));
    if (err != HOP_OK)
        return err;
    if (ret->log_brief || ret->tags_brief)
        return HOP_EMALFORMED; /* nobody has the rest at hand */
    *ret_prev = payload.data;
    bool none = memcmp(payload.data, zeros, sizeof zeros) == 0;
    return none == (ret->first == 1) ? HOP_OK : HOP_EMALFORMED;
}

int bundle_segment_check(const struct segment *s, const uint8_t prev[static 32],
                         struct arena scratch)
{
    struct segment_tip tip = {.seq = s->first - 1};
    struct segment_rebuilt rebuilt;
    memcpy(tip.head, prev, sizeof tip.head);
    return segment_rebuild(&rebuilt, s, &tip, &scratch);
}

void bundle_blob_put(struct buf *b, const uint8_t name[static 32], struct span bytes)
{
    buf_bytes(b, name, 32);
    buf_span(b, bytes);
}

int bundle_blob_parse(struct bundle_blob *ret, struct span payload)
{
    uint8_t name[32];
    struct wire_reader r = wire_reader(payload.data, payload.size);
    wire_get_into(&r, ret->name, sizeof ret->name);
    ret->bytes = wire_get_bytes(&r, r.left);
    if (!wire_end(&r) || ret->bytes.size == 0)
        return HOP_EMALFORMED;
    hop_hash(name, sizeof name, LABEL_BLOB_NAME, ret->bytes);
    return memcmp(name, ret->name, sizeof name) == 0 ? HOP_OK : HOP_EAUTH;
}

#include "cell/record.h"

#include <assert.h>

#include "cell/secrecy.h"

static const uint8_t magic[4] = {'H', 'O', 'P', '1'};
#define SUITE              1
#define HEADER_KEYED_BYTES 128 /* what the record's key depends on: all up to the nonce */
#define INNER_FIXED_BYTES  20

int record_parse(struct record *ret, struct span bytes)
{
    struct wire_reader r = wire_reader(bytes.data, bytes.size);
    struct record rec = {.header = SPAN(bytes.data, RECORD_HEADER_BYTES)};
    struct span start = wire_get_bytes(&r, sizeof magic);
    unsigned suite = wire_get_u8(&r);
    unsigned lane = wire_get_u8(&r);
    unsigned outer = wire_get_u8(&r);
    wire_get_zeros(&r, 1);
    wire_get_into(&r, rec.cell_tag, sizeof rec.cell_tag);
    wire_get_into(&r, rec.log, sizeof rec.log);
    rec.seq = wire_get_u64(&r);
    wire_get_into(&r, rec.prev, sizeof rec.prev);
    wire_get_into(&r, rec.hint, sizeof rec.hint);
    wire_get_into(&r, rec.nonce, sizeof rec.nonce);
    wire_get_into(&r, rec.kc, sizeof rec.kc);
    size_t text_size = wire_get_u32(&r);
    wire_get_zeros(&r, 12);
    if (r.bad || !span_equal(start, SPAN(magic, sizeof magic)) || suite != SUITE ||
        lane >= LANES_COUNT || outer >= OUTERS_COUNT || rec.seq == 0 ||
        text_size > RECORD_TEXT_BYTES_MAX)
        return HOP_EMALFORMED;
    static const uint8_t zeros[32];
    if ((rec.seq == 1) != (memcmp(rec.prev, zeros, sizeof zeros) == 0))
        return HOP_EMALFORMED;
    rec.lane = (enum record_lane)lane;
    rec.outer = (enum record_outer)outer;
    rec.text = wire_get_bytes(&r, text_size);
    if (r.left > 0)
        rec.sig = wire_get_bytes(&r, CRYPTO_SIG_BYTES).data;
    if (!wire_end(&r))
        return HOP_EMALFORMED;
    *ret = rec;
    return HOP_OK;
}

void record_header_put(uint8_t ret[static RECORD_HEADER_BYTES], const struct record *r)
{
    struct wire_writer w = wire_writer(ret, RECORD_HEADER_BYTES);
    wire_put_bytes(&w, magic, sizeof magic);
    wire_put_u8(&w, SUITE);
    wire_put_u8(&w, (uint8_t)r->lane);
    wire_put_u8(&w, (uint8_t)r->outer);
    wire_put_zeros(&w, 1);
    wire_put_bytes(&w, r->cell_tag, sizeof r->cell_tag);
    wire_put_bytes(&w, r->log, sizeof r->log);
    wire_put_u64(&w, r->seq);
    wire_put_bytes(&w, r->prev, sizeof r->prev);
    wire_put_bytes(&w, r->hint, sizeof r->hint);
    wire_put_bytes(&w, r->nonce, sizeof r->nonce);
    wire_put_bytes(&w, r->kc, sizeof r->kc);
    wire_put_u32(&w, (uint32_t)r->text.size);
    wire_put_zeros(&w, 12);
    assert(!w.bad && w.used == RECORD_HEADER_BYTES);
}

void record_text_hash(uint8_t ret[static 32], struct span text)
{
    hop_hash(ret, 32, LABEL_REC_TEXT, text);
}

void record_id_withheld(uint8_t ret[static 32], struct span header,
                        const uint8_t text_hash[static 32])
{
    struct hop_hash h;
    hop_hash_init(&h, LABEL_REC_ID);
    hop_hash_add(&h, header);
    hop_hash_add(&h, SPAN(text_hash, 32));
    hop_hash_end(&h, ret, 32);
}

void record_id(uint8_t ret[static 32], struct span header, struct span text)
{
    uint8_t text_hash[32];
    record_text_hash(text_hash, text);
    record_id_withheld(ret, header, text_hash);
}

int record_verify(const uint8_t id[static 32], const uint8_t sig[static CRYPTO_SIG_BYTES],
                  const uint8_t log[static 32])
{
    return hop_verify(sig, log, LABEL_REC_SIG, SPAN(id, 32));
}

void record_key(uint8_t ret[static 32], const uint8_t class_key[static 32], struct span header)
{
    assert(header.size == RECORD_HEADER_BYTES);
    hop_derive(ret, 32, class_key, LABEL_REC_KEY, SPAN(header.data, HEADER_KEYED_BYTES));
}

const uint8_t *record_class_key(const struct epoch *e, enum record_lane lane)
{
    return lane == LANE_CONTROL ? e->auth : e->body;
}

static int inner_parse(struct record_inner *ret, struct span plain)
{
    struct wire_reader r = wire_reader(plain.data, plain.size);
    struct record_inner inner = {0};
    inner.type = wire_get_u16(&r);
    inner.class = wire_get_u8(&r);
    inner.version = wire_get_u8(&r);
    inner.wall = wire_get_u64(&r);
    size_t body_size = wire_get_u32(&r);
    inner.deps_count = wire_get_u16(&r);
    wire_get_zeros(&r, 2);
    if (inner.deps_count > RECORD_DEPS_MAX)
        return HOP_EMALFORMED;
    struct span deps = wire_get_bytes(&r, inner.deps_count * 32);
    inner.deps = deps.data;
    inner.body = wire_get_bytes(&r, body_size);
    wire_get_zeros(&r, r.left);
    if (!wire_end(&r))
        return HOP_EMALFORMED;
    *ret = inner;
    return HOP_OK;
}

int record_open(struct record_inner *ret, uint8_t *plain, const struct record *r,
                const uint8_t key[static 32])
{
    uint8_t kc[16];
    if (r->outer != OUTER_SEALED || r->text.size < CRYPTO_TAG_BYTES)
        return HOP_EMALFORMED;
    hop_derive(kc, sizeof kc, key, LABEL_REC_KC, (struct span){0});
    if (!hop_equal(kc, r->kc, sizeof kc))
        return HOP_EAUTH;
    int err = hop_open(plain, key, r->nonce, r->header, r->text);
    if (err != HOP_OK)
        return err;
    return inner_parse(ret, SPAN(plain, r->text.size - CRYPTO_TAG_BYTES));
}

/* Sizes are hidden in steps: 32 bytes up to 1 KiB, then Padmé (Nikitin et al., PETS 2019), which
 * keeps only the top log2(log2(n)) bits and costs at most 12 %. */
static size_t padded_size(size_t size)
{
    if (size <= 1024)
        return (size + 31) / 32 * 32;
    unsigned e = 0, s = 0;
    while (size >> (e + 1) != 0)
        e++;
    while (e >> (s + 1) != 0)
        s++;
    assert(e > s); /* size is above 1024, so e is at least 10 and s at least 3 */
    size_t mask = ((size_t)1 << (e - s - 1)) - 1;
    return (size + mask) & ~mask;
}

/* The plain text of a record at the start of w; its padded size in w->used. */
static void inner_put(struct wire_writer *w, const struct record_inner *inner)
{
    wire_put_u16(w, inner->type);
    wire_put_u8(w, inner->class);
    wire_put_u8(w, inner->version);
    wire_put_u64(w, inner->wall);
    wire_put_u32(w, (uint32_t)inner->body.size);
    wire_put_u16(w, (uint16_t)inner->deps_count);
    wire_put_zeros(w, 2);
    wire_put_bytes(w, inner->deps, inner->deps_count * 32);
    wire_put_bytes(w, inner->body.data, inner->body.size);
    if (!w->bad)
        wire_put_zeros(w, padded_size(w->used) - w->used);
}

int record_seal(uint8_t *ret, size_t *ret_size, uint8_t ret_id[static 32],
                const struct record_place *place, const struct record_inner *inner,
                struct hop_drbg *drbg)
{
    struct record r = {.lane = place->lane, .outer = place->outer, .seq = place->seq};
    int err = secrecy_check(inner->class);
    if (err != HOP_OK)
        return err;
    if (inner->deps_count > RECORD_DEPS_MAX || inner->body.size > RECORD_BODY_BYTES_MAX)
        return HOP_EFULL;
    memcpy(r.cell_tag, place->epoch->tag, sizeof r.cell_tag);
    memcpy(r.log, place->log_key->public_key, sizeof r.log);
    memcpy(r.prev, place->prev, sizeof r.prev);
    epoch_hint(r.hint, place->epoch, r.log);
    hop_drbg_take(drbg, r.nonce, RECORD_NONCE_BYTES);

    size_t frame = RECORD_HEADER_BYTES + CRYPTO_TAG_BYTES + CRYPTO_SIG_BYTES;
    if (*ret_size < frame)
        return HOP_EFULL;
    size_t room = *ret_size - frame;
    if (room > RECORD_TEXT_BYTES_MAX - CRYPTO_TAG_BYTES)
        room = RECORD_TEXT_BYTES_MAX - CRYPTO_TAG_BYTES;
    uint8_t *text = ret + RECORD_HEADER_BYTES;
    struct wire_writer w = wire_writer(text, room);
    bool sealed = place->outer == OUTER_SEALED;
    if (sealed)
        inner_put(&w, inner);
    else
        wire_put_bytes(&w, inner->body.data, inner->body.size);
    if (w.bad)
        return HOP_EFULL;
    r.text = SPAN(text, w.used + (sealed ? CRYPTO_TAG_BYTES : 0));

    uint8_t key[32];
    record_header_put(ret, &r); /* without kc: the key depends only on what stands before it */
    record_key(key, record_class_key(place->epoch, place->lane), SPAN(ret, RECORD_HEADER_BYTES));
    if (sealed)
        hop_derive(r.kc, sizeof r.kc, key, LABEL_REC_KC, (struct span){0});
    record_header_put(ret, &r);
    struct span header = SPAN(ret, RECORD_HEADER_BYTES);
    if (sealed)
        hop_seal(text, key, r.nonce, header, SPAN(text, w.used));
    hop_wipe(key, sizeof key);
    record_id(ret_id, header, r.text);
    hop_sign(text + r.text.size, place->log_key, LABEL_REC_SIG, SPAN(ret_id, 32));
    *ret_size = RECORD_HEADER_BYTES + r.text.size + CRYPTO_SIG_BYTES;
    return HOP_OK;
}

#include "cell/epoch.h"

#include <assert.h>
#include <stdlib.h>

#define SLOT_TEXT_BYTES 64
#define META_HEAD_BYTES (16 + 1 + 4 + 8 + 2 + 1)
#define AD_BYTES        128

/* What is given may lie in what is returned. */
void epoch_derive(struct epoch *ret, const uint8_t secret[static 32], const uint8_t *history)
{
    struct span none = {0};
    struct epoch e = {.held = history == NULL ? EPOCH_SECRET : EPOCH_HISTORY};
    memcpy(e.secret, secret, sizeof e.secret);
    if (history != NULL)
        memcpy(e.history, history, sizeof e.history);
    hop_derive(e.auth, 32, secret, LABEL_EP_AUTH, none);
    hop_derive(e.body, 32, secret, LABEL_EP_BODY, none);
    hop_derive(e.route, 32, secret, LABEL_EP_ROUTE, none);
    hop_derive(e.meet, 32, secret, LABEL_EP_MEET, none);
    hop_derive(e.commit, 32, secret, LABEL_EP_COMMIT, none);
    hop_derive(e.tag, 16, e.route, LABEL_EP_TAG, none);
    *ret = e;
    hop_wipe(&e, sizeof e);
}

void epoch_derive_auth(struct epoch *ret, const uint8_t commit[static 32],
                       const uint8_t auth[static 32], const uint8_t route[static 32])
{
    struct epoch e = {.held = EPOCH_AUTH};
    memcpy(e.commit, commit, sizeof e.commit);
    memcpy(e.auth, auth, sizeof e.auth);
    memcpy(e.route, route, sizeof e.route);
    hop_derive(e.tag, 16, e.route, LABEL_EP_TAG, (struct span){0});
    *ret = e;
    hop_wipe(&e, sizeof e);
}

void epoch_derive_blind(struct epoch *ret, const uint8_t commit[static 32],
                        const uint8_t route[static 32])
{
    static const uint8_t none[32];
    epoch_derive_auth(ret, commit, none, route);
    ret->held = EPOCH_ROUTE;
}

void epoch_hint(uint8_t ret[static 8], const struct epoch *e, const uint8_t log[static 32])
{
    hop_derive(ret, 8, e->route, LABEL_EP_HINT, SPAN(log, 32));
}

void epoch_device_tag(uint8_t ret[static 16], const struct epoch *e, const uint8_t ik[static 32])
{
    hop_derive(ret, 16, e->route, LABEL_DEVICE_TAG, SPAN(ik, 32));
}

void epoch_mark(uint8_t ret[static EPOCH_MARK_BYTES], const struct epoch *e,
                const uint8_t ik[static 32], enum epoch_hold share)
{
    uint8_t bytes[33];
    memcpy(bytes, ik, 32);
    bytes[32] = (uint8_t)share;
    hop_derive(ret, EPOCH_MARK_BYTES, e->auth, LABEL_EP_MARK, SPAN(bytes, sizeof bytes));
}

/* ---- what both sides compute ---- */

/* The slot's hint and key: 8 and 32 bytes. */
static void slot_keys(uint8_t ret[static 40], const uint8_t shared[static 32],
                      const struct epoch_context *context, const uint8_t epk[static 32],
                      const uint8_t kem[static 32])
{
    uint8_t bytes[128];
    memcpy(bytes, context->cell_id, 32);
    memcpy(bytes + 32, epk, 32);
    memcpy(bytes + 64, kem, 32);
    memcpy(bytes + 96, context->log, 32);
    hop_derive(ret, 40, shared, LABEL_EP_KEM, SPAN(bytes, sizeof bytes));
}

/* Each of these keys seals once: all are bound to the ephemeral key. */
static const uint8_t zero_nonce[CRYPTO_NONCE_BYTES];

/* The sealed parts are bound to where they stand, so that nobody can put them on as their own. */
static struct span sealed_ad(uint8_t ret[static AD_BYTES], const struct epoch_text *t,
                             const struct epoch_context *context)
{
    memcpy(ret, t->epk, 32);
    memcpy(ret + 32, t->commit, 32);
    memcpy(ret + 64, context->cell_id, 32);
    memcpy(ret + 96, context->log, 32);
    return SPAN(ret, AD_BYTES);
}

/* ---- writing ---- */

static int slot_put(struct wire_writer *w, const struct epoch *e,
                    const struct epoch_context *context, const struct hop_box_key *ephemeral,
                    const struct epoch_recipient *to)
{
    uint8_t shared[32], keys[40], text[SLOT_TEXT_BYTES] = {0}, ad[64];
    int err = hop_box_shared(shared, ephemeral->secret, to->kem);
    uint8_t *slot = wire_take(w, EPOCH_SLOT_BYTES);
    if (err != HOP_OK || slot == NULL)
        return err != HOP_OK ? err : HOP_EFULL;
    slot_keys(keys, shared, context, ephemeral->public_key, to->kem);
    memcpy(text, to->share == EPOCH_ROUTE ? e->route : e->secret, 32);
    if (to->share == EPOCH_HISTORY)
        memcpy(text + 32, e->history, 32);
    memcpy(ad, ephemeral->public_key, 32);
    memcpy(ad + 32, e->commit, 32);
    memcpy(slot, keys, 8);
    hop_seal_short(slot + 8, keys + 8, zero_nonce, SPAN(ad, sizeof ad), SPAN(text, sizeof text));
    hop_wipe(shared, sizeof shared);
    hop_wipe(keys, sizeof keys);
    hop_wipe(text, sizeof text);
    return HOP_OK;
}

/* Ephemeral key, commitment and slots; fills up to `slots` with random ones. */
static int slots_put(struct wire_writer *w, const struct epoch *e,
                     const struct epoch_context *context, const struct epoch_recipient *to,
                     size_t count, size_t slots, struct hop_drbg *drbg)
{
    uint8_t seed[32];
    struct hop_box_key ephemeral;
    if (count == 0 || slots > EPOCH_SLOTS_MAX)
        return HOP_EFULL;
    hop_drbg_take(drbg, seed, sizeof seed);
    hop_box_keypair(&ephemeral, seed);
    wire_put_bytes(w, ephemeral.public_key, 32);
    wire_put_bytes(w, e->commit, 32);
    wire_put_u16(w, (uint16_t)slots);
    int err = HOP_OK;
    for (size_t i = 0; i < count && err == HOP_OK; i++)
        err = slot_put(w, e, context, &ephemeral, &to[i]);
    for (size_t i = count; i < slots && err == HOP_OK; i++) {
        uint8_t *slot = wire_take(w, EPOCH_SLOT_BYTES);
        if (slot != NULL)
            hop_drbg_take(drbg, slot, EPOCH_SLOT_BYTES);
    }
    hop_wipe(seed, sizeof seed);
    hop_wipe(&ephemeral, sizeof ephemeral);
    return err == HOP_OK && w->bad ? HOP_EFULL : err;
}

/* One sealed part: its length, and the bytes under a key that only this record has. */
static void sealed_put(struct wire_writer *w, const uint8_t from[static 32],
                       enum crypto_label label, const struct epoch_text *t,
                       const struct epoch_context *context, struct span plain)
{
    uint8_t key[32], ad[AD_BYTES];
    wire_put_u32(w, (uint32_t)(plain.size + CRYPTO_TAG_BYTES));
    uint8_t *room = wire_take(w, plain.size + CRYPTO_TAG_BYTES);
    if (room == NULL)
        return;
    hop_derive(key, sizeof key, from, label, SPAN(t->epk, 32));
    hop_seal(room, key, zero_nonce, sealed_ad(ad, t, context), plain);
    hop_wipe(key, sizeof key);
}

static int compare_marks(const void *a, const void *b)
{
    return memcmp(a, b, EPOCH_MARK_BYTES);
}

static void put_meta(struct wire_writer *w, const struct epoch *e, const struct epoch_made *m,
                     size_t slots)
{
    wire_put_bytes(w, m->group, sizeof m->group);
    wire_put_u8(w, (uint8_t)m->reason);
    wire_put_u32(w, m->generation);
    wire_put_u64(w, m->wall);
    wire_put_u16(w, (uint16_t)m->recipients_count);
    uint8_t *marks = wire_take(w, m->recipients_count * EPOCH_MARK_BYTES);
    for (size_t i = 0; i < m->recipients_count && marks != NULL; i++)
        epoch_mark(marks + i * EPOCH_MARK_BYTES, e, m->recipients[i].ik, m->recipients[i].share);
    if (marks != NULL)
        qsort(marks, m->recipients_count, EPOCH_MARK_BYTES, compare_marks);
    wire_put_u8(w, (uint8_t)m->parents_count);
    for (size_t i = 0; i < m->parents_count; i++) {
        wire_put_bytes(w, m->parents[i]->commit, 32);
        wire_put_bytes(w, m->parents[i]->auth, 32);
        wire_put_bytes(w, m->parents[i]->route, 32);
    }
    wire_put_zeros(w, (slots - m->recipients_count) * EPOCH_MARK_BYTES); /* as the slots hide */
}

static void put_back(struct wire_writer *w, const struct epoch_made *m)
{
    for (size_t i = 0; i < m->parents_count; i++) {
        const struct epoch *p = m->parents[i];
        if (p->held >= EPOCH_SECRET)
            wire_put_bytes(w, p->secret, 32);
        else
            wire_put_zeros(w, 32);
        if (p->held >= EPOCH_HISTORY)
            wire_put_bytes(w, p->history, 32);
        else
            wire_put_zeros(w, 32);
    }
}

int epoch_put(struct wire_writer *w, const struct epoch *e, const struct epoch_context *context,
              const struct epoch_made *made, struct hop_drbg *drbg)
{
    size_t slots = (made->recipients_count + 15) / 16 * 16, at = w->used;
    uint8_t back[EPOCH_PARENTS_MAX * EPOCH_BACK_BYTES];
    assert(e->held == EPOCH_HISTORY);
    if (made->parents_count > EPOCH_PARENTS_MAX)
        return HOP_EFULL;
    int err = slots_put(w, e, context, made->recipients, made->recipients_count, slots, drbg);
    if (err != HOP_OK)
        return err;
    uint8_t *plain = malloc(EPOCH_META_BYTES_MAX);
    if (plain == NULL)
        return HOP_ENOMEM;
    struct epoch_text t = {.epk = w->base + at, .commit = w->base + at + 32};
    struct wire_writer meta = wire_writer(plain, EPOCH_META_BYTES_MAX);
    put_meta(&meta, e, made, slots);
    struct wire_writer secrets = wire_writer(back, sizeof back);
    put_back(&secrets, made);
    assert(!meta.bad && !secrets.bad);
    sealed_put(w, e->auth, LABEL_EP_META, &t, context, wire_written(&meta));
    sealed_put(w, e->history, LABEL_EP_BACK, &t, context, wire_written(&secrets));
    hop_wipe(plain, EPOCH_META_BYTES_MAX);
    hop_wipe(back, sizeof back);
    free(plain);
    return w->bad ? HOP_EFULL : HOP_OK;
}

int epoch_grant_put(struct wire_writer *w, const struct epoch *e,
                    const struct epoch_context *context, const struct epoch_recipient *to,
                    struct hop_drbg *drbg)
{
    size_t at = w->used;
    uint8_t meta[GRANT_META_BYTES];
    assert(to->share != EPOCH_HISTORY || e->held == EPOCH_HISTORY);
    int err = slots_put(w, e, context, to, 1, 1, drbg);
    if (err != HOP_OK)
        return err;
    struct epoch_text t = {.epk = w->base + at, .commit = w->base + at + 32};
    epoch_mark(meta, e, to->ik, to->share);
    memcpy(meta + EPOCH_MARK_BYTES, to->kem, 32);
    sealed_put(w, e->auth, LABEL_EP_META, &t, context, SPAN(meta, sizeof meta));
    wire_put_u32(w, 0);
    return w->bad ? HOP_EFULL : HOP_OK;
}

/* ---- reading ---- */

int epoch_text_parse(struct epoch_text *ret, struct span text)
{
    struct wire_reader r = wire_reader(text.data, text.size);
    struct epoch_text t;
    struct span head = wire_get_bytes(&r, 64);
    size_t count = wire_get_u16(&r);
    if (r.bad || count == 0 || count > EPOCH_SLOTS_MAX)
        return HOP_EMALFORMED;
    t.epk = head.data;
    t.commit = head.data + 32;
    t.slots = wire_get_bytes(&r, count * EPOCH_SLOT_BYTES);
    t.meta = wire_get_bytes(&r, wire_get_u32(&r));
    t.back = wire_get_bytes(&r, wire_get_u32(&r));
    if (!wire_end(&r) || t.meta.size < CRYPTO_TAG_BYTES ||
        t.meta.size > EPOCH_META_BYTES_MAX + CRYPTO_TAG_BYTES ||
        (t.back.size != 0 && t.back.size % EPOCH_BACK_BYTES != CRYPTO_TAG_BYTES) ||
        t.back.size > EPOCH_PARENTS_MAX * EPOCH_BACK_BYTES + CRYPTO_TAG_BYTES)
        return HOP_EMALFORMED;
    *ret = t;
    return HOP_OK;
}

/* The secrets of our slot, which says what the commitment promised to everybody. */
static int slot_take(struct epoch *ret, const struct epoch_text *t, const uint8_t *slot,
                     const uint8_t keys[static 40], bool carrier)
{
    static const uint8_t none[32];
    uint8_t text[SLOT_TEXT_BYTES], ad[64];
    struct epoch e;
    memcpy(ad, t->epk, 32);
    memcpy(ad + 32, t->commit, 32);
    int err = hop_open_short(text, keys + 8, zero_nonce, SPAN(ad, sizeof ad),
                             SPAN(slot + 8, EPOCH_SLOT_BYTES - 8));
    if (err != HOP_OK)
        return err;
    if (carrier) {
        epoch_derive_blind(&e, t->commit, text);
        err = hop_equal(text + 32, none, 32) ? HOP_OK : HOP_EAUTH;
    } else {
        epoch_derive(&e, text, hop_equal(text + 32, none, 32) ? NULL : text + 32);
        err = hop_equal(e.commit, t->commit, 32) ? HOP_OK : HOP_EAUTH;
    }
    if (err == HOP_OK)
        *ret = e;
    hop_wipe(&e, sizeof e);
    hop_wipe(text, sizeof text);
    return err;
}

int epoch_slot_open(struct epoch *ret, const struct epoch_text *t,
                    const struct epoch_context *context, const struct hop_box_key *kem,
                    bool carrier)
{
    uint8_t shared[32], keys[40];
    int err = hop_box_shared(shared, kem->secret, t->epk);
    if (err != HOP_OK)
        return err;
    slot_keys(keys, shared, context, t->epk, kem->public_key);
    err = HOP_ENOTFOUND;
    for (size_t at = 0; at < t->slots.size && err == HOP_ENOTFOUND; at += EPOCH_SLOT_BYTES) {
        if (hop_equal(t->slots.data + at, keys, 8))
            err = slot_take(ret, t, t->slots.data + at, keys, carrier);
    }
    hop_wipe(shared, sizeof shared);
    hop_wipe(keys, sizeof keys);
    return err;
}

static int sealed_open(uint8_t *ret, struct span sealed, const uint8_t from[static 32],
                       enum crypto_label label, const struct epoch_text *t,
                       const struct epoch_context *context)
{
    uint8_t key[32], ad[AD_BYTES];
    hop_derive(key, sizeof key, from, label, SPAN(t->epk, 32));
    int err = hop_open(ret, key, zero_nonce, sealed_ad(ad, t, context), sealed);
    hop_wipe(key, sizeof key);
    return err;
}

static bool ascending(struct span marks)
{
    for (size_t at = EPOCH_MARK_BYTES; at < marks.size; at += EPOCH_MARK_BYTES) {
        if (compare_marks(marks.data + at - EPOCH_MARK_BYTES, marks.data + at) >= 0)
            return false;
    }
    return true;
}

int epoch_meta_open(struct epoch_meta *ret, uint8_t *plain, const struct epoch_text *t,
                    const struct epoch_context *context, const struct epoch *e)
{
    assert(e->held >= EPOCH_AUTH);
    if (t->back.size == 0)
        return HOP_EMALFORMED; /* a GRANT */
    int err = sealed_open(plain, t->meta, e->auth, LABEL_EP_META, t, context);
    if (err != HOP_OK)
        return err;
    struct wire_reader r = wire_reader(plain, t->meta.size - CRYPTO_TAG_BYTES);
    struct epoch_meta m;
    wire_get_into(&r, m.group, sizeof m.group);
    unsigned reason = wire_get_u8(&r);
    m.generation = wire_get_u32(&r);
    m.wall = wire_get_u64(&r);
    size_t marks = wire_get_u16(&r), slots = t->slots.size / EPOCH_SLOT_BYTES;
    m.marks = wire_get_bytes(&r, marks * EPOCH_MARK_BYTES);
    size_t parents = wire_get_u8(&r);
    m.parents = wire_get_bytes(&r, parents * EPOCH_PARENT_BYTES);
    wire_get_zeros(&r, r.left);
    m.reason = (enum epoch_reason)reason;
    if (!wire_end(&r) || reason >= EPOCH_REASONS_COUNT || marks == 0 || marks > slots ||
        !ascending(m.marks) ||
        t->meta.size !=
            META_HEAD_BYTES + slots * EPOCH_MARK_BYTES + m.parents.size + CRYPTO_TAG_BYTES ||
        t->back.size != parents * EPOCH_BACK_BYTES + CRYPTO_TAG_BYTES)
        return HOP_EMALFORMED;
    *ret = m;
    return HOP_OK;
}

int epoch_back_open(uint8_t *ret, size_t count, const struct epoch_text *t,
                    const struct epoch_context *context, const struct epoch *e)
{
    assert(e->held >= EPOCH_HISTORY);
    if (t->back.size != count * EPOCH_BACK_BYTES + CRYPTO_TAG_BYTES)
        return HOP_EMALFORMED;
    return sealed_open(ret, t->back, e->history, LABEL_EP_BACK, t, context);
}

int epoch_grant_open(struct epoch_grant *ret, const struct epoch_text *t,
                     const struct epoch_context *context, const struct epoch *e)
{
    uint8_t plain[GRANT_META_BYTES];
    assert(e->held >= EPOCH_AUTH);
    if (t->back.size != 0 || t->meta.size != sizeof plain + CRYPTO_TAG_BYTES)
        return HOP_EMALFORMED;
    int err = sealed_open(plain, t->meta, e->auth, LABEL_EP_META, t, context);
    if (err == HOP_OK) {
        memcpy(ret->mark, plain, EPOCH_MARK_BYTES);
        memcpy(ret->kem, plain + EPOCH_MARK_BYTES, 32);
    }
    return err;
}

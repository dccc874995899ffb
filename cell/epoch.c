#include "cell/epoch.h"

#define SLOT_TEXT_BYTES 64

void epoch_derive(struct epoch *ret, const uint8_t secret[static 32])
{
    struct span none = {0};
    *ret = (struct epoch){0};
    memcpy(ret->secret, secret, sizeof ret->secret);
    hop_derive(ret->auth, 32, secret, LABEL_EP_AUTH, none);
    hop_derive(ret->body, 32, secret, LABEL_EP_BODY, none);
    hop_derive(ret->route, 32, secret, LABEL_EP_ROUTE, none);
    hop_derive(ret->meet, 32, secret, LABEL_EP_MEET, none);
    hop_derive(ret->commit, 32, secret, LABEL_EP_COMMIT, none);
    hop_derive(ret->tag, 16, ret->route, LABEL_EP_TAG, none);
}

void epoch_derive_blind(struct epoch *ret, const uint8_t route[static 32])
{
    *ret = (struct epoch){.blind = true};
    memcpy(ret->route, route, sizeof ret->route);
    hop_derive(ret->tag, 16, ret->route, LABEL_EP_TAG, (struct span){0});
}

void epoch_hint(uint8_t ret[static 8], const struct epoch *e, const uint8_t log[static 32])
{
    hop_derive(ret, 8, e->route, LABEL_EP_HINT, SPAN(log, 32));
}

void epoch_device_tag(uint8_t ret[static 16], const struct epoch *e, const uint8_t ik[static 32])
{
    hop_derive(ret, 16, e->route, LABEL_DEVICE_TAG, SPAN(ik, 32));
}

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

static const uint8_t zero_nonce[CRYPTO_SHORT_NONCE_BYTES]; /* each slot key seals once */

static int slot_put(struct wire_writer *w, const struct epoch *e,
                    const struct epoch_context *context, const struct hop_box_key *ephemeral,
                    const uint8_t kem[static 32])
{
    uint8_t shared[32], keys[40], text[SLOT_TEXT_BYTES] = {0}, ad[64];
    int err = hop_box_shared(shared, ephemeral->secret, kem);
    uint8_t *slot = wire_take(w, EPOCH_SLOT_BYTES);
    if (err != HOP_OK || slot == NULL)
        return err != HOP_OK ? err : HOP_EFULL;
    slot_keys(keys, shared, context, ephemeral->public_key, kem);
    memcpy(text, e->secret, 32); /* the second half is for a history secret: none yet */
    memcpy(ad, ephemeral->public_key, 32);
    memcpy(ad + 32, e->commit, 32);
    memcpy(slot, keys, 8);
    hop_seal_short(slot + 8, keys + 8, zero_nonce, SPAN(ad, sizeof ad), SPAN(text, sizeof text));
    hop_wipe(shared, sizeof shared);
    hop_wipe(keys, sizeof keys);
    hop_wipe(text, sizeof text);
    return HOP_OK;
}

int epoch_slots_put(struct wire_writer *w, const struct epoch *e,
                    const struct epoch_context *context, const uint8_t *kems, size_t count,
                    bool padded, struct hop_drbg *drbg)
{
    size_t slots = padded ? (count + 15) / 16 * 16 : count;
    if (count == 0 || slots > EPOCH_SLOTS_MAX)
        return HOP_EFULL;
    uint8_t seed[32];
    struct hop_box_key ephemeral;
    hop_drbg_take(drbg, seed, sizeof seed);
    hop_box_keypair(&ephemeral, seed);
    wire_put_bytes(w, ephemeral.public_key, 32);
    wire_put_bytes(w, e->commit, 32);
    wire_put_u16(w, (uint16_t)slots);
    int err = HOP_OK;
    for (size_t i = 0; i < count && err == HOP_OK; i++)
        err = slot_put(w, e, context, &ephemeral, kems + 32 * i);
    for (size_t i = count; i < slots && err == HOP_OK; i++) {
        uint8_t *slot = wire_take(w, EPOCH_SLOT_BYTES);
        if (slot != NULL)
            hop_drbg_take(drbg, slot, EPOCH_SLOT_BYTES);
    }
    hop_wipe(seed, sizeof seed);
    hop_wipe(&ephemeral, sizeof ephemeral);
    if (err == HOP_OK && w->bad)
        err = HOP_EFULL;
    return err;
}

/* Our slot opened into secret. */
static int slot_open(uint8_t secret[static 32], struct span slot, const uint8_t keys[static 40],
                     struct span epk_and_commit)
{
    uint8_t text[SLOT_TEXT_BYTES];
    int err = hop_open_short(text, keys + 8, zero_nonce, epk_and_commit,
                             SPAN(slot.data + 8, EPOCH_SLOT_BYTES - 8));
    if (err == HOP_OK)
        memcpy(secret, text, 32);
    hop_wipe(text, sizeof text);
    return err;
}

int epoch_slots_open(struct epoch *ret, struct span text, const struct epoch_context *context,
                     const struct hop_box_key *kem)
{
    struct wire_reader r = wire_reader(text.data, text.size);
    struct span head = wire_get_bytes(&r, 64);
    size_t count = wire_get_u16(&r);
    if (r.bad || count == 0 || count > EPOCH_SLOTS_MAX || r.left != count * EPOCH_SLOT_BYTES)
        return HOP_EMALFORMED;
    uint8_t shared[32], keys[40], secret[32];
    int err = hop_box_shared(shared, kem->secret, head.data);
    if (err != HOP_OK)
        return err;
    slot_keys(keys, shared, context, head.data, kem->public_key);
    err = HOP_ENOTFOUND;
    for (size_t i = 0; i < count && err == HOP_ENOTFOUND; i++) {
        struct span slot = wire_get_bytes(&r, EPOCH_SLOT_BYTES);
        if (hop_equal(slot.data, keys, 8))
            err = slot_open(secret, slot, keys, head);
    }
    if (err == HOP_OK) {
        struct epoch e;
        epoch_derive(&e, secret);
        if (hop_equal(e.commit, head.data + 32, 32))
            *ret = e;
        else
            err = HOP_EAUTH; /* opens, but not to what the others were promised */
        hop_wipe(&e, sizeof e);
    }
    hop_wipe(shared, sizeof shared);
    hop_wipe(keys, sizeof keys);
    hop_wipe(secret, sizeof secret);
    return err;
}

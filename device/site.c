#include "device/site.h"

#include <stdlib.h>

#include "device/state.h"

/* ---- PINs ---- */

static bool pin_good(struct span pin)
{
    bool good = pin.size >= PIN_DIGITS_MIN && pin.size <= PIN_DIGITS_MAX;
    for (size_t i = 0; good && i < pin.size; i++)
        good = pin.data[i] >= '0' && pin.data[i] <= '9';
    return good;
}

static int pin_pair(const struct device *d, struct span pin, const uint8_t member[static 16],
                    struct hop_sign_key *ret, struct text_said *why)
{
    uint8_t about[48], salt[CRYPTO_SALT_BYTES], seed[CRYPTO_SEED_BYTES];
    if (!pin_good(pin))
        return text_say(why, PIN_BAD, 0);
    memcpy(about, d->keys->cell_id, 32);
    memcpy(about + 32, member, 16);
    hop_hash(salt, sizeof salt, LABEL_PIN_KEY, SPAN(about, sizeof about));
    int err = hop_password(seed, pin, salt, PIN_OPS, PIN_MEMORY_BYTES);
    if (err != HOP_OK)
        return device_write_refusal(err, why);
    hop_sign_keypair(ret, seed);
    hop_wipe(seed, sizeof seed);
    return HOP_OK;
}

int device_pin_key(const struct device *d, struct span pin, uint8_t ret[static 32],
                   struct text_said *why)
{
    struct hop_sign_key key;
    uint32_t self = device_self(d);
    if (self == HISTORY_NONE)
        return text_say(why, REFUSE_NOT_MEMBER, 0);
    int err = pin_pair(d, pin, cell_member(d->cell, self)->id, &key, why);
    if (err == HOP_OK)
        memcpy(ret, key.public_key, 32);
    hop_wipe(&key, sizeof key);
    return err;
}

int device_pin_prove(const struct device *d, struct span pin, struct act *a, struct text_said *why)
{
    struct hop_sign_key key;
    uint8_t message[MEETING_PIN_MESSAGE_BYTES], value;
    if (a->people.count != 1)
        return text_say(why, PIN_ONE, 0);
    const uint8_t *member = act_person(&a->people, 0, &value);
    int err = pin_pair(d, pin, member, &key, why);
    if (err == HOP_OK) {
        meeting_pin_message(message, a->meeting, a->site, member);
        hop_sign(a->proof, &key, LABEL_PIN_SIG, SPAN(message, sizeof message));
    }
    hop_wipe(&key, sizeof key);
    return err;
}

/* ---- the private line ----
 *
 *   ephemeral X25519 key 32, count u8, count slots of 56: hint 8, the words' key sealed 48;
 *   nonce 24, the words sealed */

#define SLOT_BYTES        56
#define PRIVATE_SLOTS_MAX 32

static const uint8_t zero_nonce[CRYPTO_SHORT_NONCE_BYTES]; /* each slot key seals once */

static int slot_keys(uint8_t ret[static 40], const struct device *d,
                     const uint8_t secret[static 32], const uint8_t public_key[static 32],
                     const uint8_t epk[static 32], const uint8_t kem[static 32])
{
    uint8_t shared[32], about[96];
    int err = hop_box_shared(shared, secret, public_key);
    memcpy(about, d->keys->cell_id, 32);
    memcpy(about + 32, epk, 32);
    memcpy(about + 64, kem, 32);
    if (err == HOP_OK)
        hop_derive(ret, 40, shared, LABEL_PRIVATE, SPAN(about, sizeof about));
    hop_wipe(shared, sizeof shared);
    return err;
}

static int put_slot(const struct device *d, const struct hop_box_key *ephemeral,
                    const uint8_t kem[static 32], const uint8_t key[static 32], struct buf *ret)
{
    uint8_t keys[40], slot[SLOT_BYTES];
    int err = slot_keys(keys, d, ephemeral->secret, kem, ephemeral->public_key, kem);
    if (err == HOP_OK) {
        memcpy(slot, keys, 8);
        hop_seal_short(slot + 8, keys + 8, zero_nonce, (struct span){0}, SPAN(key, 32));
        buf_bytes(ret, slot, sizeof slot);
    }
    hop_wipe(keys, sizeof keys);
    return err;
}

/* The devices of the secretary and of the author: those that are lost or gone read nothing new. */
static bool is_reader(const struct device *d, const struct cell_device *of, uint32_t self)
{
    const struct cell_member *secretary = cell_secretary(d->cell);
    return of->state == DEVICE_ACTIVE &&
           (of->member == self || secretary == cell_member(d->cell, of->member));
}

static int put_slots(struct device *d, uint32_t self, const uint8_t key[static 32], struct buf *ret)
{
    struct hop_box_key ephemeral;
    uint8_t seed[CRYPTO_SEED_BYTES], count = 0;
    int err = HOP_OK;
    hop_drbg_take(&d->drbg, seed, sizeof seed);
    hop_box_keypair(&ephemeral, seed);
    for (size_t i = 0; i < cell_device_count(d->cell) && count < PRIVATE_SLOTS_MAX; i++) {
        if (is_reader(d, cell_device(d->cell, i), self))
            count++;
    }
    buf_bytes(ret, ephemeral.public_key, 32);
    buf_bytes(ret, &count, 1);
    for (size_t i = 0; i < cell_device_count(d->cell) && err == HOP_OK && count > 0; i++) {
        const struct cell_device *of = cell_device(d->cell, i);
        if (!is_reader(d, of, self))
            continue;
        err = put_slot(d, &ephemeral, of->cert.kem, key, ret);
        count--;
    }
    hop_wipe(seed, sizeof seed);
    hop_wipe(&ephemeral, sizeof ephemeral);
    return err;
}

int device_seal_private(struct device *d, struct span words, struct buf *ret, struct text_said *why)
{
    uint8_t key[CRYPTO_KEY_BYTES], nonce[CRYPTO_NONCE_BYTES];
    uint32_t self = device_self(d);
    if (self == HISTORY_NONE)
        return text_say(why, REFUSE_NOT_MEMBER, 0);
    if (words.size == 0)
        return text_say(why, REFUSE_EMPTY_TEXT, 0);
    if (words.size > PRIVATE_WORDS_BYTES_MAX)
        return device_write_refusal(HOP_EFULL, why);
    hop_drbg_take(&d->drbg, key, sizeof key);
    hop_drbg_take(&d->drbg, nonce, sizeof nonce);
    int err = put_slots(d, self, key, ret);
    uint8_t *sealed = malloc(words.size + CRYPTO_TAG_BYTES);
    if (err == HOP_OK && sealed == NULL)
        err = HOP_ENOMEM;
    if (err == HOP_OK) {
        hop_seal(sealed, key, nonce, (struct span){0}, words);
        buf_bytes(ret, nonce, sizeof nonce);
        buf_bytes(ret, sealed, words.size + CRYPTO_TAG_BYTES);
        err = ret->bad ? HOP_ENOMEM : HOP_OK;
    }
    free(sealed);
    hop_wipe(key, sizeof key);
    return device_write_refusal(err, why);
}

/* The words' key, if a slot is for this key of ours; r stands behind the count of slots. */
static int find_key_by(const struct device *d, const struct hop_box_key *kem, struct span epk,
                       size_t count, struct wire_reader *r, uint8_t ret[static 32])
{
    uint8_t keys[40];
    int err = slot_keys(keys, d, kem->secret, epk.data, epk.data, kem->public_key);
    bool found = false;
    for (size_t i = 0; i < count && err == HOP_OK; i++) {
        struct span slot = wire_get_bytes(r, SLOT_BYTES);
        if (r->bad)
            err = HOP_EMALFORMED;
        else if (!found && hop_equal(slot.data, keys, 8))
            found = hop_open_short(ret, keys + 8, zero_nonce, (struct span){0},
                                   SPAN(slot.data + 8, SLOT_BYTES - 8)) == HOP_OK;
    }
    hop_wipe(keys, sizeof keys);
    return err != HOP_OK ? err : found ? HOP_OK : HOP_ENOTFOUND;
}

/* By the newest key and those before: the author may not have heard of the newest. */
static int find_key(const struct device *d, struct wire_reader *r, uint8_t ret[static 32])
{
    struct span epk = wire_get_bytes(r, 32);
    size_t count = wire_get_u8(r);
    if (r->bad || count > PRIVATE_SLOTS_MAX)
        return HOP_EMALFORMED;
    struct wire_reader slots = *r;
    int err = find_key_by(d, &d->keys->kem, epk, count, r, ret);
    for (size_t i = 0; i < d->keys->kems_before && err == HOP_ENOTFOUND; i++) {
        *r = slots;
        err = find_key_by(d, &d->keys->kem_before[i], epk, count, r, ret);
    }
    return err;
}

static int open_sealed_words(const struct device *d, struct span sealed, struct buf *ret)
{
    uint8_t key[CRYPTO_KEY_BYTES];
    struct wire_reader r = wire_reader(sealed.data, sealed.size);
    int err = find_key(d, &r, key);
    if (err != HOP_OK)
        return err;
    struct span nonce = wire_get_bytes(&r, CRYPTO_NONCE_BYTES);
    struct span text = wire_get_bytes(&r, r.left);
    uint8_t *plain = malloc(text.size + 1);
    err = plain == NULL ? HOP_ENOMEM
          : r.bad || text.size < CRYPTO_TAG_BYTES
              ? HOP_EMALFORMED
              : hop_open(plain, key, nonce.data, (struct span){0}, text);
    if (err == HOP_OK)
        buf_bytes(ret, plain, text.size - CRYPTO_TAG_BYTES);
    free(plain);
    hop_wipe(key, sizeof key);
    return err == HOP_OK && ret->bad ? HOP_ENOMEM : err;
}

int device_open_private(struct device *d, const struct meeting_private *p, struct buf *ret)
{
    struct device_opened opened;
    struct act a;
    int err = device_open_entry(d, p->entry, &opened);
    if (err != HOP_OK)
        return err;
    err = act_parse(&a, ACT_PRIVATE, opened.body);
    if (err == HOP_OK)
        err = open_sealed_words(d, a.sealed, ret);
    free(opened.bytes);
    return err;
}

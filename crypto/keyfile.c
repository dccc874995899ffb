#include "crypto/keyfile.h"

#include "base/cbor.h"
#include "base/wire.h"

/* Layout, big endian:
 *
 *     0   4  "HOPK"
 *     4   1  version 2
 *     5   3  zero
 *     8   4  ops        cost of Argon2id
 *    12   8  memory     in bytes
 *    20  16  salt
 *    36  16  check      BLAKE2b of every other byte of the file
 *    52  12  zero
 *    64  72  slot, four times: nonce 24, data key sealed under the passphrase 48
 *   352  24  nonce
 *   376   n  payload, sealed under the data key; additional data: 0..351 with the check as zeros
 *
 * A slot is sealed with bytes 0..35 as additional data, so nobody can move it to a file of another
 * cost; unused slots are random and look like used ones. The check is no secret and stops nobody:
 * it is there so that a bad disk is called a bad disk and not a wrong passphrase, and is noticed
 * before half a second of Argon2id. Against a person, the seals decide. */

#define SLOTS        4
#define PREFIX_BYTES 36
#define CHECK_AT     PREFIX_BYTES
#define CHECK_BYTES  16
#define SLOTS_AT     KEYFILE_SLOTS_AT
#define SLOT_BYTES   (CRYPTO_NONCE_BYTES + CRYPTO_KEY_BYTES + CRYPTO_TAG_BYTES)
#define VERSION      2 /* 1 had no room for more than one epoch */

_Static_assert(SLOTS_AT + SLOTS * SLOT_BYTES == KEYFILE_HEADER_BYTES, "keyfile.h says so");

static void make_check(uint8_t ret[static CHECK_BYTES], struct span file)
{
    struct hop_hash h;
    size_t after = CHECK_AT + CHECK_BYTES;
    hop_hash_init(&h, LABEL_KEYFILE);
    hop_hash_add(&h, SPAN(file.data, CHECK_AT));
    hop_hash_add(&h, SPAN(file.data + after, file.size - after));
    hop_hash_end(&h, ret, CHECK_BYTES);
}

/* What the payload is bound to: the header, less the check that covers the sealed payload itself.
 */
static struct span bound_header(uint8_t ret[static KEYFILE_HEADER_BYTES], const uint8_t *file)
{
    memcpy(ret, file, KEYFILE_HEADER_BYTES);
    memset(ret + CHECK_AT, 0, CHECK_BYTES);
    return SPAN(ret, KEYFILE_HEADER_BYTES);
}

static int make_kek(uint8_t ret[static CRYPTO_KEY_BYTES], struct span passphrase,
                    const uint8_t *header, const struct keyfile_cost *cost)
{
    uint8_t word[CRYPTO_KEY_BYTES];
    int err = hop_password(word, passphrase, header + 20, cost->ops, cost->memory_bytes);
    if (err == HOP_OK)
        hop_derive(ret, CRYPTO_KEY_BYTES, word, LABEL_KEYFILE, span_text("slot"));
    hop_wipe(word, sizeof word);
    return err;
}

static enum keyfile_trouble cost_trouble(const struct keyfile_cost *cost)
{
    if (cost->ops < KEYFILE_OPS_FLOOR || cost->memory_bytes < KEYFILE_MEMORY_FLOOR)
        return KEYFILE_WEAK;
    if (cost->ops > KEYFILE_OPS_MAX || cost->memory_bytes > KEYFILE_MEMORY_MAX)
        return KEYFILE_ABSURD;
    return KEYFILE_FINE;
}

int keyfile_seal_kept(struct keyfile_kept *ret_kept, uint8_t *ret, size_t *ret_size,
                      struct span payload, struct span passphrase, const struct keyfile_cost *cost,
                      struct hop_drbg *drbg)
{
    uint8_t kek[CRYPTO_KEY_BYTES], *dek = ret_kept->data_key, salt[CRYPTO_SALT_BYTES];
    uint8_t header[KEYFILE_HEADER_BYTES];
    if (payload.size > KEYFILE_PAYLOAD_BYTES_MAX)
        return HOP_EFULL;
    if (cost_trouble(cost) != KEYFILE_FINE)
        return HOP_EREFUSED;
    struct wire_writer w = wire_writer(ret, KEYFILE_BYTES_MAX);
    hop_drbg_take(drbg, salt, sizeof salt);
    wire_put_bytes(&w, (const uint8_t *)"HOPK", 4);
    wire_put_u8(&w, VERSION);
    wire_put_zeros(&w, 3);
    wire_put_u32(&w, cost->ops);
    wire_put_u64(&w, cost->memory_bytes);
    wire_put_bytes(&w, salt, sizeof salt);
    wire_put_zeros(&w, SLOTS_AT - PREFIX_BYTES);
    hop_drbg_take(drbg, wire_take(&w, SLOTS * SLOT_BYTES + CRYPTO_NONCE_BYTES),
                  SLOTS * SLOT_BYTES + CRYPTO_NONCE_BYTES);

    int err = make_kek(kek, passphrase, ret, cost);
    if (err != HOP_OK)
        return err;
    hop_drbg_take(drbg, dek, CRYPTO_KEY_BYTES);
    uint8_t *slot = ret + SLOTS_AT;
    hop_seal(slot + CRYPTO_NONCE_BYTES, kek, slot, SPAN(ret, PREFIX_BYTES),
             SPAN(dek, CRYPTO_KEY_BYTES));
    uint8_t *sealed = wire_take(&w, payload.size + CRYPTO_TAG_BYTES);
    hop_seal(sealed, dek, sealed - CRYPTO_NONCE_BYTES, bound_header(header, ret), payload);
    make_check(ret + CHECK_AT, wire_written(&w));
    memcpy(ret_kept->header, ret, sizeof ret_kept->header);
    *ret_size = w.used;
    hop_wipe(kek, sizeof kek);
    return HOP_OK;
}

int keyfile_seal(uint8_t *ret, size_t *ret_size, struct span payload, struct span passphrase,
                 const struct keyfile_cost *cost, struct hop_drbg *drbg)
{
    struct keyfile_kept kept;
    int err = keyfile_seal_kept(&kept, ret, ret_size, payload, passphrase, cost, drbg);
    hop_wipe(&kept, sizeof kept);
    return err;
}

/* What is wrong with the header, before any memory is spent on it. */
static enum keyfile_trouble header_trouble(struct keyfile_cost *ret, struct span file)
{
    uint8_t check[CHECK_BYTES];
    struct wire_reader r = wire_reader(file.data, file.size);
    struct span magic = wire_get_bytes(&r, 4);
    if (!span_equal(magic, span_text("HOPK")))
        return KEYFILE_FOREIGN;
    uint8_t version = wire_get_u8(&r);
    if (version > VERSION)
        return KEYFILE_NEWER;
    if (!r.bad && version > 0 && version < VERSION)
        return KEYFILE_OLDER;
    if (version != VERSION ||
        file.size < KEYFILE_HEADER_BYTES + CRYPTO_NONCE_BYTES + CRYPTO_TAG_BYTES ||
        file.size > KEYFILE_BYTES_MAX)
        return KEYFILE_DAMAGED;
    wire_get_zeros(&r, 3);
    ret->ops = wire_get_u32(&r);
    ret->memory_bytes = wire_get_u64(&r);
    enum keyfile_trouble trouble = cost_trouble(ret);
    if (trouble != KEYFILE_FINE)
        return trouble;
    (void)wire_get_bytes(&r, CRYPTO_SALT_BYTES);
    struct span stored = wire_get_bytes(&r, CHECK_BYTES);
    wire_get_zeros(&r, SLOTS_AT - CHECK_AT - CHECK_BYTES);
    make_check(check, file);
    return r.bad || !span_equal(stored, SPAN(check, sizeof check)) ? KEYFILE_DAMAGED : KEYFILE_FINE;
}

static int error_of(enum keyfile_trouble trouble)
{
    switch (trouble) {
    case KEYFILE_FINE:
        return HOP_OK;
    case KEYFILE_FOREIGN:
    case KEYFILE_DAMAGED:
        return HOP_EMALFORMED;
    case KEYFILE_NEWER:
    case KEYFILE_OLDER:
        return HOP_EVERSION;
    case KEYFILE_WEAK:
    case KEYFILE_ABSURD:
        return HOP_EREFUSED;
    case KEYFILE_WRONG_PASSPHRASE:
        return HOP_EAUTH;
    case KEYFILE_NO_MEMORY:
        return HOP_ENOMEM;
    }
    return HOP_EMALFORMED;
}

int keyfile_check(struct keyfile_cost *ret, struct span file, enum keyfile_trouble *ret_trouble)
{
    struct keyfile_cost cost = {0};
    *ret_trouble = header_trouble(&cost, file);
    if (*ret_trouble == KEYFILE_FINE)
        *ret = cost;
    return error_of(*ret_trouble);
}

/* The data key, from whichever slot the passphrase opens. */
static bool open_slots(uint8_t dek[static CRYPTO_KEY_BYTES], const uint8_t *file,
                       const uint8_t kek[static CRYPTO_KEY_BYTES])
{
    for (size_t i = 0; i < SLOTS; i++) {
        const uint8_t *slot = file + SLOTS_AT + i * SLOT_BYTES;
        struct span sealed = SPAN(slot + CRYPTO_NONCE_BYTES, SLOT_BYTES - CRYPTO_NONCE_BYTES);
        if (hop_open(dek, kek, slot, SPAN(file, PREFIX_BYTES), sealed) == HOP_OK)
            return true;
    }
    return false;
}

static enum keyfile_trouble open_with(uint8_t dek[static CRYPTO_KEY_BYTES], uint8_t *payload,
                                      struct span file, struct span passphrase,
                                      const struct keyfile_cost *cost)
{
    uint8_t kek[CRYPTO_KEY_BYTES], header[KEYFILE_HEADER_BYTES];
    const uint8_t *nonce = file.data + KEYFILE_HEADER_BYTES;
    const uint8_t *sealed = nonce + CRYPTO_NONCE_BYTES;
    size_t size = file.size - KEYFILE_HEADER_BYTES - CRYPTO_NONCE_BYTES;
    enum keyfile_trouble trouble = KEYFILE_FINE;
    if (make_kek(kek, passphrase, file.data, cost) != HOP_OK)
        return KEYFILE_NO_MEMORY;
    if (!open_slots(dek, file.data, kek))
        trouble = KEYFILE_WRONG_PASSPHRASE;
    else if (hop_open(payload, dek, nonce, bound_header(header, file.data), SPAN(sealed, size)) !=
             HOP_OK)
        trouble = KEYFILE_DAMAGED;
    hop_wipe(kek, sizeof kek);
    return trouble;
}

int keyfile_open_kept(struct keyfile_kept *ret, uint8_t *payload, size_t *ret_size,
                      struct span file, struct span passphrase, enum keyfile_trouble *ret_trouble)
{
    struct keyfile_cost cost = {0};
    int err = keyfile_check(&cost, file, ret_trouble);
    if (err != HOP_OK)
        return err;
    *ret_trouble = open_with(ret->data_key, payload, file, passphrase, &cost);
    if (*ret_trouble != KEYFILE_FINE)
        return error_of(*ret_trouble);
    memcpy(ret->header, file.data, sizeof ret->header);
    *ret_size = file.size - KEYFILE_HEADER_BYTES - CRYPTO_NONCE_BYTES - CRYPTO_TAG_BYTES;
    return HOP_OK;
}

int keyfile_open(uint8_t *payload, size_t *ret_size, struct span file, struct span passphrase,
                 enum keyfile_trouble *ret_trouble)
{
    struct keyfile_kept kept;
    int err = keyfile_open_kept(&kept, payload, ret_size, file, passphrase, ret_trouble);
    hop_wipe(&kept, sizeof kept);
    return err;
}

int keyfile_seal_again(uint8_t *ret, size_t *ret_size, struct span payload,
                       const struct keyfile_kept *kept, struct hop_drbg *drbg)
{
    uint8_t header[KEYFILE_HEADER_BYTES];
    if (payload.size > KEYFILE_PAYLOAD_BYTES_MAX)
        return HOP_EFULL;
    struct wire_writer w = wire_writer(ret, KEYFILE_BYTES_MAX);
    wire_put_bytes(&w, kept->header, sizeof kept->header);
    uint8_t *nonce = wire_take(&w, CRYPTO_NONCE_BYTES);
    uint8_t *sealed = wire_take(&w, payload.size + CRYPTO_TAG_BYTES);
    hop_drbg_take(drbg, nonce, CRYPTO_NONCE_BYTES);
    hop_seal(sealed, kept->data_key, nonce, bound_header(header, ret), payload);
    make_check(ret + CHECK_AT, wire_written(&w));
    *ret_size = w.used;
    return HOP_OK;
}

bool passphrase_good(struct span passphrase)
{
    size_t characters = 0, words = 0;
    bool inside = false;
    if (!utf8_valid(passphrase)) /* it could not be typed again the same way */
        return false;
    for (size_t i = 0; i < passphrase.size; i++) {
        uint8_t c = passphrase.data[i];
        bool blank = c == ' ' || (c >= '\t' && c <= '\r');
        characters += (c & 0xc0) != 0x80;
        words += !blank && !inside;
        inside = !blank;
    }
    return words > 0 && (characters >= PASSPHRASE_CHARACTERS_MIN || words >= PASSPHRASE_WORDS_MIN);
}

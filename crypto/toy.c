#include "crypto/crypto.h"

#include <stdlib.h>

#include <assert.h>

/* The toy backend: the names, sizes and failures of crypto/sodium.c at a fiftieth of the price.
 *
 * It is not cryptography. Anybody can forge a signature and undo the encryption. What it does keep
 * is what a protocol can observe from outside: altered bytes, another key, another nonce, another
 * label or additional data are refused; both sides of a key agreement arrive at the same secret;
 * garbage is not a valid signing key; nothing depends on addresses, padding or byte order, so a
 * run of the simulator repeats to the byte. Both backends pass tests/unit/crypto/contract_test.c.
 *
 * The mixer is four 64-bit lanes over stripes of 32 bytes, in the manner of xxHash64 (Y. Collet),
 * with a finalizer of splitmix64 (S. Vigna). Collisions by accident are as unlikely as 256 bits
 * of well-mixed state make them; collisions on purpose are easy. */

#define STRIPE_BYTES 32

static const uint64_t prime_1 = UINT64_C(0x9e3779b185ebca87);
static const uint64_t prime_2 = UINT64_C(0xc2b2ae3d27d4eb4f);
static const uint64_t prime_3 = UINT64_C(0x165667b19e3779f9);

struct mixer {
    uint64_t lane[4];
    uint64_t size; /* bytes taken in so far */
    uint8_t held[STRIPE_BYTES];
};

_Static_assert(sizeof(struct hop_hash) >= sizeof(struct mixer), "hop_hash must hold the mixer");

int hop_init(void)
{
    return HOP_OK;
}

const char *hop_backend(void)
{
    return "toy";
}

/* ---- the mixer ---- */

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t scramble(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Little endian by arithmetic: compilers make one load of it, and every machine agrees. */
static uint64_t load(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

static void store(uint8_t *p, uint64_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
    p[4] = (uint8_t)(v >> 32);
    p[5] = (uint8_t)(v >> 40);
    p[6] = (uint8_t)(v >> 48);
    p[7] = (uint8_t)(v >> 56);
}

static void mix_stripe(struct mixer *m, const uint8_t *p)
{
    for (size_t i = 0; i < 4; i++)
        m->lane[i] = rotl(m->lane[i] + load(p + 8 * i) * prime_2, 31) * prime_1;
}

static struct mixer *mixer_of(struct hop_hash *h)
{
    return (struct mixer *)(void *)h->state;
}

static void mixer_init(struct mixer *m, uint64_t purpose)
{
    memset(m, 0, sizeof *m);
    for (size_t i = 0; i < 4; i++)
        m->lane[i] = scramble(purpose + prime_3 * (i + 1));
}

static void mixer_add(struct mixer *m, const uint8_t *p, size_t size)
{
    size_t held = (size_t)(m->size % STRIPE_BYTES);
    m->size += size;
    if (held + size < STRIPE_BYTES) {
        if (size > 0)
            memcpy(m->held + held, p, size);
        return;
    }
    if (held > 0) {
        size_t need = STRIPE_BYTES - held;
        memcpy(m->held + held, p, need);
        mix_stripe(m, m->held);
        p += need;
        size -= need;
    }
    for (; size >= STRIPE_BYTES; p += STRIPE_BYTES, size -= STRIPE_BYTES)
        mix_stripe(m, p);
    if (size > 0)
        memcpy(m->held, p, size);
}

/* Up to eight words that each depend on every bit taken in. */
static void mixer_end(struct mixer *m, uint8_t *ret, size_t size)
{
    size_t held = (size_t)(m->size % STRIPE_BYTES);
    memset(m->held + held, 0, STRIPE_BYTES - held); /* the size tells padding from zeros */
    mix_stripe(m, m->held);
    uint64_t all = m->size * prime_3;
    for (size_t i = 0; i < 4; i++)
        all = scramble(all ^ m->lane[i]);
    for (size_t i = 0; 8 * i < size; i++) {
        uint8_t word[8];
        all += prime_1;
        store(word, scramble(all ^ rotl(m->lane[i % 4], (int)(7 * i + 1))));
        memcpy(ret + 8 * i, word, size - 8 * i < 8 ? size - 8 * i : 8);
    }
}

/* What a mixer is for, so that a signature is never also a hash or a tag. */
enum purpose {
    FOR_HASH = 1,
    FOR_DERIVE,
    FOR_PUBLIC,
    FOR_CHECK,
    FOR_SIG,
    FOR_BOX,
    FOR_SEAL,
    FOR_WORD,
    FOR_POINT,
    FOR_SHA
};

static void mix_label(struct mixer *m, enum crypto_label label)
{
    const char *text = crypto_label_text(label);
    mixer_add(m, (const uint8_t *)text, strlen(text) + 1);
}

/* ---- hashing ---- */

void hop_hash_init(struct hop_hash *h, enum crypto_label label)
{
    mixer_init(mixer_of(h), FOR_HASH);
    mix_label(mixer_of(h), label);
}

void hop_hash_add(struct hop_hash *h, struct span bytes)
{
    mixer_add(mixer_of(h), bytes.data, bytes.size);
}

void hop_hash_end(struct hop_hash *h, uint8_t *ret, size_t size)
{
    assert(size >= 1 && size <= 64);
    mixer_end(mixer_of(h), ret, size);
}

void hop_hash(uint8_t *ret, size_t size, enum crypto_label label, struct span bytes)
{
    struct hop_hash h;
    hop_hash_init(&h, label);
    hop_hash_add(&h, bytes);
    hop_hash_end(&h, ret, size);
}

void hop_derive(uint8_t *ret, size_t size, const uint8_t key[static CRYPTO_KEY_BYTES],
                enum crypto_label label, struct span context)
{
    struct mixer m;
    assert(size >= 1 && size <= 64);
    mixer_init(&m, FOR_DERIVE);
    mixer_add(&m, key, CRYPTO_KEY_BYTES);
    mix_label(&m, label);
    mixer_add(&m, context.data, context.size);
    mixer_end(&m, ret, size);
}

/* ---- signatures: a hash of the public key and the message; anybody could make one ---- */

/* The last eight bytes of a public key are a check of the others, so that garbage is as unlikely
 * to be a valid key as it is to be a point of prime order. */
static uint64_t key_check(const uint8_t public_key[static 32])
{
    struct mixer m;
    uint8_t check[8];
    mixer_init(&m, FOR_CHECK);
    mixer_add(&m, public_key, 24);
    mixer_end(&m, check, sizeof check);
    return load(check);
}

void hop_sign_keypair(struct hop_sign_key *ret, const uint8_t seed[static CRYPTO_SEED_BYTES])
{
    struct mixer m;
    mixer_init(&m, FOR_PUBLIC);
    mixer_add(&m, seed, CRYPTO_SEED_BYTES);
    mixer_end(&m, ret->public_key, 24);
    store(ret->public_key + 24, key_check(ret->public_key));
    memcpy(ret->secret, seed, CRYPTO_SEED_BYTES);
    memcpy(ret->secret + CRYPTO_SEED_BYTES, ret->public_key, sizeof ret->public_key);
}

static void toy_sign(uint8_t sig[static CRYPTO_SIG_BYTES], const uint8_t public_key[static 32],
                     enum crypto_label label, struct span message)
{
    struct mixer m;
    mixer_init(&m, FOR_SIG);
    mixer_add(&m, public_key, 32);
    mix_label(&m, label);
    mixer_add(&m, message.data, message.size);
    mixer_end(&m, sig, CRYPTO_SIG_BYTES);
}

void hop_sign(uint8_t sig[static CRYPTO_SIG_BYTES], const struct hop_sign_key *key,
              enum crypto_label label, struct span message)
{
    toy_sign(sig, key->secret + CRYPTO_SEED_BYTES, label, message);
}

int hop_verify(const uint8_t sig[static CRYPTO_SIG_BYTES], const uint8_t public_key[static 32],
               enum crypto_label label, struct span message)
{
    uint8_t want[CRYPTO_SIG_BYTES];
    if (!hop_sign_key_valid(public_key))
        return HOP_EAUTH;
    toy_sign(want, public_key, label, message);
    return memcmp(sig, want, sizeof want) == 0 ? HOP_OK : HOP_EAUTH;
}

bool hop_sign_key_valid(const uint8_t public_key[static 32])
{
    return load(public_key + 24) == key_check(public_key);
}

/* ---- key agreement: multiplication modulo 2^64, four times ---- */

/* Odd, so that the only public key that multiplies to zero is zero: the stand-in for clamping. */
static uint64_t scalar(const uint8_t secret[static 32], size_t lane)
{
    return load(secret + 8 * lane) | 1;
}

void hop_box_keypair(struct hop_box_key *ret, const uint8_t seed[static CRYPTO_SEED_BYTES])
{
    memcpy(ret->secret, seed, sizeof ret->secret);
    for (size_t i = 0; i < 4; i++)
        store(ret->public_key + 8 * i, scalar(seed, i) * (prime_1 + 2 * i));
}

int hop_box_shared(uint8_t ret[static 32], const uint8_t secret[static 32],
                   const uint8_t public_key[static 32])
{
    struct mixer m;
    uint8_t any = public_key[0] & 0xfe; /* 0 and 1 are the small orders of X25519 people send */
    mixer_init(&m, FOR_BOX);
    for (size_t i = 0; i < 4; i++) {
        uint8_t product[8];
        store(product, scalar(secret, i) * load(public_key + 8 * i));
        mixer_add(&m, product, sizeof product);
    }
    for (size_t i = 1; i < 32; i++)
        any |= public_key[i];
    if (any == 0) {
        memset(ret, 0, 32);
        return HOP_EAUTH;
    }
    mixer_end(&m, ret, 32);
    return HOP_OK;
}

/* ---- authenticated encryption: a counter through the scrambler, and a hash as the tag ---- */

static void mask(uint8_t *ret, uint64_t stream, const uint8_t *from, size_t size)
{
    for (; size >= 8; ret += 8, from += 8, size -= 8) {
        store(ret, load(from) ^ scramble(stream));
        stream += prime_1;
    }
    uint64_t last = scramble(stream);
    for (size_t i = 0; i < size; i++)
        ret[i] = from[i] ^ (uint8_t)(last >> (8 * i));
}

/* The start of the key stream; m is left ready for what the tag covers. */
static uint64_t seal_begin(struct mixer *m, const uint8_t *key, const uint8_t *nonce,
                           size_t nonce_size, struct span ad)
{
    uint8_t stream[8];
    struct mixer w;
    mixer_init(m, FOR_SEAL);
    mixer_add(m, key, CRYPTO_KEY_BYTES);
    mixer_add(m, nonce, nonce_size);
    w = *m;
    mixer_end(&w, stream, sizeof stream);
    uint8_t size[8];
    store(size, ad.size); /* or "ab"+"c" and "a"+"bc" would have one tag */
    mixer_add(m, size, sizeof size);
    mixer_add(m, ad.data, ad.size);
    return load(stream);
}

static void toy_seal(uint8_t *ret, const uint8_t *key, const uint8_t *nonce, size_t nonce_size,
                     struct span ad, struct span text)
{
    struct mixer m;
    uint64_t stream = seal_begin(&m, key, nonce, nonce_size, ad);
    mask(ret, stream, text.data, text.size);
    mixer_add(&m, ret, text.size);
    mixer_end(&m, ret + text.size, CRYPTO_TAG_BYTES);
}

static int toy_open(uint8_t *ret, const uint8_t *key, const uint8_t *nonce, size_t nonce_size,
                    struct span ad, struct span sealed)
{
    if (sealed.size < CRYPTO_TAG_BYTES)
        return HOP_EAUTH;
    struct mixer m;
    size_t size = sealed.size - CRYPTO_TAG_BYTES;
    uint8_t tag[CRYPTO_TAG_BYTES];
    uint64_t stream = seal_begin(&m, key, nonce, nonce_size, ad);
    mixer_add(&m, sealed.data, size);
    mixer_end(&m, tag, sizeof tag);
    if (memcmp(tag, sealed.data + size, sizeof tag) != 0) {
        if (size > 0)
            memset(ret, 0, size);
        return HOP_EAUTH;
    }
    mask(ret, stream, sealed.data, size);
    return HOP_OK;
}

void hop_seal(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
              const uint8_t nonce[static CRYPTO_NONCE_BYTES], struct span ad, struct span text)
{
    toy_seal(ret, key, nonce, CRYPTO_NONCE_BYTES, ad, text);
}

int hop_open(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
             const uint8_t nonce[static CRYPTO_NONCE_BYTES], struct span ad, struct span sealed)
{
    return toy_open(ret, key, nonce, CRYPTO_NONCE_BYTES, ad, sealed);
}

void hop_seal_short(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
                    const uint8_t nonce[static CRYPTO_SHORT_NONCE_BYTES], struct span ad,
                    struct span text)
{
    toy_seal(ret, key, nonce, CRYPTO_SHORT_NONCE_BYTES, ad, text);
}

int hop_open_short(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
                   const uint8_t nonce[static CRYPTO_SHORT_NONCE_BYTES], struct span ad,
                   struct span sealed)
{
    return toy_open(ret, key, nonce, CRYPTO_SHORT_NONCE_BYTES, ad, sealed);
}

/* ---- the group: three lanes of multiplication modulo 2^64, and a check ---- */

bool hop_point_valid(const uint8_t point[static CRYPTO_POINT_BYTES])
{
    return load(point + 24) == key_check(point);
}

/* The order of the toy's group is 2^252, so that what is no scalar of the real one seldom is one
 * here. */
bool hop_scalar_valid(const uint8_t bytes[static CRYPTO_SCALAR_BYTES])
{
    uint8_t any = 0;
    for (size_t i = 0; i < CRYPTO_SCALAR_BYTES; i++)
        any |= bytes[i];
    return any != 0 && (bytes[31] & 0xf0) == 0;
}

void hop_point_from_hash(uint8_t ret[static CRYPTO_POINT_BYTES],
                         const uint8_t hash[static CRYPTO_WIDE_BYTES])
{
    struct mixer m;
    mixer_init(&m, FOR_POINT);
    mixer_add(&m, hash, CRYPTO_WIDE_BYTES);
    mixer_end(&m, ret, 24);
    store(ret + 24, key_check(ret));
}

int hop_point_mul(uint8_t ret[static CRYPTO_POINT_BYTES],
                  const uint8_t by[static CRYPTO_SCALAR_BYTES],
                  const uint8_t point[static CRYPTO_POINT_BYTES])
{
    if (!hop_point_valid(point) || !hop_scalar_valid(by)) {
        memset(ret, 0, CRYPTO_POINT_BYTES);
        return HOP_EAUTH;
    }
    for (size_t i = 0; i < 3; i++)
        store(ret + 8 * i, scalar(by, i) * load(point + 8 * i));
    store(ret + 24, key_check(ret));
    return HOP_OK;
}

void hop_sha512(uint8_t ret[static CRYPTO_WIDE_BYTES], struct span message)
{
    struct mixer m;
    mixer_init(&m, FOR_SHA);
    mixer_add(&m, message.data, message.size);
    mixer_end(&m, ret, CRYPTO_WIDE_BYTES);
}

/* ---- passwords and secrets ---- */

int hop_password(uint8_t ret[static CRYPTO_KEY_BYTES], struct span password,
                 const uint8_t salt[static CRYPTO_SALT_BYTES], uint32_t ops, uint64_t memory_bytes)
{
    struct mixer m;
    uint8_t cost[16];
    mixer_init(&m, FOR_WORD);
    store(cost, ops);
    store(cost + 8, memory_bytes);
    mixer_add(&m, cost, sizeof cost);
    mixer_add(&m, salt, CRYPTO_SALT_BYTES);
    mixer_add(&m, password.data, password.size);
    mixer_end(&m, ret, CRYPTO_KEY_BYTES);
    return HOP_OK;
}

bool hop_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    return size == 0 || memcmp(a, b, size) == 0;
}

void hop_wipe(void *bytes, size_t size)
{
    volatile uint8_t *p = bytes;
    while (size-- > 0)
        *p++ = 0;
}

void *hop_secret_new(size_t size)
{
    return calloc(1, size > 0 ? size : 1);
}

void hop_secret_free(void *secret, size_t size)
{
    if (secret != NULL)
        hop_wipe(secret, size);
    free(secret);
}

bool hop_guard(void *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return true;
}

void hop_unguard(void *bytes, size_t size)
{
    hop_wipe(bytes, size);
}

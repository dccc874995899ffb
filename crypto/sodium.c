#include "crypto/crypto.h"

#include <assert.h>
#include <sodium.h>

_Static_assert(sizeof(struct hop_hash) >= sizeof(crypto_generichash_blake2b_state),
               "hop_hash must hold libsodium's state");
_Static_assert(_Alignof(struct hop_hash) >= _Alignof(crypto_generichash_blake2b_state),
               "hop_hash must be aligned as libsodium's state");

int hop_init(void)
{
    return sodium_init() < 0 ? HOP_EIO : HOP_OK;
}

const char *hop_backend(void)
{
    return "sodium";
}

static crypto_generichash_blake2b_state *state_of(struct hop_hash *h)
{
    return (crypto_generichash_blake2b_state *)(void *)h->state;
}

void hop_hash_init(struct hop_hash *h, enum crypto_label label)
{
    const char *text = crypto_label_text(label);
    int rc = crypto_generichash_blake2b_init(state_of(h), (const uint8_t *)text, strlen(text), 64);
    assert(rc == 0);
}

void hop_hash_add(struct hop_hash *h, struct span bytes)
{
    if (bytes.size > 0)
        (void)crypto_generichash_blake2b_update(state_of(h), bytes.data, bytes.size);
}

/* BLAKE2b mixes its output length into the start of the state, so an incremental hash whose
 * length is only known at the end is taken at 64 bytes and cut. docs/protocol.md §2 says so. */
void hop_hash_end(struct hop_hash *h, uint8_t *ret, size_t size)
{
    uint8_t full[64];
    assert(size >= 1 && size <= sizeof full);
    int rc = crypto_generichash_blake2b_final(state_of(h), full, sizeof full);
    assert(rc == 0);
    memcpy(ret, full, size);
    sodium_memzero(full, sizeof full);
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
    const char *text = crypto_label_text(label);
    struct hop_hash h;
    int rc = crypto_generichash_blake2b_init(state_of(&h), key, CRYPTO_KEY_BYTES, 64);
    assert(rc == 0);
    hop_hash_add(&h, SPAN((const uint8_t *)text, strlen(text) + 1));
    hop_hash_add(&h, context);
    hop_hash_end(&h, ret, size);
    sodium_memzero(&h, sizeof h);
}

void hop_sign_keypair(struct hop_sign_key *ret, const uint8_t seed[static CRYPTO_SEED_BYTES])
{
    (void)crypto_sign_ed25519_seed_keypair(ret->public_key, ret->secret, seed);
}

void hop_sign(uint8_t sig[static CRYPTO_SIG_BYTES], const struct hop_sign_key *key,
              enum crypto_label label, struct span message)
{
    uint8_t hash[CRYPTO_HASH_BYTES];
    hop_hash(hash, sizeof hash, label, message);
    (void)crypto_sign_ed25519_detached(sig, NULL, hash, sizeof hash, key->secret);
}

int hop_verify(const uint8_t sig[static CRYPTO_SIG_BYTES], const uint8_t public_key[static 32],
               enum crypto_label label, struct span message)
{
    uint8_t hash[CRYPTO_HASH_BYTES];
    hop_hash(hash, sizeof hash, label, message);
    int rc = crypto_sign_ed25519_verify_detached(sig, hash, sizeof hash, public_key);
    return rc == 0 ? HOP_OK : HOP_EAUTH;
}

bool hop_sign_key_valid(const uint8_t public_key[static 32])
{
    return crypto_core_ed25519_is_valid_point(public_key) == 1;
}

void hop_box_keypair(struct hop_box_key *ret, const uint8_t seed[static CRYPTO_SEED_BYTES])
{
    memcpy(ret->secret, seed, sizeof ret->secret); /* X25519 clamps by itself (RFC 7748 §5) */
    (void)crypto_scalarmult_curve25519_base(ret->public_key, ret->secret);
}

int hop_box_shared(uint8_t ret[static 32], const uint8_t secret[static 32],
                   const uint8_t public_key[static 32])
{
    return crypto_scalarmult_curve25519(ret, secret, public_key) == 0 ? HOP_OK : HOP_EAUTH;
}

void hop_seal(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
              const uint8_t nonce[static CRYPTO_NONCE_BYTES], struct span ad, struct span text)
{
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(ret, NULL, text.data, text.size, ad.data,
                                                     ad.size, NULL, nonce, key);
}

int hop_open(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
             const uint8_t nonce[static CRYPTO_NONCE_BYTES], struct span ad, struct span sealed)
{
    int rc = crypto_aead_xchacha20poly1305_ietf_decrypt(ret, NULL, NULL, sealed.data, sealed.size,
                                                        ad.data, ad.size, nonce, key);
    return rc == 0 ? HOP_OK : HOP_EAUTH;
}

void hop_seal_short(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
                    const uint8_t nonce[static CRYPTO_SHORT_NONCE_BYTES], struct span ad,
                    struct span text)
{
    (void)crypto_aead_chacha20poly1305_ietf_encrypt(ret, NULL, text.data, text.size, ad.data,
                                                    ad.size, NULL, nonce, key);
}

int hop_open_short(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
                   const uint8_t nonce[static CRYPTO_SHORT_NONCE_BYTES], struct span ad,
                   struct span sealed)
{
    int rc = crypto_aead_chacha20poly1305_ietf_decrypt(ret, NULL, NULL, sealed.data, sealed.size,
                                                       ad.data, ad.size, nonce, key);
    return rc == 0 ? HOP_OK : HOP_EAUTH;
}

int hop_password(uint8_t ret[static CRYPTO_KEY_BYTES], struct span password,
                 const uint8_t salt[static CRYPTO_SALT_BYTES], uint32_t ops, uint64_t memory_bytes)
{
    int rc = crypto_pwhash_argon2id(ret, CRYPTO_KEY_BYTES, (const char *)password.data,
                                    password.size, salt, ops, (size_t)memory_bytes,
                                    crypto_pwhash_argon2id_ALG_ARGON2ID13);
    return rc == 0 ? HOP_OK : HOP_ENOMEM;
}

bool hop_point_valid(const uint8_t point[static CRYPTO_POINT_BYTES])
{
    return (point[31] & 0x80) == 0 && !sodium_is_zero(point, CRYPTO_POINT_BYTES) &&
           crypto_core_ristretto255_is_valid_point(point) == 1;
}

/* Reducing changes whatever is not reduced already. */
bool hop_scalar_valid(const uint8_t scalar[static CRYPTO_SCALAR_BYTES])
{
    uint8_t wide[CRYPTO_WIDE_BYTES] = {0}, reduced[CRYPTO_SCALAR_BYTES];
    memcpy(wide, scalar, CRYPTO_SCALAR_BYTES);
    crypto_core_ristretto255_scalar_reduce(reduced, wide);
    bool valid = sodium_memcmp(reduced, scalar, sizeof reduced) == 0 &&
                 !sodium_is_zero(scalar, CRYPTO_SCALAR_BYTES);
    sodium_memzero(wide, sizeof wide);
    sodium_memzero(reduced, sizeof reduced);
    return valid;
}

void hop_point_from_hash(uint8_t ret[static CRYPTO_POINT_BYTES],
                         const uint8_t hash[static CRYPTO_WIDE_BYTES])
{
    (void)crypto_core_ristretto255_from_hash(ret, hash);
}

int hop_point_mul(uint8_t ret[static CRYPTO_POINT_BYTES],
                  const uint8_t scalar[static CRYPTO_SCALAR_BYTES],
                  const uint8_t point[static CRYPTO_POINT_BYTES])
{
    if (hop_point_valid(point) && hop_scalar_valid(scalar) &&
        crypto_scalarmult_ristretto255(ret, scalar, point) == 0)
        return HOP_OK;
    memset(ret, 0, CRYPTO_POINT_BYTES);
    return HOP_EAUTH;
}

void hop_sha512(uint8_t ret[static CRYPTO_WIDE_BYTES], struct span message)
{
    (void)crypto_hash_sha512(ret, message.data, message.size);
}

bool hop_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    return size == 0 || sodium_memcmp(a, b, size) == 0;
}

void hop_wipe(void *bytes, size_t size)
{
    sodium_memzero(bytes, size);
}

#define SECRET_ALIGN 64 /* libsodium puts the end of it at the end of a page */

void *hop_secret_new(size_t size)
{
    size_t room = (size + SECRET_ALIGN - 1) / SECRET_ALIGN * SECRET_ALIGN;
    void *secret = sodium_malloc(room);
    if (secret != NULL)
        memset(secret, 0, room);
    return secret;
}

void hop_secret_free(void *secret, size_t size)
{
    (void)size;
    sodium_free(secret); /* wipes */
}

bool hop_guard(void *bytes, size_t size)
{
    return sodium_mlock(bytes, size) == 0;
}

void hop_unguard(void *bytes, size_t size)
{
    sodium_memzero(bytes, size); /* where locking was not allowed, unlocking may not wipe */
    (void)sodium_munlock(bytes, size);
}

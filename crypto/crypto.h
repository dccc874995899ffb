/* The primitives of suite 1, wrapped once: Ed25519, X25519, XChaCha20-Poly1305,
 * ChaCha20-Poly1305-IETF, BLAKE2b, Argon2id.
 *
 * Names start with hop_, because crypto_ is libsodium's own prefix.
 *
 * Two implementations of the same names: crypto/sodium.c over libsodium, and crypto/toy.c, fast
 * keyed hashes with the same sizes and the same failure cases, for simulations of millions of
 * deliveries. Each program links one. Nothing here draws entropy (see crypto/drbg.h and
 * crypto/entropy.h), allocates or blocks, except hop_password(), which takes the memory it is
 * told to, and hop_secret_new(). All functions are thread-safe after hop_init(). */
#ifndef HOP_CRYPTO_CRYPTO_H
#define HOP_CRYPTO_CRYPTO_H

#include "base/err.h"
#include "base/span.h"
#include "crypto/labels.h"

#define CRYPTO_HASH_BYTES        32
#define CRYPTO_KEY_BYTES         32
#define CRYPTO_SEED_BYTES        32
#define CRYPTO_SIG_BYTES         64
#define CRYPTO_TAG_BYTES         16 /* Poly1305, appended to every ciphertext */
#define CRYPTO_NONCE_BYTES       24
#define CRYPTO_SHORT_NONCE_BYTES 12
#define CRYPTO_SALT_BYTES        16

/* Prepare the library; call once before anything else. HOP_EIO if it cannot work here. */
MUST_USE int hop_init(void);

/* "sodium" or "toy": for reports, and so that a release build can refuse the toy. */
const char *hop_backend(void);

/* ---- hashing: BLAKE2b keyed by a label (RFC 7693) ---- */

struct hop_hash {
    _Alignas(64) uint8_t state[448];
};

void hop_hash_init(struct hop_hash *h, enum crypto_label label);
void hop_hash_add(struct hop_hash *h, struct span bytes);
void hop_hash_end(struct hop_hash *h, uint8_t *ret, size_t size); /* size 16..64 */

/* One-shot: the hash of one span under a label. */
void hop_hash(uint8_t *ret, size_t size, enum crypto_label label, struct span bytes);

/* A key from a key: BLAKE2b(key = key, message = label || 0x00 || context). */
void hop_derive(uint8_t *ret, size_t size, const uint8_t key[static CRYPTO_KEY_BYTES],
                enum crypto_label label, struct span context);

/* ---- signatures: Ed25519 over BLAKE2b-256(label, message) ---- */

struct hop_sign_key {
    uint8_t public_key[32];
    uint8_t secret[64]; /* as libsodium keeps it: seed, then public key */
};

void hop_sign_keypair(struct hop_sign_key *ret, const uint8_t seed[static CRYPTO_SEED_BYTES]);
void hop_sign(uint8_t sig[static CRYPTO_SIG_BYTES], const struct hop_sign_key *key,
              enum crypto_label label, struct span message);

/* HOP_EAUTH unless sig is what the one rule of docs/protocol.md §2 accepts: S < L, A and R
 * canonical and of large order, cofactorless equation. */
MUST_USE int hop_verify(const uint8_t sig[static CRYPTO_SIG_BYTES],
                        const uint8_t public_key[static 32], enum crypto_label label,
                        struct span message);

/* True if the key is a canonical point of prime order: asked once, when a key is admitted. */
bool hop_sign_key_valid(const uint8_t public_key[static 32]);

/* ---- key agreement: X25519 (RFC 7748) ---- */

struct hop_box_key {
    uint8_t public_key[32];
    uint8_t secret[32];
};

void hop_box_keypair(struct hop_box_key *ret, const uint8_t seed[static CRYPTO_SEED_BYTES]);

/* The shared point; HOP_EAUTH if it is zero (the other key has small order). Hash it before use. */
MUST_USE int hop_box_shared(uint8_t ret[static 32], const uint8_t secret[static 32],
                            const uint8_t public_key[static 32]);

/* ---- authenticated encryption ---- */

/* XChaCha20-Poly1305: writes text.size + CRYPTO_TAG_BYTES to ret. ret may equal text.data. */
void hop_seal(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
              const uint8_t nonce[static CRYPTO_NONCE_BYTES], struct span ad, struct span text);

/* Writes sealed.size - CRYPTO_TAG_BYTES; HOP_EAUTH (and zeros) if it was not sealed so. */
MUST_USE int hop_open(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
                      const uint8_t nonce[static CRYPTO_NONCE_BYTES], struct span ad,
                      struct span sealed);

/* ChaCha20-Poly1305-IETF (RFC 8439), for voice and key slots: the same with a 12-byte nonce. */
void hop_seal_short(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
                    const uint8_t nonce[static CRYPTO_SHORT_NONCE_BYTES], struct span ad,
                    struct span text);
MUST_USE int hop_open_short(uint8_t *ret, const uint8_t key[static CRYPTO_KEY_BYTES],
                            const uint8_t nonce[static CRYPTO_SHORT_NONCE_BYTES], struct span ad,
                            struct span sealed);

/* ---- passwords: Argon2id 1.3 (RFC 9106) ---- */

/* HOP_ENOMEM if the memory cannot be had. The caller has checked ops and memory for sense. */
MUST_USE int hop_password(uint8_t ret[static CRYPTO_KEY_BYTES], struct span password,
                          const uint8_t salt[static CRYPTO_SALT_BYTES], uint32_t ops,
                          uint64_t memory_bytes);

/* ---- a group of prime order: ristretto255 (RFC 9496), and SHA-512 (FIPS 180-4) ----
 *
 * For protocols that are written over a group (crypto/cpace.h). Stricter than libsodium 1.0.18,
 * which ignores bit 255 of an encoding and reduces scalars: a point and a scalar have one spelling
 * here, and the neutral element is no point. */
#define CRYPTO_POINT_BYTES  32
#define CRYPTO_SCALAR_BYTES 32
#define CRYPTO_WIDE_BYTES   64

bool hop_point_valid(const uint8_t point[static CRYPTO_POINT_BYTES]);
bool hop_scalar_valid(const uint8_t scalar[static CRYPTO_SCALAR_BYTES]); /* 1 to the order - 1 */

/* The element derivation of RFC 9496 §4.3.4: uniform bytes to a point nobody knows the logarithm
 * of. */
void hop_point_from_hash(uint8_t ret[static CRYPTO_POINT_BYTES],
                         const uint8_t hash[static CRYPTO_WIDE_BYTES]);

/* scalar * point. HOP_EAUTH (and zeros) unless both are valid and so is the product. */
MUST_USE int hop_point_mul(uint8_t ret[static CRYPTO_POINT_BYTES],
                           const uint8_t scalar[static CRYPTO_SCALAR_BYTES],
                           const uint8_t point[static CRYPTO_POINT_BYTES]);

void hop_sha512(uint8_t ret[static CRYPTO_WIDE_BYTES], struct span message);

/* ---- secrets in memory ---- */

bool hop_equal(const uint8_t *a, const uint8_t *b, size_t size); /* constant time */
void hop_wipe(void *bytes, size_t size);

/* Memory for secrets, zeroed: locked (it is not swapped out) as far as the limits of the system
 * allow, left out of core files, between pages that nobody can touch. NULL if there is none. */
void *hop_secret_new(size_t size);
void hop_secret_free(void *secret, size_t size); /* wipes it first; NULL is fine */

/* The same care for memory that is the caller's already, until hop_unguard(), which wipes it. False
 * if the system does not allow it to be locked: it can be swapped out then. */
bool hop_guard(void *bytes, size_t size);
void hop_unguard(void *bytes, size_t size);

#endif

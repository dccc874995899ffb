/* Random bytes for keys and nonces, from one seed: a fast-key-erasure generator.
 *
 * The node seeds it from the operating system (crypto/entropy.h) at start; the simulator seeds
 * it from (run seed, node name), so that a run can be repeated to the byte. Each request runs
 * BLAKE2b under the current key and replaces the key first, so that what was handed out cannot
 * be recomputed from a later state (D. J. Bernstein, "Fast-key-erasure random-number
 * generators", 2017). Not thread-safe: one generator per owner. */
#ifndef HOP_CRYPTO_DRBG_H
#define HOP_CRYPTO_DRBG_H

#include "crypto/crypto.h"

struct hop_drbg {
    uint8_t key[CRYPTO_KEY_BYTES];
    bool seeded; /* drawing from an unseeded generator is a broken promise: it asserts */
};

void hop_drbg_seed(struct hop_drbg *d, const uint8_t seed[static CRYPTO_SEED_BYTES]);
void hop_drbg_take(struct hop_drbg *d, uint8_t *ret, size_t size);
uint64_t hop_drbg_u64(struct hop_drbg *d);

#endif

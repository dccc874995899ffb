#include "crypto/entropy.h"

#include <sodium.h>

void hop_entropy_seed(struct hop_drbg *ret)
{
    uint8_t seed[CRYPTO_SEED_BYTES];
    randombytes_buf(seed, sizeof seed);
    hop_drbg_seed(ret, seed);
    sodium_memzero(seed, sizeof seed);
}

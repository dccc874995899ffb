#include "crypto/drbg.h"

#include <assert.h>

void hop_drbg_seed(struct hop_drbg *d, const uint8_t seed[static CRYPTO_SEED_BYTES])
{
    hop_derive(d->key, sizeof d->key, seed, LABEL_DRBG, span_text("seed"));
    d->seeded = true;
}

void hop_drbg_take(struct hop_drbg *d, uint8_t *ret, size_t size)
{
    assert(d->seeded);
    while (size > 0) {
        uint8_t block[64];
        hop_derive(block, sizeof block, d->key, LABEL_DRBG, span_text("next"));
        memcpy(d->key, block, sizeof d->key);
        size_t n = size < 32 ? size : 32;
        memcpy(ret, block + 32, n);
        hop_wipe(block, sizeof block);
        ret += n;
        size -= n;
    }
}

uint64_t hop_drbg_u64(struct hop_drbg *d)
{
    uint64_t v;
    hop_drbg_take(d, (uint8_t *)&v, sizeof v);
    return v;
}

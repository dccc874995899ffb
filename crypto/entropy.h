/* The only door to the operating system's randomness (an edge). */
#ifndef HOP_CRYPTO_ENTROPY_H
#define HOP_CRYPTO_ENTROPY_H

#include "crypto/drbg.h"

/* A generator seeded with 32 bytes from the operating system. */
void hop_entropy_seed(struct hop_drbg *ret);

#endif

/* Random choices of the protocol (jitter, order, who first): reproducible, not secret.
 *
 * xoshiro256** (Blackman & Vigna, 2018, prng.di.unimi.it), seeded through splitmix64. One stream
 * per purpose: fork with a four-letter tag, so that adding a draw in one place does not change
 * all others. Keys and nonces never come from here; see crypto/drbg.h. */
#ifndef HOP_BASE_RNG_H
#define HOP_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

struct rng rng_seeded(uint64_t seed);

/* A stream of its own for one purpose, from the state of r and the tag; r does not change. Keep
 * a stream that is only ever forked, so that forks do not depend on the order of draws. */
struct rng rng_fork(const struct rng *r, uint64_t tag);

uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* 0 .. n-1 without bias; n > 0 */

/* A tag from up to eight letters: rng_tag("beacon"). */
uint64_t rng_tag(const char *name);

#endif

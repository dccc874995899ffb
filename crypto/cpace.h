/* CPace: from a short secret that two people share to a key that only they have.
 *
 * Suite CPACE-RISTR255-SHA512 of draft-irtf-cfrg-cpace-21, initiator-responder (§7, §8.3), and its
 * test vectors (appendix B.3). Whoever does not know the password learns nothing from a run and can
 * try one password in it; so whoever owns the password counts the runs that fail.
 *
 * Key confirmation is the caller's: until the other side has shown that it has the same key, all
 * that is known is that somebody answered. Pure; draws nothing. */
#ifndef HOP_CRYPTO_CPACE_H
#define HOP_CRYPTO_CPACE_H

#include "crypto/crypto.h"

/* The most that a password, a channel, a session, or data may have. */
#define CPACE_INPUT_BYTES 64
#define CPACE_KEY_BYTES   64

/* What both sides must have alike; spans are borrowed. */
struct cpace_names {
    struct span password; /* the draft's PRS */
    struct span channel;  /* CI: who is connected to whom, as far as both know */
    struct span session;  /* sid: no run may have that of another */
};

struct cpace {
    uint8_t secret[CRYPTO_SCALAR_BYTES]; /* wipe it */
    uint8_t share[CRYPTO_POINT_BYTES];   /* send it */
};

/* From 32 random bytes, used for nothing else. HOP_EAUTH if they make no scalar: all but four bits
 * of them are zero. */
MUST_USE int cpace_begin(struct cpace *ret, const struct cpace_names *names,
                         const uint8_t random[static 32]);

/* What one side sends: its share, and data that the key shall depend on. */
struct cpace_message {
    const uint8_t *share; /* 32 bytes */
    struct span data;
};

/* The key, of the run between this initiator and this responder; `mine` is one of the two.
 * HOP_EAUTH (and zeros) if the other's share is no point, or the neutral element comes out. */
MUST_USE int cpace_finish(uint8_t ret[static CPACE_KEY_BYTES], const struct cpace *mine,
                          struct span session, const struct cpace_message *initiator,
                          const struct cpace_message *responder);

#endif

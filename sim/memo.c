/* crypto = memo: signatures that this process has made or checked before are not checked again.
 *
 * A thousand virtual devices check the same signature a thousand times; the answer is a pure
 * function of signature, key, label and message, so it is kept in a table that all share. Nothing
 * else changes: the bytes on the air are those of real signatures, and a run has the same digest
 * with it and without (tests/sim/commands). Linked with -Wl,--wrap: calls of hop_verify() and
 * hop_sign() anywhere in the program come here. */
#include "sim/memo.h"

#include "crypto/crypto.h"

#include <stdlib.h>

/* The names are given by the linker. */
int __real_hop_verify(const uint8_t sig[static CRYPTO_SIG_BYTES],
                      const uint8_t public_key[static 32], enum crypto_label label,
                      struct span message);
int __wrap_hop_verify(const uint8_t sig[static CRYPTO_SIG_BYTES],
                      const uint8_t public_key[static 32], enum crypto_label label,
                      struct span message);
void __real_hop_sign(uint8_t sig[static CRYPTO_SIG_BYTES], const struct hop_sign_key *key,
                     enum crypto_label label, struct span message);
void __wrap_hop_sign(uint8_t sig[static CRYPTO_SIG_BYTES], const struct hop_sign_key *key,
                     enum crypto_label label, struct span message);

#define MEMO_SLOTS (1u << 20) /* 32 MB; an older entry gives way */

static struct memo {
    uint8_t of[31];
    bool good;
} * memos; /* NULL: off */
static uint64_t hits;

bool sim_memo_on(void)
{
    if (memos == NULL)
        memos = calloc(MEMO_SLOTS, sizeof *memos);
    return memos != NULL;
}

uint64_t sim_memo_hits(void)
{
    return hits;
}

/* All that the answer depends on. */
static struct memo *slot_of(const uint8_t *sig, const uint8_t *key, enum crypto_label label,
                            struct span message, uint8_t ret[static 32])
{
    struct hop_hash h;
    hop_hash_init(&h, label);
    hop_hash_add(&h, SPAN(sig, CRYPTO_SIG_BYTES));
    hop_hash_add(&h, SPAN(key, 32));
    hop_hash_add(&h, message);
    hop_hash_end(&h, ret, 32);
    uint32_t slot = (uint32_t)ret[31] << 12 | (uint32_t)ret[30] << 4 | (ret[29] & 15);
    return &memos[slot % MEMO_SLOTS];
}

static void keep(struct memo *m, const uint8_t of[static 32], bool good)
{
    memcpy(m->of, of, sizeof m->of);
    m->good = good;
}

int __wrap_hop_verify(const uint8_t sig[static CRYPTO_SIG_BYTES],
                      const uint8_t public_key[static 32], enum crypto_label label,
                      struct span message)
{
    uint8_t of[32];
    if (memos == NULL)
        return __real_hop_verify(sig, public_key, label, message);
    struct memo *m = slot_of(sig, public_key, label, message, of);
    if (memcmp(m->of, of, sizeof m->of) == 0) {
        hits++;
        return m->good ? HOP_OK : HOP_EAUTH;
    }
    int err = __real_hop_verify(sig, public_key, label, message);
    keep(m, of, err == HOP_OK);
    return err;
}

void __wrap_hop_sign(uint8_t sig[static CRYPTO_SIG_BYTES], const struct hop_sign_key *key,
                     enum crypto_label label, struct span message)
{
    uint8_t of[32];
    __real_hop_sign(sig, key, label, message);
    if (memos != NULL) {
        struct memo *m = slot_of(sig, key->public_key, label, message, of);
        keep(m, of, true); /* what Ed25519 signs with a key, it verifies with it */
    }
}

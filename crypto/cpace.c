#include "crypto/cpace.h"

#include <assert.h>

#include "base/wire.h"

#define BLOCK_BYTES 128 /* of SHA-512 */

static const char group_name[] = "CPaceRistretto255";
static const char key_name[] = "CPaceRistretto255_ISK";

/* prepend_len() of the draft: the length in LEB128, which is one byte below 128, and the bytes. */
static void put_counted(struct wire_writer *w, struct span s)
{
    assert(s.size < 128);
    wire_put_u8(w, (uint8_t)s.size);
    wire_put_bytes(w, s.data, s.size);
}

static struct span name_of(const char *name, size_t size)
{
    return SPAN((const uint8_t *)name, size - 1);
}

/* The password fills the hash's first block to its end, so that the time it takes to hash what
 * follows tells nothing of it. */
static void generator(uint8_t ret[static CRYPTO_POINT_BYTES], const struct cpace_names *names)
{
    uint8_t bytes[BLOCK_BYTES + 2 * (CPACE_INPUT_BYTES + 1)], hash[CRYPTO_WIDE_BYTES];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    assert(names->password.size <= CPACE_INPUT_BYTES && names->channel.size <= CPACE_INPUT_BYTES &&
           names->session.size <= CPACE_INPUT_BYTES);
    put_counted(&w, name_of(group_name, sizeof group_name));
    put_counted(&w, names->password);
    size_t padding = BLOCK_BYTES - w.used - 1;
    wire_put_u8(&w, (uint8_t)padding);
    wire_put_zeros(&w, padding);
    put_counted(&w, names->channel);
    put_counted(&w, names->session);
    assert(!w.bad);
    hop_sha512(hash, wire_written(&w));
    hop_point_from_hash(ret, hash);
    hop_wipe(bytes, sizeof bytes);
    hop_wipe(hash, sizeof hash);
}

/* Uniform below 2^252, as §8.3 says: so close below the order that the difference does not show. */
int cpace_begin(struct cpace *ret, const struct cpace_names *names, const uint8_t random[static 32])
{
    uint8_t g[CRYPTO_POINT_BYTES];
    generator(g, names);
    memcpy(ret->secret, random, sizeof ret->secret);
    ret->secret[31] &= 0x0f;
    int err = hop_point_mul(ret->share, ret->secret, g);
    hop_wipe(g, sizeof g);
    return err;
}

static void put_message(struct wire_writer *w, const struct cpace_message *m)
{
    assert(m->data.size <= CPACE_INPUT_BYTES);
    put_counted(w, SPAN(m->share, CRYPTO_POINT_BYTES));
    put_counted(w, m->data);
}

int cpace_finish(uint8_t ret[static CPACE_KEY_BYTES], const struct cpace *mine, struct span session,
                 const struct cpace_message *initiator, const struct cpace_message *responder)
{
    uint8_t bytes[512], shared[CRYPTO_POINT_BYTES];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    bool first = memcmp(mine->share, initiator->share, CRYPTO_POINT_BYTES) == 0;
    int err = hop_point_mul(shared, mine->secret, first ? responder->share : initiator->share);
    memset(ret, 0, CPACE_KEY_BYTES);
    if (err == HOP_OK) {
        put_counted(&w, name_of(key_name, sizeof key_name));
        put_counted(&w, session);
        put_counted(&w, SPAN(shared, sizeof shared));
        put_message(&w, initiator);
        put_message(&w, responder);
        assert(!w.bad);
        hop_sha512(ret, wire_written(&w));
    }
    hop_wipe(bytes, sizeof bytes);
    hop_wipe(shared, sizeof shared);
    return err;
}

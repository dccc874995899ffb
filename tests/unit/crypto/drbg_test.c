#include "tests/lib/test.h"

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/drbg.h"

static void begin(struct hop_drbg *d, uint8_t first)
{
    uint8_t seed[CRYPTO_SEED_BYTES] = {0};
    seed[0] = first;
    CHECK_OK(hop_init());
    hop_drbg_seed(d, seed);
}

/* A run of the simulator is repeated by its seed: keys and nonces included. */
TEST(drbg_repeats_with_the_seed)
{
    struct hop_drbg a, b, c;
    uint8_t x[200], y[200], z[200];
    begin(&a, 1);
    begin(&b, 1);
    begin(&c, 2);
    hop_drbg_take(&a, x, sizeof x);
    hop_drbg_take(&b, y, sizeof y);
    hop_drbg_take(&c, z, sizeof z);
    CHECK_BYTES(x, y, sizeof x);
    for (size_t at = 0; at + 8 <= sizeof x; at += 8)
        CHECK(memcmp(x + at, z + at, 8) != 0);
}

/* A block handed out twice is a nonce used twice. */
TEST(drbg_never_repeats_a_block)
{
    enum { BLOCKS = 400 };
    static uint8_t blocks[BLOCKS][16];
    struct hop_drbg d;
    begin(&d, 3);
    for (size_t i = 0; i < BLOCKS / 2; i++)
        hop_drbg_take(&d, blocks[i], 16);                   /* one at a time */
    hop_drbg_take(&d, blocks[BLOCKS / 2], 16 * BLOCKS / 2); /* and many in one request */
    for (size_t i = 0; i < BLOCKS; i++) {
        for (size_t j = 0; j < i; j++)
            CHECK(memcmp(blocks[i], blocks[j], 16) != 0);
    }
}

/* Fast key erasure: whoever seizes the state must not find in it what was handed out before, nor
 * the key that made it. */
TEST(drbg_state_does_not_hold_what_was_handed_out)
{
    struct hop_drbg before, d;
    uint8_t out[96];
    begin(&d, 4);
    before = d;
    hop_drbg_take(&d, out, sizeof out);
    for (size_t at = 0; at < sizeof out; at += 32)
        CHECK(memcmp(out + at, d.key, 32) != 0);
    CHECK(memcmp(before.key, d.key, 32) != 0);
    before = d;
    (void)hop_drbg_u64(&d);
    CHECK(memcmp(before.key, d.key, 32) != 0); /* even after eight bytes */
}

/* Every byte of a short request must be written, and none after it. */
TEST(drbg_fills_exactly_what_was_asked)
{
    struct hop_drbg d;
    begin(&d, 5);
    for (size_t size = 0; size < 100; size++) {
        uint8_t bytes[101];
        int same = 0;
        memset(bytes, 0x77, sizeof bytes);
        hop_drbg_take(&d, bytes, size);
        CHECK_EQ(bytes[size], 0x77);
        for (size_t i = 0; i < size; i++)
            same += bytes[i] == 0x77;
        CHECK(same < 6); /* by chance 0.4 on average */
    }
}

/* Bits that lean one way would be guessable keys; a coarse check, for a broken generator. */
TEST(drbg_bits_are_balanced)
{
    struct hop_drbg d;
    int ones[64] = {0};
    begin(&d, 6);
    for (int i = 0; i < 4096; i++) {
        uint64_t v = hop_drbg_u64(&d);
        for (int bit = 0; bit < 64; bit++)
            ones[bit] += (int)(v >> bit & 1);
    }
    for (int bit = 0; bit < 64; bit++) /* mean 2048, deviation 32: six of them */
        CHECK(ones[bit] > 2048 - 192 && ones[bit] < 2048 + 192);
}

/* Drawing from a generator nobody seeded would give everybody the same keys: it must stop. */
TEST(drbg_stops_the_program_when_nobody_seeded_it)
{
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct hop_drbg d = {0};
        (void)close(2); /* the assertion's message is expected */
        (void)signal(SIGABRT, SIG_DFL);
        (void)hop_drbg_u64(&d);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

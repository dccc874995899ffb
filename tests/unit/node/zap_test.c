#include "node/zap.h"

#include <stdlib.h>
#include <zmq.h>

#include "tests/lib/test.h"

static struct hop_drbg drbg_of(const char *name)
{
    struct hop_drbg d;
    struct rng r = test_rng(name);
    uint8_t seed[CRYPTO_SEED_BYTES];
    CHECK_OK(hop_init());
    test_random(&r, seed, sizeof seed);
    hop_drbg_seed(&d, seed);
    return d;
}

static void key_of(uint8_t ret[static 32], unsigned n)
{
    memset(ret, 0, 32);
    ret[0] = (uint8_t)(n * 7);
    ret[31] = (uint8_t)n;
}

/* The proof that strangers are turned away must hold where they are. */
TEST(zap_self_test_passes_with_handler)
{
    struct hop_drbg drbg = drbg_of("zap");
    struct zap *z = NULL;
    void *context = zmq_ctx_new();
    CHECK_OK(zap_start(&z, context));
    CHECK_OK(zap_self_test(z, context, &drbg));
    zap_free(z);
    zmq_ctx_term(context);
}

/* libzmq lets everybody in when no handler answers: the self-test must see the difference. */
TEST(zap_self_test_fails_when_the_handler_is_dead)
{
    struct hop_drbg drbg = drbg_of("dead");
    struct zap *z = NULL;
    void *context = zmq_ctx_new();
    CHECK_OK(zap_start(&z, context));
    zap_stop(z);
    CHECK_ERR(zap_self_test(z, context, &drbg), HOP_EAUTH);
    zap_free(z);
    zmq_ctx_term(context);
}

/* After a change of the roster exactly the keys of the new table may pass. */
TEST(zap_table_is_replaced_whole)
{
    struct zap *z = NULL;
    void *context = zmq_ctx_new();
    uint8_t keys[40][32], other[32];
    CHECK_OK(zap_start(&z, context));
    for (unsigned i = 0; i < 40; i++)
        key_of(keys[i], 40 - i);
    CHECK(!zap_allows(z, keys[0]));
    CHECK_OK(zap_allow(z, (const uint8_t(*)[32])keys, 40));
    for (unsigned i = 0; i < 40; i++)
        CHECK(zap_allows(z, keys[i]));
    key_of(other, 41);
    CHECK(!zap_allows(z, other));
    CHECK_OK(zap_allow(z, (const uint8_t(*)[32])keys, 1));
    CHECK(zap_allows(z, keys[0]));
    CHECK(!zap_allows(z, keys[1]));
    CHECK_OK(zap_allow(z, NULL, 0));
    CHECK(!zap_allows(z, keys[0]));
    zap_free(z);
    zmq_ctx_term(context);
}

/* A table that would not fit must not open or close any door. */
TEST(zap_keeps_its_table_when_the_new_one_is_too_large)
{
    static uint8_t keys[ZAP_KEYS_MAX + 1][32];
    struct zap *z = NULL;
    void *context = zmq_ctx_new();
    CHECK_OK(zap_start(&z, context));
    for (unsigned i = 0; i <= ZAP_KEYS_MAX; i++) {
        keys[i][0] = (uint8_t)i;
        keys[i][1] = (uint8_t)(i >> 8);
    }
    CHECK_OK(zap_allow(z, (const uint8_t(*)[32])keys, 2));
    CHECK_ERR(zap_allow(z, (const uint8_t(*)[32])keys, ZAP_KEYS_MAX + 1), HOP_EFULL);
    CHECK(zap_allows(z, keys[1]));
    CHECK(!zap_allows(z, keys[2]));
    zap_free(z);
    zmq_ctx_term(context);
}

/* Send frames to the handler as libzmq would, and return the status it answers. */
static int ask(void *context, const char *const *frames, size_t count, const uint8_t *key,
               size_t key_size)
{
    char answer[6][300];
    int linger = 0, timeout = 3000;
    void *s = zmq_socket(context, ZMQ_REQ);
    zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(s, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
    CHECK_EQ(zmq_connect(s, "inproc://zeromq.zap.01"), 0);
    for (size_t i = 0; i < count; i++)
        zmq_send(s, frames[i], strlen(frames[i]), ZMQ_SNDMORE);
    zmq_send(s, key, key_size, 0);
    for (size_t i = 0; i < 6; i++) {
        int size = zmq_recv(s, answer[i], sizeof answer[i] - 1, 0);
        CHECK(size >= 0);
        answer[i][size] = 0;
    }
    zmq_close(s);
    CHECK_TEXT(answer[0], "1.0");
    return (int)strtol(answer[2], NULL, 10);
}

/* Whatever is not exactly a CURVE request of our domain is refused, allowed key or not. */
TEST(zap_refuses_requests_it_does_not_understand)
{
    static const struct {
        const char *frames[8];
        size_t count, key_size;
        int status;
    } cases[] = {
        {{"1.0", "7", "hop", "10.0.0.1", "", "CURVE"}, 6, 32, 200},
        {{"1.1", "7", "hop", "10.0.0.1", "", "CURVE"}, 6, 32, 400},
        {{"1.0", "7", "", "10.0.0.1", "", "CURVE"}, 6, 32, 400},
        {{"1.0", "7", "hopp", "10.0.0.1", "", "CURVE"}, 6, 32, 400},
        {{"1.0", "7", "hop", "10.0.0.1", "", "NULL"}, 6, 32, 400},
        {{"1.0", "7", "hop", "10.0.0.1", "", "PLAIN"}, 6, 32, 400},
        {{"1.0", "7", "hop", "10.0.0.1", "", "CURVE"}, 6, 31, 400},
        {{"1.0", "7", "hop", "10.0.0.1", "", "CURVE"}, 6, 0, 400},
        {{"1.0", "7", "hop", "10.0.0.1", "", "CURVE", "more"}, 7, 32, 400},
        {{"1.0", "7", "hop"}, 3, 32, 400},
    };
    struct zap *z = NULL;
    void *context = zmq_ctx_new();
    uint8_t key[32];
    key_of(key, 1);
    CHECK_OK(zap_start(&z, context));
    CHECK_OK(zap_allow(z, (const uint8_t(*)[32])key, 1));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_EQ(ask(context, cases[i].frames, cases[i].count, key, cases[i].key_size),
                 cases[i].status);
    zap_free(z);
    zmq_ctx_term(context);
}

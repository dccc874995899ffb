#include "tests/lib/test.h"

#include "crypto/keyfile.h"

/* Linked with both backends. Where Argon2id would run thousands of times the toy carries the test;
 * the real one then takes a sample. */

static const struct keyfile_cost floor_cost = {KEYFILE_OPS_FLOOR, KEYFILE_MEMORY_FLOOR};

struct sealed {
    uint8_t bytes[KEYFILE_BYTES_MAX];
    size_t size;
};

static bool toy(void)
{
    return strcmp(hop_backend(), "toy") == 0;
}

static void make(struct sealed *f, const char *payload, const char *passphrase)
{
    struct hop_drbg drbg;
    uint8_t seed[CRYPTO_SEED_BYTES] = {7};
    CHECK_OK(hop_init());
    hop_drbg_seed(&drbg, seed);
    CHECK_OK(keyfile_seal(f->bytes, &f->size, span_text(payload), span_text(passphrase),
                          &floor_cost, &drbg));
}

static enum keyfile_trouble open_it(const struct sealed *f, const char *passphrase)
{
    static uint8_t payload[KEYFILE_PAYLOAD_BYTES_MAX];
    size_t size = 12345;
    enum keyfile_trouble trouble;
    int err =
        keyfile_open(payload, &size, SPAN(f->bytes, f->size), span_text(passphrase), &trouble);
    CHECK((err == HOP_OK) == (trouble == KEYFILE_FINE));
    CHECK(err == HOP_OK || size == 12345); /* nothing is returned with an error */
    return trouble;
}

/* Make the check right again after an edit, as somebody who means harm would. */
static void recheck(struct sealed *f)
{
    struct hop_hash h;
    hop_hash_init(&h, LABEL_KEYFILE);
    hop_hash_add(&h, SPAN(f->bytes, 36));
    hop_hash_add(&h, SPAN(f->bytes + 52, f->size - 52));
    hop_hash_end(&h, f->bytes + 36, 16);
}

static void put_u32(uint8_t *p, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void set_cost(struct sealed *f, uint32_t ops, uint64_t memory)
{
    put_u32(f->bytes + 8, ops);
    put_u32(f->bytes + 12, (uint32_t)(memory >> 32));
    put_u32(f->bytes + 16, (uint32_t)memory);
    recheck(f);
}

/* If this failed nobody could start their node. */
TEST(keyfile_gives_back_what_was_sealed)
{
    struct sealed f;
    uint8_t payload[KEYFILE_PAYLOAD_BYTES_MAX];
    size_t size;
    struct keyfile_cost cost;
    enum keyfile_trouble trouble;
    make(&f, "the keys of a device", "mưa to gió lớn đêm nay");
    CHECK_EQ(f.size, KEYFILE_HEADER_BYTES + 24 + 20 + 16);
    CHECK_OK(keyfile_check(&cost, SPAN(f.bytes, f.size), &trouble));
    CHECK_EQ(cost.ops, KEYFILE_OPS_FLOOR);
    CHECK_EQ(cost.memory_bytes, KEYFILE_MEMORY_FLOOR);
    CHECK_OK(keyfile_open(payload, &size, SPAN(f.bytes, f.size),
                          span_text("mưa to gió lớn đêm nay"), &trouble));
    CHECK_EQ(trouble, KEYFILE_FINE);
    CHECK_SPAN(SPAN(payload, size), span_text("the keys of a device"));
}

/* An empty payload and the largest one are the edges of the size arithmetic. */
TEST(keyfile_holds_nothing_and_holds_the_most)
{
    static uint8_t most[KEYFILE_PAYLOAD_BYTES_MAX + 1], got[KEYFILE_PAYLOAD_BYTES_MAX];
    struct sealed f;
    struct hop_drbg drbg;
    uint8_t seed[CRYPTO_SEED_BYTES] = {8};
    size_t size;
    enum keyfile_trouble trouble;
    struct rng rng = test_rng("keyfile");
    test_random(&rng, most, sizeof most);
    hop_drbg_seed(&drbg, seed);
    for (int round = 0; round < 2; round++) {
        size_t want = round == 0 ? 0 : KEYFILE_PAYLOAD_BYTES_MAX;
        CHECK_OK(keyfile_seal(f.bytes, &f.size, SPAN(most, want), span_text("twelve chars"),
                              &floor_cost, &drbg));
        CHECK_OK(
            keyfile_open(got, &size, SPAN(f.bytes, f.size), span_text("twelve chars"), &trouble));
        CHECK_BYTES(got, most, want);
        CHECK_EQ(size, want);
    }
    CHECK_ERR(keyfile_seal(f.bytes, &f.size, SPAN(most, sizeof most), span_text("twelve chars"),
                           &floor_cost, &drbg),
              HOP_EFULL);
}

/* A person must hear "wrong passphrase", not "damaged", or they would give up on a good file. */
TEST(keyfile_tells_wrong_passphrase_from_damage)
{
    struct sealed f;
    make(&f, "payload", "correct horse battery");
    CHECK_EQ(open_it(&f, "correct horse batterz"), KEYFILE_WRONG_PASSPHRASE);
    CHECK_EQ(open_it(&f, ""), KEYFILE_WRONG_PASSPHRASE);
    f.bytes[f.size - 1] ^= 1; /* a bad disk */
    CHECK_EQ(open_it(&f, "correct horse battery"), KEYFILE_DAMAGED);
    CHECK_EQ(open_it(&f, "wrong"), KEYFILE_DAMAGED);
    recheck(&f); /* a bad person: the seals decide */
    CHECK_EQ(open_it(&f, "correct horse battery"), KEYFILE_DAMAGED);
    CHECK_EQ(open_it(&f, "wrong"), KEYFILE_WRONG_PASSPHRASE);
}

/* A weakened header would make guessing the passphrase cheap on the next save; an absurd one would
 * stop the machine. Both must be refused before Argon2id takes the memory. */
TEST(keyfile_refuses_costs_outside_its_limits)
{
    static const struct {
        uint32_t ops;
        uint64_t memory;
        enum keyfile_trouble want;
    } cases[] = {
        {0, KEYFILE_MEMORY_FLOOR, KEYFILE_WEAK},
        {KEYFILE_OPS_FLOOR - 1, KEYFILE_MEMORY_MAX, KEYFILE_WEAK},
        {KEYFILE_OPS_FLOOR, KEYFILE_MEMORY_FLOOR - 1, KEYFILE_WEAK},
        {KEYFILE_OPS_FLOOR, 0, KEYFILE_WEAK},
        {KEYFILE_OPS_MAX + 1, KEYFILE_MEMORY_FLOOR, KEYFILE_ABSURD},
        {UINT32_MAX, KEYFILE_MEMORY_FLOOR, KEYFILE_ABSURD},
        {KEYFILE_OPS_FLOOR, KEYFILE_MEMORY_MAX + 1, KEYFILE_ABSURD},
        {KEYFILE_OPS_FLOOR, UINT64_MAX, KEYFILE_ABSURD},
    };
    struct sealed f;
    struct keyfile_cost cost;
    enum keyfile_trouble trouble;
    make(&f, "payload", "correct horse battery");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_cost(&f, cases[i].ops, cases[i].memory);
        CHECK_ERR(keyfile_check(&cost, SPAN(f.bytes, f.size), &trouble), HOP_EREFUSED);
        CHECK_EQ(trouble, cases[i].want);
        CHECK_EQ(open_it(&f, "correct horse battery"), cases[i].want);
    }
}

/* Our own caller must not be able to write a file that we would then refuse to read. */
TEST(keyfile_seal_refuses_the_costs_that_open_refuses)
{
    struct sealed f;
    struct hop_drbg drbg;
    uint8_t seed[CRYPTO_SEED_BYTES] = {9};
    struct keyfile_cost weak = {KEYFILE_OPS_FLOOR, KEYFILE_MEMORY_FLOOR - 1};
    struct keyfile_cost absurd = {KEYFILE_OPS_MAX + 1, KEYFILE_MEMORY_FLOOR};
    hop_drbg_seed(&drbg, seed);
    CHECK_ERR(keyfile_seal(f.bytes, &f.size, span_text("x"), span_text("p"), &weak, &drbg),
              HOP_EREFUSED);
    CHECK_ERR(keyfile_seal(f.bytes, &f.size, span_text("x"), span_text("p"), &absurd, &drbg),
              HOP_EREFUSED);
}

/* A file of another program, and one of a later hop, deserve different sentences. */
TEST(keyfile_names_foreign_newer_and_older_files)
{
    struct sealed f;
    make(&f, "payload", "correct horse battery");
    f.bytes[4] = 3;
    CHECK_EQ(open_it(&f, "correct horse battery"), KEYFILE_NEWER);
    f.bytes[4] = 1;
    CHECK_EQ(open_it(&f, "correct horse battery"), KEYFILE_OLDER);
    f.bytes[4] = 0;
    recheck(&f);
    CHECK_EQ(open_it(&f, "correct horse battery"), KEYFILE_DAMAGED);
    memcpy(f.bytes, "OPUS", 4);
    CHECK_EQ(open_it(&f, "correct horse battery"), KEYFILE_FOREIGN);
}

/* A file that was cut short by a full disk must be refused at every length, without a crash. */
TEST(keyfile_refuses_every_truncation)
{
    struct sealed f;
    make(&f, "payload", "correct horse battery");
    size_t whole = f.size;
    for (size_t size = 0; size < whole; size++) {
        /* an allocation of exactly that size, so that a sanitizer sees a read past it */
        uint8_t *cut = test_malloc(size + (size == 0));
        uint8_t payload[64];
        size_t payload_size;
        enum keyfile_trouble trouble;
        memcpy(cut, f.bytes, size);
        int err = keyfile_open(payload, &payload_size, SPAN(cut, size),
                               span_text("correct horse battery"), &trouble);
        CHECK_ERR(err, HOP_EMALFORMED);
        CHECK_EQ(trouble, size < 4 ? KEYFILE_FOREIGN : KEYFILE_DAMAGED);
        test_free(cut);
    }
    f.size = whole + 1;
    f.bytes[whole] = 0;
    CHECK_EQ(open_it(&f, "correct horse battery"), KEYFILE_DAMAGED);
}

/* A thousand altered files: none opens, whether by accident or with the check made right again. */
TEST(keyfile_refuses_a_thousand_mutations)
{
    struct sealed f, mutant;
    struct rng rng = test_rng("mutate");
    int seal_decides = 0, seal_decides_max = toy() ? 1000 : 12;
    make(&f, "payload", "correct horse battery");
    for (int i = 0; i < 1000; i++) {
        mutant = f;
        uint64_t flips = 1 + rng_below(&rng, 3);
        for (uint64_t k = 0; k < flips; k++) {
            size_t at = (size_t)rng_below(&rng, f.size);
            mutant.bytes[at] ^= (uint8_t)(1 + rng_below(&rng, 255));
        }
        if (memcmp(mutant.bytes, f.bytes, f.size) == 0)
            continue; /* two flips undid each other */
        CHECK(open_it(&mutant, "correct horse battery") != KEYFILE_FINE);
        recheck(&mutant);
        if (memcmp(mutant.bytes, f.bytes, f.size) == 0)
            continue; /* only the check itself had been altered */
        if (seal_decides++ < seal_decides_max)
            CHECK(open_it(&mutant, "correct horse battery") != KEYFILE_FINE);
    }
    CHECK(seal_decides > 900);
    CHECK_EQ(open_it(&f, "correct horse battery"), KEYFILE_FINE);
}

/* Two files of one passphrase must share nothing, or one could be guessed from the other. */
TEST(keyfile_is_sealed_afresh_each_time)
{
    struct sealed a, b;
    struct hop_drbg drbg;
    uint8_t seed[CRYPTO_SEED_BYTES] = {10};
    hop_drbg_seed(&drbg, seed);
    CHECK_OK(
        keyfile_seal(a.bytes, &a.size, span_text("same"), span_text("same"), &floor_cost, &drbg));
    CHECK_OK(
        keyfile_seal(b.bytes, &b.size, span_text("same"), span_text("same"), &floor_cost, &drbg));
    CHECK_EQ(a.size, b.size);
    CHECK(memcmp(a.bytes + 20, b.bytes + 20, 16) != 0); /* salt */
    for (size_t at = 64; at + 8 <= a.size; at += 8)     /* slots, used and unused, and payload */
        CHECK(memcmp(a.bytes + at, b.bytes + at, 8) != 0);
}

/* "Password1" was accepted as strong by others; length is the rule. */
TEST(passphrase_needs_twelve_characters_or_five_words)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"", false},
        {"Password1", false},
        {"elevenchars", false},
        {"twelve chars", true},
        {"            ", false}, /* blanks say nothing */
        {"mưa gió đêm", false},  /* eleven characters, whatever the bytes */
        {"mưa gió đêm.", true},
        {"ổ ạ ế ừ", false},  /* four words */
        {"ổ ạ ế ừ ở", true}, /* five */
        {"a  b \t c d", false},
        {"\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe", false}, /* not UTF-8 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (passphrase_good(span_text(cases[i].text)) != cases[i].good)
            fail_msg("case %zu: \"%s\"", i, cases[i].text);
    }
}

/* Keys that changed while the node runs would be lost, or cost half a second each time. */
TEST(keyfile_is_written_again_without_the_passphrase)
{
    static const char first[] = "the first payload", second[] = "another, longer than the first";
    struct sealed f;
    struct keyfile_kept kept;
    struct hop_drbg drbg;
    uint8_t payload[KEYFILE_PAYLOAD_BYTES_MAX], again[KEYFILE_BYTES_MAX], seed[32] = {3};
    size_t size;
    enum keyfile_trouble trouble;
    struct span passphrase = span_text("twelve chars");
    CHECK_OK(hop_init());
    hop_drbg_seed(&drbg, seed);
    CHECK_OK(keyfile_seal(f.bytes, &f.size, span_text(first), passphrase, &floor_cost, &drbg));
    CHECK_OK(keyfile_open_kept(&kept, payload, &size, SPAN(f.bytes, f.size), passphrase, &trouble));
    CHECK_OK(keyfile_seal_again(again, &f.size, span_text(second), &kept, &drbg));
    CHECK_OK(keyfile_open(payload, &size, SPAN(again, f.size), passphrase, &trouble));
    CHECK_SPAN(SPAN(payload, size), span_text(second));
    again[f.size - 1] ^= 1;
    CHECK_ERR(keyfile_open(payload, &size, SPAN(again, f.size), passphrase, &trouble),
              HOP_EMALFORMED);
    CHECK_ERR(keyfile_seal_again(again, &f.size, SPAN(payload, KEYFILE_PAYLOAD_BYTES_MAX + 1),
                                 &kept, &drbg),
              HOP_EFULL);
}

/* After a change of passphrase the running node must be able to save, and the old data key must
 * open nothing of the new file. */
TEST(keyfile_sealed_anew_has_another_data_key)
{
    struct sealed f;
    struct keyfile_kept before, kept;
    struct hop_drbg drbg;
    uint8_t payload[KEYFILE_PAYLOAD_BYTES_MAX], again[KEYFILE_BYTES_MAX], seed[32] = {4};
    size_t size;
    enum keyfile_trouble trouble;
    struct span old = span_text("twelve chars"), new = span_text("twelve others");
    CHECK_OK(hop_init());
    hop_drbg_seed(&drbg, seed);
    CHECK_OK(
        keyfile_seal_kept(&before, f.bytes, &f.size, span_text("keys"), old, &floor_cost, &drbg));
    CHECK_OK(
        keyfile_seal_kept(&kept, f.bytes, &f.size, span_text("keys"), new, &floor_cost, &drbg));
    CHECK(memcmp(before.data_key, kept.data_key, sizeof kept.data_key) != 0);
    CHECK_EQ(open_it(&f, "twelve chars"), KEYFILE_WRONG_PASSPHRASE);
    CHECK_EQ(open_it(&f, "twelve others"), KEYFILE_FINE);
    CHECK_OK(keyfile_seal_again(again, &f.size, span_text("more keys"), &kept, &drbg));
    CHECK_OK(keyfile_open(payload, &size, SPAN(again, f.size), new, &trouble));
    CHECK_SPAN(SPAN(payload, size), span_text("more keys"));
}

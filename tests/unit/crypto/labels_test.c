#include "tests/lib/test.h"

#include "crypto/labels.h"

/* Two hashes under one label could be passed off as each other. */
TEST(labels_are_unique_and_none_is_a_prefix_of_another)
{
    for (unsigned i = 0; i < CRYPTO_LABELS_COUNT; i++) {
        const char *a = crypto_label_text((enum crypto_label)i);
        for (unsigned j = 0; j < CRYPTO_LABELS_COUNT; j++) {
            const char *b = crypto_label_text((enum crypto_label)j);
            if (i != j && strncmp(a, b, strlen(a)) == 0)
                fail_msg("%s is a prefix of %s", a, b);
        }
    }
}

/* A label is the key of BLAKE2b, which takes 1 to 64 bytes; longer ones would assert at run time.
 */
TEST(labels_fit_the_key_of_blake2b)
{
    CHECK(CRYPTO_LABELS_COUNT > 30);
    for (unsigned i = 0; i < CRYPTO_LABELS_COUNT; i++) {
        const char *text = crypto_label_text((enum crypto_label)i);
        CHECK(strlen(text) >= 8);
        CHECK(strlen(text) <= 64);
    }
}

/* Labels that are not ours would collide with another program using the same keys. */
TEST(labels_begin_with_hop_and_end_with_a_version)
{
    for (unsigned i = 0; i < CRYPTO_LABELS_COUNT; i++) {
        const char *text = crypto_label_text((enum crypto_label)i);
        size_t size = strlen(text);
        CHECK(strncmp(text, "hop/", 4) == 0);
        CHECK(size > 7 && strcmp(text + size - 3, "/v1") == 0);
    }
}

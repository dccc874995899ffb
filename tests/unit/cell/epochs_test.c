/* Who may read: the epochs a device holds, and the one it writes under. */
#include "cell/epochs.h"

#include "tests/lib/test.h"

/* Secrets would be lost, or somebody else would choose what is written and beaconed under. */
TEST(epochs_are_held_by_their_tag)
{
    struct epochs *held = epochs_new();
    struct epoch e, other;
    uint8_t secret[32] = {1}, key[32];
    CHECK(held != NULL);
    CHECK_ERR(epochs_disc_key(held, key), HOP_ENOTFOUND);
    CHECK_ERR(epochs_media_key(held, secret, key), HOP_ENOTFOUND);
    CHECK(epochs_send(held) == NULL);
    epoch_derive(&e, secret);
    CHECK_OK(epochs_add(held, &e));
    CHECK_ERR(epochs_add(held, &e), HOP_EEXIST);
    CHECK_OK(epochs_disc_key(held, key));
    for (unsigned n = 2; n <= EPOCHS_MAX; n++) {
        secret[1] = (uint8_t)n;
        secret[2] = (uint8_t)(n >> 8);
        epoch_derive(&other, secret);
        CHECK_OK(epochs_add(held, &other));
    }
    secret[3] = 1;
    epoch_derive(&other, secret);
    CHECK_ERR(epochs_add(held, &other), HOP_EFULL);
    CHECK(epochs_by_tag(held, e.tag) != NULL);
    CHECK_EQ(epochs_count(held), EPOCHS_MAX);
    CHECK_BYTES(epochs_send(held)->tag, e.tag, 16);
    epochs_free(held);
}

/* The payload of the key file. */
#include "device/keys.h"

#include "tests/lib/test.h"

static void make(struct device_keys *k)
{
    struct hop_drbg drbg;
    uint8_t seed[32] = {5};
    CHECK_OK(hop_init());
    hop_drbg_seed(&drbg, seed);
    device_keys_new(k, &drbg);
    device_keys_reincarnate(k, &drbg);
    k->has_cell = true;
    memset(k->cell_id, 0xce, 32);
    for (uint8_t n = 0; n < 3; n++) {
        struct epoch e;
        uint8_t secret[32] = {0xe0, n}, history[32] = {0xe1, n};
        if (n == 2)
            epoch_derive_blind(&e, history, secret);
        else
            epoch_derive(&e, secret, n == 0 ? NULL : history);
        CHECK_OK(device_keys_hold(k, &e, n == 1));
    }
    memset(k->sync_key, 0x51, 32);
    memset(k->log_epoch, 0x10, 16);
    memset(k->kem_epoch, 0x4e, 16);
    device_keys_renew_kem(k, &drbg);
    k->seat_number = 7;
    k->seat_lost = 3;
    memset(k->seat_config, 0x5e, 32);
    k->changed = false;
}

/* A key that does not come back is a device that is lost. */
TEST(keys_read_back_as_they_were_put)
{
    struct device_keys k, got;
    uint8_t bytes[DEVICE_KEYS_BYTES_MAX];
    size_t size;
    make(&k);
    for (unsigned flags = 0; flags < 16; flags++) {
        k.has_cell = (flags & 1) != 0;
        k.founding = (flags & 2) != 0;
        k.stopped = (flags & 4) != 0;
        k.carrier = (flags & 8) != 0;
        k.session[15] = (uint8_t)flags;
        k.tips[2] = flags;
        device_keys_put(bytes, &size, &k);
        CHECK_EQ(size, 1024);
        CHECK_OK(device_keys_parse(&got, SPAN(bytes, size)));
        CHECK_BYTES((uint8_t *)&got.ik, (uint8_t *)&k.ik, sizeof k.ik);
        CHECK_BYTES((uint8_t *)&got.lk, (uint8_t *)&k.lk, sizeof k.lk);
        CHECK_BYTES((uint8_t *)&got.kem, (uint8_t *)&k.kem, sizeof k.kem);
        CHECK_BYTES((uint8_t *)got.log, (uint8_t *)k.log, sizeof k.log);
        CHECK_BYTES(got.cell_id, k.cell_id, 32);
        CHECK_EQ(got.epochs_count, 3);
        for (size_t i = 0; i < 3; i++) {
            struct epoch a, b;
            device_keys_epoch(&k, i, &a);
            device_keys_epoch(&got, i, &b);
            CHECK_BYTES((uint8_t *)&a, (uint8_t *)&b, sizeof a);
            CHECK_EQ(b.held, i == 0 ? EPOCH_SECRET : i == 1 ? EPOCH_HISTORY : EPOCH_ROUTE);
            CHECK_EQ(got.epochs[i].made, i == 1);
        }
        CHECK_BYTES(got.sync_key, k.sync_key, 32);
        CHECK_BYTES(got.log_epoch, k.log_epoch, 16);
        CHECK_BYTES(got.kem_epoch, k.kem_epoch, 16);
        CHECK_EQ(got.kems_before, 1);
        CHECK_BYTES(got.kem_before[0].secret, k.kem_before[0].secret, 32);
        CHECK_EQ(got.seat_number, 7);
        CHECK_EQ(got.seat_lost, 3);
        CHECK_BYTES(got.seat_config, k.seat_config, 32);
        CHECK_EQ(got.incarnation, 1);
        CHECK_EQ(got.has_cell, k.has_cell);
        CHECK_EQ(got.founding, k.founding);
        CHECK_EQ(got.stopped, k.stopped);
        CHECK_EQ(got.carrier, k.carrier);
        CHECK_EQ(got.tips[2], flags);
        CHECK_BYTES(got.session, k.session, 16);
    }
}

/* A payload of another version or with unknown bits must not be half understood. */
TEST(keys_refuse_other_sizes_flags_and_versions)
{
    struct device_keys k;
    uint8_t bytes[DEVICE_KEYS_BYTES_MAX + 1] = {0};
    size_t size;
    make(&k);
    device_keys_put(bytes, &size, &k);
    for (size_t n = 0; n <= sizeof bytes; n++)
        CHECK_ERR(device_keys_parse(&k, SPAN(bytes, n)), n == size ? HOP_OK : HOP_EMALFORMED);
    bytes[1] |= 16;
    CHECK_ERR(device_keys_parse(&k, SPAN(bytes, size)), HOP_EMALFORMED);
    bytes[1] &= 15;
    bytes[size - 1] = 1;
    CHECK_ERR(device_keys_parse(&k, SPAN(bytes, size)), HOP_EMALFORMED);
    bytes[size - 1] = 0;
    bytes[0] = 1;
    CHECK_ERR(device_keys_parse(&k, SPAN(bytes, size)), HOP_EMALFORMED);
    bytes[0] = 3;
    CHECK_ERR(device_keys_parse(&k, SPAN(bytes, size)), HOP_EVERSION);
}

/* A key file that overflows, or forgets a key on the way, is a device that reads nothing. */
TEST(keys_hold_as_many_epochs_as_they_say_and_no_more)
{
    static struct device_keys k, got;
    static uint8_t bytes[DEVICE_KEYS_BYTES_MAX];
    size_t size;
    struct epoch e;
    uint8_t secret[32] = {9};
    make(&k);
    for (size_t n = k.epochs_count; n < DEVICE_EPOCHS_MAX; n++) {
        secret[1] = (uint8_t)n;
        epoch_derive(&e, secret, NULL);
        CHECK_OK(device_keys_hold(&k, &e, false));
        CHECK_EQ(k.epochs_count, n + 1);
        CHECK_OK(device_keys_hold(&k, &e, false)); /* again: nothing changes */
        CHECK_EQ(k.epochs_count, n + 1);
    }
    secret[2] = 1;
    struct epoch more;
    epoch_derive(&more, secret, NULL);
    CHECK_ERR(device_keys_hold(&k, &more, false), HOP_EFULL);
    epoch_derive(&e, e.secret, secret); /* more of one that is held finds its place */
    CHECK_OK(device_keys_hold(&k, &e, false));
    k.kems_before = DEVICE_KEMS - 1;
    device_keys_put(bytes, &size, &k);
    CHECK_OK(device_keys_parse(&got, SPAN(bytes, size)));
    CHECK_EQ(got.epochs_count, DEVICE_EPOCHS_MAX);
    CHECK_EQ(got.epochs[DEVICE_EPOCHS_MAX - 1].held, EPOCH_HISTORY);
    device_keys_drop(&got, 0);
    CHECK_EQ(got.epochs_count, DEVICE_EPOCHS_MAX - 1);
    CHECK_BYTES(got.epochs[0].secret, k.epochs[1].secret, 32);
}

/* What is sealed to the key before must still open for those who have not heard of the newest. */
TEST(keys_keep_two_epoch_keys_before_the_newest)
{
    struct device_keys k;
    struct hop_drbg drbg;
    struct hop_box_key were[5];
    uint8_t seed[32] = {8};
    make(&k);
    k.kems_before = 0;
    hop_drbg_seed(&drbg, seed);
    for (size_t i = 0; i < 5; i++) {
        were[i] = k.kem;
        device_keys_renew_kem(&k, &drbg);
        CHECK_EQ(k.kems_before, i == 0 ? 1 : 2);
        CHECK_BYTES(k.kem_before[0].secret, were[i].secret, 32);
        CHECK(i == 0 || memcmp(k.kem_before[1].secret, were[i - 1].secret, 32) == 0);
        CHECK(memcmp(k.kem.secret, were[i].secret, 32) != 0);
    }
}

/* Two incarnations that shared a log key could fork it. */
TEST(keys_of_an_incarnation_are_all_new)
{
    struct device_keys a, b;
    struct hop_drbg drbg;
    uint8_t seed[32] = {6};
    make(&a);
    b = a;
    hop_drbg_seed(&drbg, seed);
    device_keys_reincarnate(&b, &drbg);
    CHECK_EQ(b.incarnation, 2);
    CHECK(b.changed);
    for (size_t i = 0; i < DEVICE_LANES; i++) {
        for (size_t k = 0; k < DEVICE_LANES; k++) {
            CHECK(memcmp(a.log[i].public_key, b.log[k].public_key, 32) != 0);
            CHECK(i == k || memcmp(b.log[i].public_key, b.log[k].public_key, 32) != 0);
        }
    }
    CHECK_BYTES(b.ik.public_key, a.ik.public_key, 32);
}

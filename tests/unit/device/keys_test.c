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
    memset(k->first_epoch, 0xe0, 32);
    k->changed = false;
}

/* A key that does not come back is a device that is lost. */
TEST(keys_read_back_as_they_were_put)
{
    struct device_keys k, got;
    uint8_t bytes[DEVICE_KEYS_BYTES];
    make(&k);
    for (unsigned flags = 0; flags < 16; flags++) {
        k.has_cell = (flags & 1) != 0;
        k.founding = (flags & 2) != 0;
        k.stopped = (flags & 4) != 0;
        k.carrier = (flags & 8) != 0;
        k.session[15] = (uint8_t)flags;
        k.tips[2] = flags;
        device_keys_put(bytes, &k);
        CHECK_OK(device_keys_parse(&got, SPAN(bytes, sizeof bytes)));
        CHECK_BYTES((uint8_t *)&got.ik, (uint8_t *)&k.ik, sizeof k.ik);
        CHECK_BYTES((uint8_t *)&got.lk, (uint8_t *)&k.lk, sizeof k.lk);
        CHECK_BYTES((uint8_t *)&got.kem, (uint8_t *)&k.kem, sizeof k.kem);
        CHECK_BYTES((uint8_t *)got.log, (uint8_t *)k.log, sizeof k.log);
        CHECK_BYTES(got.cell_id, k.cell_id, 32);
        CHECK_BYTES(got.first_epoch, k.first_epoch, 32);
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
    uint8_t bytes[DEVICE_KEYS_BYTES + 1] = {0};
    make(&k);
    device_keys_put(bytes, &k);
    for (size_t size = 0; size <= sizeof bytes; size++)
        CHECK_ERR(device_keys_parse(&k, SPAN(bytes, size)),
                  size == DEVICE_KEYS_BYTES ? HOP_OK : HOP_EMALFORMED);
    bytes[1] |= 16;
    CHECK_ERR(device_keys_parse(&k, SPAN(bytes, DEVICE_KEYS_BYTES)), HOP_EMALFORMED);
    bytes[1] &= 7;
    bytes[DEVICE_KEYS_BYTES - 1] = 1;
    CHECK_ERR(device_keys_parse(&k, SPAN(bytes, DEVICE_KEYS_BYTES)), HOP_EMALFORMED);
    bytes[DEVICE_KEYS_BYTES - 1] = 0;
    bytes[0] = 2;
    CHECK_ERR(device_keys_parse(&k, SPAN(bytes, DEVICE_KEYS_BYTES)), HOP_EVERSION);
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

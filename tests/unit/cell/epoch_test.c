/* Epoch secrets in slots: every recipient gets the same one or notices. */
#include "cell/epoch.h"

#include <stdlib.h>

#include "tests/lib/test.h"

#define DEVICES 20

struct fixture {
    struct hop_drbg drbg;
    struct epoch epoch;
    struct hop_box_key kems[DEVICES];
    uint8_t publics[DEVICES * 32];
    uint8_t cell_id[32], log[32];
    struct epoch_context context;
    uint8_t bytes[EPOCH_TEXT_BYTES_MAX];
    struct span text;
};

static struct fixture *begin(void)
{
    static struct fixture f;
    uint8_t seed[32] = {1}, secret[32] = {2};
    CHECK_OK(hop_init());
    hop_drbg_seed(&f.drbg, seed);
    epoch_derive(&f.epoch, secret);
    for (uint8_t i = 0; i < DEVICES; i++) {
        uint8_t kem_seed[32] = {0, i}; /* the low three bits of the first byte are clamped away */
        hop_box_keypair(&f.kems[i], kem_seed);
        memcpy(f.publics + 32 * i, f.kems[i].public_key, 32);
    }
    memset(f.cell_id, 0xce, 32);
    memset(f.log, 0x10, 32);
    f.context = (struct epoch_context){.cell_id = f.cell_id, .log = f.log};
    return &f;
}

static void put(struct fixture *f, size_t count, bool padded)
{
    struct wire_writer w = wire_writer(f->bytes, sizeof f->bytes);
    CHECK_OK(epoch_slots_put(&w, &f->epoch, &f->context, f->publics, count, padded, &f->drbg));
    f->text = wire_written(&w);
}

/* A device that does not find its slot is shut out of its own meeting. */
TEST(epoch_every_recipient_finds_its_slot_among_others_and_dummies)
{
    struct fixture *f = begin();
    for (size_t count = 1; count <= 17; count += 8) {
        put(f, count, true);
        CHECK_EQ(f->text.size, 66 + (count + 15) / 16 * 16 * EPOCH_SLOT_BYTES);
        for (size_t i = 0; i < DEVICES; i++) {
            struct epoch got = {0};
            int err = epoch_slots_open(&got, f->text, &f->context, &f->kems[i]);
            CHECK_ERR(err, i < count ? HOP_OK : HOP_ENOTFOUND);
            CHECK(i >= count || memcmp(&got, &f->epoch, sizeof got) == 0);
        }
    }
}

/* A grant copied into another cell or another log must not open there. */
TEST(epoch_slot_is_bound_to_cell_and_log)
{
    struct fixture *f = begin();
    struct epoch got;
    uint8_t other[32] = {7};
    put(f, 3, false);
    struct epoch_context elsewhere = {.cell_id = other, .log = f->log};
    CHECK_ERR(epoch_slots_open(&got, f->text, &elsewhere, &f->kems[0]), HOP_ENOTFOUND);
    elsewhere = (struct epoch_context){.cell_id = f->cell_id, .log = other};
    CHECK_ERR(epoch_slots_open(&got, f->text, &elsewhere, &f->kems[0]), HOP_ENOTFOUND);
}

/* Whoever makes an epoch must not be able to give two members two secrets. */
TEST(epoch_that_opens_to_another_secret_than_committed_is_refused)
{
    struct fixture *f = begin();
    struct epoch got, liar;
    uint8_t other[32] = {5};
    epoch_derive(&liar, other);
    memcpy(liar.commit, f->epoch.commit, 32); /* promises one secret, seals another */
    struct wire_writer w = wire_writer(f->bytes, sizeof f->bytes);
    CHECK_OK(epoch_slots_put(&w, &liar, &f->context, f->publics, 2, false, &f->drbg));
    memset(&got, 0xaa, sizeof got);
    CHECK_ERR(epoch_slots_open(&got, wire_written(&w), &f->context, &f->kems[0]), HOP_EAUTH);
    uint8_t untouched[sizeof got];
    memset(untouched, 0xaa, sizeof untouched);
    CHECK_BYTES((uint8_t *)&got, untouched, sizeof got);
}

/* A key of small order would make the shared secret known to everybody. */
TEST(epoch_refuses_an_ephemeral_key_of_small_order)
{
    struct fixture *f = begin();
    struct epoch got;
    put(f, 1, false);
    memset(f->bytes, 0, 32);
    CHECK_ERR(epoch_slots_open(&got, f->text, &f->context, &f->kems[0]), HOP_EAUTH);
    f->bytes[0] = 1;
    CHECK_ERR(epoch_slots_open(&got, f->text, &f->context, &f->kems[0]), HOP_EAUTH);
}

/* The same for the recipient's: nobody's secret may be sealed to a key that gives it away. */
TEST(epoch_is_not_sealed_to_a_key_of_small_order)
{
    struct fixture *f = begin();
    memset(f->publics + 32, 0, 32);
    struct wire_writer w = wire_writer(f->bytes, sizeof f->bytes);
    CHECK_ERR(epoch_slots_put(&w, &f->epoch, &f->context, f->publics, 3, true, &f->drbg),
              HOP_EAUTH);
}

/* Counts and lengths from outside must agree before anything is read by them. */
TEST(epoch_refuses_every_truncation_and_wrong_count)
{
    struct fixture *f = begin();
    struct epoch got;
    put(f, 2, false);
    for (size_t size = 0; size < f->text.size; size++)
        CHECK_ERR(epoch_slots_open(&got, SPAN(f->bytes, size), &f->context, &f->kems[0]),
                  HOP_EMALFORMED);
    CHECK_ERR(epoch_slots_open(&got, SPAN(f->bytes, f->text.size + 1), &f->context, &f->kems[0]),
              HOP_EMALFORMED);
    for (unsigned count = 0; count <= UINT16_MAX; count++) {
        f->bytes[64] = (uint8_t)(count >> 8);
        f->bytes[65] = (uint8_t)count;
        CHECK_ERR(epoch_slots_open(&got, f->text, &f->context, &f->kems[0]),
                  count == 2 ? HOP_OK : HOP_EMALFORMED);
    }
}

/* Any bit of it changed: no secret, or the same one (the bit lay in another's slot). */
TEST(epoch_with_a_bit_flipped_gives_the_same_secret_or_none)
{
    struct fixture *f = begin();
    put(f, 2, false);
    for (size_t bit = 0; bit < f->text.size * 8; bit++) {
        struct epoch got;
        f->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int err = epoch_slots_open(&got, f->text, &f->context, &f->kems[0]);
        CHECK(err != HOP_OK || memcmp(&got, &f->epoch, sizeof got) == 0);
        /* 255th bit of the ephemeral key is ignored by X25519, but the context has it */
        CHECK(err != HOP_OK || bit / 8 >= 66 + EPOCH_SLOT_BYTES);
        f->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* More devices than the limit must be refused, not cut. */
TEST(epoch_put_refuses_none_too_many_and_no_room)
{
    struct fixture *f = begin();
    struct wire_writer w = wire_writer(f->bytes, sizeof f->bytes);
    CHECK_ERR(epoch_slots_put(&w, &f->epoch, &f->context, f->publics, 0, true, &f->drbg),
              HOP_EFULL);
    CHECK_ERR(epoch_slots_put(&w, &f->epoch, &f->context, f->publics, EPOCH_SLOTS_MAX + 1, true,
                              &f->drbg),
              HOP_EFULL);
    for (size_t room = 0; room <= 66 + 2 * EPOCH_SLOT_BYTES; room++) {
        w = wire_writer(f->bytes, room);
        CHECK_ERR(epoch_slots_put(&w, &f->epoch, &f->context, f->publics, 2, false, &f->drbg),
                  room < 66 + 2 * EPOCH_SLOT_BYTES ? HOP_EFULL : HOP_OK);
    }
}

/* Keys of one secret must be different keys, or one class would open another. */
TEST(epoch_keys_are_all_different)
{
    struct fixture *f = begin();
    const uint8_t *keys[] = {f->epoch.secret, f->epoch.auth, f->epoch.body,
                             f->epoch.route,  f->epoch.meet, f->epoch.commit};
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < i; k++)
            CHECK(memcmp(keys[i], keys[k], 32) != 0);
    }
    uint8_t a[8], b[8];
    epoch_hint(a, &f->epoch, f->log);
    epoch_hint(b, &f->epoch, f->cell_id);
    CHECK(memcmp(a, b, 8) != 0);
}

/* Epoch secrets in slots: every recipient gets the same one or notices. */
#include "cell/epoch.h"

#include <stdlib.h>

#include "tests/lib/test.h"

#define DEVICES 20
#define PARENTS 2

struct fixture {
    struct hop_drbg drbg;
    struct epoch epoch, parents[PARENTS];
    const struct epoch *parent_list[PARENTS];
    struct hop_box_key kems[DEVICES];
    uint8_t iks[DEVICES][32];
    struct epoch_recipient to[EPOCH_SLOTS_MAX + 1];
    struct epoch_made made;
    uint8_t cell_id[32], log[32];
    struct epoch_context context;
    uint8_t bytes[EPOCH_TEXT_BYTES_MAX];
    struct span text;
    uint8_t plain[EPOCH_META_BYTES_MAX];
};

static struct fixture *begin(void)
{
    static struct fixture f;
    uint8_t seed[32] = {1}, secret[32] = {2}, history[32] = {3};
    CHECK_OK(hop_init());
    hop_drbg_seed(&f.drbg, seed);
    epoch_derive(&f.epoch, secret, history);
    for (uint8_t i = 0; i < PARENTS; i++) {
        uint8_t s[32] = {4, i}, h[32] = {5, i};
        epoch_derive(&f.parents[i], s, h);
        f.parent_list[i] = &f.parents[i];
    }
    for (uint8_t i = 0; i < DEVICES; i++) {
        uint8_t kem_seed[32] = {0, i}; /* the low three bits of the first byte are clamped away */
        hop_box_keypair(&f.kems[i], kem_seed);
        memset(f.iks[i], 0x30 + i, 32);
    }
    for (size_t i = 0; i <= EPOCH_SLOTS_MAX; i++)
        f.to[i] = (struct epoch_recipient){.ik = f.iks[i % DEVICES],
                                           .kem = f.kems[i % DEVICES].public_key,
                                           .share = i % 4 == 3   ? EPOCH_ROUTE
                                                    : i % 4 == 2 ? EPOCH_SECRET
                                                                 : EPOCH_HISTORY};
    f.made = (struct epoch_made){.reason = EPOCH_LEFT,
                                 .generation = 7,
                                 .wall = 99,
                                 .parents = f.parent_list,
                                 .parents_count = PARENTS,
                                 .recipients = f.to};
    memset(f.cell_id, 0xce, 32);
    memset(f.log, 0x10, 32);
    f.context = (struct epoch_context){.cell_id = f.cell_id, .log = f.log};
    return &f;
}

static void put(struct fixture *f, size_t count)
{
    struct wire_writer w = wire_writer(f->bytes, sizeof f->bytes);
    f->made.recipients_count = count;
    CHECK_OK(epoch_put(&w, &f->epoch, &f->context, &f->made, &f->drbg));
    f->text = wire_written(&w);
}

static int open_slot(const struct fixture *f, struct epoch *got, size_t device)
{
    struct epoch_text t;
    int err = epoch_text_parse(&t, f->text);
    return err != HOP_OK ? err
                         : epoch_slot_open(got, &t, &f->context, &f->kems[device],
                                           f->to[device].share == EPOCH_ROUTE);
}

/* A device that does not find its slot is shut out of its own meeting; one that finds more than it
 * was given reads what it may not. */
TEST(epoch_every_recipient_finds_its_share_among_others_and_dummies)
{
    struct fixture *f = begin();
    for (size_t count = 1; count <= 17; count += 8) {
        put(f, count);
        for (size_t i = 0; i < DEVICES; i++) {
            struct epoch got = {0};
            CHECK_ERR(open_slot(f, &got, i), i < count ? HOP_OK : HOP_ENOTFOUND);
            if (i >= count)
                continue;
            CHECK_EQ(got.held, f->to[i].share);
            CHECK_BYTES(got.tag, f->epoch.tag, 16);
            CHECK_BYTES(got.commit, f->epoch.commit, 32);
            CHECK((memcmp(got.secret, f->epoch.secret, 32) == 0) == (got.held >= EPOCH_SECRET));
            CHECK((memcmp(got.history, f->epoch.history, 32) == 0) == (got.held >= EPOCH_HISTORY));
        }
    }
}

/* How many devices a cell has is nobody's business: not by the slots, not by what is sealed. */
TEST(epoch_of_one_device_is_as_large_as_one_of_sixteen)
{
    struct fixture *f = begin();
    put(f, 1);
    size_t one = f->text.size;
    put(f, 16);
    CHECK_EQ(f->text.size, one);
    CHECK_EQ(one, 66 + 16 * EPOCH_SLOT_BYTES + 4 + 32 + 16 * EPOCH_MARK_BYTES +
                      PARENTS * EPOCH_PARENT_BYTES + 16 + 4 + PARENTS * EPOCH_BACK_BYTES + 16);
    put(f, 17);
    CHECK(f->text.size > one);
}

/* Whom it is for, and what it follows, is what the choice of every device rests on. */
TEST(epoch_sealed_parts_say_what_its_author_said)
{
    struct fixture *f = begin();
    struct epoch_text t;
    struct epoch_meta m;
    struct epoch auth;
    uint8_t back[PARENTS * EPOCH_BACK_BYTES], mark[EPOCH_MARK_BYTES];
    put(f, 5);
    CHECK_OK(epoch_text_parse(&t, f->text));
    epoch_derive_auth(&auth, f->epoch.commit, f->epoch.auth, f->epoch.route);
    CHECK_OK(epoch_meta_open(&m, f->plain, &t, &f->context, &auth));
    CHECK_EQ(m.generation, 7);
    CHECK_EQ(m.reason, EPOCH_LEFT);
    CHECK_EQ(m.wall, 99);
    CHECK_EQ(m.marks.size, 5 * EPOCH_MARK_BYTES);
    for (size_t i = 0; i < 5; i++) {
        bool found = false;
        epoch_mark(mark, &auth, f->iks[i], f->to[i].share);
        for (size_t at = 0; at < m.marks.size; at += EPOCH_MARK_BYTES)
            found = found || memcmp(m.marks.data + at, mark, sizeof mark) == 0;
        CHECK(found);
    }
    CHECK_EQ(m.parents.size, PARENTS * EPOCH_PARENT_BYTES);
    for (size_t i = 0; i < PARENTS; i++) {
        const uint8_t *p = m.parents.data + i * EPOCH_PARENT_BYTES;
        CHECK_BYTES(p, f->parents[i].commit, 32);
        CHECK_BYTES(p + 32, f->parents[i].auth, 32);
        CHECK_BYTES(p + 64, f->parents[i].route, 32);
    }
    CHECK_OK(epoch_back_open(back, PARENTS, &t, &f->context, &f->epoch));
    for (size_t i = 0; i < PARENTS; i++) {
        CHECK_BYTES(back + i * EPOCH_BACK_BYTES, f->parents[i].secret, 32);
        CHECK_BYTES(back + i * EPOCH_BACK_BYTES + 32, f->parents[i].history, 32);
    }
    struct epoch other = f->epoch; /* who has the secret alone does not reach back */
    memset(other.history, 0, 32);
    CHECK_ERR(epoch_back_open(back, PARENTS, &t, &f->context, &other), HOP_EAUTH);
}

/* An author cannot hand on what it does not hold itself. */
TEST(epoch_of_a_parent_that_is_half_held_gives_half)
{
    struct fixture *f = begin();
    struct epoch_text t;
    uint8_t back[PARENTS * EPOCH_BACK_BYTES], none[64] = {0};
    epoch_derive(&f->parents[0], f->parents[0].secret, NULL);
    epoch_derive_auth(&f->parents[1], f->parents[1].commit, f->parents[1].auth,
                      f->parents[1].route);
    put(f, 2);
    CHECK_OK(epoch_text_parse(&t, f->text));
    CHECK_OK(epoch_back_open(back, PARENTS, &t, &f->context, &f->epoch));
    CHECK_BYTES(back, f->parents[0].secret, 32);
    CHECK_BYTES(back + 32, none, 32);
    CHECK_BYTES(back + 64, none, 64);
}

/* A grant copied into another cell or another log must not open there, nor its sealed parts. */
TEST(epoch_is_bound_to_cell_and_log)
{
    struct fixture *f = begin();
    struct epoch got;
    struct epoch_text t;
    struct epoch_meta m;
    uint8_t other[32] = {7}, back[PARENTS * EPOCH_BACK_BYTES];
    put(f, 3);
    CHECK_OK(epoch_text_parse(&t, f->text));
    struct epoch_context elsewhere[] = {{.cell_id = other, .log = f->log},
                                        {.cell_id = f->cell_id, .log = other}};
    for (size_t i = 0; i < 2; i++) {
        CHECK_ERR(epoch_slot_open(&got, &t, &elsewhere[i], &f->kems[0], false), HOP_ENOTFOUND);
        CHECK_ERR(epoch_meta_open(&m, f->plain, &t, &elsewhere[i], &f->epoch), HOP_EAUTH);
        CHECK_ERR(epoch_back_open(back, PARENTS, &t, &elsewhere[i], &f->epoch), HOP_EAUTH);
    }
}

/* Whoever makes an epoch must not be able to give two members two secrets. */
TEST(epoch_that_opens_to_another_secret_than_committed_is_refused)
{
    struct fixture *f = begin();
    struct epoch got;
    uint8_t untouched[sizeof got], other[32] = {5};
    memcpy(f->epoch.secret, other, 32); /* promises one secret, seals another */
    put(f, 2);
    memset(&got, 0xaa, sizeof got);
    CHECK_ERR(open_slot(f, &got, 0), HOP_EAUTH);
    memset(untouched, 0xaa, sizeof untouched);
    CHECK_BYTES((uint8_t *)&got, untouched, sizeof got);
}

/* A key of small order would make the shared secret known to everybody. */
TEST(epoch_refuses_an_ephemeral_key_of_small_order)
{
    struct fixture *f = begin();
    struct epoch got;
    put(f, 1);
    memset(f->bytes, 0, 32);
    CHECK_ERR(open_slot(f, &got, 0), HOP_EAUTH);
    f->bytes[0] = 1;
    CHECK_ERR(open_slot(f, &got, 0), HOP_EAUTH);
}

/* The same for the recipient's: nobody's secret may be sealed to a key that gives it away. */
TEST(epoch_is_not_sealed_to_a_key_of_small_order)
{
    struct fixture *f = begin();
    uint8_t weak[32] = {0};
    f->to[1].kem = weak;
    f->made.recipients_count = 3;
    struct wire_writer w = wire_writer(f->bytes, sizeof f->bytes);
    CHECK_ERR(epoch_put(&w, &f->epoch, &f->context, &f->made, &f->drbg), HOP_EAUTH);
}

/* Counts and lengths from outside must agree before anything is read by them. */
TEST(epoch_refuses_every_truncation_and_wrong_count)
{
    struct fixture *f = begin();
    struct epoch_text t;
    put(f, 2);
    for (size_t size = 0; size < f->text.size; size++)
        CHECK_ERR(epoch_text_parse(&t, SPAN(f->bytes, size)), HOP_EMALFORMED);
    CHECK_ERR(epoch_text_parse(&t, SPAN(f->bytes, f->text.size + 1)), HOP_EMALFORMED);
    for (unsigned count = 0; count <= UINT16_MAX; count++) {
        f->bytes[64] = (uint8_t)(count >> 8);
        f->bytes[65] = (uint8_t)count;
        CHECK(count == 16 || epoch_text_parse(&t, f->text) != HOP_OK);
    }
}

/* Any bit of it changed: the same secret or none, and nothing else said of it. */
TEST(epoch_with_a_bit_flipped_says_the_same_or_nothing)
{
    struct fixture *f = begin();
    struct epoch_meta m;
    uint8_t back[PARENTS * EPOCH_BACK_BYTES];
    put(f, 2);
    for (size_t bit = 0; bit < f->text.size * 8; bit++) {
        struct epoch got;
        struct epoch_text t;
        f->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (epoch_text_parse(&t, f->text) == HOP_OK) {
            size_t slots = 66 + 16 * EPOCH_SLOT_BYTES, sealed = (size_t)(t.meta.data - f->bytes);
            bool in_meta = bit / 8 >= sealed && bit / 8 < sealed + t.meta.size;
            int err = open_slot(f, &got, 0);
            CHECK(err != HOP_OK || memcmp(&got, &f->epoch, sizeof got) == 0);
            /* 255th bit of the ephemeral key is ignored by X25519, but the context has it */
            CHECK(err != HOP_OK || bit / 8 >= 66 + EPOCH_SLOT_BYTES);
            err = epoch_meta_open(&m, f->plain, &t, &f->context, &f->epoch);
            CHECK((err != HOP_OK) == (bit / 8 < 64 || in_meta));
            err = epoch_back_open(back, PARENTS, &t, &f->context, &f->epoch);
            CHECK((err != HOP_OK) == (bit / 8 < 64 || (bit / 8 >= slots && !in_meta)));
        }
        f->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* More devices than the limit must be refused, not cut. */
TEST(epoch_put_refuses_none_too_many_and_no_room)
{
    struct fixture *f = begin();
    size_t bad[] = {0, EPOCH_SLOTS_MAX + 1};
    for (size_t i = 0; i < 2; i++) {
        struct wire_writer w = wire_writer(f->bytes, sizeof f->bytes);
        f->made.recipients_count = bad[i];
        CHECK_ERR(epoch_put(&w, &f->epoch, &f->context, &f->made, &f->drbg), HOP_EFULL);
    }
    put(f, 2);
    size_t whole = f->text.size;
    for (size_t room = 0; room <= whole; room++) {
        struct wire_writer w = wire_writer(f->bytes, room);
        CHECK_ERR(epoch_put(&w, &f->epoch, &f->context, &f->made, &f->drbg),
                  room < whole ? HOP_EFULL : HOP_OK);
    }
}

/* The largest epoch must fit a record. */
TEST(epoch_of_the_largest_cell_has_room)
{
    struct fixture *f = begin();
    struct epoch got;
    put(f, EPOCH_SLOTS_MAX);
    CHECK_OK(open_slot(f, &got, 0));
    CHECK(f->text.size / EPOCH_SLOTS_MAX <= 100); /* bytes a device */
}

/* One device that was left out: as good as if it had been there. */
TEST(epoch_grant_gives_one_device_its_share_and_says_whom)
{
    struct fixture *f = begin();
    for (size_t i = 0; i < 4; i++) {
        struct wire_writer w = wire_writer(f->bytes, sizeof f->bytes);
        struct epoch got;
        struct epoch_text t;
        struct epoch_grant g;
        uint8_t mark[EPOCH_MARK_BYTES];
        CHECK_OK(epoch_grant_put(&w, &f->epoch, &f->context, &f->to[i], &f->drbg));
        f->text = wire_written(&w);
        CHECK_EQ(f->text.size, GRANT_TEXT_BYTES);
        CHECK_OK(open_slot(f, &got, i));
        CHECK_EQ(got.held, f->to[i].share);
        CHECK_ERR(open_slot(f, &got, i + 4), HOP_ENOTFOUND);
        CHECK_OK(epoch_text_parse(&t, f->text));
        CHECK_OK(epoch_grant_open(&g, &t, &f->context, &f->epoch));
        epoch_mark(mark, &f->epoch, f->iks[i], f->to[i].share);
        CHECK_BYTES(g.mark, mark, sizeof mark);
        CHECK_BYTES(g.kem, f->kems[i].public_key, 32);
        struct epoch_meta m;
        CHECK_ERR(epoch_meta_open(&m, f->plain, &t, &f->context, &f->epoch), HOP_EMALFORMED);
        put(f, 2);
        CHECK_OK(epoch_text_parse(&t, f->text));
        CHECK_ERR(epoch_grant_open(&g, &t, &f->context, &f->epoch), HOP_EMALFORMED);
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

/* Who may read: the epochs a device holds, and the one it writes under. */
#include "cell/epochs.h"

#include <stdlib.h>

#include "tests/lib/test.h"

/* Secrets would be lost, or be taken for more than they are. */
TEST(epochs_are_held_by_tag_and_commitment_as_far_as_they_are_known)
{
    struct epochs *held = epochs_new();
    struct epoch e, less;
    uint8_t secret[32] = {1}, key[32];
    CHECK_OK(hop_init());
    CHECK(held != NULL);
    CHECK_ERR(epochs_disc_key(held, key), HOP_ENOTFOUND);
    CHECK_ERR(epochs_media_key(held, secret, key), HOP_ENOTFOUND);
    CHECK(epochs_send(held) == NULL);
    epoch_derive(&e, secret, secret);
    epoch_derive_auth(&less, e.commit, e.auth, e.route);
    CHECK_OK(epochs_add(held, &less));
    CHECK_ERR(epochs_add(held, &less), HOP_EEXIST);
    CHECK_EQ(epochs_by_tag(held, e.tag)->held, EPOCH_AUTH);
    CHECK_ERR(epochs_disc_key(held, key), HOP_ENOTFOUND); /* told of, not given */
    uint64_t version = epochs_version(held);
    CHECK_OK(epochs_add(held, &e));
    CHECK(epochs_version(held) != version);
    CHECK_ERR(epochs_add(held, &less), HOP_EEXIST);
    CHECK_EQ(epochs_count(held), 1);
    CHECK_EQ(epochs_by_commit(held, e.commit)->held, EPOCH_HISTORY);
    CHECK_OK(epochs_disc_key(held, key));
    CHECK_ERR(epochs_media_key(held, secret, key), HOP_ENOTFOUND); /* it is not written under */
    epochs_found(held, e.tag);
    CHECK_OK(epochs_media_key(held, secret, key));
    epochs_drop(held, e.commit);
    CHECK(epochs_by_tag(held, e.tag) == NULL);
    CHECK(epochs_send(held) == NULL);
    epochs_free(held);
}

/* A table without a limit is somebody else's to fill. */
TEST(epochs_have_a_limit)
{
    struct epochs *held = epochs_new();
    struct epoch e;
    uint8_t secret[32] = {2};
    for (unsigned n = 0; n < EPOCHS_MAX; n++) {
        secret[1] = (uint8_t)n;
        secret[2] = (uint8_t)(n >> 8);
        epoch_derive(&e, secret, NULL);
        CHECK_OK(epochs_add(held, &e));
    }
    secret[3] = 1;
    epoch_derive(&e, secret, NULL);
    CHECK_ERR(epochs_add(held, &e), HOP_EFULL);
    CHECK_EQ(epochs_count(held), EPOCHS_MAX);
    epochs_free(held);
}

/* ---- a chain of epochs, and devices that were given different shares of the last ---- */

#define CHAIN 6

struct chain {
    struct hop_drbg drbg;
    uint8_t cell_id[32], log[32], tag[16];
    struct epoch epochs[CHAIN];
    uint8_t *texts[CHAIN];
    size_t sizes[CHAIN];
    struct hop_box_key kems[3]; /* HISTORY, SECRET, ROUTE */
};

static struct chain *make_chain(void)
{
    static struct chain c;
    static uint8_t room[CHAIN][EPOCH_TEXT_BYTES_MAX];
    static const uint8_t iks[3][32] = {{1}, {2}, {3}};
    uint8_t seed[32] = {7};
    struct epoch_recipient to[3];
    CHECK_OK(hop_init());
    hop_drbg_seed(&c.drbg, seed);
    memset(c.cell_id, 0xce, 32);
    for (uint8_t i = 0; i < 3; i++) {
        uint8_t kem_seed[32] = {0, i, 9};
        hop_box_keypair(&c.kems[i], kem_seed);
        to[i] = (struct epoch_recipient){.ik = iks[i],
                                         .kem = c.kems[i].public_key,
                                         .share = i == 0   ? EPOCH_HISTORY
                                                  : i == 1 ? EPOCH_SECRET
                                                           : EPOCH_ROUTE};
    }
    for (uint8_t n = 0; n < CHAIN; n++) {
        uint8_t secret[32] = {0x10, n}, history[32] = {0x20, n};
        const struct epoch *parent = n == 0 ? NULL : &c.epochs[n - 1];
        struct epoch_made made = {.generation = n + 1u,
                                  .parents = &parent,
                                  .parents_count = n == 0 ? 0 : 1,
                                  .recipients = to,
                                  .recipients_count = n == CHAIN - 1 ? 3 : 1};
        struct epoch_context context = {.cell_id = c.cell_id, .log = c.log};
        struct wire_writer w = wire_writer(room[n], sizeof room[n]);
        epoch_derive(&c.epochs[n], secret, history);
        CHECK_OK(epoch_put(&w, &c.epochs[n], &context, &made, &c.drbg));
        c.texts[n] = room[n];
        c.sizes[n] = w.used;
    }
    return &c;
}

static void note(const struct chain *c, struct epochs *e, size_t n, const struct hop_box_key *kem,
                 bool carrier)
{
    uint8_t id[32] = {(uint8_t)n, 0x1d};
    struct epochs_own own = {.cell_id = c->cell_id, .kems = {kem}, .carrier = carrier};
    struct epochs_record r = {.id = id,
                              .log = c->log,
                              .tag = n == 0 ? c->epochs[0].tag : c->epochs[n - 1].tag,
                              .seq = n + 1,
                              .text = SPAN(c->texts[n], c->sizes[n])};
    CHECK_OK(epochs_note(e, &own, &r));
    CHECK_OK(epochs_note(e, &own, &r)); /* again: passed over */
}

/* A newcomer with the newest epoch must be able to check, or to read, the whole past; whatever the
 * order in which its records come. */
TEST(epochs_of_the_past_follow_from_the_newest_by_what_was_given)
{
    struct chain *c = make_chain();
    struct rng r = test_rng("chain");
    for (unsigned round = 0; round < 60; round++) {
        size_t device = round % 3, order[CHAIN];
        struct epochs *e = epochs_new();
        for (size_t i = 0; i < CHAIN; i++) {
            size_t k = (size_t)rng_below(&r, i + 1);
            order[i] = order[k];
            order[k] = i;
        }
        for (size_t i = 0; i < CHAIN; i++)
            note(c, e, order[i], &c->kems[device], device == 2);
        for (size_t n = 0; n < CHAIN; n++) {
            const struct epoch *got = epochs_by_tag(e, c->epochs[n].tag);
            bool last = n == CHAIN - 1;
            if (device == 2 && !last) {
                CHECK(got == NULL); /* a carrier knows what it was given, and no more */
                continue;
            }
            CHECK(got != NULL);
            CHECK_EQ(got->held, device == 0   ? EPOCH_HISTORY
                                : device == 2 ? EPOCH_ROUTE
                                : last        ? EPOCH_SECRET
                                              : EPOCH_AUTH);
            CHECK(device != 0 || memcmp(got->secret, c->epochs[n].secret, 32) == 0);
            CHECK((memcmp(got->body, c->epochs[n].body, 32) == 0) == (got->held >= EPOCH_SECRET));
            CHECK_EQ(epochs_derivable(e, got->commit), device == 0 && !last);
        }
        epochs_free(e);
    }
}

/* Who is given nothing learns nothing, however many records it has. */
TEST(epochs_stay_closed_to_a_key_that_nobody_sealed_to)
{
    struct chain *c = make_chain();
    struct epochs *e = epochs_new();
    struct hop_box_key other;
    uint8_t seed[32] = {0, 0, 0x77};
    hop_box_keypair(&other, seed);
    for (size_t n = 0; n < CHAIN; n++)
        note(c, e, n, &other, n % 2 == 0);
    CHECK_EQ(epochs_count(e), 0);
    CHECK(epochs_known(e, c->epochs[0].commit));
    epochs_free(e);
}

/* A carrier must beacon with those it serves: under the epoch that no other follows. */
TEST(epochs_carrier_takes_the_one_that_no_other_follows)
{
    struct chain *c = make_chain();
    struct epochs *e = epochs_new();
    struct epoch blind;
    epoch_derive_blind(&blind, c->epochs[CHAIN - 2].commit, c->epochs[CHAIN - 2].route);
    CHECK_OK(epochs_add(e, &blind));
    epochs_judge_blind(e);
    CHECK_BYTES(epochs_send(e)->tag, blind.tag, 16);
    note(c, e, CHAIN - 1, &c->kems[2], true);
    epochs_judge_blind(e);
    CHECK_BYTES(epochs_send(e)->tag, c->epochs[CHAIN - 1].tag, 16);
    uint8_t key[32];
    CHECK_ERR(epochs_media_key(e, c->cell_id, key), HOP_ENOTFOUND);
    struct epochs_disc keys[EPOCHS_LISTEN_MAX];
    CHECK_EQ(epochs_disc_keys(e, keys, EPOCHS_LISTEN_MAX), 2);
    epochs_free(e);
}

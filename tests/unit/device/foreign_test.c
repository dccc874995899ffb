/* Room on the disk: what is kept for others goes before what is ours, and documents before records.
 */
#include "device/document.h"

#include "device/state.h"
#include "mesh/tree.h"
#include "tests/unit/device/party.h"

#define CHUNK   ((size_t)TREE_CHUNK_BYTES)
#define CLAIMED ((size_t)1 << 20) /* what a blob of a test is said to have, to fill the quota */
#define QUOTA   ((uint32_t)(DEVICE_FOREIGN_BYTES_MAX / (CLAIMED + 128)))

static uint8_t *random_bytes(size_t size)
{
    struct rng r = test_rng("foreign");
    uint8_t *bytes = malloc(size);
    CHECK(bytes != NULL);
    test_random(&r, bytes, size);
    return bytes;
}

static struct party *meet(uint32_t n)
{
    struct party *p = party_gathered(n);
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    party_run(p, 5);
    return p;
}

static void name_of(uint32_t number, uint8_t ret[32])
{
    memset(ret, 0xf0, 32);
    memcpy(ret, &number, sizeof number);
}

/* As if the mesh had fetched it for somebody. */
static void add(struct party *p, uint32_t i, uint32_t number, size_t size, size_t claimed)
{
    static const uint8_t bytes[TREE_CHUNK_BYTES];
    uint8_t name[32];
    name_of(number, name);
    CHECK_OK(store_put(p->devices[i].store, STORE_BLOBS, SPAN(name, 32), SPAN(bytes, size)));
    CHECK_OK(device_foreign_add(p->devices[i].d, name, claimed));
}

static bool here(struct party *p, uint32_t i, uint32_t number)
{
    uint8_t name[32];
    struct span found;
    name_of(number, name);
    return store_find(p->devices[i].store, STORE_BLOBS, SPAN(name, 32), &found) == HOP_OK;
}

static uint32_t kept(struct party *p, uint32_t i, uint32_t count)
{
    uint32_t ret = 0;
    for (uint32_t n = 0; n < count; n++)
        ret += here(p, i, n) ? 1 : 0;
    return ret;
}

/* A carrier whose quota is full would carry nothing any more, for good. */
TEST(foreign_blobs_beyond_the_quota_push_out_the_oldest)
{
    struct party *p = meet(1);
    for (uint32_t n = 0; n < QUOTA; n++)
        add(p, 0, n, 10, CLAIMED);
    CHECK_EQ(kept(p, 0, QUOTA), QUOTA);
    CHECK_OK(party_commit(p, 0));
    for (uint32_t n = QUOTA; n < 3 * QUOTA; n++) {
        add(p, 0, n, 10, CLAIMED);
        CHECK(here(p, 0, n) && here(p, 0, n - QUOTA / 2)); /* the newer half is not touched */
        CHECK(p->devices[0].d->foreign.bytes <= DEVICE_FOREIGN_BYTES_MAX);
        CHECK_OK(party_commit(p, 0));
    }
    CHECK(!here(p, 0, 0) && !here(p, 0, QUOTA));
    CHECK(kept(p, 0, 3 * QUOTA) > QUOTA * 3 / 4);
    party_free(p);
}

/* What a crash leaves must be what the queue says, or blobs would stay for ever. */
TEST(foreign_blobs_are_counted_right_wherever_the_power_fails)
{
    struct party *p = meet(1);
    for (uint32_t n = 0; n < QUOTA; n++)
        add(p, 0, n, 10, CLAIMED);
    CHECK_OK(party_commit(p, 0));
    uint64_t bytes = p->devices[0].d->foreign.bytes;
    add(p, 0, QUOTA, 10, CLAIMED); /* takes out some of the oldest */
    CHECK(!here(p, 0, 0) && p->devices[0].d->foreign.bytes < bytes);
    party_crash(p, 0);
    CHECK(here(p, 0, 0) && !here(p, 0, QUOTA));
    CHECK_EQ(p->devices[0].d->foreign.bytes, bytes);
    add(p, 0, QUOTA, 10, CLAIMED);
    store_memory_faults(p->devices[0].store)->commit_countdown = 1; /* a disk that says no */
    CHECK(party_commit(p, 0) != HOP_OK);
    CHECK(here(p, 0, 0) && !here(p, 0, QUOTA));
    CHECK_EQ(p->devices[0].d->foreign.bytes, bytes);
    add(p, 0, QUOTA, 10, CLAIMED);
    CHECK_OK(party_commit(p, 0));
    party_crash(p, 0);
    CHECK_OK(device_foreign_free(p->devices[0].d, UINT64_MAX));
    CHECK_OK(party_commit(p, 0));
    CHECK_EQ(kept(p, 0, QUOTA + 1), 0);
    CHECK_EQ(p->devices[0].d->foreign.bytes, 0);
    party_free(p);
}

/* A paper carried for others may turn out to be ours: when its record comes. */
TEST(foreign_blobs_that_became_ours_stay)
{
    struct party *p = meet(1);
    uint8_t id[32], *bytes = random_bytes(5 * CHUNK);
    struct device *d = p->devices[0].d;
    struct tree_walk w;
    struct tree_place place;
    unsigned blobs = 0;
    CHECK_OK(party_document(p, 0, SPAN(bytes, 5 * CHUNK), id));
    const struct device_document *doc = &d->documents[0];
    tree_walk_begin(&w, d->store, doc->root, doc->size);
    while (tree_walk_next(&w, &place) == HOP_OK) {
        CHECK_OK(device_foreign_add(d, place.name, CLAIMED));
        add(p, 0, blobs++, 10, CLAIMED);
    }
    CHECK_EQ(blobs, 6);
    CHECK_OK(device_foreign_free(d, UINT64_MAX));
    CHECK_OK(party_commit(p, 0));
    CHECK(tree_whole(d->store, doc->root, doc->size));
    CHECK_EQ(kept(p, 0, blobs), 0);
    CHECK_EQ(d->foreign.bytes, 0);
    party_free(p);
    free(bytes);
}

/* ---- documents that wait ---- */

static size_t said_of(struct party *p, uint32_t i, enum text_id id, struct text_said *ret)
{
    struct text_said said[8];
    size_t count = device_notices(p->devices[i].d, said, 8), found = 0;
    for (size_t k = 0; k < count; k++) {
        if (said[k].id == id) {
            *ret = said[k];
            found++;
        }
    }
    return found;
}

/* A person must hear which papers do not come, and what to do; and votes come all the same. */
TEST(document_without_room_waits_is_told_of_and_comes_when_there_is_room)
{
    struct party *p = meet(2);
    struct text_said said;
    uint8_t id[32], *bytes = random_bytes(64 * CHUNK);
    store_memory_limit(p->devices[1].store, 50 * CHUNK);
    CHECK_OK(party_document(p, 0, SPAN(bytes, 64 * CHUNK), id));
    party_run(p, 20);
    struct device_documents v = device_documents(p->devices[1].d);
    CHECK_EQ(v.missing, 1);
    CHECK_EQ(v.waiting, 1);
    CHECK_EQ(said_of(p, 1, NOTICE_DOCUMENTS_WAIT, &said), 1);
    CHECK_TEXT(said.args[0], "1");
    CHECK_TEXT(said.args[1], party_meeting(p, 1)->documents[0].title);
    CHECK_TEXT(said.args[2], "2"); /* 4 MiB and its pages, of 50 chunks less 13 for records */
    struct act a = party_a(p, ACT_NOTICE);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 5);
    CHECK_EQ(party_meeting(p, 1)->stage, STAGE_CONVENED);
    a = party_a(p, ACT_OPINION);
    CHECK_OK(party_act(p, 1, &a, id)); /* its own too */
    party_run(p, 5);
    uint64_t version = device_version(p->devices[1].d);
    store_memory_limit(p->devices[1].store, 120 * CHUNK);
    party_run(p, 60);
    CHECK(device_version(p->devices[1].d) > version); /* pages hear of it */
    CHECK_EQ(device_documents(p->devices[1].d).missing, 0);
    CHECK_EQ(said_of(p, 1, NOTICE_DOCUMENTS_WAIT, &said), 0);
    party_run(p, 5);
    CHECK_EQ(party_meeting(p, 0)->documents[0].receipts[0].state, RECEIPT_RECEIVED);
    party_free(p);
    free(bytes);
}

/* What is kept for others must not keep our own papers away. */
TEST(document_takes_the_room_of_blobs_kept_for_others)
{
    struct party *p = meet(2);
    uint8_t id[32], *bytes = random_bytes(20 * CHUNK);
    for (uint32_t n = 0; n < 30; n++)
        add(p, 1, n, CHUNK, CHUNK);
    CHECK_OK(party_commit(p, 1));
    store_memory_limit(p->devices[1].store, 48 * CHUNK); /* 36 without the reserve: 6 are left */
    CHECK_OK(party_document(p, 0, SPAN(bytes, 20 * CHUNK), id));
    party_run(p, 30);
    CHECK_EQ(device_documents(p->devices[1].d).missing, 0);
    CHECK(!here(p, 1, 0) && here(p, 1, 29)); /* no more than needed */
    CHECK(kept(p, 1, 30) >= 10);
    uint32_t before = kept(p, 1, 30);
    uint8_t *film = random_bytes(80 * CHUNK);
    CHECK_OK(party_document(p, 0, SPAN(film, 80 * CHUNK), id));
    party_run(p, 30);
    CHECK_EQ(device_documents(p->devices[1].d).waiting, 1);
    CHECK_EQ(kept(p, 1, 30), before); /* nor is anything taken out in vain */
    free(film);
    party_free(p);
    free(bytes);
}

/* The disk-full sentence comes before the disk is full: records must go on. */
TEST(document_laid_that_would_touch_the_reserve_is_refused_and_leaves_nothing)
{
    struct party *p = meet(1);
    struct device *d = p->devices[0].d;
    struct text_said why;
    struct act doc = party_a(p, ACT_DOC), a = party_a(p, ACT_NOTICE);
    struct device_put *put = NULL;
    uint8_t id[32], *bytes = random_bytes(60 * CHUNK);
    store_memory_limit(p->devices[0].store, 40 * CHUNK);
    size_t before = store_memory_bytes(p->devices[0].store);
    CHECK_ERR(device_put_begin(d, SECRECY_INTERNAL, 60 * CHUNK, &put, &why),
              HOP_ENOSPACE); /* by its size alone */
    CHECK_EQ(why.id, ACT_STORE_FULL);
    CHECK_ERR(device_put_begin(d, SECRECY_INTERNAL, ACT_DOCUMENT_BYTES_MAX + 1, &put, &why),
              HOP_EREFUSED);
    CHECK_EQ(why.id, DOCUMENT_TOO_LARGE);
    CHECK_OK(device_put_begin(d, SECRECY_INTERNAL, 0, &put,
                              &why)); /* or in the middle, when nobody knows its size */
    int err = HOP_OK;
    size_t at = 0;
    for (; at < 60 && err == HOP_OK; at++) {
        err = device_put_add(put, SPAN(bytes + at * CHUNK, CHUNK), &why);
        CHECK_OK(party_commit(p, 0));
    }
    CHECK_ERR(err, HOP_ENOSPACE);
    CHECK_EQ(why.id, ACT_STORE_FULL);
    CHECK(at > 20);
    CHECK(device_put_end(put, &doc, &why) != HOP_OK);
    device_put_free(put, false);
    CHECK_OK(party_commit(p, 0));
    CHECK_EQ(store_memory_bytes(p->devices[0].store), before);
    CHECK_OK(party_act(p, 0, &a, id));
    for (uint32_t n = 0; n < 25; n++) /* what is kept for others makes room */
        add(p, 0, n, CHUNK, CHUNK);
    CHECK_OK(party_commit(p, 0));
    CHECK_OK(device_put_begin(d, SECRECY_INTERNAL, 20 * CHUNK, &put, &why));
    CHECK_OK(party_commit(p, 0));
    CHECK(kept(p, 0, 25) < 10 && here(p, 0, 24));
    device_put_free(put, false);
    party_free(p);
    free(bytes);
}

/* Documents: sealed as they come, carried as trees, read back from any place; and what crashes,
 * cuts, liars and limits do to them. */
#include "device/document.h"

#include "device/state.h"
#include "mesh/tree.h"
#include "tests/unit/device/party.h"
#include "tests/vectors/vectors.h"

#define CHUNK ((size_t)TREE_CHUNK_BYTES)

static uint8_t *random_bytes(size_t size)
{
    struct rng r = test_rng("document");
    uint8_t *bytes = malloc(size);
    CHECK(bytes != NULL);
    test_random(&r, bytes, size);
    return bytes;
}

/* The DOC act of the meeting's n-th document, as device i holds it. */
static struct act doc_of(struct party *p, uint32_t i, size_t n)
{
    struct device_opened o;
    struct act act;
    CHECK(party_meeting(p, i)->documents_count > n);
    CHECK_OK(device_open_entry(p->devices[i].d, party_meeting(p, i)->documents[n].entry, &o));
    CHECK_OK(act_parse(&act, ACT_DOC, o.body));
    act.title = act.number = act.media_type = (struct span){0};
    free(o.bytes);
    return act;
}

static void check_reads(struct party *p, uint32_t i, const struct act *doc, int want,
                        struct span bytes)
{
    struct buf got = {0};
    CHECK_ERR(device_get_document(p->devices[i].d, doc, &got), want);
    if (want == HOP_OK)
        CHECK_SPAN(buf_written(&got), bytes);
    buf_free(&got);
}

static bool blob_here(const struct party *p, uint32_t i, const uint8_t *name)
{
    struct span found;
    return store_find(p->devices[i].store, STORE_BLOBS, SPAN(name, 32), &found) == HOP_OK;
}

/* A meeting without documents. */
static struct party *meet(uint32_t n)
{
    struct party *p = party_gathered(n);
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, p->meeting));
    party_run(p, 5);
    return p;
}

/* ---- whole ---- */

/* A draft must reach everybody whole, whatever its size. */
TEST(document_of_any_size_travels_and_reads_back)
{
    static const size_t sizes[] = {1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 77};
    uint8_t *bytes = random_bytes(4 * CHUNK), id[32];
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        struct party *p = meet(2);
        CHECK_OK(party_document(p, 0, SPAN(bytes, sizes[k]), id));
        party_run(p, 10);
        for (uint32_t i = 0; i < 2; i++) {
            struct act doc = doc_of(p, i, 0);
            CHECK_EQ(doc.size, sizes[k]);
            check_reads(p, i, &doc, HOP_OK, SPAN(bytes, sizes[k]));
            CHECK_EQ(device_documents(p->devices[i].d).missing, 0);
        }
        CHECK_EQ(party_meeting(p, 0)->documents[0].receipts[0].state, RECEIPT_RECEIVED);
        party_free(p);
    }
    free(bytes);
}

/* Bytes that come in odd pieces, over many turns, make the document that they make at once. */
TEST(document_in_pieces_is_the_document)
{
    size_t size = 5 * CHUNK + 12345;
    uint8_t *bytes = random_bytes(size), room[1000];
    struct party *p = meet(1);
    struct device *d = p->devices[0].d;
    struct text_said why;
    struct rng r = test_rng("pieces");
    struct device_put *put;
    struct act doc = party_a(p, ACT_DOC);
    CHECK_OK(device_put_begin(d, SECRECY_INTERNAL, 0, &put, &why));
    for (size_t at = 0; at < size;) {
        size_t n = rng_below(&r, 2) == 0 ? rng_below(&r, 50) : rng_below(&r, 2 * (uint32_t)CHUNK);
        n = n < size - at ? n : size - at;
        CHECK_OK(device_put_add(put, SPAN(bytes + at, n), &why));
        at += n;
        CHECK_EQ(device_put_size(put), at);
        if (rng_below(&r, 3) == 0)
            CHECK_OK(party_commit(p, 0));
    }
    CHECK_OK(device_put_end(put, &doc, &why));
    CHECK_EQ(doc.size, size);
    CHECK_OK(party_commit(p, 0));
    device_put_free(put, true);
    check_reads(p, 0, &doc, HOP_OK, SPAN(bytes, size));
    for (unsigned i = 0; i < 50; i++) { /* and from any place */
        size_t at = (size_t)rng_below(&r, size), got;
        CHECK_OK(device_read_document(d, &doc, at, room, sizeof room, &got));
        CHECK(got == sizeof room || (at + got) % CHUNK == 0 || at + got == size);
        CHECK_BYTES(room, bytes + at, got);
    }
    size_t got = 1;
    CHECK_OK(device_read_document(d, &doc, size, room, sizeof room, &got));
    CHECK_EQ(got, 0);
    party_free(p);
    free(bytes);
}

/* The same paper under two keys: nobody may see that two cells discuss the same. */
TEST(document_put_twice_has_two_names)
{
    struct party *p = meet(1);
    uint8_t id[32];
    CHECK_OK(party_document(p, 0, span_text("Dự thảo"), id));
    CHECK_OK(party_document(p, 0, span_text("Dự thảo"), id));
    struct act a = doc_of(p, 0, 0), b = doc_of(p, 0, 1);
    CHECK(memcmp(a.root, b.root, 32) != 0);
    party_free(p);
}

/* A chunk that the disk changed must not be shown as the document. */
TEST(document_damaged_or_missing_is_refused)
{
    struct party *p = meet(1);
    uint8_t id[32], damaged[256];
    struct span blob, words = span_text("Dự thảo nghị quyết");
    CHECK_OK(party_document(p, 0, words, id));
    struct store *s = p->devices[0].store;
    struct act doc = doc_of(p, 0, 0), other = doc;
    struct span name = SPAN(doc.root, 32);
    CHECK_OK(store_find(s, STORE_BLOBS, name, &blob));
    size_t size = blob.size;
    memcpy(damaged, blob.data, size);
    other.blob_key[0] ^= 1;
    check_reads(p, 0, &other, HOP_EAUTH, words);
    other = doc;
    other.size++;
    check_reads(p, 0, &other, HOP_EMALFORMED, words);
    other = doc;
    other.root[0] ^= 1;
    check_reads(p, 0, &other, HOP_ENOTFOUND, words);
    for (size_t at = 0; at < size; at++) {
        damaged[at] ^= 1;
        CHECK_OK(store_put(s, STORE_BLOBS, name, SPAN(damaged, size)));
        check_reads(p, 0, &doc, at == 0 ? HOP_EMALFORMED : HOP_EAUTH, words);
        damaged[at] ^= 1;
        CHECK_OK(store_put(s, STORE_BLOBS, name, SPAN(damaged, at)));
        check_reads(p, 0, &doc, HOP_EMALFORMED, words);
    }
    party_free(p);
}

/* ---- limits ---- */

/* The bytes of a secret document must not reach the store, not even for a moment and sealed. */
TEST(document_of_class_secret_is_not_even_begun)
{
    struct party *p = meet(1);
    struct device *d = p->devices[0].d;
    struct device_put *put = NULL;
    struct text_said why;
    struct act doc = {.type = ACT_DOC, .value = CLASS_SECRET};
    CHECK_ERR(device_put_begin(d, SECRECY_SECRET, 0, &put, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, REFUSE_SECRET);
    CHECK(put == NULL);
    CHECK_ERR(device_put_document(d, span_text("mật"), &doc, &why), HOP_EREFUSED);
    doc.value = CLASS_GROUP;
    CHECK_OK(device_put_begin(d, SECRECY_GROUP, 0, &put, &why));
    CHECK_OK(device_put_add(put, span_text("trong tổ"), &why));
    doc.value = CLASS_OPEN; /* what it was begun as, it is */
    CHECK_OK(device_put_end(put, &doc, &why));
    CHECK_EQ(doc.value, CLASS_GROUP);
    device_put_free(put, false);
    party_free(p);
}

/* Limits are said, not met by surprise. */
TEST(document_that_is_empty_or_too_large_or_one_too_many_is_refused)
{
    struct party *p = meet(1);
    struct device *d = p->devices[0].d;
    struct device_put *puts[DEVICE_PUTS_MAX], *more;
    struct act doc = {.type = ACT_DOC};
    struct text_said why;
    uint8_t one = 0;
    CHECK_ERR(device_put_document(d, (struct span){0}, &doc, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, DOCUMENT_EMPTY);
    for (size_t i = 0; i < DEVICE_PUTS_MAX; i++)
        CHECK_OK(device_put_begin(d, SECRECY_INTERNAL, 0, &puts[i], &why));
    CHECK_ERR(device_put_begin(d, SECRECY_INTERNAL, 0, &more, &why), HOP_EREFUSED);
    CHECK_EQ(why.id, DOCUMENT_BUSY);
    /* refused by its size alone: not a byte of it is read */
    CHECK_ERR(device_put_add(puts[0], SPAN(&one, (size_t)ACT_DOCUMENT_BYTES_MAX + 1), &why),
              HOP_EREFUSED);
    CHECK_EQ(why.id, DOCUMENT_TOO_LARGE);
    CHECK(device_put_add(puts[0], SPAN(&one, 1), &why) != HOP_OK); /* and that is its end */
    CHECK_ERR(device_put_add(puts[1], SPAN(&one, DEVICE_PUT_BYTES_MAX + 1), &why), HOP_EREFUSED);
    for (size_t i = 0; i < DEVICE_PUTS_MAX; i++)
        device_put_free(puts[i], false);
    CHECK_OK(device_put_begin(d, SECRECY_INTERNAL, 0, &more, &why));
    device_put_free(more, false);
    party_free(p);
}

static struct act claim(const struct party *p, uint64_t size, uint8_t root)
{
    struct act a = party_a(p, ACT_DOC);
    a.title = span_text("Phim");
    a.size = size;
    memset(a.root, root, sizeof a.root);
    memset(a.blob_key, 1, sizeof a.blob_key);
    return a;
}

/* Members who lay down film after film would fill everybody's disk; the newest meeting, and in it
 * the small papers, have what room there is. */
TEST(documents_beyond_the_device_limit_are_not_looked_for)
{
    struct party *p = meet(2);
    struct text_said why;
    uint8_t id[32], newer[32];
    uint64_t max = ACT_DOCUMENT_BYTES_MAX, fit = DEVICE_DOCUMENTS_BYTES_MAX / max;
    for (uint8_t i = 0; i < fit + 1; i++) {
        struct act a = claim(p, max, (uint8_t)(1 + i));
        CHECK_OK(device_act(p->devices[0].d, &a, 0, id, &why));
    }
    CHECK_OK(party_commit(p, 0));
    party_run(p, 5);
    struct device_documents v = device_documents(p->devices[1].d);
    CHECK_EQ(v.count, fit + 1);
    CHECK_EQ(v.missing, fit + 1);
    CHECK_EQ(v.refused, 1);
    CHECK_EQ(v.missing_bytes, (fit + 1) * max);
    CHECK_EQ(mesh_blobs(device_mesh(p->devices[1].d)).wanted, fit);
    struct text_said said[4];
    CHECK_EQ(device_notices(p->devices[1].d, said, 4), 1); /* and a person hears of it */
    CHECK_EQ(said[0].id, NOTICE_DOCUMENTS_FULL);
    struct act a = party_a_meeting();
    CHECK_OK(party_act(p, 0, &a, newer));
    memcpy(p->meeting, newer, 32);
    a = claim(p, 9000, 200);
    CHECK_OK(party_act(p, 0, &a, id));
    a = claim(p, 5000, 201);
    CHECK_OK(party_act(p, 0, &a, id));
    party_run(p, 5);
    const struct device *d = p->devices[1].d;
    CHECK_EQ(d->documents[0].root[0], 201); /* first of all */
    CHECK_EQ(d->documents[1].root[0], 200);
    CHECK(d->documents[0].looked_for && d->documents[1].looked_for);
    CHECK_EQ(device_documents(p->devices[1].d).refused, 2); /* two films now */
    party_free(p);
}

/* A record that lies about the size of what it names must cost nothing and be told. */
TEST(document_whose_record_lies_about_its_size_is_unusable)
{
    struct party *p = meet(2);
    uint8_t id[32], *bytes = random_bytes(3 * CHUNK);
    CHECK_OK(party_document(p, 0, SPAN(bytes, 3 * CHUNK), id));
    struct act lie = doc_of(p, 0, 0);
    lie.title = span_text("Phim");
    lie.size = 100 * CHUNK;
    CHECK_OK(party_act(p, 0, &lie, id));
    party_run(p, 20);
    struct device_documents v = device_documents(p->devices[1].d);
    CHECK_EQ(v.missing, 1);
    CHECK_EQ(v.unusable, 1);
    struct text_said said[4];
    CHECK_EQ(device_notices(p->devices[1].d, said, 4), 1);
    CHECK_EQ(said[0].id, NOTICE_DOCUMENTS_UNUSABLE);
    struct act doc = doc_of(p, 1, 0);
    check_reads(p, 1, &doc, HOP_OK, SPAN(bytes, 3 * CHUNK));
    check_reads(p, 1, &lie, HOP_EMALFORMED, (struct span){0});
    CHECK_EQ(party_meeting(p, 0)->documents[0].receipts[0].state, RECEIPT_RECEIVED);
    CHECK_EQ(party_meeting(p, 0)->documents[1].receipts[0].state, 0);
    party_free(p);
    free(bytes);
}

/* ---- receipts and marks ---- */

/* "It has arrived" said of half a paper would be a lie on the delivery board. */
TEST(document_is_acknowledged_only_when_it_is_whole)
{
    struct party *p = meet(2);
    uint8_t id[32], *bytes = random_bytes(40 * CHUNK);
    CHECK_OK(party_document(p, 0, SPAN(bytes, 40 * CHUNK), id));
    for (unsigned n = 0; n < 100 && party_meeting(p, 1)->documents_count == 0; n++)
        party_deliver(p);
    struct act doc = doc_of(p, 1, 0);
    unsigned delivered = 0;
    while (!tree_whole(p->devices[1].store, doc.root, doc.size)) {
        CHECK(p->count > 0 && delivered++ < 5000);
        CHECK_EQ(party_meeting(p, 1)->documents[0].receipts[0].state, 0);
        CHECK_EQ(device_documents(p->devices[1].d).missing, 1);
        party_deliver(p);
    }
    CHECK(delivered > 100);
    CHECK_EQ(party_meeting(p, 1)->documents[0].receipts[0].state, RECEIPT_RECEIVED);
    CHECK_EQ(device_documents(p->devices[1].d).missing, 0);
    party_crash(p, 1); /* the mark outlives it: nothing is looked for again */
    CHECK_EQ(mesh_blobs(device_mesh(p->devices[1].d)).wanted, 0);
    CHECK_EQ(p->devices[1].d->wants_count, 0);
    party_free(p);
    free(bytes);
}

/* Power that fails anywhere on the way: what is stored stays, and the paper is acknowledged in the
 * end. */
TEST(document_arrives_and_is_acknowledged_wherever_the_power_fails)
{
    uint8_t *bytes = random_bytes(6 * CHUNK);
    for (unsigned long n = 1; n < 30; n++) {
        struct party *p = meet(2);
        uint8_t id[32];
        p->devices[1].crash_before = n % 2 == 0 ? n / 2 : 0;
        p->devices[1].crash_after = n % 2 == 0 ? 0 : n / 2 + 1;
        CHECK_OK(party_document(p, 0, SPAN(bytes, 6 * CHUNK), id));
        party_run(p, 1); /* until the power fails */
        party_run(p, 30);
        struct act doc = doc_of(p, 1, 0);
        check_reads(p, 1, &doc, HOP_OK, SPAN(bytes, 6 * CHUNK));
        CHECK_EQ(party_meeting(p, 0)->documents[0].receipts[0].state, RECEIPT_RECEIVED);
        party_free(p);
    }
    free(bytes);
}

/* A mark lost with its commit must be made again while the device runs. */
TEST(document_mark_lost_with_a_commit_is_made_again)
{
    uint8_t *bytes = random_bytes(2 * CHUNK);
    for (unsigned long n = 1; n < 12; n++) {
        struct party *p = meet(2);
        uint8_t id[32];
        struct act a;
        CHECK_OK(party_document(p, 0, SPAN(bytes, 2 * CHUNK), id));
        store_memory_faults(p->devices[1].store)->commit_countdown = n;
        party_run(p, 100);
        a = party_a(p, ACT_NOTICE);
        CHECK_OK(party_act(p, 0, &a, id));
        party_run(p, 30);
        CHECK_EQ(party_meeting(p, 0)->documents[0].receipts[0].state, RECEIPT_RECEIVED);
        CHECK_EQ(device_documents(p->devices[1].d).missing, 0);
        party_free(p);
    }
    free(bytes);
}

/* ---- crashes while it is written ---- */

/* Write a document of seven chunks in three turns; false: the power or the disk failed. *ret_kept:
 * its record is durable. */
static bool write_in_turns(struct party *p, const uint8_t *bytes, bool *ret_kept)
{
    struct text_said why;
    struct device_put *put = NULL;
    struct device *d = p->devices[0].d;
    struct act doc = party_a(p, ACT_DOC);
    uint8_t id[32];
    unsigned starts = p->devices[0].starts;
    doc.title = span_text("Dự thảo");
    *ret_kept = false;
    int err = device_put_begin(d, SECRECY_INTERNAL, 0, &put, &why);
    for (unsigned turn = 0; turn < 3 && err == HOP_OK; turn++) {
        err = device_put_add(put, SPAN(bytes + turn * (2 * CHUNK + 100), 2 * CHUNK + 100), &why);
        if (err == HOP_OK && turn < 2)
            err = party_commit(p, 0);
        if (p->devices[0].starts != starts)
            return false;
    }
    if (err == HOP_OK)
        err = device_put_end(put, &doc, &why);
    if (err == HOP_OK)
        err = device_act(d, &doc, 0, id, &why);
    int ended = party_commit(p, 0);
    *ret_kept = err == HOP_OK && ended == HOP_OK;
    if (p->devices[0].starts != starts) {
        *ret_kept = err == HOP_OK && party_meeting(p, 0)->documents_count == 1;
        return false;
    }
    device_put_free(put, *ret_kept);
    return *ret_kept;
}

/* What no record names must not stay on the disk for ever; what one names must be all there. */
TEST(document_half_written_leaves_nothing_wherever_it_stops)
{
    uint8_t *bytes = random_bytes(7 * CHUNK);
    for (unsigned how = 0; how < 4; how++) {
        bool completed = false;
        for (unsigned long n = 1; !completed; n++) {
            struct party *p = meet(1);
            struct store *s = p->devices[0].store;
            struct store_faults *faults = store_memory_faults(s);
            size_t before = store_memory_bytes(s);
            bool kept;
            CHECK(n < 100);
            p->devices[0].crash_before = how == 0 ? n : 0;
            p->devices[0].crash_after = how == 1 ? n : 0;
            faults->commit_countdown = how == 2 ? n : 0;
            faults->write_countdown = how == 3 ? n : 0;
            faults->error = HOP_ENOSPACE;
            completed = write_in_turns(p, bytes, &kept);
            p->devices[0].crash_before = p->devices[0].crash_after = 0;
            faults->commit_countdown = faults->write_countdown = 0;
            CHECK_OK(party_commit(p, 0)); /* the sweep's, or that of what was taken out */
            CHECK_EQ(party_meeting(p, 0)->documents_count, kept ? 1 : 0);
            if (kept) {
                struct act doc = doc_of(p, 0, 0);
                check_reads(p, 0, &doc, HOP_OK, SPAN(bytes, 6 * CHUNK + 300));
            } else {
                CHECK_EQ(store_memory_bytes(s), before);
            }
            party_crash(p, 0); /* nothing is swept away later that should stay */
            CHECK_OK(party_commit(p, 0));
            if (kept) {
                struct act doc = doc_of(p, 0, 0);
                check_reads(p, 0, &doc, HOP_OK, SPAN(bytes, 6 * CHUNK + 300));
            }
            party_free(p);
        }
    }
    free(bytes);
}

/* What was half sent when the power failed goes on from where it was, from somebody else. */
TEST(document_comes_from_a_third_when_its_author_is_gone)
{
    struct party *p = meet(3);
    uint8_t id[32], *bytes = random_bytes(20 * CHUNK);
    party_unlink(p, 0, 2);
    party_unlink(p, 1, 2);
    CHECK_OK(party_document(p, 0, SPAN(bytes, 20 * CHUNK), id));
    for (unsigned n = 0; n < 3000 && p->count > 0; n++)
        party_deliver(p);
    CHECK_EQ(device_documents(p->devices[1].d).missing, 0);
    party_link(p, 0, 2);
    struct act doc = doc_of(p, 0, 0);
    for (unsigned n = 0; n < 60; n++) /* about a third of it */
        party_deliver(p);
    CHECK(blob_here(p, 2, doc.root));
    CHECK(!tree_whole(p->devices[2].store, doc.root, doc.size));
    party_unlink(p, 0, 2);
    party_link(p, 1, 2);
    for (unsigned n = 0; n < 3000 && p->count > 0; n++)
        party_deliver(p);
    check_reads(p, 2, &doc, HOP_OK, SPAN(bytes, 20 * CHUNK));
    party_free(p);
    free(bytes);
}

/* ---- vectors ---- */

static void put_blob(struct store *s, struct span blob)
{
    uint8_t name[32];
    tree_name(name, blob);
    CHECK_OK(store_put(s, STORE_BLOBS, SPAN(name, 32), blob));
}

static uint64_t number(const struct vectors *v, const char *name)
{
    char text[24];
    return strtoull(vectors_text(v, name, text, sizeof text), NULL, 10);
}

/* What a second implementation sealed must open here, and what is sealed here must be the same. */
TEST(document_of_the_vectors_is_read_and_written_alike)
{
    struct vectors v = vectors_open("tests/vectors/sync/blob.txt");
    struct party *p = meet(1);
    struct store *s = p->devices[0].store;
    struct act doc = {.type = ACT_DOC, .size = number(&v, "size")};
    static uint8_t bytes[2 * 65536 + 5], sealed[TREE_BLOB_BYTES_MAX], names[96];
    CHECK_EQ(doc.size, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(7 * i + i / 251);
    (void)vectors_bytes(&v, "key", doc.blob_key, 32);
    (void)vectors_bytes(&v, "root", doc.root, 32);
    for (uint64_t i = 0; i < 3; i++) {
        uint8_t nonce[CRYPTO_NONCE_BYTES];
        size_t n = i < 2 ? 65536 : 5;
        tree_nonce(nonce, i);
        hop_seal(sealed + 1, doc.blob_key, nonce, (struct span){0}, SPAN(bytes + i * 65536, n));
        put_blob(s, SPAN(sealed, TREE_SEALED_BYTES(n)));
        tree_name(names + 32 * i, SPAN(sealed, TREE_SEALED_BYTES(n)));
    }
    vectors_check(&v, "names", SPAN(names, sizeof names));
    vectors_check(&v, "last_chunk", SPAN(sealed, TREE_SEALED_BYTES(5)));
    put_blob(s, vectors_bytes(&v, "node", sealed, sizeof sealed));
    check_reads(p, 0, &doc, HOP_OK, SPAN(bytes, sizeof bytes));
    struct act small = doc;
    small.size = strlen("Dự thảo");
    (void)vectors_bytes(&v, "small_root", small.root, 32);
    put_blob(s, vectors_bytes(&v, "small_chunk", sealed, sizeof sealed));
    check_reads(p, 0, &small, HOP_OK, span_text("Dự thảo"));
    vectors_close(&v);
    party_free(p);
}

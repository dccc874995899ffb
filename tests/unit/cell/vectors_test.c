/* The formats are what the vectors say: a change that alters a byte must be meant. */
#include "tests/vectors/vectors.h"

#include "cell/record.h"

static void check_record(const char *path)
{
    struct vectors v = vectors_open(path);
    static uint8_t bytes[4096], plain[4096];
    uint8_t secret[32], seed[32], id[32], key[32], hash[32], header[RECORD_HEADER_BYTES];
    struct hop_sign_key log;
    struct epoch e;
    struct record r;
    struct record_inner inner;
    CHECK_OK(hop_init());
    struct span head = vectors_bytes(&v, "header", bytes, sizeof bytes);
    struct span text = vectors_bytes(&v, "text", bytes + head.size, sizeof bytes - head.size);
    struct span sig = vectors_bytes(&v, "signature", bytes + head.size + text.size, 64);
    CHECK_OK(record_parse(&r, SPAN(bytes, head.size + text.size + sig.size)));
    record_header_put(header, &r);
    CHECK_SPAN(SPAN(header, sizeof header), head);
    (void)vectors_bytes(&v, "epoch_secret", secret, 32);
    (void)vectors_bytes(&v, "log_seed", seed, 32);
    epoch_derive(&e, secret, NULL);
    hop_sign_keypair(&log, seed);
    vectors_check(&v, "log_id", SPAN(log.public_key, 32));
    vectors_check(&v, "log_id", SPAN(r.log, 32));
    vectors_check(&v, "prev", SPAN(r.prev, 32));
    vectors_check(&v, "nonce", SPAN(r.nonce, 24));
    vectors_check(&v, "class_key", SPAN(record_class_key(&e, r.lane), 32));
    record_key(key, record_class_key(&e, r.lane), r.header);
    vectors_check(&v, "record_key", SPAN(key, 32));
    vectors_check(&v, "key_commitment", SPAN(r.kc, 16));
    CHECK_OK(record_open(&inner, plain, &r, key));
    vectors_check(&v, "inner", SPAN(plain, text.size - CRYPTO_TAG_BYTES));
    CHECK_EQ(inner.type, 40);
    record_text_hash(hash, r.text);
    vectors_check(&v, "text_hash", SPAN(hash, 32));
    record_id(id, r.header, r.text);
    vectors_check(&v, "id", SPAN(id, 32));
    CHECK_OK(record_verify(id, r.sig, log.public_key));
    uint8_t again[64]; /* Ed25519 signs the same way every time */
    hop_sign(again, &log, LABEL_REC_SIG, SPAN(id, 32));
    vectors_check(&v, "signature", SPAN(again, 64));
    vectors_close(&v);
}

/* Records of years ago must open for ever. */
TEST(vectors_of_records_hold)
{
    check_record("tests/vectors/record/control.txt");
    check_record("tests/vectors/record/meeting.txt");
}

static struct epoch epoch_of(struct vectors *v)
{
    struct epoch e;
    uint8_t secret[32], history[32];
    (void)vectors_bytes(v, "epoch_secret", secret, 32);
    (void)vectors_bytes(v, "history_secret", history, 32);
    epoch_derive(&e, secret, history);
    return e;
}

static struct hop_box_key kem_of(struct vectors *v, unsigned n)
{
    struct hop_box_key kem;
    char name[16];
    uint8_t seed[32];
    (void)snprintf(name, sizeof name, "kem_secret_%u", n);
    (void)vectors_bytes(v, name, seed, 32);
    hop_box_keypair(&kem, seed);
    return kem;
}

/* And the secrets that open them must still reach their devices. */
TEST(vectors_of_epochs_hold)
{
    static const enum epoch_hold shares[] = {EPOCH_HISTORY, EPOCH_SECRET, EPOCH_ROUTE};
    static uint8_t bytes[EPOCH_TEXT_BYTES_MAX], plain[EPOCH_META_BYTES_MAX];
    struct vectors v = vectors_open("tests/vectors/epoch/slots.txt");
    uint8_t id[32], log[32], hint[8], back[EPOCH_BACK_BYTES];
    struct epoch_text t;
    struct epoch_meta m;
    struct epoch got;
    CHECK_OK(hop_init());
    struct epoch e = epoch_of(&v);
    (void)vectors_bytes(&v, "cell_id", id, 32);
    (void)vectors_bytes(&v, "log_id", log, 32);
    vectors_check(&v, "auth", SPAN(e.auth, 32));
    vectors_check(&v, "body", SPAN(e.body, 32));
    vectors_check(&v, "route", SPAN(e.route, 32));
    vectors_check(&v, "meet", SPAN(e.meet, 32));
    vectors_check(&v, "commit", SPAN(e.commit, 32));
    vectors_check(&v, "cell_tag", SPAN(e.tag, 16));
    epoch_hint(hint, &e, log);
    vectors_check(&v, "hint", SPAN(hint, 8));
    struct epoch_context context = {.cell_id = id, .log = log};
    CHECK_OK(epoch_text_parse(&t, vectors_bytes(&v, "text", bytes, sizeof bytes)));
    CHECK_OK(epoch_meta_open(&m, plain, &t, &context, &e));
    CHECK_EQ(m.generation, 2);
    CHECK_EQ(m.reason, EPOCH_LEFT);
    CHECK_EQ(m.wall, UINT64_C(1796412600000000));
    CHECK_EQ(m.marks.size, 3 * EPOCH_MARK_BYTES);
    for (unsigned n = 1; n <= 3; n++) {
        struct hop_box_key kem = kem_of(&v, n);
        CHECK_OK(epoch_slot_open(&got, &t, &context, &kem, n == 3));
        CHECK_EQ(got.held, shares[n - 1]);
        CHECK_BYTES(got.tag, e.tag, 16);
    }
    CHECK_OK(epoch_back_open(back, 1, &t, &context, &e));
    vectors_check(&v, "parent_secret", SPAN(back, 32));
    vectors_check(&v, "parent_history", SPAN(back + 32, 32));
    vectors_close(&v);
}

/* What opens the grant of the vectors: its slot and its sealed part, or not. */
static bool grant_holds(struct span text, const struct epoch_context *context,
                        const struct hop_box_key *kem, const struct epoch *e,
                        const uint8_t mark[static EPOCH_MARK_BYTES])
{
    struct epoch_text t;
    struct epoch_grant g;
    struct epoch got;
    return epoch_text_parse(&t, text) == HOP_OK &&
           epoch_slot_open(&got, &t, context, kem, false) == HOP_OK && got.held == EPOCH_SECRET &&
           epoch_grant_open(&g, &t, context, e) == HOP_OK &&
           memcmp(g.mark, mark, EPOCH_MARK_BYTES) == 0 && memcmp(g.kem, kem->public_key, 32) == 0;
}

/* A grant that is altered in any bit, cut or extended, or stands elsewhere, is none. */
TEST(vectors_of_grants_hold_and_no_mutation_of_them_does)
{
    static uint8_t bytes[GRANT_TEXT_BYTES + 1];
    struct vectors v = vectors_open("tests/vectors/epoch/slots.txt");
    uint8_t id[32], log[32], ik[32], mark[EPOCH_MARK_BYTES];
    CHECK_OK(hop_init());
    struct epoch e = epoch_of(&v);
    struct hop_box_key kem = kem_of(&v, 2);
    (void)vectors_bytes(&v, "cell_id", id, 32);
    (void)vectors_bytes(&v, "log_id", log, 32);
    (void)vectors_bytes(&v, "ik_2", ik, 32);
    epoch_mark(mark, &e, ik, EPOCH_SECRET);
    struct epoch_context context = {.cell_id = id, .log = log};
    struct span text = vectors_bytes(&v, "grant", bytes, sizeof bytes);
    CHECK_EQ(text.size, GRANT_TEXT_BYTES);
    CHECK(grant_holds(text, &context, &kem, &e, mark));
    for (size_t bit = 0; bit < text.size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!grant_holds(text, &context, &kem, &e, mark));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(!grant_holds(SPAN(bytes, text.size - 1), &context, &kem, &e, mark));
    CHECK(!grant_holds(SPAN(bytes, text.size + 1), &context, &kem, &e, mark));
    id[0] ^= 1;
    CHECK(!grant_holds(text, &context, &kem, &e, mark));
    id[0] ^= 1;
    log[31] ^= 1;
    CHECK(!grant_holds(text, &context, &kem, &e, mark));
    vectors_close(&v);
}

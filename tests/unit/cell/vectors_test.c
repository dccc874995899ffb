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
    epoch_derive(&e, secret);
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

/* And the secrets that open them must still reach their devices. */
TEST(vectors_of_epochs_hold)
{
    struct vectors v = vectors_open("tests/vectors/epoch/slots.txt");
    uint8_t secret[32], id[32], log[32], text[1024], hint[8];
    struct epoch e, got;
    CHECK_OK(hop_init());
    (void)vectors_bytes(&v, "epoch_secret", secret, 32);
    (void)vectors_bytes(&v, "cell_id", id, 32);
    (void)vectors_bytes(&v, "log_id", log, 32);
    epoch_derive(&e, secret);
    vectors_check(&v, "auth", SPAN(e.auth, 32));
    vectors_check(&v, "body", SPAN(e.body, 32));
    vectors_check(&v, "route", SPAN(e.route, 32));
    vectors_check(&v, "meet", SPAN(e.meet, 32));
    vectors_check(&v, "commit", SPAN(e.commit, 32));
    vectors_check(&v, "cell_tag", SPAN(e.tag, 16));
    epoch_hint(hint, &e, log);
    vectors_check(&v, "hint", SPAN(hint, 8));
    struct span slots = vectors_bytes(&v, "text", text, sizeof text);
    struct epoch_context context = {.cell_id = id, .log = log};
    static const char *const names[] = {"kem_secret_1", "kem_secret_2"};
    for (size_t i = 0; i < 2; i++) {
        struct hop_box_key kem;
        uint8_t seed[32];
        (void)vectors_bytes(&v, names[i], seed, 32);
        hop_box_keypair(&kem, seed);
        CHECK_OK(epoch_slots_open(&got, slots, &context, &kem));
        CHECK_BYTES(got.secret, secret, 32);
    }
    vectors_close(&v);
}

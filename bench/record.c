/* What one record costs: sealing and signing, verifying, opening; each beside the bare primitives
 * of libsodium over the same bytes. */
#include "bench/report.h"

#include <sodium.h>

#include "cell/record.h"

#define BODY_BYTES 300
#define TIMES      2000
#define BATCHES    9 /* the best counts: what else ran on the machine is not the question */

struct bytes {
    uint8_t body[BODY_BYTES], head[32], id[32], class_key[32], record_key[32];
    uint8_t record[2048];
    size_t size;
    struct hop_sign_key key;
    struct epoch epoch;
    struct hop_drbg drbg;
    struct record parsed;
    uint8_t plain[2048];
    bool good;
};

static void seal(struct bytes *b)
{
    struct record_place place = {.lane = LANE_MEETING,
                                 .outer = OUTER_SEALED,
                                 .seq = 2,
                                 .prev = b->head,
                                 .log_key = &b->key,
                                 .epoch = &b->epoch};
    struct record_inner inner = {
        .type = 35, .version = 1, .wall = 1, .body = SPAN(b->body, sizeof b->body)};
    b->size = sizeof b->record;
    b->good = record_seal(b->record, &b->size, b->id, &place, &inner, &b->drbg) == HOP_OK;
}

/* Encrypt the same text, hash all bytes, sign a hash. */
static void seal_raw(struct bytes *b)
{
    uint8_t sealed[2048], nonce[24] = {0}, sig[64];
    size_t text = b->size - RECORD_HEADER_BYTES - CRYPTO_TAG_BYTES - CRYPTO_SIG_BYTES;
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        sealed, NULL, b->plain, text, b->record, RECORD_HEADER_BYTES, NULL, nonce, b->class_key);
    (void)crypto_generichash(b->head, 32, b->record, b->size, NULL, 0);
    (void)crypto_sign_detached(sig, NULL, b->head, 32, b->key.secret);
    b->good = true;
}

static void verify(struct bytes *b)
{
    b->good = record_verify(b->id, b->parsed.sig, b->parsed.log) == HOP_OK;
}

static void verify_raw(struct bytes *b)
{
    /* over the hash that hop signs, so that the bare one is good too */
    uint8_t sig[64];
    memcpy(sig, b->plain, sizeof sig);
    b->good = crypto_sign_verify_detached(sig, b->head, 32, b->key.public_key) == 0;
}

static void open_it(struct bytes *b)
{
    struct record_inner inner;
    uint8_t key[32], id[32];
    record_id(id, b->parsed.header, b->parsed.text);
    record_key(key, b->class_key, b->parsed.header);
    b->good = record_open(&inner, b->plain, &b->parsed, key) == HOP_OK &&
              inner.body.size == BODY_BYTES && memcmp(id, b->id, 32) == 0;
}

static void open_raw(struct bytes *b)
{
    uint8_t opened[2048], hash[32];
    (void)crypto_generichash(hash, 32, b->record, b->size, NULL, 0);
    b->good = crypto_aead_xchacha20poly1305_ietf_decrypt(
                  opened, NULL, NULL, b->parsed.text.data, b->parsed.text.size, b->record,
                  RECORD_HEADER_BYTES, b->parsed.nonce, b->record_key) == 0;
}

static double measure(void (*work)(struct bytes *b), struct bytes *b)
{
    double best = 1e12;
    for (int batch = 0; batch < BATCHES; batch++) {
        double from = bench_cpu_us();
        for (int i = 0; i < TIMES; i++) {
            work(b);
            bench_must(b->good, "a record that was sealed opens");
        }
        double took = (bench_cpu_us() - from) / TIMES;
        best = took < best ? took : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    static struct bytes b;
    uint8_t seed[32] = {1};
    bench_start("record", argc, argv);
    bench_must(hop_init() == HOP_OK && strcmp(hop_backend(), "sodium") == 0, "libsodium");
    hop_sign_keypair(&b.key, seed);
    hop_drbg_seed(&b.drbg, seed);
    epoch_derive(&b.epoch, seed, NULL);
    memset(b.head, 7, sizeof b.head);
    memcpy(b.class_key, record_class_key(&b.epoch, LANE_MEETING), 32);

    double value = measure(seal, &b);
    size_t size = b.size;
    double least = measure(seal_raw, &b);
    bench_report("seal and sign a record of 300 bytes", value, "us", least,
                 "Ed25519 + XChaCha20-Poly1305 + BLAKE2b", "%zu bytes as stored", size);

    memset(b.head, 7, sizeof b.head);
    seal(&b);
    bench_must(record_parse(&b.parsed, SPAN(b.record, b.size)) == HOP_OK, "parse");
    value = measure(verify, &b);
    (void)crypto_sign_detached(b.plain, NULL, b.head, 32, b.key.secret);
    least = measure(verify_raw, &b);
    bench_report("verify a signature", value, "us", least, "Ed25519",
                 "one a segment of up to 64 records");
    record_key(b.record_key, b.class_key, b.parsed.header);
    value = measure(open_it, &b);
    least = measure(open_raw, &b);
    bench_report("open a record of 300 bytes", value, "us", least, "XChaCha20-Poly1305 + BLAKE2b",
                 "once when it comes or at the start");
    return bench_end();
}

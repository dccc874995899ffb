/* What unlocking a device costs: its key file opened at the cost that hop chooses, and at the least
 * it accepts; beside bare Argon2id of libsodium with the same cost. */
#include "bench/report.h"

#include <sodium.h>

#include "crypto/keyfile.h"

#define BATCHES       5 /* the best counts: what else ran on the machine is not the question */
#define PAYLOAD_BYTES 1024

static const char passphrase[] = "mot hai ba bon nam sau";

static double open_us(struct span file)
{
    static uint8_t payload[KEYFILE_PAYLOAD_BYTES_MAX];
    double best = 0;
    for (int i = 0; i < BATCHES; i++) {
        size_t size = 0;
        enum keyfile_trouble t;
        double before = bench_cpu_us();
        int err = keyfile_open(payload, &size, file, span_text(passphrase), &t);
        double took = bench_cpu_us() - before;
        bench_must(err == HOP_OK && size == PAYLOAD_BYTES, "open the key file");
        best = i == 0 || took < best ? took : best;
    }
    return best;
}

static double bare_us(const struct keyfile_cost *cost)
{
    uint8_t key[32], salt[16] = {1};
    double best = 0;
    for (int i = 0; i < BATCHES; i++) {
        double before = bench_cpu_us();
        int rc = crypto_pwhash_argon2id(key, sizeof key, passphrase, strlen(passphrase), salt,
                                        cost->ops, (size_t)cost->memory_bytes,
                                        crypto_pwhash_argon2id_ALG_ARGON2ID13);
        double took = bench_cpu_us() - before;
        bench_must(rc == 0, "Argon2id");
        best = i == 0 || took < best ? took : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    static const struct keyfile_cost costs[] = {{KEYFILE_OPS_FLOOR, KEYFILE_MEMORY_DEFAULT},
                                                {KEYFILE_OPS_FLOOR, KEYFILE_MEMORY_FLOOR}};
    static const char *const names[] = {"unlock, cost chosen", "unlock, low-memory floor"};
    static uint8_t file[KEYFILE_BYTES_MAX], payload[PAYLOAD_BYTES];
    struct hop_drbg drbg;
    uint8_t seed[CRYPTO_SEED_BYTES] = {9};
    bench_start("unlock", argc, argv);
    bench_must(hop_init() == HOP_OK, "prepare libsodium");
    hop_drbg_seed(&drbg, seed);
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        size_t size = 0;
        int err = keyfile_seal(file, &size, SPAN(payload, sizeof payload), span_text(passphrase),
                               &costs[i], &drbg);
        bench_must(err == HOP_OK, "seal a key file");
        bench_report(names[i], open_us(SPAN(file, size)) / 1e3, "ms", bare_us(&costs[i]) / 1e3,
                     "Argon2id alone", "t=%u, %u MiB, CPU time, best of %d", costs[i].ops,
                     (unsigned)(costs[i].memory_bytes >> 20), BATCHES);
    }
    return bench_end();
}

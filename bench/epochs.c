/* Renewing an epoch: what it costs its maker, the wire and each device, by the number of devices.
 */
#include "bench/report.h"

#include <sodium.h>

#include "cell/epoch.h"

#define ROUNDS 12

struct party {
    struct hop_box_key kems[900];
    uint8_t iks[900][32];
    struct epoch_recipient to[900];
    struct hop_drbg drbg;
    struct epoch epoch, before;
    uint8_t *text;
    uint8_t cell_id[32], log[32];
};

static void prepare(struct party *p)
{
    uint8_t seed[32] = {1}, history[32] = {2};
    hop_drbg_seed(&p->drbg, seed);
    epoch_derive(&p->epoch, seed, history);
    epoch_derive(&p->before, history, seed);
    for (size_t i = 0; i < 900; i++) {
        uint8_t kem[32] = {0, (uint8_t)i, (uint8_t)(i >> 8)};
        hop_box_keypair(&p->kems[i], kem);
        hop_drbg_take(&p->drbg, p->iks[i], 32);
        p->to[i] = (struct epoch_recipient){
            .ik = p->iks[i], .kem = p->kems[i].public_key, .share = EPOCH_HISTORY};
    }
    p->text = malloc(EPOCH_TEXT_BYTES_MAX);
    bench_must(p->text != NULL, "memory");
}

static size_t make(struct party *p, size_t devices)
{
    const struct epoch *parent = &p->before;
    struct epoch_context context = {.cell_id = p->cell_id, .log = p->log};
    struct epoch_made made = {.reason = EPOCH_REMOVED,
                              .generation = 2,
                              .parents = &parent,
                              .parents_count = 1,
                              .recipients = p->to,
                              .recipients_count = devices};
    struct wire_writer w = wire_writer(p->text, EPOCH_TEXT_BYTES_MAX);
    bench_must(epoch_put(&w, &p->epoch, &context, &made, &p->drbg) == HOP_OK, "make an epoch");
    return w.used;
}

/* As a device does that is in it: its slot, who else, and what was before. */
static void take(struct party *p, size_t size, size_t device)
{
    static uint8_t plain[EPOCH_META_BYTES_MAX];
    uint8_t back[EPOCH_BACK_BYTES];
    struct epoch_context context = {.cell_id = p->cell_id, .log = p->log};
    struct epoch_text t;
    struct epoch_meta m;
    struct epoch got;
    bench_must(epoch_text_parse(&t, SPAN(p->text, size)) == HOP_OK &&
                   epoch_slot_open(&got, &t, &context, &p->kems[device], false) == HOP_OK &&
                   epoch_meta_open(&m, plain, &t, &context, &got) == HOP_OK &&
                   epoch_back_open(back, 1, &t, &context, &got) == HOP_OK,
               "take an epoch");
}

static double exchange_us(struct party *p)
{
    uint8_t shared[32];
    double from = bench_cpu_us();
    for (int i = 0; i < 500; i++)
        bench_must(crypto_scalarmult(shared, p->kems[0].secret, p->kems[1].public_key) == 0, "DH");
    return (bench_cpu_us() - from) / 500;
}

static void measure(struct party *p, size_t devices, double exchange)
{
    char what[64];
    double best = 1e12, taken = 1e12;
    size_t size = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double from = bench_cpu_us();
        size = make(p, devices);
        double then = bench_cpu_us();
        take(p, size, devices - 1); /* the last slot: the longest search */
        double end = bench_cpu_us();
        best = then - from < best ? then - from : best;
        taken = end - then < taken ? end - then : taken;
    }
    (void)snprintf(what, sizeof what, "renew the epoch of %zu devices", devices);
    bench_report(what, best / 1e3, "ms", exchange * (double)devices / 1e3, "X25519 for each",
                 "%zu bytes, %.1f a device", size, (double)size / (double)devices);
    (void)snprintf(what, sizeof what, "take an epoch of %zu devices", devices);
    bench_report(what, taken, "us", exchange, "one X25519", "slot, recipients, secrets before");
}

int main(int argc, char **argv)
{
    static struct party p;
    static const size_t sizes[] = {15, 60, 300, 900};
    bench_start("epochs", argc, argv);
    bench_must(hop_init() == HOP_OK, "start the library");
    prepare(&p);
    double exchange = exchange_us(&p);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        measure(&p, sizes[i], exchange);
    free(p.text);
    return bench_end();
}

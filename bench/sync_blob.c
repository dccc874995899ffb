/* How documents move: beside votes on links of every speed, from several holders at once, and what
 * they cost a processor. Links are simulated (tests/lib/crowd.h) on virtual time: the protocol is
 * the real one, the pipe is arithmetic, its rate shared by both directions. Bytes are all frames of
 * the links. */
#include "bench/report.h"
#include "mesh/tree.h"
#include "tests/lib/crowd.h"

#define MIB  ((uint64_t)1 << 20)
#define VOTE 200 /* bytes of body */

static struct crowd c;
static struct tree_builder builder;

/* ---- a document in a store ---- */

static void keep(struct store *s, const uint8_t name[32], struct span bytes)
{
    bench_must(store_put(s, STORE_BLOBS, SPAN(name, 32), bytes) == HOP_OK, "store a blob");
}

/* Its chunks differ in a number only: nobody looks into them. */
static void put_document(struct store *s, uint64_t size, uint8_t ret_root[32])
{
    static uint8_t bytes[TREE_BLOB_BYTES_MAX], room[TREE_NODE_BYTES(TREE_FANOUT)];
    uint8_t name[32];
    struct span node;
    memset(&builder, 0, sizeof builder);
    while (builder.size < size) {
        uint64_t left = size - builder.size;
        size_t n = left < TREE_CHUNK_BYTES ? (size_t)left : TREE_CHUNK_BYTES;
        memcpy(bytes + 1, &builder.size, sizeof builder.size);
        tree_name(name, SPAN(bytes, TREE_SEALED_BYTES(n)));
        keep(s, name, SPAN(bytes, TREE_SEALED_BYTES(n)));
        tree_add(&builder, name, n);
        while (tree_grow(&builder, builder.size == size, room, name, &node))
            keep(s, name, node);
    }
    memcpy(ret_root, tree_root(&builder), 32);
    bench_must(store_commit(s) == HOP_OK, "commit");
}

/* ---- a film and votes on one link ---- */

struct link_case {
    const char *name;
    uint32_t rate, rate_hint;
    uint64_t document;
    unsigned every_ms, votes_max;
};

/* How long a vote takes to the other side, and the time of the way there included. */
static double vote_delay(void)
{
    c.nodes[1].first_delivered = HOP_NEVER;
    hop_time began = c.now;
    crowd_publish(&c, 0, VOTE);
    while (c.nodes[1].first_delivered == HOP_NEVER && c.now < began + 600 * HOP_SECOND)
        crowd_run(&c, 1);
    bench_must(c.nodes[1].first_delivered != HOP_NEVER, "a vote arrives");
    return (double)(c.nodes[1].first_delivered - began) / 1e6;
}

static void film_and_votes(const struct link_case *l)
{
    uint8_t root[32];
    char name[80];
    double delays[1000], worst = 0, alone;
    unsigned votes = 0;
    struct crowd_wire wire = {
        .delay_min_ms = 5, .delay_max_ms = 5, .rate = l->rate, .rate_hint = l->rate_hint};
    crowd_init(&c, 2, 7);
    put_document(c.nodes[0].store, l->document, root);
    (void)crowd_link(&c, 0, 1, &wire);
    crowd_publish(&c, 0, VOTE);
    crowd_run(&c, 60000);
    alone = vote_delay();
    crowd_run(&c, 60000);
    crowd_forget(&c);
    crowd_want(&c, 1, root, l->document);
    hop_time began = c.now;
    while (c.nodes[1].documents_here == 0 && votes < l->votes_max) {
        crowd_run(&c, l->every_ms / 2 + rng_below(&c.rng, l->every_ms));
        if (c.nodes[1].documents_here > 0)
            break;
        delays[votes] = vote_delay();
        worst = delays[votes] > worst ? delays[votes] : worst;
        votes++;
    }
    double seconds = (double)(c.now - began) / 1e6;
    uint64_t moved = c.bytes[FRAME_BLOB];
    double chunk = (double)(TREE_BLOB_BYTES_MAX) / l->rate;
    (void)snprintf(name, sizeof name, "film and votes, %s, slowest vote", l->name);
    bench_report(name, worst, "s", alone + chunk, "alone and a chunk",
                 "%u votes; median %.2f s, alone %.2f s; documents had %.0f%% of the link", votes,
                 bench_percentile(delays, votes, 0.5), alone,
                 100.0 * (double)moved / (seconds * l->rate));
    crowd_close(&c);
}

/* ---- several holders ---- */

static void from_holders(uint32_t holders)
{
    uint8_t root[32];
    char name[80];
    uint64_t size = 32 * MIB;
    struct crowd_wire wire = {.delay_min_ms = 10, .delay_max_ms = 30, .rate = 1250000};
    crowd_init(&c, holders + 1, 7);
    for (uint32_t i = 1; i <= holders; i++) {
        put_document(c.nodes[i].store, size, root);
        (void)crowd_link(&c, 0, i, &wire);
    }
    crowd_run(&c, 5000);
    crowd_forget(&c);
    hop_time began = c.now;
    double cpu = bench_cpu_us();
    crowd_want(&c, 0, root, size);
    while (c.nodes[0].documents_here == 0 && c.now < began + 600 * HOP_SECOND)
        crowd_run(&c, 10);
    cpu = bench_cpu_us() - cpu;
    bench_must(c.nodes[0].documents_here == 1, "the document arrives");
    double seconds = (double)(c.now - began) / 1e6;
    (void)snprintf(name, sizeof name, "32 MiB from %u holder%s of 10 Mbit/s", holders,
                   holders == 1 ? "" : "s");
    bench_report(name, seconds, "s", (double)size / (1250000.0 * holders), "the wire",
                 "%.2f%% over the document; %.0f MB/s of processor for all sides",
                 100.0 * ((double)crowd_bytes(&c) / (double)size - 1), (double)size / cpu);
    crowd_close(&c);
}

int main(int argc, char **argv)
{
    static const struct link_case cases[] = {
        {"1 kbit/s, rate known", 125, 125, 100000, 15000, 40},
        {"9600 bit/s, rate known", 1200, 1200, MIB, 5000, 100},
        {"64 kbit/s", 8000, 0, 8 * MIB, 3000, 200},
        {"1 Mbit/s", 125000, 0, 64 * MIB, 1000, 400},
        {"10 Mbit/s", 1250000, 0, 64 * MIB, 100, 400},
        {"100 Mbit/s", 12500000, 0, 64 * MIB, 20, 400},
    };
    bench_start("sync_blob", argc, argv);
    bench_must(hop_init() == HOP_OK, "start the crypto library");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        film_and_votes(&cases[i]);
    from_holders(1);
    from_holders(2);
    from_holders(4);
    return bench_end();
}

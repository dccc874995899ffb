/* How records flow: what a segment costs over its texts, how fast verified ones are taken in, what
 * gets through a slow and short contact, and how many copies of a record a crowd sends itself.
 * Contacts and crowds are simulated (tests/lib/crowd.h) on virtual time: the protocol is the real
 * one, the pipe is arithmetic. Bytes are all frames of the links, greetings included; what CURVE or
 * the framing of a serial line adds is not. */
#include "bench/report.h"
#include "mesh/segment.h"
#include "tests/lib/crowd.h"

#define BODY  200          /* bytes of a record's body */
#define OPENS (1 + 8 + 16) /* what opens a record, beside its text: size, nonce, key commitment */

static struct crowd c;

/* ---- overhead ---- */

/* Bytes of a run that are neither text nor what opens it (nonce, key commitment, size). */
static void overhead(unsigned run, double most)
{
    static struct segment s;
    struct crowd_wire wire = {0};
    crowd_init(&c, 1, 1);
    (void)wire;
    for (unsigned i = 0; i < run + 1; i++)
        crowd_write(&c, 0, BODY);
    const uint8_t *log = c.nodes[0].log_key.public_key;
    uint64_t frames = 0, texts = 0;
    for (uint64_t after = 1; after < run + 1; after += s.count) {
        struct segment_limits limits = {.last = run + 1,
                                        .records = SEGMENT_RECORDS_MAX,
                                        .bytes = SEGMENT_BYTES_AIM,
                                        .own = true};
        bench_must(segment_read_within(&s, c.nodes[0].store, log, after, &limits), "read a run");
        s.log_brief = s.tags_brief = true;
        for (size_t i = 0; i < s.count; i++) {
            texts += s.records[i].text.size;
            s.records[i].sig = NULL;
        }
        frames += segment_size(&s);
    }
    double chain = (double)(frames - texts) / run - OPENS;
    char name[64];
    (void)snprintf(name, sizeof name, "overhead of a record, runs of %u", run);
    bench_report(name, chain, "B", most, "goal", "all in %.1f over the text; %.1f over %u of body",
                 (double)(frames - texts) / run, (double)frames / run - BODY, BODY);
    crowd_close(&c);
}

/* ---- taking in ---- */

#define INGEST 20000

struct prepared {
    struct span frames[INGEST / SEGMENT_RECORDS_MAX + 1];
    size_t count;
};

/* A history as the segments of a slow link or a stick: one signature each. */
static void prepare(struct prepared *p, bool signatures)
{
    static struct segment s;
    p->count = 0;
    for (uint64_t after = 0; after < INGEST; after += s.count) {
        struct segment_limits limits = {.last = INGEST,
                                        .records = SEGMENT_RECORDS_MAX,
                                        .bytes = SEGMENT_BYTES_AIM,
                                        .own = true};
        bench_must(segment_read_within(&s, c.nodes[0].store, c.nodes[0].log_key.public_key, after,
                                       &limits),
                   "read a run");
        for (size_t i = 0; i < s.count && !signatures; i++)
            s.records[i].sig = NULL;
        size_t size = segment_size(&s);
        uint8_t *bytes = malloc(size);
        bench_must(bytes != NULL, "memory");
        struct wire_writer w = wire_writer(bytes, size);
        segment_put(&w, &s);
        p->frames[p->count++] = wire_written(&w);
    }
}

/* The part of receiving that the records themselves cost: parse, rebuild, hash, one signature. */
static double verify_all(const struct prepared *p)
{
    static struct segment s;
    static struct segment_rebuilt rebuilt;
    struct segment_tip tip = {0};
    double from = bench_cpu_us();
    for (size_t i = 0; i < p->count; i++) {
        struct arena scratch = c.outs->scratch;
        scratch.used = 0;
        bench_must(segment_parse(&s, p->frames[i]) == HOP_OK, "parse");
        bench_must(segment_rebuild(&rebuilt, &s, &tip, &scratch) == HOP_OK, "verify");
    }
    return INGEST / (bench_cpu_us() - from) * 1e6;
}

static double hash_floor(const struct prepared *p)
{
    static struct segment s;
    uint8_t id[32] = {0}, header[RECORD_HEADER_BYTES] = {0};
    double from = bench_cpu_us();
    for (size_t i = 0; i < p->count; i++) {
        bench_must(segment_parse(&s, p->frames[i]) == HOP_OK, "parse");
        for (size_t k = 0; k < s.count; k++)
            record_id(id, SPAN(header, sizeof header), s.records[k].text);
        bench_must(record_verify(id, s.sig, s.log) != HOP_OK, "a signature of something else");
    }
    return INGEST / (bench_cpu_us() - from) * 1e6;
}

static void ingest(void)
{
    struct crowd_wire wire = {.rate_hint = 1u << 30};
    struct prepared bare, full;
    crowd_init(&c, 2, 2);
    for (unsigned i = 0; i < INGEST; i++)
        crowd_write(&c, 0, BODY);
    prepare(&bare, false);
    prepare(&full, true);
    double floor = hash_floor(&bare), best = 0;
    for (unsigned i = 0; i < 3; i++) {
        double one = verify_all(&bare);
        best = one > best ? one : best;
    }
    bench_report("records verified and rebuilt", best, "1/s", floor,
                 "two hashes each, a signature a run", "one core, runs of 64; goal 200000");
    bench_report("the same with every signature along", verify_all(&full), "1/s", floor,
                 "two hashes each, a signature a run", "as a LAN carries them; one is checked");
    crowd_restart(&c, 0);
    double from = bench_cpu_us();
    (void)crowd_link(&c, 0, 1, &wire);
    crowd_run(&c, 60 * 1000);
    bench_must(crowd_records(&c, 1) == INGEST, "all arrive");
    double both = INGEST / (bench_cpu_us() - from) * 1e6;
    bench_report("records from mesh to mesh", both, "1/s", floor,
                 "two hashes each, a signature a run", "one core does both ends, stores in memory");
    for (size_t i = 0; i < bare.count; i++) {
        free((void *)(uintptr_t)bare.frames[i].data);
        free((void *)(uintptr_t)full.frames[i].data);
    }
    crowd_close(&c);
}

/* ---- contacts ---- */

#define RADIO 125 /* bytes/s: 1 kbit/s */

static size_t text_of_body(size_t body)
{
    return (20 + body + 31) / 32 * 32 + 16;
}

/* What every contact pays before and beside its records: the greeting, a list and its answer; the
 * least that a run adds; and what a record is, sealed: text, nonce, key commitment, size. */
#define MEETING (GREET_BYTES + KNOWN_BYTES(8) + VOUCH_BYTES + 7)
#define RUN     71

/* The most records that fit into so many bytes, whatever the protocol does with them. */
static double most_records(uint64_t bytes, size_t text)
{
    return bytes < MEETING + RUN ? 0 : (double)((bytes - MEETING - RUN) / (text + OPENS));
}

/* Ten seconds on a half-duplex pipe of 1 kbit/s with 20 records waiting. */
static void one_contact(size_t body, bool hint, bool other_dials)
{
    struct crowd_wire wire = {.delay_min_ms = 20, .delay_max_ms = 20, .rate = RADIO};
    wire.rate_hint = hint ? RADIO : 0;
    crowd_init(&c, 2, 3);
    crowd_publish(&c, 0, body); /* they have met before */
    uint32_t link = crowd_link(&c, 0, 1, &(struct crowd_wire){0});
    crowd_run(&c, 3000);
    crowd_unlink(&c, link);
    bench_must(crowd_records(&c, 1) == 1, "the first");
    for (unsigned i = 0; i < 20; i++)
        crowd_publish(&c, 0, body);
    crowd_forget(&c);
    hop_time from = c.now;
    link = crowd_link(&c, other_dials, !other_dials, &wire);
    crowd_run(&c, 10 * 1000);
    double first = c.nodes[1].first_delivered == HOP_NEVER
                       ? 10
                       : (double)(c.nodes[1].first_delivered - from) / HOP_SECOND;
    uint64_t got = crowd_records(&c, 1) - 1;
    char name[64];
    (void)snprintf(name, sizeof name, "1 kbit/s, 10 s, text %zu%s%s: records", text_of_body(body),
                   other_dials ? ", other dials" : "", hint ? ", rate known" : "");
    size_t text = text_of_body(body);
    bench_report(name, (double)got, "", most_records(10 * RADIO, text), "all that fit",
                 "goal 4; the first after %.1f s, soonest %.1f, goal 3.5", first,
                 (double)(MEETING + RUN + text + OPENS) / RADIO);
    crowd_run(&c, 20 * 1000);
    uint64_t got30 = crowd_records(&c, 1) - 1;
    crowd_run(&c, 30 * 1000);
    (void)snprintf(name, sizeof name, "  and after 30 s%s", hint ? ", rate known" : "");
    bench_report(name, (double)got30, "", most_records(30 * RADIO, text), "all that fit",
                 "%llu of 20 after 60 s", (unsigned long long)(crowd_records(&c, 1) - 1));
    crowd_close(&c);
}

/* Contacts of so many bytes until 200 records are through. */
static void contacts(size_t body, uint64_t budget, bool relayed, bool hint, bool other_dials)
{
    struct crowd_wire wire = {
        .delay_min_ms = 20, .delay_max_ms = 20, .rate = RADIO, .budget = budget};
    wire.rate_hint = hint ? RADIO : 0;
    crowd_init(&c, 3, 4);
    crowd_publish(&c, 0, body);
    struct crowd_wire lan = {.delay_min_ms = 1, .delay_max_ms = 1};
    uint32_t l1 = crowd_link(&c, 0, 1, &lan), l2 = crowd_link(&c, 0, 2, &lan);
    crowd_run(&c, 3000);
    crowd_unlink(&c, l2);
    if (!relayed)
        crowd_unlink(&c, l1);
    for (unsigned i = 0; i < 200; i++)
        crowd_write(&c, 0, body);
    crowd_restart(&c, 0);
    if (relayed)
        (void)crowd_link(&c, 0, 1, &lan);
    crowd_run(&c, 5000); /* a relay has them in runs of 64 now */
    uint32_t from = relayed ? 1 : 0;
    unsigned count = 0, idle = 0;
    uint64_t bytes = 0;
    while (crowd_records(&c, 2) < 201 && count < 1000) {
        uint64_t before = crowd_records(&c, 2);
        crowd_forget(&c);
        uint32_t link = crowd_link(&c, other_dials ? 2 : from, other_dials ? from : 2, &wire);
        crowd_run(&c, budget * 1000 / RADIO + 100);
        crowd_unlink(&c, link);
        bytes += budget;
        count++;
        idle += crowd_records(&c, 2) == before;
    }
    char name[64];
    (void)snprintf(name, sizeof name, "contacts of %llu B, text %zu%s%s%s",
                   (unsigned long long)budget, text_of_body(body), relayed ? ", relayed" : "",
                   other_dials ? ", other dials" : "", hint ? ", rate known" : "");
    double most = most_records(budget, text_of_body(body));
    bench_report(name, count, "", 200 / most, "as many as fit",
                 "200 records; %u without progress; %.0f B a record; goal 50 of 1250", idle,
                 (double)bytes / 200);
    crowd_close(&c);
}

/* ---- crowds ---- */

struct outcome {
    double copies, bytes;
    uint32_t missing;
};

static uint32_t missing_records(uint64_t want)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < c.n; i++)
        missing += c.nodes[i].mesh != NULL && crowd_records(&c, i) != want;
    return missing;
}

static void publish_round(unsigned records, unsigned authors)
{
    for (unsigned i = 0; i < records; i++) {
        uint32_t author = i % authors * (c.n / authors);
        while (c.nodes[author].mesh == NULL)
            author++;
        crowd_publish(&c, author, BODY);
        crowd_run(&c, 1000);
    }
}

static void crowd_of(uint32_t n, uint32_t degree, double most)
{
    struct crowd_wire wire = {.delay_min_ms = 20, .delay_max_ms = 100};
    const unsigned records = 40, authors = 4;
    crowd_init(&c, n, 5);
    if (degree > 0)
        crowd_graph(&c, degree, &wire);
    for (uint32_t a = 0; degree == 0 && a < n; a++)
        for (uint32_t b = a + 1; b < n; b++)
            (void)crowd_link(&c, a, b, &wire);
    crowd_run(&c, 5000);
    crowd_forget(&c);
    uint64_t frames_before = 0;
    publish_round(records, authors);
    double copies = (double)c.copies / ((double)records * (n - 1));
    double bytes = (double)(crowd_bytes(&c) - c.bytes[FRAME_KEEPALIVE]) / ((double)records * n);
    uint32_t missing = missing_records(records);
    (void)frames_before;
    char name[64];
    (void)snprintf(name, sizeof name, "copies a node, %u nodes, %s", (unsigned)n,
                   degree == 0 ? "all linked" : "6 links each");
    bench_report(name, copies, "", most, "goal", "%u nodes lack some; %.0f B a node and record",
                 (unsigned)missing, bytes);
    bench_must(missing == 0, "all are delivered");
    crowd_close(&c);
}

/* One in ten dies, one frame in ten is lost. */
static void crowd_hurt(void)
{
    struct crowd_wire wire = {.delay_min_ms = 20, .delay_max_ms = 100, .loss_percent = 10};
    const unsigned records = 20;
    crowd_init(&c, 200, 6);
    crowd_graph(&c, 6, &wire);
    crowd_run(&c, 10 * 1000);
    publish_round(records, 4);
    for (uint32_t i = 5; i < 200; i += 10)
        crowd_kill(&c, i);
    crowd_run(&c, 1000);
    crowd_forget(&c);
    hop_time from = c.now;
    crowd_publish(&c, 0, BODY);
    crowd_run(&c, 3000);
    uint32_t late = 0;
    for (uint32_t i = 1; i < 200; i++)
        late += c.nodes[i].mesh != NULL && c.nodes[i].first_delivered == HOP_NEVER;
    publish_round(records - 1, 4);
    double copies = (double)c.copies / ((double)records * 179);
    double waited = 0;
    while (missing_records(2 * records) > 0 && waited < 300) {
        crowd_run(&c, 1000);
        waited++;
    }
    (void)from;
    bench_report("copies, 200 nodes, 10 % dead, 10 % lost", copies, "", 1.3, "goal",
                 "%u of 179 lack a record after 3 s; all have all %.0f s after the last",
                 (unsigned)late, waited);
    bench_must(missing_records(2 * records) == 0, "all are delivered after repair");
    crowd_close(&c);
}

int main(int argc, char **argv)
{
    bench_start("sync_flow", argc, argv);
    overhead(100, 4);
    overhead(10, 10);
    overhead(1, 73);
    ingest();
    for (unsigned other_dials = 0; other_dials < 2; other_dials++) {
        one_contact(BODY, false, other_dials);
        one_contact(BODY, true, other_dials);
    }
    one_contact(BODY - 40, true, false);
    for (unsigned other_dials = 0; other_dials < 2; other_dials++) {
        contacts(BODY, 1250, false, false, other_dials);
        contacts(BODY, 1250, false, true, other_dials);
    }
    contacts(BODY - 40, 1250, false, true, false);
    contacts(BODY - 80, 1250, false, true, false);
    contacts(BODY, 1250, true, true, false);
    contacts(BODY, 3750, false, true, false);
    crowd_of(10, 0, 1.05);
    crowd_of(30, 0, 1.1);
    crowd_of(200, 6, 1.3);
    crowd_hurt();
    return bench_end();
}

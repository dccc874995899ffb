/* A million malformed frames: what the slowest costs, and what is left of them in memory.
 *
 * First two meshes meet, one frame of each kind and more is kept of what they say: logs in common,
 * news on both sides, logs written twice. Then four peers who prove who they are send the victim
 * what became of these frames: bits flipped, bytes drawn anew, cut, joined, grown; and, as costly
 * as the layouts allow, sketches and lists full of random numbers. After it all an honest peer
 * comes, and the victim must still agree with it.
 *
 * BENCH_FRAMES=N sends N instead of a million. */
#include "base/rng.h"
#include "bench/report.h"
#include "cell/epoch.h"
#include "mesh/exchange.h"
#include "mesh/frame.h"

#include <malloc.h>

#define FRAMES    1000000
#define PEERS     4
#define LOGS      60
#define RECORDS   40 /* at most, in a log */
#define FORKS     6  /* the last logs: each device has a history of its own of them */
#define POOL_MAX  2048
#define POOL_EACH 128 /* of one type */
#define BODY      200

struct device {
    struct store *store;
    struct mesh *mesh;
    struct hop_sign_key identity;
};

struct frame {
    size_t to, size;
    uint8_t *bytes;
};

static struct {
    struct device devices[2]; /* the victim, and its honest peer */
    struct hop_sign_key peers[PEERS], logs[LOGS];
    struct epoch epoch;
    struct hop_drbg drbg;
    struct rng rng;
    struct mesh_outs outs;
    hop_time now;
    struct frame queue[POOL_MAX];
    size_t first, queued;
    struct frame pool[POOL_MAX];
    size_t pooled, of_type[FRAMES_END];
} all;

static const uint8_t cell[32], binding[32] = {7};

static uint64_t draw(uint64_t below)
{
    return rng_below(&all.rng, below);
}

/* ---- two devices ---- */

static bool everybody(void *ctx, const uint8_t identity[32])
{
    (void)ctx, (void)identity;
    return true;
}

static void keep(struct span frame)
{
    unsigned type = frame.data[0];
    if (all.pooled == POOL_MAX || all.of_type[type] == POOL_EACH)
        return;
    struct frame *f = &all.pool[all.pooled++];
    *f = (struct frame){.size = frame.size, .bytes = malloc(frame.size)};
    bench_must(f->bytes != NULL, "memory");
    memcpy(f->bytes, frame.data, frame.size);
    all.of_type[type]++;
}

static void post(size_t to, struct span frame)
{
    if (all.queued == POOL_MAX)
        return;
    struct frame *f = &all.queue[(all.first + all.queued++) % POOL_MAX];
    *f = (struct frame){to, frame.size, malloc(frame.size)};
    bench_must(f->bytes != NULL, "memory");
    memcpy(f->bytes, frame.data, frame.size);
}

/* One step and what it asks for; true: a commit must be told of. *ret_dropped: the link is gone.
 * post_to: where frames go; none beyond 1. */
static bool step_once(struct device *d, struct mesh_in in, size_t post_to, bool *ret_dropped)
{
    bool writes = false;
    in.now = all.now;
    (void)mesh_step(d->mesh, &in, &all.outs);
    for (size_t i = 0; i < all.outs.n; i++) {
        const struct mesh_out *o = &all.outs.items[i];
        struct store_tip tip = {.seq = o->seq};
        int err = HOP_OK;
        memcpy(tip.head, o->id, 32);
        if (o->type == MESH_OUT_SEND && post_to < 2)
            post(post_to, o->bytes);
        if (o->type == MESH_OUT_STORE)
            err = store_append(d->store, o->log, &tip, o->bytes);
        if (o->type == MESH_OUT_BLOB)
            err = store_put(d->store, STORE_BLOBS, SPAN(o->id, 32), o->bytes);
        if (o->type == MESH_OUT_META)
            err = store_put(d->store, STORE_META, o->key, o->bytes);
        bench_must(err == HOP_OK, "write what the mesh asks for");
        writes |= o->type == MESH_OUT_STORE || o->type == MESH_OUT_BLOB || o->type == MESH_OUT_META;
        *ret_dropped |= o->type == MESH_OUT_DROP_LINK;
    }
    bench_must(!writes || store_commit(d->store) == HOP_OK, "commit");
    return writes;
}

static bool step(struct device *d, struct mesh_in in, size_t post_to)
{
    bool dropped = false;
    while (step_once(d, in, post_to, &dropped))
        in = (struct mesh_in){.type = MESH_IN_STORED};
    return dropped;
}

static void timers(struct device *d, size_t post_to)
{
    for (unsigned i = 0; i < 8 && mesh_deadline(d->mesh) <= all.now; i++)
        (void)step(d, (struct mesh_in){.type = MESH_IN_TIMEOUT}, post_to);
}

/* ---- what they have ---- */

static void write_log(struct device *const *ds, size_t count, size_t log, uint64_t records)
{
    static uint8_t bytes[4096], text[BODY];
    struct store_tip tip = {0};
    (void)(store_tip(ds[0]->store, all.logs[log].public_key, &tip) == HOP_OK);
    for (uint64_t n = 0; n < records; n++) {
        uint8_t prev[32];
        size_t size = sizeof bytes;
        memcpy(prev, tip.head, 32);
        tip.seq++;
        struct record_place place = {LANE_MEETING, OUTER_SEALED,   tip.seq,
                                     prev,         &all.logs[log], &all.epoch};
        struct record_inner inner = {.type = 40, .body = SPAN(text, sizeof text)};
        bench_must(record_seal(bytes, &size, tip.head, &place, &inner, &all.drbg) == HOP_OK,
                   "seal");
        for (size_t i = 0; i < count; i++)
            bench_must(store_append(ds[i]->store, all.logs[log].public_key, &tip,
                                    SPAN(bytes, size)) == HOP_OK,
                       "append");
    }
}

static bool roster_device(void *ctx, size_t index, uint8_t ret_identity[32])
{
    (void)ctx;
    if (index < 2)
        memcpy(ret_identity, all.devices[index].identity.public_key, 32);
    return index < 2;
}

static bool roster_pair(void *ctx, const uint8_t identity[32], uint8_t ret[32])
{
    (void)ctx, (void)identity;
    memset(ret, 7, 32); /* no secret: all are in one hand */
    return true;
}

static void device_start(size_t i)
{
    struct device *d = &all.devices[i];
    struct mesh_config config = {
        .seed = i + 1,
        .identity = &d->identity,
        .store = d->store,
        .roster = {.is_member = everybody, .device = roster_device, .pair = roster_pair}};
    memcpy(config.cell_id, cell, sizeof cell);
    bench_must(store_commit(d->store) == HOP_OK, "commit");
    d->mesh = mesh_new(&config);
    bench_must(d->mesh != NULL, "mesh");
}

static void key_make(struct hop_sign_key *ret, uint8_t a, uint8_t b)
{
    uint8_t seed[32] = {a, b};
    hop_sign_keypair(ret, seed);
}

static void world_make(void)
{
    static uint8_t seed[32] = {9};
    struct device *both[2] = {&all.devices[0], &all.devices[1]};
    all.rng = rng_seeded(1);
    hop_drbg_seed(&all.drbg, seed);
    epoch_derive(&all.epoch, seed, NULL);
    all.outs.scratch =
        (struct arena){.base = malloc(MESH_SCRATCH_BYTES), .size = MESH_SCRATCH_BYTES};
    bench_must(all.outs.scratch.base != NULL, "memory");
    for (uint8_t i = 0; i < 2; i++) {
        key_make(&all.devices[i].identity, 1, i);
        all.devices[i].store = store_memory_new(0);
        bench_must(all.devices[i].store != NULL, "store");
    }
    for (uint8_t i = 0; i < PEERS; i++)
        key_make(&all.peers[i], 2, i);
    for (uint8_t i = 0; i < LOGS; i++) {
        key_make(&all.logs[i], 3, i);
        write_log(both, 2, i, 1 + draw(RECORDS / 2));
        if (i % 3 == 0)
            write_log(&both[i % 2], 1, i, 1 + draw(RECORDS / 2));
        if (i + FORKS >= LOGS) {
            write_log(&both[0], 1, i, 1 + draw(3));
            write_log(&both[1], 1, i, 1 + draw(3));
        }
    }
    device_start(0);
    device_start(1);
}

/* ---- a conversation ---- */

static void link_up(size_t i, mesh_link link, size_t post_to)
{
    struct mesh_in in = {
        .type = MESH_IN_LINK_UP, .link = link, .listener = i == 0, .bytes = SPAN(binding, 32)};
    (void)step(&all.devices[i], in, post_to);
}

/* The two talk on one link for so long. */
static void converse(mesh_link link, hop_time length, bool keeping)
{
    hop_time end = all.now + length;
    link_up(0, link, 1);
    link_up(1, link, 0);
    while (all.now < end) {
        while (all.queued > 0) {
            struct frame f = all.queue[all.first];
            struct mesh_in in = {
                .type = MESH_IN_FRAME, .link = link, .bytes = SPAN(f.bytes, f.size)};
            all.first = (all.first + 1) % POOL_MAX;
            all.queued--;
            if (keeping)
                keep(in.bytes);
            bench_must(!step(&all.devices[f.to], in, 1 - f.to), "keep an honest link");
            free(f.bytes);
        }
        all.now += 50 * HOP_MS;
        timers(&all.devices[0], 1);
        timers(&all.devices[1], 0);
    }
}

static bool in_sync(size_t i, mesh_link link)
{
    struct mesh_peer_view views[MESH_LINKS_MAX];
    size_t n = mesh_peers(all.devices[i].mesh, views, MESH_LINKS_MAX);
    for (size_t k = 0; k < n && k < MESH_LINKS_MAX; k++) {
        if (views[k].link == link)
            return views[k].in_sync;
    }
    return false;
}

static void hang_up(mesh_link link)
{
    for (size_t i = 0; i < 2; i++)
        (void)step(&all.devices[i], (struct mesh_in){.type = MESH_IN_LINK_DOWN, .link = link}, 2);
    for (; all.queued > 0; all.queued--) {
        free(all.queue[all.first].bytes);
        all.first = (all.first + 1) % POOL_MAX;
    }
}

/* ---- what peers make of it ---- */

static uint8_t made[MESH_FRAME_BYTES_MAX];

static void fill(uint8_t *to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)rng_next(&all.rng);
}

/* The most that the layouts allow, of random numbers: each must be worked on before it is known to
 * be nonsense. */
static struct span heavy(void)
{
    static uint8_t numbers[2 * SKETCH_SYNDROMES_MAX];
    static struct list_entry entries[LIST_ENTRIES_MAX];
    struct wire_writer w = wire_writer(made, sizeof made);
    size_t n = SKETCH_SYNDROMES_MAX;
    fill(numbers, sizeof numbers);
    struct frame_sketch sketch = {.number = (uint16_t)draw(EXCHANGE_NUMBERS),
                                  .logs = (uint32_t)draw(LOGS * 2) + 1,
                                  .count = draw(2) == 0 ? n : 2 + draw(n - 2),
                                  .syndromes = numbers};
    struct frame_list list = {
        .number = sketch.number, .all = true, .count = 1 + draw(LIST_ENTRIES_MAX)};
    struct frame_more more = {.number = (uint8_t)draw(256), .want = n};
    uint16_t position = 0;
    switch (draw(4)) {
    case 0:
        frame_more_put(&w, &more);
        break;
    case 1:
        for (size_t i = 0; i < list.count; i++) {
            position = (uint16_t)(position + draw(SKETCH_POSITIONS / list.count));
            entries[i] =
                (struct list_entry){position, 1 + draw(1000), (uint8_t)draw(64), (uint8_t)draw(64)};
        }
        list.entries = entries;
        frame_list_put(&w, &list);
        break;
    default:
        frame_sketch_put(&w, &sketch);
        break;
    }
    return w.bad ? SPAN(made, 1) : wire_written(&w);
}

static size_t mutate(size_t size)
{
    const struct frame *other = &all.pool[draw(all.pooled)];
    size_t at = draw(size);
    switch (draw(16)) {
    case 0: /* some bits */
        for (size_t n = 1 + draw(8); n > 0; n--)
            made[draw(size)] ^= (uint8_t)(1u << draw(8));
        return size;
    case 1: /* some bytes in a row */
        fill(made + at, 1 + draw(size - at < 8 ? size - at : 8));
        return size;
    case 2: /* cut */
        return 1 + at;
    case 3: /* grown */
        fill(made + size, 64);
        return size + 1 + draw(64);
    case 4: /* joined */
        memcpy(made + at, other->bytes, other->size);
        return at + other->size;
    case 5: /* the type of one, the bytes of none */
        fill(made + 1, size - 1);
        return size;
    default: /* one bit: most frames parse, and are wrong further down */
        made[at] ^= (uint8_t)(1u << draw(8));
        return size;
    }
}

static struct span malformed(void)
{
    if (draw(200) == 0)
        return heavy();
    const struct frame *f = &all.pool[draw(all.pooled)];
    memcpy(made, f->bytes, f->size);
    return SPAN(made, mutate(f->size));
}

/* Kinds of frames that two devices without documents do not send. */
static void keep_others(void)
{
    static const uint8_t root[32] = {8}, bytes[300];
    static const struct frame_piece piece = {.total = sizeof bytes, .bytes = {bytes, sizeof bytes}};
    struct frame_want want = {.length = 1000, .name = root},
                      rest = {.offset = 1000, .length = 1000};
    struct frame_tell tell = {.counter = 1, .bytes = SPAN(bytes, 20)};
    struct frame_marks stop = {.count = 1, .items = {{.reason = STOP_PRUNE}}};
    struct wire_writer w;
    memcpy(stop.items[0].log, all.logs[0].public_key, 32);
    for (unsigned i = 0; i < 6; i++) {
        w = wire_writer(made, sizeof made);
        if (i == 0)
            frame_want_put(&w, &want);
        if (i == 1)
            frame_want_put(&w, &rest);
        if (i == 2)
            frame_piece_put(&w, &piece);
        if (i == 3)
            frame_noblob_put(&w, 0);
        if (i == 4)
            frame_tell_put(&w, &tell, binding, &all.peers[0]);
        if (i == 5)
            frame_stop_put(&w, &stop);
        keep(wire_written(&w));
    }
    (void)step(&all.devices[0],
               (struct mesh_in){.type = MESH_IN_WANT, .bytes = SPAN(root, 32), .size = 300}, 2);
}

/* ---- the siege ---- */

struct siege {
    mesh_link names[PEERS], next;
    uint64_t dropped;
    double slowest_us, cpu_us;
    unsigned slowest_type;
};

static void arrive(struct siege *s, size_t peer)
{
    uint8_t hello[HELLO_BYTES];
    struct wire_writer w = wire_writer(hello, sizeof hello);
    struct hello_scope scope = {.binding = binding, .cell_id = cell};
    s->names[peer] = s->next++;
    link_up(0, s->names[peer], 2);
    frame_hello_put(&w, &scope, &all.peers[peer]);
    struct mesh_in in = {.type = MESH_IN_FRAME, .link = s->names[peer], .bytes = wire_written(&w)};
    bench_must(!step(&all.devices[0], in, 2), "be let in");
}

static void besiege(struct siege *s, uint64_t frames)
{
    for (uint64_t n = 0; n < frames; n++) {
        size_t peer = draw(PEERS);
        struct mesh_in in = {.type = MESH_IN_FRAME, .link = s->names[peer], .bytes = malformed()};
        unsigned type = in.bytes.data[0];
        double from = bench_cpu_us();
        bool dropped = step(&all.devices[0], in, 2);
        double took = bench_cpu_us() - from;
        s->cpu_us += took;
        if (took > s->slowest_us) {
            s->slowest_us = took;
            s->slowest_type = type;
        }
        all.now += HOP_MS;
        timers(&all.devices[0], 2);
        if (dropped) {
            s->dropped++;
            arrive(s, peer);
        }
    }
}

/* Bytes in use, without what the store keeps. */
static double in_use(void)
{
    struct mallinfo2 all_of_it = mallinfo2();
    return (double)(all_of_it.uordblks + all_of_it.hblkhd) -
           (double)store_memory_bytes(all.devices[0].store);
}

static void run(uint64_t frames)
{
    struct siege s = {.next = 10};
    unsigned types = 0;
    for (size_t i = 0; i < FRAMES_END; i++)
        types += all.of_type[i] > 0;
    for (size_t i = 0; i < PEERS; i++)
        arrive(&s, i);
    double begin = in_use();
    besiege(&s, frames / 2);
    double half = in_use();
    besiege(&s, frames - frames / 2);
    double end = in_use();
    bench_report("malformed frames, slowest", s.slowest_us / 1000, "ms", 50, "goal",
                 "of type %u; %llu frames after %zu real ones of %u types; %llu links dropped",
                 s.slowest_type, (unsigned long long)frames, all.pooled, types,
                 (unsigned long long)s.dropped);
    bench_report("malformed frames, mean", s.cpu_us / (double)frames, "us", 0, NULL, "one core");
    bench_report("malformed frames, memory", (end - half) / 1000, "kB", 0, NULL,
                 "grown in the second half; %.0f kB in the first", (half - begin) / 1000);
    for (size_t i = 0; i < PEERS; i++)
        (void)step(&all.devices[0], (struct mesh_in){.type = MESH_IN_LINK_DOWN, .link = s.names[i]},
                   2);
}

int main(int argc, char **argv)
{
    const char *frames = getenv("BENCH_FRAMES");
    bench_start("sync_garbage", argc, argv);
    bench_must(hop_init() == HOP_OK, "crypto");
    world_make();
    converse(1, 20 * HOP_SECOND, true);
    bench_must(in_sync(0, 1) && in_sync(1, 1), "agree before the siege");
    hang_up(1);
    keep_others();
    run(frames == NULL ? FRAMES : strtoull(frames, NULL, 10));
    converse(2, 60 * HOP_SECOND, false);
    bench_must(in_sync(0, 2) && in_sync(1, 2), "agree after the siege");
    return bench_end();
}

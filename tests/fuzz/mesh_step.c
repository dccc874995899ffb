/* fuzz: mesh cell store crypto base toy */
/* Bytes as a script of inputs for one mesh: links, commits that fail, frames of raw bytes, and
 * well-formed frames of peers who have proved who they are and mean ill. mesh_check() after each
 * step; what is asked of the store must be what the store takes. */
#include <assert.h>
#include <stdlib.h>

#include "mesh/exchange.h"
#include "mesh/segment.h"
#include "mesh/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PEERS   3 /* the last is a stranger until the roster changes */
#define LOGS    4
#define RECORDS 6
#define TREES   4

static struct {
    struct hop_sign_key self, peers[PEERS], logs[LOGS];
    uint8_t bytes[LOGS][2][RECORDS][512]; /* two histories of each log: forks */
    struct span records[LOGS][2][RECORDS];
    struct tree_made { /* documents: of one chunk, and of one node and few chunks */
        uint64_t size;
        uint8_t root[32], bytes[3][160];
        struct span blobs[3];
        size_t count;
    } trees[TREES];
    struct mesh_outs outs;
    bool ready;
} world;

struct script {
    struct wire_reader r;
    struct mesh *mesh;
    struct store *store;
    hop_time now;
    unsigned links;
    bool known;               /* the stranger is a member by now */
    struct frame_greet greet; /* what was said last of a greeting */
    uint8_t known_mac[GREET_MAC_BYTES];
    uint64_t tells;
};

static void key_make(struct hop_sign_key *ret, uint8_t a, uint8_t b)
{
    uint8_t seed[32] = {a, b};
    hop_sign_keypair(ret, seed);
}

static void history_make(uint8_t log, uint8_t fork)
{
    struct segment_tip tip = {0};
    for (uint8_t i = 0; i < RECORDS; i++) {
        static uint8_t text[40];
        text[0] = fork;
        struct segment s = {.lane = (enum record_lane)(log % LANES_COUNT), .first = i + 1u};
        uint8_t *bytes = world.bytes[log][fork][i], zeros[24] = {0};
        memcpy(s.log, world.logs[log].public_key, 32);
        s.count = 1;
        s.records[0] = (struct segment_record){.outer = OUTER_SEALED,
                                               .cell_tag = zeros,
                                               .hint = zeros,
                                               .nonce = zeros,
                                               .kc = zeros,
                                               .text = SPAN(text, 20u + i)};
        s.sig = text; /* replaced below: the id is known only now */
        static uint8_t padded[64 + 40];
        s.sig = padded;
        size_t size = segment_stored_size(&s, 0);
        segment_store_form(bytes, &s, 0, &tip);
        hop_sign(bytes + size - 64, &world.logs[log], LABEL_REC_SIG, SPAN(tip.head, 32));
        world.records[log][fork][i] = SPAN(bytes, size);
    }
}

/* Small ones: a node here lists chunks that nobody has but for the first, for the others would be
 * too large for a script. */
static void tree_make(uint8_t n)
{
    struct tree_made *t = &world.trees[n];
    struct wire_writer w = wire_writer(t->bytes[0], sizeof t->bytes[0]);
    t->count = 1;
    t->size = 3u + n;
    if (n % 2 != 0) {
        t->size = n == 3 ? 2 * TREE_CHUNK_BYTES + 5 : TREE_CHUNK_BYTES + 5;
        wire_put_u8(&w, 1);
        wire_put_u64(&w, t->size);
        wire_put_zeros(&w, 32 * (n == 3 ? 2u : 1u));
        t->bytes[1][TREE_SEALED_BYTES(5) - 1] = n;
        t->blobs[1] = SPAN(t->bytes[1], TREE_SEALED_BYTES(5));
        tree_name(wire_take(&w, 32), t->blobs[1]);
        t->count = 2;
    } else {
        wire_put_zeros(&w, TREE_SEALED_BYTES(2u + n));
        wire_put_u8(&w, n);
    }
    t->blobs[0] = wire_written(&w);
    tree_name(t->root, t->blobs[0]);
}

static void world_make(void)
{
    for (uint8_t i = 0; i < TREES; i++)
        tree_make(i);
    key_make(&world.self, 1, 0);
    for (uint8_t i = 0; i < PEERS; i++)
        key_make(&world.peers[i], 2, i);
    for (uint8_t i = 0; i < LOGS; i++) {
        key_make(&world.logs[i], 3, i);
        history_make(i, 0);
        history_make(i, 1);
    }
    world.outs.scratch.base = malloc(MESH_SCRATCH_BYTES);
    world.outs.scratch.size = MESH_SCRATCH_BYTES;
    world.ready = world.outs.scratch.base != NULL;
}

static bool is_member(void *ctx, const uint8_t identity[32])
{
    const struct script *s = ctx;
    for (unsigned i = 0; i < PEERS; i++) {
        if (memcmp(world.peers[i].public_key, identity, 32) == 0)
            return i + 1 < PEERS || s->known;
    }
    return false;
}

static bool roster_device(void *ctx, size_t index, uint8_t ret_identity[32])
{
    (void)ctx;
    if (index > PEERS)
        return false;
    memcpy(ret_identity, index == PEERS ? world.self.public_key : world.peers[index].public_key,
           32);
    return true;
}

static bool roster_pair(void *ctx, const uint8_t identity[32], uint8_t ret[32])
{
    memcpy(ret, identity, 32); /* no secret: the peers are ours */
    return is_member(ctx, identity) || memcmp(identity, world.self.public_key, 32) == 0;
}

static void heed(struct script *s, struct span frame)
{
    struct frame_known known;
    if (frame.data[0] == FRAME_GREET)
        assert(frame_greet_parse(&s->greet, frame) == HOP_OK);
    if (frame.data[0] != FRAME_KNOWN)
        return;
    assert(frame_known_parse(&known, frame) == HOP_OK);
    memcpy(s->known_mac, known.mac, sizeof known.mac);
}

/* Carry out, commit (or fail to), and report, as a node does. */
static void step(struct script *s, struct mesh_in in, bool fail)
{
    bool writes = false, bad = false;
    in.now = s->now;
    (void)mesh_step(s->mesh, &in, &world.outs);
    for (size_t i = 0; i < world.outs.n; i++) {
        const struct mesh_out *out = &world.outs.items[i];
        struct store_tip tip = {.seq = out->seq};
        memcpy(tip.head, out->id, 32);
        if (out->type == MESH_OUT_SEND)
            heed(s, out->bytes);
        if (out->type == MESH_OUT_STORE)
            bad |= store_append(s->store, out->log, &tip, out->bytes) != HOP_OK;
        if (out->type == MESH_OUT_BLOB)
            bad |= store_put(s->store, STORE_BLOBS, SPAN(out->id, 32), out->bytes) != HOP_OK;
        writes |= out->type == MESH_OUT_STORE || out->type == MESH_OUT_BLOB;
    }
    assert(!bad);
    mesh_check(s->mesh);
    if (!writes)
        return;
    if (fail)
        store_rollback(s->store);
    else
        assert(store_commit(s->store) == HOP_OK);
    step(s, (struct mesh_in){.type = fail ? MESH_IN_STORE_FAILED : MESH_IN_STORED}, false);
}

static const uint8_t binding[32] = {7};

/* A peer that dialled greets, and vouches; rightly, or not quite. */
static void peer_greets(struct script *s, mesh_link link, unsigned peer, unsigned bits)
{
    const uint8_t *identity = world.peers[peer].public_key;
    static const uint8_t sync_key[32];
    uint8_t bytes[GREET_BYTES + VOUCH_BYTES];
    struct greet_scope scope = {identity, binding, {{0}, (uint8_t)(bits >> 4)}};
    struct frame_vouch vouch;
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    greet_hint(scope.greet.hint, sync_key, binding, false, identity);
    frame_greet_put(&w, &scope.greet);
    step(s,
         (struct mesh_in){.type = MESH_IN_FRAME, .link = link, .bytes = SPAN(bytes, GREET_BYTES)},
         false);
    greet_vouch(&vouch, &scope, s->known_mac);
    vouch.mac[0] ^= bits >> 2 & 1;
    frame_vouch_put(&w, &vouch);
    step(s,
         (struct mesh_in){
             .type = MESH_IN_FRAME, .link = link, .bytes = SPAN(bytes + GREET_BYTES, VOUCH_BYTES)},
         false);
}

/* A peer that was dialled knows who that is, and opens an exchange with bytes of the script. */
static void peer_knows(struct script *s, mesh_link link, unsigned peer, unsigned bits)
{
    const uint8_t *identity = world.peers[peer].public_key;
    static const uint8_t sync_key[32];
    uint8_t bytes[KNOWN_BYTES(KNOWN_BODY_MAX)], hint[GREET_HINT_BYTES];
    struct greet_scope scope = {identity, binding, s->greet};
    struct span body = wire_get_bytes(&s->r, s->r.left < bits >> 2 ? s->r.left : bits >> 2);
    struct frame_known known = {.size = body.size};
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    greet_hint(hint, sync_key, binding, true, identity);
    known.hint = hint[0];
    if (body.size > 0)
        memcpy(known.body, body.data, body.size);
    greet_known_seal(&known, &scope);
    frame_known_put(&w, &known);
    step(s, (struct mesh_in){.type = MESH_IN_FRAME, .link = link, .bytes = wire_written(&w)},
         false);
}

static void link_up(struct script *s, unsigned peer)
{
    static const uint8_t cell[32] = {0};
    uint8_t frame[HELLO_BYTES];
    struct wire_writer w = wire_writer(frame, sizeof frame);
    unsigned bits = wire_get_u8(&s->r);
    bool listener = (bits & 1) != 0;
    struct hello_scope scope = {binding, cell, !listener, 0};
    mesh_link link = ++s->links;
    struct mesh_in in = {
        .type = MESH_IN_LINK_UP, .link = link, .listener = listener, .bytes = SPAN(binding, 32)};
    step(s, in, false);
    if (peer < PEERS && (bits & 2) != 0 && listener) {
        peer_greets(s, link, peer, bits);
    } else if (peer < PEERS && (bits & 2) != 0) {
        peer_knows(s, link, peer, bits);
    } else if (peer < PEERS) {
        frame_hello_put(&w, &scope, &world.peers[peer]);
        in.type = MESH_IN_FRAME;
        in.bytes = wire_written(&w);
        step(s, in, false);
    }
}

static void put_segment(struct script *s, struct wire_writer *w)
{
    unsigned log = wire_get_u8(&s->r) % LOGS, fork = wire_get_u8(&s->r) & 1;
    unsigned first = wire_get_u8(&s->r) % RECORDS, count = 1 + wire_get_u8(&s->r) % 3;
    unsigned flip = wire_get_u8(&s->r);
    struct segment seg = {0};
    for (unsigned i = first; i < RECORDS && i < first + count; i++) {
        struct record r;
        assert(record_parse(&r, world.records[log][fork][i]) == HOP_OK);
        segment_add(&seg, &r);
    }
    segment_put(w, &seg);
    if (flip > 0xf0) /* a bit wrong somewhere */
        w->base[wire_get_u8(&s->r) % w->used] ^= 1;
}

static void put_frontier(struct script *s, struct wire_writer *w)
{
    static struct frame_frontier f;
    f.flags = wire_get_u8(&s->r) & FRONTIER_STRANGER;
    f.count = wire_get_u8(&s->r) % 6;
    for (size_t i = 0; i < f.count; i++) {
        unsigned log = wire_get_u8(&s->r), bits = wire_get_u8(&s->r);
        struct frontier_entry *e = &f.entries[i];
        *e = (struct frontier_entry){.seq = bits & 7, .ask = bits >> 7 != 0};
        e->lane = (enum record_lane)(log % LANES_COUNT);
        e->ask = e->ask || e->seq == 0;
        memcpy(e->log, world.logs[log % LOGS].public_key, 32);
        if (log > 0xc0)
            e->log[0] ^= (uint8_t)log;      /* hearsay */
        if (e->seq > 0 && e->seq < RECORDS) /* prev of the next */
            memcpy(e->head, world.records[log % LOGS][bits >> 6 & 1][e->seq].data + 64, 8);
    }
    frame_frontier_put(w, &f);
}

static void put_marks(struct script *s, struct wire_writer *w, bool ack)
{
    struct frame_marks f = {.count = 1};
    unsigned bits = wire_get_u8(&s->r);
    memcpy(f.items[0].log, world.logs[bits % LOGS].public_key, 32);
    f.items[0].seq = 1 + (bits >> 4);
    f.items[0].reason = (enum stop_reason)(STOP_DISPUTED + (bits >> 6));
    if (ack)
        frame_ack_put(w, &f);
    else
        frame_stop_put(w, &f);
}

/* The logs of a peer that has taken part in an exchange, up to where the script says. */
static size_t exchange_entries(struct script *s, const struct sketch_salt *salt,
                               struct sketch_entry ret[static LOGS])
{
    size_t n = 0;
    for (unsigned i = 0; i < LOGS; i++) {
        unsigned seq = wire_get_u8(&s->r) % (RECORDS + 3);
        struct sketch_entry *e = &ret[n];
        *e = (struct sketch_entry){.log = i, .seq = seq};
        e->position = sketch_position(salt, world.logs[i].public_key, &e->mark);
        if (seq > 0 && seq < RECORDS) /* prev of the next */
            e->check = sketch_check(salt, world.records[i][0][seq].data + 64);
        e->tag = sketch_tag(seq, e->check);
        n += seq > 0;
    }
    sketch_sort(ret, n);
    return n;
}

/* Openings and answers of an exchange that the salt fits, and some that it does not. */
static void put_exchange(struct script *s, struct wire_writer *w)
{
    unsigned kind = wire_get_u8(&s->r), number = wire_get_u8(&s->r);
    uint8_t context[35] = {7}, bytes[2 * 40];
    uint16_t sums[40] = {0};
    struct sketch_salt salt;
    struct sketch_entry entries[LOGS];
    struct list_entry listed[LOGS];
    context[32] = (uint8_t)(kind >> 7);
    context[34] = (uint8_t)number;
    sketch_init();
    sketch_salt(&salt, (const uint8_t[32]){0}, SPAN(context, sizeof context));
    struct frame_list list = {.number = (uint16_t)number, .eager = (kind & 64) != 0};
    list.count = exchange_entries(s, &salt, entries);
    list.entries = listed;
    list.all = (kind & 3) == 0;
    for (size_t i = 0; i < list.count; i++)
        listed[i] =
            (struct list_entry){entries[i].position, entries[i].seq, list.all ? entries[i].mark : 0,
                                list.all ? entries[i].check : 0};
    struct frame_sketch sketch = {.number = (uint16_t)number, .eager = list.eager, .logs = LOGS};
    sketch.count = (kind >> 2 & 15) + 4;
    sketch.syndromes = bytes;
    sketch_add(sums, 0, sketch.count, entries, list.count);
    for (size_t i = 0; i < sketch.count; i++) {
        bytes[2 * i] = (uint8_t)(sums[i] >> 8);
        bytes[2 * i + 1] = (uint8_t)sums[i];
    }
    if ((kind & 3) < 2)
        frame_list_put(w, &list);
    else if ((kind & 3) == 2)
        frame_sketch_put(w, &sketch);
    else
        frame_more_put(w, &(struct frame_more){(uint8_t)number, kind >> 2 & 15});
}

static void put_small(struct script *s, struct wire_writer *w, unsigned kind)
{
    unsigned n = wire_get_u8(&s->r);
    const struct tree_made *t = &world.trees[n % TREES];
    unsigned bits = wire_get_u8(&s->r);
    struct span blob = t->blobs[bits % t->count];
    uint32_t offset = bits > 0x80 ? 0 : wire_get_u8(&s->r) % (uint32_t)blob.size;
    struct frame_piece piece = {(uint16_t)(bits >> 4), offset, (uint32_t)blob.size,
                                SPAN(blob.data + offset, blob.size - offset)};
    struct frame_want want = {(uint16_t)(bits >> 4), offset, 1u + n, n < 0x80 ? t->root : NULL};
    struct frame_tell tell = {.counter = n, .bytes = SPAN(t->root, 1)};
    struct frame_keepalive keepalive = {{1}, {2}};
    if (n > 0xf0)
        piece.total++;
    if (n % 2 != 0)
        mesh_root(s->mesh, keepalive.salt, keepalive.root);
    switch (kind % 6) {
    case 0:
        frame_keepalive_put(w, &keepalive);
        break;
    case 1:
        frame_want_put(w, &want);
        break;
    case 2:
        frame_piece_put(w, &piece);
        break;
    case 3:
        frame_noblob_put(w, (uint16_t)(bits >> 4));
        break;
    case 4:
        put_exchange(s, w);
        break;
    default:
        frame_tell_put(w, &tell, binding, &world.peers[n % PEERS]);
        break;
    }
}

static void frame_in(struct script *s, unsigned link, unsigned op)
{
    uint8_t bytes[4096];
    struct wire_writer w = wire_writer(bytes, sizeof bytes);
    bool fail = (wire_get_u8(&s->r) & 7) == 7;
    if (op < 3)
        put_segment(s, &w);
    else if (op < 5)
        put_frontier(s, &w);
    else if (op < 7)
        put_marks(s, &w, op == 5);
    else if (op == 7)
        put_small(s, &w, wire_get_u8(&s->r));
    else
        wire_put_blob(&w, wire_get_bytes(&s->r, s->r.left < 64 ? s->r.left : 64));
    struct span frame = wire_written(&w);
    if (op > 7)
        frame = SPAN(frame.data + 2, frame.size - 2);
    step(s, (struct mesh_in){.type = MESH_IN_FRAME, .link = link, .bytes = frame}, fail);
}

/* A record of our own: the next of log 0. */
static void publish(struct script *s)
{
    struct store_tip tip = {0};
    struct record r;
    const uint8_t *log = world.logs[0].public_key;
    (void)(store_tip(s->store, log, &tip) == HOP_OK);
    if (tip.seq == RECORDS)
        return;
    struct span record = world.records[0][0][tip.seq];
    assert(record_parse(&r, record) == HOP_OK);
    if (tip.seq > 0 && memcmp(r.prev, tip.head, 32) != 0)
        return; /* a peer has brought the other history */
    record_id(tip.head, r.header, r.text);
    tip.seq++;
    assert(store_append(s->store, log, &tip, record) == HOP_OK);
    assert(store_commit(s->store) == HOP_OK);
    step(s, (struct mesh_in){.type = MESH_IN_PUBLISH, .bytes = SPAN(log, 32)}, false);
}

static void act(struct script *s)
{
    unsigned op = wire_get_u8(&s->r);
    unsigned link = s->links == 0 ? 0 : 1 + wire_get_u8(&s->r) % s->links;
    const struct tree_made *t = &world.trees[link % TREES];
    switch (op % 16) {
    case 0:
        link_up(s, link % (PEERS + 1));
        break;
    case 1:
        step(s, (struct mesh_in){.type = MESH_IN_LINK_DOWN, .link = link}, false);
        break;
    case 2:
        s->now += wire_get_u8(&s->r) * 40 * HOP_MS;
        break;
    case 3:
        publish(s);
        break;
    case 4:
        step(s,
             (struct mesh_in){.type = MESH_IN_WANT,
                              .bytes = SPAN(t->root, 32),
                              .size = op > 0x80 ? t->size : 0,
                              .rank = op},
             false);
        break;
    case 5:
        step(s, (struct mesh_in){.type = MESH_IN_TELL, .bytes = SPAN(t->root, 8)}, false);
        break;
    case 6:
        s->known = !s->known;
        step(s, (struct mesh_in){.type = MESH_IN_ROSTER}, false);
        break;
    default:
        frame_in(s, link, op % 16 - 7);
        break;
    }
    for (unsigned i = 0; i < 4 && mesh_deadline(s->mesh) <= s->now; i++)
        step(s, (struct mesh_in){.type = MESH_IN_TIMEOUT}, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script s = {.r = wire_reader(data, size), .store = store_memory_new(0)};
    struct mesh_config config = {.seed = 1, .identity = &world.self, .store = s.store};
    config.foreign_bytes_max = 1000;
    assert(hop_init() == HOP_OK);
    if (!world.ready)
        world_make();
    config.roster = (struct mesh_roster){
        .is_member = is_member, .device = roster_device, .pair = roster_pair, .ctx = &s};
    s.mesh = mesh_new(&config);
    assert(s.mesh != NULL && s.store != NULL);
    while (!s.r.bad && s.r.left > 0)
        act(&s);
    mesh_free(s.mesh);
    store_close(s.store);
    return 0;
}

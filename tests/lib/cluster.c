#include "tests/lib/cluster.h"

#include "mesh/segment.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- making ---- */

static bool is_member(void *ctx, const uint8_t identity[32])
{
    const struct cluster_node *node = ctx;
    const struct cluster *c = node->cluster;
    for (size_t i = 0; i < c->n; i++) {
        if (memcmp(c->nodes[i].identity.public_key, identity, 32) == 0)
            return node->knows[i];
    }
    return false;
}

static bool device(void *ctx, size_t index, uint8_t ret_identity[32])
{
    const struct cluster_node *node = ctx;
    const struct cluster *c = node->cluster;
    if (index >= c->n)
        return false;
    memcpy(ret_identity, c->nodes[index].identity.public_key, 32);
    return true;
}

static bool pair(void *ctx, const uint8_t identity[32], uint8_t ret[32])
{
    const struct cluster_node *node = ctx;
    const struct cluster *c = node->cluster;
    for (size_t i = 0; i < c->n; i++) {
        if (node->knows[i] && memcmp(c->nodes[i].identity.public_key, identity, 32) == 0)
            return hop_box_shared(ret, node->kem.secret, c->nodes[i].kem.public_key) == HOP_OK;
    }
    return false;
}

static void on_trace(void *ctx, const char *line)
{
    const struct cluster_node *node = ctx;
    struct cluster *c = node->cluster;
    if (c->telling)
        story_add(&c->story, "[%4u] %u > %s", cluster_ms(c), (unsigned)(node - c->nodes), line);
}

unsigned cluster_ms(const struct cluster *c)
{
    return (unsigned)(c->now / HOP_MS);
}

static void seeded_key(struct hop_sign_key *ret, uint8_t a, uint8_t b)
{
    uint8_t seed[32] = {a, b};
    hop_sign_keypair(ret, seed);
}

void cluster_start(struct cluster *c, size_t node)
{
    struct cluster_node *n = &c->nodes[node];
    struct mesh_config config = {
        .seed = node * 1000 + ++n->starts,
        .identity = &n->identity,
        .store = n->store,
        .roster = {.is_member = is_member, .device = device, .pair = pair, .ctx = n},
        .trace = {on_trace, n},
        .foreign_bytes_max = c->foreign_max,
    };
    memcpy(config.cell_id, c->cell_id, sizeof config.cell_id);
    assert(n->mesh == NULL);
    n->mesh = mesh_new(&config);
    assert(n->mesh != NULL);
    n->uncommitted = false;
}

void cluster_init(struct cluster *c, size_t n, uint64_t seed)
{
    assert(hop_init() == HOP_OK && n <= CLUSTER_NODES_MAX);
    memset(c, 0, sizeof *c);
    c->n = n;
    c->latency_ms = 10;
    c->rng = rng_seeded(seed);
    memset(c->cell_id, 0xce, sizeof c->cell_id);
    uint8_t secret[32] = {0xe9};
    epoch_derive(&c->epoch, secret, NULL);
    c->scratch = malloc(MESH_SCRATCH_BYTES);
    assert(c->scratch != NULL);
    c->outs.scratch = (struct arena){.base = c->scratch, .size = MESH_SCRATCH_BYTES};
    story_begin(&c->story);
    for (size_t i = 0; i < n; i++) {
        struct cluster_node *node = &c->nodes[i];
        uint8_t drbg_seed[32] = {(uint8_t)i, 7};
        node->cluster = c;
        node->store = store_memory_new(0);
        assert(node->store != NULL);
        hop_drbg_seed(&node->drbg, drbg_seed);
        seeded_key(&node->identity, (uint8_t)i, 1);
        hop_box_keypair(&node->kem, (const uint8_t[32]){0x6b, (uint8_t)i});
        for (size_t k = 0; k < n; k++)
            node->knows[k] = true;
        for (uint8_t lane = 0; lane < LANES_COUNT; lane++)
            seeded_key(&node->logs[lane].key, (uint8_t)i, (uint8_t)(2 + lane));
        cluster_start(c, i);
    }
}

void cluster_close(struct cluster *c)
{
    for (size_t i = 0; i < c->n; i++) {
        mesh_free(c->nodes[i].mesh);
        store_close(c->nodes[i].store);
    }
    for (size_t i = 0; i < c->events_count; i++)
        free(c->events[i].bytes);
    cluster_strays_forget(c);
    free(c->scratch);
}

/* ---- wires ---- */

static struct cluster_wire *wire_at(struct cluster *c, size_t node, mesh_link link)
{
    for (size_t i = 0; i < sizeof c->wires / sizeof c->wires[0]; i++) {
        struct cluster_wire *w = &c->wires[i];
        if (w->up && ((w->a == node && w->at_a == link) || (w->b == node && w->at_b == link)))
            return w;
    }
    return NULL;
}

static void wire_down(struct cluster *c, struct cluster_wire *w, size_t except)
{
    struct cluster_wire was = *w;
    w->up = false;
    if (was.a != except && c->nodes[was.a].mesh != NULL)
        (void)cluster_step(c, was.a, (struct mesh_in){.type = MESH_IN_LINK_DOWN, .link = was.at_a});
    if (was.b != except && c->nodes[was.b].mesh != NULL)
        (void)cluster_step(c, was.b, (struct mesh_in){.type = MESH_IN_LINK_DOWN, .link = was.at_b});
}

void cluster_link(struct cluster *c, size_t a, size_t b)
{
    uint8_t binding[32] = {0xb1};
    struct cluster_wire *w = c->wires;
    unsigned before = c->linked[a][b]++; /* a name is never used again */
    c->linked[b][a] = c->linked[a][b];
    mesh_link at_a = (mesh_link)(b + 100 * before), at_b = (mesh_link)(a + 100 * before);
    while (w->up)
        w++;
    *w = (struct cluster_wire){true, a, b, at_a, at_b, ++c->wires_made, {0}};
    binding[1] = (uint8_t)c->wires_made;
    binding[2] = (uint8_t)(c->wires_made >> 8);
    struct mesh_in in = {.type = MESH_IN_LINK_UP, .link = at_a, .bytes = SPAN(binding, 32)};
    in.rate_hint = c->rate_told ? c->rate : 0;
    (void)cluster_step(c, a, in);
    in.link = at_b;
    in.listener = true;
    (void)cluster_step(c, b, in);
}

void cluster_link_all(struct cluster *c)
{
    for (size_t a = 0; a < c->n; a++) {
        for (size_t b = a + 1; b < c->n; b++)
            cluster_link(c, a, b);
    }
}

void cluster_unlink(struct cluster *c, size_t a, size_t b)
{
    for (size_t i = 0; i < sizeof c->wires / sizeof c->wires[0]; i++) {
        struct cluster_wire *w = &c->wires[i];
        if (w->up && ((w->a == a && w->b == b) || (w->a == b && w->b == a)))
            wire_down(c, w, SIZE_MAX);
    }
}

void cluster_kill(struct cluster *c, size_t node)
{
    mesh_free(c->nodes[node].mesh);
    c->nodes[node].mesh = NULL;
    store_memory_crash(c->nodes[node].store);
    for (size_t i = 0; i < sizeof c->wires / sizeof c->wires[0]; i++) {
        struct cluster_wire *w = &c->wires[i];
        if (w->up && (w->a == node || w->b == node))
            wire_down(c, w, node);
    }
}

void cluster_admit(struct cluster *c, size_t node, size_t who, bool member)
{
    c->nodes[node].knows[who] = member;
    (void)cluster_step(c, node, (struct mesh_in){.type = MESH_IN_ROSTER});
}

/* ---- frames on their way ---- */

static void post(struct cluster *c, struct cluster_wire *w, size_t from, struct span frame)
{
    bool a = w->a == from;
    size_t to = a ? w->b : w->a;
    hop_time *free_at = &w->free_at[a ? 0 : 1], at = c->now;
    if (c->rate > 0) { /* it waits for what was sent before it, and takes its time */
        *free_at = (*free_at > at ? *free_at : at) + frame.size * HOP_SECOND / c->rate;
        at = *free_at;
    }
    at += c->latency_ms * HOP_MS;
    if (c->jitter_ms > 0)
        at += rng_below(&c->rng, c->jitter_ms * HOP_MS);
    for (size_t i = 0; i < c->events_count && !c->reorder; i++) {
        const struct cluster_event *e = &c->events[i];
        if (e->wire == w->number && e->to == to && e->at > at)
            at = e->at; /* a stream does not overtake itself */
    }
    assert(c->events_count < CLUSTER_EVENTS_MAX);
    uint8_t *bytes = malloc(frame.size);
    assert(bytes != NULL);
    memcpy(bytes, frame.data, frame.size);
    c->events[c->events_count++] = (struct cluster_event){
        at, ++c->order, from, to, a ? w->at_b : w->at_a, w->number, bytes, frame.size};
}

static void count(struct cluster *c, struct span frame)
{
    static struct segment s;
    unsigned type = frame.data[0];
    assert(type < FRAMES_END);
    c->frames[type]++;
    c->bytes[type] += frame.size;
    if (type == FRAME_SEGMENT)
        assert(segment_parse(&s, frame) == HOP_OK);
    if (type == FRAME_SEGMENT)
        c->records_sent += s.count;
}

/* Nothing that a peer could take for "I have it" may leave before it is durable. */
static void check_ack(struct cluster *c, size_t node, struct span frame)
{
    struct frame_marks ack;
    struct cluster_node *n = &c->nodes[node];
    if (frame.data[0] != FRAME_ACK)
        return;
    assert(frame_ack_parse(&ack, frame) == HOP_OK);
    for (size_t i = 0; i < ack.count && !n->commits_held; i++) {
        struct store_tip tip;
        uint8_t log[32], before[32] = {0};
        memcpy(log, ack.items[i].log, sizeof log);
        if (ack.brief) { /* the one that starts so is the next after nothing but that start */
            memcpy(before, log, FRAME_BRIEF_BYTES);
            assert(store_next_log(n->store, before, log, &tip) == HOP_OK);
            assert(memcmp(log, before, FRAME_BRIEF_BYTES) == 0);
        }
        assert(store_tip(n->store, log, &tip) == HOP_OK);
        assert(ack.items[i].seq <= tip.seq);
    }
    assert(!n->uncommitted || !n->commits_held);
}

/* ---- puppets ---- */

static void stray(struct cluster *c, struct span frame)
{
    if (c->strays_count < CLUSTER_STRAYS_MAX)
        buf_span(&c->strays[c->strays_count++], frame);
}

void cluster_strays_forget(struct cluster *c)
{
    for (size_t i = 0; i < CLUSTER_STRAYS_MAX; i++) {
        buf_free(&c->strays[i]);
        c->strays[i] = (struct buf){0};
    }
    c->strays_count = 0;
}

struct span cluster_stray(struct cluster *c, enum frame_type type)
{
    for (size_t i = 0; i < c->strays_count; i++) {
        struct buf *b = &c->strays[i];
        if (b->size == 0 || b->data[0] != type)
            continue;
        struct span frame = buf_written(b);
        b->size = 0; /* the bytes stay until they are forgotten */
        return frame;
    }
    return (struct span){0};
}

void cluster_puppet(struct cluster *c, size_t node, mesh_link link, size_t who)
{
    uint8_t binding[32] = {0xbb, (uint8_t)link};
    uint8_t frame[HELLO_BYTES];
    struct wire_writer w = wire_writer(frame, sizeof frame);
    struct hello_scope scope = {binding, c->cell_id, false, 0};
    struct mesh_in in = {.type = MESH_IN_LINK_UP, .link = link, .bytes = SPAN(binding, 32)};
    in.listener = true;
    (void)cluster_step(c, node, in);
    frame_hello_put(&w, &scope, &c->nodes[who].identity);
    cluster_inject(c, node, link, wire_written(&w));
}

/* ---- a turn ---- */

static void drop(struct cluster *c, size_t node, mesh_link link)
{
    struct cluster_wire *w = wire_at(c, node, link);
    c->nodes[node].dropped++;
    if (w == NULL)
        return;
    w->up = false; /* the other end hears of it after the latency: an empty frame */
    size_t to = w->a == node ? w->b : w->a;
    assert(c->events_count < CLUSTER_EVENTS_MAX);
    c->events[c->events_count++] =
        (struct cluster_event){c->now + c->latency_ms * HOP_MS,  ++c->order, node, to,
                               w->a == node ? w->at_b : w->at_a, 0,          NULL, 0};
}

static void carry_out(struct cluster *c, size_t node, const struct mesh_out *out, bool *failed)
{
    struct cluster_node *n = &c->nodes[node];
    struct cluster_wire *w;
    struct store_tip tip = {.seq = out->seq};
    struct span bytes;
    int err = HOP_OK;
    switch (out->type) {
    case MESH_OUT_SEND:
        w = wire_at(c, node, out->link);
        check_ack(c, node, out->bytes);
        count(c, out->bytes);
        n->sent_bytes[out->bytes.data[0]] += out->bytes.size;
        if (w == NULL) { /* a puppet's, or dropped by the other end */
            stray(c, out->bytes);
            break;
        }
        post(c, w, node, out->bytes);
        if (c->duplicate_percent > rng_below(&c->rng, 100))
            post(c, w, node, out->bytes);
        break;
    case MESH_OUT_STORE:
        memcpy(tip.head, out->id, sizeof tip.head);
        if (!*failed)
            err = store_append(n->store, out->log, &tip, out->bytes);
        n->uncommitted = true;
        break;
    case MESH_OUT_BLOB:
        if (!*failed)
            err = store_put(n->store, STORE_BLOBS, SPAN(out->id, 32), out->bytes);
        n->blobs_stored++;
        n->foreign_bytes += out->foreign ? out->bytes.size : 0;
        n->uncommitted = true;
        break;
    case MESH_OUT_META:
        if (!*failed)
            err = store_put(n->store, STORE_META, out->key, out->bytes);
        n->uncommitted = true;
        break;
    case MESH_OUT_FORK:
        assert(!n->uncommitted);
        n->forks++;
        break;
    case MESH_OUT_DELIVER:
        assert(!n->uncommitted);
        assert(store_get(n->store, out->log, out->seq, &bytes) == HOP_OK);
        n->delivered++;
        break;
    case MESH_OUT_BLOB_HERE:
        assert(!n->uncommitted && cluster_has_blob(c, node, out->id));
        n->blobs_here++;
        break;
    case MESH_OUT_TOLD:
        n->told++;
        (void)snprintf(n->last_told, sizeof n->last_told, "%.*s", (int)out->bytes.size,
                       (const char *)out->bytes.data);
        break;
    case MESH_OUT_DROP_LINK:
        drop(c, node, out->link);
        break;
    case MESH_OUT_OWN_BEHIND:
    case MESH_OUT_PEER:
        break;
    case MESH_OUT_COPY:
        n->copies++;
        break;
    }
    if (err != HOP_OK)
        *failed = true;
}

/* One mesh_step and what it asks for; true if a write failed. */
static bool turn(struct cluster *c, size_t node, struct mesh_in in, int *ret_err)
{
    struct cluster_node *n = &c->nodes[node];
    bool failed = false;
    in.now = c->now;
    *ret_err = mesh_step(n->mesh, &in, &c->outs);
    for (size_t i = 0; i < c->outs.n; i++)
        carry_out(c, node, &c->outs.items[i], &failed);
    if (!failed)
        mesh_check(n->mesh);
    return failed;
}

static void commit(struct cluster *c, size_t node, bool failed)
{
    struct cluster_node *n = &c->nodes[node];
    int ignored;
    if (failed)
        store_rollback(n->store);
    else
        failed = store_commit(n->store) != HOP_OK;
    n->uncommitted = false;
    (void)turn(c, node, (struct mesh_in){.type = failed ? MESH_IN_STORE_FAILED : MESH_IN_STORED},
               &ignored);
}

int cluster_step(struct cluster *c, size_t node, struct mesh_in in)
{
    struct cluster_node *n = &c->nodes[node];
    int err, ignored;
    bool failed = turn(c, node, in, &err);
    if (failed || (n->uncommitted && !n->commits_held))
        commit(c, node, failed);
    while (mesh_deadline(n->mesh) <= c->now) {
        failed = turn(c, node, (struct mesh_in){.type = MESH_IN_TIMEOUT}, &ignored);
        if (failed || (n->uncommitted && !n->commits_held))
            commit(c, node, failed);
    }
    return err;
}

void cluster_commit(struct cluster *c, size_t node)
{
    commit(c, node, false);
}

void cluster_inject(struct cluster *c, size_t node, mesh_link link, struct span frame)
{
    struct cluster_node *n = &c->nodes[node];
    int err = cluster_step(c, node,
                           (struct mesh_in){.type = MESH_IN_FRAME, .link = link, .bytes = frame});
    if (err != HOP_OK) {
        n->error = err;
        n->errors++;
    }
}

/* ---- time ---- */

static void arrive(struct cluster *c, struct cluster_event e)
{
    if (c->nodes[e.to].mesh != NULL) {
        const struct cluster_wire *w = wire_at(c, e.to, e.link);
        if (e.bytes == NULL)
            (void)cluster_step(c, e.to,
                               (struct mesh_in){.type = MESH_IN_LINK_DOWN, .link = e.link});
        else if (w != NULL && w->number == e.wire)
            cluster_inject(c, e.to, e.link, SPAN(e.bytes, e.size));
    }
    free(e.bytes);
}

static size_t next_event(const struct cluster *c)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < c->events_count; i++) {
        const struct cluster_event *e = &c->events[i];
        if (best == SIZE_MAX || e->at < c->events[best].at ||
            (e->at == c->events[best].at && e->order < c->events[best].order))
            best = i;
    }
    return best;
}

/* Do the next thing that happens not after end; false if there is none. */
static bool advance(struct cluster *c, hop_time end)
{
    size_t event = next_event(c), node = SIZE_MAX;
    hop_time at = event == SIZE_MAX ? HOP_NEVER : c->events[event].at;
    for (size_t i = 0; i < c->n; i++) {
        if (c->nodes[i].mesh == NULL || mesh_deadline(c->nodes[i].mesh) >= at)
            continue;
        at = mesh_deadline(c->nodes[i].mesh);
        node = i;
    }
    if (at > end)
        return false;
    c->now = at > c->now ? at : c->now;
    if (node != SIZE_MAX) {
        (void)cluster_step(c, node, (struct mesh_in){.type = MESH_IN_TIMEOUT});
        return true;
    }
    struct cluster_event e = c->events[event];
    c->events[event] = c->events[--c->events_count];
    arrive(c, e);
    return true;
}

void cluster_run(struct cluster *c, unsigned ms)
{
    hop_time end = c->now + ms * HOP_MS;
    while (advance(c, end))
        ;
    c->now = end;
}

bool cluster_run_until(struct cluster *c, cluster_predicate *holds, unsigned ms)
{
    hop_time end = c->now + ms * HOP_MS;
    while (!holds(c)) {
        if (!advance(c, end)) {
            c->now = end;
            return holds(c);
        }
    }
    return true;
}

/* ---- records ---- */

struct span cluster_seal(struct cluster *c, struct cluster_log *log, enum record_lane lane,
                         struct hop_drbg *drbg, struct span text, uint8_t *buffer)
{
    size_t size = RECORD_BYTES_MAX;
    uint8_t id[32];
    struct record_place place = {lane, OUTER_SEALED, log->seq + 1, log->head, &log->key, &c->epoch};
    struct record_inner inner = {.type = 40, .body = text};
    int err = record_seal(buffer, &size, id, &place, &inner, drbg);
    assert(err == HOP_OK);
    log->seq++;
    memcpy(log->head, id, sizeof id);
    return SPAN(buffer, size);
}

static void publish(struct cluster *c, size_t node, enum record_lane lane, struct span text)
{
    struct cluster_node *n = &c->nodes[node];
    struct cluster_log *log = &n->logs[lane];
    uint8_t *buffer = malloc(RECORD_BYTES_MAX);
    assert(buffer != NULL && !n->uncommitted);
    struct span record = cluster_seal(c, log, lane, &n->drbg, text, buffer);
    struct store_tip tip = {.seq = log->seq};
    memcpy(tip.head, log->head, sizeof tip.head);
    assert(store_append(n->store, log->key.public_key, &tip, record) == HOP_OK);
    assert(store_commit(n->store) == HOP_OK);
    free(buffer);
    struct mesh_in in = {.type = MESH_IN_PUBLISH, .bytes = SPAN(log->key.public_key, 32)};
    assert(cluster_step(c, node, in) == HOP_OK);
}

void cluster_publish(struct cluster *c, size_t node, enum record_lane lane, const char *text)
{
    publish(c, node, lane, span_text(text));
}

void cluster_publish_large(struct cluster *c, size_t node, enum record_lane lane, size_t size)
{
    uint8_t *text = calloc(1, size);
    assert(text != NULL);
    publish(c, node, lane, SPAN(text, size));
    free(text);
}

void cluster_fork(struct cluster *c, size_t author, size_t at, enum record_lane lane,
                  const char *text)
{
    struct cluster_node *n = &c->nodes[at];
    struct cluster_log log = c->nodes[author].logs[lane];
    struct store_tip tip = {0};
    uint8_t *buffer = malloc(RECORD_BYTES_MAX);
    uint8_t id[32];
    memcpy(id, log.key.public_key, sizeof id);
    int err = store_tip(n->store, id, &tip);
    assert(buffer != NULL && !n->uncommitted && (err == HOP_OK || err == HOP_ENOTFOUND));
    log.seq = tip.seq;
    memcpy(log.head, tip.head, sizeof log.head);
    struct span record = cluster_seal(c, &log, lane, &c->nodes[at].drbg, span_text(text), buffer);
    tip.seq = log.seq;
    memcpy(tip.head, log.head, sizeof tip.head);
    assert(store_append(n->store, id, &tip, record) == HOP_OK && store_commit(n->store) == HOP_OK);
    free(buffer);
    if (n->mesh == NULL)
        return;
    assert(cluster_step(c, at, (struct mesh_in){.type = MESH_IN_PUBLISH, .bytes = SPAN(id, 32)}) ==
           HOP_OK);
}

void cluster_put_blob(struct cluster *c, size_t node, struct span bytes, uint8_t ret_name[32])
{
    struct store *s = c->nodes[node].store;
    uint8_t chunk[TREE_BLOB_BYTES_MAX] = {0};
    struct span blob = SPAN(chunk, TREE_SEALED_BYTES(bytes.size));
    assert(blob.size <= sizeof chunk);
    memcpy(chunk + TREE_SEALED_BYTES(0), bytes.data, bytes.size);
    tree_name(ret_name, blob);
    assert(store_put(s, STORE_BLOBS, SPAN(ret_name, 32), blob) == HOP_OK);
    assert(store_commit(s) == HOP_OK);
}

/* ---- looking ---- */

bool cluster_agrees(struct cluster *c)
{
    static const uint8_t salt[8] = {1};
    uint8_t first[8], other[8];
    bool any = false;
    for (size_t i = 0; i < c->n; i++) {
        if (c->nodes[i].mesh == NULL)
            continue;
        mesh_root(c->nodes[i].mesh, salt, any ? other : first);
        if (any && memcmp(first, other, sizeof first) != 0)
            return false;
        any = true;
    }
    return true;
}

bool cluster_in_sync(struct cluster *c)
{
    struct mesh_peer_view views[MESH_LINKS_MAX];
    for (size_t i = 0; i < c->n; i++) {
        size_t n =
            c->nodes[i].mesh == NULL ? 0 : mesh_peers(c->nodes[i].mesh, views, MESH_LINKS_MAX);
        for (size_t k = 0; k < n; k++) {
            if (!views[k].in_sync)
                return false;
        }
    }
    return true;
}

struct mesh_peer_view cluster_view(struct cluster *c, size_t node, mesh_link link)
{
    struct mesh_peer_view views[MESH_LINKS_MAX];
    size_t n = mesh_peers(c->nodes[node].mesh, views, MESH_LINKS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (views[i].link == link)
            return views[i];
    }
    return (struct mesh_peer_view){0};
}

uint64_t cluster_records(struct cluster *c, size_t node)
{
    uint8_t log[32], after[32];
    struct store_tip tip;
    uint64_t records = 0;
    const uint8_t *last = NULL;
    while (store_next_log(c->nodes[node].store, last, log, &tip) == HOP_OK) {
        records += tip.seq;
        memcpy(after, log, sizeof after);
        last = after;
    }
    return records;
}

bool cluster_has_blob(struct cluster *c, size_t node, const uint8_t name[32])
{
    struct span found;
    return store_find(c->nodes[node].store, STORE_BLOBS, SPAN(name, 32), &found) == HOP_OK;
}

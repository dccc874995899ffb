#include "tests/lib/crowd.h"

#include "cell/record.h"
#include "mesh/segment.h"

#include <assert.h>
#include <stdlib.h>

#define NO_NODE   UINT32_MAX /* the event is of a link: it was dropped, or is dialled again */
#define REDIAL_MS 500

struct crowd_event {
    hop_time at;
    uint64_t order; /* breaks ties */
    uint32_t node, link, life;
    uint8_t *bytes; /* NULL: wake */
    size_t size;
};

/* ---- the heap ---- */

static bool before(const struct crowd_event *a, const struct crowd_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void push(struct crowd *c, struct crowd_event e)
{
    if (c->heap_count == c->heap_room) {
        c->heap_room = c->heap_room == 0 ? 1024 : 2 * c->heap_room;
        c->heap = realloc(c->heap, c->heap_room * sizeof *c->heap);
        assert(c->heap != NULL);
    }
    e.order = c->order++;
    size_t i = c->heap_count++;
    for (; i > 0 && before(&e, &c->heap[(i - 1) / 2]); i = (i - 1) / 2)
        c->heap[i] = c->heap[(i - 1) / 2];
    c->heap[i] = e;
}

static struct crowd_event pop(struct crowd *c)
{
    struct crowd_event top = c->heap[0], last = c->heap[--c->heap_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < c->heap_count; i = child) {
        if (child + 1 < c->heap_count && before(&c->heap[child + 1], &c->heap[child]))
            child++;
        if (!before(&c->heap[child], &last))
            break;
        c->heap[i] = c->heap[child];
    }
    if (c->heap_count > 0)
        c->heap[i] = last;
    return top;
}

/* ---- nodes ---- */

static bool is_member(void *ctx, const uint8_t identity[32])
{
    (void)ctx;
    (void)identity;
    return true;
}

static bool device(void *ctx, size_t index, uint8_t ret_identity[32])
{
    const struct crowd *c = ((const struct crowd_node *)ctx)->crowd;
    if (index >= c->n)
        return false;
    memcpy(ret_identity, c->nodes[index].identity.public_key, 32);
    return true;
}

static bool pair(void *ctx, const uint8_t identity[32], uint8_t ret[32])
{
    const struct crowd_node *n = ctx;
    const struct crowd *c = n->crowd;
    for (uint32_t i = 0; i < c->n; i++) {
        if (memcmp(c->nodes[i].identity.public_key, identity, 32) == 0)
            return hop_box_shared(ret, n->kem.secret, c->nodes[i].kem.public_key) == HOP_OK;
    }
    return false;
}

static void tell(void *ctx, const char *line)
{
    const struct crowd_node *n = ctx;
    const struct crowd *c = n->crowd;
    if (c->story != NULL)
        (void)fprintf(c->story, "[%9.3f] %u > %s\n", (double)c->now / HOP_SECOND,
                      (unsigned)(n - c->nodes), line);
}

static void start(struct crowd *c, uint32_t i)
{
    struct crowd_node *n = &c->nodes[i];
    struct mesh_config config = {
        .seed = rng_next(&c->rng),
        .identity = &n->identity,
        .store = n->store,
        .roster = {.is_member = is_member, .device = device, .pair = pair, .ctx = n},
        .trace = {tell, n}};
    n->mesh = mesh_new(&config);
    assert(n->mesh != NULL);
    n->wake = HOP_NEVER;
}

void crowd_init(struct crowd *c, uint32_t n, uint64_t seed)
{
    assert(hop_init() == HOP_OK);
    *c = (struct crowd){.n = n, .rng = rng_seeded(seed)};
    uint8_t secret[32] = {0xe9};
    epoch_derive(&c->epoch, secret, NULL);
    c->nodes = calloc(n, sizeof *c->nodes);
    c->outs = calloc(1, sizeof *c->outs);
    c->scratch = malloc(MESH_SCRATCH_BYTES);
    assert(c->nodes != NULL && c->outs != NULL && c->scratch != NULL);
    c->outs->scratch = (struct arena){.base = c->scratch, .size = MESH_SCRATCH_BYTES};
    for (uint32_t i = 0; i < n; i++) {
        struct crowd_node *node = &c->nodes[i];
        uint8_t key[32] = {1, (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)seed};
        node->crowd = c;
        node->first_delivered = HOP_NEVER;
        node->store = store_memory_new(0);
        assert(node->store != NULL);
        hop_sign_keypair(&node->identity, key);
        key[0] = 2;
        hop_sign_keypair(&node->log_key, key);
        key[0] = 4;
        hop_box_keypair(&node->kem, key);
        key[0] = 3;
        hop_drbg_seed(&node->drbg, key);
        start(c, i);
    }
}

void crowd_close(struct crowd *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        mesh_free(c->nodes[i].mesh);
        store_close(c->nodes[i].store);
    }
    for (size_t i = 0; i < c->heap_count; i++)
        free(c->heap[i].bytes);
    free(c->heap);
    free(c->links);
    free(c->nodes);
    free(c->outs);
    free(c->scratch);
}

/* ---- links ---- */

static void step(struct crowd *c, uint32_t node, struct mesh_in in);

static void link_down(struct crowd *c, uint32_t link, uint32_t but)
{
    struct crowd_link *l = &c->links[link];
    if (!l->up)
        return;
    l->up = false;
    struct mesh_in in = {.type = MESH_IN_LINK_DOWN, .link = link};
    if (l->a != but && c->nodes[l->a].mesh != NULL)
        step(c, l->a, in);
    if (l->b != but && c->nodes[l->b].mesh != NULL)
        step(c, l->b, in);
}

void crowd_unlink(struct crowd *c, uint32_t link)
{
    c->links[link].over = true;
    link_down(c, link, UINT32_MAX);
}

static void dial(struct crowd *c, uint32_t link)
{
    struct crowd_link *l = &c->links[link];
    if (l->up || l->over || c->nodes[l->a].mesh == NULL || c->nodes[l->b].mesh == NULL)
        return;
    uint32_t life = ++l->life;
    uint8_t binding[32] = {0xb1, (uint8_t)link, (uint8_t)(link >> 8), (uint8_t)life};
    l->up = true;
    struct mesh_in in = {.type = MESH_IN_LINK_UP,
                         .link = link,
                         .rate_hint = l->wire.rate_hint,
                         .bytes = SPAN(binding, 32)};
    step(c, l->a, in);
    in.listener = true;
    step(c, l->b, in);
}

uint32_t crowd_link(struct crowd *c, uint32_t a, uint32_t b, const struct crowd_wire *wire)
{
    if (c->links_count == c->links_room) {
        c->links_room = c->links_room == 0 ? 64 : 2 * c->links_room;
        c->links = realloc(c->links, c->links_room * sizeof *c->links);
        assert(c->links != NULL);
    }
    uint32_t link = c->links_count++;
    uint32_t spread = wire->delay_max_ms - wire->delay_min_ms + 1;
    hop_time delay = (wire->delay_min_ms + rng_below(&c->rng, spread)) * HOP_MS;
    c->links[link] = (struct crowd_link){.a = a, .b = b, .wire = *wire, .delay = delay};
    dial(c, link);
    return link;
}

void crowd_graph(struct crowd *c, uint32_t degree, const struct crowd_wire *wire)
{
    for (uint32_t i = 0; i < c->n; i++)
        crowd_link(c, i, (i + 1) % c->n, wire);
    for (uint64_t more = (uint64_t)c->n * (degree - 2) / 2; more > 0;) {
        uint32_t a = (uint32_t)rng_below(&c->rng, c->n), b = (uint32_t)rng_below(&c->rng, c->n);
        bool linked = a == b;
        for (uint32_t i = 0; i < c->links_count && !linked; i++)
            linked = (c->links[i].a == a && c->links[i].b == b) ||
                     (c->links[i].a == b && c->links[i].b == a);
        if (linked)
            continue;
        crowd_link(c, a, b, wire);
        more--;
    }
}

static void transmit(struct crowd *c, uint32_t from, uint32_t link, struct span frame)
{
    struct crowd_link *l = &c->links[link];
    unsigned type = frame.data[0];
    if (!l->up)
        return;
    c->frames[type]++;
    c->bytes[type] += frame.size;
    if (c->story != NULL)
        (void)fprintf(c->story, "[%9.3f] %u -> %u frame %u, %zu B\n", (double)c->now / HOP_SECOND,
                      (unsigned)from, (unsigned)(l->a == from ? l->b : l->a), type, frame.size);
    hop_time at = c->now > l->busy_until ? c->now : l->busy_until;
    if (l->wire.rate > 0)
        l->busy_until = at += frame.size * HOP_SECOND / l->wire.rate;
    at += l->delay;
    unsigned way = l->a == from ? 0 : 1;
    at = at < l->last[way] ? l->last[way] : at;
    l->last[way] = at;
    l->used += frame.size;
    if (l->wire.budget > 0 && l->used > l->wire.budget)
        return; /* the contact ends within this frame: crowd_run() sees it */
    if (rng_below(&c->rng, 100) < l->wire.loss_percent) {
        c->lost++;
        return;
    }
    struct crowd_event e = {.at = at,
                            .node = way == 0 ? l->b : l->a,
                            .link = link,
                            .life = l->life,
                            .size = frame.size,
                            .bytes = malloc(frame.size)};
    assert(e.bytes != NULL);
    memcpy(e.bytes, frame.data, frame.size);
    push(c, e);
}

void crowd_kill(struct crowd *c, uint32_t node)
{
    mesh_free(c->nodes[node].mesh);
    c->nodes[node].mesh = NULL;
    for (uint32_t i = 0; i < c->links_count; i++) {
        if (c->links[i].a == node || c->links[i].b == node)
            link_down(c, i, node);
    }
}

void crowd_restart(struct crowd *c, uint32_t node)
{
    crowd_kill(c, node);
    start(c, node);
}

/* ---- a turn ---- */

static void carry_out(struct crowd *c, uint32_t node)
{
    struct crowd_node *n = &c->nodes[node];
    uint32_t dropped[MESH_LINKS_MAX];
    size_t dropped_count = 0;
    for (size_t i = 0; i < c->outs->n; i++) {
        const struct mesh_out *o = &c->outs->items[i];
        struct store_tip tip = {.seq = o->seq};
        int err = HOP_OK;
        if (o->type == MESH_OUT_SEND) {
            transmit(c, node, o->link, o->bytes);
        } else if (o->type == MESH_OUT_STORE) {
            memcpy(tip.head, o->id, sizeof tip.head);
            err = store_append(n->store, o->log, &tip, o->bytes);
        } else if (o->type == MESH_OUT_META) {
            err = store_put(n->store, STORE_META, o->key, o->bytes);
        } else if (o->type == MESH_OUT_BLOB) {
            err = store_put(n->store, STORE_BLOBS, SPAN(o->id, 32), o->bytes);
        } else if (o->type == MESH_OUT_BLOB_HERE) {
            n->documents_here++;
        } else if (o->type == MESH_OUT_DROP_LINK) {
            dropped[dropped_count++] = o->link;
        } else if (o->type == MESH_OUT_DELIVER) {
            n->delivered++;
            if (n->first_delivered == HOP_NEVER)
                n->first_delivered = c->now;
        }
        assert(err == HOP_OK);
    }
    for (size_t i = 0; i < dropped_count; i++) /* the other end hears of it, and both try again */
        push(c, (struct crowd_event){.at = c->now,
                                     .node = NO_NODE,
                                     .link = dropped[i],
                                     .life = c->links[dropped[i]].life,
                                     .size = node + 1});
}

static void set_wake(struct crowd *c, uint32_t node)
{
    hop_time at = mesh_deadline(c->nodes[node].mesh);
    if (at >= c->nodes[node].wake)
        return;
    c->nodes[node].wake = at;
    push(c, (struct crowd_event){.at = at > c->now ? at : c->now, .node = node});
}

static void step(struct crowd *c, uint32_t node, struct mesh_in in)
{
    struct crowd_node *n = &c->nodes[node];
    in.now = c->now;
    for (bool stored = true; stored;) {
        (void)mesh_step(n->mesh, &in, c->outs);
        stored = false;
        for (size_t i = 0; i < c->outs->n; i++)
            stored = stored || c->outs->items[i].type == MESH_OUT_STORE ||
                     c->outs->items[i].type == MESH_OUT_META ||
                     c->outs->items[i].type == MESH_OUT_BLOB;
        carry_out(c, node);
        if (stored)
            assert(store_commit(n->store) == HOP_OK);
        in = (struct mesh_in){.type = MESH_IN_STORED, .now = c->now};
    }
    set_wake(c, node);
}

static void arrive(struct crowd *c, const struct crowd_event *e)
{
    static struct segment s;
    if (!c->links[e->link].up || c->links[e->link].life != e->life ||
        c->nodes[e->node].mesh == NULL)
        return;
    if (e->bytes[0] == FRAME_SEGMENT && segment_parse(&s, SPAN(e->bytes, e->size)) == HOP_OK)
        c->copies += s.count;
    step(
        c, e->node,
        (struct mesh_in){.type = MESH_IN_FRAME, .link = e->link, .bytes = SPAN(e->bytes, e->size)});
}

static void wake(struct crowd *c, uint32_t node)
{
    struct crowd_node *n = &c->nodes[node];
    if (n->mesh == NULL || n->wake > c->now)
        return; /* stale */
    n->wake = HOP_NEVER;
    if (mesh_deadline(n->mesh) <= c->now)
        step(c, node, (struct mesh_in){.type = MESH_IN_TIMEOUT});
    else
        set_wake(c, node);
}

/* size: 1 + the node that dropped it, or 0: it is time to dial again. */
static void on_link_event(struct crowd *c, const struct crowd_event *e)
{
    if (e->life != c->links[e->link].life)
        return; /* of an earlier life */
    if (e->size == 0) {
        dial(c, e->link);
        return;
    }
    link_down(c, e->link, (uint32_t)(e->size - 1));
    push(c, (struct crowd_event){.at = c->now + REDIAL_MS * HOP_MS,
                                 .node = NO_NODE,
                                 .link = e->link,
                                 .life = c->links[e->link].life});
}

void crowd_run(struct crowd *c, uint64_t ms)
{
    hop_time end = c->now + ms * HOP_MS;
    while (c->heap_count > 0 && c->heap[0].at <= end) {
        struct crowd_event e = pop(c);
        c->now = e.at > c->now ? e.at : c->now;
        if (e.node == NO_NODE)
            on_link_event(c, &e);
        else if (e.bytes == NULL)
            wake(c, e.node);
        else
            arrive(c, &e);
        free(e.bytes);
    }
    c->now = end;
}

/* ---- records ---- */

void crowd_write(struct crowd *c, uint32_t node, size_t size)
{
    static uint8_t buffer[RECORD_BYTES_MAX], text[RECORD_BODY_BYTES_MAX];
    struct crowd_node *n = &c->nodes[node];
    size_t room = sizeof buffer;
    struct store_tip tip = {.seq = n->seq + 1};
    struct record_place place = {LANE_MEETING, OUTER_SEALED, tip.seq,
                                 n->head,      &n->log_key,  &c->epoch};
    struct record_inner inner = {.type = 40, .body = SPAN(text, size)};
    int err = record_seal(buffer, &room, tip.head, &place, &inner, &n->drbg);
    assert(err == HOP_OK);
    n->seq++;
    memcpy(n->head, tip.head, sizeof n->head);
    err = store_append(n->store, n->log_key.public_key, &tip, SPAN(buffer, room));
    if (err == HOP_OK)
        err = store_commit(n->store);
    assert(err == HOP_OK);
}

void crowd_publish(struct crowd *c, uint32_t node, size_t size)
{
    crowd_write(c, node, size);
    step(c, node,
         (struct mesh_in){.type = MESH_IN_PUBLISH,
                          .bytes = SPAN(c->nodes[node].log_key.public_key, 32)});
}

void crowd_want(struct crowd *c, uint32_t node, const uint8_t root[static 32], uint64_t size)
{
    step(c, node,
         (struct mesh_in){.type = MESH_IN_WANT, .bytes = SPAN(root, 32), .size = size, .rank = 1});
}

/* ---- looking ---- */

void crowd_forget(struct crowd *c)
{
    memset(c->frames, 0, sizeof c->frames);
    memset(c->bytes, 0, sizeof c->bytes);
    c->copies = c->lost = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        c->nodes[i].delivered = 0;
        c->nodes[i].first_delivered = HOP_NEVER;
    }
}

uint64_t crowd_records(const struct crowd *c, uint32_t node)
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

uint64_t crowd_bytes(const struct crowd *c)
{
    uint64_t bytes = 0;
    for (unsigned type = 0; type < FRAMES_END; type++)
        bytes += c->bytes[type];
    return bytes;
}

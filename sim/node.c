/* One virtual device: what node/loop.c does with sockets and a disk, done with events. */
#include "sim/world.h"

#include <assert.h>
#include <stdlib.h>

#define COMMIT_MS 4 /* an fsync on a plain laptop disk */

static void seed_of(const struct sim_world *w, const struct sim_node *n, uint8_t ret[static 32])
{
    uint8_t bytes[16];
    struct wire_writer out = wire_writer(bytes, sizeof bytes);
    wire_put_u64(&out, w->options.seed);
    wire_put_u32(&out, n->index);
    wire_put_u32(&out, n->starts);
    hop_hash(ret, 32, LABEL_SIM, wire_written(&out));
}

static void trace_node(void *ctx, const char *line)
{
    const struct sim_node *n = ctx;
    sim_trace(n->world, "%u > %s", (unsigned)n->index, line);
}

int sim_node_start(struct sim_world *w, uint32_t index)
{
    struct sim_node *n = &w->nodes[index];
    struct device_config config = {
        .keys = &n->keys, .store = NULL, .trace = {.line = trace_node, .ctx = n}};
    n->world = w;
    n->index = index;
    n->starts++;
    n->wake = HOP_NEVER;
    seed_of(w, n, config.seed);
    if (n->store == NULL) {
        struct hop_drbg drbg;
        hop_drbg_seed(&drbg, config.seed);
        device_keys_new(&n->keys, &drbg);
        n->saved = n->keys;
        n->store = store_memory_new(0);
        if (n->store == NULL)
            return HOP_ENOMEM;
    }
    config.store = n->store;
    return device_new(&n->device, &config);
}

static void forget_held(struct sim_node *n)
{
    for (size_t i = 0; i < n->held_count; i++)
        free(n->held[i].bytes);
    n->held_count = 0;
}

void sim_node_stop(struct sim_node *n)
{
    forget_held(n);
    free(n->held);
    device_free(n->device);
    store_close(n->store);
    store_close(n->copy);
    *n = (struct sim_node){0};
}

static void hold(struct sim_node *n, mesh_link link, struct span bytes)
{
    if (n->held_count == n->held_capacity) {
        size_t capacity = n->held_capacity == 0 ? 16 : n->held_capacity * 2;
        struct sim_held *held = realloc(n->held, capacity * sizeof *held);
        if (held == NULL)
            return;
        n->held = held;
        n->held_capacity = capacity;
    }
    struct sim_held h = {.link = link, .size = bytes.size, .bytes = malloc(bytes.size + 1)};
    if (h.bytes == NULL)
        return;
    memcpy(h.bytes, bytes.data, bytes.size);
    n->held[n->held_count++] = h;
}

/* What the mesh asked for. The list is copied out of the shared outs first, because dropping a link
 * steps another node. */
static void carry_out(struct sim_world *w, struct sim_node *n)
{
    uint32_t drops[MESH_LINKS_MAX];
    size_t drops_count = 0;
    for (size_t i = 0; i < w->outs.n; i++) {
        const struct mesh_out *o = &w->outs.items[i];
        if (o->type == MESH_OUT_SEND && o->durable)
            hold(n, o->link, o->bytes);
        else if (o->type == MESH_OUT_SEND)
            sim_net_send(w, n->index, o->link, o->bytes);
        else if (o->type == MESH_OUT_DROP_LINK && drops_count < MESH_LINKS_MAX)
            drops[drops_count++] = o->link;
    }
    for (size_t i = 0; i < drops_count; i++) {
        sim_trace(w, "node %u drops link %u", (unsigned)n->index, (unsigned)drops[i]);
        sim_net_drop(w, drops[i], n->index);
    }
}

static void set_wake(struct sim_world *w, struct sim_node *n)
{
    hop_time at = device_deadline(n->device);
    if (at == HOP_NEVER || at >= n->wake)
        return;
    if (at < w->now)
        at = w->now;
    n->wake = at;
    sim_push(w, (struct sim_event){.at = at, .type = SIM_EVENT_WAKE, .node = n->index});
}

void sim_node_dirty(struct sim_world *w, struct sim_node *n)
{
    if (n->committing)
        return;
    n->committing = true;
    hop_time at = w->now + COMMIT_MS * HOP_MS + rng_below(&w->disk, COMMIT_MS * HOP_MS);
    sim_push(w, (struct sim_event){.at = at, .type = SIM_EVENT_COMMIT, .node = n->index});
}

int sim_node_step(struct sim_world *w, struct sim_node *n, const struct mesh_in *in)
{
    int err = device_step(n->device, in, &w->outs);
    if (err == HOP_EMALFORMED || err == HOP_EAUTH)
        w->counters.refused++;
    carry_out(w, n);
    sim_node_dirty(w, n);
    set_wake(w, n);
    return err;
}

void sim_node_committed(struct sim_world *w, struct sim_node *n)
{
    n->committing = false;
    for (bool again = true; again;) {
        if (n->keys.changed) {
            n->keys.changed = false;
            n->saved = n->keys;
        }
        int err = store_commit(n->store);
        w->counters.commits++;
        err = device_committed(n->device, err, w->now, sim_wall(w), &w->outs, &again);
        if (err != HOP_OK) {
            sim_fail(w, "node %u could not commit: %s", (unsigned)n->index, hop_error_text(err));
            return;
        }
        carry_out(w, n);
    }
    for (size_t i = 0; i < n->held_count; i++)
        sim_net_send(w, n->index, n->held[i].link, SPAN(n->held[i].bytes, n->held[i].size));
    forget_held(n);
    if (n->keys.changed)
        sim_node_dirty(w, n);
    set_wake(w, n);
}

void sim_node_wake(struct sim_world *w, struct sim_node *n)
{
    if (n->wake != w->now)
        return; /* stale: an earlier one has fired */
    n->wake = HOP_NEVER;
    if (device_deadline(n->device) <= w->now) {
        struct mesh_in in = {.type = MESH_IN_TIMEOUT, .now = w->now};
        (void)sim_node_step(w, n, &in);
    }
    set_wake(w, n);
}

void sim_node_crash(struct sim_world *w, struct sim_node *n)
{
    sim_trace(w, "node %u loses power", (unsigned)n->index);
    w->counters.crashes++;
    device_free(n->device);
    n->device = NULL;
    forget_held(n);
    store_memory_crash(n->store);
    n->keys = n->saved;
    if (sim_node_start(w, n->index) != HOP_OK) {
        sim_fail(w, "node %u does not start again after a power loss", (unsigned)n->index);
        return;
    }
    for (uint32_t i = 0; i < w->links_count; i++) {
        if (w->links[i].a == n->index || w->links[i].b == n->index)
            sim_net_drop(w, i, n->index);
    }
}

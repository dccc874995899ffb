/* Links: ordered streams between every two nodes, with delay, jitter, lost frames and a split. */
#include "sim/world.h"

#include <assert.h>
#include <stdlib.h>

#define REDIAL_MS 500 /* how soon a broken link is tried again */

bool sim_net_reachable(const struct sim_world *w, uint32_t a, uint32_t b)
{
    return !w->split || (a % 2) == (b % 2);
}

int sim_net_start(struct sim_world *w)
{
    size_t n = w->options.nodes;
    w->links = calloc(n * n, sizeof *w->links);
    if (w->links == NULL)
        return HOP_ENOMEM;
    for (uint32_t a = 0; a < n; a++) {
        for (uint32_t b = a + 1; b < n; b++) {
            w->links[w->links_count] = (struct sim_link){.a = a, .b = b};
            sim_push(w, (struct sim_event){.at = w->now + rng_below(&w->net, 500) * HOP_MS,
                                           .type = SIM_EVENT_DIAL,
                                           .link = (uint32_t)w->links_count++});
        }
    }
    return HOP_OK;
}

/* Both ends of a link bind their HELLO to the same bytes, as the two CURVE keys do in the node. */
static void binding_of(const struct sim_world *w, uint32_t link, uint8_t ret[static 32])
{
    uint8_t bytes[12];
    struct wire_writer out = wire_writer(bytes, sizeof bytes);
    wire_put_u64(&out, w->options.seed);
    wire_put_u32(&out, link << 16 | (w->links[link].epoch & 0xffff));
    hop_hash(ret, 32, LABEL_LINK_BINDING, wire_written(&out));
}

void sim_net_dial(struct sim_world *w, uint32_t link)
{
    struct sim_link *l = &w->links[link];
    struct sim_node *a = &w->nodes[l->a], *b = &w->nodes[l->b];
    if (l->up)
        return;
    if (!sim_net_reachable(w, l->a, l->b) || device_mesh(a->device) == NULL ||
        device_mesh(b->device) == NULL) {
        sim_push(w, (struct sim_event){
                        .at = w->now + REDIAL_MS * HOP_MS, .type = SIM_EVENT_DIAL, .link = link});
        return;
    }
    l->up = true;
    l->epoch++;
    l->busy_until[0] = l->busy_until[1] = w->now;
    uint8_t binding[32];
    binding_of(w, link, binding);
    struct mesh_in in = {
        .type = MESH_IN_LINK_UP, .link = link, .now = w->now, .bytes = SPAN(binding, 32)};
    (void)sim_node_step(w, a, &in);
    if (!l->up) /* the first end refused it */
        return;
    in.listener = true;
    (void)sim_node_step(w, b, &in);
}

void sim_net_drop(struct sim_world *w, uint32_t link, uint32_t by)
{
    struct sim_link *l = &w->links[link];
    if (!l->up)
        return;
    l->up = false;
    struct mesh_in in = {.type = MESH_IN_LINK_DOWN, .link = link, .now = w->now};
    if (by != l->a)
        (void)sim_node_step(w, &w->nodes[l->a], &in);
    if (by != l->b)
        (void)sim_node_step(w, &w->nodes[l->b], &in);
    sim_push(w, (struct sim_event){
                    .at = w->now + REDIAL_MS * HOP_MS, .type = SIM_EVENT_DIAL, .link = link});
}

void sim_net_send(struct sim_world *w, uint32_t from, mesh_link link, struct span bytes)
{
    assert(link < w->links_count);
    struct sim_link *l = &w->links[link];
    uint32_t to = l->a == from ? l->b : l->a;
    if (!l->up)
        return;
    w->counters.frames++;
    w->counters.bytes += bytes.size;
    if (rng_below(&w->net, 100) < w->options.loss_percent || !sim_net_reachable(w, from, to)) {
        w->counters.lost++;
        return;
    }
    hop_time delay = w->options.delay_ms * HOP_MS;
    hop_time at = w->now + delay + rng_below(&w->net, delay + 1);
    hop_time *busy = &l->busy_until[from == l->a ? 0 : 1];
    if (at < *busy)
        at = *busy; /* it waits behind the one before it */
    *busy = at;
    struct sim_event e = {.at = at,
                          .type = SIM_EVENT_FRAME,
                          .node = to,
                          .link = link,
                          .epoch = l->epoch,
                          .size = bytes.size,
                          .bytes = malloc(bytes.size + 1)};
    if (e.bytes == NULL)
        return;
    memcpy(e.bytes, bytes.data, bytes.size);
    sim_push(w, e);
}

void sim_net_deliver(struct sim_world *w, const struct sim_event *e)
{
    struct sim_link *l = &w->links[e->link];
    if (!l->up || l->epoch != e->epoch)
        return;
    uint8_t head[12];
    struct wire_writer out = wire_writer(head, sizeof head);
    wire_put_u64(&out, e->at);
    wire_put_u32(&out, e->node);
    hop_hash_add(&w->digest, wire_written(&out));
    hop_hash_add(&w->digest, SPAN(e->bytes, e->size));
    struct mesh_in in = {
        .type = MESH_IN_FRAME, .link = e->link, .now = w->now, .bytes = SPAN(e->bytes, e->size)};
    (void)sim_node_step(w, &w->nodes[e->node], &in);
}

void sim_net_split(struct sim_world *w, bool split)
{
    w->split = split;
    sim_trace(w, "the network %s", split ? "falls into two halves" : "is whole again");
    if (!split)
        return;
    for (uint32_t i = 0; i < w->links_count; i++) {
        if (!sim_net_reachable(w, w->links[i].a, w->links[i].b))
            sim_net_drop(w, i, UINT32_MAX);
    }
}

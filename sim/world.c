#include "sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT_SECONDS 600 /* virtual: far beyond any play */

/* All virtual clocks on walls show the same: 4 December 2026, 19:30 UTC, and go on from there. */
#define WALL_START UINT64_C(1796412600000000)

uint64_t sim_wall(const struct sim_world *w)
{
    return WALL_START + w->now;
}

void sim_push(struct sim_world *w, struct sim_event e)
{
    assert(e.at >= w->now);
    if (sim_heap_push(&w->heap, e) != HOP_OK) {
        free(e.bytes);
        sim_fail(w, "out of memory");
    }
}

void sim_trace(const struct sim_world *w, const char *format, ...)
{
    if (!w->options.trace)
        return;
    va_list ap;
    printf("[%9.3f] ", (double)w->now / 1e6);
    va_start(ap, format);
    (void)vprintf(format, ap);
    va_end(ap);
    printf("\n");
}

void sim_fail(struct sim_world *w, const char *format, ...)
{
    if (w->failure[0] != '\0')
        return; /* the first failure is the one to look at */
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(w->failure, sizeof w->failure, format, ap);
    va_end(ap);
}

static void handle(struct sim_world *w, struct sim_event *e)
{
    switch (e->type) {
    case SIM_EVENT_WAKE:
        sim_node_wake(w, &w->nodes[e->node]);
        break;
    case SIM_EVENT_FRAME:
        sim_net_deliver(w, e);
        break;
    case SIM_EVENT_DIAL:
        sim_net_dial(w, e->link);
        break;
    case SIM_EVENT_COMMIT:
        sim_node_committed(w, &w->nodes[e->node]);
        break;
    case SIM_EVENT_ACT:
        sim_play_act(w, e);
        break;
    case SIM_EVENT_SPLIT:
        sim_net_split(w, true);
        break;
    case SIM_EVENT_HEAL:
        sim_net_split(w, false);
        break;
    case SIM_EVENT_CRASH:
        sim_node_crash(w, &w->nodes[e->node]);
        break;
    case SIM_EVENT_COPY:
        sim_fault_copy(w, &w->nodes[e->node]);
        break;
    case SIM_EVENT_RESTORE:
        sim_fault_restore(w, &w->nodes[e->node]);
        break;
    case SIM_EVENT_JOIN:
        sim_play_join(w, &w->nodes[e->node]);
        break;
    case SIM_EVENT_GOVERN:
        sim_govern_act(w, e);
        break;
    }
    free(e->bytes);
}

static int begin(struct sim_world *w, const struct sim_options *options)
{
    struct rng root = rng_seeded(options->seed);
    *w = (struct sim_world){.options = *options};
    w->net = rng_fork(&root, rng_tag("net"));
    w->people = rng_fork(&root, rng_tag("people"));
    w->disk = rng_fork(&root, rng_tag("disk"));
    hop_hash_init(&w->digest, LABEL_SIM);
    w->scratch = malloc(MESH_SCRATCH_BYTES);
    w->outs.scratch = (struct arena){.base = w->scratch, .size = MESH_SCRATCH_BYTES};
    if (w->scratch == NULL)
        return HOP_ENOMEM;
    for (uint32_t i = 0; i < options->nodes; i++) {
        int err = sim_node_start(w, i);
        if (err != HOP_OK)
            return err;
    }
    int err = sim_net_start(w);
    if (err == HOP_OK)
        sim_play_start(w);
    return err;
}

int sim_world_run(struct sim_world *w, const struct sim_options *options)
{
    assert(options->nodes >= 2 && options->nodes <= SIM_NODES_MAX);
    int err = begin(w, options);
    if (err != HOP_OK)
        return err;
    while (w->heap.count > 0 && w->failure[0] == '\0') {
        struct sim_event e = sim_heap_pop(&w->heap);
        assert(e.at >= w->now);
        w->now = e.at;
        w->counters.events++;
        if (w->now > LIMIT_SECONDS * HOP_SECOND) {
            free(e.bytes);
            break;
        }
        handle(w, &e);
    }
    if (w->failure[0] == '\0')
        sim_play_check(w);
    return w->failure[0] == '\0' ? HOP_OK : HOP_EREFUSED;
}

void sim_world_digest(struct sim_world *w, uint8_t ret[static 32])
{
    struct hop_hash h = w->digest; /* a copy: the run could go on */
    for (size_t i = 0; i < w->options.nodes; i++) {
        uint8_t state[32];
        const struct device *d = w->nodes[i].device;
        meeting_digest(device_meetings(w->nodes[i].device), device_cell(d), state);
        hop_hash_add(&h, SPAN(state, sizeof state));
    }
    hop_hash_end(&h, ret, 32);
}

void sim_world_free(struct sim_world *w)
{
    for (size_t i = 0; i < SIM_NODES_MAX; i++)
        sim_node_stop(&w->nodes[i]);
    sim_heap_free(&w->heap);
    free(w->links);
    free(w->scratch);
}

/* The cell governs itself while it meets: people are given offices, removed, suspended and let in
 * again; some leave; some bring a second device; epochs are renewed; also while the network is in
 * two halves that do not hear of each other's doings.
 *
 * Node 0 stays, so that there is somebody whose view to compare with. At the end all who are in the
 * cell show one state, write under one epoch and have opened everything; those who are out hold no
 * key of it, whatever they have kept. */
#include "sim/world.h"

#include <stdio.h>

#include "device/govern.h"
#include "device/state.h"

#define ACTS_MAX     8
#define FIRST_SECOND 12
#define LAST_SECOND  125
#define SECOND_AT    25 /* when second devices come in */

enum deed {
    DEED_REMOVE,
    DEED_REVOKE,
    DEED_SUSPEND,
    DEED_RESUME,
    DEED_LEAVE,
    DEED_ROLE,
    DEED_RENEW,
    DEEDS_COUNT
};

static const char *const names[DEEDS_COUNT] = {"removes",
                                               "revokes the device of",
                                               "suspends",
                                               "lets in again",
                                               "leaves, not",
                                               "gives another office to",
                                               "renews the epoch, not for"};

/* Of a whole cell, where the last node comes in as somebody's second device. */
static bool has_second(const struct sim_world *w)
{
    return w->options.govern && w->options.nodes >= 4;
}

bool sim_govern_is_second(const struct sim_world *w, uint32_t node)
{
    return has_second(w) && node + 1 == w->options.nodes;
}

void sim_govern_plan(struct sim_world *w)
{
    uint32_t nodes = (uint32_t)w->options.nodes;
    if (!w->options.govern)
        return;
    for (uint32_t i = 1; i < nodes && i < 3; i++) /* a deputy and one of the committee */
        sim_push(w, (struct sim_event){.at = 8 * HOP_SECOND,
                                       .type = SIM_EVENT_GOVERN,
                                       .step = DEED_ROLE | i << 8 | (i == 1 ? 1u : 2u) << 16});
    if (has_second(w))
        sim_push(w, (struct sim_event){
                        .at = SECOND_AT * HOP_SECOND, .type = SIM_EVENT_JOIN, .node = nodes - 1});
    unsigned acts = 2 + (unsigned)rng_below(&w->people, ACTS_MAX - 2);
    for (unsigned k = 0; k < acts && nodes >= 3; k++) {
        uint32_t by = (uint32_t)rng_below(&w->people, 3), deed, about;
        uint64_t second = rng_below(&w->people, LAST_SECOND - FIRST_SECOND);
        deed = (uint32_t)rng_below(&w->people, DEEDS_COUNT);
        about = 1 + (uint32_t)rng_below(&w->people, nodes - 1);
        if (deed == DEED_LEAVE)
            by = about;
        sim_push(w, (struct sim_event){.at = (FIRST_SECOND + second) * HOP_SECOND,
                                       .type = SIM_EVENT_GOVERN,
                                       .node = by,
                                       .step = deed | about << 8});
    }
}

static int set_office(struct device *d, size_t member, uint32_t office, uint64_t wall,
                      struct text_said *why)
{
    static const enum auth_role roles[] = {ROLE_MEMBER, ROLE_DEPUTY, ROLE_COMMITTEE, ROLE_OBSERVER};
    return device_set_role(d, member, roles[office % 4], CATEGORY_FULL, wall, why);
}

static int do_deed(struct sim_world *w, const struct sim_event *e, struct text_said *why)
{
    struct device *d = w->nodes[e->node].device;
    uint32_t about = e->step >> 8 & 0xff;
    const uint8_t *ik = w->nodes[about].keys.ik.public_key;
    const struct cell_device *x = cell_device_by_key(device_cell(d), ik);
    uint64_t wall = sim_wall(w);
    if (x == NULL || device_self(d) == HISTORY_NONE)
        return HOP_ENOTFOUND;
    switch ((enum deed)(e->step & 0xff)) {
    case DEED_REMOVE:
        return device_remove(d, x->member, NULL, REASON_REMOVED, wall, why);
    case DEED_REVOKE:
        return device_remove(d, x->member, ik, REASON_COMPROMISED, wall, why);
    case DEED_SUSPEND:
        return device_suspend(d, ik, false, REASON_LOST, wall, why);
    case DEED_RESUME:
        return device_suspend(d, ik, true, REASON_LOST, wall, why);
    case DEED_LEAVE:
        return device_leave(d, wall, why);
    case DEED_ROLE:
        return set_office(d, x->member, e->step >> 16, wall, why);
    case DEED_RENEW:
        return cell_device_active(device_cell(d), w->nodes[e->node].keys.ik.public_key) == NULL
                   ? HOP_EREFUSED
                   : device_rotate(d, EPOCH_AGE, wall);
    case DEEDS_COUNT:
        break;
    }
    return HOP_EREFUSED;
}

/* Who may not, or does not know yet whom it is about, lets it be. */
void sim_govern_act(struct sim_world *w, const struct sim_event *e)
{
    struct sim_node *n = &w->nodes[e->node];
    struct text_said why = {0};
    if (!n->joined)
        return;
    int err = do_deed(w, e, &why);
    sim_trace(w, "node %u %s node %u: %s", (unsigned)e->node, names[e->step & 0xff],
              (unsigned)(e->step >> 8 & 0xff),
              err == HOP_EREFUSED ? text(TEXT_EN, why.id) : hop_error_text(err));
    w->counters.deeds += err == HOP_OK;
    sim_node_committed(w, n);
}

/* ---- the end ---- */

static void cell_digest(const struct cell *c, uint8_t ret[static 32])
{
    struct hop_hash h;
    hop_hash_init(&h, LABEL_SIM);
    for (size_t i = 0; i < cell_member_count(c); i++) {
        const struct cell_member *m = cell_member(c, i);
        uint8_t said[] = {(uint8_t)m->role, (uint8_t)m->category, m->rank, m->active, m->pending};
        hop_hash_add(&h, SPAN(m->id, sizeof m->id));
        hop_hash_add(&h, SPAN(said, sizeof said));
    }
    for (size_t i = 0; i < cell_device_count(c); i++) {
        const struct cell_device *x = cell_device(c, i);
        uint8_t said[] = {(uint8_t)x->state, x->seat};
        hop_hash_add(&h, SPAN(x->cert.ik, 32));
        hop_hash_add(&h, SPAN(x->cert.kem, 32));
        hop_hash_add(&h, SPAN(said, sizeof said));
    }
    hop_hash_end(&h, ret, 32);
}

bool sim_govern_is_in(const struct sim_world *w, uint32_t node)
{
    const struct cell *c = device_cell(w->nodes[0].device);
    const struct sim_node *n = &w->nodes[node];
    return n->joined && cell_device_active(c, n->keys.ik.public_key) != NULL;
}

static bool is_observer(const struct sim_world *w, uint32_t node)
{
    const struct cell *c = device_cell(w->nodes[0].device);
    const struct cell_device *x = cell_device_by_key(c, w->nodes[node].keys.ik.public_key);
    return x != NULL && cell_member(c, x->member)->role == ROLE_OBSERVER;
}

/* Of what is sealed under the epoch in use nothing opens: tried with every key there is. */
static void check_out(struct sim_world *w, uint32_t node, const struct epoch *send)
{
    const struct epochs *held = device_epochs(w->nodes[node].device);
    const struct epoch *got = epochs_by_tag(held, send->tag);
    if (got != NULL)
        sim_fail(w, "node %u is out and holds the epoch in use", (unsigned)node);
}

static void check_in(struct sim_world *w, uint32_t node, const struct epoch *send)
{
    uint8_t a[32], b[32];
    const struct device *d = w->nodes[node].device;
    const struct epoch *its = epochs_send(device_epochs(d));
    cell_digest(device_cell(w->nodes[0].device), a);
    cell_digest(device_cell(d), b);
    if (memcmp(a, b, sizeof a) != 0)
        sim_fail(w, "nodes 0 and %u show different cells", (unsigned)node);
    if (its == NULL || memcmp(its->tag, send->tag, sizeof its->tag) != 0)
        sim_fail(w, "nodes 0 and %u write under different epochs", (unsigned)node);
    if (!is_observer(w, node))
        return;
    if (device_pending_count(d) != 0)
        sim_fail(w, "an observer holds %llu records it cannot order",
                 (unsigned long long)device_pending_count(d));
}

void sim_govern_check(struct sim_world *w)
{
    const struct epoch *send = epochs_send(device_epochs(w->nodes[0].device));
    size_t in = 0;
    if (!w->options.govern)
        return;
    if (send == NULL) {
        sim_fail(w, "node 0 has no epoch to write under");
        return;
    }
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        if (sim_govern_is_in(w, i)) {
            in++;
            check_in(w, i, send);
        } else if (w->nodes[i].joined) {
            check_out(w, i, send);
        }
    }
    if (in < 1)
        sim_fail(w, "nobody is left");
}

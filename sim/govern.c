/* The cell governs itself while it meets: people are given offices, removed, suspended and let in
 * again; some leave; some bring a second device; epochs are renewed; also while the network is in
 * parts that do not hear of each other's doings.
 *
 * In every cell one node bears witness: nobody acts upon it, so it stays, and there is somebody
 * whose view to compare with. At the end all who are in the cell show one cell, write under one
 * epoch and have opened everything; those who are out hold no key of it, whatever they have kept.
 */
#include "device/govern.h"

#include "device/state.h"
#include "sim/check.h"
#include "sim/world.h"

static int set_office(struct device *d, size_t member, uint64_t office, uint64_t wall,
                      struct text_said *why)
{
    static const enum auth_role roles[] = {ROLE_MEMBER, ROLE_DEPUTY, ROLE_COMMITTEE, ROLE_OBSERVER};
    return device_set_role(d, member, roles[office % 4], CATEGORY_FULL, wall, why);
}

static int renew(struct device *d, const struct sim_node *n, uint64_t wall)
{
    return cell_device_active(device_cell(d), n->keys.ik.public_key) == NULL
               ? HOP_EREFUSED
               : device_rotate(d, EPOCH_AGE, wall);
}

static int bring(struct sim_world *w, struct sim_node *n, struct sim_node *second,
                 struct text_said *why)
{
    const struct cell *c = device_cell(n->device);
    uint32_t self = device_self(n->device);
    if (second->joined || !second->alive || !cell_member(c, self)->active)
        return HOP_EREFUSED;
    struct device_invite_ask ask = {.role = ROLE_MEMBER, .category = CATEGORY_FULL};
    uint8_t member[16]; /* admitting changes the cell */
    memcpy(member, cell_member(c, self)->id, sizeof member);
    ask.member = member;
    return sim_play_admit(w, n, second, &ask, why);
}

static int do_deed(struct sim_world *w, struct sim_node *n, const struct sim_task *t,
                   struct text_said *why)
{
    struct device *d = n->device;
    uint64_t wall = sim_node_wall(n);
    uint32_t about = sim_node_index(&w->scenario, t->other);
    if (t->kind == DO_LEAVE)
        return device_leave(d, wall, why);
    if (t->kind == DO_RENEW)
        return renew(d, n, wall);
    if (about == SIM_NOBODY)
        return HOP_ENOTFOUND;
    if (t->kind == DO_DEVICE)
        return bring(w, n, &w->nodes[about], why);
    const uint8_t *ik = w->nodes[about].keys.ik.public_key;
    const struct cell_device *x = cell_device_by_key(device_cell(d), ik);
    if (x == NULL)
        return HOP_ENOTFOUND;
    if (t->kind == DO_REMOVE)
        return device_remove(d, x->member, NULL, REASON_REMOVED, wall, why);
    if (t->kind == DO_REVOKE)
        return device_remove(d, x->member, ik, REASON_COMPROMISED, wall, why);
    if (t->kind == DO_ROLE)
        return set_office(d, x->member, t->value, wall, why);
    return device_suspend(d, ik, t->kind == DO_RESUME, REASON_LOST, wall, why);
}

int sim_govern_do(struct sim_world *w, struct sim_node *n, const struct sim_task *t,
                  struct text_said *why)
{
    if (!n->alive || n->device == NULL || n->trouble.paused > 0 || !n->joined ||
        device_self(n->device) == HISTORY_NONE)
        return HOP_EREFUSED;
    int err = do_deed(w, n, t, why);
    if (err != HOP_OK)
        sim_trace(w, "%s may not %s %s: %s", n->name, sim_act_name((enum sim_act)t->kind), t->other,
                  err == HOP_EREFUSED ? text(TEXT_EN, why->id) : hop_error_text(err));
    w->counters.deeds += err == HOP_OK;
    sim_node_committed(w, n);
    return err;
}

bool sim_govern_comes_later(const struct sim_world *w, const struct sim_node *n)
{
    const struct sim_tasks *acts = &w->scenario.acts;
    for (size_t i = 0; i < acts->count; i++) {
        if (acts->items[i].kind == DO_DEVICE &&
            sim_node_index(&w->scenario, acts->items[i].other) == n->index)
            return true;
    }
    return false;
}

/* ---- what must hold ---- */

static bool governed(const struct sim_world *w)
{
    const struct sim_tasks *acts = &w->scenario.acts;
    for (size_t i = 0; i < acts->count; i++) {
        if (sim_act_governs((enum sim_act)acts->items[i].kind))
            return true;
    }
    return false;
}

static bool acted_upon(const struct sim_world *w, uint32_t node)
{
    const struct sim_tasks *acts = &w->scenario.acts;
    for (size_t i = 0; i < acts->count; i++) {
        const struct sim_task *t = &acts->items[i];
        const char *about = t->kind == DO_LEAVE ? t->who : t->other;
        if (sim_act_governs((enum sim_act)t->kind) && t->kind != DO_RENEW &&
            sim_node_index(&w->scenario, about) == node)
            return true;
    }
    return false;
}

const struct sim_node *sim_govern_witness(const struct sim_world *w, uint32_t cell)
{
    const struct sim_cell *c = &w->cells[cell];
    for (uint32_t i = 0; i < c->nodes_count; i++) {
        const struct sim_node *n = &w->nodes[c->nodes[i]];
        if (n->alive && n->device != NULL && n->joined && !acted_upon(w, n->index))
            return n;
    }
    return NULL;
}

bool sim_govern_is_in(const struct sim_world *w, const struct sim_node *n)
{
    if (!governed(w))
        return n->joined; /* nobody is ever put out, whatever a witness has heard */
    const struct sim_node *witness = sim_govern_witness(w, n->cell);
    return n->joined && witness != NULL &&
           cell_device_active(device_cell(witness->device), n->keys.ik.public_key) != NULL;
}

/* Some of what was written while it was an observer is not for it: it shows other meetings. So
 * does who is out: what is said after that is said without it. */
bool sim_govern_reads_all(const struct sim_node *n)
{
    const struct cell_device *x = cell_device_active(device_cell(n->device), n->keys.ik.public_key);
    return x != NULL && cell_member(device_cell(n->device), x->member)->role != ROLE_OBSERVER;
}

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

/* Of what is sealed under the epoch in use nothing opens: tried with every key there is. */
static void check_out(struct sim_world *w, const struct sim_node *n, const struct epoch *send)
{
    const struct epochs *held = device_epochs(n->device);
    if (epochs_by_tag(held, send->tag) != NULL)
        sim_fail_check(w, sim_check_name(CHECK_ONE_CELL), "%s is out and holds the epoch in use",
                       n->name);
}

static void check_in(struct sim_world *w, const struct sim_node *n, const struct sim_node *witness,
                     const struct epoch *send)
{
    const char *check = sim_check_name(CHECK_ONE_CELL);
    uint8_t a[32], b[32];
    const struct device *d = n->device;
    const struct epoch *its = epochs_send(device_epochs(d));
    cell_digest(device_cell(witness->device), a);
    cell_digest(device_cell(d), b);
    if (memcmp(a, b, sizeof a) != 0)
        sim_fail_check(w, check, "%s and %s show different cells", witness->name, n->name);
    if (its == NULL || memcmp(its->tag, send->tag, sizeof its->tag) != 0)
        sim_fail_check(w, check, "%s and %s write under different epochs", witness->name, n->name);
    if (device_pending_count(d) != 0)
        sim_fail_check(w, check, "%s holds %llu records it cannot order", n->name,
                       (unsigned long long)device_pending_count(d));
}

void sim_govern_check(struct sim_world *w, const struct sim_node *witness, const uint32_t *marks)
{
    const struct sim_cell *c = &w->cells[witness->cell];
    const struct epoch *send = epochs_send(device_epochs(witness->device));
    if (!sim_govern_is_in(w, witness) || send == NULL) {
        sim_fail_check(w, sim_check_name(CHECK_ONE_CELL), "%s has no epoch to write under",
                       witness->name);
        return;
    }
    for (uint32_t i = 0; i < c->nodes_count; i++) {
        const struct sim_node *n = &w->nodes[c->nodes[i]];
        if (!n->alive || n->device == NULL || !n->joined || (marks != NULL && marks[n->index] == 0))
            continue;
        if (sim_govern_is_in(w, n))
            check_in(w, n, witness, send);
        else
            check_out(w, n, send);
    }
}

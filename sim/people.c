/* What people do in a scenario, at the times that were drawn: acts of meetings, records of mesh
 * nodes, and sticks that are carried. Who may not yet do a thing (the notice has not arrived, the
 * device is off) tries again, as a person would. */
#include "cell/record.h"
#include "device/bundle.h"
#include "sim/film.h"
#include "sim/observe.h"

#include <stdlib.h>

#define TRY_AGAIN (5 * HOP_SECOND)
#define TRIES_MAX 720 /* an hour of trying: then it was not to be */

static void record_or_wait(struct sim_world *w, struct sim_node *n, const struct sim_task *t,
                           struct sim_event again)
{
    size_t size = t->value > 0 ? (size_t)t->value : (size_t)w->scenario.size;
    if (n->alive &&
        sim_node_record(w, n, size > RECORD_BODY_BYTES_MAX ? RECORD_BODY_BYTES_MAX : size) ==
            HOP_OK) {
        w->counters.acts++;
    } else if (again.link++ < TRIES_MAX) {
        again.at = w->now + TRY_AGAIN;
        sim_push(w, again);
    }
}

/* ---- sticks ---- */

/* Everything the receiver may lack, as the sender's own program writes it. */
static int write_stick(struct sim_world *w, struct sim_node *n, struct buf *stick)
{
    struct bundle_inventory there = {0};
    struct device_bundle_ask ask = {.there = &there, .bytes_aim = BUNDLE_SECTION_BYTES_AIM};
    bool seen;
    size_t last;
    int err = device_bundle_seen(n->device, sim_node_wall(n), &seen);
    sim_node_committed(w, n);
    do {
        last = stick->size;
        if (err == HOP_OK)
            err = device_bundle_write(n->device, &ask, stick);
        if (err == HOP_OK)
            err = bundle_inventory_read(&there, SPAN(stick->data + last, stick->size - last));
    } while (err == HOP_OK && stick->size > last);
    bundle_inventory_free(&there);
    return stick->bad ? HOP_ENOMEM : err;
}

static void send_stick(struct sim_world *w, struct sim_node *n, const struct sim_task *t,
                       struct sim_event again)
{
    struct buf stick = {0};
    if (!n->alive || n->device == NULL || !n->joined) {
        again.at = w->now + TRY_AGAIN;
        if (again.link++ < TRIES_MAX)
            sim_push(w, again);
        return;
    }
    int err = write_stick(w, n, &stick);
    sim_trace(w, "%s writes a stick of %zu bytes for %s", n->name, stick.size, t->other);
    if (err != HOP_OK || stick.size == 0 || stick.size > UINT32_MAX) {
        buf_free(&stick);
        return;
    }
    /* value: sectors of a hundred that are spoilt on the way */
    for (size_t at = 0; t->value > 0 && at < stick.size; at += 512) {
        if (rng_below(&n->life, 100) < t->value)
            memset(stick.data + at, 0xff, stick.size - at < 512 ? stick.size - at : 512);
    }
    sim_push(w, (struct sim_event){.at = w->now + t->lasts,
                                   .type = SIM_EVENT_STICK,
                                   .step = again.step,
                                   .bytes = stick.data,
                                   .size = (uint32_t)stick.size});
}

void sim_people_stick(struct sim_world *w, const struct sim_event *e)
{
    const struct sim_task *t = &w->scenario.acts.items[e->step];
    uint32_t to = sim_node_index(&w->scenario, t->other);
    struct sim_node *n = to == SIM_NOBODY ? NULL : &w->nodes[to];
    struct bundle_scan scan = {0};
    struct bundle_block b;
    struct buf have = {0};
    if (n == NULL || !n->alive || n->device == NULL || device_mesh(n->device) == NULL)
        return; /* the courier finds nobody */
    sim_watch_carry(w, sim_node_index(&w->scenario, t->who), to);
    uint64_t before = n->records;
    int err = device_bundle_have(n->device, &have); /* begins a reading */
    buf_free(&have);
    while (err == HOP_OK && bundle_scan(&scan, SPAN(e->bytes, e->size), true, &b) == BUNDLE_FOUND) {
        if (b.kind == BUNDLE_LIST)
            continue;
        struct mesh_in in = {.type = b.kind == BUNDLE_SEGMENT ? MESH_IN_CARRIED
                                     : b.kind == BUNDLE_BLOB  ? MESH_IN_CARRIED_BLOB
                                                              : MESH_IN_CARRIED_PROOF,
                             .now = w->now,
                             .bytes = b.payload};
        if (b.kind == BUNDLE_PROOF ||
            device_bundle_admits(n->device, &b, device_bundle_budget(n->device)) == HOP_OK)
            (void)sim_node_step(w, n, &in);
    }
    sim_node_committed(w, n);
    sim_trace(w, "%s reads a stick: %llu records are new", n->name,
              (unsigned long long)(n->records - before));
    sim_film_mark(w, to, w->now, "stick from %s", t->who);
    if (n->records > before)
        sim_goal(w, GOAL_STICK);
}

/* ---- acts ---- */

static bool act_once(struct sim_world *w, struct sim_node *n, const struct sim_task *t)
{
    struct text_said why = {0};
    bool done = true;
    if (sim_act_governs((enum sim_act)t->kind))
        return sim_govern_do(w, n, t, &why) == HOP_OK;
    if (t->kind == DO_ROLL) {
        if (!n->alive || n->device == NULL || !n->joined)
            return false;
        const struct cell *c = device_cell(n->device);
        for (uint32_t i = 0; i < cell_member_count(c); i++) {
            if (cell_member(c, i)->active)
                done = sim_play_do(w, n, DO_ROLL, i, &why) == HOP_OK && done;
        }
        return done;
    }
    return sim_play_do(w, n, (enum sim_act)t->kind, (uint32_t)t->value, &why) == HOP_OK;
}

void sim_people_task(struct sim_world *w, const struct sim_event *e)
{
    const struct sim_task *t = &w->scenario.acts.items[e->step];
    uint32_t who = e->node;
    struct sim_node *n = &w->nodes[who];
    struct sim_event again = *e;
    if (n->missing || w->settled)
        return; /* people rest too, or the last words would have no time to spread */
    if (t->kind == DO_STICK) {
        send_stick(w, n, t, again);
    } else if (n->peer != NULL) {
        record_or_wait(w, n, t, again);
    } else if (n->group->kind == SIM_DEVICE) {
        uint64_t lasts = sim_act_governs((enum sim_act)t->kind) ? t->lasts : TRIES_MAX * TRY_AGAIN;
        if (act_once(w, n, t)) {
            sim_trace(w, "%s does: %s %s", n->name, sim_act_name((enum sim_act)t->kind), t->other);
            if (t->kind != DO_OPINION && t->kind != DO_RECORD)
                sim_film_mark(w, who, w->now, "%s", sim_act_name((enum sim_act)t->kind));
        } else if (again.link++ < lasts / TRY_AGAIN) {
            again.at = w->now + TRY_AGAIN;
            sim_push(w, again);
        }
    }
}

void sim_people_begin(struct sim_world *w)
{
    const struct sim_tasks *acts = &w->scenario.acts;
    for (uint32_t i = 0; i < acts->count; i++) {
        const struct sim_task *t = &acts->items[i];
        struct sim_event e = {.at = t->at, .type = SIM_EVENT_TASK, .step = i};
        if (strcmp(t->who, "chair") == 0) { /* of every cell */
            for (uint32_t c = 0; c < w->cells_count; c++) {
                e.node = w->cells[c].founder;
                sim_push(w, e);
            }
            continue;
        }
        e.node = sim_node_index(&w->scenario, t->who);
        if (e.node != SIM_NOBODY)
            sim_push(w, e);
    }
}
